// JSON tasks of the vendor's driver 10 (DTO10), as its web server and libfptr_process_json take
// them. Sums are roubles with two digits and quantities have three, written as text: no floating
// point on the way. Source: pbardov/node-atol-rpc (task schemas), Bedunkevich/atol.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/cpp/fiscal.h"

namespace till::atol {

// The name that marks our witness in the user's additional requisite, tag 1085.
inline constexpr std::string_view kWitnessName = "Tillbridge";

// {"type":"getFnStatus"}: every task without parameters.
std::string task(std::string_view type);
// openShift, closeShift, reportX: with the operator, if one is named.
std::string operator_task(std::string_view type, const Operator& cashier);
// sell, sellReturn, buy, buyReturn and their corrections, with the witness as userAttribute.
// kOutOfRange: a tax, a tax system or a way of payment the format does not have.
Result<std::string> receipt_task(const FiscalReceipt& receipt);
std::string cash_task(bool in, Money amount, const Operator& cashier);
// With the document's bytes as they stand in the fiscal storage.
std::string document_task(std::uint32_t number);
// `local_time` "2026-11-22T12:05:30". kBadValue: it is not of that form.
Result<std::string> clock_task(std::string_view local_time);

}  // namespace till::atol
