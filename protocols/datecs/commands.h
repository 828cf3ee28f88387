// Datecs commands as bytes, group A. Pure. Money in minor units of the device's currency (two
// digits on the wire), quantities in thousandths, texts UTF-8 here and CP1251 on the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"
#include "sdk/cpp/base/values.h"

namespace till::datecs {

enum class Command : std::uint8_t {
  kLastError = 0x20,
  kCloseService = 0x27,
  kOpenStorno = 0x2e,
  kOpenReceipt = 0x30,
  kSale = 0x31,
  kSubtotal = 0x33,
  kPayment = 0x35,
  kText = 0x36,
  kCloseReceipt = 0x38,
  kCancelReceipt = 0x3c,
  kSetClock = 0x3d,
  kClock = 0x3e,
  kLastRecord = 0x40,
  kDailyReport = 0x45,
  kCash = 0x46,
  kStatus = 0x4a,
  kReceiptState = 0x4c,
  kRates = 0x53,
  kDiagnostics = 0x5a,
  kDrawer = 0x6a,
  kCopy = 0x6d,
  kLastDocument = 0x71,
  kJournal = 0x77,
};

struct Request {
  Command command;
  Buffer data = {};
};

constexpr std::size_t kMaxNameLine = 42;            // bytes; a name has two such lines
constexpr std::int64_t kMaxPriceMinor = 999999'99;  // 8 digits
constexpr std::int64_t kMaxQuantity = 99999'999;    // 8 digits, in thousandths
constexpr std::size_t kMaxSales = 512;              // in one receipt

// Who sells: what every receipt is opened with.
struct Access {
  int operator_number = 1;        // 1 … 16
  std::string password = "0000";  // 4 … 8 digits
  int till_number = 1;            // 1 … 99999
};

// The receipt a storno undoes.
struct Undone {
  std::uint32_t document = 0;
  std::string unp;            // unique sale number
  std::string time;           // "2026-11-22T12:05:30"
  std::string fiscal_memory;  // 8 digits
};

struct SaleLine {
  char group = 'B';  // 'A' … 'H'
  Money price;
  Quantity quantity;
  std::string name;
};

// "DT000600-OP01-0001000": the device's number, the operator's code (4), the sale's number.
std::string unique_sale_number(std::string_view serial, std::string_view operator_code,
                               std::uint32_t number);

// A command without data.
inline Request plain(Command command) { return {command}; }
// Data that are ASCII already: the options of a status, a report, the journal.
Request with_option(Command command, std::string_view option);

Request open_sale(const Access& who, std::string_view unp);
// Type R, a return of goods. kBadValue when the time is none.
Result<Request> open_return(const Access& who, std::string_view unp, const Undone& undone);
// kOutOfRange: price, quantity or group; kTooLarge: the name.
Result<Request> sale(const SaleLine& line);
Request text(std::string_view utf8);
// `mode` 'P' cash, 'N' credit, 'C' check, 'D' debit card, 'I' … 's' as the device names them.
Request payment(char mode, Money amount);
Request cash(bool in, Money amount);
// kBadValue: not "2026-11-22T12:05:30" of the years 2000 … 2099.
Result<Request> set_clock(std::string_view local_time);
// The journal's structured records ('W') and paper lines ('R') of one document.
Request journal_records(std::uint32_t document);
Request journal_lines(std::uint32_t document);

}  // namespace till::datecs
