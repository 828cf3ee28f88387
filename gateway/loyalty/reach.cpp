#include "gateway/loyalty/reach.h"

#include <algorithm>
#include <array>
#include <map>

#include "gateway/loyalty/load.h"

namespace till::loyalty {
namespace {

using load::invalid;
using Kind = Condition::Kind;

// Some part that has to hold.
template <typename F>
bool must(const Condition& c, F is) {
  return is(c) || (c.kind == Kind::kAll &&
                   std::ranges::any_of(c.parts, [&](auto& p) { return must(p, is); }));
}

bool of_nobody(const Rule& r) {
  return must(r.when, [](const Condition& c) { return c.kind == Kind::kKnown && !c.want; });
}

// Where its conditions hold and its goods are there it works, always and alike.
bool unbounded(const Rule& r) {
  return !r.paused && !r.sets && r.limits.empty() && r.cost.amount == 0 && r.takes.count == 0 &&
         r.give.value.by == Value::By::kNothing && r.give.every == 0 &&
         r.give.most_units == kHighest;
}

// Nothing about the goods, the customer or the time stands in its way.
bool unrestricted(const Rule& r) {
  return unbounded(r) && r.when.parts.empty() && r.select.all() && r.valid.from == INT64_MIN &&
         r.valid.until == INT64_MAX;
}

bool takes_off(const Rule& r) {
  return r.give.kind == Effect::Kind::kPercent || r.give.kind == Effect::Kind::kAmount;
}

// Gives something on every receipt that has anything to lower.
bool always(const Rule& r) {
  return takes_off(r) && unrestricted(r) && r.on == kNoName && r.group < 0 && r.not_with.empty();
}

// Wherever both may work and `other` could give something, r gives something too.
bool outdoes(const Rule& r, const Rule& other) {
  using K = Effect::Kind;
  using Earn = Effect::Earn;
  if (r.on != other.on || other.exclusive) return false;
  const auto& give = r.give;
  if (takes_off(r)) return other.give.is_discount();
  if (give.kind == K::kMessage) return true;
  if (give.kind == K::kCoupon) return other.give.kind == K::kGift || other.give.kind == K::kCoupon;
  const bool both = give.kind == K::kEarn && other.give.kind == K::kEarn;
  if (!both || give.to != other.give.to || give.undiscounted || give.value.fixed == 0) return false;
  return give.earn == Earn::kFixed ||
         (give.earn == Earn::kPercent && other.give.earn == Earn::kPercent &&
          give.basis == other.give.basis);
}

// What central counts of a customer (docs/users/programs.md), or a purse.
bool counted(const Plan& plan, NameId name) {
  constexpr std::array<std::string_view, 4> kCounted{"purchases", "purchases_ever", "spent",
                                                     "spent_ever"};
  return plan.purse(name) != nullptr ||
         std::ranges::find(kCounted, plan.names.text(name)) != kCounted.end();
}

Result<void> check_counters(const Plan& plan, const Condition& c, const std::string& at) {
  if (c.kind == Kind::kCounter) {
    const auto name = std::string(plan.names.text(c.name));
    if (!counted(plan, c.name)) {
      return invalid(at, "nobody counts " + name +
                             "; there are purchases, purchases_ever, spent, spent_ever and purses");
    }
    if (c.plus != 0 && plan.purse(c.name) != nullptr) {
      return invalid(at, "this_receipt_too is for purchases and spent");
    }
  }
  for (const auto& part : c.parts) TILL_CHECK(check_counters(plan, part, at));
  return {};
}

// What `when` leaves of the amount, quantity or counter that the rule's ladder goes by.
Span left_of(const Rule& r, const Value& v) {
  Span left;
  const auto narrow = [&](const Span& by) {
    left.min = std::max(left.min, by.min);
    left.max = std::min(left.max, by.max);
  };
  for (const auto& c : r.when.parts) {
    const bool whole = c.kind == Kind::kBasket && c.select.all();
    const bool receipt =
        v.by == Value::By::kAmount || v.by == Value::By::kQuantity || r.select.all();
    if (whole && receipt && !r.sets) {
      const bool money = v.by == Value::By::kAmount || v.by == Value::By::kSelectedAmount;
      if (money && c.basis == Basis::kRemaining) narrow(c.span);
      if (v.by == Value::By::kQuantity || v.by == Value::By::kSelectedQuantity) narrow(c.count);
    }
    const bool same =
        c.kind == Kind::kCounter && v.by == Value::By::kCounter && c.name == v.counter;
    if (same && (c.plus != 0) == v.this_too) narrow(c.span);
  }
  return left;
}

// Steps that the rule's own conditions keep out of reach.
Result<void> check_ladder(const Rule& r) {
  const auto& v = r.give.value;
  if (v.by == Value::By::kNothing || v.by == Value::By::kTier) return {};
  const auto left = left_of(r, v);
  for (std::size_t i = 0; i < v.steps.size(); ++i) {
    const auto at = place(r) + ".give, step " + std::to_string(i + 1);
    if (v.steps[i].from > left.max) {
      return invalid(at, "can never apply: when lets nothing so high through");
    }
    const bool passed = i + 1 < v.steps.size() && v.steps[i + 1].from <= left.min;
    if (passed && !v.marginal) {
      return invalid(at,
                     "can never apply: when asks for more, and the next step begins below that");
    }
  }
  return {};
}

// Goods that are not there: of a price that none have, of an empty name, none where some are
// needed.
Result<void> check_goods(const Rule& r) {
  const auto checked = [&](const Selector& s, const std::string& at) -> Result<void> {
    if (s.price.max <= 0) {
      return invalid(at + ".select.price", "can never apply: what costs nothing is passed over");
    }
    const bool below = s.price.min != kLowest && s.price.min < 0;
    if (below) return invalid(at + ".select.price", "no price is below 0");
    return {};
  };
  TILL_CHECK(checked(r.select, place(r)));
  if (r.sets) {
    for (const auto& part : r.sets->buy) TILL_CHECK(checked(part.select, place(r) + ".sets.buy"));
    for (const auto& part : r.sets->get) TILL_CHECK(checked(part.select, place(r) + ".sets.get"));
  }
  if (r.give.kind == Effect::Kind::kGift && r.give.what == kNoName) {
    return invalid(place(r) + ".give.gift.sku", "empty");
  }
  const bool none = must(r.when, [&](const Condition& c) {
    const bool of_them = c.select.all() || (!r.sets && same_goods(c.select, r.select));
    return c.kind == Kind::kBasket && of_them && (c.count.max <= 0 || c.lines.max <= 0);
  });
  if (none && r.give.is_discount()) {
    return invalid(place(r) + ".when.basket",
                   "can never apply: a discount needs goods, and when lets none through");
  }
  return {};
}

Result<void> check_conditions(const Plan& plan, const Rule& r) {
  const auto blank = [](const std::string& text) {
    return text.find_first_not_of(" \t\n") == std::string::npos;
  };
  if (r.give.kind == Effect::Kind::kMessage && std::ranges::any_of(r.give.text, blank)) {
    return invalid(place(r) + ".give.message", "says nothing");
  }
  TILL_CHECK(check_counters(plan, r.when, place(r) + ".when.counter"));
  const auto& ladder = r.give.value;
  if (ladder.by == Value::By::kCounter && !counted(plan, ladder.counter)) {
    return invalid(place(r) + ".give",
                   "nobody counts " + std::string(plan.names.text(ladder.counter)));
  }
  TILL_CHECK(check_ladder(r));
  if (const auto why = contradiction(plan, r); !why.empty()) {
    return invalid(place(r) + ".when", "can never hold: " + why);
  }
  TILL_CHECK(check_goods(r));
  if (!of_nobody(r)) return {};
  const auto customers = [](const Limit& l) { return l.scope == LimitScope::kCustomer; };
  if (std::ranges::any_of(r.limits, customers)) {
    return invalid(place(r) + ".limits", "per customer, but only customers nobody knows");
  }
  if (r.cost.amount > 0) {
    return invalid(place(r) + ".cost", "can never apply: nobody known, so nobody's points");
  }
  if (r.give.kind == Effect::Kind::kEarn && r.give.to == kNoName) {
    return invalid(place(r) + ".give.earn", "can never apply: nobody known to give points to");
  }
  return {};
}

// Nothing is bought when a customer enrols, and nobody stands at the till to hand things over.
Result<void> check_enrolment(const Plan& plan, const Rule& r) {
  if (r.on == kNoName || plan.names.text(r.on) != "enrolment") return {};
  using Earn = Effect::Earn;
  const bool gives = r.give.kind == Effect::Kind::kEarn &&
                     (r.give.earn == Earn::kFixed || r.give.earn == Earn::kMultiply);
  if (!gives) {
    return invalid(
        place(r) + ".give",
        "can never apply: at enrolment only earn with fixed or multiply gives something");
  }
  if (r.sets || !r.select.all()) {
    return invalid(place(r) + ".select", "can never apply: there are no goods at enrolment");
  }
  const bool at_till = must(r.when, [](const Condition& c) {
    return c.kind == Kind::kCode || c.kind == Kind::kCoupon || c.kind == Kind::kTill ||
           c.kind == Kind::kPayment || c.kind == Kind::kPlugin ||
           (c.kind == Kind::kBasket && (c.span.min > 0 || c.count.min > 0 || c.lines.min > 0));
  });
  if (at_till) {
    return invalid(place(r) + ".when", "can never hold: there is no receipt at enrolment");
  }
  return {};
}

// A rule of a group may come as early as the first of the group does.
std::size_t earliest(const Plan& plan, std::size_t rule) {
  const auto group = plan.rules[rule].group;
  if (group < 0) return rule;
  const auto& members = plan.groups[static_cast<std::size_t>(group)].members;
  return members.empty() ? rule : std::min<std::size_t>(rule, members.front());
}

// Behind a rule that always works, in a group of which one applies or by not_with.
Result<void> check_order(const Plan& plan) {
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    const auto& r = plan.rules[i];
    if (!unrestricted(r)) continue;
    if (r.group >= 0) {
      const auto& g = plan.groups[static_cast<std::size_t>(r.group)];
      if (g.best || g.most > 1 || !r.not_with.empty()) continue;
      for (const auto k : g.members) {
        if (k <= i || !outdoes(r, plan.rules[k])) continue;
        return invalid(place(plan.rules[k]),
                       "can never apply: " + r.id + " always comes first in " + g.id);
      }
      continue;
    }
    const bool first = std::ranges::all_of(
        r.not_with, [&](std::uint32_t k) { return earliest(plan, k) > i || plan.rules[k].paused; });
    for (const auto k : r.not_with) {
      const auto& other = plan.rules[k];
      // Among coupons the code that was entered first goes first.
      const bool later =
          r.stage != Stage::kCoupon || r.priority > other.priority || other.stage != Stage::kCoupon;
      if (!first || !later || other.paused || !outdoes(r, other)) continue;
      return invalid(place(other),
                     "can never apply: not_with, and " + r.id + " always comes first");
    }
  }
  return {};
}

// The names a condition speaks of, in order.
void names_in(const Condition& c, std::vector<NameId>& out) {
  out.push_back(c.name);
  out.insert(out.end(), c.names.ids().begin(), c.names.ids().end());
  for (const auto& part : c.parts) names_in(part, out);
}

// In a group of which the first takes it all, behind one that asks the very same. A group may hold
// ten thousand offers: only those that speak of the same names are looked at side by side.
Result<void> check_alike(const Plan& plan, const Group& g) {
  if (g.best || g.most > 1) return {};
  std::map<std::vector<NameId>, std::vector<std::uint32_t>> seen;
  for (const auto k : g.members) {
    const auto& r = plan.rules[k];
    std::vector<NameId> names;
    for (const auto* list : {&r.select.skus, &r.select.categories, &r.select.tags}) {
      names.insert(names.end(), list->ids().begin(), list->ids().end());
    }
    names_in(r.when, names);
    auto& before = seen[std::move(names)];
    for (const auto i : before) {
      const auto& first = plan.rules[i];
      if (!alike(first, r) || !outdoes(first, r)) continue;
      return invalid(place(r), "can never apply: " + first.id + " always comes first in " + g.id);
    }
    if (unbounded(r) && r.not_with.empty()) before.push_back(k);
  }
  return {};
}

// What keeps a rule from multiplying what the other gives; "" = nothing.
std::string apart(const Plan& plan, const Rule& base, std::size_t at, const Rule& multiplier) {
  if (std::ranges::binary_search(multiplier.not_with, static_cast<std::uint32_t>(at)))
    return "not_with";
  if (base.group >= 0 && base.group == multiplier.group &&
      plan.groups[static_cast<std::size_t>(base.group)].most == 1) {
    return "only one of the group applies";
  }
  return never_together(plan, base, multiplier);
}

Result<void> check_multiplier(const Plan& plan, std::size_t at) {
  const auto& r = plan.rules[at];
  std::string why = "no earlier rule gives what it multiplies";
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    const auto& base = plan.rules[i];
    const bool gives = base.give.kind == Effect::Kind::kEarn &&
                       base.give.earn != Effect::Earn::kMultiply && base.on == r.on &&
                       base.give.purse == r.give.purse && base.give.to == r.give.to;
    if (!gives || earliest(plan, i) >= at) continue;
    if (base.paused && !r.paused) {
      why = "what it multiplies is paused: " + base.id;
      continue;
    }
    const auto barred = apart(plan, base, i, r);
    if (barred.empty()) return {};
    why = "not together with " + base.id + ": " + barred;
  }
  return invalid(place(r) + ".give.earn.multiply", "can never apply: " + why);
}

// A multiplier works on what earlier rules gave: without any it multiplies nothing.
Result<void> check_multipliers(const Plan& plan) {
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    const auto& give = plan.rules[i].give;
    if (give.kind == Effect::Kind::kEarn && give.earn == Effect::Earn::kMultiply) {
      TILL_CHECK(check_multiplier(plan, i));
    }
  }
  return {};
}

// Once a rule that stands alone gives something on every receipt, no other discount is left.
Result<void> check_exclusives(const Plan& plan) {
  const Rule* alone = nullptr;
  std::size_t at = 0;
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    const auto& r = plan.rules[i];
    const bool more = alone == nullptr || (r.local == alone->local && r.priority > alone->priority);
    if (r.exclusive && always(r) && more) {
      alone = &r;
      at = i;
    }
  }
  if (alone == nullptr) return {};
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    const auto& r = plan.rules[i];
    if (i == at || !r.give.is_discount() || r.on != alone->on) continue;
    const bool before = r.exclusive && (r.local != alone->local || r.priority > alone->priority ||
                                        (r.priority == alone->priority && i < at));
    if (!before) {
      return invalid(place(r), "can never apply: " + alone->id + " stands alone on every receipt");
    }
  }
  return {};
}

// Takes off all that may be taken off, of all goods. What a minimum price keeps is kept from every
// other discount too. Rounding may leave a few kopecks, and so may tax that is added afterwards.
bool leaves_nothing(const Plan& plan, const Rule& r) {
  const auto& s = plan.settings;
  const bool free =
      r.give.kind == Effect::Kind::kPercent
          ? r.give.value.fixed == kPercentScale && !r.give.of_unit && s.money_step == 1
          : r.give.kind == Effect::Kind::kPrice && r.give.per != Per::kSet &&
                r.give.value.fixed == 0;
  return free && !s.before_tax && unrestricted(r) && r.on == kNoName && r.group < 0 &&
         r.not_with.empty();
}

// Discounts behind one that takes everything off. One that stands alone comes before it, wherever
// it is written.
Result<void> check_free(const Plan& plan) {
  const auto gives_all = [&](const Rule& r) { return leaves_nothing(plan, r); };
  const auto free = std::ranges::find_if(plan.rules, gives_all);
  if (free == plan.rules.end()) return {};
  const auto at = static_cast<std::size_t>(free - plan.rules.begin());
  for (std::size_t i = at + 1; i < plan.rules.size(); ++i) {
    const auto& r = plan.rules[i];
    // Among coupons the order is that in which the codes were entered.
    const bool behind =
        earliest(plan, i) > at && (r.stage > free->stage || r.stage != Stage::kCoupon);
    if (!behind || !r.give.is_discount() || r.on != kNoName || r.exclusive || r.paused) continue;
    return invalid(place(r), "can never apply: " + free->id + " leaves nothing to take off");
  }
  return {};
}

// A group of which more rules apply than are in it weighs nothing; paused ones come back.
Result<void> check_groups(const Plan& plan) {
  std::vector<std::size_t> members(plan.groups.size());
  for (const auto& r : plan.rules) {
    if (r.group >= 0) ++members[static_cast<std::size_t>(r.group)];
  }
  for (std::size_t g = 0; g < members.size(); ++g) {
    if (members[g] == 1 && plan.groups[g].most > 1) {
      return invalid("groups." + plan.groups[g].id + ".most", "only one rule is in it");
    }
  }
  return {};
}

Result<void> check_redeem(const Plan& plan) {
  if (!plan.redeem) return {};
  const auto& r = *plan.redeem;
  if (r.worth(r.step) > r.max_amount) {
    return invalid("redeem.step", "one step is worth more than max_amount: points could never pay");
  }
  if (r.worth(r.min_points) > r.max_amount) {
    return invalid("redeem.min_points", "worth more than max_amount: points could never pay");
  }
  return {};
}

}  // namespace

Result<void> check_reach(const Plan& plan) {
  TILL_CHECK(check_slips(plan));
  for (const auto& r : plan.rules) {
    TILL_CHECK(check_enrolment(plan, r));
    TILL_CHECK(check_conditions(plan, r));
  }
  if (plan.tiers && !counted(plan, plan.tiers->counter)) {
    return invalid("tiers.by",
                   "nobody counts " + std::string(plan.names.text(plan.tiers->counter)));
  }
  TILL_CHECK(check_groups(plan));
  TILL_CHECK(check_order(plan));
  for (const auto& g : plan.groups) TILL_CHECK(check_alike(plan, g));
  TILL_CHECK(check_multipliers(plan));
  TILL_CHECK(check_exclusives(plan));
  TILL_CHECK(check_free(plan));
  return check_redeem(plan);
}

}  // namespace till::loyalty
