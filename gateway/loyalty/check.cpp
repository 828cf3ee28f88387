// Programs that read well but hold a rule which can never apply, or whose parts contradict.
#include <algorithm>

#include "gateway/loyalty/load.h"

namespace till::loyalty::load {
namespace {

bool has_kind(const Condition& c, Condition::Kind kind) {
  return c.kind == kind ||
         std::ranges::any_of(c.parts, [&](const auto& p) { return has_kind(p, kind); });
}

bool needs_customer(const Condition& c) {
  using enum Condition::Kind;
  switch (c.kind) {
    case kKnown:
    case kVerified:
      return c.want;
    case kCardType:
    case kCardPromotion:
    case kSegment:
    case kTier:
    case kDate:
    case kExperiment:
      return true;
    case kAll:
      return std::ranges::any_of(c.parts, needs_customer);
    default:
      return false;
  }
}

bool needs_nobody(const Condition& c) {
  using enum Condition::Kind;
  return (c.kind == kKnown && !c.want) ||
         (c.kind == kAll && std::ranges::any_of(c.parts, needs_nobody));
}

bool excluded_anyway(const Settings& s, const Selector& select) {
  if (!s.excludes || !s.excluded.price.open() || !s.excluded.quantity.open() ||
      s.excluded.discounted || s.excluded.weighed) {
    return false;
  }
  const auto within = [](const NameSet& wanted, const NameSet& out) {
    return !wanted.empty() && !out.empty() &&
           std::ranges::all_of(wanted.ids(), [&](NameId id) { return out.has(id); });
  };
  const auto& x = s.excluded;
  const bool one_list =
      (x.skus.empty() ? 0 : 1) + (x.categories.empty() ? 0 : 1) + (x.tags.empty() ? 0 : 1) == 1;
  return one_list && x.not_skus.empty() && x.not_categories.empty() && x.not_tags.empty() &&
         (within(select.skus, x.skus) || within(select.categories, x.categories) ||
          within(select.tags, x.tags));
}

Result<void> check_rule(const Plan& plan, const Rule& r, const std::string& path) {
  if (needs_customer(r.when) && needs_nobody(r.when)) {
    return invalid(path + ".when", "can never hold: no customer, and something about the customer");
  }
  if (r.valid.until < plan.valid.from || r.valid.from > plan.valid.until) {
    return invalid(path, "can never apply: its dates lie outside the program's");
  }
  const auto selectors = interests_of(r);
  if (excluded_anyway(plan.settings, *selectors.front())) {
    return invalid(path + ".select", "can never apply: settings.excluded holds all of it");
  }
  const bool for_cards = has_kind(r.when, Condition::Kind::kCardPromotion);
  const auto listed = std::ranges::any_of(plan.card_types, [&](const CardType& t) {
    return std::ranges::any_of(t.promotions, [&](auto i) { return &plan.rules[i] == &r; });
  });
  if (for_cards && !listed) {
    return invalid(path + ".when.card_promotion", "can never hold: no card type names this rule");
  }
  if (listed && !for_cards) {
    return invalid(path + ".when",
                   "a card type names this rule, so it needs \"card_promotion\": true");
  }
  return {};
}

Result<void> check_group(const Plan& plan, const std::vector<std::string>& paths, std::size_t at) {
  const auto& g = plan.groups[at];
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    if (plan.rules[i].group == static_cast<std::int64_t>(at)) members.push_back(i);
  }
  if (members.empty()) return invalid("groups." + g.id, "no rule is in it");
  const auto& first = plan.rules[members.front()];
  for (const auto i : members) {
    const auto& r = plan.rules[i];
    if (r.give.is_discount() != first.give.is_discount() ||
        (r.give.kind == Effect::Kind::kEarn) != (first.give.kind == Effect::Kind::kEarn)) {
      return invalid(paths[i] + ".group",
                     "discounts and earning cannot be weighed against each other");
    }
    if (g.per_line && !r.local) {
      return invalid(paths[i] + ".group", "a group per line holds only rules of stage line");
    }
  }
  if (g.best && g.most > 1 && members.size() > kMaxCombined) {
    return invalid("groups." + g.id, "the best of several is searched among at most 12 rules");
  }
  return {};
}

bool asks(const Condition& c, NameId plugin) {
  return (c.kind == Condition::Kind::kPlugin && c.name == plugin) ||
         std::ranges::any_of(c.parts, [&](const auto& p) { return asks(p, plugin); });
}

Result<void> check_plugin(const Plan& plan, const PluginUse& plugin) {
  const bool asked = std::ranges::any_of(plan.rules, [&](const Rule& r) {
    const bool gives = r.give.asks_plugin() && r.give.what == plugin.key;
    return gives || asks(r.when, plugin.key);
  });
  if (!asked) return invalid("plugins." + plugin.id, "no rule asks it");
  return {};
}

}  // namespace

Result<void> check(const Plan& plan, const std::vector<std::string>& paths) {
  for (const auto& plugin : plan.plugins) TILL_CHECK(check_plugin(plan, plugin));
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    TILL_CHECK(check_rule(plan, plan.rules[i], paths[i]));
  }
  for (std::size_t g = 0; g < plan.groups.size(); ++g) TILL_CHECK(check_group(plan, paths, g));
  return {};
}

}  // namespace till::loyalty::load
