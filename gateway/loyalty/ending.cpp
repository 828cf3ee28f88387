// The end of a receipt: payment by points, earning, and what became of the codes.
#include <algorithm>
#include <numeric>

#include "gateway/loyalty/evaluate.h"

namespace till::loyalty {

// Fills cap_ (what points may pay of each line) and weight_; says what stands in the way.
std::int64_t Evaluator::redeem_limit() {
  const auto& r = *plan_.redeem;
  weight_.assign(count_, 0);
  cap_.assign(count_, 0);
  std::int64_t sum = 0, room = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto& l = lines_[i];
    if (l.excluded || !selects(r.select, l)) continue;
    const auto to_pay = out_.lines[i].total - l.fixed;
    weight_[i] = to_pay;
    cap_[i] = std::max<std::int64_t>(
        0, std::min({plan_.settings.before_tax ? with_tax(l, room_[i]) : room_[i], to_pay,
                     to_pay - r.leave_per_line}));
    sum = checked_add(sum, to_pay);
    room = checked_add(room, cap_[i]);
  }
  const auto part = std::clamp<std::int64_t>(out_.sum.total, 0, sum);
  const auto by_share = mul_div(part, value_of(r.max_share), kPercentScale, Rounding::kDown);
  const auto limit =
      std::max<std::int64_t>(0, std::min({by_share, r.max_amount, out_.sum.total - r.leave}));
  if (room < limit) {
    say(Why::kRedeemFloors, -1, -1, room);
  } else {
    say(Why::kRedeemShare, -1, -1, limit, part);
  }
  return std::min(limit, room);
}

void Evaluator::redemption() {
  if (event_ != kNoName) return;
  if (!customer_) {
    if (redeem_ > 0) say(Why::kRedeemNoCustomer, -1);
    return;
  }
  if (!plan_.redeem || !runs_) {
    if (redeem_ > 0) say(Why::kRedeemNoProgram, -1);
    return;
  }
  const auto& r = *plan_.redeem;
  if (!verified_) {
    if (redeem_ > 0) say(Why::kRedeemUnverified, -1);
    return;
  }
  if (!card_works_) return say(Why::kRedeemInactive, -1, -1, activation());
  const auto left = quota_of(plan_.velocity.redemption_key, plan_.velocity.redemption);
  const auto has = balance(r.purse);
  if (left.times == 0 || left.amount == 0) {
    return say(Why::kRedeemVelocity, -1, -1, static_cast<std::int64_t>(left.period));
  }
  const bool coupons = std::ranges::any_of(
      gave_list_, [&](std::uint32_t rule) { return plan_.rules[rule].needs_code; });
  if (coupons && !r.with_coupons) return say(Why::kRedeemCoupons, -1);
  if (out_.sum.total < r.min_receipt) return say(Why::kRedeemMinReceipt, -1, -1, r.min_receipt);
  if (has < 0) return say(Why::kRedeemOwed, -1, -1, -has);
  if (has < r.min_balance) return say(Why::kRedeemMinBalance, -1, -1, r.min_balance);
  const auto money = redeem_limit();
  say(Why::kRedeemBalance, -1, -1, has, r.step);
  if (left.amount < has) {
    say(Why::kRedeemLeft, -1, -1, left.amount, static_cast<std::int64_t>(left.period));
  }
  const auto usable = std::min(has, left.amount);
  if (usable < r.step || money <= 0) return;
  const auto steps = std::min(
      mul_div(money, 100 * kPointValueScale, checked_mul(r.step, r.value), Rounding::kDown),
      usable / r.step);
  out_.redeemable = steps * r.step;
  if (out_.redeemable < r.min_points) {
    say(Why::kRedeemMinPoints, -1, -1, r.min_points, out_.redeemable);
    out_.redeemable = 0;
  }
  const auto asked = std::max<std::int64_t>(0, redeem_) / r.step * r.step;
  const auto points = std::min(asked, out_.redeemable);
  if (points == 0) return;
  if (points < r.min_points) {
    return say(Why::kRedeemMinPoints, -1, -1, r.min_points, out_.redeemable);
  }
  const auto paid = r.worth(points);
  share_.assign(count_, 0);
  spread(paid, weight_, cap_, share_, all_);
  scratch_.assign(count_, 0);
  cap_.assign(count_, kHighest);
  spread(points, share_, cap_, scratch_, all_);
  for (std::size_t i = 0; i < count_; ++i) {
    auto& q = out_.lines[i];
    q.by_points = share_[i];
    q.redeemed = scratch_[i];
    q.total -= share_[i];
  }
  out_.sum.by_points = paid;
  out_.sum.redeemed = points;
  out_.sum.total -= paid;
  say(Why::kRedeemed, -1, -1, points, paid);
}

// Units an offer takes all of the price off: a coffee for six stamps is no coffee to get one for.
void Evaluator::find_free_units() {
  free_.assign(count_, 0);
  scratch_.assign(count_, 0);  // taken off so far
  for (const auto& a : out_.applied) {
    const auto& l = lines_[a.line];
    const auto left = l.list - scratch_[a.line];
    const auto slice = mul_div(left, a.quantity, l.quantity, Rounding::kDown);
    if (slice > 0 && a.amount >= slice) free_[a.line] += a.quantity;
    scratch_[a.line] += a.amount;
  }
}

// What points are earned on: lines that may earn, after discounts, without what points or other
// payments outside the program cover.
void Evaluator::earning_bases() {
  if (!may_earn_) {
    say(Why::kEarningVelocity, -1, -1, static_cast<std::int64_t>(earning_left().period));
  }
  if (plan_.earns_by_unit) find_free_units();
  const bool points_too = plan_.settings.earn_on_points_paid;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto& q = out_.lines[i];
    base_[i] =
        lines_[i].earns ? std::max<std::int64_t>(0, q.total + (points_too ? q.by_points : 0)) : 0;
    sum = checked_add(sum, base_[i]);
  }
  const auto paid = checked_add(out_.sum.total, points_too ? out_.sum.by_points : 0);
  const auto full = std::max<std::int64_t>(0, std::min(sum, paid));
  const auto most = std::max<std::int64_t>(0, full - not_earning_);
  if (most < full && customer_) say(Why::kNotEarning, -1, -1, full - most);
  const bool by_points_alone = !points_too && out_.sum.by_points > 0 && out_.sum.total <= 0;
  if (by_points_alone && customer_) say(Why::kNotEarning, -1, -1, out_.sum.by_points);
  paid_for_nothing_ = by_points_alone || (most == 0 && full > 0);
  if (sum <= most) return;
  share_.assign(count_, 0);
  scratch_.assign(base_.begin(), base_.begin() + static_cast<std::ptrdiff_t>(count_));
  spread(most, scratch_, scratch_, share_, all_);
  std::ranges::copy(share_, base_.begin());
}

// Points for each candidate in wish_, or together (>= 0) to be spread.
std::int64_t Evaluator::wish_points(const Rule& r) {
  using Earn = Effect::Earn;
  wish_.assign(cand_.size(), 0);
  if (r.give.earn == Earn::kPlugin) return -1;
  const auto value = value_of(r.give.value);
  std::int64_t sum = 0, units = 0;
  for (std::size_t k = 0; k < cand_.size(); ++k) {
    sum = checked_add(sum, weight_[k]);
    units = checked_add(units, worked_[k]);
  }
  if (r.give.value.marginal) {
    return points_of(sum_of_steps(r.give.value, 0, sum), 1, kPercentScale);
  }
  if (r.give.earn == Earn::kFixed) return value;
  if (r.give.earn == Earn::kPerAmount) return checked_mul(sum / r.give.every, value);
  if (r.give.of_total) {
    return r.give.earn == Earn::kPercent ? points_of(sum, value, kPercentScale)
                                         : points_of(units, value, kQuantityScale);
  }
  for (std::size_t k = 0; k < cand_.size(); ++k) {
    if (r.give.earn == Earn::kPercent) {
      wish_[k] = points_of(weight_[k], value, kPercentScale);
    } else if (r.give.earn == Earn::kPerUnit) {
      wish_[k] = points_of(worked_[k], value, kQuantityScale);
    } else {
      const auto more = std::max<std::int64_t>(0, value - kPercentScale);
      wish_[k] =
          points_of(earned_so_far(r, static_cast<std::int64_t>(cand_[k])), more, kPercentScale);
    }
  }
  return -1;
}

// Points of this rule's purse that earlier rules put on a line (-1: on the receipt).
std::int64_t Evaluator::earned_so_far(const Rule& r, std::int64_t line) const {
  if (r.give.purse == plan_.purses[0].key && r.give.to == kNoName) {
    return line < 0 ? earned_on_receipt_ : earned_[static_cast<std::size_t>(line)];
  }
  std::int64_t sum = 0;
  for (const auto& e : out_.earned) {
    if (e.purse == r.give.purse && e.to == r.give.to && e.line == line) sum += e.amount;
  }
  return sum;
}

void Evaluator::put_earned(std::uint32_t rule, std::int64_t line, std::int64_t amount) {
  if (amount == 0) return;
  const auto& give = plan_.rules[rule].give;
  out_.earned.emplace_back(rule, static_cast<std::int32_t>(line), give.purse, give.to, amount);
  if (give.purse != plan_.purses[0].key || give.to != kNoName) return;
  auto& at = line < 0 ? earned_on_receipt_ : earned_[static_cast<std::size_t>(line)];
  at = checked_add(at, amount);
}

void Evaluator::undo_earned(std::size_t to) {
  for (auto i = out_.earned.size(); i > to; --i) {
    const auto& e = out_.earned[i - 1];
    if (e.purse != plan_.purses[0].key || e.to != kNoName) continue;
    (e.line < 0 ? earned_on_receipt_ : earned_[static_cast<std::size_t>(e.line)]) -= e.amount;
  }
  out_.earned.resize(to);
}

bool Evaluator::has_account(NameId to) const {
  const auto name = plan_.names.text(to);
  if (to == kNoName) return customer_;
  if (name == "cashier") return !basket_->cashier.empty();
  if (name == "referrer") {  // nobody brings herself
    if (!customer_) return false;
    const auto& c = *basket_->customer;
    return !c.referrer.empty() && c.referrer != c.id.value;
  }
  return true;  // a partner's
}

// Of one line: what is paid for it, its list price, or what is paid without tax.
std::int64_t Evaluator::earning_base(const Rule& r, std::uint32_t line) const {
  const auto& l = lines_[line];
  const auto& s = plan_.settings;
  if (r.give.basis == Basis::kList) return s.before_tax ? with_tax(l, l.list) : l.list;
  const auto paid = after_discounts_ ? base_[line] : amount_[line];
  if (r.give.basis == Basis::kRemaining) return paid;
  const auto on_top = s.before_tax && !after_discounts_ ? 0 : l.taxed_on_top;
  return mul_div(paid, kTaxScale, kTaxScale + l.taxed_inside + on_top, Rounding::kHalfUp);
}

// The seller's reward does not go by how the customer pays.
bool Evaluator::earns_at_all(const Effect& give) const {
  return may_earn_ && !(paid_for_nothing_ && give.to == kNoName);
}

void Evaluator::say_no_points(std::uint32_t rule) {
  const auto& r = plan_.rules[rule];
  const auto& give = r.give;
  if (!earns_at_all(give)) return;  // said once, of the receipt
  if (!has_account(give.to)) return say(without_account(give.to), rule);
  if (cand_.empty() && !r.sets) {
    const auto why = lacks_goods(rule).value_or(Blame{Why::kNothingEarns});
    return say(why.why, rule, -1, why.a);
  }
  const auto base = std::accumulate(weight_.begin(), weight_.end(), std::int64_t{0});
  if (const auto below = below_ladder(give.value)) {
    say(below->why, rule, -1, below->a, below->b);
  } else if (give.earn == Effect::Earn::kPerAmount) {
    say(Why::kNeedsAmount, rule, -1, std::max<std::int64_t>(0, give.every - base));
  } else if (give.earn == Effect::Earn::kMultiply) {
    if (value_of(give.value) > kPercentScale) return say(Why::kNothingBefore, rule);
    if (const auto next = next_step(give)) say(next->why, rule, -1, next->a, next->b);
  } else if (give.earn == Effect::Earn::kPercent) {
    say(base > 0 ? Why::kRoundedAway : Why::kNothingEarns, rule);
  }
}

// Why nobody can be given what this account would get.
Why Evaluator::without_account(NameId to) const {
  const auto name = plan_.names.text(to);
  if (name == "cashier") return Why::kNoCashier;
  return name == "referrer" && customer_ ? Why::kNoReferrer : Why::kNoCustomer;
}

// The lines the rule earns on, with what is paid for them and the units that count.
void Evaluator::earning_candidates(std::uint32_t rule) {
  const auto& r = plan_.rules[rule];
  cand_.clear();
  weight_.clear();
  worked_.clear();
  for (const auto i : lines_of(rule)) {
    const auto& l = lines_[i];
    if (!l.earns || (r.sets ? got_[i] == 0 : !selects(r.select, l))) continue;
    if (r.give.undiscounted && amount_[i] < l.list) continue;
    const auto worked = r.sets ? got_[i] : l.quantity;
    const auto base = earning_base(r, i);
    cand_.push_back(i);
    worked_.push_back(r.give.earn == Effect::Earn::kPerUnit
                          ? std::clamp<std::int64_t>(l.quantity - free_[i], 0, worked)
                          : worked);
    weight_.push_back(worked == l.quantity ? base
                                           : mul_div(base, worked, l.quantity, Rounding::kDown));
  }
}

std::int64_t Evaluator::apply_earn(std::uint32_t rule, bool dry, const Quota& q) {
  const auto& r = plan_.rules[rule];
  if (!earns_at_all(r.give)) return 0;
  if (!has_account(r.give.to)) {
    if (!dry) say_no_points(rule);
    return 0;
  }
  const auto times = form_sets(rule, q.times, dry);
  if (times == 0) return 0;
  earning_candidates(rule);
  // An empty receipt still is a visit; one of tobacco alone is not.
  const bool nothing = cand_.empty() && (count_ > 0 || !r.select.all());
  if (nothing) {
    if (!dry) say_no_points(rule);
    return 0;
  }
  auto together = wish_points(r);
  if (together >= 0 && r.sets && r.give.earn == Effect::Earn::kFixed)
    together = checked_mul(together, times);
  share_.assign(cand_.size(), 0);
  std::int64_t sum = 0, on_receipt = 0, cut = 0;
  if (together >= 0) {
    const auto most = std::min(together, q.amount);
    cut = together - most;
    cap_.assign(cand_.size(), kHighest);
    const bool free = std::ranges::all_of(weight_, [](std::int64_t w) { return w <= 0; });
    sum = spread(most, free ? worked_ : weight_, cap_, share_, cand_);
    on_receipt = most - sum;  // without a line
    sum = most;
  } else {
    if (r.give.earn == Effect::Earn::kPlugin) {
      on_receipt = wish_plugin_points(r.give.what);
    } else if (count_ == 0 && r.give.earn == Effect::Earn::kMultiply) {
      const auto more = value_of(r.give.value) - kPercentScale;
      on_receipt = points_of(earned_so_far(r, -1), more, kPercentScale);
    }
    std::int64_t on_lines = 0;
    for (std::size_t k = 0; k < cand_.size(); ++k) {
      on_lines = checked_add(on_lines, share_[k] = wish_[k]);
    }
    sum = checked_add(on_lines, on_receipt);
    if (sum > q.amount) {
      cut = sum - q.amount;
      scratch_.assign(share_.begin(), share_.end());
      const auto kept = spread(std::min(q.amount, on_lines), scratch_, scratch_, share_, cand_);
      on_receipt = std::min(on_receipt, q.amount - kept);
      sum = kept + on_receipt;
    }
  }
  if (sum <= 0) {
    if (!dry) say_no_points(rule);
    return 0;
  }
  if (dry) return sum;
  std::int64_t base = 0;  // a plugin's points are for nothing it could name
  for (std::size_t k = 0; k < cand_.size(); ++k) {
    put_earned(rule, cand_[k], share_[k]);
    if (!r.give.asks_plugin()) base = checked_add(base, weight_[k]);
  }
  put_earned(rule, -1, on_receipt);
  gave(rule, times, sum);
  say(Why::kEarned, rule, -1, sum, base);
  if (const auto next = next_step(r.give)) say(next->why, rule, -1, next->a, next->b);
  if (cut > 0) say(Why::kCutPoints, rule, -1, cut);
  return sum;
}

bool Evaluator::asks_code(const Condition& c) {
  return c.kind == Condition::Kind::kCode || c.kind == Condition::Kind::kCoupon ||
         std::ranges::any_of(c.parts, asks_code);
}

// Marks what a condition that holds was met with: of each list one code, the one entered first; a
// code more stays the customer's. False when no code met it.
bool Evaluator::use_codes(const Condition& c, std::uint32_t rule) {
  using enum Condition::Kind;
  bool met = false;
  switch (c.kind) {
    case kAll:
      for (const auto& part : c.parts) met = use_codes(part, rule) || met;
      return met;
    case kAny: {
      const auto good = [&](const Condition& part) {
        Blame ignored;
        return holds(part, &ignored);
      };
      // One that holds without a code leaves the code to the customer.
      const auto free = [&](const Condition& part) { return !asks_code(part) && good(part); };
      if (std::ranges::any_of(c.parts, free)) return false;
      return std::ranges::any_of(
          c.parts, [&](const Condition& part) { return good(part) && use_codes(part, rule); });
    }
    case kCode:
    case kCoupon:
      for (auto& code : codes_) {
        if (c.every > 0 ? code.taken != static_cast<std::int64_t>(rule) || code.type != c.name
                        : !c.names.has(c.kind == kCode ? code.name : code.type)) {
          continue;
        }
        code.used_by = rule;
        met = true;
        if (c.every == 0) return true;
      }
      return met;
    default:
      return false;
  }
}

void Evaluator::code_results() {
  for (auto& code : codes_) code.used_by = -1;
  if (codes_.empty()) return;
  for (const auto rule : gave_list_) {
    if (plan_.rules[rule].needs_code) use_codes(plan_.rules[rule].when, rule);
  }
  for (std::size_t i = 0; i < codes_.size(); ++i) {
    Reason result{codes_[i].status, -1, static_cast<std::int32_t>(i), 0, 0};
    if (codes_[i].used_by >= 0) {
      result.why = Why::kCodeUsed;
      result.rule = static_cast<std::int32_t>(codes_[i].used_by);
    }
    const bool spare =
        result.why == Why::kCodeNotApplied &&
        std::ranges::any_of(gave_list_, [&](auto rule) { return code_is_for(codes_[i], rule); });
    if (!runs_ && result.why == Why::kCodeNotApplied) {
      result.why = plan_.paused ? Why::kProgramPaused : Why::kProgramDates;
    } else if (spare) {
      result.why = Why::kCodeSpare;
    } else if (result.why == Why::kCodeNotApplied) {  // the reason the rule gave, if any
      for (const auto& reason : out_.reasons) {
        if (reason.rule < 0) continue;
        const auto rule = static_cast<std::uint32_t>(reason.rule);
        if (!code_is_for(codes_[i], rule) || gave_[rule] != 0) continue;
        result = {reason.why, reason.rule, static_cast<std::int32_t>(i), reason.a, reason.b};
      }
    }
    out_.codes.push_back(result);
  }
}

// Rules for goods that no line is of, or too little: matching never comes upon them.
void Evaluator::say_no_goods() {
  if (plan_.goods_rules.empty()) return;
  std::ranges::fill(touched_, 0);
  for (std::size_t i = 0; i < count_; ++i) {
    for (const auto rule : lines_[i].locals) set_bit(touched_, rule);
  }
  for (const auto rule : plan_.goods_rules) {
    const bool touched = (touched_[rule / 64] >> (rule % 64) & 1) != 0;
    if (touched || !rule_lines_[rule].empty() || plan_.rules[rule].on != kNoName) continue;
    if (plan_.all_lines[rule] != 0 && !context_holds(rule)) continue;  // its reason is another
    const auto why = missing_goods(rule);
    say(why.why, rule, -1, why.a);
  }
}

void Evaluator::finish() {
  net_prices();
  for (std::size_t i = 0; i < count_; ++i) {
    auto& q = out_.lines[i];
    q.accrued = earned_[i];
    out_.sum.net = checked_add(out_.sum.net, q.net);
    out_.sum.accrued = checked_add(out_.sum.accrued, q.accrued);
  }
  out_.sum.accrued = checked_add(out_.sum.accrued, earned_on_receipt_);
  // Rules that a line or the program touches, but that the customer, the time or the place bars.
  for (std::size_t word = 0; word < failing_.size(); ++word) {
    auto bits = failing_[word] | failing_always_[word];
    for (; bits != 0; bits &= bits - 1) {
      const auto rule = word * 64 + static_cast<std::size_t>(__builtin_ctzll(bits));
      say(blames_[rule].why, static_cast<std::int64_t>(rule), -1, blames_[rule].a, blames_[rule].b);
    }
  }
  if (runs_ && event_ == kNoName) {
    say_no_goods();
    for (const auto rule : plan_.paused_rules) {
      if (plan_.rules[rule].on == kNoName) say(Why::kPaused, rule);
    }
  }
  if (plan_.paused) {
    say(Why::kProgramPaused, -1);
  } else if (!plan_.valid.has(now_)) {
    say(Why::kProgramDates, -1);
  }
  code_results();
}

}  // namespace till::loyalty
