// docs/users/program.schema.json is the schema of what the loader reads: every program of the cases
// and the examples is valid by it, and it refuses what the loader calls an unknown field.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>

#include "gateway/base/json.h"
#include "gateway/loyalty/change_words.h"
#include "gateway/loyalty/loyalty.h"
#include "gateway/loyalty/reach.h"

namespace till::loyalty {
namespace {

namespace js = boost::json;

js::value file(const std::filesystem::path& path) {
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return parse_json(text, {4U << 20, 32}).value();
}

// As much of JSON Schema as the file uses; every word of it that says something of values.
class Validator {
 public:
  explicit Validator(js::value root) : root_(std::move(root)) {}
  [[nodiscard]] bool valid(const js::value& v) const { return valid(root_, v); }

 private:
  [[nodiscard]] bool valid(const js::value& schema, const js::value& v) const {
    if (schema.is_bool()) return schema.get_bool();
    for (const auto& [word, says] : schema.as_object()) {
      if (!follows(word, says, v)) return false;
    }
    const auto* closed = schema.get_object().if_contains("additionalProperties");
    if (closed == nullptr || !v.is_object()) return true;
    const auto& known = schema.at("properties").as_object();
    return std::ranges::all_of(v.get_object(),
                               [&](const auto& m) { return known.contains(m.key()); });
  }

  [[nodiscard]] bool follows(std::string_view word, const js::value& says,
                             const js::value& v) const {
    const auto holds = [&](const js::value& s) { return valid(s, v); };
    if (word == "$ref") {  // "#/$defs/…"
      return valid(root_.at("$defs").at(std::string_view(says.as_string()).substr(8)), v);
    }
    if (word == "anyOf") return std::ranges::any_of(says.as_array(), holds);
    if (word == "oneOf") return std::ranges::count_if(says.as_array(), holds) == 1;
    if (word == "enum") {
      return std::ranges::find(says.as_array(), v) != says.as_array().end();
    }
    if (word == "type") return is(says.as_string(), v);
    if (const auto* text = v.if_string()) return of_text(word, says, *text);
    if (const auto* number = v.if_int64()) {
      return (word != "minimum" || *number >= says.as_int64()) &&
             (word != "maximum" || *number <= says.as_int64());
    }
    if (const auto* list = v.if_array()) return of_list(word, says, *list);
    return !v.is_object() || of_object(word, says, v);
  }

  static bool is(std::string_view type, const js::value& v) {
    return type == "string"    ? v.is_string()
           : type == "integer" ? v.is_int64()
           : type == "boolean" ? v.is_bool()
           : type == "array"   ? v.is_array()
                               : v.is_object();
  }

  [[nodiscard]] bool of_text(std::string_view word, const js::value& says,
                             const js::string& text) const {
    if (word == "minLength") return static_cast<std::int64_t>(text.size()) >= says.as_int64();
    if (word != "pattern") return true;
    const std::pair key{std::string(says.as_string()), std::string(text)};
    const auto [at, fresh] = matched_.try_emplace(key);  // a regex is slow to make and to match
    if (fresh) at->second = std::regex_search(key.second, std::regex(key.first));
    return at->second;
  }

  [[nodiscard]] bool of_list(std::string_view word, const js::value& says,
                             const js::array& list) const {
    const auto size = static_cast<std::int64_t>(list.size());
    if (word == "minItems") return size >= says.as_int64();
    if (word == "maxItems") return size <= says.as_int64();
    if (word == "uniqueItems") {
      return std::ranges::all_of(list,
                                 [&](const auto& e) { return std::ranges::count(list, e) == 1; });
    }
    return word != "items" ||
           std::ranges::all_of(list, [&](const auto& e) { return valid(says, e); });
  }

  [[nodiscard]] bool of_object(std::string_view word, const js::value& says,
                               const js::value& v) const {
    const auto& object = v.get_object();
    if (word == "minProperties") return static_cast<std::int64_t>(object.size()) >= says.as_int64();
    if (word == "required") {
      return std::ranges::all_of(says.as_array(),
                                 [&](const auto& n) { return object.contains(n.as_string()); });
    }
    if (word != "properties" && word != "dependentSchemas") return true;
    return std::ranges::all_of(says.as_object(), [&](const auto& m) {
      const auto* found = object.if_contains(m.key());
      return found == nullptr || valid(m.value(), word == "properties" ? *found : v);
    });
  }

  js::value root_;
  mutable std::map<std::pair<std::string, std::string>, bool> matched_;
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
       R"({"id":"p","version":1,"rules":[{"id":"a","give":{"percent":"5","amount":"1"}}]})",
       R"({"id":"p","version":1,"rules":[{"id":"a","give":{"percent":"5","per":"unit"}}]})",
       R"({"id":"p","version":1,"rules":[{"id":"a","give":{"amount":"5","most_units":"2"}}]})",
       R"({"id":"p","version":1,"rules":[{"id":"a","give":{"message":"x","every":"2"}}]})",
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

// A program with every field there is. The first rules are what the head of it asks for.
constexpr const char* kEverything = R"({"schema":2,"id":"p","version":1,"name":"P","paused":false,
 "from":"2026-01-01","until":"2026-12-31T18:30",
 "settings":{"money_rounding":"down","points_rounding":"up","money_step":"1","points_step":"0.50",
  "max_discount":"100","max_discount_share":"50","remainder":"last_line","allocate":"equal",
  "tax_rounding":"receipt","discount_on":"price_with_tax","percent_of":"remaining",
  "utc_offset":"+05:00","earn_on_points_paid":true,"no_earning_on":["card"],
  "excluded":{"skus":["gone"]}},
 "purses":[{"id":"points","activation_days":1,"expires_days":9},
  {"id":"s","name":{"en":"s","ru":"s"},"same_receipt":true,"expires_end_of":"year"}],
 "groups":[{"id":"g","choose":"best","per":"receipt","most":2}],
 "coupons":[{"id":"c","name":"C","prefix":"77","length":10,"check_symbol":true,"uses":2,
  "valid_days":30,"partner":"x"}],
 "experiments":[{"id":"e","pilot":"40.5","control":20}],"plugins":[{"id":"pl","deadline_ms":200}],
 "card_types":[{"id":"gold","name":"Gold","sold_as":"card","activation":"sale",
  "promotions":["cards"]}],
 "tiers":{"by":"spent","this_receipt_too":true,"downgrade":"none","window_days":90,
  "steps":[{"id":"base","name":{"en":"Base","ru":"Первый"},"from":"0"},{"id":"top","from":"100.50"}]},
 "velocity":{"earning":[{"period":"day","times":3}],
  "redemption":[{"period":"week","times":3,"points":"100"}]},
 "returns":{"if_spent":"owe","grace_days":7},
 "redeem":{"purse":"points","value":"0.500000","step":"2","max_amount":"500",
  "max_share":{"by":"tier","marginal":false,"steps":[{"from":"base","value":"20"},
   {"from":"top","value":"50"}]},
  "min_receipt":"1","min_balance":"1","min_points":"1","leave":"1","leave_per_line":"1",
  "as":"payment","with_coupons":false,"select":{"not_skus":["a"]}},
 "rules":[
  {"id":"g1","group":"g","give":{"percent":"1"}},{"id":"g2","group":"g","give":{"percent":"2"}},
  {"id":"cards","when":{"card_promotion":true},"give":{"amount":{"by":"amount","steps":[
    {"from":"10.50","value":"1"}]},"per":"receipt"}},
  {"id":"o","give":{"plugin":"pl"}},
  {"id":"a","name":{"en":"A","ru":"A"},"on":"sale","paused":false,"from":"2026-01-01",
   "until":"2026-02-01","stage":"receipt","priority":1,"group":"g","exclusive":true,
   "not_with":["g2"],"funded_by":"x",
   "select":{"skus":["a"],"categories":["a"],"tags":["a"],"not_skus":["b"],"not_categories":["b"],
    "not_tags":["b"],"price":{"min":"1","max":"50"},"quantity":{"min":"0.125","max":"9"},
    "discounted":false,"weighed":true},
   "give":{"percent":"10","rounding":"total","most_units":"2"},
   "cost":{"purse":"s","amount":"1"},
   "limits":[{"per":"customer","period":"day","times":1,"amount":"50"}],
   "when":{"all":[{"stores":["s"]}],"any":[{"tills":["t"]}],"not":{"segments":["x"]},
    "customer":"known","card_types":["gold"],"codes":["x"],"coupons":["c"],"segments":["v"],
    "tiers":["top"],"stores":["s"],"tills":["t"],"payments":["card"],"plugin":"pl",
    "time":{"from":"2026-01-01","until":"2026-02-01T10:00","weekdays":["thu"],"days_of_month":[1],
     "months":[1],"hours":["08:00","24:00"]},
    "counter":{"name":"spent","is":{"min":"1","max":"1000"},"every":1,"this_receipt_too":true},
    "date":{"of":"d","yearly":true,"days_before":1,"days_after":2},
    "attribute":{"name":"n","in":["a"],"is":{"min":1,"max":9}},
    "experiment":{"id":"e","group":"control"},
    "basket":{"select":{"skus":["a"]},"amount":{"min":"1","max":"99"},
     "quantity":{"min":"0.5","max":"9"},"lines":{"min":1,"max":9},"basis":"list"}}},
  {"id":"b","group":"g","when":{"date":{"of":"d","yearly":false,"days_ago":{"min":1,"max":9}},
    "counter":{"name":"purchases","is":{"min":1,"max":9}},"coupons":{"type":"c","count":2}},
   "sets":{"buy":[{"select":{"skus":["a"]},"quantity":"2","pick":"first"}],
    "get":[{"select":{"skus":["b"]},"quantity":"1.5","pick":"dearest"}],"most":3,
    "form":"one_by_one"},"give":{"price":"5","per":"set"}},
  {"id":"f","give":{"amount":"5","every":"100"}},
  {"id":"h","give":{"price":{"by":"selected_quantity","marginal":true,"steps":[
    {"from":"0.5","value":"9.50"}]},"per":"unit","most_units":"3"}},
  {"id":"i","give":{"percent":{"by":"spent","this_receipt_too":true,"steps":[
    {"from":"0.50","value":"3"}]}}},
  {"id":"j","give":{"percent":{"by":"tier","steps":[{"from":"base","value":"3"}]}}},
  {"id":"k","give":{"percent":{"by":"purchases","steps":[{"from":2,"value":"3"}]}}},
  {"id":"l","give":{"gift":{"sku":"m","quantity":"2"},"every":"100"}},
  {"id":"m","give":{"coupon":"c","count":2,"every":"100"}},
  {"id":"n","give":{"message":{"en":"x","ru":"y"}}},
  {"id":"q","give":{"round_to":"1"}},
  {"id":"r","give":{"earn":{"purse":"points","to":"cashier","percent":"150","basis":"list",
    "undiscounted":true,"rounding":"line"}}},
  {"id":"t","give":{"earn":{"per_unit":"1"}}},{"id":"u","give":{"earn":{"fixed":"1","activation_days":2,
    "expires_days":30}}},
  {"id":"v","give":{"earn":{"per_amount":"1","every":"100"}}},
  {"id":"w","give":{"earn":{"multiply":"1.5"}}},{"id":"x","give":{"earn":{"plugin":"pl"}}}]})";

// Fields by the name they stand under: "lines.min".
void pairs_of(const js::value& v, const std::string& under, std::set<std::string>& found) {
  if (const auto* list = v.if_array()) {
    for (const auto& e : *list) pairs_of(e, under, found);
  }
  if (const auto* object = v.if_object()) {
    for (const auto& [name, below] : *object) {
      found.insert(under + "." + std::string(name));
      pairs_of(below, name, found);
    }
  }
}

// What stands in a definition is found under its own name, "$span.min", and with it the fields that
// refer to it: one of them in the program is enough.
struct SchemaFields {
  explicit SchemaFields(const js::value& schema) : root(schema) { walk(schema, "", ""); }

  void walk(const js::value& schema, const std::string& under, const std::string& field) {
    const auto* object = schema.if_object();
    if (object == nullptr) return;
    for (const auto& [word, says] : *object) {
      if (word == "$ref") {
        const std::string name(std::string_view(says.as_string()).substr(8));
        if (used[name].insert(field).second) walk(root.at("$defs").at(name), "$" + name, field);
      } else if (word == "items") {
        walk(says, under, field);
      } else if (word == "anyOf") {
        for (const auto& s : says.as_array()) walk(s, under, field);
      } else if (word == "properties") {
        for (const auto& [name, s] : says.as_object()) {
          found.insert({under, name});
          walk(s, name, name);
        }
      }
    }
  }
  [[nodiscard]] bool in(const std::set<std::string>& program, const std::string& under,
                        const std::string& name) const {
    if (!under.starts_with('$')) return program.contains(under + "." + name);
    return std::ranges::any_of(used.at(under.substr(1)), [&](const std::string& field) {
      return program.contains(field + "." + name);
    });
  }

  const js::value& root;
  std::set<std::pair<std::string, std::string>> found;
  std::map<std::string, std::set<std::string>>
      used;  // of a definition: the fields that refer to it
};

// Calls `f` for every value below v; f may change it and puts it back.
template <typename F>
void each_value(js::value& v, const std::string& path, F f) {
  if (auto* list = v.if_array()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      each_value((*list)[i], path + "[" + std::to_string(i) + "]", f);
    }
  }
  if (auto* object = v.if_object()) {
    for (auto& [name, below] : *object) each_value(below, path + "." + std::string(name), f);
  }
  f(v, path);
}

// Whether schema and loader say the same of a program that was changed somewhere.
class Comparison {
 public:
  explicit Comparison(const js::value& schema) : schema_(schema) {}

  // In each place of `part`, of `program`, one value after the other, some right there, most not.
  void probe(const js::value& program, js::value& part) {
    compare(program, "as it is");
    each_value(part, "", [&](js::value& v, const std::string& path) {
      const auto before = v;
      for (const auto& value : (v.is_structured() ? lists_ : values_).as_array()) {
        if (path.empty() || value == before) continue;
        v = value;
        compare(program, path + " = " + js::serialize(value));
      }
      v = before;
      if (!v.is_object()) return;
      for (const auto& [name, value] : before.get_object()) {
        v.get_object().erase(name);
        compare(program, path + " without " + std::string(name));
        v = before;
      }
      v.get_object()["colour"] = 1;
      compare(program, path + ".colour");
      v = before;
    });
  }
  [[nodiscard]] int tried() const { return tried_; }

 private:
  static Result<void> load(const js::value& program) {
    const auto p = TILL_TRY(Program::from_json(js::serialize(program)));
    return check_reach(p.plan());
  }

  void compare(const js::value& program, const std::string& what) {
    ++tried_;
    const auto done = load(program);
    const bool fits = schema_.valid(program);
    if (done) {
      EXPECT_TRUE(fits) << what << ": the schema refuses what the loader takes";
    } else if (fits) {
      // What contradicts another part of the program no schema can see.
      const auto& error = done.error();
      const bool elsewhere = error.code == Code::kProgramInvalid || error.code == Code::kOverflow ||
                             error.code == Code::kDuplicate ||
                             error.detail.find("pilot and control") != std::string::npos;
      EXPECT_TRUE(elsewhere && tried_ > 1) << what << ": the schema takes it; " << error.detail;
    }
  }

  Validator schema_;
  int tried_ = 0;
  js::value values_ = parse_json(R"(["10","0.5","0.001","0.0001","-1","0","101","x","",10,0,-1,101,
      40000,1.5,true,null,"2026-02-01",{}])")
                          .value();
  js::value lists_ = parse_json(R"(["x",[],["a"],["a","a"],[1],{},{"min":1},{"min":"1"},
      {"max":"1.5"}])")
                         .value();
};

// The schema refuses what the loader refuses of a value by itself, and nothing that it takes.
TEST(Schema, IsAsStrictAsTheLoader) {
  const auto root = file(TILL_EXAMPLES_DIR "/../program.schema.json");
  const auto everything = parse_json(kEverything).value();
  std::set<std::string> tried;
  pairs_of(everything, "", tried);
  const SchemaFields fields(root);
  for (const auto& [under, name] : fields.found) {
    EXPECT_TRUE(fields.in(tried, under, name)) << under << "." << name << " is not tried";
  }
  constexpr std::size_t kOfHead = 4;
  Comparison comparison(root);
  auto program = everything;
  const auto rules = program.at("rules").as_array();
  program.at("rules").as_array().resize(kOfHead);
  comparison.probe(program, program);
  for (const auto* name : {"from", "until", "settings", "velocity", "returns", "redeem"}) {
    program.as_object().erase(name);
  }
  for (std::size_t i = kOfHead; i < rules.size(); ++i) {
    auto& some = program.at("rules").as_array();
    some.resize(kOfHead);
    some.push_back(rules[i]);
    comparison.probe(program, some.back());
  }
  EXPECT_GT(comparison.tried(), 6000);
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
