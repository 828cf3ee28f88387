// What a receipt must hold before anything of it is sent: after that a refusal leaves traces.
#include <algorithm>

#include "base/civil.h"
#include "fiscal.h"

namespace till {
namespace {

std::size_t characters(const std::string& utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (c & 0xc0) != 0x80; }));
}

bool is_date(const std::string& text) {
  return text.size() == 10 && civil_seconds(text).has_value();
}

// A code is that of one piece; of what is measured (weighed cheese) it is any quantity. Objects 31
// and 33 of tag 1212 say that there is a code, 30 and 32 that there is none; what is corrected may
// be without.
Result<void> check_marked(const FiscalLine& line, const std::string& at, bool correction) {
  const bool marked = !line.marking_code.empty();
  if (marked && line.ru_ffd.measure_2108 == 0 && line.quantity.units != kQuantityScale) {
    return fail(Code::kOutOfRange, at + ".quantity: a marking code is that of one piece");
  }
  const int object = line.ru_ffd.payment_object_1212;
  if (!marked && !correction && (object == 31 || object == 33)) {
    return fail(Code::kMissingField, at + ".marking_code");
  }
  if (marked && (object == 30 || object == 32)) {
    return fail(Code::kBadValue, at + ".ru_ffd.payment_object_1212: without a marking code");
  }
  return {};
}

Result<void> check_line(const FiscalLine& line, const std::string& at, const ReceiptLimits& most) {
  const auto wrong = [&](Code code, const char* member) { return fail(code, at + member); };
  if (line.name.empty()) return wrong(Code::kMissingField, ".name");
  if (characters(line.name) > most.name_characters) return wrong(Code::kTooLarge, ".name");
  if (line.marking_code.size() > most.marking_code_bytes) {
    return wrong(Code::kTooLarge, ".marking_code");
  }
  if (line.quantity.units <= 0) return wrong(Code::kOutOfRange, ".quantity");
  if (line.price.minor < 0 || line.price.minor > most.highest_minor) {
    return wrong(Code::kOutOfRange, ".price");
  }
  if (line.sum.minor < 0 || line.sum.minor > most.highest_minor) {
    return wrong(Code::kOutOfRange, ".sum");
  }
  if (line.price * line.quantity != line.sum) return wrong(Code::kBadValue, ".sum");
  const bool rated = line.tax.kind != TaxKind::kExempt;
  if (line.tax.rate.units < 0 || line.tax.rate.units >= kPercentScale ||
      (!rated && line.tax.rate.units != 0)) {
    return wrong(Code::kOutOfRange, ".tax");
  }
  return {};
}

// Change is given in cash only.
Result<void> check_payments(const FiscalReceipt& r) {
  Money paid, cashless;
  for (std::size_t i = 0; i < r.payments.size(); ++i) {
    const FiscalPayment& p = r.payments[i];
    if (p.amount.minor < 0) {
      return fail(Code::kOutOfRange, "payments[" + std::to_string(i) + "].amount");
    }
    paid += p.amount;
    if (p.tender != Tender::kCash) cashless += p.amount;
  }
  if (paid < r.total) return fail(Code::kPaymentShort, to_string(r.total - paid));
  if (cashless > r.total) return fail(Code::kOutOfRange, "payments: cashless above the total");
  const bool gives_change = r.kind == FiscalKind::kSale && !r.correction;
  if (!gives_change && paid != r.total) return fail(Code::kOutOfRange, "payments: above the total");
  return {};
}

Result<void> check_values(const FiscalReceipt& r, const ReceiptLimits& limits) {
  if (r.lines.empty()) return fail(Code::kEmptyBasket);
  if (r.lines.size() > limits.lines) {
    return fail(Code::kTooManyLines,
                std::to_string(r.lines.size()) + " / " + std::to_string(limits.lines));
  }
  if (r.witness.empty()) return fail(Code::kMissingField, "witness");
  Money sum;
  for (std::size_t i = 0; i < r.lines.size(); ++i) {
    const std::string at = "lines[" + std::to_string(i) + "]";
    TILL_CHECK(check_line(r.lines[i], at, limits));
    TILL_CHECK(check_marked(r.lines[i], at, r.correction.has_value()));
    sum += r.lines[i].sum;
  }
  if (r.total.minor < 0 || r.total.minor > limits.highest_minor) {
    return fail(Code::kOutOfRange, "total");
  }
  if (r.total != sum) return fail(Code::kBadValue, "total");
  if (r.correction && !is_date(r.correction->date)) return fail(Code::kBadValue, "correction.date");
  if (r.correction && r.correction->by_order && r.correction->number.empty()) {
    return fail(Code::kMissingField, "correction.number");
  }
  if (r.correction && characters(r.correction->number) > limits.order_characters) {
    return fail(Code::kTooLarge, "correction.number");
  }
  if (characters(r.contact) > limits.contact_characters) return fail(Code::kTooLarge, "contact");
  if (characters(r.cashier.name) > limits.cashier_characters) {
    return fail(Code::kTooLarge, "cashier.name");
  }
  return check_payments(r);
}

}  // namespace

Result<void> check(const FiscalReceipt& receipt, const ReceiptLimits& limits) {
  try {
    return check_values(receipt, limits);
  } catch (const Overflow&) {
    return fail(Code::kOverflow, "total");
  }
}

}  // namespace till
