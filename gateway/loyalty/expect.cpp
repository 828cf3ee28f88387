#include "gateway/loyalty/expect.h"

#include <fmt/format.h>

#include "gateway/base/json.h"
#include "gateway/loyalty/account_json.h"
#include "gateway/loyalty/basket_json.h"

namespace till::loyalty {
namespace {

namespace js = boost::json;

void compare(const js::value& expected, const js::value& actual, const std::string& path,
             std::vector<std::string>& out) {
  const auto differs = [&](const std::string& what) { out.push_back(path + ": " + what); };
  if (const auto* object = expected.if_object()) {
    if (!actual.is_object()) return differs("is no object");
    for (const auto& [name, value] : *object) {
      const auto* found = actual.get_object().if_contains(name);
      const auto below = path + (path.empty() ? "" : ".") + std::string(name);
      if (found == nullptr) {
        out.push_back(below + ": missing");
      } else {
        compare(value, *found, below, out);
      }
    }
  } else if (const auto* list = expected.if_array()) {
    if (!actual.is_array()) return differs("is no list");
    const auto& has = actual.get_array();
    if (has.size() != list->size()) {
      return differs(fmt::format("number of elements {}, expected {}", has.size(), list->size()));
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      compare((*list)[i], has[i], path + "[" + std::to_string(i) + "]", out);
    }
  } else if (expected != actual) {
    differs(js::serialize(actual) + ", expected " + js::serialize(expected));
  }
}

}  // namespace

std::vector<std::string> differences(const js::value& expected, const js::value& actual,
                                     const std::string& path) {
  std::vector<std::string> out;
  compare(expected, actual, path, out);
  return out;
}

Result<std::vector<TestResult>> run_tests(const js::value& file) {
  auto in = TILL_TRY(JsonObject::from(file, ""));
  for (const auto* about : {"title", "capabilities"}) (void)in.find<std::string>(about);
  if (in.has("account")) {
    (void)in.raw("account");
    (void)in.array("expect", 10'000);
    TILL_CHECK(in.finish());
    const auto out = TILL_TRY(run_account(file.at("account")));
    const auto* expect = file.get_object().if_contains("expect");
    if (expect == nullptr) return fail(Code::kMissingField, "expect");
    return std::vector<TestResult>{{"account", differences(*expect, out.at("steps"))}};
  }
  TILL_CHECK(in.object("program"));
  const auto program = TILL_TRY(Program::from_json(js::serialize(file.at("program"))));
  std::vector<TestResult> results;
  for (const auto& [path, value] : TILL_TRY(in.array("tests", 10'000))) {
    auto test = TILL_TRY(JsonObject::from(*value, path));
    TestResult result{TILL_TRY(test.get<std::string>("name")), {}};
    (void)test.object("basket");
    (void)test.object("expect");
    TILL_CHECK(test.finish());
    const auto& parts = value->get_object();
    if (!parts.contains("basket") || !parts.contains("expect")) {
      return fail(Code::kMissingField, fmt::format("{0}.basket, {0}.expect", path));
    }
    const auto out = evaluate_json(program, parts.at("basket"));
    if (out) {
      result.differences = differences(parts.at("expect"), *out);
    } else {
      result.differences =
          differences(parts.at("expect"), js::object{{"error", code_name(out.error().code)}});
    }
    results.push_back(std::move(result));
  }
  if (results.empty()) return fail(Code::kMissingField, "tests: there is none");
  TILL_CHECK(in.finish());
  return results;
}

}  // namespace till::loyalty
