// Quantities of the same goods, on however many lines they stand: a marked piece is a line of its
// own, and a pack scanned twice may be two.
#include <algorithm>

#include "gateway/loyalty/evaluate.h"

namespace till::loyalty {

namespace {

// What comes back does not count.
std::int64_t bought(std::int64_t price, std::int64_t quantity) {
  return price < 0 ? 0 : std::max<std::int64_t>(0, quantity);
}

}  // namespace

bool Evaluator::same_goods(std::size_t a, std::size_t b) const {
  return a == b || (!lines_[a].goods.empty() && lines_[a].goods == lines_[b].goods);
}

// What a line costs and whether it may be lowered, anew: of all lines of its goods when a selector
// of the program goes by their quantity.
void Evaluator::goods_changed(std::size_t line) {
  if (!plan_.counts_goods) {
    price(lines_[line]);
    lines_[line].dirty = true;
    return;
  }
  std::int64_t together = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (!same_goods(i, line)) continue;
    together = checked_add(together, bought(lines_[i].price, lines_[i].quantity));
  }
  for (std::size_t i = 0; i < count_; ++i) {
    if (!same_goods(i, line)) continue;
    lines_[i].together = together;
    price(lines_[i]);
    lines_[i].dirty = true;
  }
}

// The same for a new basket.
void Evaluator::count_goods() {
  for (std::size_t i = 0; i < count_; ++i) lines_[i].together = lines_[i].quantity;
  if (!plan_.counts_goods) return;
  order_.clear();
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (!lines_[i].goods.empty()) order_.push_back(i);
  }
  std::ranges::sort(
      order_, [&](std::uint32_t a, std::uint32_t b) { return lines_[a].goods < lines_[b].goods; });
  for (auto first = order_.begin(); first != order_.end();) {
    const auto last =
        std::find_if(first, order_.end(), [&](std::uint32_t i) { return !same_goods(*first, i); });
    std::int64_t together = 0;
    for (auto at = first; at != last; ++at) {
      together = checked_add(together, bought(lines_[*at].price, lines_[*at].quantity));
    }
    for (auto at = first; at != last; ++at) lines_[*at].together = together;
    first = last;
  }
}

// Of each goods the candidates together work on `most` at most, the dearest units first.
void Evaluator::limit_units(std::int64_t most) {
  order_.clear();
  for (std::uint32_t k = 0; k < cand_.size(); ++k) order_.push_back(k);
  std::ranges::sort(order_, [&](std::uint32_t a, std::uint32_t b) {
    const auto &la = lines_[cand_[a]], &lb = lines_[cand_[b]];
    if (la.goods != lb.goods) return la.goods < lb.goods;
    return la.price != lb.price ? la.price > lb.price : before(cand_[a], cand_[b]);
  });
  auto left = most;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const auto k = order_[i];
    if (i > 0 && !same_goods(cand_[order_[i - 1]], cand_[k])) left = most;
    worked_[k] = std::min(worked_[k], left);
    left -= worked_[k];
  }
  std::size_t kept = 0;
  for (std::size_t k = 0; k < cand_.size(); ++k) {
    if (worked_[k] == 0) continue;
    cand_[kept] = cand_[k];
    worked_[kept++] = worked_[k];
  }
  cand_.resize(kept);
  worked_.resize(kept);
}

// Why no line that the rule looks at is one it selects, if none is.
std::optional<Evaluator::Blame> Evaluator::lacks_goods(std::uint32_t rule) const {
  const auto& r = plan_.rules[rule];
  const bool some =
      r.sets || r.select.all() || std::ranges::any_of(lines_of(rule), [&](std::uint32_t i) {
        return selects(r.select, lines_[i]);
      });
  if (some) return {};
  return missing_goods(rule);
}

Evaluator::Blame Evaluator::missing_goods(std::uint32_t rule) const {
  const auto& s = plan_.rules[rule].select;
  auto missing = kHighest;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto& l = lines_[i];
    if (l.excluded || l.together >= s.quantity.min || !is_of(s, l)) continue;
    missing = std::min(missing, s.quantity.min - l.together);
  }
  if (missing == kHighest) return {Why::kNoGoods};
  return {Why::kNeedsQuantity, missing, 0};
}

}  // namespace till::loyalty
