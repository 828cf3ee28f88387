// Local civil time without zones: seconds since 1970-01-01T00:00:00 of the shop's own clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace till::sim {

struct Civil {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
};

inline Civil civil_of(int64_t seconds) {
  namespace c = std::chrono;
  const c::sys_seconds at{c::seconds{seconds}};
  const auto day = c::floor<c::days>(at);
  const c::year_month_day date{day};
  const c::hh_mm_ss time{at - day};
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(time.hours().count()),
          static_cast<int>(time.minutes().count()),
          static_cast<int>(time.seconds().count())};
}

// nullopt when the calendar has no such moment.
inline std::optional<int64_t> seconds_of(const Civil& t) {
  namespace c = std::chrono;
  const c::year_month_day date{c::year{t.year}, c::month{static_cast<unsigned>(t.month)},
                               c::day{static_cast<unsigned>(t.day)}};
  if (!date.ok() || t.hour < 0 || t.hour > 23 || t.minute < 0 || t.minute > 59 || t.second < 0 ||
      t.second > 59) {
    return std::nullopt;
  }
  const auto days = c::sys_days{date}.time_since_epoch().count();
  return static_cast<int64_t>(days) * 86400 + t.hour * 3600L + t.minute * 60L + t.second;
}

}  // namespace till::sim
