// Baskets and results as JSON, for `tillbridge program evaluate`, tests and what-if.
#pragma once

#include <boost/json.hpp>
#include <string_view>

#include "gateway/loyalty/loyalty.h"
#include "gateway/loyalty/outcome.h"

namespace till::loyalty {

// Customer, history and clock stand inside the basket (docs/users/programs.md). Strict: unknown
// fields, a quantity of 0 or below (also of a return), doubled line ids, a blocked or expired card
// are errors.
// `back`: the returns that follow the sale.
Result<Basket> basket_from_json(const boost::json::value& value,
                                std::vector<Returned>* back = nullptr);

// kMissingField for a basket without `time` when the program, or a rule for its
// event that is not paused, goes by date or time.
Result<void> check_time(const Program& program, const boost::json::value& basket);

// kBadValue and kUnknownField for what the basket names and the program does not have: a purse, a
// counter, a date, a type of card or coupon, a level, a rule, its limit, a plugin, an event.
Result<void> check_names(const Program& program, const Basket& basket);

// How much of a result is written: all of it, or what things cost and earn without units and
// reasons.
enum class Detail { kFull, kBrief };

// {"program", "version", "revision", "total", …, "lines": […], "why": […]}. Equal for equal input,
// byte for byte.
boost::json::object outcome_to_json(const Program& program, const Basket& basket,
                                    const Outcome& outcome, Detail detail = Detail::kFull);

// Reads, evaluates and writes one basket, with the returns that follow it. kReturnTooMuch;
// kMissingField as check_time, also as check_names; kOverflow for sums beyond 64 bits.
Result<boost::json::object> evaluate_json(const Program& program, const boost::json::value& basket,
                                          Detail detail = Detail::kFull);

}  // namespace till::loyalty
