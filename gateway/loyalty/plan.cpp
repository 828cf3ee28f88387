#include "gateway/loyalty/plan.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace till::loyalty {
namespace {

constexpr std::ptrdiff_t kFewRules = 16;  // that cost nothing to look at for every basket

void basket_selectors(const Condition& c, std::vector<const Selector*>& out) {
  if (c.kind == Condition::Kind::kBasket) out.push_back(&c.select);
  for (const auto& part : c.parts) basket_selectors(part, out);
}

// Names of which one must be present for the rule to hold at all, if there is such a condition.
const NameSet* gate(const Condition& when) {
  using enum Condition::Kind;
  for (const auto& c : when.parts) {
    switch (c.kind) {
      case kSegment:
      case kCode:
      case kCoupon:
      case kStore:
      case kCardType:
        if (!c.names.empty()) return &c.names;
        break;
      case kAll:
        if (const auto* inner = gate(c)) return inner;
        break;
      default:
        break;
    }
  }
  return nullptr;
}

void add_once(std::vector<NameId>& names, NameId name) {
  if (std::ranges::count(names, name) == 0) names.push_back(name);
}

// By stage, then the higher priority, then the place in the file.
std::vector<std::uint32_t> order_of(const std::vector<Rule>& rules) {
  std::vector<std::uint32_t> order(rules.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return rules[a].stage != rules[b].stage ? rules[a].stage < rules[b].stage
                                            : rules[a].priority > rules[b].priority;
  });
  return order;
}

bool by_unit(const Rule& r) {
  return r.give.kind == Effect::Kind::kEarn && r.give.earn == Effect::Earn::kPerUnit;
}

// A closed gate hides its rules and with them the reason: only many rules are worth one.
bool gates_pay(const std::vector<Rule>& rules) {
  const auto gated = [](const Rule& r) { return !r.paused && gate(r.when) != nullptr; };
  return std::ranges::count_if(rules, gated) > kFewRules;
}

void put(Touched::Lists& list, const NameSet& names, std::uint32_t rule) {
  for (const auto name : names.ids()) {
    auto& rules = list[name];
    if (rules.empty() || rules.back() != rule) rules.push_back(rule);
  }
}

// One list of goods, categories or tags, and nothing else but a price.
bool one_list(const Selector& s) {
  const int lists =
      (s.skus.empty() ? 0 : 1) + (s.categories.empty() ? 0 : 1) + (s.tags.empty() ? 0 : 1);
  return lists == 1 && s.not_skus.empty() && s.not_categories.empty() && s.not_tags.empty() &&
         s.quantity.open() && !s.discounted && !s.weighed;
}

Plan::Hot hot_of(const Rule& r, const std::vector<const Selector*>& interests) {
  Plan::Hot h;
  const bool percent = r.local && r.give.kind == Effect::Kind::kPercent && !r.give.of_unit &&
                       r.give.value.by == Value::By::kNothing;
  if (percent) h.percent = r.give.value.fixed;
  h.priority = r.priority;
  h.group = static_cast<std::int32_t>(r.group);
  h.local = r.local;
  h.plain = r.when.parts.empty() && r.on == kNoName && r.valid.from == INT64_MIN &&
            r.valid.until == INT64_MAX;
  h.exact = interests.size() == 1 && one_list(*interests[0]);
  if (h.exact) h.price = interests[0]->price;
  h.exclusive = r.exclusive;
  return h;
}

void codes_of(const Condition& c, Touched::Lists& by_code, std::uint32_t rule) {
  const bool code = c.kind == Condition::Kind::kCode || c.kind == Condition::Kind::kCoupon;
  if (code) put(by_code, c.names, rule);
  for (const auto& part : c.parts) codes_of(part, by_code, rule);
}

// Which rules look at goods of that sku, category, tag: under the closest a selector names.
struct GoodsLists {
  explicit GoodsLists(std::size_t names) : skus(names), categories(names), tags(names) {}
  Touched::Lists skus, categories, tags;

  // False: it may be any goods.
  bool put(const Selector& select, std::uint32_t rule) {
    const auto& [names, list] = !select.skus.empty() ? std::tie(select.skus, skus)
                                : !select.categories.empty()
                                    ? std::tie(select.categories, categories)
                                    : std::tie(select.tags, tags);
    loyalty::put(list, names, rule);
    return !names.empty();
  }
};

bool goes_by_quantity(const Plan& plan) {
  const auto counts = [](const Selector* s) { return !s->quantity.open(); };
  return counts(&plan.settings.excluded) || (plan.redeem && counts(&plan.redeem->select)) ||
         std::ranges::any_of(plan.rules, [&](const Rule& r) {
           return std::ranges::any_of(interests_of(r), counts);
         });
}

}  // namespace

Touched::Touched(const Lists& lists) {
  begin_.reserve(lists.size() + 2);
  begin_.push_back(0);
  for (const auto& list : lists) {
    rules_.insert(rules_.end(), list.begin(), list.end());
    begin_.push_back(static_cast<std::uint32_t>(rules_.size()));
  }
  begin_.push_back(begin_.back());
}

bool Selector::all() const {
  return skus.empty() && categories.empty() && tags.empty() && not_skus.empty() &&
         not_categories.empty() && not_tags.empty() && price.open() && quantity.open() &&
         !discounted && !weighed;
}

bool Condition::needs_basket() const {
  return on_basket || kind == Kind::kBasket || std::ranges::any_of(parts, &Condition::needs_basket);
}

std::vector<const Selector*> interests_of(const Rule& rule) {
  std::vector<const Selector*> out;
  if (rule.sets) {
    for (const auto& part : rule.sets->buy) out.push_back(&part.select);
    for (const auto& part : rule.sets->get) out.push_back(&part.select);
  } else {
    out.push_back(&rule.select);
  }
  basket_selectors(rule.when, out);
  return out;
}

std::span<const Limit> Plan::limits_of(std::string_view what) const {
  if (what == kEarningLimit) return velocity.earning;
  if (what == kRedemptionLimit) return velocity.redemption;
  const auto at = std::ranges::find(rules, what, &Rule::id);
  return at == rules.end() ? std::span<const Limit>() : std::span<const Limit>(at->limits);
}

std::vector<std::string> Plan::limited() const {
  std::vector<std::string> out;
  if (!velocity.earning.empty()) out.emplace_back(kEarningLimit);
  if (!velocity.redemption.empty()) out.emplace_back(kRedemptionLimit);
  for (const auto& rule : rules) {
    if (!rule.limits.empty()) out.push_back(rule.id);
  }
  return out;
}

const Purse* Plan::purse(NameId key) const {
  const auto at = std::ranges::find(purses, key, &Purse::key);
  return at == purses.end() ? nullptr : &*at;
}

const CouponType* Plan::coupon(NameId key) const {
  const auto at = std::ranges::find(coupons, key, &CouponType::key);
  return at == coupons.end() ? nullptr : &*at;
}

void Plan::prepare() {
  const auto count = rules.size();
  const auto order = order_of(rules);
  std::vector<std::uint32_t> place(count);
  std::vector<Rule> sorted;
  sorted.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    place[order[i]] = i;
    sorted.push_back(std::move(rules[order[i]]));
  }
  rules = std::move(sorted);
  earns_by_unit = std::ranges::any_of(rules, by_unit);
  counts_goods = goes_by_quantity(*this);
  keeps_goods = counts_goods || std::ranges::any_of(rules, [](const Rule& r) {
                  return r.give.most_units != kHighest;
                });
  stage_begin.fill(count);
  for (auto i = count; i > 0; --i) {
    for (std::size_t s = 0; s <= static_cast<std::size_t>(rules[i - 1].stage); ++s) {
      stage_begin[s] = i - 1;
    }
  }
  for (auto& rule : rules) {
    for (auto& other : rule.not_with) other = place[other];
    std::ranges::sort(rule.not_with);
  }
  for (auto& type : card_types) {
    for (auto& promotion : type.promotions) promotion = place[promotion];
    std::ranges::sort(type.promotions);
  }
  const bool gated = gates_pay(rules);
  GoodsLists goods(names.size());
  Touched::Lists gates(names.size()), codes(names.size());
  interests.assign(count, {});
  hot.assign(count, {});
  all_lines.assign(count, 0);
  everywhere.clear();
  for (std::uint32_t i = 0; i < count; ++i) {
    auto& rule = rules[i];
    if (rule.paused) {
      if (std::ssize(paused_rules) < kFewRules) paused_rules.push_back(i);
      continue;
    }
    if (rule.group >= 0) groups[static_cast<std::size_t>(rule.group)].members.push_back(i);
    for (auto& part : rule.when.parts) part.on_basket = part.needs_basket();
    codes_of(rule.when, codes, i);
    if (rule.give.kind == Effect::Kind::kGift) add_once(gifts, rule.give.what);
    if (rule.exclusive && !rule.local && rule.give.is_discount()) exclusives.push_back(i);
    interests[i] = interests_of(rule);
    for (const auto* select : interests[i]) {
      if (!goods.put(*select, i)) all_lines[i] = 1;
    }
    hot[i] = hot_of(rule, interests[i]);
    // Of one that looks at one line at a time nobody says anything where no line is its own.
    const bool unsaid = rule.local && !rule.select.all();
    if (all_lines[i] == 0 || unsaid) goods_rules.push_back(i);
    if (all_lines[i] == 0) continue;
    const auto* names_of_gate = gated ? gate(rule.when) : nullptr;
    if (names_of_gate != nullptr) {
      put(gates, *names_of_gate, i);
    } else {
      everywhere.push_back(i);
    }
  }
  if (std::ssize(goods_rules) > kFewRules) goods_rules.clear();
  by_sku = Touched(goods.skus);
  by_category = Touched(goods.categories);
  by_tag = Touched(goods.tags);
  by_gate = Touched(gates);
  by_code = Touched(codes);
}

}  // namespace till::loyalty
