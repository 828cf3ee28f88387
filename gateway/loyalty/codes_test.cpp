// Which codes a receipt uses up, and what needs a known customer.
#include <gtest/gtest.h>

#include "gateway/base/json.h"
#include "gateway/loyalty/basket_json.h"
#include "gateway/loyalty/loyalty.h"

namespace till::loyalty {
namespace {

Program program(const std::string& rest) {
  auto p = Program::from_json(
      R"({"schema":2,"id":"p","version":1,"coupons":[{"id":"k","prefix":"K","length":3},
          {"id":"j","prefix":"J","length":3}],)" +
      rest + "}");
  EXPECT_TRUE(p) << p.error().detail;
  return p ? std::move(*p) : Program{};
}

Basket basket(std::vector<std::string> codes = {}) {
  Basket b;
  b.lines.push_back({"1", Money{10'000}, Quantity{kQuantityScale}, {}});
  b.codes = std::move(codes);
  return b;
}

// "K01 J02": what the receipt uses up.
std::string used(const std::string& rules, std::vector<std::string> codes) {
  const auto q = quote(program(R"("rules":[)" + rules + "]"), basket(std::move(codes)));
  std::string out;
  for (const auto& code : q.effects.value_or(Effects{}).codes) {
    if (code.used) out += (out.empty() ? "" : " ") + code.code;
  }
  return out;
}

constexpr const char* kTen = R"("give":{"percent":"10"}})";

TEST(Codes, OneOfAListIsEnough) {
  const auto any = R"({"id":"a","when":{"coupons":["k","j"]},)" + std::string(kTen);
  EXPECT_EQ(used(any, {"K01"}), "K01");
  EXPECT_EQ(used(any, {"K01", "K02"}), "K01") << "the other stays the customer's";
  EXPECT_EQ(used(any, {"J01", "K02"}), "J01");
  const auto both =
      R"({"id":"a","when":{"all":[{"coupons":["k"]},{"coupons":["j"]}]},)" + std::string(kTen);
  EXPECT_EQ(used(both, {"K01", "J02", "K03"}), "K01 J02");
  EXPECT_EQ(used(both, {"K01", "K03"}), "");
  const auto either =
      R"({"id":"a","when":{"any":[{"stores":["s"],"coupons":["k"]},{"coupons":["j"]}]},)" +
      std::string(kTen);
  EXPECT_EQ(used(either, {"K01", "J02"}), "J02") << "not in that store";
  const auto two = R"({"id":"a","when":{"coupons":{"type":"k","count":2}},)" + std::string(kTen);
  EXPECT_EQ(used(two, {"K01", "K02", "K03"}), "K01 K02");
}

TEST(Codes, EachRuleIsMetWithTheFirst) {
  const auto rules = R"({"id":"a","when":{"coupons":["k"]},)" + std::string(kTen) +
                     R"(,{"id":"b","when":{"coupons":["k"]},)" + kTen;
  EXPECT_EQ(used(rules, {"K01", "K02"}), "K01");
}

TEST(Codes, ASpareOneSaysSo) {
  const auto p =
      program(R"("rules":[{"id":"a","when":{"coupons":["k"]},)" + std::string(kTen) + "]");
  const auto q = quote(p, basket({"K01", "K02"}));
  ASSERT_EQ(q.effects->codes.size(), 2U);
  EXPECT_EQ(q.effects->codes[1].en, "not needed here, it stays good");
}

TEST(Known, WhatIsCountedByCustomerNeedsOne) {
  for (const auto* more :
       {R"("limits":[{"per":"customer","period":"day","times":1}])",
        R"("limits":[{"per":"program","amount":"5"},{"per":"customer","times":1}])",
        R"("cost":{"amount":"5"})"}) {
    const auto p = program(R"("rules":[{"id":"a",)" + std::string(more) + "," + kTen + "]");
    auto b = basket();
    const auto q = quote(p, b);
    EXPECT_EQ(q.total, Money{10'000}) << more;
    ASSERT_EQ(q.why.size(), 1U) << more;
    EXPECT_EQ(q.why[0].en, "a: with a card");
    b.customer.emplace().id = {"c"};
    b.customer->available = {1'000};
    EXPECT_LT(quote(p, b).total, Money{10'000}) << more;
  }
}

TEST(Known, PointsAskedForWithoutACardAreExplained) {
  const auto p = program(R"("redeem":{},"rules":[])");
  auto b = basket();
  b.redeem = {500};
  const auto q = quote(p, b);
  ASSERT_EQ(q.why.size(), 1U);
  EXPECT_EQ(q.why[0].ru, "баллы списываются по карте");
}

TEST(Names, AnEmptyOneIsRefusedAndIsNobody) {
  for (const auto* field : {"stores", "tills", "payments", "segments", "codes"}) {
    const auto p = Program::from_json(R"({"id":"p","version":1,"rules":[{"id":"a","when":{")" +
                                      std::string(field) + R"(":[""]},"give":{"percent":"10"}}]})");
    ASSERT_FALSE(p) << field;
    EXPECT_EQ(p.error().code, Code::kBadValue);
  }
}

TEST(Codes, WhatExpiresNeedsAClock) {
  const auto p =
      program(R"("rules":[{"id":"a","when":{"coupons":["k"]},)" + std::string(kTen) + "]");
  const auto result = [&](const std::string& more) {
    return evaluate_json(
        p,
        *parse_json(R"({"codes":["K01"],"lines":[{"price":"1"}],"coupons":[{"code":"K01")" + more),
        Detail::kBrief);
  };
  EXPECT_TRUE(result("}]}"));
  EXPECT_EQ(result(R"(,"expires":"2020-05-04"}]})").error(),
            (Error{Code::kMissingField, "time: a coupon expires", {}}));
  EXPECT_TRUE(result(R"(,"expires":"2020-05-04"}],"time":"2020-05-04T12:00:00+03:00"})"));
}

}  // namespace
}  // namespace till::loyalty
