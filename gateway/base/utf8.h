// UTF-8, strictly: no overlong forms, no surrogates, nothing beyond U+10FFFF.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace till {

// How many characters (code points) `text` has; nothing when it is no valid UTF-8.
inline std::optional<std::size_t> utf8_length(std::string_view text) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++characters) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned first = byte(i);
    const std::size_t more = first < 0x80                     ? 0
                             : first >= 0xC2 && first < 0xE0  ? 1
                             : first >= 0xE0 && first < 0xF0  ? 2
                             : first >= 0xF0 && first <= 0xF4 ? 3
                                                              : 4;
    if (more == 4 || text.size() - i <= more) return std::nullopt;
    char32_t point = more == 0 ? first : first & (0x3FU >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      if ((byte(i + k) & 0xC0U) != 0x80) return std::nullopt;
      point = point << 6U | (byte(i + k) & 0x3FU);
    }
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if ((more == 2 && point < 0x800) || (more == 3 && point < 0x10000) || surrogate ||
        point > 0x10FFFF) {
      return std::nullopt;
    }
    i += more + 1;
  }
  return characters;
}

// True when no control character (below U+0020, or U+007F) is in it.
inline bool printable(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return false;
  }
  return true;
}

}  // namespace till
