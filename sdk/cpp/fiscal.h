// The data of fiscal registers, neutral; what is national stands in ru_ffd.
// JSON form: member names as here, money in minor units, quantities in thousandths, percents in
// hundredths of a percent. The published schemas are sdk/schema/fiscal.*.json.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/values.h"
#include "tax.h"

namespace till {

// Seen from the shop: a purchase buys from the customer (scrap, a pawn), its return undoes that.
enum class FiscalKind { kSale, kSaleReturn, kPurchase, kPurchaseReturn };
enum class Tender { kCash, kElectronic, kPrepaid, kCredit, kCounterProvision };

// Russian fiscal data format: what a line or a document needs beyond the neutral part.
struct RuFfdLine {
  int payment_object_1212 = 1;
  int payment_method_1214 = 4;
  int measure_2108 = 0;  // 0 = pieces, 11 = kg …
};
struct RuFfdDocument {
  int tax_system_1055 = 0;  // one of its bits; 0 = the shop's usual one
};

struct FiscalLine {
  std::string name = {};
  Money price = {};  // per unit, after every discount
  Quantity quantity = {};
  Money sum = {};  // price * quantity, exactly as it must stand on paper
  Money discount =
      {};  // how much less than the list price; for the customer's eye, in `sum` already
  Tax tax = {};
  std::string marking_code = {};  // as scanned, with GS (1Dh) between its parts; "" = none
  RuFfdLine ru_ffd = {};
};

struct FiscalPayment {
  Tender tender = Tender::kCash;
  Money amount;
};

// Who is at the till, as the document names them.
struct Operator {
  std::string name = {};
  std::string tax_number = {};  // "" = not given
};

// The receipt corrects what was registered wrongly or not at all.
struct Correction {
  bool by_order = false;  // of the tax office; else by the shop itself
  std::string date;       // of what is corrected, "2026-11-22"
  std::string number;     // of the order, "" = none
};

// The document a return undoes, as the device that made it names it. Some countries register no
// return without it.
struct ReturnedDocument {
  std::string fiscal_memory;
  std::uint32_t number = 0;
};

struct FiscalReceipt {
  FiscalKind kind = FiscalKind::kSale;
  std::string witness;  // the key of the attempt, on paper and in the document
  std::vector<FiscalLine> lines;
  std::vector<FiscalPayment> payments;
  Money total;
  Operator cashier;
  std::string contact;  // the customer's phone or e-mail for the electronic copy, may be ""
  std::optional<Correction> correction;
  std::optional<ReturnedDocument> returned;  // of a return
  RuFfdDocument ru_ffd;
};

// A document as the device names it: (fiscal memory, number) is its identity.
struct FiscalDocument {
  std::string fiscal_memory = {};
  std::uint32_t number = 0;
  std::uint32_t sign = 0;  // FPD
  std::uint32_t shift = 0;
  std::uint32_t receipt = 0;  // number within the shift, 0 = not told
  std::string time = {};      // local, "2026-11-22T12:05", "" = not told
  Money total = {};
  std::string witness = {};             // read back from the device
  bool witness_readable = true;         // false: the device could not show it; "" says nothing then
  bool printed = true;                  // false: fiscal, but the paper is not out yet
  std::string kind = {};                // kind_name(), "shift_open", "shift_close", "other"
  std::vector<std::string> notes = {};  // what was printed otherwise than asked, and why
};

// What stood in the device before an operation.
struct Baseline {
  std::string fiscal_memory;
  std::uint32_t last_document = 0;
  std::string device_time;
};

enum class ResolutionVerdict { kDone, kRefused, kNeedsPerson };

// What the device really did. Losing the link while resolving is an Error instead: ask again.
struct Resolution {
  ResolutionVerdict verdict = ResolutionVerdict::kNeedsPerson;
  FiscalDocument document;                 // when done
  std::string reason;                      // else, in words
  std::vector<FiscalDocument> candidates;  // what a person should look at
};

// What the register tells of itself; an optional member is absent where the device can't tell.
struct RegisterStatus {
  std::string model;
  std::string serial;
  std::string fiscal_memory;
  std::optional<std::string> memory_phase;    // "ready", "operating", "closed", "archive"
  std::optional<std::string> memory_expires;  // "2028-03-01"
  std::optional<std::uint32_t> documents_left;
  std::optional<std::uint32_t> unsent_documents;  // not yet with the tax operator
  std::optional<std::string> oldest_unsent;       // its local time
  std::optional<std::string> memory_warning;      // in the device's own words
  std::string shift;                              // "open", "closed", "expired"
  std::uint32_t shift_number = 0;
  std::optional<std::string> shift_opened;  // local time
  std::uint32_t last_document = 0;
  bool paper = true;
  bool paper_near_end = false;
  bool cover_open = false;
  bool cutter_fault = false;
  bool printer_fault = false;
  bool document_open = false;
  bool waits_for_continue = false;
  std::string device_time;
  std::optional<Money> cash_in_drawer;
};

// "sale", "sale_return", "sale_correction" …: a document's kind in words.
std::string kind_name(const FiscalReceipt& receipt);

boost::json::value to_json(const FiscalReceipt& receipt);
boost::json::value to_json(const FiscalDocument& document);
boost::json::value to_json(const Baseline& baseline);
boost::json::value to_json(const Resolution& resolution);
boost::json::value to_json(const RegisterStatus& status);
boost::json::value to_json(const Operator& cashier);
// Errors name the member: kMissingField, kWrongType, kOutOfRange.
Result<FiscalReceipt> receipt_from_json(const boost::json::value& value);
Result<FiscalDocument> document_from_json(const boost::json::value& value);
Result<Baseline> baseline_from_json(const boost::json::value& value);
Result<Resolution> resolution_from_json(const boost::json::value& value);
Result<RegisterStatus> status_from_json(const boost::json::value& value);
Result<Operator> operator_from_json(const boost::json::value& value);

// What a register can take; a driver states its own.
struct ReceiptLimits {
  std::size_t lines = 500;
  std::size_t name_characters = 128;    // FFD tag 1030
  std::size_t contact_characters = 64;  // 1008
  std::size_t cashier_characters = 64;  // 1021
  std::size_t order_characters = 32;    // 1179
  std::size_t marking_code_bytes = 191;
  std::int64_t highest_minor = 99'999'999'99;
};
// Everything that can be known before a byte is sent: sums, payments, lengths, taxes. The error's
// detail names the field, "lines[2].sum".
Result<void> check(const FiscalReceipt& receipt, const ReceiptLimits& limits);

}  // namespace till
