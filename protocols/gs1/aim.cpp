#include "protocols/gs1/aim.h"

#include <array>

namespace till::gs1 {
namespace {

struct Row {
  char code;
  std::string_view modifiers;  // those that mean this row; "" = all others
  Symbology symbology;
};

// The special modifiers of a letter stand before its general row.
constexpr std::array kRows{
    Row{'E', "4", Symbology::kEan8},
    Row{'E', "123", Symbology::kEanAddOn},
    Row{'E', "", Symbology::kEan13},
    Row{'C', "1", Symbology::kGs1_128},
    Row{'C', "", Symbology::kCode128},
    Row{'A', "", Symbology::kCode39},
    Row{'G', "", Symbology::kCode93},
    Row{'H', "", Symbology::kCode11},
    Row{'F', "", Symbology::kCodabar},
    Row{'I', "", Symbology::kItf},
    Row{'M', "", Symbology::kMsi},
    Row{'e', "", Symbology::kDataBar},
    Row{'d', "25", Symbology::kGs1DataMatrix},
    Row{'d', "", Symbology::kDataMatrix},
    Row{'Q', "34", Symbology::kGs1Qr},
    Row{'Q', "", Symbology::kQr},
    Row{'L', "", Symbology::kPdf417},
    Row{'z', "14", Symbology::kGs1Aztec},
    Row{'z', "", Symbology::kAztec},
    Row{'U', "", Symbology::kMaxiCode},
    Row{'J', "14", Symbology::kGs1DotCode},
    Row{'J', "", Symbology::kDotCode},
    Row{'h', "", Symbology::kHanXin},
    Row{'O', "", Symbology::kCodablock},
    Row{'K', "", Symbology::kCode16K},
};

bool letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<AimScan> parse_aim(std::string_view text) {
  if (text.size() < 3 || text[0] != ']' || !letter(text[1])) return std::nullopt;
  if (!digit(text[2]) && !letter(text[2])) return std::nullopt;
  AimScan scan{.symbology = Symbology::kUnknown, .modifier = text[2], .data = text.substr(3)};
  for (const auto& row : kRows) {
    if (row.code != text[1]) continue;
    if (!row.modifiers.empty() && row.modifiers.find(text[2]) == std::string_view::npos) continue;
    scan.symbology = row.symbology;
    break;
  }
  return scan;
}

bool is_gs1(Symbology symbology) {
  switch (symbology) {
    case Symbology::kGs1_128:
    case Symbology::kDataBar:
    case Symbology::kGs1DataMatrix:
    case Symbology::kGs1Qr:
    case Symbology::kGs1Aztec:
    case Symbology::kGs1DotCode:
      return true;
    default:
      return false;
  }
}

std::string_view name(Symbology symbology) {
  switch (symbology) {
    case Symbology::kUnknown:
      return "unknown";
    case Symbology::kEan13:
      return "EAN-13";
    case Symbology::kEan8:
      return "EAN-8";
    case Symbology::kEanAddOn:
      return "EAN add-on";
    case Symbology::kCode128:
      return "Code 128";
    case Symbology::kGs1_128:
      return "GS1-128";
    case Symbology::kCode39:
      return "Code 39";
    case Symbology::kCode93:
      return "Code 93";
    case Symbology::kCode11:
      return "Code 11";
    case Symbology::kCodabar:
      return "Codabar";
    case Symbology::kItf:
      return "ITF";
    case Symbology::kMsi:
      return "MSI";
    case Symbology::kDataBar:
      return "GS1 DataBar";
    case Symbology::kDataMatrix:
      return "Data Matrix";
    case Symbology::kGs1DataMatrix:
      return "GS1 DataMatrix";
    case Symbology::kQr:
      return "QR Code";
    case Symbology::kGs1Qr:
      return "GS1 QR Code";
    case Symbology::kPdf417:
      return "PDF417";
    case Symbology::kAztec:
      return "Aztec";
    case Symbology::kGs1Aztec:
      return "GS1 Aztec";
    case Symbology::kMaxiCode:
      return "MaxiCode";
    case Symbology::kDotCode:
      return "DotCode";
    case Symbology::kGs1DotCode:
      return "GS1 DotCode";
    case Symbology::kHanXin:
      return "Han Xin";
    case Symbology::kCodablock:
      return "Codablock F";
    case Symbology::kCode16K:
      return "Code 16K";
  }
  return "unknown";
}

}  // namespace till::gs1
