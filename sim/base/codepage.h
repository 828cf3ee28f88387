// CP866 and CP1251 to UTF-8 and back, by tables of our own.
#pragma once

#include <string>
#include <string_view>

#include "sim/base/bytes.h"

namespace till::sim {

enum class Codepage { kAscii, kCp866, kCp1251 };

// Bytes without a character in the page become U+FFFD.
std::string decode(Codepage page, View bytes);

// Characters outside the page become '?'.
Bytes encode(Codepage page, std::string_view utf8);

// The code points of a UTF-8 string; a broken sequence yields U+FFFD.
std::u32string code_points(std::string_view utf8);

std::string to_utf8(std::u32string_view points);

}  // namespace till::sim
