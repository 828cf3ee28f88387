// Fields of commands and replies: little-endian numbers, money of five bytes, times of five.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"
#include "sdk/cpp/base/values.h"

namespace till::shtrih {

inline void put(Buffer& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i)
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

inline std::uint64_t get(Bytes in, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value |= std::uint64_t{in[at + i]} << (8 * i);
  return value;
}

inline Result<void> put_money(Buffer& out, Money money, const char* what) {
  if (money.minor < 0 || money.minor >= std::int64_t{1} << 40) return fail(Code::kOutOfRange, what);
  put(out, static_cast<std::uint64_t>(money.minor), 5);
  return {};
}

// YY MM DD HH mm
inline std::string time5(Bytes in, std::size_t at) {
  char text[24];
  std::snprintf(text, sizeof text, "20%02u-%02u-%02uT%02u:%02u", in[at], in[at + 1], in[at + 2],
                in[at + 3], in[at + 4]);
  return text;
}

inline std::unexpected<Error> too_short(const char* what) { return fail(Code::kBadFrame, what); }

}  // namespace till::shtrih
