#include "slip.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/loyalty/calendar.h"

namespace till::checkout {
namespace {

Sale a_sale() {
  Sale sale;
  auto& who = sale.customer.emplace();
  who.label = "••••0018";
  who.available = {10'000};
  auto& quote = sale.quote.emplace();
  quote.accrued = {700};
  quote.redeemed = {2'000};
  return sale;
}

std::string text(const Sale& sale, Language language = Language::kEn) {
  std::string out;
  for (const auto& line : slip_lines(sale, language)) out += line.text + "\n";
  return out;
}

bool has(const std::string& all, const std::string& line) {
  return all.find("\n" + line + "\n") != std::string::npos;
}

TEST(Slip, TellsWhatIsLeftWhatWaitsAndWhatEndsFirst) {
  auto sale = a_sale();
  sale.customer->standing = {{5'000}, {300}, {2'500}, *loyalty::parse_day("2026-12-31", "")};
  const auto seen = text(sale);
  EXPECT_TRUE(has(seen, "Welcome points: 50.00")) << seen;
  EXPECT_TRUE(has(seen, "Points after this receipt: 87.00")) << seen;
  EXPECT_TRUE(has(seen, "Points that wait: 3.00")) << seen;
  EXPECT_TRUE(has(seen, "Expire first: 5.00, after 2026-12-31")) << "what was spent went first";
  EXPECT_TRUE(has(text(sale, Language::kRu), "Сгорят раньше всех: 5.00, после 2026-12-31"));
  sale.quote->redeemed = {2'500};
  EXPECT_EQ(text(sale).find("Expire"), std::string::npos);
  sale.is_return = true;
  EXPECT_EQ(text(sale).find("after this"), std::string::npos);
  EXPECT_EQ(text(sale).find("Welcome"), std::string::npos);
}

TEST(Slip, PointsThatWaitAreNotAmongThoseLeft) {
  auto sale = a_sale();
  const auto program =
      loyalty::Program::from_json(R"({"id":"p","version":1,"settings":{"utc_offset":"+03:00"},
      "purses":[{"id":"points","activation_days":14,"expires_days":90}],"rules":[]})");
  ASSERT_TRUE(program) << program.error().detail;
  sale.closed_us = 1'767'214'800'000'000;  // 2026-01-01, midnight in Moscow
  sale.earned = earned_terms(*program, sale);
  const auto seen = text(sale);
  EXPECT_TRUE(has(seen, "Points earned: 7.00 (from 2026-01-15, until 2026-03-31)")) << seen;
  EXPECT_TRUE(has(seen, "Points after this receipt: 80.00")) << seen;
  EXPECT_TRUE(has(seen, "Points that wait: 7.00")) << seen;
  sale.quote->accrued = {};
  EXPECT_FALSE(earned_terms(*program, sale));
}

TEST(Slip, PointsOfARuleMayLiveOtherwise) {
  auto sale = a_sale();
  const auto program =
      loyalty::Program::from_json(R"({"id":"p","version":1,"settings":{"utc_offset":"+03:00"},
      "purses":[{"id":"points","expires_days":90}],"rules":[]})");
  ASSERT_TRUE(program) << program.error().detail;
  sale.closed_us = 1'767'214'800'000'000;  // 2026-01-01, midnight in Moscow
  loyalty::Effects effects;
  effects.lots = {{"promise", {300}, 1, 14}, {"forever", {100}}};
  sale.quote->effects = effects;
  sale.earned = earned_terms(*program, sale);
  const auto seen = text(sale);
  EXPECT_TRUE(has(seen,
                  "Points earned: 7.00 (until 2026-03-31)\n"
                  "  of these 3.00 (from 2026-01-02, until 2026-01-14)\n"
                  "  of these 1.00"))
      << seen;
  EXPECT_TRUE(has(seen, "Points after this receipt: 84.00")) << seen;
  EXPECT_TRUE(has(seen, "Points that wait: 3.00")) << seen;
  EXPECT_TRUE(has(text(sale, Language::kRu), "  из них 3.00 (с 2026-01-02, по 2026-01-14)"));
}

TEST(Slip, WhoIsNotKnownReadsOnlyOfTheReceipt) {
  auto sale = a_sale();
  sale.customer->verified = false;
  EXPECT_EQ(text(sale).find("after this"), std::string::npos);
  EXPECT_TRUE(has(text(sale), "Points earned: 7.00"));
}

}  // namespace
}  // namespace till::checkout
