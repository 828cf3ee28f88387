// The members of the fiscal structs by name, for whoever turns them into JSON.
#pragma once

#include "described_json.h"
#include "fiscal.h"

namespace till {

BOOST_DESCRIBE_STRUCT(Tax, (), (kind, rate))
BOOST_DESCRIBE_STRUCT(RuFfdLine, (), (payment_object_1212, payment_method_1214, measure_2108))
BOOST_DESCRIBE_STRUCT(RuFfdDocument, (), (tax_system_1055))
BOOST_DESCRIBE_STRUCT(FiscalLine, (),
                      (name, price, quantity, sum, discount, tax, marking_code, ru_ffd))
BOOST_DESCRIBE_STRUCT(FiscalPayment, (), (tender, amount))
BOOST_DESCRIBE_STRUCT(Operator, (), (name, tax_number))
BOOST_DESCRIBE_STRUCT(Correction, (), (by_order, date, number))
BOOST_DESCRIBE_STRUCT(ReturnedDocument, (), (fiscal_memory, number))
BOOST_DESCRIBE_STRUCT(FiscalReceipt, (),
                      (kind, witness, lines, payments, total, cashier, contact, correction,
                       returned, ru_ffd))
BOOST_DESCRIBE_STRUCT(FiscalDocument, (),
                      (fiscal_memory, number, sign, shift, receipt, time, total, witness,
                       witness_readable, printed, kind, notes))
BOOST_DESCRIBE_STRUCT(Baseline, (), (fiscal_memory, last_document, device_time))
BOOST_DESCRIBE_STRUCT(Resolution, (), (verdict, document, reason, candidates))
BOOST_DESCRIBE_STRUCT(RegisterStatus, (),
                      (model, serial, fiscal_memory, memory_phase, memory_expires, documents_left,
                       unsent_documents, oldest_unsent, memory_warning, shift, shift_number,
                       shift_opened, last_document, paper, paper_near_end, cover_open, cutter_fault,
                       printer_fault, document_open, waits_for_continue, device_time,
                       cash_in_drawer))

}  // namespace till

namespace till::described {

template <>
struct Names<FiscalKind> {
  static constexpr Name kAll[] = {{"sale"}, {"sale_return"}, {"purchase"}, {"purchase_return"}};
};
template <>
struct Names<TaxKind> {
  static constexpr Name kAll[] = {{"rate"}, {"extracted"}, {"exempt"}};
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
