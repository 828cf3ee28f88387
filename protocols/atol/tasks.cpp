#include "tasks.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "sdk/cpp/base/base64.h"
#include "sdk/cpp/ru_ffd.h"

namespace till::atol {
namespace {

std::string quoted(std::string_view text) { return boost::json::serialize(text); }

// In the order of tag 1199, from 1.
constexpr std::array kTaxes = {"vat20", "vat10", "vat120", "vat110", "vat0",  "none",
                               "vat5",  "vat7",  "vat105", "vat107", "vat22", "vat122"};
// In the order of tag 1214, from 1.
constexpr std::array kMethods = {"fullPrepayment", "prepayment", "advance",      "fullPayment",
                                 "partialPayment", "credit",     "creditPayment"};

std::string_view tender(Tender t) {
  switch (t) {
    case Tender::kCash:
      return "cash";
    case Tender::kElectronic:
      return "electronically";
    case Tender::kPrepaid:
      return "prepaid";
    case Tender::kCredit:
      return "credit";
    case Tender::kCounterProvision:
      return "other";
  }
  return "other";
}

std::string_view kind(FiscalKind k) {
  switch (k) {
    case FiscalKind::kSale:
      return "sell";
    case FiscalKind::kSaleReturn:
      return "sellReturn";
    case FiscalKind::kPurchase:
      return "buy";
    case FiscalKind::kPurchaseReturn:
      return "buyReturn";
  }
  return "sell";
}

// Tag 1055, one bit each.
// The member with its comma; 0 leaves the register's own.
Result<std::string_view> tax_system(int value) {
  switch (value) {
    case 0:
      return "";
    case 1:
      return R"(,"taxationType":"osn")";
    case 2:
      return R"(,"taxationType":"usnIncome")";
    case 4:
      return R"(,"taxationType":"usnIncomeOutcome")";
    case 8:
      return R"(,"taxationType":"envd")";
    case 16:
      return R"(,"taxationType":"esn")";
    case 32:
      return R"(,"taxationType":"patent")";
    default:
      return fail(Code::kOutOfRange, "tax system " + std::to_string(value));
  }
}

std::string operator_member(const Operator& o) {
  if (o.name.empty()) return "";
  const std::string vatin =
      o.tax_number.empty() ? "" : fmt::format(R"(,"vatin":{})", quoted(o.tax_number));
  return fmt::format(R"(,"operator":{{"name":{}{}}})", quoted(o.name), vatin);
}

Result<std::string> position(const FiscalLine& line, FiscalKind k) {
  const int method = line.ru_ffd.payment_method_1214;
  if (method < 1 || method > static_cast<int>(kMethods.size())) {
    return fail(Code::kOutOfRange, "tag 1214: " + std::to_string(method));
  }
  const int tax = TILL_TRY(ru_ffd::tax_1199(line.tax));
  std::string out = fmt::format(
      R"({{"type":"position","name":{},"price":{},"quantity":{},"amount":{},"measurementUnit":{},)"
      R"("paymentMethod":"{}","paymentObject":{},"tax":{{"type":"{}"}})",
      quoted(line.name), to_string(line.price), to_string(line.quantity), to_string(line.sum),
      line.ru_ffd.measure_2108, kMethods[static_cast<std::size_t>(method - 1)],
      line.ru_ffd.payment_object_1212, kTaxes[static_cast<std::size_t>(tax - 1)]);
  if (line.discount.minor > 0) {
    out += fmt::format(R"(,"infoDiscountAmount":{})", to_string(line.discount));
  }
  if (!line.marking_code.empty()) {
    const bool returned = k == FiscalKind::kSaleReturn || k == FiscalKind::kPurchaseReturn;
    out += fmt::format(R"(,"imcParams":{{"imcType":"auto","imc":"{}","itemEstimatedStatus":"{}",)"
                       R"("imcModeProcessing":0}})",
                       to_base64(as_bytes(line.marking_code)),
                       returned ? "itemPieceReturn" : "itemPieceSold");
  }
  return out + "}";
}

Result<std::string> correction_members(const Correction& c) {
  if (c.date.size() != 10) return fail(Code::kBadValue, "correction.date");
  std::string date = c.date;
  std::ranges::replace(date, '-', '.');
  return fmt::format(R"(,"correctionType":"{}","correctionBaseDate":{},"correctionBaseNumber":{})",
                     c.by_order ? "instruction" : "self", quoted(date), quoted(c.number));
}

}  // namespace

std::string task(std::string_view type) { return fmt::format(R"({{"type":"{}"}})", type); }

std::string operator_task(std::string_view type, const Operator& cashier) {
  return fmt::format(R"({{"type":"{}"{}}})", type, operator_member(cashier));
}

Result<std::string> receipt_task(const FiscalReceipt& r) {
  const auto system = TILL_TRY(tax_system(r.ru_ffd.tax_system_1055));
  std::string items, payments;
  for (const FiscalLine& line : r.lines) items += TILL_TRY(position(line, r.kind)) + ",";
  for (const FiscalPayment& p : r.payments) {
    payments += fmt::format(R"({}{{"type":"{}","sum":{}}})", payments.empty() ? "" : ",",
                            tender(p.tender), to_string(p.amount));
  }
  const std::string correction = r.correction ? TILL_TRY(correction_members(*r.correction)) : "";
  const std::string client =
      r.contact.empty() ? ""
                        : fmt::format(R"(,"clientInfo":{{"emailOrPhone":{}}})", quoted(r.contact));
  // The driver checks marking codes by itself before it registers them.
  const bool marked = std::ranges::any_of(
      r.lines, [](const FiscalLine& line) { return !line.marking_code.empty(); });
  return fmt::format(R"({{"type":"{}{}"{}{}{}{}{},"items":[{})"
                     R"({{"type":"userAttribute","name":"{}","value":{},"print":true}}],)"
                     R"("payments":[{}],"total":{}}})",
                     kind(r.kind), r.correction ? "Correction" : "", system,
                     marked ? R"(,"validateMarkingCodes":true)" : "", operator_member(r.cashier),
                     client, correction, items, kWitnessName, quoted(r.witness), payments,
                     to_string(r.total));
}

std::string cash_task(bool in, Money amount, const Operator& cashier) {
  return fmt::format(R"({{"type":"{}","cashSum":{}{}}})", in ? "cashIn" : "cashOut",
                     to_string(amount), operator_member(cashier));
}

std::string document_task(std::uint32_t number) {
  return fmt::format(R"({{"type":"getFnDocument","fiscalDocumentNumber":{},"withRawData":true}})",
                     number);
}

Result<std::string> clock_task(std::string_view t) {
  static constexpr std::string_view kForm = "0000-00-00T00:00:00";
  const auto fits = [](char have, char want) {
    return want == '0' ? have >= '0' && have <= '9' : have == want;
  };
  if (t.size() != kForm.size() || !std::ranges::equal(t, kForm, fits)) {
    return fail(Code::kBadValue, "time");
  }
  std::string out(t);
  out[4] = out[7] = '.';
  out[10] = ' ';
  return fmt::format(R"({{"type":"setDateTime","dateTime":"{}"}})", out);
}

}  // namespace till::atol
