// How numbers and what they count are said: forms by number, and a purse, coupon, counter or date
// by the name people use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/loyalty/plan.h"

namespace till::loyalty {

// "12.50" -> "12.5", "3.000" -> "3".
std::string trimmed(std::string text);

// "point|points", "балл|балла|баллов": the form that goes with a number (in hundredths); a name
// without forms is itself. `of`: the genitive, as after «от» and «не хватает».
std::string form_of(std::string_view forms, std::int64_t number, bool russian, bool of = false);

// What people call a purse, a coupon, a counter or a date, with its forms.
std::string called(const Plan& plan, NameId key, bool russian);

// "2.5 points", "6 stamps": so much of a purse, in hundredths.
std::string so_many(const Plan& plan, NameId purse, std::int64_t amount, bool russian,
                    bool of = false);

// "from 2026-12-01 until 2026-12-31"; "" for ever.
std::string days_between(const Calendar& c, bool russian);

}  // namespace till::loyalty
