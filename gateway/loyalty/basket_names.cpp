// What a basket names of its program: a slip of the pen is refused, or it would count as nothing.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gateway/loyalty/basket_json.h"
#include "gateway/loyalty/plan.h"

namespace till::loyalty {
namespace {

// What central tells of a customer (docs/users/programs.md), whether or not the program asks.
constexpr std::array<std::string_view, 4> kCounters{"purchases", "purchases_ever", "spent",
                                                    "spent_ever"};
constexpr std::array<std::string_view, 5> kDates{"birthday", "joined", "first_purchase",
                                                 "last_purchase", "tier"};

template <typename List>
bool in(const List& list, std::string_view id) {
  return std::ranges::any_of(list, [&](const auto& e) { return e.id == id; });
}

Result<void> check_history(const Plan& plan, const Customer& c) {
  for (const auto& [id, balance] : c.purses) {
    if (!in(plan.purses, id)) {
      return fail(Code::kUnknownField, "customer.purses." + id + ": no such purse");
    }
  }
  const auto known = [&](const auto& usual, const std::string& name) {
    return std::ranges::find(usual, name) != usual.end() || plan.names.find(name) != kNoName;
  };
  constexpr std::string_view kUnused = ": nothing in the program goes by it";
  for (const auto& [name, value] : c.counters) {
    if (known(kCounters, name)) continue;
    return fail(Code::kUnknownField, fmt::format("customer.counters.{}{}", name, kUnused));
  }
  for (const auto& [name, day] : c.dates) {
    if (known(kDates, name)) continue;
    return fail(Code::kUnknownField, fmt::format("customer.dates.{}{}", name, kUnused));
  }
  return {};
}

Result<void> check_customer(const Plan& plan, const Customer& c) {
  if (!c.card_type.empty() && !plan.card_types.empty() && !in(plan.card_types, c.card_type)) {
    return fail(Code::kBadValue, "customer.card_type: \"" + c.card_type + "\" is not defined");
  }
  if (!c.tier.empty() && (!plan.tiers || !in(plan.tiers->steps, c.tier))) {
    return fail(Code::kBadValue, "customer.tier: \"" + c.tier + "\": no such tier");
  }
  return check_history(plan, c);
}

Result<void> check_used(const Plan& plan, const Used& u, std::size_t at) {
  const auto limits = plan.limits_of(u.rule);
  const bool velocity = u.rule == kEarningLimit || u.rule == kRedemptionLimit;
  if (!velocity && !in(plan.rules, u.rule)) {
    return fail(Code::kBadValue, fmt::format("used[{}].rule: no rule \"{}\"", at, u.rule));
  }
  const auto same = [&](const Limit& l) {
    return kLimitScopes[static_cast<std::size_t>(l.scope)] == u.scope &&
           kPeriods[static_cast<std::size_t>(l.period)] == u.period;
  };
  if (std::ranges::any_of(limits, same)) return {};
  return fail(Code::kBadValue,
              fmt::format("used[{}]: {} has no limit per {}, {}", at, u.rule, u.scope, u.period));
}

}  // namespace

Result<void> check_names(const Program& program, const Basket& basket) {
  const auto& plan = program.plan();
  const auto& event = basket.event;
  const bool some_rule = std::ranges::any_of(
      plan.rules, [&](const Rule& r) { return plan.names.text(r.on) == event; });
  if (!event.empty() && event != "sale" && event != "enrolment" && !some_rule) {
    return fail(Code::kBadValue, "event: no rule works on \"" + event + "\"");
  }
  if (basket.customer) TILL_CHECK(check_customer(plan, *basket.customer));
  for (std::size_t i = 0; i < basket.used.size(); ++i) {
    TILL_CHECK(check_used(plan, basket.used[i], i));
  }
  for (std::size_t i = 0; i < basket.coupons.size(); ++i) {
    const auto& type = basket.coupons[i].type;
    if (type.empty() || in(plan.coupons, type)) continue;
    return fail(Code::kBadValue, fmt::format("coupons[{}].type: \"{}\": no such coupon", i, type));
  }
  for (const auto& answer : basket.plugins) {
    if (in(plan.plugins, answer.plugin)) continue;
    return fail(Code::kUnknownField, "plugins." + answer.plugin + ": not among the plugins");
  }
  return {};
}

}  // namespace till::loyalty
