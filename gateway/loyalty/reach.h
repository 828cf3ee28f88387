// Rules that read well and can never apply, for whoever puts a new program in force. A program
// that is in force, or of a past receipt, is evaluated all the same.
#pragma once

#include <string>

#include "gateway/loyalty/plan.h"

namespace till::loyalty {

// kProgramInvalid for the first of them, with the place ("rules.ID.when") and the reason.
Result<void> check_reach(const Plan& plan);

// Conditions of which one bars the other, in words; "" = they can hold together.
std::string contradiction(const Plan& plan, const Rule& rule);

}  // namespace till::loyalty
