// What a receipt does beside prices and points: codes, stamps and other purses, gifts, coupons.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "gateway/loyalty/evaluate.h"
#include "gateway/loyalty/loyalty.h"

namespace till::loyalty {

// Of the evaluator's last run; nothing when there is none.
std::optional<Effects> effects_of(const Plan& plan, const Basket& basket,
                                  const Evaluator& evaluator, const Outcome& outcome);

// What goes back of them when the part `from` … `to` of the receipt's list prices (of `whole`)
// returns.
std::optional<Effects> effects_back(const Effects& sold, std::int64_t from, std::int64_t to,
                                    std::int64_t whole);

}  // namespace till::loyalty
