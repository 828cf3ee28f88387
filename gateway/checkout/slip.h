// What the people at the till read of a sale: the cashier's lines beside the total, and the slip
// for the customer. Pure; printing and showing are gateway/app's.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/errors.h"
#include "gateway/checkout/sale.h"

namespace till::checkout {

// What became of the codes, what happened and what is missing for more, the goods named; nothing
// that does not concern this customer.
std::vector<std::string> cashier_lines(const Sale& sale, Language language);

struct SlipLine {
  std::string text;
  bool bold = false;
  bool title = false;
};
// What the fiscal receipt does not say: why the prices are what they are, points, coupons. Empty
// when there is nothing to hand out: no customer and no coupon.
std::vector<SlipLine> slip_lines(const Sale& sale, Language language);

// From and until when the points of a sale that was closed can be spent.
std::optional<EarnedTerms> earned_terms(const loyalty::Program& program, const Sale& sale);

}  // namespace till::checkout
