// What did not apply, and why, in words for whoever stands at the till.
#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/base/json.h"
#include "gateway/loyalty/basket_json.h"

namespace till::loyalty {
namespace {

boost::json::object evaluated(const std::string& program, const std::string& basket) {
  const auto p = Program::from_json(R"({"id":"p","version":1,)" + program + "}");
  EXPECT_TRUE(p) << p.error().detail;
  return evaluate_json(p.value(), parse_json("{" + basket + "}").value()).value();
}

// "rule code", one a line.
std::string why(const std::string& program, const std::string& basket) {
  std::string out;
  const auto result = evaluated(program, basket);
  for (const auto& reason : result.at("why").as_array()) {
    const auto* rule = reason.as_object().if_contains("rule");
    out += (rule == nullptr ? "" : std::string(rule->as_string()) + " ") +
           std::string(reason.at("code").as_string()) + "\n";
  }
  return out;
}

TEST(Explain, GoodsThatAreNotOnTheReceipt) {
  const std::string rules = R"("rules":[{"id":"tea","select":{"skus":["tea"]},
      "give":{"percent":"5"}},{"id":"cup","select":{"price":{"min":"100"}},"limits":[{"times":1}],
      "give":{"amount":"5"}},{"id":"pie","select":{"categories":["pies"]},
      "give":{"earn":{"fixed":"5"}}}])";
  EXPECT_EQ(why(rules, R"("lines":[{"sku":"jam","price":"10"}])"),
            "cup no_goods\ntea no_goods\npie no_goods\n");
  EXPECT_EQ(why(rules, R"("lines":[{"sku":"tea","price":"10"}])"),
            "tea applied\ncup no_goods\npie no_goods\n");
  EXPECT_EQ(why(rules, R"("customer":{},"lines":[{"category":"pies","price":"100"}])"),
            "cup applied\npie earned\ntea no_goods\n");
  std::string many;
  for (int i = 0; i < 17; ++i) {
    many += (i == 0 ? "" : ",") + (R"({"id":"r)" + std::to_string(i)) +
            R"(","select":{"skus":["s)" + std::to_string(i) + R"("]},"give":{"percent":"5"}})";
  }
  EXPECT_EQ(why(R"("rules":[)" + many + "]", R"("lines":[{"sku":"jam","price":"10"}])"), "")
      << "a catalogue of offers is not told one by one";
}

TEST(Explain, NothingToMultiplyAndNothingThatEarns) {
  const std::string rules =
      R"("rules":[{"id":"base","give":{"earn":{"per_amount":"1","every":"100"}}},
      {"id":"twice","give":{"earn":{"multiply":"2"}}}])";
  EXPECT_EQ(why(rules, R"("customer":{},"lines":[{"price":"10"}])"),
            "base needs_amount\ntwice nothing_before\n");
  EXPECT_EQ(why(rules, R"("customer":{},"lines":[{"price":"100"}])"),
            "base earned\ntwice earned\n");
  EXPECT_EQ(why(rules, R"("customer":{},"lines":[{"price":"100","legal":"tobacco"}])"),
            "legal\nbase nothing_earns\ntwice nothing_earns\n");
}

TEST(Explain, AWayOfPaymentThatEarnsNothing) {
  const std::string rules = R"("settings":{"no_earning_on":["gift_card"]},
      "rules":[{"id":"base","give":{"earn":{"percent":"5"}}}])";
  const auto paid = [&](const std::string& amount) {
    return R"("customer":{},"lines":[{"price":"100"}],
        "payments":[{"kind":"gift_card","amount":")" +
           amount + R"("}])";
  };
  EXPECT_EQ(why(rules, paid("100")), "not_earning\n");
  EXPECT_EQ(why(rules, paid("0")), "base earned\n");
  const auto part = evaluated(rules, paid("40"));
  EXPECT_EQ(part.at("why").at(0).at("en"), "no points for 40.00: paid in a way that earns none");
  EXPECT_EQ(part.at("why").at(0).at("ru"), "за 40.00 не начисляется: такая оплата баллов не даёт");
  EXPECT_EQ(part.at("points").at("earned"), "3.00");
}

// Tobacco is no way to a level, gift cards are money, and a receipt is told to central the same.
TEST(Explain, ThisReceiptTooCountsWhatMayHavePoints) {
  const std::string rules = R"("settings":{"excluded":{"skus":["salt"]}},
      "tiers":{"by":"spent","this_receipt_too":true,
      "steps":[{"id":"base","from":"0"},{"id":"gold","from":"100"}]},"rules":[{"id":"big",
      "when":{"counter":{"name":"spent","is":{"min":"100"},"this_receipt_too":true}},
      "give":{"amount":"5"}}])";
  const auto level = [&](const std::string& line) {
    const auto out =
        evaluated(rules, R"("customer":{},"lines":[{"price":"60"},{"price":"40",)" + line + "}]");
    return std::string(out.at("tier").as_string()) + " " +
           std::string(out.at("discount").as_string());
  };
  EXPECT_EQ(level(R"("sku":"tea")"), "gold 5.00");
  for (const auto* line : {R"("legal":"tobacco")", R"("legal":"gift_card")", R"("is_card":true)",
                           R"("deposit":true)", R"("sku":"salt")"}) {
    EXPECT_EQ(level(line), "base 0.00") << line;
  }
  const auto p = Program::from_json(R"({"id":"p","version":1})").value();
  Basket basket;
  basket.lines = {{"1", Money{100}, Quantity{2000}, Money{}},
                  {"2", Money{100}, Quantity{2000}, Money{}}};
  basket.lines[1].legal = goods::LegalClass::kTobacco;
  const auto sold = quote(p, basket);
  EXPECT_FALSE(sold.lines[0].uncounted);
  EXPECT_EQ(sold.lines[1].uncounted, true);
  EXPECT_EQ(quote_return(sold, {}, {{"2", Quantity{1000}}})->lines[0].uncounted, true);
}

}  // namespace
}  // namespace till::loyalty
