// What the device's replies say. Pure; every parser answers kBadFrame to what it can't read.
// Amounts come with a point ("12.05") or, without one, in minor units ("1205").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"
#include "sdk/cpp/base/values.h"

namespace till::datecs {

// Command 20h: the code of the last refusal.
Result<std::int32_t> parse_last_error(Bytes data);

// Command 30h without data: the number part of the last unique sale number, 0 = none yet.
std::uint32_t parse_last_sale_number(Bytes data);

// Command 30h with '*': the last fiscal document.
struct LastFiscal {
  std::uint32_t document = 0;
  std::string unp;
};
Result<LastFiscal> parse_last_fiscal(Bytes data);

// Command 33h: the sum of the open receipt.
Result<Money> parse_subtotal(Bytes data);

// Command 35h: 'D' underpaid by the amount, 'R' change of the amount; 'F', 'E', 'I' errors.
struct Paid {
  char code = 'F';
  Money amount;
};
Result<Paid> parse_payment(Bytes data);

// Command 38h: receipts since the last Z report.
struct Closed {
  std::uint32_t receipts = 0;
  std::uint32_t fiscal_receipts = 0;
};
Result<Closed> parse_closed(Bytes data);

// Command 4Ch with 'T'.
struct ReceiptState {
  bool open = false;
  Money amount;
  Money tendered;
};
Result<ReceiptState> parse_receipt_state(Bytes data);

// Command 5Ah.
struct Diagnostics {
  std::string name;
  std::string firmware;
  std::string serial;
  std::string fiscal_memory;
};
Result<Diagnostics> parse_diagnostics(Bytes data);

// Commands 71h and 4Ah 'L': a number alone.
Result<std::uint32_t> parse_number(Bytes data);

// Command 53h without data: the rate of each tax group that is enabled, "A" to "H".
Result<std::map<char, Percent>> parse_rates(Bytes data);

// Command 40h: the number of the last Z report, 0 = none yet.
Result<std::uint32_t> parse_last_record(Bytes data);

// Command 3Eh: "2026-11-22T12:05:30".
Result<std::string> parse_clock(Bytes data);

// Command 46h; `done` false: the request was denied.
struct Cash {
  bool done = false;
  Money in_drawer;
};
Result<Cash> parse_cash(Bytes data);

// Command 77h, classes R and N: one line of paper.
enum class JournalPart { kLine, kEndOfDocument, kNoData };
struct JournalLine {
  JournalPart part = JournalPart::kNoData;
  std::string text;  // UTF-8
};
Result<JournalLine> parse_journal_line(Bytes data);

// Command 77h, classes W and w: a document gathered from its structured records.
struct JournalDocument {
  enum class Kind { kSale, kReturn, kCancelled, kDailyReport, kOther };
  Kind kind = Kind::kOther;
  std::uint32_t number = 0;
  std::string unp;
  std::string time;  // "2026-11-22T12:05:30", "" = not told
  Money total;
};
// Takes one record in; records it does not need are passed over.
Result<JournalPart> add_record(JournalDocument& document, Bytes data);

}  // namespace till::datecs
