// Money, Quantity, Points, Percent: integers in named units. Overflow throws (checked.h).
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "checked.h"

namespace till {

namespace detail {
// "12.05" for 1205 with two digits; sign first.
inline std::string decimal(std::int64_t units, int digits) {
  const bool negative = units < 0;
  std::string text = std::to_string(units);
  if (negative) text.erase(0, 1);
  const auto width = static_cast<std::size_t>(digits);
  if (text.size() <= width) text.insert(0, width + 1 - text.size(), '0');
  if (digits > 0) text.insert(text.size() - width, 1, '.');
  return negative ? "-" + text : text;
}
}  // namespace detail

// An amount with its own unit: the tag keeps points from being added to money.
template <typename Tag>
struct Amount {
  std::int64_t units = 0;

  friend constexpr Amount operator+(Amount a, Amount b) { return {checked_add(a.units, b.units)}; }
  friend constexpr Amount operator-(Amount a, Amount b) { return {checked_sub(a.units, b.units)}; }
  constexpr Amount operator-() const { return {checked_sub(0, units)}; }
  constexpr Amount& operator+=(Amount b) { return *this = *this + b; }
  constexpr Amount& operator-=(Amount b) { return *this = *this - b; }
  constexpr auto operator<=>(const Amount&) const = default;
};

// Hundredths of a point.
using Points = Amount<struct PointsTag>;
// Thousandths of a piece, kilogram, metre.
using Quantity = Amount<struct QuantityTag>;
// Basis points: 1 % = 100.
using Percent = Amount<struct PercentTag>;

inline constexpr std::int64_t kQuantityScale = 1000;
inline constexpr std::int64_t kPercentScale = 10000;

// Minor units (kopecks, cents) of the store's one currency, which its goods file names.
struct Money {
  std::int64_t minor = 0;

  friend constexpr Money operator+(Money a, Money b) { return {checked_add(a.minor, b.minor)}; }
  friend constexpr Money operator-(Money a, Money b) { return {checked_sub(a.minor, b.minor)}; }
  constexpr Money operator-() const { return {checked_sub(0, minor)}; }
  constexpr Money& operator+=(Money b) { return *this = *this + b; }
  constexpr Money& operator-=(Money b) { return *this = *this - b; }
  constexpr auto operator<=>(const Money&) const = default;
};

constexpr Money operator*(Money price, Quantity quantity) {
  return {mul_div(price.minor, quantity.units, kQuantityScale, Rounding::kHalfUp)};
}
// 12 % of an amount, rounded once by the named rule.
constexpr Money share(Money of, Percent percent, Rounding rounding = Rounding::kHalfUp) {
  return {mul_div(of.minor, percent.units, kPercentScale, rounding)};
}

// "1205.00", "2.000", "50.00", "7.50 %": for logs and explanations; paper has its own formats.
inline std::string to_string(Money m) { return detail::decimal(m.minor, 2); }
inline std::string to_string(Points p) { return detail::decimal(p.units, 2); }
inline std::string to_string(Quantity q) { return detail::decimal(q.units, 3); }
inline std::string to_string(Percent p) { return detail::decimal(p.units, 2) + " %"; }

}  // namespace till
