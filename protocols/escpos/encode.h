// ESC/POS commands as bytes. Pure. Sources: Epson's command manual for TM-T88 class printers; code
// table numbers from receipt-print-hq/escpos-printer-db (CC BY 4.0) and NielsLeenheer's
// ReceiptPrinterEncoder (MIT).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"

namespace till::escpos {

// The number that ESC t gives a code page differs between makers; -1: the printer has none.
struct Profile {
  std::string_view name;
  int cp866;
  int cp1251;
};
std::span<const Profile> profiles();
const Profile* find_profile(std::string_view name);

enum class Justify : std::uint8_t { kLeft = 0, kCentre = 1, kRight = 2 };

inline constexpr std::size_t kMaxQrBytes = 997;  // the largest symbol that fits on 58 mm paper

// ESC @, FS . (many Chinese printers wake up reading pairs of bytes), ESC t.
void begin(Buffer& out, std::uint8_t code_table);
void justify(Buffer& out, Justify where);
// Width and height 1..8 times.
void style(Buffer& out, bool bold, int width, int height);
// One line of single-byte text, printed and fed.
void line(Buffer& out, std::string_view encoded);
// 12 digits, or 13 with a right check digit; the digits stand below. Errors: kBadValue,
// kCheckDigit.
Result<void> ean13(Buffer& out, std::string_view digits);
// Model 2, level M. Errors: kTooLarge, kBadValue (empty, or a control character: the printer would
// take some of them for real-time commands).
Result<void> qr(Buffer& out, std::string_view data);
void feed(Buffer& out, int lines);
// Feeds to the cutter first.
void cut(Buffer& out, bool partial);
void drawer(Buffer& out, int connector, int pulse_ms);
// GS r 1: answered when all before it is printed.
void barrier(Buffer& out);

// Lines of at most `columns` bytes, broken at blanks where there are any. `encoded` is single-byte
// text; LF begins a new line, other control characters become blanks.
std::vector<std::string> wrap(std::string_view encoded, std::size_t columns);

}  // namespace till::escpos
