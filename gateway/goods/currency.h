#pragma once

#include <cstdint>

namespace till {

// ISO 4217 numeric code. All of them have two digits after the point.
enum class Currency : std::uint16_t { kRub = 643, kKzt = 398, kByn = 933, kEur = 978, kUsd = 840 };

}  // namespace till
