#include "rule_plugins.h"

#include <gtest/gtest.h>

namespace till::checkout {
namespace {

Sale sale() {
  Sale s;
  s.opened_us = 1'795'335'000'000'000;  // 2026-11-22 09:10 in Moscow
  s.circumstances = Circumstances{"shop-1", {}, {}, {}, {}, {}, {}};
  s.lines = {{"1", "rye", "Rye", Money{5450}, Quantity{2000}, Money{}},
             {"4", "tea", "Tea", Money{1999}, Quantity{345}, Money{}}};
  s.lines[0].category = "bread";
  return s;
}

loyalty::PluginAnswer answer(std::string_view result) { return answer_of("p", sale(), result); }

TEST(RulePlugin, IsAskedAboutGoodsAndNotAboutThePerson) {
  auto s = sale();
  auto q = question_of(s, 180);
  EXPECT_EQ(q.at("customer"), "");
  EXPECT_EQ(q.at("store"), "shop-1");
  EXPECT_EQ(q.at("instant").as_string().size(), 19U);
  EXPECT_EQ(q.at("lines").at(0).at("category"), "bread");
  EXPECT_EQ(q.at("lines").at(0).at("total"), 10'900);
  EXPECT_EQ(q.at("lines").at(1).at("line"), 2);
  s.customer.emplace();
  s.customer->customer.value = "secret-id";
  s.customer->label = "+7•••••••12";
  s.customer->card_hash = "secret-hash";
  s.customer->profile.emplace().segments = {"vip"};
  q = question_of(s, 180);
  EXPECT_EQ(q.at("customer"), "customer");
  EXPECT_EQ(q.at("segments").at(0), "vip");
  const auto text = boost::json::serialize(q);
  EXPECT_EQ(text.find("secret"), std::string::npos);
  EXPECT_EQ(text.find("+7"), std::string::npos);
  s.customer->card_type = "gold";
  EXPECT_EQ(question_of(s, 180).at("customer"), "gold");
}

TEST(RulePlugin, AnswersByPlaceOnTheReceipt) {
  const auto a = answer(R"({"discounts":[{"line":2,"amount":690,"reason":"stale"}]})");
  EXPECT_TRUE(a.failed.empty() && a.holds);
  ASSERT_EQ(a.discounts.size(), 1U);
  EXPECT_EQ(a.discounts[0].line, "4");
  EXPECT_EQ(a.discounts[0].amount.minor, 690);
  EXPECT_FALSE(answer(R"({"discounts":[]})").holds);
  EXPECT_TRUE(answer(R"({"discounts":[],"holds":true})").holds);
  EXPECT_FALSE(answer(R"({"discounts":[{"line":1,"amount":1,"reason":""}],"holds":false})").holds);
}

TEST(RulePlugin, GivesPoints) {
  const auto a = answer(
      R"({"discounts":[],"points":[{"line":0,"points":500,"reason":"visit"},{"line":2,"points":100,"reason":""}]})");
  EXPECT_TRUE(a.failed.empty() && a.holds);
  ASSERT_EQ(a.points.value().size(), 2U);
  EXPECT_EQ(a.points->at(0).line, "");
  EXPECT_EQ(a.points->at(1).line, "4");
  EXPECT_EQ(a.points->at(1).points.units, 100);
  for (const auto* points :
       {R"([{"line":3,"points":1,"reason":""}])", R"([{"line":0,"points":-1,"reason":""}])",
        R"([{"line":0,"points":100000001,"reason":""}])",
        R"([{"line":1,"points":1,"reason":""},{"line":1,"points":1,"reason":""}])",
        R"([{"line":1,"points":1,"reason":"a\nb"}])", R"({})"}) {
    EXPECT_EQ(answer(R"({"discounts":[],"points":)" + std::string(points) + "}").failed, "invalid")
        << points;
  }
}

TEST(RulePlugin, NonsenseIsNoAnswer) {
  for (const auto* text :
       {"", "[]", "{", R"({"discounts":{}})", R"({"holds":true})",
        R"({"discounts":[{"line":0,"amount":1,"reason":""}]})",
        R"({"discounts":[{"line":3,"amount":1,"reason":""}]})",
        R"({"discounts":[{"line":-1,"amount":1,"reason":""}]})",
        R"({"discounts":[{"line":2,"amount":-1,"reason":""}]})",
        R"({"discounts":[{"line":2,"amount":691,"reason":""}]})",
        R"({"discounts":[{"line":2,"amount":9223372036854775807,"reason":""}]})",
        R"({"discounts":[{"line":2,"amount":1,"reason":"a\nb"}]})",
        R"({"discounts":[{"line":2,"amount":1,"reason":""},{"line":2,"amount":1,"reason":""}]})",
        R"({"discounts":[{"line":2,"amount":1.5,"reason":""}]})"}) {
    const auto a = answer(text);
    EXPECT_EQ(a.failed, "invalid") << text;
    EXPECT_TRUE(a.discounts.empty() && !a.holds) << text;
  }
  const std::string longer(129, 'a');
  EXPECT_EQ(answer(R"({"discounts":[{"line":2,"amount":1,"reason":")" + longer + "\"}]}").failed,
            "invalid");
}

}  // namespace
}  // namespace till::checkout
