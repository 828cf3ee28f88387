// Time and chance are arguments: production passes the real ones, the simulation its own.
#pragma once

#include <cstdint>
#include <span>

#include "sdk/cpp/base/ids.h"

namespace till {

struct Clock {
  virtual ~Clock() = default;
  // Microseconds since 1970, may jump. For paper, records and expiry by date.
  virtual std::int64_t unix_us() = 0;
  // Microseconds since some start, never goes back. For every deadline.
  virtual std::int64_t monotonic_us() = 0;
};

struct Random {
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
};

inline Uuid new_uuid(Clock& clock, Random& random) {
  std::array<std::uint8_t, 10> bytes{};
  random.fill(bytes);
  return make_uuid7(clock.unix_us() / 1000, bytes);
}

}  // namespace till
