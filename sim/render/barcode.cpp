#include "sim/render/barcode.h"

#include <zint.h>

#include <algorithm>
#include <memory>

namespace till::sim {
namespace {

struct Delete {
  void operator()(zint_symbol* symbol) const { ZBarcode_Delete(symbol); }
};
using Symbol = std::unique_ptr<zint_symbol, Delete>;

int zint_number(Symbology symbology) {
  switch (symbology) {
    case Symbology::kUpcA:
      return BARCODE_UPCA;
    case Symbology::kUpcE:
      return BARCODE_UPCE;
    case Symbology::kEan13:
    case Symbology::kEan8:
      return BARCODE_EANX;
    case Symbology::kCode39:
      return BARCODE_CODE39;
    case Symbology::kItf:
      return BARCODE_C25INTER;
    case Symbology::kCodabar:
      return BARCODE_CODABAR;
    case Symbology::kCode93:
      return BARCODE_CODE93;
    default:
      return BARCODE_CODE128;
  }
}

bool encode(zint_symbol* symbol, std::string_view data) {
  if (data.empty()) return false;
  return ZBarcode_Encode(symbol, reinterpret_cast<const unsigned char*>(data.data()),
                         static_cast<int>(data.size())) < ZINT_ERROR;
}

bool is_set(const zint_symbol* symbol, int row, int column) {
  return (symbol->encoded_data[row][column / 8] >> (column % 8) & 1) != 0;
}

Bitmap draw(const zint_symbol* symbol, int module, int row_height) {
  Bitmap out{symbol->width * module, symbol->rows * row_height, {}};
  out.pixels.reserve(static_cast<size_t>(out.width) * static_cast<size_t>(out.height));
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      out.pixels.push_back(is_set(symbol, y / row_height, x / module) ? 1 : 0);
    }
  }
  return out;
}

}  // namespace

std::optional<Bitmap> linear_code(Symbology symbology, std::string_view data, int module,
                                  int height) {
  const Symbol symbol(ZBarcode_Create());
  symbol->symbology = zint_number(symbology);
  if (!encode(symbol.get(), data)) return std::nullopt;
  // The one row of bars; EAN and UPC have their text beside it only.
  symbol->rows = std::min(symbol->rows, 1);
  return draw(symbol.get(), module, height);
}

std::optional<Bitmap> qr_code(std::string_view data, int module, int level) {
  const Symbol symbol(ZBarcode_Create());
  symbol->symbology = BARCODE_QRCODE;
  symbol->input_mode = DATA_MODE;
  symbol->option_1 = level + 1;
  if (!encode(symbol.get(), data)) return std::nullopt;
  return draw(symbol.get(), module, module);
}

}  // namespace till::sim
