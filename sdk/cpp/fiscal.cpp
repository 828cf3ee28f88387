#include "fiscal.h"

#include "fiscal_described.h"

namespace till {

namespace json = boost::json;

json::value to_json(const FiscalReceipt& receipt) { return described::to_value(receipt); }
json::value to_json(const FiscalDocument& document) { return described::to_value(document); }
json::value to_json(const Baseline& baseline) { return described::to_value(baseline); }
json::value to_json(const Resolution& resolution) { return described::to_value(resolution); }
json::value to_json(const RegisterStatus& status) { return described::to_value(status); }

json::value to_json(const Operator& cashier) { return described::to_value(cashier); }

std::string kind_name(const FiscalReceipt& receipt) {
  const std::string kind = described::Names<FiscalKind>::kAll[static_cast<int>(receipt.kind)].text;
  return receipt.correction ? kind + "_correction" : kind;
}

Result<FiscalReceipt> receipt_from_json(const json::value& v) {
  return described::parsed<FiscalReceipt>(v, "receipt");
}
Result<FiscalDocument> document_from_json(const json::value& v) {
  return described::parsed<FiscalDocument>(v, "document");
}
Result<Baseline> baseline_from_json(const json::value& v) {
  return described::parsed<Baseline>(v, "baseline");
}
Result<Resolution> resolution_from_json(const json::value& v) {
  return described::parsed<Resolution>(v, "resolution");
}
Result<RegisterStatus> status_from_json(const json::value& v) {
  return described::parsed<RegisterStatus>(v, "status");
}
Result<Operator> operator_from_json(const json::value& v) {
  return described::parsed<Operator>(v, "cashier");
}

}  // namespace till
