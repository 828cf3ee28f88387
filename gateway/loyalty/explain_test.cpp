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
