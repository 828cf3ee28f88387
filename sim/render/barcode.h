// Bar codes as bitmaps.
#pragma once

#include <optional>
#include <string_view>

#include "sim/render/paper_image.h"

namespace till::sim {

enum class Symbology { kUpcA, kUpcE, kEan13, kEan8, kCode39, kItf, kCodabar, kCode93, kCode128 };

// `module` and `height` in dots; nullopt when the symbology cannot carry the data.
// Check digits of UPC and EAN are added when they are missing.
std::optional<Bitmap> linear_code(Symbology symbology, std::string_view data, int module,
                                  int height);

// `level` 0..3 is L, M, Q, H.
std::optional<Bitmap> qr_code(std::string_view data, int module, int level);

}  // namespace till::sim
