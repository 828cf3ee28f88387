#include "gateway/loyalty/allocate.h"

#include <algorithm>

#include "gateway/loyalty/loyalty.h"

namespace till::loyalty {

// Hamilton's method: every part has its share rounded down; `left` units are still to be given.
void Allocator::odd_units(std::int64_t left, Spread how, const Ties* ties) {
  const auto count = static_cast<std::size_t>(left);
  if (how == Spread::kLargestRemainder && count < parts_.size()) {
    const auto larger = [ties](const Part& a, const Part& b) {
      if (a.rest != b.rest) return a.rest > b.rest;
      if (a.weight != b.weight) return a.weight > b.weight;
      return ties == nullptr ? a.line < b.line : ties->before(a.line, b.line);
    };
    const auto end = parts_.begin() + static_cast<std::ptrdiff_t>(count);
    std::nth_element(parts_.begin(), end, parts_.end(), larger);
  }
  for (std::size_t i = 0; i < count; ++i) ++parts_[i].amount;
}

// `left` after rounding down: lines above the half go up, the difference falls on the first ones.
void Allocator::nearest_first(std::int64_t left, Wide total) {
  for (auto& part : parts_) {
    if (2 * part.rest <= total) continue;
    ++part.amount;
    --left;
  }
  for (std::size_t i = 0; left != 0; i = (i + 1) % parts_.size()) {
    if (left < 0 && parts_[i].amount == 0) continue;
    parts_[i].amount += left > 0 ? 1 : -1;
    left += left > 0 ? -1 : 1;
  }
}

void Allocator::rest_to_last(std::int64_t amount, std::int64_t total, Rounding rounding) {
  auto left = amount;
  for (auto& part : parts_) {
    const auto exact = mul_div(amount, part.weight, total, rounding);
    part.amount = &part == &parts_.back() ? left : std::min(left, exact);
    left -= part.amount;
  }
}

std::int64_t Allocator::spread(std::int64_t amount, std::span<const std::int64_t> weights,
                               std::span<const std::int64_t> caps, std::span<std::int64_t> shares,
                               Spread how, Rounding rounding, const Ties* ties) {
  std::ranges::fill(shares, 0);
  const auto asked = amount;
  // Every round that leaves something over has filled a line to its cap, so there are at most
  // as many rounds as lines.
  while (amount > 0) {
    parts_.clear();
    Wide total = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] <= 0 || shares[i] >= caps[i]) continue;
      parts_.push_back({i, weights[i], 0, 0});
      total += weights[i];
    }
    if (parts_.empty()) break;
    const bool down = how == Spread::kLastLineDown;
    if ((how == Spread::kLastLine || down) && total <= INT64_MAX) {
      rest_to_last(amount, static_cast<std::int64_t>(total), down ? Rounding::kDown : rounding);
    } else {
      auto left = amount;
      for (auto& part : parts_) {
        const Wide product = static_cast<Wide>(amount) * part.weight;
        part.amount = static_cast<std::int64_t>(product / total);
        part.rest = product % total;
        left -= part.amount;
      }
      if (how == Spread::kNearestFirst) {
        nearest_first(left, total);
      } else if (left > 0) {
        odd_units(left, how, ties);
      }
    }
    for (const auto& part : parts_) {
      const auto given = std::min(part.amount, caps[part.line] - shares[part.line]);
      shares[part.line] += given;
      amount -= given;
    }
  }
  return asked - amount;
}

std::vector<std::int64_t> allocate(std::int64_t amount, const std::vector<std::int64_t>& weights,
                                   const std::vector<std::int64_t>& caps) {
  std::vector<std::int64_t> shares(weights.size(), 0);
  Allocator().spread(amount, weights, caps, shares);
  return shares;
}

}  // namespace till::loyalty
