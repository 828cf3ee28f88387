// Units taken together, and offers that compete.
#include <algorithm>
#include <bit>
#include <tuple>

#include "gateway/loyalty/evaluate.h"

namespace till::loyalty {

namespace {

bool has_set_price(const Rule& r) {
  return r.give.kind == Effect::Kind::kPrice && r.give.per == Per::kSet;
}

}  // namespace

void Evaluator::list_parts(const Sets& sets) {
  parts_in_hand_.clear();
  for (const auto* parts : {&sets.buy, &sets.get}) {
    for (const auto& part : *parts) parts_in_hand_.push_back({&part, parts == &sets.get});
  }
}

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
  list_parts(*r.sets);
  Blame missing{Why::kNeedsQuantity, least, 0};
  // A price for a set is for sets that cost more, so each is looked at.
  if (r.sets->one_by_one || has_set_price(r)) {
    const auto formed = form_one_by_one(rule, high, &missing);
    if (formed == 0 && !quiet) say(missing.why, rule, -1, missing.a);
    return formed;
  }
  if (parts_in_hand_.size() > 1) order_lines_of_parts(rule);
  if (high > 0 && place_sets(rule, high, nullptr)) return high;
  while (low + 1 < high) {  // high does not fit
    const auto middle = low + (high - low) / 2;
    (place_sets(rule, middle, nullptr) ? low : high) = middle;
  }
  if (low == 0) {
    missing.a = 0;  // of all parts
    place_sets(rule, 1, &missing);
    if (!quiet) say(missing.why, rule, -1, missing.a);
    return 0;
  }
  place_sets(rule, low, nullptr);
  return low;
}

// Each part takes what it likes best; where that leaves another without, goods change hands until
// all parts have theirs, if that can be at all.
bool Evaluator::place_sets(std::uint32_t rule, std::int64_t times, Blame* missing) {
  if (place_gets_first(rule, times) || place_greedily(rule, times, nullptr)) return true;
  for (const auto i : lines_of(rule)) set_taken_[i] = got_[i] = 0;
  if (match_parts(times, true)) {
    put_matched();
    return true;
  }
  return missing != nullptr && place_greedily(rule, times, missing);
}

// Where several parts of `buy` could take what is the cheapest of `get`, that one chooses first, as
// long as the others still come together.
bool Evaluator::place_gets_first(std::uint32_t rule, std::int64_t times) {
  const auto& sets = *plan_.rules[rule].sets;
  const auto cheapest = [](const SetPart& p) { return p.pick == Pick::kCheapest; };
  if (sets.buy.size() < 2 || sets.get.empty() || !std::ranges::all_of(sets.get, cheapest) ||
      std::ranges::any_of(sets.buy, cheapest)) {
    return false;
  }
  for (const auto i : lines_of(rule)) set_taken_[i] = got_[i] = 0;
  for (const auto& part : sets.get) {
    if (!place_part(rule, part, times, nullptr, nullptr)) return false;
  }
  for (const auto i : lines_of(rule)) got_[i] = set_taken_[i];
  if (!match_parts(times, false)) return false;
  put_matched();
  return true;
}

bool Evaluator::place_greedily(std::uint32_t rule, std::int64_t times, Blame* missing) {
  const auto& sets = *plan_.rules[rule].sets;
  for (const auto i : lines_of(rule)) set_taken_[i] = got_[i] = 0;
  bool whole = true;
  for (const auto& p : parts_in_hand_) {
    whole = place_part(rule, *p.part, times, p.gets ? nullptr : &sets.get, missing) && whole;
    if (!whole && missing == nullptr) return false;
  }
  if (sets.get.empty()) {
    for (const auto i : lines_of(rule)) got_[i] = set_taken_[i];
  }
  return whole;
}

// Not the place on the receipt decides which goods come first, as long as something else can.
bool Evaluator::before(std::uint32_t a, std::uint32_t b) const {
  const auto key = [](const LineState& l) {
    return std::tie(l.sku, l.category, l.price, l.quantity, l.min_price, l.list_room, l.excluded,
                    l.together, l.taxed_on_top, l.taxed_inside, l.earns, l.discounted, l.tags,
                    l.goods);
  };
  const auto order = key(lines_[a]) <=> key(lines_[b]);
  return order != 0 ? order < 0 : a < b;
}

std::int64_t Evaluator::spread(std::int64_t amount, std::span<const std::int64_t> weights,
                               std::span<const std::int64_t> caps, std::span<std::int64_t> shares,
                               std::span<const std::uint32_t> lines, Spread how,
                               Rounding rounding) {
  struct ByGoods final : Allocator::Ties {
    ByGoods(const Evaluator& e, std::span<const std::uint32_t> l) : self(e), lines(l) {}
    [[nodiscard]] bool before(std::size_t a, std::size_t b) const override {
      return self.before(lines[a], lines[b]);
    }
    const Evaluator& self;
    std::span<const std::uint32_t> lines;
  };
  const ByGoods ties(*this, lines);
  return allocator_.spread(amount, weights, caps, shares, how, rounding, &ties);
}

// Takes times x quantity from the lines of the part; what others could need (`keep`) last. A unit
// is used once, by one set of one rule.
bool Evaluator::place_part(std::uint32_t rule, const SetPart& part, std::int64_t times,
                           const std::vector<SetPart>* keep, Blame* missing) {
  order_part(rule, part, keep);
  auto need = checked_mul(part.quantity, times);
  for (const auto i : order_) {
    const auto free = lines_[i].quantity - taken_[i] - set_taken_[i];
    const auto take = std::min(need, std::max<std::int64_t>(0, free));
    set_taken_[i] += take;
    if (keep == nullptr) got_[i] += take;
    need -= take;
    if (need == 0) return true;
  }
  if (missing != nullptr) missing->a = checked_add(missing->a, need);
  return false;
}

void Evaluator::order_lines_of_parts(std::uint32_t rule) {
  const auto& sets = *plan_.rules[rule].sets;
  if (part_lines_.size() < parts_in_hand_.size()) part_lines_.resize(parts_in_hand_.size());
  part_at_.assign(parts_in_hand_.size(), 0);
  for (std::size_t p = 0; p < parts_in_hand_.size(); ++p) {
    order_part(rule, *parts_in_hand_[p].part, parts_in_hand_[p].gets ? nullptr : &sets.get);
    part_lines_[p].assign(order_.begin(), order_.end());
  }
}

// Part p takes up to `want` of what is free, else of what another part can do without.
// Augmenting paths, as in Ford and Fulkerson's flow.
std::int64_t Evaluator::push_part(std::size_t p, std::int64_t want) {
  part_seen_[p] = 1;
  for (const auto i : part_lines_[p]) {
    const auto take = std::min(want, part_free_[i]);
    if (take <= 0) continue;
    part_free_[i] -= take;
    part_flow_[p * count_ + i] += take;
    return take;
  }
  for (const auto i : part_lines_[p]) {
    for (std::size_t q = 0; q < parts_in_hand_.size(); ++q) {
      auto& theirs = part_flow_[q * count_ + i];
      if (theirs == 0 || part_seen_[q] != 0) continue;
      const auto moved = push_part(q, std::min(want, theirs));
      if (moved == 0) continue;
      part_flow_[q * count_ + i] -= moved;
      part_flow_[p * count_ + i] += moved;
      return moved;
    }
  }
  return 0;
}

// Whether so many sets come together of what set_taken_ leaves, or their `buy` alone; who takes
// what is in part_flow_.
bool Evaluator::match_parts(std::int64_t times, bool gets_too) {
  const auto parts = parts_in_hand_.size();
  if (parts < 2) return false;
  part_flow_.assign(parts * count_, 0);
  part_free_.assign(count_, 0);
  for (std::size_t i = 0; i < count_; ++i) {
    const auto left = lines_[i].quantity - taken_[i] - set_taken_[i];
    part_free_[i] = std::max<std::int64_t>(0, left);
  }
  for (std::size_t p = 0; p < parts; ++p) {
    if (parts_in_hand_[p].gets && !gets_too) continue;
    for (auto need = checked_mul(parts_in_hand_[p].part->quantity, times); need > 0;) {
      part_seen_.assign(parts, 0);
      const auto pushed = push_part(p, need);
      if (pushed == 0) return false;
      need -= pushed;
    }
  }
  return true;
}

void Evaluator::put_matched() {
  takes_.clear();
  const bool all_get = std::ranges::none_of(parts_in_hand_, &PartInHand::gets);
  for (std::size_t p = 0; p < parts_in_hand_.size(); ++p) {
    for (const auto i : part_lines_[p]) {
      const auto taken = part_flow_[p * count_ + i];
      if (taken == 0) continue;
      const auto got = parts_in_hand_[p].gets || all_get ? taken : 0;
      set_taken_[i] += taken;
      got_[i] += got;
      takes_.push_back({i, taken, got});
    }
  }
}

// What the set in hand costs now, of the goods the effect works on.
std::int64_t Evaluator::cost_of_set() const {
  std::int64_t sum = 0;
  for (const auto& t : takes_) {
    if (t.got == 0) continue;
    sum =
        checked_add(sum, mul_div(amount_[t.line], t.got, lines_[t.line].quantity, Rounding::kDown));
  }
  return sum;
}

// Takes one set; false when it does not come together. What it took stands in takes_.
bool Evaluator::take_set(const Sets& sets, Blame* missing) {
  takes_.clear();
  std::int64_t short_of = 0;
  for (std::size_t p = 0; p < parts_in_hand_.size(); ++p) {
    const bool gets = parts_in_hand_[p].gets || sets.get.empty();
    auto need = parts_in_hand_[p].part->quantity;
    for (auto& at = part_at_[p]; need > 0 && at < part_lines_[p].size();) {
      const auto i = part_lines_[p][at];
      const auto free = lines_[i].quantity - taken_[i] - set_taken_[i];
      const auto take = std::min(need, std::max<std::int64_t>(0, free));
      if (take > 0) takes_.push_back({i, take, gets ? take : 0});
      set_taken_[i] += take;
      got_[i] += gets ? take : 0;
      need -= take;
      if (need > 0) ++at;
    }
    short_of = checked_add(short_of, need);
  }
  if (short_of == 0) return true;
  for (const auto& t : takes_) {
    set_taken_[t.line] -= t.taken;
    got_[t.line] -= t.got;
  }
  takes_.clear();
  if (match_parts(1, true)) {
    put_matched();
    std::ranges::fill(part_at_, 0);
    return true;
  }
  *missing = {Why::kNeedsQuantity, short_of, 0};
  return false;
}

// How many more sets just like the one in hand there are: a million pieces are not gone through
// one by one.
std::int64_t Evaluator::like_this_set(std::int64_t most) {
  for (const auto& t : takes_) in_set_[t.line] = 0;
  for (const auto& t : takes_) in_set_[t.line] += t.taken;
  for (const auto& t : takes_) {
    const auto free = lines_[t.line].quantity - taken_[t.line] - set_taken_[t.line];
    most = std::min(most, std::max<std::int64_t>(0, free) / in_set_[t.line]);
  }
  return most;
}

// Goods that a set price would make no cheaper are passed over where the cheapest go first. False:
// no part takes those.
bool Evaluator::leave_out_cheapest() {
  std::int64_t line = -1;
  for (std::size_t p = 0; p < parts_in_hand_.size(); ++p) {
    if (parts_in_hand_[p].part->pick != Pick::kCheapest) continue;
    for (const auto& t : takes_) {
      const bool of_part = std::ranges::find(part_lines_[p], t.line) != part_lines_[p].end();
      if (!of_part) continue;
      if (line < 0 || lines_[t.line].price < lines_[static_cast<std::size_t>(line)].price) {
        line = t.line;
      }
    }
  }
  if (line < 0) return false;
  for (auto& lines : part_lines_) std::erase(lines, static_cast<std::uint32_t>(line));
  std::ranges::fill(part_at_, 0);
  return true;
}

// Each set takes what is foremost of what is left; a set that does not come together, or would
// become dearer, takes nothing.
std::int64_t Evaluator::form_one_by_one(std::uint32_t rule, std::int64_t most, Blame* missing) {
  const auto& r = plan_.rules[rule];
  const auto& sets = *r.sets;
  if (in_set_.size() < count_) in_set_.resize(count_);
  order_lines_of_parts(rule);
  for (const auto i : lines_of(rule)) set_taken_[i] = got_[i] = 0;
  const auto more_of_it = [&](std::int64_t times) {
    for (const auto& t : takes_) {
      set_taken_[t.line] += t.taken * times;
      got_[t.line] += t.got * times;
    }
    return times;
  };
  std::int64_t formed = 0;
  bool passed_over = false;
  while (formed < most) {
    if (!take_set(sets, missing)) break;
    if (has_set_price(r) && cost_of_set() <= value_of(r.give.value)) {
      passed_over = true;
      more_of_it(-1);
      if (leave_out_cheapest()) continue;
      break;
    }
    formed += 1 + more_of_it(like_this_set(most - formed - 1));
  }
  if (passed_over) *missing = {Why::kNothingLeft, 0, 0};
  return formed;
}

// The lines of a part in the order in which they are taken.
void Evaluator::order_part(std::uint32_t rule, const SetPart& part,
                           const std::vector<SetPart>* keep) {
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
}

void Evaluator::run_group(const Group& g) {
  members_.clear();
  for (const auto rule : g.members) {
    const bool on = ((active_[rule / 64] | always_[rule / 64]) >> (rule % 64) & 1) != 0;
    if (on) members_.push_back(rule);
  }
  if (g.best && g.most == 1) return best_of(g);
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

void Evaluator::best_of(const Group& g) {
  std::int64_t best = 0, winner = -1;
  values_.clear();
  for (const auto rule : members_) {
    values_.push_back(apply(rule, true));
    if (!g.prefers(values_.back(), best)) continue;
    best = values_.back();
    winner = rule;
  }
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i] == winner) continue;
    if (values_[i] > 0) {
      say(Why::kLostTo, members_[i], -1, winner);
    } else if (may_apply(members_[i], false)) {
      apply(members_[i], true);  // brings its candidates back
      plan_.rules[members_[i]].give.kind == Effect::Kind::kEarn ? say_no_points(members_[i])
                                                                : say_nothing(members_[i]);
    }
  }
  if (winner >= 0) apply(static_cast<std::uint32_t>(winner), false);
}

void Evaluator::save(Saved& to) const {
  to.amount.assign(amount_.begin(), amount_.end());
  to.room.assign(room_.begin(), room_.end());
  to.taken.assign(taken_.begin(), taken_.end());
  to.working = working_;
  to.sizes = {out_.applied.size(), out_.spent.size(), out_.hits.size(),
              out_.reasons.size(), gave_list_.size(), out_.earned.size()};
}

void Evaluator::restore(const Saved& from) {
  std::ranges::copy(from.amount, amount_.begin());
  std::ranges::copy(from.room, room_.begin());
  std::ranges::copy(from.taken, taken_.begin());
  working_ = from.working;
  out_.applied.resize(from.sizes[0]);
  out_.spent.resize(from.sizes[1]);
  out_.hits.resize(from.sizes[2]);
  out_.reasons.resize(from.sizes[3]);
  for (std::size_t i = from.sizes[4]; i < gave_list_.size(); ++i) gave_[gave_list_[i]] = 0;
  gave_list_.resize(from.sizes[4]);
  undo_earned(from.sizes[5]);
  give_coupons_back();
}

// Exact: every subset of at most `most` members, each applied in order, and what they begin with
// alike is applied once. The loader keeps groups like this at 12 rules, so there are at most 4096.
// Of equal ones that of the earlier members.
void Evaluator::best_several(std::int64_t most) {
  Choice best;
  if (saved_.size() < members_.size()) saved_.resize(members_.size());
  try_more(0, most, {}, best);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if ((best.mask >> i & 1) != 0) {
      apply(members_[i], false);
    } else if (may_apply(members_[i], false)) {
      say(Why::kLostTo, members_[i], -1, -1);
    }
  }
}

// What gives nothing behind those chosen is no better chosen.
void Evaluator::try_more(std::size_t from, std::int64_t left, const Choice& so_far, Choice& best) {
  if (left == 0 || from == members_.size()) return;
  auto& before = saved_[static_cast<std::size_t>(std::popcount(so_far.mask))];
  save(before);
  for (std::size_t i = from; i < members_.size(); ++i) {
    const auto value = apply(members_[i], false);
    if (value > 0) {
      const Choice now{so_far.mask | 1U << i, checked_add(so_far.value, value)};
      if (now.value > best.value || (now.value == best.value && now.mask < best.mask)) best = now;
      try_more(i + 1, left - 1, now, best);
    }
    restore(before);
  }
}

}  // namespace till::loyalty
