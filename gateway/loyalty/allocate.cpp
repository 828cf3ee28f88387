#include <algorithm>

#include "gateway/loyalty/loyalty.h"

namespace till::loyalty {
namespace {

__extension__ using Wide = __int128;

struct Part {
  std::size_t line;
  std::int64_t amount;
  Wide rest;
};

// Hamilton's method over the parts' lines: `amount` in whole units, no caps.
void largest_remainder(std::int64_t amount, const std::vector<std::int64_t>& weights, Wide total,
                       std::vector<Part>& parts) {
  std::int64_t left = amount;
  for (auto& part : parts) {
    const Wide product = static_cast<Wide>(amount) * weights[part.line];
    part.amount = static_cast<std::int64_t>(product / total);
    part.rest = product % total;
    left -= part.amount;
  }
  if (left == 0) return;
  const auto larger = [](const Part& a, const Part& b) {
    return a.rest != b.rest ? a.rest > b.rest : a.line < b.line;
  };
  std::sort(parts.begin(), parts.end(), larger);
  for (std::size_t i = 0; i < static_cast<std::size_t>(left); ++i) ++parts[i].amount;
}

}  // namespace

std::vector<std::int64_t> allocate(std::int64_t amount, const std::vector<std::int64_t>& weights,
                                   const std::vector<std::int64_t>& caps) {
  std::vector<std::int64_t> shares(weights.size(), 0);
  std::vector<Part> parts;
  parts.reserve(weights.size());
  // Every round that leaves something over has filled a line to its cap, so there are at most
  // as many rounds as lines.
  while (amount > 0) {
    parts.clear();
    Wide total = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] <= 0 || shares[i] >= caps[i]) continue;
      parts.push_back({i, 0, 0});
      total += weights[i];
    }
    if (parts.empty()) break;
    largest_remainder(amount, weights, total, parts);
    for (const auto& part : parts) {
      const auto given = std::min(part.amount, caps[part.line] - shares[part.line]);
      shares[part.line] += given;
      amount -= given;
    }
  }
  return shares;
}

}  // namespace till::loyalty
