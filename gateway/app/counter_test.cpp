#include "counter.h"

#include <gtest/gtest.h>

namespace till::app {
namespace {

using checkout::Sale;
using checkout::State;
using Lines = std::vector<std::string>;

Sale basket() {
  Sale sale;
  sale.lines = {{.id = "1",
                 .goods = "1",
                 .name = "Milk",
                 .price = {9990},
                 .quantity = {1000},
                 .min_price = {}},
                {.id = "2",
                 .goods = "2",
                 .name = "Apples",
                 .price = {10000},
                 .quantity = {1500},
                 .min_price = {}}};
  return sale;
}

TEST(Counter, TheCustomerReadsTheLastLineAndTheSum) {
  Sale sale = basket();
  EXPECT_EQ(*display_lines(sale, Language::kEn), (Lines{"100.00 Apples", "TOTAL 249.90"}));
  EXPECT_EQ(*display_lines(sale, Language::kRu), (Lines{"100.00 Apples", "ИТОГО 249.90"}));
  sale.lines.clear();
  EXPECT_EQ(*display_lines(sale, Language::kEn), Lines{});
}

TEST(Counter, AQuoteShowsWhatIsSaved) {
  Sale sale = basket();
  sale.state = State::kQuoted;
  sale.quote.emplace();
  sale.quote->total = {22490};
  EXPECT_EQ(*display_lines(sale, Language::kEn), (Lines{"100.00 Apples", "TOTAL 224.90"}));
  sale.quote->discount = {2500};
  EXPECT_EQ(*display_lines(sale, Language::kEn), (Lines{"You save 25.00", "TOTAL 224.90"}));
  for (const State s : {State::kHolding, State::kFiscalising, State::kInDoubt}) {
    sale.state = s;
    EXPECT_FALSE(display_lines(sale, Language::kEn)) << "the sum stays while it is paid";
  }
  sale.state = State::kCommitted;
  EXPECT_EQ(*display_lines(sale, Language::kEn), (Lines{"Thank you!", "TOTAL 224.90"}));
  sale.is_return = true;
  EXPECT_EQ(*display_lines(sale, Language::kEn), (Lines{"Thank you!", "REFUND 224.90"}));
  sale.state = State::kCancelled;
  EXPECT_EQ(*display_lines(sale, Language::kEn), Lines{});
}

TEST(Counter, OnlyCashOpensTheDrawer) {
  Sale sale = basket();
  EXPECT_FALSE(paid_in_cash(sale));
  sale.payments = {{Tender::kElectronic, {10000}}};
  EXPECT_FALSE(paid_in_cash(sale));
  sale.payments.push_back({Tender::kCash, {0}});
  EXPECT_FALSE(paid_in_cash(sale));
  sale.payments.push_back({Tender::kCash, {500}});
  EXPECT_TRUE(paid_in_cash(sale));
}

TEST(Counter, WithoutDevicesNothingHappens) {
  Counter counter([](std::string_view, const std::string&) { return nullptr; }, Language::kEn,
                  true);
  Sale sale = basket();
  counter.sale_changed(sale);
  Code code = Code::kInternal;
  const auto reply = [&](const Result<boost::json::object>& r) { code = r.error().code; };
  counter.scale("1", "weigh", {}, reply);
  EXPECT_EQ(code, Code::kNoSuchDevice);
  counter.scale("1", "dance", {}, reply);
  EXPECT_EQ(code, Code::kNotFound);
}

}  // namespace
}  // namespace till::app
