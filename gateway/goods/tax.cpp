#include "gateway/goods/tax.h"

#include <algorithm>
#include <cctype>

#include "gateway/base/json.h"
#include "sdk/cpp/ru_ffd.h"

namespace till::goods {
namespace {

// Decimal without zeros that say nothing: 2200 -> "22", 550 -> "5.5".
std::string percent_text(Percent rate) {
  std::string text = to_string(rate);
  text.resize(text.find(' '));
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

Result<Percent> rate_of(std::string_view text, std::string_view what) {
  const auto hundredths = TILL_TRY(parse_decimal(text, 2, what));
  if (hundredths < 0 || hundredths >= kPercentScale) {
    return fail(Code::kOutOfRange, std::string(what) + ": 0 to 99.99 %");
  }
  return Percent{hundredths};
}

Result<Tax> written(std::string_view text, std::string_view what) {
  if (text == "exempt") return Tax{};
  if (text.ends_with('%')) {
    return Tax{TaxKind::kRate, TILL_TRY(rate_of(text.substr(0, text.size() - 1), what))};
  }
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const Tax tax{TaxKind::kExtracted, TILL_TRY(rate_of(text.substr(0, slash), what))};
    if (tax_text(tax) == text) return tax;
  }
  return fail(Code::kBadValue, std::string(what) + R"(: "22%", "22/122" or "exempt")");
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 2 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

Result<Tax> parse_tax(std::string_view text, Currency currency, std::string_view what) {
  if (currency != Currency::kRub) return written(text, what);
  if (is_number(text)) {
    if (auto tax = ru_ffd::tax_of_1199(std::stoi(std::string(text)))) return tax;
    return fail(Code::kOutOfRange, std::string(what) + ": 1 to 12, the number of FFD tag 1199; " +
                                       R"(a percent is written "22%")");
  }
  const Tax tax = TILL_TRY(written(text, what));
  if (ru_ffd::tax_1199(tax)) return tax;
  return fail(
      Code::kOutOfRange,
      std::string(what) + ": no rate of the Russian fiscal data format: " + std::string(text));
}

std::string tax_text(const Tax& tax) {
  switch (tax.kind) {
    case TaxKind::kExempt:
      return "exempt";
    case TaxKind::kRate:
      return percent_text(tax.rate) + "%";
    case TaxKind::kExtracted:
      return percent_text(tax.rate) + "/" + percent_text(Percent{kPercentScale + tax.rate.units});
  }
  return {};
}

}  // namespace till::goods
