// docs/users/program.schema.json is the schema of what the loader reads: every program of the cases
// and the examples is valid by it, and it refuses what the loader calls an unknown field.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "gateway/base/json.h"
#include "gateway/loyalty/change_words.h"

namespace till::loyalty {
namespace {

namespace js = boost::json;

js::value file(const std::filesystem::path& path) {
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return parse_json(text, {4U << 20, 32}).value();
}

// As much of JSON Schema as the file uses.
class Validator {
 public:
  explicit Validator(js::value root) : root_(std::move(root)) {}
  [[nodiscard]] bool valid(const js::value& v) const { return valid(root_, v); }

 private:
  [[nodiscard]] bool valid(const js::value& schema, const js::value& v) const {
    const auto& s = schema.as_object();
    if (const auto* ref = s.if_contains("$ref")) {
      const std::string name(std::string_view(ref->as_string()).substr(8));  // "#/$defs/"
      return valid(root_.at("$defs").at(name), v);
    }
    if (const auto* words = s.if_contains("enum")) {
      return std::ranges::find(words->as_array(), v) != words->as_array().end();
    }
    if (const auto* any = s.if_contains("anyOf")) {
      return std::ranges::any_of(any->as_array(), [&](const auto& o) { return valid(o, v); });
    }
    const std::string_view type = s.at("type").as_string();
    if (type == "string") {
      const auto* pattern = s.if_contains("pattern");
      return v.is_string() &&
             (pattern == nullptr ||
              std::regex_search(v.as_string().c_str(), std::regex(pattern->as_string().c_str())));
    }
    if (type == "integer") return v.is_int64();
    if (type == "boolean") return v.is_bool();
    if (type == "array") {
      if (!v.is_array()) return false;
      const auto* least = s.if_contains("minItems");
      if (least != nullptr && static_cast<std::int64_t>(v.as_array().size()) < least->as_int64()) {
        return false;
      }
      return std::ranges::all_of(v.as_array(),
                                 [&](const auto& e) { return valid(s.at("items"), e); });
    }
    return v.is_object() && object(s, v.as_object());
  }

  [[nodiscard]] bool object(const js::object& s, const js::object& o) const {
    const auto& properties = s.at("properties").as_object();
    for (const auto& [name, value] : o) {
      const auto* property = properties.if_contains(name);
      if (property == nullptr || !valid(*property, value)) return false;
    }
    const auto* required = s.if_contains("required");
    return required == nullptr || std::ranges::all_of(required->as_array(), [&](const auto& n) {
             return o.contains(n.as_string());
           });
  }

  js::value root_;
};

TEST(Schema, HoldsForEveryProgramHere) {
  const Validator schema(file(TILL_EXAMPLES_DIR "/../program.schema.json"));
  for (const auto& entry : std::filesystem::directory_iterator(TILL_EXAMPLES_DIR)) {
    EXPECT_TRUE(schema.valid(file(entry.path()).at("program"))) << entry.path();
  }
  for (const auto* name : {"cases.json", "mechanics.json"}) {
    const auto cases = file(std::filesystem::path(TILL_CASES_DIR) / name);
    for (const auto& c : cases.as_array()) EXPECT_TRUE(schema.valid(c.at("program"))) << c.at("id");
  }
}

TEST(Schema, RefusesWhatTheLoaderRefuses) {
  const Validator schema(file(TILL_EXAMPLES_DIR "/../program.schema.json"));
  for (
      const auto* text :
      {R"({"id":"p"})", R"({"id":"p","version":1,"earn":"5"})",
       R"({"id":"p","version":1,"rules":[{"id":"a"}]})",
       R"({"id":"p","version":1,"rules":[{"id":"a","give":{"percent":"5"},"colour":1}]})",
       R"({"id":"p","version":1,"rules":[{"id":"a","give":{"percent":12.5}}]})",
       R"({"id":"p","version":1,"rules":[{"id":"a","when":{"stores":[]},"give":{"percent":"5"}}]})",
       R"({"id":"p","version":1,"rules":[{"id":"a","when":{"counter":{"name":"purchases","is":{"min":"10"}}},"give":{"percent":"5"}}]})",
       R"({"id":"p","version":1,"rules":[{"id":"a","when":{"date":{"of":"joined","days_ago":{"min":"10"}}},"give":{"percent":"5"}}]})",
       R"({"id":"p","version":1,"settings":{"points_rounding":"best"}})"}) {
    EXPECT_FALSE(schema.valid(*parse_json(text))) << text;
  }
  for (const auto* text :
       {R"({"name":"spent_90","is":{"min":"10.50"}})", R"({"name":"purchases","is":{"min":10}})"}) {
    const auto rule =
        R"({"id":"a","when":{"counter":)" + std::string(text) + R"(},"give":{"percent":"5"}})";
    EXPECT_TRUE(schema.valid(*parse_json(R"({"id":"p","version":1,"rules":[)" + rule + "]}")))
        << text;
  }
}

// What `program diff` says has words for every field and every choice, in both languages.
TEST(Schema, EveryFieldAndChoiceHasWords) {
  std::size_t fields = 0, choices = 0;
  const auto look = [&](auto&& self, const boost::json::value& at,
                        const std::string& name) -> void {
    if (const auto* list = at.if_array()) {
      for (const auto& v : *list) self(self, v, name);
      return;
    }
    const auto* object = at.if_object();
    if (object == nullptr) return;
    if (const auto* choice = object->if_contains("enum"); choice != nullptr && choice->is_array()) {
      for (const auto& v : choice->get_array()) {
        // The group of an experiment is a name, as that of a rule.
        if (!v.is_string() || v.get_string().empty() || name == "group") continue;
        ++choices;
        const std::string word(v.get_string());
        EXPECT_NE(value_words(&v, name, true), word) << name;
      }
    }
    for (const auto& [key, below] : *object) {
      if (key != "properties" || !below.is_object()) {
        self(self, below, name);
        continue;
      }
      for (const auto& [field, schema] : below.get_object()) {
        ++fields;
        if (field != "id") {
          EXPECT_NE(field_words(field, true), std::string(field));
        }
        self(self, schema, std::string(field));
      }
    }
  };
  look(look, file(TILL_EXAMPLES_DIR "/../program.schema.json"), "");
  EXPECT_GT(fields, 100U);
  EXPECT_GT(choices, 60U);
}

}  // namespace
}  // namespace till::loyalty
