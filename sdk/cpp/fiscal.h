// The data of fiscal registers, neutral; what is national stands in ru_ffd.
// JSON form: member names as here, money in minor units, quantities in thousandths.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/values.h"

namespace till {

enum class FiscalKind { kSale, kSaleReturn };
enum class Tender { kCash, kElectronic, kPrepaid, kCredit, kCounterProvision };

// Russian fiscal data format: what a line or a document needs beyond the neutral part.
struct RuFfdLine {
  int tax_1199 = 6;
  int payment_object_1212 = 1;
  int payment_method_1214 = 4;
};
struct RuFfdDocument {
  int tax_system_1055 = 1;
};

struct FiscalLine {
  std::string name;
  Money price;  // per unit, after every discount
  Quantity quantity;
  Money sum;  // price * quantity, exactly as it must stand on paper
  RuFfdLine ru_ffd;
};

struct FiscalPayment {
  Tender tender = Tender::kCash;
  Money amount;
};

struct FiscalReceipt {
  FiscalKind kind = FiscalKind::kSale;
  std::string witness;  // the key of the attempt, on paper and in the document
  std::vector<FiscalLine> lines;
  std::vector<FiscalPayment> payments;
  Money total;
  std::string cashier;
  std::string contact;  // the customer's phone or e-mail for the electronic copy, may be ""
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
  std::string witness = {};  // read back from the device
  bool printed = true;       // false: fiscal, but the paper is not out yet
  std::string kind = {};     // "sale", "sale_return", "shift_open", "shift_close", "other"
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

struct RegisterStatus {
  std::string fiscal_memory;
  std::string shift;  // "open", "closed", "expired"
  std::uint32_t shift_number = 0;
  std::uint32_t last_document = 0;
  bool paper = true;
  bool cover_open = false;
  bool document_open = false;
  bool waits_for_continue = false;
  std::string device_time;
  std::string model;
};

boost::json::value to_json(const FiscalReceipt& receipt);
boost::json::value to_json(const FiscalDocument& document);
boost::json::value to_json(const Baseline& baseline);
boost::json::value to_json(const Resolution& resolution);
boost::json::value to_json(const RegisterStatus& status);
// Errors name the member: kMissingField, kWrongType, kOutOfRange.
Result<FiscalReceipt> receipt_from_json(const boost::json::value& value);
Result<FiscalDocument> document_from_json(const boost::json::value& value);
Result<Baseline> baseline_from_json(const boost::json::value& value);
Result<Resolution> resolution_from_json(const boost::json::value& value);
Result<RegisterStatus> status_from_json(const boost::json::value& value);

}  // namespace till
