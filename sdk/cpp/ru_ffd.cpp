#include "ru_ffd.h"

#include <algorithm>
#include <ctime>
#include <iterator>

namespace till::ru_ffd {
namespace {

struct Row {
  Tax tax;
  const char* from;   // first day, "" = always
  const char* until;  // the day after the last, "" = still
};

// In the order of tag 1199, from 1.
constexpr Row kRates[] = {
    {{TaxKind::kRate, {2000}}, "2019-01-01", "2026-01-01"},
    {{TaxKind::kRate, {1000}}, "", ""},
    {{TaxKind::kExtracted, {2000}}, "2019-01-01", "2026-01-01"},
    {{TaxKind::kExtracted, {1000}}, "", ""},
    {{TaxKind::kRate, {0}}, "", ""},
    {{TaxKind::kExempt, {0}}, "", ""},
    {{TaxKind::kRate, {500}}, "2025-01-01", ""},
    {{TaxKind::kRate, {700}}, "2025-01-01", ""},
    {{TaxKind::kExtracted, {500}}, "2025-01-01", ""},
    {{TaxKind::kExtracted, {700}}, "2025-01-01", ""},
    {{TaxKind::kRate, {2200}}, "2026-01-01", ""},
    {{TaxKind::kExtracted, {2200}}, "2026-01-01", ""},
};

}  // namespace

Result<int> tax_1199(const Tax& tax) {
  for (std::size_t i = 0; i < std::size(kRates); ++i) {
    if (kRates[i].tax == tax) return static_cast<int>(i) + 1;
  }
  return fail(Code::kOutOfRange, "tax " + to_string(tax.rate));
}

Result<Tax> tax_of_1199(int value) {
  if (value < 1 || value > static_cast<int>(std::size(kRates))) {
    return fail(Code::kOutOfRange, "tag 1199: " + std::to_string(value));
  }
  return kRates[value - 1].tax;
}

bool in_force(const Tax& tax, const std::string& day) {
  for (const Row& row : kRates) {
    if (row.tax == tax) {
      return day >= row.from && (*row.until == '\0' || day < std::string(row.until));
    }
  }
  return false;
}

namespace {

// Tag 2108 (order ЕД-7-20/662@, annex 2, table 16).
bool is_measure(int code) {
  static constexpr int kMeasures[] = {0,  10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41,
                                      42, 50, 51, 70, 71, 72, 73, 80, 81, 82, 83, 255};
  return std::ranges::find(kMeasures, code) != std::end(kMeasures);
}

// Tags 1212 (1 to 33 without holes but 28 and 29) and 1214.
bool is_object(int code) { return code >= 1 && code <= 33 && code != 28 && code != 29; }
bool is_method(int code) { return code >= 1 && code <= 7; }

Result<void> check_line(const FiscalLine& line, const std::string& at, const std::string& day,
                        bool new_sale) {
  if (!tax_1199(line.tax)) return fail(Code::kOutOfRange, at + ".tax " + to_string(line.tax.rate));
  if (new_sale && !in_force(line.tax, day)) {
    return fail(Code::kBadValue, at + ".tax " + to_string(line.tax.rate) + ": not in force");
  }
  const std::string ffd = at + ".ru_ffd.";
  if (!is_object(line.ru_ffd.payment_object_1212)) {
    return fail(Code::kOutOfRange, ffd + "payment_object_1212");
  }
  if (!is_method(line.ru_ffd.payment_method_1214)) {
    return fail(Code::kOutOfRange, ffd + "payment_method_1214");
  }
  if (!is_measure(line.ru_ffd.measure_2108)) return fail(Code::kOutOfRange, ffd + "measure_2108");
  return {};
}

}  // namespace

Result<void> check(const FiscalReceipt& r, const std::string& day) {
  const bool new_sale =
      !r.correction && (r.kind == FiscalKind::kSale || r.kind == FiscalKind::kPurchase);
  for (std::size_t i = 0; i < r.lines.size(); ++i) {
    TILL_CHECK(check_line(r.lines[i], "lines[" + std::to_string(i) + "]", day, new_sale));
  }
  static constexpr int kSystems[] = {0, 1, 2, 4, 8, 16, 32};
  if (std::ranges::find(kSystems, r.ru_ffd.tax_system_1055) == std::end(kSystems)) {
    return fail(Code::kOutOfRange, "ru_ffd.tax_system_1055");
  }
  const auto& inn = r.cashier.tax_number;
  const bool digits = std::ranges::all_of(inn, [](char c) { return c >= '0' && c <= '9'; });
  if (!inn.empty() && (!digits || (inn.size() != 10 && inn.size() != 12))) {
    return fail(Code::kBadValue, "cashier.tax_number");
  }
  return {};
}

std::string local_day(std::int64_t unix_us) {
  const std::time_t seconds = static_cast<std::time_t>(unix_us / 1'000'000);
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &local);
  return text;
}

}  // namespace till::ru_ffd
