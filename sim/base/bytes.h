// Bytes, hex and little-endian numbers, as every virtual device needs them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace till::sim {

using Bytes = std::vector<uint8_t>;
using View = std::span<const uint8_t>;

// Milliseconds of local civil time since 1970; the caller's clock never runs backwards.
using Ms = int64_t;

inline void put_le(Bytes& out, uint64_t value, int width) {
  for (int i = 0; i < width; ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

// At most 8 bytes.
inline uint64_t get_le(View bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i > 0; --i) value = value << 8 | bytes[i - 1];
  return value;
}

inline void append(Bytes& out, View more) { out.insert(out.end(), more.begin(), more.end()); }

inline View view_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

inline Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

std::string to_hex(View bytes);

// Spaces are skipped; nullopt on any other non-hex character or an odd number of digits.
std::optional<Bytes> from_hex(std::string_view text);

}  // namespace till::sim
