// For tests: a clock that stands, chance with a seed, and a store that writes its stream.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "central/intake/central.h"
#include "protocols/central/chain.h"

namespace till::central {

struct TestClock final : Clock {
  std::int64_t now = 1'767'225'600'000'000;
  std::int64_t unix_us() override { return now; }
  std::int64_t monotonic_us() override { return now; }
};

struct TestRandom final : Random {
  std::mt19937 engine{1};
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& b : bytes) b = static_cast<std::uint8_t>(engine());
  }
};

inline Uuid test_id(std::uint32_t n, std::uint8_t family = 0) {
  Uuid id;
  id.bytes[0] = family;
  for (std::size_t i = 0; i < 4; ++i) {
    id.bytes[12 + i] = static_cast<std::uint8_t>(n >> (24 - 8 * i));
  }
  return id;
}

inline wire::SaleFact test_sale(std::uint32_t n, const std::string& customer, std::int64_t accrued,
                                std::int64_t redeemed = 0) {
  wire::SaleFact fact;
  fact.key = {test_id(n, 1), 1};
  fact.till = {"till-1"};
  fact.till_number = std::to_string(n);
  fact.at = 1'767'225'600'000'000 + n;
  fact.customer = {customer};
  fact.total = 10'000;
  fact.accrued = {accrued};
  fact.redeemed = {redeemed};
  return fact;
}

// A store's outbound stream, all of it kept.
struct TestStream {
  std::vector<wire::Entry> entries;

  const wire::Entry& add(const wire::Fact& fact) { return add(wire::encode(fact)); }
  const wire::Entry& add(Buffer payload) {
    const auto n = static_cast<std::uint32_t>(entries.size() + 1);
    Buffer previous = entries.empty() ? wire::chain_genesis() : entries.back().hash;
    Buffer hash = wire::chain_hash(previous, payload);
    entries.push_back({n, test_id(n, 2), std::move(previous), std::move(hash), std::move(payload)});
    return entries.back();
  }
};

}  // namespace till::central
