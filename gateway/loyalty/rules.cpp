// Rules that look at several lines: sets, receipt offers, coupons, card percents; groups; limits.
#include <algorithm>
#include <limits>
#include <numeric>

#include "gateway/loyalty/evaluate.h"
#include "gateway/loyalty/load.h"

namespace till::loyalty {

namespace {

bool bounded(const Rule& r) { return !r.limits.empty() || r.cost.amount > 0 || r.takes.count > 0; }

}  // namespace

void Evaluator::say(Why why, std::int64_t rule, std::int64_t line, std::int64_t a, std::int64_t b) {
  if (out_.reasons.size() >= limits::kMaxReasons) {
    out_.reasons_cut = true;
    return;
  }
  out_.reasons.emplace_back(why, static_cast<std::int32_t>(rule), static_cast<std::int32_t>(line),
                            a, b);
}

std::span<const std::uint32_t> Evaluator::lines_of(std::uint32_t rule) const {
  if (plan_.all_lines[rule] != 0) return {all_.data(), count_};
  return rule_lines_[rule];
}

// What earlier receipts left of limits.
Evaluator::Quota Evaluator::quota_of(NameId key, std::span<const Limit> limits) const {
  Quota q;
  for (const auto& limit : limits) {
    std::int64_t times = limit.times, amount = limit.amount;
    for (const auto& u : used_) {
      if (u.rule != key || u.scope != limit.scope || u.period != limit.period) continue;
      if (times != kHighest) times -= u.times;
      if (amount != kHighest) amount -= u.amount;
    }
    if (q.times > 0 && q.amount > 0 && (times < q.times || amount < q.amount)) {
      q.scope = limit.scope;
      q.period = limit.period;
    }
    q.times = std::min(q.times, std::max<std::int64_t>(0, times));
    q.amount = std::min(q.amount, std::max<std::int64_t>(0, amount));
  }
  return q;
}

Evaluator::Quota Evaluator::quota(std::uint32_t rule) const {
  const auto& r = plan_.rules[rule];
  auto q = quota_of(r.key, r.limits);
  if (r.cost.amount > 0) {
    q.times = std::min(q.times, std::max<std::int64_t>(0, balance(r.cost.purse)) / r.cost.amount);
  }
  if (r.takes.count > 0) q.times = std::min(q.times, free_coupons(r.takes.type) / r.takes.count);
  return q;
}

bool Evaluator::may_apply(std::uint32_t rule, bool quiet) {
  const auto& r = plan_.rules[rule];
  const auto no = [&](Why why, std::int64_t a = 0, std::int64_t b = 0) {
    if (!quiet) say(why, rule, -1, a, b);
    return false;
  };
  if (exclusive_ >= 0 && r.give.is_discount() && exclusive_ != rule) {
    return no(Why::kExclusive, exclusive_);
  }
  for (const auto other : r.not_with) {
    if (gave_[other] != 0) return no(Why::kNotWith, other);
  }
  if (r.give.asks_plugin()) {
    if (const auto says = plugin_says(r.give.what); says != Why::kApplied) return no(says);
  }
  if (r.give.kind == Effect::Kind::kGift) {
    if (const auto legal = barred(r.give.what)) {
      return no(Why::kGiftBarred, static_cast<std::int64_t>(*legal));
    }
  }
  rule_in_hand_ = rule;
  for (const auto& part : r.when.parts) {
    Blame blame;
    if (part.on_basket && !holds(part, &blame)) return no(blame.why, blame.a, blame.b);
  }
  if (!bounded(r)) return true;
  if (const auto missing = r.takes.count - free_coupons(r.takes.type);
      r.takes.count > 0 && missing > 0) {
    return no(Why::kCoupons, missing, r.takes.type);
  }
  const auto q = quota(rule);
  if (r.cost.amount > 0 && !card_works_) return no(Why::kCardInactive, activation());
  if (r.cost.amount > 0 && balance(r.cost.purse) < r.cost.amount) {
    return no(Why::kNoPoints, r.cost.amount - balance(r.cost.purse), r.cost.purse);
  }
  if (q.times == 0 || q.amount == 0) {
    return no(Why::kLimitReached, static_cast<std::int64_t>(q.scope),
              static_cast<std::int64_t>(q.period));
  }
  return true;
}

// Does what the rule gives; returns how much: money, points, or 1 for other things. Dry, only the
// amount is worked out.
std::int64_t Evaluator::apply(std::uint32_t rule, bool dry) {
  if (!may_apply(rule, dry)) return 0;
  const auto& r = plan_.rules[rule];
  const auto q = bounded(r) ? quota(rule) : Quota{};
  if (r.give.is_discount()) return apply_discount(rule, dry, q);
  if (r.give.kind == Effect::Kind::kEarn) return apply_earn(rule, dry, q);
  return apply_gift(rule, dry, q);
}

void Evaluator::gave(std::uint32_t rule, std::int64_t times, std::int64_t amount) {
  const auto& r = plan_.rules[rule];
  gave_[rule] = 1;
  gave_list_.push_back(rule);
  out_.hits.emplace_back(rule, times, amount);
  if (r.cost.amount > 0) {
    out_.spent.push_back({rule, r.cost.purse, checked_mul(r.cost.amount, times)});
  }
  if (r.takes.count > 0) take_coupons(rule, times);
  if (!r.sets) return;
  for (const auto line : lines_of(rule)) taken_[line] += set_taken_[line];
}

// By the candidates in hand.
Evaluator::Blame Evaluator::nothing(std::uint32_t rule) const {
  const auto& give = plan_.rules[rule].give;
  if (const auto below = below_ladder(give.value)) return *below;
  const auto paid = std::accumulate(weight_.begin(), weight_.end(), std::int64_t{0});
  if (paid < give.every) return {Why::kNeedsAmount, give.every - paid, 0};
  if (const auto goods = lacks_goods(rule)) return *goods;
  const bool some = std::ranges::any_of(weight_, [](std::int64_t w) { return w > 0; });
  const bool wished = std::ranges::any_of(wish_, [](std::int64_t w) { return w > 0; });
  if (!some || wished || give.kind == Effect::Kind::kPlugin) return {Why::kNothingLeft, 0, 0};
  return {give.kind == Effect::Kind::kPrice ? Why::kNotLower : Why::kRoundedAway, 0, 0};
}

void Evaluator::say_nothing(std::uint32_t rule) {
  const auto blame = nothing(rule);
  say(blame.why, rule, -1, blame.a, blame.b);
}

// The lines rule may still take something off, with how much of each it works on.
void Evaluator::candidates(std::uint32_t rule) {
  const auto& r = plan_.rules[rule];
  cand_.clear();
  weight_.clear();
  cap_.clear();
  worked_.clear();
  for (const auto i : lines_of(rule)) {
    const auto& l = lines_[i];
    const bool part = r.sets.has_value();
    if (l.excluded || closed_[i] != 0 || (part ? got_[i] == 0 : !selects(r.select, l))) continue;
    cand_.push_back(i);
    worked_.push_back(part ? got_[i] : l.quantity);
  }
  if (r.give.most_units != kHighest) limit_units(r.give.most_units);
  for (std::size_t k = 0; k < cand_.size(); ++k) {
    const auto quantity = lines_[cand_[k]].quantity;
    const auto slice = [&](std::int64_t of) {
      return worked_[k] == quantity ? of : mul_div(of, worked_[k], quantity, Rounding::kDown);
    };
    weight_.push_back(slice(amount_[cand_[k]]));
    cap_.push_back(slice(room_[cand_[k]]));
  }
}

// Fills wish_ line by line; or returns an amount to be spread over them all.
std::int64_t Evaluator::wish(const Rule& r, std::int64_t times) {
  const auto& s = plan_.settings;
  const auto value = value_of(r.give.value);
  wish_.assign(cand_.size(), 0);
  if (r.give.value.marginal) return wish_by_steps(r);
  if (below_prices(r.give)) return -1;
  std::int64_t sum = 0;
  const auto by_quantity = [&](std::size_t k) {
    return mul_div(value, worked_[k], kQuantityScale, s.money);
  };
  if (r.give.kind == Effect::Kind::kPlugin) {
    wish_plugin(r.give.what);
    return -1;
  }
  if (r.give.kind == Effect::Kind::kRound) {
    auto left = working_;
    if (r.sets || !r.select.all()) left = std::accumulate(weight_.begin(), weight_.end(), sum);
    return std::max<std::int64_t>(0, left) % value;
  }
  if (r.give.kind == Effect::Kind::kAmount &&
      (r.give.per == Per::kReceipt || r.give.per == Per::kSet)) {
    if (r.give.every == 0) return checked_mul(value, times);
    for (const auto w : weight_) sum = checked_add(sum, w);
    return checked_mul(value, std::max<std::int64_t>(0, sum) / r.give.every);
  }
  if (r.give.kind == Effect::Kind::kPrice && r.give.per == Per::kSet) {
    for (const auto w : weight_) sum = checked_add(sum, w);
    return std::max<std::int64_t>(0, sum - checked_mul(value, times));
  }
  for (std::size_t k = 0; k < cand_.size(); ++k) {
    const auto& l = lines_[cand_[k]];
    if (r.give.kind == Effect::Kind::kPercent) {
      const auto of =
          s.percent_of_list ? mul_div(l.list, worked_[k], l.quantity, Rounding::kDown) : weight_[k];
      sum = checked_add(sum, of);
      wish_[k] = percent_off(r.give, of, worked_[k], value);
    } else if (r.give.kind == Effect::Kind::kAmount) {
      wish_[k] = r.give.per == Per::kUnit ? by_quantity(k) : value;
    } else {
      const auto price = r.give.per == Per::kUnit ? by_quantity(k) : value;
      wish_[k] = std::max<std::int64_t>(0, weight_[k] - price);
    }
  }
  return r.give.of_total ? part_of(sum, value) : -1;
}

// Shares of the candidates; returns what was wanted.
std::int64_t Evaluator::share_out(const Rule& r, std::int64_t times) {
  const auto together = wish(r, times);
  const auto count = cand_.size();
  share_.assign(count, 0);
  // An amount goes by what the customer would pay, tax included.
  if (plan_.settings.before_tax) {
    for (std::size_t k = 0; k < count; ++k) weight_[k] = with_tax(lines_[cand_[k]], weight_[k]);
  }
  if (together >= 0) {
    std::span<const std::int64_t> weights = weight_;
    if (plan_.settings.equal_shares && r.give.kind == Effect::Kind::kAmount) {
      scratch_.assign(weight_.begin(), weight_.end());
      for (auto& weight : scratch_) weight = std::min<std::int64_t>(weight, 1);
      weights = scratch_;
    }
    spread(together, weights, cap_, share_, cand_, plan_.settings.spread, plan_.settings.money);
    return together;
  }
  std::int64_t wanted = 0, blocked = 0;
  for (std::size_t k = 0; k < count; ++k) {
    share_[k] = std::min(wish_[k], cap_[k]);
    wanted = checked_add(wanted, wish_[k]);
    blocked = checked_add(blocked, wish_[k] - share_[k]);
  }
  const bool moves = r.spills && r.give.kind == Effect::Kind::kPercent;
  if (blocked > 0 && moves) {
    // What a floor blocks moves to the lines that still have room.
    for (std::size_t k = 0; k < count; ++k) cap_[k] -= share_[k];
    scratch_.assign(count, 0);
    spread(blocked, weight_, cap_, scratch_, cand_, plan_.settings.spread);
    for (std::size_t k = 0; k < count; ++k) share_[k] += scratch_[k];
  }
  return wanted;
}

std::int64_t Evaluator::apply_discount(std::uint32_t rule, bool dry, const Quota& q) {
  const auto& r = plan_.rules[rule];
  const auto times = form_sets(rule, q.times, dry);
  if (times == 0) return 0;
  candidates(rule);
  const auto next = dry ? std::nullopt : next_step(r.give);
  const auto wanted = share_out(r, times);
  std::int64_t given = 0;
  for (const auto share : share_) given = checked_add(given, share);
  const auto most = std::max<std::int64_t>(0, left_to_take_off());
  const auto fits = std::min(q.amount, what_fits(given));
  if (given > fits) {  // a limit, or negative lines that leave less to pay
    scratch_.assign(share_.begin(), share_.end());
    given = spread(fits, scratch_, scratch_, share_, cand_, plan_.settings.spread);
  }
  // What can not come down to a multiple stays what it is.
  if (r.give.kind == Effect::Kind::kRound && given < wanted) given = 0;
  if (given == 0) {
    if (dry) return 0;
    if (r.give.kind == Effect::Kind::kRound && wanted > 0) {
      say(Why::kFloor, rule, -1, wanted);
    } else if (most > 0 || wanted == 0) {
      say_nothing(rule);
    } else {
      say(Why::kMostOff, rule, -1, wanted);
    }
    return 0;
  }
  if (dry) return given;
  for (std::size_t k = 0; k < cand_.size(); ++k) {
    if (share_[k] == 0) continue;
    amount_[cand_[k]] -= share_[k];
    room_[cand_[k]] -= share_[k];
    out_.applied.emplace_back(rule, cand_[k], share_[k], worked_[k]);
  }
  working_ -= given;
  gave(rule, times, given);
  say(Why::kApplied, rule, -1, given, wanted);
  if (next) say(next->why, rule, -1, next->a, next->b);
  const auto cut = std::clamp<std::int64_t>(wanted - q.amount, 0, wanted - given);
  if (cut > 0) say(Why::kCut, rule, -1, cut);
  const auto rest = wanted - given - cut;
  const auto beyond = std::clamp<std::int64_t>(wanted - cut - most, 0, rest);
  if (beyond > 0) say(Why::kMostOff, rule, -1, beyond);
  if (rest > beyond) say(Why::kFloor, rule, -1, rest - beyond);
  return given;
}

template <typename F>
void Evaluator::each_active(Stage stage, F visit) {
  const auto first = plan_.stage_begin[static_cast<std::size_t>(stage)];
  const auto last = plan_.stage_begin[static_cast<std::size_t>(stage) + 1];
  for (std::size_t word = first / 64; word * 64 < last; ++word) {
    auto bits = active_[word] | always_[word];
    while (bits != 0) {
      const auto rule =
          static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(__builtin_ctzll(bits)));
      bits &= bits - 1;
      if (rule >= first && rule < last) visit(rule);
    }
  }
}

void Evaluator::run_stage(Stage stage) {
  if (stage != Stage::kCoupon) {
    each_active(stage, [&](std::uint32_t rule) { run_rule(rule); });
    return;
  }
  // Among equals the code that was entered first goes first.
  coupon_rules_.clear();
  each_active(stage, [&](std::uint32_t rule) { coupon_rules_.push_back(rule); });
  const auto entered = [&](std::uint32_t rule) {
    std::size_t at = 0;
    for (; at < codes_.size(); ++at) {
      if (code_is_for(codes_[at], rule)) break;
    }
    return at;
  };
  std::ranges::sort(coupon_rules_, [&](std::uint32_t a, std::uint32_t b) {
    const auto &ra = plan_.rules[a], &rb = plan_.rules[b];
    if (ra.priority != rb.priority) return ra.priority > rb.priority;
    const auto ea = entered(a), eb = entered(b);
    return ea != eb ? ea < eb : a < b;
  });
  for (const auto rule : coupon_rules_) run_rule(rule);
}

void Evaluator::run_rule(std::uint32_t rule) {
  const auto group = plan_.rules[rule].group;
  if (group < 0) {
    apply(rule, false);
  } else if (done_groups_[static_cast<std::size_t>(group)] == 0) {
    done_groups_[static_cast<std::size_t>(group)] = 1;
    run_group(plan_.groups[static_cast<std::size_t>(group)]);
  }
}

void Evaluator::reset_to_lists() {
  working_ = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    amount_[i] = lines_[i].list;
    room_[i] = lines_[i].list_room;
    closed_[i] = 0;
    taken_[i] = 0;
    working_ = checked_add(working_, amount_[i]);
  }
}

// The exclusive rule of the highest priority that gives something, alone on list prices; it then
// is the only discount of the receipt.
std::int64_t Evaluator::find_exclusive() {
  std::int64_t found = -1;
  for (const auto rule : plan_.exclusives) {
    const auto& r = plan_.rules[rule];
    const bool on = ((active_[rule / 64] | always_[rule / 64]) >> (rule % 64) & 1) != 0;
    if (!on ||
        (found >= 0 && r.priority <= plan_.rules[static_cast<std::size_t>(found)].priority)) {
      continue;
    }
    reset_to_lists();
    if (apply(rule, true) > 0) found = rule;
  }
  return found;
}

void Evaluator::take_locals() {
  working_ = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto& l = lines_[i];
    amount_[i] = l.amount;
    room_[i] = l.room;
    closed_[i] = l.closed ? 1 : 0;
    taken_[i] = 0;
    working_ = checked_add(working_, l.amount);
    out_.applied.insert(out_.applied.end(), l.applied.begin(), l.applied.end());
    const auto left = limits::kMaxReasons - std::min(limits::kMaxReasons, out_.reasons.size());
    const auto said = std::min(left, l.reasons.size());
    out_.reasons_cut = out_.reasons_cut || said < l.reasons.size();
    out_.reasons.insert(out_.reasons.end(), l.reasons.begin(),
                        l.reasons.begin() + static_cast<std::ptrdiff_t>(said));
  }
  if (const auto left = left_to_take_off(); left < 0) give_back(-left, Why::kMostOff);
  if (!negative_) return;
  for (auto left = left_to_pay(); left < 0; left = left_to_pay()) {
    const auto before = working_;
    give_back(-left, Why::kFloor);
    if (working_ == before) break;
  }
}

const Outcome& Evaluator::run() {
  begin();
  refresh();
  may_earn_ = !customer_ || event_ != kNoName || earning_left().left();
  exclusive_ = -1;
  exclusive_ = find_exclusive();
  if (exclusive_ >= 0) {
    reset_to_lists();
    for (std::size_t i = 0; i < count_; ++i) {
      for (const auto rule : lines_[i].locals) {
        say(Why::kExclusive, rule, static_cast<std::int64_t>(i), exclusive_);
      }
    }
  } else {
    take_locals();
    local_hits();
  }
  for (const auto stage :
       {Stage::kLine, Stage::kSet, Stage::kReceipt, Stage::kCoupon, Stage::kCard}) {
    run_stage(stage);
  }
  totals();
  redemption();
  earning_bases();
  run_stage(Stage::kEarn);
  finish();
  return out_;
}

// What the rules of stage line gave, by rule.
void Evaluator::local_hits() {
  for (const auto& a : out_.applied) {
    if (a.amount == 0) continue;
    auto& hit = hit_of_[a.rule];
    if (gave_[a.rule] == 0) {
      gave_[a.rule] = 1;
      gave_list_.push_back(a.rule);
      hit = static_cast<std::uint32_t>(out_.hits.size());
      out_.hits.emplace_back(a.rule, 1, 0);
      const bool plain = plan_.hot[a.rule].percent >= 0;  // no ladder
      if (const auto next = plain ? std::nullopt : next_step(plan_.rules[a.rule].give)) {
        say(next->why, a.rule, -1, next->a, next->b);
      }
    }
    out_.hits[hit].amount = checked_add(out_.hits[hit].amount, a.amount);
  }
}

void Evaluator::begin() {
  measure();
  out_.applied.clear();
  out_.earned.clear();
  out_.spent.clear();
  out_.gifts.clear();
  out_.coupons.clear();
  out_.hits.clear();
  out_.codes.clear();
  out_.reasons.clear();
  out_.reasons_cut = false;
  out_.redeemable = 0;
  out_.sum = {};
  out_.lines.assign(count_, {});
  for (const auto rule : gave_list_) gave_[rule] = 0;
  gave_list_.clear();
  give_coupons_back();
  std::ranges::fill(done_groups_, 0);
  for (auto* list : {&amount_, &room_, &taken_, &base_, &earned_, &set_taken_, &got_}) {
    if (list->size() < count_) list->resize(count_);
  }
  for (std::size_t i = 0; i < count_; ++i) {
    earned_[i] = 0;
    base_[i] = 0;
  }
  earned_on_receipt_ = 0;
  paid_for_nothing_ = false;
  if (plan_.earns_by_unit) free_.assign(count_, 0);
  if (closed_.size() < count_) closed_.resize(count_);
  while (all_.size() < count_) all_.push_back(static_cast<std::uint32_t>(all_.size()));
  after_discounts_ = false;
}

Evaluator::Evaluator(const Plan& plan) : plan_(plan) {
  const auto rules = plan.rules.size();
  memo_.assign(rules, Memo::kUnknown);
  blames_.resize(rules);
  rule_lines_.resize(rules);
  gave_.assign(rules, 0);
  hit_of_.assign(rules, 0);
  for (auto* bits : {&active_, &always_, &failing_, &failing_always_, &touched_}) {
    bits->assign(rules / 64 + 1, 0);
  }
  done_groups_.assign(plan.groups.size(), 0);
}

}  // namespace till::loyalty
