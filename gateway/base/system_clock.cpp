#include "gateway/base/system_clock.h"

#include <sodium.h>

#include <chrono>
#include <stdexcept>

namespace till {
namespace {

template <typename Source>
std::int64_t now_us() {
  using std::chrono::duration_cast, std::chrono::microseconds;
  return duration_cast<microseconds>(Source::now().time_since_epoch()).count();
}

}  // namespace

std::int64_t SystemClock::unix_us() { return now_us<std::chrono::system_clock>(); }
std::int64_t SystemClock::monotonic_us() { return now_us<std::chrono::steady_clock>(); }

SystemRandom::SystemRandom() {
  if (sodium_init() < 0) throw std::runtime_error("libsodium finds no source of randomness");
}

void SystemRandom::fill(std::span<std::uint8_t> bytes) {
  randombytes_buf(bytes.data(), bytes.size());
}

}  // namespace till
