// A selling task as the register understands it.
#pragma once

#include "sim/atol/fiscal_printer.h"

namespace till::sim::atol {

struct Sale {
  int error = kOk;
  Receipt receipt = {};
  Closing closing = {};
};

// The task's operation by its type: 1 sale … 4 purchase return; 0 = it sells nothing.
int operation_of(std::string_view type, bool& correction);
Sale parse_sale(const json::object& task, int operation);
// Kopecks of a number of roubles; nullopt when it has no business on a receipt.
std::optional<int64_t> kopecks(const json::value* value);

// A document's tags as the driver renders them: {"1020":"205.5","1084":[{"1085":…}]}.
json::object render(View tlv);
std::string base64(View bytes);

}  // namespace till::sim::atol
