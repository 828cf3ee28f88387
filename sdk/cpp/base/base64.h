// Base64 (RFC 4648, with padding): bytes inside JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bytes.h"

namespace till {

inline constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline std::string to_base64(Bytes bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](std::size_t n) -> std::uint32_t {
      return i + n < bytes.size() ? bytes[i + n] : 0;
    };
    const std::uint32_t group = at(0) << 16 | at(1) << 8 | at(2);
    for (std::size_t n = 0; n < 4; ++n) {
      out += i + n > bytes.size() ? '=' : kBase64[group >> (18 - 6 * n) & 63];
    }
  }
  return out;
}

// Nothing when it is not base64.
inline std::optional<Buffer> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  Buffer out;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const auto value = kBase64.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    have += 6;
    if (have >= 8) out.push_back(static_cast<std::uint8_t>(bits >> (have -= 8)));
  }
  return out;
}

}  // namespace till
