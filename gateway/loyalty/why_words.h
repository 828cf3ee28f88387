// Reasons in the words of the rule's own conditions and ladder: which ways of payment, which hours,
// how many purchases more.
#pragma once

#include <optional>

#include "gateway/loyalty/explain.h"

namespace till::loyalty {

// What stands behind "{rule}: "; nothing where the reason does not tell which of several conditions
// it speaks of.
std::optional<Words> words_of_conditions(const Plan& plan, const Reason& reason);

// What a step of a ladder gives: "7 %", "9.00", "2 points", "× 3".
std::string step_text(const Plan& plan, const Effect& give, std::int64_t value, bool russian);

}  // namespace till::loyalty
