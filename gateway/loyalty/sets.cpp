// Units taken together, and offers that compete.
#include <algorithm>
#include <tuple>

#include "gateway/loyalty/evaluate.h"

namespace till::loyalty {

// How many sets there are, with what they take in set_taken_ and what the effect works on in got_.
// A rule without sets works once.
std::int64_t Evaluator::form_sets(std::uint32_t rule, std::int64_t most, bool quiet) {
  const auto& r = plan_.rules[rule];
  if (!r.sets) return 1;
  std::int64_t whole = 0, least = kHighest;
  for (const auto i : lines_of(rule))
    whole = checked_add(whole, std::max<std::int64_t>(0, lines_[i].quantity));
  for (const auto* parts : {&r.sets->buy, &r.sets->get}) {
    for (const auto& part : *parts) least = std::min(least, part.quantity);
  }
  std::int64_t low = 0, high = std::min({most, r.sets->most, whole / least});
  Blame missing{Why::kNeedsQuantity, least, 0};
  if (high > 0 && place_sets(rule, high, nullptr)) return high;
  while (low + 1 < high) {  // high does not fit
    const auto middle = low + (high - low) / 2;
    (place_sets(rule, middle, nullptr) ? low : high) = middle;
  }
  if (low == 0) {
    place_sets(rule, 1, &missing);
    if (!quiet) say(missing.why, rule, -1, missing.a);
    return 0;
  }
  place_sets(rule, low, nullptr);
  return low;
}

bool Evaluator::place_sets(std::uint32_t rule, std::int64_t times, Blame* missing) {
  const auto& sets = *plan_.rules[rule].sets;
  for (const auto i : lines_of(rule)) set_taken_[i] = got_[i] = 0;
  for (const auto& part : sets.buy) {
    if (!place_part(rule, part, times, &sets.get, missing)) return false;
  }
  if (sets.get.empty()) {
    for (const auto i : lines_of(rule)) got_[i] = set_taken_[i];
    return true;
  }
  for (const auto& part : sets.get) {
    if (!place_part(rule, part, times, nullptr, missing)) return false;
  }
  return true;
}

// Not the place on the receipt decides which goods come first, as long as something else can.
bool Evaluator::before(std::uint32_t a, std::uint32_t b) const {
  const auto key = [&](std::uint32_t i) {
    const auto& l = lines_[i];
    return std::tuple(l.sku, l.category, l.price, l.quantity, l.min_price, l.list_room, l.excluded);
  };
  const auto ka = key(a), kb = key(b);
  return ka != kb ? ka < kb : a < b;
}

// Takes times x quantity from the lines of the part; what others could need (`keep`) last. A unit
// is used once, by one set of one rule.
bool Evaluator::place_part(std::uint32_t rule, const SetPart& part, std::int64_t times,
                           const std::vector<SetPart>* keep, Blame* missing) {
  order_.clear();
  for (const auto i : lines_of(rule)) {
    const auto& l = lines_[i];
    if (l.excluded || closed_[i] != 0 || !selects(part.select, l)) continue;
    order_.push_back(i);
  }
  const auto needed_elsewhere = [&](std::uint32_t i) {
    return keep != nullptr && std::ranges::any_of(*keep, [&](const SetPart& other) {
             return selects(other.select, lines_[i]);
           });
  };
  std::ranges::sort(order_, [&](std::uint32_t a, std::uint32_t b) {
    const bool ka = needed_elsewhere(a), kb = needed_elsewhere(b);
    if (ka != kb) return kb;
    const auto pa = lines_[a].price, pb = lines_[b].price;
    if (part.pick != Pick::kFirst && pa != pb) {
      return part.pick == Pick::kCheapest ? pa < pb : pa > pb;
    }
    return before(a, b);
  });
  auto need = checked_mul(part.quantity, times);
  for (const auto i : order_) {
    const auto free = lines_[i].quantity - taken_[i] - set_taken_[i];
    const auto take = std::min(need, std::max<std::int64_t>(0, free));
    set_taken_[i] += take;
    if (keep == nullptr) got_[i] += take;
    need -= take;
    if (need == 0) return true;
  }
  if (missing != nullptr) *missing = {Why::kNeedsQuantity, need, 0};
  return false;
}

void Evaluator::run_group(const Group& g) {
  members_.clear();
  for (const auto rule : g.members) {
    const bool on = ((active_[rule / 64] | always_[rule / 64]) >> (rule % 64) & 1) != 0;
    if (on) members_.push_back(rule);
  }
  if (g.best && g.most == 1) return best_of();
  if (g.best) return best_several(g.most);
  std::int64_t left = g.most, winner = -1;
  for (const auto rule : members_) {
    if (left == 0) {
      say(Why::kLostTo, rule, -1, winner);
    } else if (apply(rule, false) > 0) {
      winner = rule;
      --left;
    }
  }
}

void Evaluator::best_of() {
  std::int64_t best = 0, winner = -1;
  values_.clear();
  for (const auto rule : members_) {
    values_.push_back(apply(rule, true));
    if (values_.back() <= best) continue;
    best = values_.back();
    winner = rule;
  }
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i] == winner) continue;
    if (values_[i] > 0) {
      say(Why::kLostTo, members_[i], -1, winner);
    } else if (may_apply(members_[i], false)) {
      say(Why::kNothingLeft, members_[i]);
    }
  }
  if (winner >= 0) apply(static_cast<std::uint32_t>(winner), false);
}

void Evaluator::save() {
  saved_.amount.assign(amount_.begin(), amount_.end());
  saved_.room.assign(room_.begin(), room_.end());
  saved_.taken.assign(taken_.begin(), taken_.end());
  saved_.working = working_;
  saved_.sizes = {out_.applied.size(), out_.spent.size(), out_.hits.size(),
                  out_.reasons.size(), gave_list_.size(), out_.earned.size()};
}

void Evaluator::restore() {
  std::ranges::copy(saved_.amount, amount_.begin());
  std::ranges::copy(saved_.room, room_.begin());
  std::ranges::copy(saved_.taken, taken_.begin());
  working_ = saved_.working;
  out_.applied.resize(saved_.sizes[0]);
  out_.spent.resize(saved_.sizes[1]);
  out_.hits.resize(saved_.sizes[2]);
  out_.reasons.resize(saved_.sizes[3]);
  for (std::size_t i = saved_.sizes[4]; i < gave_list_.size(); ++i) gave_[gave_list_[i]] = 0;
  gave_list_.resize(saved_.sizes[4]);
  undo_earned(saved_.sizes[5]);
}

// Exact: every subset of at most `most` members, each applied in order. The loader keeps groups
// like this at 12 rules, so there are at most 4096.
void Evaluator::best_several(std::int64_t most) {
  const auto count = members_.size();
  std::int64_t best = 0;
  std::uint32_t choice = 0;
  save();
  for (std::uint32_t mask = 1; mask < 1U << count; ++mask) {
    if (__builtin_popcount(mask) > most) continue;
    std::int64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if ((mask >> i & 1) != 0) value += apply(members_[i], false);
    }
    restore();
    if (value > best) {
      best = value;
      choice = mask;
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    if ((choice >> i & 1) != 0) {
      apply(members_[i], false);
    } else if (may_apply(members_[i], false)) {
      say(Why::kLostTo, members_[i], -1, -1);
    }
  }
}

}  // namespace till::loyalty
