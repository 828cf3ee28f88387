// A clock's own time as text: "2026-11-22", "2026-11-22T09:00" or "2026-11-22T09:00:30". No zone is
// known or asked for: differences are what counts.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace till {

// Seconds since 1970-01-01T00:00 on that clock; nothing when it is none of the three.
inline std::optional<std::int64_t> civil_seconds(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() != 10 && text.size() != 16 && text.size() != kShape.size()) return std::nullopt;
  std::array<int, 6> part{};
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] != '0') {
      if (text[i] != kShape[i]) return std::nullopt;
      ++n;
    } else if (text[i] < '0' || text[i] > '9') {
      return std::nullopt;
    } else {
      part.at(n) = part.at(n) * 10 + (text[i] - '0');
    }
  }
  namespace c = std::chrono;
  const c::year_month_day day{c::year(part[0]), c::month(static_cast<unsigned>(part[1])),
                              c::day(static_cast<unsigned>(part[2]))};
  if (!day.ok() || part[3] > 23 || part[4] > 59 || part[5] > 59) return std::nullopt;
  const std::int64_t days = c::sys_days(day).time_since_epoch().count();
  return ((days * 24 + part[3]) * 60 + part[4]) * 60 + part[5];
}

// "2026-11-22T09:00" of such seconds.
inline std::string civil_minute(std::int64_t seconds) {
  namespace c = std::chrono;
  const c::sys_seconds at{c::seconds(seconds)};
  const c::year_month_day day{c::floor<c::days>(at)};
  const c::hh_mm_ss time{at - c::floor<c::days>(at)};
  std::array<char, 40> out{};
  const int n = std::snprintf(
      out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d", static_cast<int>(day.year()),
      static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()));
  return {out.data(), static_cast<std::size_t>(n)};
}

}  // namespace till
