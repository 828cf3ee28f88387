// Rules that read well and can never apply, for whoever puts a new program in force. A program
// that is in force, or of a past receipt, is evaluated all the same.
#pragma once

#include <string>

#include "gateway/loyalty/plan.h"

namespace till::loyalty {

// A rule in a refusal.
inline std::string place(const Rule& r) { return "rules." + r.id; }

// kProgramInvalid for the first of them, with the place ("rules.ID.when") and the reason.
Result<void> check_reach(const Plan& plan);
// Of these what changes nothing or names nobody.
Result<void> check_slips(const Plan& plan);

// Conditions of which one bars the other, in words; "" = they can hold together.
std::string contradiction(const Plan& plan, const Rule& rule);
// The same of two rules and the goods they want: what keeps one from working where the other does.
std::string never_together(const Plan& plan, const Rule& a, const Rule& b);

// They name the same goods in the same words.
bool same_goods(const Selector& a, const Selector& b);
// They ask the same of customer, place and receipt and name the same goods, `r` on all days on
// which `other` does.
bool alike(const Rule& r, const Rule& other);

}  // namespace till::loyalty
