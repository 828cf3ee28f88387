// Who buys, when and where: what conditions ask besides the goods.
#include <algorithm>

#include "gateway/loyalty/evaluate.h"
#include "gateway/loyalty/explain.h"

namespace till::loyalty {
namespace {

constexpr std::int64_t kWholePoint = 100;  // in hundredths

// FNV-1a with a final mix, so that near ids fall far apart. Part of the evaluation revision: a
// customer stays in her group for ever, also offline.
std::int64_t place_in_experiment(std::string_view customer, std::string_view experiment) {
  std::uint64_t h = 14'695'981'039'346'656'037U;
  const auto eat = [&](std::string_view text) {
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  };
  eat(experiment);
  eat("/");
  eat(customer);
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9U;
  h = (h ^ (h >> 27)) * 0x94d049bb133111ebU;
  return static_cast<std::int64_t>((h ^ (h >> 31)) % kPercentScale);
}

bool luhn(std::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char c = digits[digits.size() - 1 - i];
    if (c < '0' || c > '9') return false;
    const int d = (c - '0') * (i % 2 == 1 ? 2 : 1);
    sum += d > 9 ? d - 9 : d;
  }
  return sum % 10 == 0;
}

Why reason_of(Condition::Kind kind) {
  using enum Condition::Kind;
  switch (kind) {
    case kCode:
      return Why::kCode;
    case kCoupon:
      return Why::kCoupon;
    case kVerified:
      return Why::kNotVerified;
    case kCardType:
    case kCardPromotion:
      return Why::kCardType;
    case kSegment:
      return Why::kSegment;
    case kTier:
      return Why::kTier;
    case kStore:
      return Why::kStore;
    case kTill:
      return Why::kTill;
    case kPayment:
      return Why::kPayment;
    case kTime:
      return Why::kTime;
    case kExperiment:
      return Why::kExperiment;
    case kAttribute:
      return Why::kAttribute;
    default:
      return Why::kCondition;
  }
}

bool is_plugin_failure(Why why) { return why >= Why::kPluginSilent && why <= Why::kPluginInvalid; }

template <typename Map, typename Pairs>
void read_pairs(const Names& names, const Map& from, Pairs& to) {
  to.clear();
  for (const auto& [name, value] : from) {
    if (const auto id = names.find(name); id != kNoName) to.emplace_back(id, value);
  }
}

}  // namespace

void Evaluator::read_context(const Basket& basket) {
  const auto& names = plan_.names;
  now_ =
      local_time(basket.instant_us, basket.utc_offset_min.value_or(plan_.settings.utc_offset_min));
  event_ = basket.event == "sale" ? kNoName : names.find(basket.event);
  store_ = names.find(basket.store);
  till_ = names.find(basket.till);
  runs_ = !plan_.paused && plan_.valid.has(now_) &&
          (basket.event.empty() || basket.event == "sale" || event_ != kNoName);
  customer_ = basket.customer.has_value();
  verified_ = customer_ && basket.customer->verified;
  card_works_ = !customer_ || basket.customer->active;
  card_type_ = kNoName;
  card_type_at_ = -1;
  segments_.clear();
  purses_.clear();
  counters_.clear();
  dates_.clear();
  if (customer_) {
    const auto& c = *basket.customer;
    card_type_ = names.find(c.card_type);
    for (std::size_t i = 0; i < plan_.card_types.size(); ++i) {
      if (plan_.card_types[i].id == c.card_type) card_type_at_ = static_cast<std::int64_t>(i);
    }
    for (const auto& s : c.segments) {
      if (const auto id = names.find(s); id != kNoName) segments_.push_back(id);
    }
    read_pairs(names, c.purses, purses_);
    read_pairs(names, c.counters, counters_);
    read_pairs(names, c.dates, dates_);
    purses_.emplace_back(plan_.purses[0].key, c.available.units);
  }
  payments_.clear();
  not_earning_ = 0;
  for (const auto& p : basket.payments) {
    const auto id = names.find(p.kind);
    if (id == kNoName) continue;
    payments_.push_back(id);
    if (plan_.settings.no_earning_on.has(id)) {
      not_earning_ = checked_add(not_earning_, std::max<std::int64_t>(0, p.amount.minor));
    }
  }
  attributes_.clear();
  for (const auto& [name, value] : basket.attributes) {
    if (const auto id = names.find(name); id != kNoName) {
      attributes_.emplace_back(id, names.find(value));
    }
  }
  plugins_.clear();
  for (std::size_t i = 0; i < basket.plugins.size(); ++i) {
    if (const auto id = names.find(basket.plugins[i].plugin); id != kNoName) {
      plugins_.emplace_back(id, i);
    }
  }
  read_codes(basket);
  read_used(basket);
}

void Evaluator::read_codes(const Basket& basket) {
  codes_.clear();
  for (std::size_t i = 0; i < basket.codes.size(); ++i) codes_.push_back(read_code(basket, i));
}

Evaluator::Code Evaluator::read_code(const Basket& basket, std::size_t at) {
  const auto& text = basket.codes[at];
  Code code;
  code.name = plan_.names.find(text);
  const auto refused = [&](Why why) {
    code.name = code.type = kNoName;
    code.status = why;
    return code;
  };
  const auto earlier = basket.codes.begin() + static_cast<std::ptrdiff_t>(at);
  if (std::find(basket.codes.begin(), earlier, text) != earlier) return refused(Why::kCodeTwice);
  const auto fact = std::ranges::find(basket.coupons, text, &CouponFact::code);
  const CouponType* type = nullptr;
  if (fact != basket.coupons.end() && !fact->type.empty()) {
    type = plan_.coupon(plan_.names.find(fact->type));
  }
  for (const auto& t : plan_.coupons) {
    if (type != nullptr) break;
    if (t.length > 0 && text.size() == static_cast<std::size_t>(t.length) &&
        text.starts_with(t.prefix)) {
      if (t.check_symbol && !luhn(text)) return refused(Why::kCodeCheckSymbol);
      type = &t;
    }
  }
  if (type != nullptr) {
    code.type = type->key;
    if (fact != basket.coupons.end()) {
      if (type->uses > 0 && fact->used >= type->uses) return refused(Why::kCodeSpent);
      if (fact->expires < now_.day) return refused(Why::kCodeExpired);
      if (!fact->customer.empty() &&
          (!basket.customer || basket.customer->id.value != fact->customer)) {
        return refused(Why::kCodeForeign);
      }
    }
  } else if (code.name == kNoName || plan_.by_code[code.name].empty()) {
    return refused(Why::kCodeUnknown);
  }
  return code;
}

void Evaluator::read_used(const Basket& basket) {
  used_.clear();
  for (const auto& u : basket.used) {
    const auto rule = plan_.names.find(u.rule);
    const auto scope = std::ranges::find(kLimitScopes, u.scope);
    const auto period = std::ranges::find(kPeriods, u.period);
    if (rule == kNoName || scope == kLimitScopes.end() || period == kPeriods.end()) continue;
    used_.push_back({rule, static_cast<LimitScope>(scope - kLimitScopes.begin()),
                     static_cast<Period>(period - kPeriods.begin()), u.times, u.amount});
  }
}

std::int64_t Evaluator::counter(NameId name) const {
  const auto named = [name](const auto& pair) { return pair.first == name; };
  const auto at = std::ranges::find_if(counters_, named);
  if (at != counters_.end()) return at->second;
  const auto purse = std::ranges::find_if(purses_, named);  // in whole ones
  return purse == purses_.end() ? 0 : purse->second / kWholePoint;
}

const PluginAnswer* Evaluator::answer_of(NameId plugin) const {
  const auto at = std::ranges::find(plugins_, plugin, [](const auto& p) { return p.first; });
  return at == plugins_.end() ? nullptr : &basket_->plugins[at->second];
}

Why Evaluator::plugin_says(NameId name) const {
  const auto* answer = answer_of(name);
  if (answer == nullptr) return Why::kPluginSilent;
  if (answer->failed.empty()) return answer->holds ? Why::kApplied : Why::kPlugin;
  return answer->failed == "late"      ? Why::kPluginLate
         : answer->failed == "down"    ? Why::kPluginDown
         : answer->failed == "refused" ? Why::kPluginRefused
                                       : Why::kPluginInvalid;
}

// One for each window that went by since the level was reached, at most all; one when that day or
// the window is not known.
std::int32_t Evaluator::levels_lost() const {
  const auto& t = *plan_.tiers;
  const auto at = std::ranges::find(dates_, t.since, [](const auto& d) { return d.first; });
  if (at == dates_.end() || t.window_days == 0) return 1;
  const auto windows = std::max<std::int64_t>(0, now_.day - at->second) / t.window_days;
  return static_cast<std::int32_t>(std::min(windows, static_cast<std::int64_t>(t.steps.size())));
}

void Evaluator::work_out_tier() {
  out_.tier = out_.next_tier = -1;
  out_.to_next_tier = 0;
  if (!plan_.tiers || !customer_) return;
  const auto& t = *plan_.tiers;
  auto value = counter(t.counter);
  if (t.this_too) value = checked_add(value, t.money ? counted_list_ : 1);
  std::int32_t reached = -1;
  for (const auto& step : t.steps) {
    if (value >= step.from) ++reached;
  }
  const auto now = std::ranges::find(t.steps, basket_->customer->tier, &Tier::id);
  const auto has = now == t.steps.end() ? -1 : static_cast<std::int32_t>(now - t.steps.begin());
  out_.tier = t.downgrade == Downgrade::kNone      ? std::max(reached, has)
              : t.downgrade == Downgrade::kOneDown ? std::max(reached, has - levels_lost())
                                                   : reached;
  const auto next = static_cast<std::size_t>(std::int64_t{out_.tier} + 1);
  if (next < t.steps.size()) {
    out_.next_tier = static_cast<std::int32_t>(next);
    out_.to_next_tier = std::max<std::int64_t>(0, t.steps[next].from - value);
  }
}

// The part of a rule's conditions that the goods do not change; asked once a basket.
bool Evaluator::context_holds(std::uint32_t rule) {
  auto& memo = memo_[rule];
  if (memo != Memo::kUnknown) return memo == Memo::kHolds;
  if (plan_.hot[rule].plain && runs_ && event_ == kNoName) {
    memo = Memo::kHolds;
    return true;
  }
  const auto& r = plan_.rules[rule];
  memo = Memo::kFails;
  auto& blame = blames_[rule];
  blame = {Why::kApplied};  // nothing to explain: another event, or no program at all
  if (r.on != event_ || !runs_) return false;
  if (!r.valid.has(now_)) {
    blame = {Why::kDates};
    return false;
  }
  rule_in_hand_ = rule;
  for (const auto& part : r.when.parts) {
    if (part.on_basket) continue;
    blame = {};
    if (!holds(part, &blame)) return false;
  }
  memo = Memo::kHolds;
  return true;
}

bool Evaluator::holds(const Condition& c, Blame* blame) {
  using enum Condition::Kind;
  switch (c.kind) {
    case kAll:
      return std::ranges::all_of(c.parts, [&](const auto& p) { return holds(p, blame); });
    case kAny:
      return any_holds(c, blame);
    case kNot: {
      *blame = {};
      negated_ = !negated_;
      const bool inner = holds(c.parts[0], blame);
      negated_ = !negated_;
      const auto* what = &c.parts[0];
      while (what->kind == kAll && what->parts.size() == 1) what = &what->parts[0];
      const bool said = what->kind == kNot || is_plugin_failure(blame->why);
      if (inner && !said) *blame = {Why::kExcept, static_cast<std::int64_t>(what->kind), 0};
      return !inner;
    }
    default:
      return leaf_holds(c, blame);
  }
}

// One of them would do: what is said is what is missing to the first that can still be met, or what
// stands in the way of them all alike.
bool Evaluator::any_holds(const Condition& c, Blame* blame) {
  std::optional<Blame> closest;
  for (const auto& part : c.parts) {
    Blame here;
    if (holds(part, &here)) return true;
    if (!closest || (rank(here.why) == 1 && rank(closest->why) != 1)) {
      closest = here;
    } else if (rank(closest->why) != 1 && here.why != closest->why) {
      closest = Blame{};
    }
  }
  *blame = closest.value_or(Blame{});
  return false;
}

bool Evaluator::leaf_holds(const Condition& c, Blame* blame) {
  using enum Condition::Kind;
  bool good = false;
  switch (c.kind) {
    case kBasket:
      return basket_holds(c, blame);
    case kCounter:
      return counter_holds(c, blame);
    case kDate:
      return date_holds(c, blame);
    case kKnown:
      *blame = {c.want ? Why::kNoCustomer : Why::kOnlyUnknown};
      return customer_ == c.want;
    case kCode:
      good = std::ranges::any_of(codes_, [&](const Code& k) { return c.names.has(k.name); });
      break;
    case kCoupon:
      if (c.every > 0) return enough_coupons(c, blame);
      good = std::ranges::any_of(codes_, [&](const Code& k) { return c.names.has(k.type); });
      break;
    case kVerified:
      good = verified_;
      break;
    case kCardType:
      good = c.names.has(card_type_);
      break;
    case kCardPromotion:
      good =
          card_type_at_ >= 0 &&
          std::ranges::binary_search(
              plan_.card_types[static_cast<std::size_t>(card_type_at_)].promotions, rule_in_hand_);
      break;
    case kSegment:
      good = c.names.has_any(segments_);
      break;
    case kTier:
      good = out_.tier >= 0 &&
             c.names.has(plan_.tiers->steps[static_cast<std::size_t>(out_.tier)].key);
      break;
    case kStore:
      good = c.names.has(store_);
      break;
    case kTill:
      good = c.names.has(till_);
      break;
    case kPayment:
      good = c.names.has_any(payments_);
      break;
    case kTime:
      good = c.calendar.has(now_);
      break;
    case kExperiment:
      good = customer_ &&
             c.span.has(place_in_experiment(basket_->customer->id.value, plan_.names.text(c.name)));
      break;
    case kAttribute:
      good = attribute_holds(c);
      break;
    case kPlugin:
      *blame = {plugin_says(c.name)};
      // Without an answer neither it nor its opposite holds.
      return is_plugin_failure(blame->why) ? negated_ : blame->why == Why::kApplied;
    default:
      break;
  }
  if (!good) *blame = c.kind == kTier ? missing_level(c) : Blame{reason_of(c.kind)};
  const bool about_customer = c.kind == kVerified || c.kind == kCardType || c.kind == kSegment ||
                              c.kind == kTier || c.kind == kExperiment || c.kind == kCardPromotion;
  if (!good && about_customer && !customer_) *blame = {Why::kNoCustomer};
  return good;
}

// The lowest level above hers that would do.
Evaluator::Blame Evaluator::missing_level(const Condition& c) const {
  if (out_.next_tier < 0) return {Why::kTier};
  const auto& steps = plan_.tiers->steps;
  const auto next = static_cast<std::size_t>(out_.next_tier);
  for (auto at = next; at < steps.size(); ++at) {
    if (!c.names.has(steps[at].key)) continue;
    return {Why::kTier, steps[at].from - steps[next].from + out_.to_next_tier, steps[at].key};
  }
  return {Why::kTier};
}

bool Evaluator::enough_coupons(const Condition& c, Blame* blame) const {
  *blame = {Why::kCoupons, c.every - free_coupons(c.name), c.name};
  return blame->a <= 0;
}

bool Evaluator::attribute_holds(const Condition& c) const {
  const auto at = std::ranges::find(attributes_, c.name, [](const auto& p) { return p.first; });
  if (at == attributes_.end()) return false;
  if (c.names.has(at->second)) return true;
  const auto& text = basket_->attributes.find(std::string(plan_.names.text(c.name)))->second;
  const bool number = !text.empty() && text.size() < 18 &&
                      std::ranges::all_of(text, [](char d) { return d >= '0' && d <= '9'; });
  return !c.span.open() && number && c.span.has(std::stoll(text));
}

bool Evaluator::counter_holds(const Condition& c, Blame* blame) {
  auto value = counter(c.name);
  if (c.plus != 0) {
    const bool money = plan_.names.text(c.name).starts_with("spent");
    value = checked_add(value, money ? counted_list_ : 1);
  }
  *blame = {Why::kCounter, 0, c.name};
  if (!c.span.has(value)) {
    if (value < c.span.min) {
      blame->a = c.span.min - value;
    } else {
      *blame = {Why::kCounterPast, value - c.span.max, c.name};
    }
    return false;
  }
  if (c.every > 0 && (value == 0 || value % c.every != 0)) {
    blame->a = c.every - value % c.every;
    return false;
  }
  return true;
}

bool Evaluator::date_holds(const Condition& c, Blame* blame) {
  *blame = {customer_ ? Why::kDateUnknown : Why::kNoCustomer, 0, c.name};
  const auto at = std::ranges::find(dates_, c.name, [](const auto& d) { return d.first; });
  if (at == dates_.end()) return false;
  const auto since = c.yearly ? days_since_yearly(at->second, now_.day) : now_.day - at->second;
  // The day itself is no anniversary of it.
  if (c.yearly && now_.day - since <= at->second) {
    *blame = {Why::kDate, 0, c.name};
    return false;
  }
  *blame = {Why::kDate, since < c.span.min ? c.span.min - since : 0, c.name};
  return c.span.has(since);
}

// Lines that may not be discounted at all (tobacco, gift cards, deposits) do not help to reach a
// threshold; negative lines count against it.
bool Evaluator::basket_holds(const Condition& c, Blame* blame) {
  std::int64_t amount = 0, quantity = 0, lines = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const auto& l = lines_[i];
    if ((l.excluded && l.list >= 0) || !selects(c.select, l)) continue;
    auto a = c.basis == Basis::kList ? l.list : amount_[i];
    if (c.basis == Basis::kNet) {
      a = plan_.settings.before_tax
              ? mul_div(a, kTaxScale, kTaxScale + l.taxed_inside, Rounding::kHalfUp)
              : mul_div(a, kTaxScale, kTaxScale + l.taxed_inside + l.taxed_on_top,
                        Rounding::kHalfUp);
    }
    amount = checked_add(amount, a);
    if (l.list < 0) continue;
    quantity = checked_add(quantity, l.quantity);
    ++lines;
  }
  const auto short_of = [&](Why why, const Span& span, std::int64_t has) {
    if (span.has(has)) return false;
    *blame =
        has < span.min ? Blame{why, span.min - has, 0} : Blame{Why::kTooMuch, has - span.max, 0};
    return true;
  };
  return !short_of(Why::kNeedsAmount, c.span, amount) &&
         !short_of(Why::kNeedsQuantity, c.count, quantity) &&
         !short_of(Why::kNeedsLines, c.lines, lines);
}

}  // namespace till::loyalty
