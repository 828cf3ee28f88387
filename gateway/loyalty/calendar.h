// The store's local calendar, worked out by arithmetic: no time zone files, the same everywhere.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/cpp/base/result.h"

namespace till::loyalty {

inline constexpr std::int64_t kMicrosecond = 1'000'000;
inline constexpr std::int64_t kDaySeconds = 86'400;

// A moment as the store's clock on the wall shows it.
struct LocalTime {
  std::int64_t seconds = 0;  // since 1970-01-01 00:00 local
  std::int64_t day = 0;      // days since then
  int year = 1970, month = 1, day_of_month = 1;
  int weekday = 3;  // 0 = Monday
  int minute = 0;   // of the day
};
LocalTime local_time(std::int64_t unix_us, std::int64_t utc_offset_min);

// Days since 1970-01-01 of the proleptic Gregorian calendar.
std::int64_t days_from_civil(std::int64_t year, int month, int day);

// kBadValue: what was written, and the form it should have, or that the calendar has no such day.
std::unexpected<Error> not_like(const std::string& what, std::string_view text,
                                std::string_view form);
// "2026-11-22" -> days; kBadValue for what is no day. `what` names the value.
Result<std::int64_t> parse_day(std::string_view text, const std::string& what);
// "2026-11-22" or "2026-11-22T18:30" local -> seconds. With `end` a bare day means its last second.
Result<std::int64_t> parse_local(std::string_view text, bool end, const std::string& what);
std::string format_day(std::int64_t day);
// "2026-11-22 18:30", on the local calendar.
std::string format_minute(std::int64_t unix_us, std::int64_t utc_offset_min);

enum class Period : std::uint8_t { kEver, kDay, kWeek, kMonth, kYear };
inline constexpr std::array<std::string_view, 5> kPeriods{"ever", "day", "week", "month", "year"};
// The first day of the period that `day` lies in; weeks begin on Monday.
std::int64_t begin_of(Period period, std::int64_t day);

struct ZonedInstant {
  std::int64_t unix_us = 0;
  std::int64_t utc_offset_min = 0;
};
// "2026-11-22T18:30:00+03:00" or "…Z".
Result<ZonedInstant> parse_zoned(std::string_view text, const std::string& what);

// The next yearly day of `date` (29 February becomes 28 in a common year) nearest to `today`:
// today - it, so -3 = in three days, 3 = three days ago.
std::int64_t days_since_yearly(std::int64_t date, std::int64_t today);

// When something holds. Every part must.
struct Calendar {
  std::int64_t from = INT64_MIN;  // local seconds, inclusive
  std::int64_t until = INT64_MAX;
  unsigned weekdays = 0x7f;      // bit 0 = Monday
  std::uint32_t month_days = 0;  // bit 0 = the 1st; 0 = any
  unsigned months = 0;           // bit 0 = January; 0 = any
  int minute_from = 0;           // of the day; from > until goes over midnight
  int minute_until = 1440;       // exclusive

  [[nodiscard]] bool has(const LocalTime& t) const;
};

}  // namespace till::loyalty
