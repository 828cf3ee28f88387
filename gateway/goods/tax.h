// A tax as people write it in the goods file.
#pragma once

#include <string>
#include <string_view>

#include "gateway/goods/currency.h"
#include "sdk/cpp/base/result.h"
#include "sdk/cpp/tax.h"

namespace till::goods {

// "22%" or "5.5%" = a rate, "22/122" = extracted from a prepaid amount, "exempt" = no tax at all.
// Where the currency is the rouble a bare number is FFD tag 1199 (6 = no VAT, 11 = 22 %) and only
// taxes of that format are taken. kBadValue or kOutOfRange names `what`.
Result<Tax> parse_tax(std::string_view text, Currency currency, std::string_view what);
// The same back: "22%", "22/122", "exempt".
std::string tax_text(const Tax& tax);

}  // namespace till::goods
