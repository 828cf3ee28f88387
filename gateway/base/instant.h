// Instants as people write them (ISO 8601), as Unix microseconds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/cpp/base/result.h"

namespace till {

// "2026-01-01T00:00:00+03:00", "…Z" or a day alone, which begins at midnight in Moscow (UTC+3).
// kBadValue for anything else and for days that do not exist; `what` names the value.
Result<std::int64_t> parse_instant(std::string_view text, std::string_view what);

// "2025-12-31T21:00:00Z"; parts of a second are cut off.
std::string format_instant(std::int64_t unix_us);

}  // namespace till
