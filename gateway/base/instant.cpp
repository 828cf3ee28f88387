#include "gateway/base/instant.h"

#include <fmt/format.h>

#include <chrono>

namespace till {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr int kMoscowMinutes = 180;

// Reads two or four digits at `at`; -1 when they are not digits.
int number(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

bool in(int value, int low, int high) { return value >= low && value <= high; }

// Minutes east of UTC; nothing sensible is below -1000.
int offset_minutes(std::string_view zone) {
  constexpr int kBad = -10000;
  if (zone == "Z") return 0;
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return kBad;
  const int hours = number(zone, 1, 2);
  const int minutes = number(zone, 4, 2);
  if (!in(hours, 0, 14) || !in(minutes, 0, 59)) return kBad;
  return (zone[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

}  // namespace

Result<std::int64_t> parse_instant(std::string_view text, std::string_view what) {
  const auto bad = [&] {
    return fail(Code::kBadValue,
                std::string(what) + ": write 2026-01-01 or 2026-01-01T00:00:00+03:00");
  };
  const bool day_only = text.size() == 10;
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return bad();
  const int year = number(text, 0, 4);
  const int month = number(text, 5, 2);
  const int day = number(text, 8, 2);
  if (!in(year, 1970, 9999) || month < 0 || day < 0) return bad();
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return bad();
  std::int64_t seconds = 0;
  int offset = kMoscowMinutes;
  if (!day_only) {
    if (text.size() < 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':') return bad();
    const int h = number(text, 11, 2);
    const int m = number(text, 14, 2);
    const int s = number(text, 17, 2);
    offset = offset_minutes(text.substr(19));
    if (!in(h, 0, 23) || !in(m, 0, 59) || !in(s, 0, 59) || offset < -1000) return bad();
    seconds = h * 3600 + m * 60 + s;
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return (std::int64_t{days} * 86400 + seconds - std::int64_t{offset} * 60) * kSecondUs;
}

std::string format_instant(std::int64_t unix_us) {
  using std::chrono::floor, std::chrono::days, std::chrono::seconds;
  const std::chrono::sys_time<std::chrono::microseconds> instant{
      std::chrono::microseconds(unix_us)};
  const auto day = floor<days>(instant);
  const std::chrono::year_month_day date(day);
  const auto s = floor<seconds>(instant - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     s / 3600, s / 60 % 60, s % 60);
}

}  // namespace till
