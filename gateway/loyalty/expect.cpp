#include "gateway/loyalty/expect.h"

#include "gateway/base/json.h"
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
      return differs(std::to_string(has.size()) + " elements, expected " +
                     std::to_string(list->size()));
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
      return fail(Code::kMissingField, path + ".basket, " + path + ".expect");
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
  TILL_CHECK(in.finish());
  return results;
}

namespace {

// Lists of things with an id are compared by it, so that a moved rule is no change.
const js::value* same_id(const js::array& list, const js::value& id) {
  for (const auto& e : list) {
    if (e.is_object() && e.get_object().contains("id") && e.at("id") == id) return &e;
  }
  return nullptr;
}

bool has_ids(const js::value& v) {
  return v.is_array() && !v.get_array().empty() && v.get_array()[0].is_object() &&
         v.get_array()[0].get_object().contains("id");
}

void changes(const js::value* before, const js::value* after, const std::string& path,
             std::vector<std::string>& out) {
  if (before != nullptr && after != nullptr && *before == *after) return;
  const auto below = [&](std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  };
  const bool objects =
      before != nullptr && after != nullptr && before->is_object() && after->is_object();
  const bool lists = before != nullptr && after != nullptr && has_ids(*before) && has_ids(*after);
  if (objects) {
    for (const auto& [name, value] : before->get_object()) {
      changes(&value, after->get_object().if_contains(name), below(name), out);
    }
    for (const auto& [name, value] : after->get_object()) {
      if (!before->get_object().contains(name)) changes(nullptr, &value, below(name), out);
    }
  } else if (lists) {
    for (const auto& e : before->get_array()) {
      changes(&e, same_id(after->get_array(), e.at("id")), below(e.at("id").as_string()), out);
    }
    for (const auto& e : after->get_array()) {
      if (same_id(before->get_array(), e.at("id")) == nullptr) {
        changes(nullptr, &e, below(e.at("id").as_string()), out);
      }
    }
  } else {
    const auto text = [](const js::value* v) { return v == nullptr ? "-" : js::serialize(*v); };
    out.push_back(path + ": " + text(before) + " -> " + text(after));
  }
}

}  // namespace

std::vector<std::string> program_changes(const js::value& before, const js::value& after) {
  std::vector<std::string> out;
  changes(&before, &after, "", out);
  return out;
}

}  // namespace till::loyalty
