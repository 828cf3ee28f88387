// The tax of a line, neutral; the numbers a country gives it stand in ru_ffd.
#pragma once

#include "base/values.h"

namespace till {

// kRate: the tax is `rate` of the net price and part of the gross one. kExtracted: what a prepaid
// amount contains (rate / (100 + rate)). kExempt: no tax at all; a rate of 0 is taxed at zero.
enum class TaxKind { kRate, kExtracted, kExempt };
struct Tax {
  TaxKind kind = TaxKind::kExempt;
  Percent rate;
  bool operator==(const Tax&) const = default;
};

}  // namespace till
