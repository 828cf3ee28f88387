// AIM symbology identifiers (ISO/IEC 15424): the "]cm" a scanner can put before what it read.
#pragma once

#include <optional>
#include <string_view>

namespace till::gs1 {

enum class Symbology {
  kUnknown,
  kEan13,  // EAN-13, UPC-A and UPC-E, sent as 13 digits
  kEan8,
  kEanAddOn,  // the 2 or 5 digits beside it, or both together
  kCode128,
  kGs1_128,
  kCode39,
  kCode93,
  kCode11,
  kCodabar,
  kItf,
  kMsi,
  kDataBar,
  kDataMatrix,
  kGs1DataMatrix,
  kQr,
  kGs1Qr,
  kPdf417,
  kAztec,
  kGs1Aztec,
  kMaxiCode,
  kDotCode,
  kGs1DotCode,
  kHanXin,
  kCodablock,
  kCode16K,
};

struct AimScan {
  Symbology symbology = Symbology::kUnknown;
  char modifier = '0';    // the "m" of "]cm"
  std::string_view data;  // what follows the identifier; a view into the text given
};

// Nothing when `text` does not begin with an identifier ("]", a letter, a digit or letter).
std::optional<AimScan> parse_aim(std::string_view text);

// True where the data are GS1 element strings (FNC1 first).
bool is_gs1(Symbology symbology);

// "EAN-13", "GS1 DataMatrix" …; "unknown".
std::string_view name(Symbology symbology);

}  // namespace till::gs1
