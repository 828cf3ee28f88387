// The members of the fiscal structs by name, for whoever turns them into JSON.
#pragma once

#include "described_json.h"
#include "fiscal.h"

namespace till {

BOOST_DESCRIBE_STRUCT(RuFfdLine, (), (tax_1199, payment_object_1212, payment_method_1214))
BOOST_DESCRIBE_STRUCT(RuFfdDocument, (), (tax_system_1055))
BOOST_DESCRIBE_STRUCT(FiscalLine, (), (name, price, quantity, sum, ru_ffd))
BOOST_DESCRIBE_STRUCT(FiscalPayment, (), (tender, amount))
BOOST_DESCRIBE_STRUCT(FiscalReceipt, (),
                      (kind, witness, lines, payments, total, cashier, contact, ru_ffd))
BOOST_DESCRIBE_STRUCT(FiscalDocument, (),
                      (fiscal_memory, number, sign, shift, receipt, time, total, witness, printed,
                       kind))
BOOST_DESCRIBE_STRUCT(Baseline, (), (fiscal_memory, last_document, device_time))
BOOST_DESCRIBE_STRUCT(Resolution, (), (verdict, document, reason, candidates))
BOOST_DESCRIBE_STRUCT(RegisterStatus, (),
                      (fiscal_memory, shift, shift_number, last_document, paper, cover_open,
                       document_open, waits_for_continue, device_time, model))

}  // namespace till

namespace till::described {

template <>
struct Names<FiscalKind> {
  static constexpr Name kAll[] = {{"sale"}, {"sale_return"}};
};
template <>
struct Names<Tender> {
  static constexpr Name kAll[] = {
      {"cash"}, {"electronic"}, {"prepaid"}, {"credit"}, {"counter_provision"}};
};
template <>
struct Names<ResolutionVerdict> {
  static constexpr Name kAll[] = {{"done"}, {"refused"}, {"needs_person"}};
};

}  // namespace till::described
