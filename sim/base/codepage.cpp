#include "sim/base/codepage.h"

#include <algorithm>
#include <array>

namespace till::sim {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
using HighHalf = std::array<char32_t, 128>;

constexpr std::array<char32_t, 48> kBox = {
    0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557,
    0x255D, 0x255C, 0x255B, 0x2510, 0x2514, 0x2534, 0x252C, 0x251C, 0x2500, 0x253C, 0x255E, 0x255F,
    0x255A, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256C, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559,
    0x2558, 0x2552, 0x2553, 0x256B, 0x256A, 0x2518, 0x250C, 0x2588, 0x2584, 0x258C, 0x2590, 0x2580};

constexpr std::array<char32_t, 16> k866Tail = {0x401,  0x451, 0x404,  0x454,  0x407, 0x457,
                                               0x40E,  0x45E, 0xB0,   0x2219, 0xB7,  0x221A,
                                               0x2116, 0xA4,  0x25A0, 0xA0};

constexpr std::array<char32_t, 64> k1251Head = {
    0x402,  0x403,  0x201A,       0x453,  0x201E, 0x2026, 0x2020, 0x2021, 0x20AC, 0x2030, 0x409,
    0x2039, 0x40A,  0x40C,        0x40B,  0x40F,  0x452,  0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, kReplacement, 0x2122, 0x459,  0x203A, 0x45A,  0x45C,  0x45B,  0x45F,  0xA0,
    0x40E,  0x45E,  0x408,        0xA4,   0x490,  0xA6,   0xA7,   0x401,  0xA9,   0x404,  0xAB,
    0xAC,   0xAD,   0xAE,         0x407,  0xB0,   0xB1,   0x406,  0x456,  0x491,  0xB5,   0xB6,
    0xB7,   0x451,  0x2116,       0x454,  0xBB,   0x458,  0x405,  0x455,  0x457};

constexpr HighHalf make_866() {
  HighHalf half{};
  for (size_t i = 0; i < 48; ++i) half[i] = static_cast<char32_t>(0x410 + i);
  for (size_t i = 0; i < 48; ++i) half[0x30 + i] = kBox[i];
  for (size_t i = 0; i < 16; ++i) half[0x60 + i] = static_cast<char32_t>(0x440 + i);
  for (size_t i = 0; i < 16; ++i) half[0x70 + i] = k866Tail[i];
  return half;
}

constexpr HighHalf make_1251() {
  HighHalf half{};
  for (size_t i = 0; i < 64; ++i) half[i] = k1251Head[i];
  for (size_t i = 0; i < 64; ++i) half[0x40 + i] = static_cast<char32_t>(0x410 + i);
  return half;
}

constexpr HighHalf make_ascii() {
  HighHalf half{};
  half.fill(kReplacement);
  return half;
}

const HighHalf& half_of(Codepage page) {
  static constexpr HighHalf k866 = make_866();
  static constexpr HighHalf k1251 = make_1251();
  static constexpr HighHalf kAscii = make_ascii();
  switch (page) {
    case Codepage::kCp866:
      return k866;
    case Codepage::kCp1251:
      return k1251;
    default:
      return kAscii;
  }
}

}  // namespace

std::string to_utf8(std::u32string_view points) {
  std::string out;
  const auto put = [&out](char32_t bits) { out += static_cast<char>(bits); };
  for (const char32_t c : points) {
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xC0 | c >> 6);
      put(0x80 | (c & 63));
    } else if (c < 0x10000) {
      put(0xE0 | c >> 12);
      put(0x80 | (c >> 6 & 63));
      put(0x80 | (c & 63));
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 63));
      put(0x80 | (c >> 6 & 63));
      put(0x80 | (c & 63));
    }
  }
  return out;
}

std::u32string code_points(std::string_view utf8) {
  std::u32string out;
  for (size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<uint8_t>(utf8[i++]);
    int more = 0;
    char32_t c = lead;
    if (lead >= 0xF0 && lead < 0xF5) {
      more = 3;
      c = lead & 7U;
    } else if (lead >= 0xE0 && lead < 0xF0) {
      more = 2;
      c = lead & 15U;
    } else if (lead >= 0xC2 && lead < 0xE0) {
      more = 1;
      c = lead & 31U;
    } else if (lead >= 0x80) {
      c = kReplacement;
    }
    for (; more > 0; --more) {
      if (i >= utf8.size() || (static_cast<uint8_t>(utf8[i]) & 0xC0) != 0x80) {
        c = kReplacement;
        break;
      }
      c = c << 6 | (static_cast<uint8_t>(utf8[i++]) & 63U);
    }
    out += c;
  }
  return out;
}

std::string decode(Codepage page, View bytes) {
  const HighHalf& half = half_of(page);
  std::u32string points;
  points.reserve(bytes.size());
  for (const uint8_t b : bytes) points += b < 0x80 ? static_cast<char32_t>(b) : half[b - 0x80U];
  return to_utf8(points);
}

Bytes encode(Codepage page, std::string_view utf8) {
  const HighHalf& half = half_of(page);
  Bytes out;
  for (const char32_t c : code_points(utf8)) {
    if (c < 0x80) {
      out.push_back(static_cast<uint8_t>(c));
      continue;
    }
    const auto* const at = std::find(half.begin(), half.end(), c);
    const bool known = at != half.end() && c != kReplacement;
    out.push_back(known ? static_cast<uint8_t>(0x80 + (at - half.begin())) : '?');
  }
  return out;
}

}  // namespace till::sim
