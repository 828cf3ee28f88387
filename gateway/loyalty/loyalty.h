// The loyalty core: pure. The same basket, program version, customer snapshot and instant give the
// same kopecks here, in central and in the simulation.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/goods/goods.h"
#include "sdk/cpp/base/ids.h"
#include "sdk/cpp/base/result.h"
#include "sdk/cpp/base/values.h"

namespace till::loyalty {

// Changes whenever the arithmetic does; central replays an entry only with the same revision.
inline constexpr int kEvaluationRevision = 1;

// One first-cut program. Parsed from JSON; an unknown field or a negative percent is an error.
struct Program {
  std::string id;
  std::int64_t version = 0;
  std::string name;
  Percent earn;                                  // share of what was paid, as points
  std::map<std::string, Percent> card_discount;  // card type -> percent off
  Points welcome;                                // once, when the customer is enrolled
  Percent max_redeem;                            // at most this share of the receipt by points
  Points point_step{100};                        // redeemed in whole multiples of this
  Money point_value{100};                        // what one point (100 units) pays
  // How points stand on the receipt: as a discount in the prices, or as a payment beside the money
  // (counter-provision, FFD tag 1217).
  bool redemption_is_payment = false;
  bool earn_on_points_paid = false;  // 1000 with 200 by points earns on 1000 or 800
  Rounding money_rounding = Rounding::kHalfUp;
  Rounding points_rounding = Rounding::kDown;

  static Result<Program> from_json(std::string_view text);
  [[nodiscard]] std::string to_json() const;
};

struct Line {
  std::string id;
  Money price;  // per unit
  Quantity quantity;
  Money min_price;  // per unit, from the goods file
  goods::LegalClass legal = goods::LegalClass::kNone;
  bool is_card = false;
};

struct Customer {
  CustomerId id;
  std::string card_type;  // "" = none
  Points available;       // what may be spent now
  bool verified = true;   // an unknown card offline earns as unverified and cannot redeem
};

struct Basket {
  std::vector<Line> lines;
  std::optional<Customer> customer;
  Points redeem;  // asked for; the quote says how much is possible
  std::int64_t instant_us = 0;
};

// Why an amount is what it is, in words for the cashier and the customer.
struct Explanation {
  std::string line;  // "" = the whole receipt
  std::string en;
  std::string ru;
};

// One whole unit of a line (or the fraction left over at the end); the shares add up exactly.
struct UnitShare {
  Quantity quantity;
  Money total;  // to pay, after discount and points
  Money discount;
  Money by_points;
  Points redeemed;
  Points accrued;
};

struct LineQuote {
  std::string id;
  Money gross;
  Money discount;
  Money by_points;
  Money total;  // gross - discount - by_points
  Points redeemed;
  Points accrued;
  std::vector<UnitShare> units;
};

struct Quote {
  std::int64_t program_version = 0;
  std::vector<LineQuote> lines;
  Money gross;
  Money discount;
  Money by_points;
  Money total;
  Points redeemed;
  Points redeemable;  // the most that could be asked for
  Points accrued;
  bool points_are_payment = false;  // by_points is paid with, not taken off the prices
  std::vector<Explanation> why;
};

// Never fails on a valid program: what cannot be given (a floor, tobacco, too few points) is left
// out and explained. Throws Overflow on sums beyond 64 bits.
Quote quote(const Program& program, const Basket& basket);

// What goes back when `returned` (line id -> quantity) of a sold receipt returns, given what has
// been returned of it before. Units go back in order; n partial returns add up to the whole.
// Floors do not bind. Code::kReturnTooMuch when more is asked than is left.
Result<Quote> quote_return(const Quote& sold, const std::map<std::string, Quantity>& before,
                           const std::map<std::string, Quantity>& returned);

// Largest remainder, ties to the earliest: spreads `amount` by `weights` (negative ones count as
// 0), each share at most `caps`; the overflow is spread again. What cannot be placed stays out of
// the sum. Sizes equal; amount >= 0.
std::vector<std::int64_t> allocate(std::int64_t amount, const std::vector<std::int64_t>& weights,
                                   const std::vector<std::int64_t>& caps);

}  // namespace till::loyalty
