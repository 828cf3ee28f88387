#include "gateway/base/errors.h"

#include <algorithm>
#include <vector>

#include "gateway/base/error_tables.h"

namespace till {

std::span<const CatalogueEntry> all_errors() {
  static const std::vector<CatalogueEntry> kAll = [] {
    std::vector<CatalogueEntry> all;
    for (const auto part : {error_tables::values_and_devices(), error_tables::register_and_sale(),
                            error_tables::customer_and_running()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    std::ranges::sort(all, {}, &CatalogueEntry::code);
    return all;
  }();
  return kAll;
}

const CatalogueEntry& catalogue(Code code) {
  const auto all = all_errors();
  const auto find = [&](Code wanted) {
    const auto at = std::ranges::lower_bound(all, wanted, {}, &CatalogueEntry::code);
    return at != all.end() && at->code == wanted ? &*at : nullptr;
  };
  const auto* entry = find(code);
  return entry != nullptr ? *entry : *find(Code::kInternal);
}

int http_status(Code code) { return catalogue(code).http; }

std::string describe(const Error& error, Language language) {
  const auto& entry = catalogue(error.code);
  const auto& text = language == Language::kEn ? entry.en : entry.ru;
  std::string said(text.what);
  if (!error.detail.empty()) said.append(": ").append(error.detail);
  if (!error.vendor.empty()) {
    said.append(language == Language::kEn ? " (device code " : " (код устройства ");
    said.append(error.vendor).append(")");
  }
  said.append(". ").append(text.why).append(" ").append(text.next);
  return said.append(" [").append(code_name(error.code)).append("]");
}

std::string_view name(ErrorClass error_class) {
  switch (error_class) {
    case ErrorClass::kInput:
      return "input";
    case ErrorClass::kState:
      return "state";
    case ErrorClass::kRefused:
      return "refused";
    case ErrorClass::kTransient:
      return "transient";
    case ErrorClass::kDevice:
      return "device";
    case ErrorClass::kSetup:
      return "setup";
    case ErrorClass::kSecurity:
      return "security";
    case ErrorClass::kFault:
      return "fault";
  }
  return "fault";
}

std::string_view name(Actor actor) {
  switch (actor) {
    case Actor::kCashier:
      return "cashier";
    case Actor::kIntegrator:
      return "integrator";
    case Actor::kSupport:
      return "support";
  }
  return "support";
}

}  // namespace till
