// The machine's own clock and the kernel's randomness. Programs make one of each in main().
#pragma once

#include "gateway/base/clock.h"

namespace till {

class SystemClock final : public Clock {
 public:
  std::int64_t unix_us() override;
  std::int64_t monotonic_us() override;
};

class SystemRandom final : public Random {
 public:
  // Throws std::runtime_error when libsodium finds no source of randomness.
  SystemRandom();
  void fill(std::span<std::uint8_t> bytes) override;
};

}  // namespace till
