// Slips that change nothing, or name nobody, are refused where a new program is put in force.
#include <gtest/gtest.h>

#include "gateway/loyalty/loyalty.h"
#include "gateway/loyalty/reach.h"
#include "gateway/loyalty/refusal_words.h"

namespace till::loyalty {
namespace {

// Where and why, "" = accepted; both languages differ.
std::string refusal(const std::string& rest) {
  const auto p = Program::from_json(R"({"id":"p","version":1,)" + rest + "}");
  if (!p) return p.error().detail;
  const auto done = check_reach(p->plan());
  if (done) return "";
  EXPECT_NE(refusal_in_russian(done.error().detail), done.error().detail);
  return done.error().detail;
}
std::string rule(const std::string& more, const std::string& give = R"("percent":"10")") {
  return refusal(R"("rules":[{"id":"a",)" + more + R"("give":{)" + give + "}}]");
}
std::string earn(const std::string& more, const std::string& purses = "") {
  return refusal(purses + R"("rules":[{"id":"a","give":{"earn":{"fixed":"5",)" + more + "}}}]");
}
std::string when(const std::string& parts) { return rule(R"("when":{)" + parts + "},"); }

TEST(Slips, PointsThatExpireBeforeTheyAreActive) {
  const std::string refused = "rules.a.give.earn.expires_days: expires before it becomes active";
  EXPECT_EQ(earn(R"("activation_days":14,"expires_days":14)"), refused);
  EXPECT_EQ(earn(R"("activation_days":14,"expires_days":15)"), "");
  EXPECT_EQ(earn(R"("activation_days":14,"expires_days":0)"), "") << "for ever";
  const std::string purse = R"("purses":[{"id":"points","activation_days":10}],)";
  EXPECT_EQ(earn(R"("expires_days":7)", purse), refused);
  const std::string month = R"("purses":[{"id":"points","expires_days":30}],)";
  EXPECT_EQ(earn(R"("activation_days":40)", month), refused);
}

TEST(Slips, ANameThatIsAlmostAnAccount) {
  EXPECT_EQ(earn(R"("to":"referer")"), "rules.a.give.earn.to: \"referer\" is almost \"referrer\"");
  EXPECT_EQ(earn(R"("to":"Cashier")"), "rules.a.give.earn.to: \"Cashier\" is almost \"cashier\"");
  EXPECT_NE(earn(R"("to":"custmer")"), "");
  for (const auto* to : {"cashier", "referrer", "customer", "school-12", "cash"}) {
    EXPECT_EQ(earn(R"("to":")" + std::string(to) + "\""), "") << to;
  }
}

TEST(Slips, NamesOfSpaces) {
  EXPECT_EQ(when(R"("codes":[" "])"), "\" \": nothing but spaces");
  EXPECT_EQ(refusal(R"("rules":[{"id":" ","give":{"percent":"5"}}])"),
            "rules[0].id: nothing but spaces");
  EXPECT_NE(refusal(R"("purses":[{"id":"  "}])"), "");
  EXPECT_EQ(when(R"("codes":["TWO WORDS"])"), "");
}

TEST(Slips, LimitsOfTheSame) {
  const auto limits = [](const std::string& list) { return rule(R"("limits":[)" + list + "],"); };
  EXPECT_EQ(limits(R"({"per":"customer","period":"day","times":1},
                      {"per":"customer","period":"day","times":2})"),
            "rules.a.limits[1]: a second limit on the same");
  EXPECT_EQ(limits(R"({"per":"customer","period":"day","times":1},
                      {"per":"customer","period":"day","amount":"50"})"),
            "");
  EXPECT_EQ(limits(R"({"per":"customer","period":"day","times":1},
                      {"per":"customer","period":"month","times":9})"),
            "");
  EXPECT_NE(refusal(R"("velocity":{"earning":[{"times":3},{"times":4}]})"), "");
  EXPECT_EQ(refusal(R"("velocity":{"redemption":[{"times":3},{"points":"4"}]})"), "");
}

TEST(Slips, NothingIsLeftToTheDiscounts) {
  const std::string off = R"("rules":[{"id":"a","give":{"percent":"5"}}])";
  EXPECT_EQ(refusal(R"("settings":{"max_discount":"0"},)" + off),
            "settings.max_discount: 0 leaves nothing to the discounts");
  EXPECT_EQ(refusal(R"("settings":{"max_discount_share":"0"},)" + off),
            "settings.max_discount_share: 0 leaves nothing to the discounts");
  EXPECT_EQ(refusal(R"("settings":{"max_discount":"0"},
                       "rules":[{"id":"a","give":{"earn":{"percent":"5"}}}])"),
            "");
  EXPECT_EQ(refusal(R"("settings":{"max_discount":"0.01"},)" + off), "");
}

TEST(Slips, WhatGoesByThePaidIsNotEarnedBefore) {
  const std::string points = R"("earn":{"percent":"5"})";
  const std::string known_last =
      "rules[0].stage: points go by what is paid, which is known last; before it only fixed and "
      "per_unit, nothing else asked";
  for (const std::string stage : {"line", "set", "receipt", "coupon", "card"}) {
    EXPECT_EQ(rule(R"("stage":")" + stage + R"(",)", points), known_last);
    EXPECT_EQ(rule(R"("stage":")" + stage + R"(",)", R"("earn":{"per_unit":"1"})"), "");
    EXPECT_EQ(rule(R"("stage":")" + stage + R"(",)",
                   R"("earn":{"fixed":{"by":"amount","steps":[{"from":"0","value":"3"}]}})"),
              known_last);
  }
  EXPECT_EQ(rule(R"("stage":"earn",)", points), "");
  EXPECT_EQ(rule(R"("stage":"line",)"), "");
}

TEST(Slips, PointsThatAreNone) {
  for (const std::string earn :
       {R"("percent":"0")", R"("fixed":"0")", R"("per_unit":"0")", R"("multiply":"1")",
        R"("per_amount":"0","every":"10")",
        R"("percent":{"by":"spent","steps":[{"from":"0","value":"0"}]})"}) {
    EXPECT_NE(rule("", R"("earn":{)" + earn + "}").find("gives nothing"), std::string::npos)
        << earn;
  }
}

// A percent without conditions leaves nothing to a lower one, whatever that asks for.
TEST(Slips, PercentsBehindAnUnconditionalOne) {
  const auto two = [](const std::string& b) {
    return refusal(R"("groups":[{"id":"g","choose":"best"}],
        "rules":[{"id":"a","group":"g","give":{"percent":"20"}},{"id":"b","group":"g",)" +
                   b + "}]");
  };
  const std::string lost = "rules.b: can never apply: in g a always wins";
  EXPECT_EQ(two(R"("when":{"customer":"known"},"give":{"percent":"10"})"), lost);
  EXPECT_EQ(two(R"("when":{"codes":["x"]},"give":{"percent":"10"})"), lost);
  EXPECT_EQ(two(R"("select":{"skus":["x"]},"give":{"percent":"10"})"), lost);
  EXPECT_EQ(two(R"("when":{"customer":"known"},"give":{"percent":"30"})"), "");
  EXPECT_EQ(refusal(R"("groups":[{"id":"g","choose":"best"}],
      "rules":[{"id":"a","group":"g","until":"2026-12-31","give":{"percent":"20"}},
               {"id":"b","group":"g","give":{"percent":"10"}}])"),
            "");
}

TEST(Slips, PercentsThatNeverWin) {
  const auto two = [](const std::string& group, const std::string& a, const std::string& b) {
    return refusal(R"("groups":[{"id":"g",)" + group + R"(}],"rules":[{"id":"a","group":"g",)" + a +
                   R"(},{"id":"b","group":"g",)" + b + "}]");
  };
  const std::string five = R"("give":{"percent":"5"})", ten = R"("give":{"percent":"10"})";
  EXPECT_EQ(two(R"("choose":"best")", five, ten), "rules.a: can never apply: in g b always wins");
  EXPECT_EQ(two(R"("choose":"best")", ten, five), "rules.b: can never apply: in g a always wins");
  EXPECT_EQ(two(R"("choose":"lowest")", five, ten), "rules.b: can never apply: in g a always wins");
  EXPECT_EQ(two(R"("choose":"best","per":"line")", five, ten),
            "rules.a: can never apply: in g b always wins");
  EXPECT_EQ(two(R"("choose":"best","most":2)", five, ten), "");
  EXPECT_EQ(two(R"("choose":"best")", five, R"("select":{"skus":["x"]},)" + ten), "");
  EXPECT_EQ(two(R"("choose":"best")", five, R"("when":{"customer":"known"},)" + ten), "");
  EXPECT_EQ(two(R"("choose":"best")", five, R"("until":"2026-06-01",)" + ten), "");
  EXPECT_EQ(two(R"("choose":"best")", five, R"("limits":[{"per":"store","times":9}],)" + ten), "");
  EXPECT_EQ(two(R"("choose":"best")", five, R"("give":{"amount":"10"})"), "");
}

TEST(Slips, ConditionsThatNeverHold) {
  EXPECT_EQ(when(R"("not":{"any":[{"customer":"known"},{"customer":"unknown"}]})"),
            "rules.a.when: can never hold: not takes away every customer");
  EXPECT_EQ(when(R"("not":{"any":[{"customer":"known"},{"stores":["x"]}]})"), "");
  EXPECT_EQ(when(R"("date":{"of":"last_purchase","days_ago":{"max":-1}})"),
            "rules.a.when: can never hold: no purchase and no birth lies in the future");
  EXPECT_EQ(when(R"("date":{"of":"last_purchase","days_ago":{"max":0}})"), "");
  EXPECT_EQ(when(R"("date":{"of":"contract_end","days_ago":{"max":-1}})"), "");
  EXPECT_EQ(when(R"("time":{"weekdays":["mon","mon"]})"), "rules[0].when.time.weekdays[1]");
  EXPECT_EQ(when(R"("time":{"days_of_month":[5,5]})"), "rules[0].when.time.days_of_month[1]");
}

}  // namespace
}  // namespace till::loyalty
