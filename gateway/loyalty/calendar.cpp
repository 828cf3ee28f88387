#include "gateway/loyalty/calendar.h"

#include <fmt/format.h>

#include <cstdlib>

namespace till::loyalty {
namespace {

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

struct Civil {
  std::int64_t year;
  int month, day;
};

// Howard Hinnant's algorithm, public domain.
Civil civil_from_days(std::int64_t days) {
  days += 719'468;
  const auto era = floor_div(days, 146'097);
  const auto doe = days - era * 146'097;
  const auto yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const auto doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const auto mp = (5 * doy + 2) / 153;
  const auto month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  return {yoe + era * 400 + (month <= 2 ? 1 : 0), month,
          static_cast<int>(doy - (153 * mp + 2) / 5 + 1)};
}

bool leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int month_length(std::int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && leap(year) ? 29 : kDays[month - 1];
}

// Exactly `width` digits at the start, cut off.
bool digits(std::string_view& text, std::size_t width, int& value) {
  if (text.size() < width) return false;
  value = 0;
  for (const char c : text.substr(0, width)) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(width);
  return true;
}

bool literal(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Three numbers written as a day, whether or not the calendar has it.
bool date_at(std::string_view& text, int& y, int& m, int& d) {
  return digits(text, 4, y) && literal(text, '-') && digits(text, 2, m) && literal(text, '-') &&
         digits(text, 2, d);
}

bool in_calendar(int y, int m, int d) {
  return y >= 1 && m >= 1 && m <= 12 && d >= 1 && d <= month_length(y, m);
}

bool day_at(std::string_view& text, std::int64_t& day) {
  int y = 0, m = 0, d = 0;
  if (!date_at(text, y, m, d) || !in_calendar(y, m, d)) return false;
  day = days_from_civil(y, m, d);
  return true;
}

bool clock_at(std::string_view& text, std::int64_t& seconds) {
  int h = 0, m = 0, s = 0;
  if (!digits(text, 2, h) || !literal(text, ':') || !digits(text, 2, m)) return false;
  if (literal(text, ':') && !digits(text, 2, s)) return false;
  if (h > 23 || m > 59 || s > 59) return false;
  seconds = h * 3600 + m * 60 + s;
  return true;
}

}  // namespace

std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const auto era = floor_div(year, 400);
  const auto yoe = year - era * 400;
  const auto doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146'097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719'468;
}

LocalTime local_time(std::int64_t unix_us, std::int64_t utc_offset_min) {
  LocalTime t;
  t.seconds = floor_div(unix_us, kMicrosecond) + utc_offset_min * 60;
  t.day = floor_div(t.seconds, kDaySeconds);
  const auto civil = civil_from_days(t.day);
  t.year = static_cast<int>(civil.year);
  t.month = civil.month;
  t.day_of_month = civil.day;
  t.weekday = static_cast<int>(((t.day + 3) % 7 + 7) % 7);
  t.minute = static_cast<int>((t.seconds - t.day * kDaySeconds) / 60);
  return t;
}

std::unexpected<Error> not_like(const std::string& what, std::string_view text,
                                std::string_view form) {
  constexpr std::size_t kShown = 40;
  const auto shown = text.substr(0, kShown);
  // 31 February is written as it should be.
  int y = 0, m = 0, d = 0;
  if (date_at(text, y, m, d) && !in_calendar(y, m, d) && (text.empty() || text.front() == 'T')) {
    return fail(Code::kBadValue, fmt::format("{}: no such day: \"{}\"", what, shown));
  }
  return fail(Code::kBadValue, fmt::format("{}: \"{}\" is not like {}", what, shown, form));
}

Result<std::int64_t> parse_day(std::string_view text, const std::string& what) {
  std::int64_t day = 0;
  const auto given = text;
  if (!day_at(text, day) || !text.empty()) return not_like(what, given, "2026-11-22");
  return day;
}

Result<std::int64_t> parse_local(std::string_view text, bool end, const std::string& what) {
  std::int64_t day = 0;
  std::int64_t clock = end ? kDaySeconds - 1 : 0;
  const auto given = text;
  const bool good = day_at(text, day) &&
                    (text.empty() || (literal(text, 'T') && clock_at(text, clock) && text.empty()));
  if (!good) return not_like(what, given, "2026-11-22 or 2026-11-22T18:30");
  return day * kDaySeconds + clock;
}

std::string format_day(std::int64_t day) {
  const auto c = civil_from_days(day);
  return fmt::format("{:04}-{:02}-{:02}", c.year, c.month, c.day);
}

std::string format_minute(std::int64_t unix_us, std::int64_t utc_offset_min) {
  const auto at = local_time(unix_us, utc_offset_min);
  return fmt::format("{} {:02}:{:02}", format_day(at.day), at.minute / 60, at.minute % 60);
}

Result<ZonedInstant> parse_zoned(std::string_view text, const std::string& what) {
  const auto given = text;
  const auto wrong = [&] { return not_like(what, given, "2026-11-22T18:30:00+03:00"); };
  std::int64_t day = 0, clock = 0, offset = 0;
  if (!day_at(text, day) || !literal(text, 'T') || !clock_at(text, clock)) return wrong();
  if (!literal(text, 'Z')) {
    const bool west = !text.empty() && text.front() == '-';
    if (!west && (text.empty() || text.front() != '+')) return wrong();
    text.remove_prefix(1);
    if (text.size() != 5 || !clock_at(text, offset) || offset > std::int64_t{14} * 3600)
      return wrong();
    if (west) offset = -offset;
  }
  if (!text.empty()) return wrong();
  return ZonedInstant{(day * kDaySeconds + clock - offset) * kMicrosecond, offset / 60};
}

std::int64_t begin_of(Period period, std::int64_t day) {
  const auto t = local_time(day * kDaySeconds * kMicrosecond, 0);
  switch (period) {
    case Period::kEver:
      return INT64_MIN;
    case Period::kDay:
      return day;
    case Period::kWeek:
      return day - t.weekday;
    case Period::kMonth:
      return days_from_civil(t.year, t.month, 1);
    case Period::kYear:
      return days_from_civil(t.year, 1, 1);
  }
  return day;
}

std::int64_t days_since_yearly(std::int64_t date, std::int64_t today) {
  const auto born = civil_from_days(date);
  const auto year = civil_from_days(today).year;
  std::int64_t nearest = INT64_MAX;
  for (const auto y : {year - 1, year, year + 1}) {
    const auto day = std::min(born.day, month_length(y, born.month));
    const auto since = today - days_from_civil(y, born.month, day);
    if (std::abs(since) < std::abs(nearest)) nearest = since;
  }
  return nearest;
}

bool Calendar::has(const LocalTime& t) const {
  if (t.seconds < from || t.seconds > until) return false;
  if (months != 0 && (months >> (t.month - 1) & 1) == 0) return false;
  const bool over_midnight = minute_from > minute_until;
  const bool in_hours = over_midnight ? t.minute >= minute_from || t.minute < minute_until
                                      : t.minute >= minute_from && t.minute < minute_until;
  if (!in_hours) return false;
  // The small hours of an evening offer belong to the evening's day.
  const bool yesterday = over_midnight && t.minute < minute_until;
  const int weekday = yesterday ? (t.weekday + 6) % 7 : t.weekday;
  if ((weekdays >> weekday & 1) == 0) return false;
  return month_days == 0 || (month_days >> (t.day_of_month - 1) & 1) != 0;
}

}  // namespace till::loyalty
