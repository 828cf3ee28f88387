// Amounts in words, English and Russian.
#pragma once

#include <vector>

#include "gateway/loyalty/loyalty.h"

namespace till::loyalty {

// How a line came to its amounts, kept while they are worked out.
struct LineReason {
  bool excluded = false;  // by law or because it is money or a card itself
  Money wanted;           // the percent of the line, before floors
  Money base;             // what points were earned on
};

struct Reasons {
  Percent discount;  // of the customer's card type
  std::vector<LineReason> lines;
  Money redeemable_part;      // what of the receipt points may pay for, before max_redeem
  Money redeem_limit;         // after max_redeem and the floors
  bool floors_limit = false;  // the floors, not the percent, set that limit
};

void explain(const Program& program, const Basket& basket, const Reasons& reasons, Quote& quote);

// "5 %", "7.5 %".
std::string percent_text(Percent percent);

}  // namespace till::loyalty
