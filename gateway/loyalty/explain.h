// Reasons in words, English and Russian: for the cashier's hint, the customer's slip and a dispute.
#pragma once

#include <string>

#include "gateway/loyalty/loyalty.h"
#include "gateway/loyalty/outcome.h"
#include "gateway/loyalty/plan.h"

namespace till::loyalty {

struct Words {
  std::string en;
  std::string ru;
};

// One reason, for example "Coffee −10 %: needs 2 more".
Words in_words(const Plan& plan, const Reason& reason);
// The same with what a plugin said of its own discount.
Words in_words(const Plan& plan, const Basket& basket, const Reason& reason);

// How much a reason matters to the people at the till: 0 = what happened, 1 = what is missing for
// more, 2 = what does not concern this customer.
int rank(Why why);

// "1 rule", "5 правил": forms by number, as in names of purses.
std::string counted(std::size_t number, std::string_view forms, bool russian);

// "5 %", "7.5 %".
std::string percent_text(Percent percent);

}  // namespace till::loyalty
