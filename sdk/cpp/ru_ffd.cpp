#include "ru_ffd.h"

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

}  // namespace till::ru_ffd
