// Spreading an amount over lines without allocating memory once warm.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gateway/loyalty/rules.h"

namespace till::loyalty {

class Allocator {
 public:
  // Which of two equal parts an odd minor unit goes to; nothing = the one of the lower index.
  struct Ties {
    virtual ~Ties() = default;
    [[nodiscard]] virtual bool before(std::size_t a, std::size_t b) const = 0;
  };
  // shares[i] = line i's part of `amount` by `weights`, at most caps[i]; what cannot be placed is
  // left out. The spread says who takes the odd minor units; with kLastLine every other line is
  // rounded (kLastLineDown: down), with kNearestFirst every line to the nearest (halves down), and
  // the first lines take or give the difference. Returns what was placed.
  std::int64_t spread(std::int64_t amount, std::span<const std::int64_t> weights,
                      std::span<const std::int64_t> caps, std::span<std::int64_t> shares,
                      Spread how = Spread::kLargestRemainder, Rounding rounding = Rounding::kHalfUp,
                      const Ties* ties = nullptr);

 private:
  __extension__ using Wide = __int128;
  struct Part {
    std::size_t line;
    std::int64_t weight;
    std::int64_t amount;
    Wide rest;
  };
  void odd_units(std::int64_t left, Spread how, const Ties* ties);
  void nearest_first(std::int64_t left, Wide total);
  void rest_to_last(std::int64_t amount, std::int64_t total, Rounding rounding);

  std::vector<Part> parts_;
};

}  // namespace till::loyalty
