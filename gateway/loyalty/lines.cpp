// The price list, which rules a line matches, and the rules that look at one line at a time.
#include <algorithm>
#include <numeric>

#include "gateway/loyalty/evaluate.h"
#include "gateway/loyalty/units.h"

namespace till::loyalty {

void Evaluator::read_line(const Line& line, LineState& l) {
  const auto& names = plan_.names;
  l.sku = names.find(line.sku);
  l.category = names.find(line.category);
  l.tags.clear();
  for (const auto& tag : line.tags) {
    if (const auto id = names.find(tag); id != kNoName) l.tags.push_back(id);
  }
  l.price = line.price.minor;
  l.quantity = line.quantity.units;
  l.min_price = line.min_price.minor;
  l.taxed_on_top = l.taxed_inside = l.fixed_unit = 0;
  for (const auto& tax : line.taxes) {
    if (tax.fixed.minor != 0) {
      if (!tax.included) l.fixed_unit = checked_add(l.fixed_unit, tax.fixed.minor);
    } else {
      auto& rate = tax.included ? l.taxed_inside : l.taxed_on_top;
      rate = checked_add(rate, tax.rate);
    }
  }
  l.discounted = line.discounted;
  l.legal = line.legal;
  l.legal_card = line.is_card || plan_.cards.has(l.sku);
  l.deposit = line.deposit;
  if (plan_.keeps_goods) l.goods = line.sku;
}

std::int64_t Evaluator::with_tax(const LineState& l, std::int64_t amount) const {
  if (l.taxed_on_top == 0) return amount;
  return checked_add(
      amount, mul_div(amount, l.taxed_on_top, kTaxScale + l.taxed_inside, Rounding::kHalfUp));
}

void Evaluator::price(LineState& l) const {
  const auto& s = plan_.settings;
  const auto listed = mul_div(l.price, l.quantity, kQuantityScale, Rounding::kHalfUp);
  l.listed = listed;
  l.fixed = mul_div(l.fixed_unit, l.quantity, kQuantityScale, Rounding::kHalfUp);
  l.list = s.before_tax ? listed : with_tax(l, listed);
  l.excluded = listed <= 0 || l.legal_card || l.deposit || !goods::may_discount(l.legal) ||
               (s.excludes && selects(s.excluded, l));
  l.earns = !l.excluded && goods::may_accrue(l.legal);
  l.list_room = 0;
  if (l.excluded) return;
  if (l.taxed_on_top == 0 || s.before_tax) {
    const auto free = unit_room({l.price}, {l.quantity}, {l.min_price}, {listed});
    l.list_room = std::min(l.list, free.minor);
  } else {
    const auto floor =
        mul_div(std::max<std::int64_t>(0, l.min_price), l.quantity, kQuantityScale, Rounding::kUp);
    l.list_room = std::max<std::int64_t>(0, l.list - with_tax(l, floor));
  }
}

bool Evaluator::selects(const Selector& s, const LineState& l) const {
  return s.quantity.has(l.together) && is_of(s, l);
}

// Its goods, however much of them there is.
bool Evaluator::is_of(const Selector& s, const LineState& l) const {
  if (!s.skus.empty() && !s.skus.has(l.sku)) return false;
  if (!s.categories.empty() && !s.categories.has(l.category)) return false;
  if (!s.tags.empty() && !s.tags.has_any(l.tags)) return false;
  if (s.not_skus.has(l.sku) || s.not_categories.has(l.category) || s.not_tags.has_any(l.tags)) {
    return false;
  }
  if (!s.price.has(l.price)) return false;
  if (s.discounted && *s.discounted != l.discounted) return false;
  return !s.weighed || *s.weighed == (l.quantity % kQuantityScale != 0);
}

void Evaluator::attach(std::uint32_t rule, std::uint32_t line) {
  auto& lines = rule_lines_[rule];
  const auto at = std::ranges::lower_bound(lines, line);
  if (at != lines.end() && *at == line) return;
  lines.insert(at, line);
  lines_[line].attached.push_back(rule);
  set_bit(memo_[rule] == Memo::kHolds ? active_ : failing_, rule);
}

void Evaluator::detach(std::uint32_t line) {
  auto& l = lines_[line];
  for (const auto rule : l.attached) {
    auto& lines = rule_lines_[rule];
    lines.erase(std::ranges::lower_bound(lines, line));
    if (!lines.empty()) continue;
    active_[rule / 64] &= ~(std::uint64_t{1} << (rule % 64));
    failing_[rule / 64] &= ~(std::uint64_t{1} << (rule % 64));
  }
  l.attached.clear();
}

void Evaluator::touch(std::uint32_t rule, std::uint32_t line) {
  auto& l = lines_[line];
  const auto& hot = plan_.hot[rule];
  if (!hot.local && plan_.all_lines[rule] != 0) return;  // it looks at every line anyway
  const auto matches_line = [&](const Selector* s) { return selects(*s, l); };
  const bool matches =
      hot.exact ? hot.price.has(l.price) : std::ranges::any_of(plan_.interests[rule], matches_line);
  if (!matches) return;
  const bool applies = context_holds(rule);
  if (hot.local && applies) {
    l.locals.push_back(rule);
  } else if (applies || blames_[rule].why != Why::kApplied) {
    attach(rule, line);
  }
}

void Evaluator::match(std::uint32_t line) {
  auto& l = lines_[line];
  detach(line);
  l.locals.clear();
  for (const auto rule : plan_.by_sku[l.sku]) touch(rule, line);
  for (const auto rule : plan_.by_category[l.category]) touch(rule, line);
  for (const auto tag : l.tags) {
    for (const auto rule : plan_.by_tag[tag]) touch(rule, line);
  }
  for (const auto rule : local_everywhere_) {
    if (selects(plan_.rules[rule].select, l)) l.locals.push_back(rule);
  }
  std::ranges::sort(l.locals);
  const auto twice = std::ranges::unique(l.locals);
  l.locals.erase(twice.begin(), twice.end());
}

std::int64_t Evaluator::percent_off(const Effect& give, std::int64_t of, std::int64_t worked,
                                    std::int64_t percent) const {
  if (!give.of_unit) return part_of(of, percent);
  const auto unit = mul_div(of, kQuantityScale, worked, Rounding::kHalfUp);
  return mul_div(part_of(unit, percent), worked, kQuantityScale, plan_.settings.money);
}

// What rule r would like to take off a line that costs `amount` now.
std::int64_t Evaluator::local_wish(std::uint32_t rule, const LineState& l,
                                   std::int64_t amount) const {
  const auto& s = plan_.settings;
  if (const auto percent = plan_.hot[rule].percent; percent >= 0) {
    return part_of(s.percent_of_list ? l.list : amount, percent);
  }
  const auto& r = plan_.rules[rule];
  const auto value = value_of(r.give.value);
  switch (r.give.kind) {
    case Effect::Kind::kPercent:
      return percent_off(r.give, s.percent_of_list ? l.list : amount, l.quantity, value);
    case Effect::Kind::kAmount:
      return r.give.per == Per::kUnit ? mul_div(value, l.quantity, kQuantityScale, s.money) : value;
    default: {
      if (below_prices(r.give)) return 0;
      const auto price =
          r.give.per == Per::kUnit ? mul_div(value, l.quantity, kQuantityScale, s.money) : value;
      return std::max<std::int64_t>(0, amount - price);
    }
  }
}

Evaluator::Blame Evaluator::local_nothing(std::uint32_t rule, const LineState& l) const {
  const auto& give = plan_.rules[rule].give;
  if (const auto below = below_ladder(give.value)) return *below;
  if (give.kind == Effect::Kind::kPrice) return {Why::kNotLower, 0, 0};
  const bool rounded = l.amount > 0 && l.room > 0;
  return {rounded ? Why::kRoundedAway : Why::kNothingLeft, 0, 0};
}

bool Evaluator::apply_local(std::uint32_t rule, std::uint32_t line) {
  auto& l = lines_[line];
  const auto wish = local_wish(rule, l, l.amount);
  if (wish <= 0) {
    const auto why = local_nothing(rule, l);
    l.reasons.emplace_back(why.why, static_cast<std::int32_t>(rule),
                           static_cast<std::int32_t>(line), why.a, why.b);
    return false;
  }
  const auto given = std::min(wish, l.room);
  if (given < wish) {
    l.reasons.emplace_back(Why::kFloor, static_cast<std::int32_t>(rule),
                           static_cast<std::int32_t>(line), wish - given, 0);
  }
  if (given == 0) return false;
  l.amount -= given;
  l.room -= given;
  l.applied.emplace_back(rule, line, given, l.quantity);
  l.reasons.emplace_back(Why::kApplied, static_cast<std::int32_t>(rule),
                         static_cast<std::int32_t>(line), given, wish);
  return true;
}

// The members of the group from place `at` on compete for this line: one of them applies.
void Evaluator::local_group(std::size_t at, std::uint32_t line) {
  auto& l = lines_[line];
  const auto group = plan_.rules[l.locals[at]].group;
  const auto& g = plan_.groups[static_cast<std::size_t>(group)];
  std::int64_t best = 0, winner = -1;
  for (std::size_t i = at; i < l.locals.size(); ++i) {
    if (plan_.hot[l.locals[i]].group != group) continue;
    const auto value = std::min(local_wish(l.locals[i], l, l.amount), l.room);
    if (!g.prefers(value, best)) continue;
    best = value;
    winner = l.locals[i];
    if (!g.best) break;
  }
  if (winner >= 0) apply_local(static_cast<std::uint32_t>(winner), line);
  for (std::size_t i = at; i < l.locals.size(); ++i) {
    const auto rule = l.locals[i];
    if (plan_.rules[rule].group != group || rule == winner) continue;
    const auto why = winner < 0 ? local_nothing(rule, l) : Blame{Why::kLostTo, winner, 0};
    l.reasons.emplace_back(why.why, static_cast<std::int32_t>(rule),
                           static_cast<std::int32_t>(line), why.a, why.b);
  }
}

void Evaluator::run_locals(std::uint32_t line) {
  auto& l = lines_[line];
  l.amount = l.list;
  l.room = l.list_room;
  l.closed = false;
  l.applied.clear();
  l.reasons.clear();
  if (l.excluded) {
    const auto why = l.legal_card                    ? Why::kCardItself
                     : l.deposit                     ? Why::kDeposit
                     : !goods::may_discount(l.legal) ? Why::kLegal
                     : l.list <= 0                   ? Why::kNotPositive
                                                     : Why::kExcluded;
    l.reasons.emplace_back(why, -1, static_cast<std::int32_t>(line),
                           static_cast<std::int64_t>(l.legal), 0);
    return;
  }
  if (l.locals.empty()) return;
  // The foremost exclusive rule that gives something stands alone on its line.
  std::int64_t alone = -1;
  for (const auto rule : l.locals) {
    const auto& r = plan_.hot[rule];
    if (!r.exclusive) continue;
    const bool more = alone < 0 || r.priority > plan_.hot[static_cast<std::size_t>(alone)].priority;
    if (more && local_wish(rule, l, l.amount) > 0) alone = rule;
  }
  if (alone >= 0) {
    l.closed = apply_local(static_cast<std::uint32_t>(alone), line);
    for (const auto rule : l.locals) {
      if (rule != alone) {
        l.reasons.emplace_back(Why::kExclusive, static_cast<std::int32_t>(rule),
                               static_cast<std::int32_t>(line), alone, 0);
      }
    }
    if (l.closed) return;
  }
  for (std::size_t i = 0; i < l.locals.size(); ++i) {
    const auto group = plan_.hot[l.locals[i]].group;
    if (group < 0) {
      apply_local(l.locals[i], line);
      continue;
    }
    const auto seen =
        std::any_of(l.locals.begin(), l.locals.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](auto r) { return plan_.rules[r].group == group; });
    if (!seen) local_group(i, line);
  }
}

// What discounts may still take, tax on top included: a negative line may be taxed otherwise.
std::int64_t Evaluator::left_to_pay() const {
  if (!negative_ || !plan_.settings.before_tax) return working_;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < count_; ++i) sum = checked_add(sum, with_tax(lines_[i], amount_[i]));
  return std::min(working_, sum);
}

// Of what all discounts together may come to; below zero when the line's own went beyond it.
std::int64_t Evaluator::left_to_take_off() const {
  const auto& s = plan_.settings;
  if (s.max_discount < 0 && s.max_discount_share < 0) return INT64_MAX;
  std::int64_t listed = 0, positive = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    listed = checked_add(listed, lines_[i].list);
    positive = checked_add(positive, std::max<std::int64_t>(0, lines_[i].list));
  }
  auto most = s.max_discount < 0 ? INT64_MAX : s.max_discount;
  if (s.max_discount_share >= 0) {
    most = std::min(most, mul_div(positive, s.max_discount_share, kPercentScale, Rounding::kDown));
  }
  return most - (listed - working_);
}

// The most of `given`, shared as it is, that leaves nothing below zero and is not too much in all.
std::int64_t Evaluator::what_fits(std::int64_t given) const {
  given = std::clamp<std::int64_t>(left_to_take_off(), 0, given);
  const auto left = std::max<std::int64_t>(0, left_to_pay());
  if (!negative_ || !plan_.settings.before_tax) return std::min(given, left);
  std::int64_t taxed = 0, rounded = 0;
  for (std::size_t k = 0; k < cand_.size(); ++k) {
    taxed = checked_add(taxed, with_tax(lines_[cand_[k]], share_[k]));
    rounded += lines_[cand_[k]].taxed_on_top > 0 ? 1 : 0;
  }
  if (taxed <= left) return std::min(given, left);
  const auto part = mul_div(given, left, taxed, Rounding::kDown);
  return std::max<std::int64_t>(0, part - rounded);  // shared out again, a line may go up by one
}

// Negative lines leave less to pay than the rules of stage line took off, or it is more than all
// discounts may come to: the last ones shrink, of lines in the order of their goods.
void Evaluator::give_back(std::int64_t excess, Why why) {
  order_.resize(out_.applied.size());
  std::iota(order_.begin(), order_.end(), 0U);
  std::ranges::sort(order_, [this](std::uint32_t one, std::uint32_t other) {
    const auto a = out_.applied[one].line, b = out_.applied[other].line;
    return a != b ? before(a, b) : one < other;
  });
  for (auto i = order_.size(); i > 0 && excess > 0; --i) {
    auto& a = out_.applied[order_[i - 1]];
    if (a.amount == 0) continue;
    const auto back = std::min(a.amount, excess);
    a.amount -= back;
    for (auto& reason : out_.reasons) {
      if (reason.why != Why::kApplied || reason.rule != static_cast<std::int32_t>(a.rule) ||
          reason.line != static_cast<std::int32_t>(a.line)) {
        continue;
      }
      reason.a -= back;
      if (reason.a > 0) continue;
      reason = {Why::kNothingLeft, reason.rule, reason.line, 0, 0};
    }
    say(why, a.rule, a.line, back);
    amount_[a.line] += back;
    room_[a.line] += back;
    working_ += back;
    excess -= back;
  }
}

std::size_t Evaluator::matches() const {
  std::size_t n = 0;
  for (std::size_t i = 0; i < count_; ++i) n += lines_[i].locals.size() + lines_[i].attached.size();
  for (std::size_t w = 0; w < always_.size(); ++w) {
    n += static_cast<std::size_t>(__builtin_popcountll(always_[w])) * count_;
  }
  return n;
}

void Evaluator::start(const Basket& basket) {
  basket_ = &basket;
  redeem_ = basket.redeem.units;
  for (std::uint32_t i = 0; i < count_; ++i) detach(i);
  std::ranges::fill(memo_, Memo::kUnknown);
  std::ranges::fill(active_, 0);
  std::ranges::fill(always_, 0);
  std::ranges::fill(failing_, 0);
  std::ranges::fill(failing_always_, 0);
  read_context(basket);
  count_ = basket.lines.size();
  if (lines_.size() < count_) lines_.resize(count_);
  for (const auto& line : basket.lines) {
    plan_.names.expect(line.sku);
    plan_.names.expect(line.category);
  }
  for (const auto& line : basket.lines) {
    plan_.names.expect_text(line.sku);
    plan_.names.expect_text(line.category);
  }
  for (std::size_t i = 0; i < count_; ++i) read_line(basket.lines[i], lines_[i]);
  count_goods();
  for (std::size_t i = 0; i < count_; ++i) {
    price(lines_[i]);
    lines_[i].dirty = true;
  }
  measure();
  find_everywhere();
}

// What counts of the receipt at list prices, with tax, and the tier that follows from it.
void Evaluator::measure() {
  counted_list_ = 0;
  negative_ = false;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto& l = lines_[i];
    const auto full = plan_.settings.before_tax ? with_tax(l, l.list) : l.list;
    if (counts(i)) counted_list_ = checked_add(counted_list_, checked_add(full, l.fixed));
    negative_ = negative_ || l.list < 0;
  }
  work_out_tier();
}

// The rules that look at every line: those without a gate, and those whose gate is open.
void Evaluator::find_everywhere() {
  local_everywhere_.clear();
  const auto open = [&](std::uint32_t rule) {
    const bool applies = context_holds(rule);
    if (!applies) {
      if (blames_[rule].why != Why::kApplied) set_bit(failing_always_, rule);
    } else if (plan_.rules[rule].local) {
      local_everywhere_.push_back(rule);
    } else {
      set_bit(always_, rule);
    }
  };
  for (const auto rule : plan_.everywhere) open(rule);
  const auto gate = [&](NameId name) {
    for (const auto rule : plan_.by_gate[name]) open(rule);
  };
  gate(store_);
  gate(card_type_);
  for (const auto s : segments_) gate(s);
  for (const auto& c : codes_) {
    gate(c.name);
    gate(c.type);
  }
  std::ranges::sort(local_everywhere_);
  const auto twice = std::ranges::unique(local_everywhere_);
  local_everywhere_.erase(twice.begin(), twice.end());
}

// The rules of a whole basket lie all over a large program's memory: asking for all of it before
// any is needed costs one wait instead of one for each.
void Evaluator::expect_rules() {
  const auto each_dirty = [&](auto visit) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (lines_[i].dirty) visit(lines_[i]);
    }
  };
  each_dirty([&](const LineState& l) {
    plan_.by_sku.expect_place(l.sku);
    plan_.by_category.expect_place(l.category);
  });
  each_dirty([&](const LineState& l) {
    plan_.by_sku.expect(l.sku);
    plan_.by_category.expect(l.category);
  });
  const auto expect = [&](std::uint32_t rule) {
    __builtin_prefetch(&plan_.hot[rule]);
    __builtin_prefetch(&memo_[rule]);
    __builtin_prefetch(&gave_[rule]);
    __builtin_prefetch(&hit_of_[rule]);
  };
  each_dirty([&](const LineState& l) {
    std::ranges::for_each(plan_.by_sku[l.sku], expect);
    std::ranges::for_each(plan_.by_category[l.category], expect);
  });
}

// Brings the lines that changed up to date.
void Evaluator::refresh() {
  expect_rules();
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (!lines_[i].dirty) continue;
    match(i);
    run_locals(i);
    lines_[i].dirty = false;
  }
}

void Evaluator::set_quantity(std::size_t line, Quantity quantity) {
  lines_.at(line).quantity = quantity.units;
  goods_changed(line);
}

void Evaluator::set_price(std::size_t line, Money money) {
  lines_.at(line).price = money.minor;
  goods_changed(line);
}

void Evaluator::add(const Line& line) {
  if (lines_.size() == count_) lines_.emplace_back();
  read_line(line, lines_[count_]);
  goods_changed(count_++);
}

// The lines after it move up, so their rules are matched anew.
void Evaluator::remove(std::size_t line) {
  for (auto i = static_cast<std::uint32_t>(line); i < count_; ++i) detach(i);
  const auto at = lines_.begin() + static_cast<std::ptrdiff_t>(line);
  std::rotate(at, at + 1, lines_.begin() + static_cast<std::ptrdiff_t>(count_));
  --count_;
  for (std::size_t i = line; i < count_; ++i) lines_[i].dirty = true;
  if (!plan_.counts_goods) return;
  const auto& gone = lines_[count_].goods;
  for (std::size_t i = 0; i < count_; ++i) {
    if (!gone.empty() && lines_[i].goods == gone) return goods_changed(i);
  }
}

}  // namespace till::loyalty
