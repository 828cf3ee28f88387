// Worked cases of other systems, each a program, a basket and what must come out.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "gateway/base/json.h"
#include "gateway/base/limits.h"
#include "gateway/loyalty/basket_json.h"
#include "gateway/loyalty/expect.h"

namespace till::loyalty {
namespace {

namespace js = boost::json;

std::string text_of(const std::string& name) {
  std::ifstream in(TILL_CASES_DIR "/" + name);
  return {std::istreambuf_iterator<char>(in), {}};
}

void expect_case(const js::value& c) {
  SCOPED_TRACE(c.at("id").as_string().c_str());
  EXPECT_GT(c.at("source").as_string().size(), 10U);
  ASSERT_FALSE(c.at("expect").as_object().empty());
  const auto program = Program::from_json(js::serialize(c.at("program")));
  ASSERT_TRUE(program) << program.error().detail;
  const auto result = evaluate_json(*program, c.at("basket"));
  ASSERT_TRUE(result) << result.error().detail;
  for (const auto& difference : differences(c.at("expect"), *result)) ADD_FAILURE() << difference;
}

TEST(Cases, OfOtherSystems) {
  std::set<std::string> seen;
  const auto root = parse_json(text_of("cases.json"), {4U << 20, 24}).value();
  for (const auto& c : root.as_array()) {
    EXPECT_TRUE(seen.insert(c.at("id").as_string().c_str()).second);
    expect_case(c);
  }
  EXPECT_EQ(seen.size(), 73U);  // the three others are about accounts: accounts_test.cpp
}

// Roundings, sets, ladders, limits, earning and returns, one by one, worked out by hand.
TEST(Cases, OfEveryMechanic) {
  std::set<std::string> seen;
  const auto root = parse_json(text_of("mechanics.json"), {4U << 20, 24}).value();
  for (const auto& c : root.as_array()) {
    EXPECT_TRUE(seen.insert(c.at("id").as_string().c_str()).second);
    expect_case(c);
  }
  EXPECT_EQ(seen.size(), 146U);
}

// A hostile receipt: ten thousand lines of a million pieces are not gone through piece by piece.
TEST(Sets, AreFormedInRuns) {
  const auto program = Program::from_json(
                           R"({"id":"p","version":1,"rules":[
          {"id":"a","sets":{"form":"one_by_one","buy":[{}],"get":[{}]},"give":{"percent":"50"}},
          {"id":"b","sets":{"buy":[{"quantity":"2"}]},"give":{"price":"3","per":"set"}}]})")
                           .value();
  Basket basket;
  for (int i = 0; i < 10'000; ++i) {
    basket.lines.push_back({std::to_string(i), Money{1000}, limits::kMaxQuantity, Money{}});
  }
  EXPECT_EQ(quote(program, basket).discount.minor, 2'500'000'000'000);
}

// The examples of docs/users/programs.md, every one with its tests.
TEST(Examples, DoWhatTheySay) {
  std::size_t files = 0, tests = 0;
  std::vector<std::filesystem::path> paths;
  for (const auto* folder : {TILL_EXAMPLES_DIR, TILL_EXAMPLES_DIR "/../accounts"}) {
    for (const auto& f : std::filesystem::directory_iterator(folder)) paths.push_back(f.path());
  }
  for (const auto& path : paths) {
    SCOPED_TRACE(path.string());
    std::ifstream in(path);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto json = parse_json(text, {4U << 20, 24});
    ASSERT_TRUE(json) << json.error().detail;
    const auto results = run_tests(*json);
    ASSERT_TRUE(results) << results.error().detail;
    ++files;
    for (const auto& r : *results) {
      ++tests;
      for (const auto& d : r.differences) ADD_FAILURE() << r.name << ": " << d;
    }
  }
  EXPECT_GE(files, 31U);
  EXPECT_GE(tests, 55U);
}

TEST(Examples, ATestThatIsWrongFails) {
  const auto file = parse_json(R"({"program":{"id":"p","version":1},"tests":[
      {"name":"a","basket":{"lines":[{"price":"1"}]},"expect":{"total":"2.00","lines":[]}},
      {"name":"b","basket":{"lines":[{"price":"1","quantity":"0"}]},"expect":{"error":"TB-1006"}}]})");
  const auto results = run_tests(*file);
  ASSERT_TRUE(results) << results.error().detail;
  EXPECT_EQ((*results)[0].differences,
            (std::vector<std::string>{"total: \"1.00\", expected \"2.00\"",
                                      "lines: number of elements 1, expected 0"}));
  EXPECT_TRUE((*results)[1].differences.empty());
  const auto none = run_tests(*parse_json(R"({"program":{"id":"p","version":1},"tests":[]})"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().detail, "tests: there is none");
}

TEST(Changes, AreSaidInWords) {
  const auto a = parse_json(
      R"({"version":1,"rules":[{"id":"x","name":{"en":"Tea","ru":"Чай"},"give":{"percent":"3"}},
          {"id":"y"},{"id":"p"}]})");
  const auto b = parse_json(
      R"({"version":2,"redeem":{"max_share":"50"},"rules":[{"id":"z","give":{"amount":"5"}},
          {"id":"x","name":{"en":"Tea","ru":"Чай"},"give":{"percent":"5"},"until":"2026-12-31"},
          {"id":"p","paused":true}]})");
  EXPECT_EQ(
      changes_in_words(*a, *b, false),
      (std::vector<std::string>{
          "The program: version: 1 → 2", "The program: paying with points: none → at most, % 50",
          "«Tea»: percent off: 3 → 5", "«Tea»: ends: none → 2026-12-31", "«y»: the rule is gone",
          "«p» is paused", "«z»: a new rule: what it gives (amount 5)"}));
  const auto russian = changes_in_words(*a, *b, true);
  EXPECT_EQ(russian[2], "«Чай»: скидка, %: 3 → 5");
  EXPECT_EQ(russian[5], "«p» приостановлена");
  EXPECT_TRUE(changes_in_words(*a, *a, true).empty());
}

// What is left out is as usual: to write that down changes nothing.
TEST(Changes, ComeFromWhatIsUsual) {
  const auto changes = [](const std::string& a, const std::string& b) {
    return changes_in_words(*parse_json("{" + a + "}"), *parse_json("{" + b + "}"), false);
  };
  EXPECT_EQ(
      changes(R"("redeem":{})", R"("redeem":{"with_coupons":false})"),
      std::vector<std::string>{"The program: paying with points, together with coupons: yes → no"});
  EXPECT_EQ(changes(R"("redeem":{})",
                    R"("redeem":{"value":"1","step":"1","max_share":"100","as":"discount",
                                 "with_coupons":true})"),
            std::vector<std::string>{});
  const std::string steps = R"("steps":[{"id":"a","from":"0"}])";
  EXPECT_EQ(
      changes(R"("tiers":{)" + steps + "}", R"("tiers":{"downgrade":"by_balance",)" + steps + "}"),
      std::vector<std::string>{});
}

TEST(Changes, NameTheOrderAndWhatStandsInLists) {
  const auto a = parse_json(R"({"version":1,"settings":{"remainder":"largest"},
      "purses":[{"id":"s","name":{"en":"Stamps","ru":"Наклейки"}},{"id":"old"}],
      "tiers":{"by":"spent","steps":[{"id":"gold","from":"100"},{"id":"top","from":"900"}]},
      "rules":[{"id":"a","limits":[{"per":"customer","period":"day","times":1}]},{"id":"b"},
               {"id":"c","give":{"percent":{"by":"spent","steps":[{"from":"0","value":"3"}]}}}]})");
  const auto b = parse_json(R"({"version":1,"settings":{"remainder":"last_line"},
      "purses":[{"id":"s","name":{"en":"Stamps","ru":"Наклейки"},"expires_days":30}],
      "tiers":{"by":"spent","steps":[{"id":"gold","from":"200"},{"id":"top","from":"900"}]},
      "rules":[{"id":"c","give":{"percent":{"by":"spent","steps":[{"from":"0","value":"3"},
                 {"from":"500","value":"5"}]}}},
               {"id":"a","limits":[{"per":"receipt","amount":"50"}]},{"id":"b"}]})");
  EXPECT_EQ(
      changes_in_words(*a, *b, false),
      (std::vector<std::string>{
          "The program: settings, odd kopecks: to the largest remainder → to the last line",
          "The program: purses «Stamps»: points live, days: none → 30",
          "The program: purses «old»: gone", "The program: levels, steps «gold»: begins: 100 → 200",
          "«a»: limits: 1 time, for each customer, in each day → at most 50, for each receipt",
          "«c»: percent off, steps: from 0 — 3 → from 0 — 3; from 500 — 5",
          "«c»: now comes first"}));
  const auto ru = changes_in_words(*a, *b, true);
  EXPECT_EQ(ru[4], "«a»: лимиты: 1 раз, на: покупатель, за: день → не больше 50, на: чек");
  EXPECT_EQ(ru.back(), "«c»: теперь первой");
  for (const auto& line : ru) EXPECT_EQ(line.find('{'), std::string::npos) << line;
}

}  // namespace
}  // namespace till::loyalty
