// What the verbs and events of the smaller kinds carry, as structs; the fiscal ones stand in
// fiscal.h. sdk/schema holds the same as JSON Schema, schema_test.cpp holds both together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "described_json.h"

namespace till {

namespace json = boost::json;

// ---- events ----

struct Scan {
  std::string raw;       // as the code holds it, without prefix and suffix
  std::string aim = {};  // "]E0" when the scanner sends it
};

struct CardSwipe {
  std::string track1;  // data between the sentinels, "" = not read
  std::string track2;
  std::string track3 = {};
};

// Something came that is no code, card or weight. No digit of a card in `detail`.
struct InputError {
  int code = 0;  // of the catalogue, 2102 for TB-2102
  std::string detail;
};

struct Weighing {
  Quantity weight;  // thousandths of a kilogram, net
  Quantity tare;
  bool stable = false;
};

// ---- operations ----

struct DrawerOpen {
  std::optional<std::uint32_t> drawer;  // 0 or 1, for a device with two
};
struct DrawerStatus {
  bool open = false;
};

struct DisplayShow {
  std::vector<std::string> lines;  // from the top; too long is cut, too many is refused
};

struct ScaleTare {
  std::optional<Quantity> tare;  // nothing: what lies on the scale now
};

struct Message {
  std::string to;  // E.164; never log it
  std::string text;
};
struct MessageReceipt {
  std::string id;  // the provider's, "" if it gives none
};

struct MarkingQuestion {
  std::string code;  // as scanned, group separators (1Dh) kept
};
enum class MarkingVerdict { kAllowed, kForbidden, kUnknown };
struct MarkingAnswer {
  MarkingVerdict verdict = MarkingVerdict::kUnknown;
  std::string reason;      // for the cashier, "" when allowed
  std::string request_id;  // of the service's answer, for the fiscal document
};

struct ExportBatch {
  std::string stream;                 // "facts": what the store has done
  std::uint64_t first = 0;            // sequence number of the first record
  std::vector<json::object> records;  // one after another, never with a gap
};
struct ExportReceipt {
  std::uint64_t next = 0;  // the first sequence number not taken yet
};

struct RuleLine {
  std::uint32_t line = 0;
  std::string goods;
  Quantity quantity;
  Money price, total;
  std::optional<std::string> category;
};
struct RuleQuestion {
  std::string instant;   // local time of the sale, 2026-11-22T12:05:30
  std::string customer;  // group of the customer (the type of her card), "" = nobody is known
  std::vector<RuleLine> lines;
  std::optional<std::string> store;
  std::optional<std::vector<std::string>> segments;  // of the customer
};
struct RuleDiscount {
  std::uint32_t line = 0;
  Money amount;        // off the line's total, 0 to total
  std::string reason;  // for the receipt
};
struct RulePoints {
  std::uint32_t line = 0;  // 0 = the receipt as a whole
  Points points;           // to be earned, not below 0
  std::string reason;      // for the receipt
};
struct RuleAnswer {
  std::vector<RuleDiscount> discounts;
  std::optional<bool> holds;  // for a condition; left out: whether anything is given
  std::optional<std::vector<RulePoints>> points;
};

BOOST_DESCRIBE_STRUCT(Scan, (), (raw, aim))
BOOST_DESCRIBE_STRUCT(CardSwipe, (), (track1, track2, track3))
BOOST_DESCRIBE_STRUCT(InputError, (), (code, detail))
BOOST_DESCRIBE_STRUCT(Weighing, (), (weight, tare, stable))
BOOST_DESCRIBE_STRUCT(DrawerOpen, (), (drawer))
BOOST_DESCRIBE_STRUCT(DrawerStatus, (), (open))
BOOST_DESCRIBE_STRUCT(DisplayShow, (), (lines))
BOOST_DESCRIBE_STRUCT(ScaleTare, (), (tare))
BOOST_DESCRIBE_STRUCT(Message, (), (to, text))
BOOST_DESCRIBE_STRUCT(MessageReceipt, (), (id))
BOOST_DESCRIBE_STRUCT(MarkingQuestion, (), (code))
BOOST_DESCRIBE_STRUCT(MarkingAnswer, (), (verdict, reason, request_id))
BOOST_DESCRIBE_STRUCT(ExportBatch, (), (stream, first, records))
BOOST_DESCRIBE_STRUCT(ExportReceipt, (), (next))
BOOST_DESCRIBE_STRUCT(RuleLine, (), (line, goods, quantity, price, total, category))
BOOST_DESCRIBE_STRUCT(RuleQuestion, (), (instant, customer, lines, store, segments))
BOOST_DESCRIBE_STRUCT(RuleDiscount, (), (line, amount, reason))
BOOST_DESCRIBE_STRUCT(RulePoints, (), (line, points, reason))
BOOST_DESCRIBE_STRUCT(RuleAnswer, (), (discounts, holds, points))

template <>
struct described::Names<MarkingVerdict> {
  static constexpr Name kAll[] = {{"allowed"}, {"forbidden"}, {"unknown"}};
};

}  // namespace till
