// The world under one seed: virtual time, chance, and an order of events that the seed alone
// decides. Nothing here waits, and nothing comes from the machine's clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "gateway/base/clock.h"

namespace till::sim {

// SplitMix64: small, well mixed, the same everywhere.
class Chance final : public Random {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool percent(int p) { return static_cast<int>(next() % 100) < p; }
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& b : bytes) b = static_cast<std::uint8_t>(next());
  }

 private:
  std::uint64_t state_;
};

class World final : public Clock {
 public:
  explicit World(std::uint64_t seed) : chance(seed) {}

  std::int64_t unix_us() override { return kStartUs + now_ + skew_us; }
  std::int64_t monotonic_us() override { return now_; }

  // `life` belongs to somebody who may die: the event is dropped when *life has changed by then.
  void after(std::int64_t us, std::function<void()> run) {
    events_.emplace(std::pair(now_ + us, ++order_), std::move(run));
  }
  void after(std::int64_t us, const std::uint64_t& life, std::function<void()> run) {
    after(us, [&life, was = life, run = std::move(run)] {
      if (life == was) run();
    });
  }
  // Runs until `done` or until the virtual time is over; false then.
  bool run_until(const std::function<bool()>& done, std::int64_t most_us) {
    while (!done()) {
      if (events_.empty() || now_ > most_us) return false;
      auto event = events_.extract(events_.begin());
      now_ = event.key().first;
      event.mapped()();
      ++executed;
      if (each_event) each_event();
    }
    return true;
  }
  [[nodiscard]] std::int64_t now() const { return now_; }

  Chance chance;
  std::int64_t skew_us = 0;          // wall clock jumps
  bool faults = true;                // off while everything heals
  std::uint64_t executed = 0;        // events so far
  std::function<void()> each_event;  // after every one of them

 private:
  static constexpr std::int64_t kStartUs = 1'767'225'600'000'000;  // 2026-01-01
  std::int64_t now_ = 0;
  std::uint64_t order_ = 0;
  std::map<std::pair<std::int64_t, std::uint64_t>, std::function<void()>> events_;
};

}  // namespace till::sim
