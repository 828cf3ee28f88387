// UUIDv7 (RFC 9562) and ids that cannot be mixed up.
#pragma once

#include <array>
#include <charconv>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "bytes.h"

namespace till {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;
  [[nodiscard]] bool is_nil() const { return *this == Uuid{}; }
};

// 48 bits of Unix milliseconds, version 7, variant 10, the rest from `random` (10 bytes used).
inline Uuid make_uuid7(std::int64_t unix_ms, const std::array<std::uint8_t, 10>& random) {
  Uuid id;
  for (int i = 0; i < 6; ++i) {
    id.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(unix_ms >> (8 * (5 - i)));
  }
  for (std::size_t i = 0; i < 10; ++i) id.bytes[6 + i] = random[i];
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x70);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

// "0190e5b6-8d2a-7cc1-9d3f-0123456789ab"
inline std::string to_string(const Uuid& id) {
  std::string hex = to_hex(id.bytes);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) hex.insert(at, 1, '-');
  return hex;
}

// Accepts only the canonical form with hyphens.
inline std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string hex;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen != (text[i] == '-')) return std::nullopt;
    if (!hyphen) hex += text[i];
  }
  if (hex.find(' ') != std::string::npos) return std::nullopt;
  const Buffer bytes = from_hex(hex);
  if (bytes.size() != 16) return std::nullopt;
  Uuid id;
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

// A string id of one kind: StoreId and TillId do not convert into each other.
template <typename Tag>
struct TypedId {
  std::string value;
  auto operator<=>(const TypedId&) const = default;
};

using StoreId = TypedId<struct StoreTag>;
using TillId = TypedId<struct TillTag>;
using CustomerId = TypedId<struct CustomerTag>;
using DeviceId = TypedId<struct DeviceTag>;
using ProgramId = TypedId<struct ProgramTag>;

// One try to pay a sale: the key that hold, intent, fiscal document, posting and entry carry.
struct AttemptKey {
  Uuid sale;
  std::uint32_t attempt = 0;
  auto operator<=>(const AttemptKey&) const = default;
};
// "0190e5b6-…-0123456789ab/1"
inline std::string to_string(const AttemptKey& key) {
  return to_string(key.sale) + "/" + std::to_string(key.attempt);
}
// Nothing for any other text.
inline std::optional<AttemptKey> parse_attempt(std::string_view text) {
  const auto slash = text.find('/');
  const auto sale = parse_uuid(text.substr(0, slash));
  if (!sale || slash == std::string_view::npos) return std::nullopt;
  AttemptKey key{*sale, 0};
  const auto [end, bad] =
      std::from_chars(text.data() + slash + 1, text.data() + text.size(), key.attempt);
  if (bad != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return key;
}

}  // namespace till

template <>
struct std::hash<till::Uuid> {
  std::size_t operator()(const till::Uuid& id) const noexcept {
    std::size_t h = 0;
    for (auto b : id.bytes) h = h * 131 + b;
    return h;
  }
};
