// 64-bit arithmetic that refuses to wrap around, and the roundings a program can name.
#pragma once

#include <cstdint>
#include <stdexcept>

namespace till {

// Thrown by every value type when a result does not fit. It is a fault of the input (a price of
// 10^17), so the edges that take input catch it and answer Code::kOverflow.
struct Overflow : std::overflow_error {
  Overflow() : std::overflow_error("a sum does not fit into 64 bits") {}
};

constexpr std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t r = 0;
  if (__builtin_add_overflow(a, b, &r)) throw Overflow();
  return r;
}
constexpr std::int64_t checked_sub(std::int64_t a, std::int64_t b) {
  std::int64_t r = 0;
  if (__builtin_sub_overflow(a, b, &r)) throw Overflow();
  return r;
}
constexpr std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
  std::int64_t r = 0;
  if (__builtin_mul_overflow(a, b, &r)) throw Overflow();
  return r;
}

enum class Rounding { kHalfUp, kDown, kUp, kHalfEven, kHalfDown };

// a * b / c, exact until the single rounding at the end. Half up and up go away from zero, down
// and half down towards it. c must not be 0.
constexpr std::int64_t mul_div(std::int64_t a, std::int64_t b, std::int64_t c, Rounding rounding) {
  __extension__ using Wide = __int128;
  if (c == 0) throw Overflow();
  // Amounts of a receipt fit into 64 bits, where a division costs a tenth of a wide one.
  std::int64_t small = 0;
  if (!__builtin_mul_overflow(a, b, &small) && small >= 0 && c > 0) {
    const std::int64_t rest = small % c;
    const std::int64_t half = c - rest;  // rest >= half: at least the middle
    const std::int64_t quotient = small / c;
    const bool up = rounding == Rounding::kUp       ? rest > 0
                    : rounding == Rounding::kHalfUp ? rest >= half
                    : rounding == Rounding::kHalfEven
                        ? rest > half || (rest == half && quotient % 2 == 1)
                        : rounding == Rounding::kHalfDown && rest > half;
    return quotient + (up ? 1 : 0);
  }
  Wide product = static_cast<Wide>(a) * b;
  Wide divisor = c;
  if (divisor < 0) {
    product = -product;
    divisor = -divisor;
  }
  const bool negative = product < 0;
  if (negative) product = -product;
  Wide quotient = product / divisor;
  const Wide twice = product % divisor * 2;
  const bool up = rounding == Rounding::kUp       ? twice > 0
                  : rounding == Rounding::kHalfUp ? twice >= divisor
                  : rounding == Rounding::kHalfEven
                      ? twice > divisor || (twice == divisor && quotient % 2 == 1)
                      : rounding == Rounding::kHalfDown && twice > divisor;
  if (up) ++quotient;
  if (negative) quotient = -quotient;
  if (quotient > INT64_MAX || quotient < INT64_MIN) throw Overflow();
  return static_cast<std::int64_t>(quotient);
}

}  // namespace till
