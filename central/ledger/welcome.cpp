#include "central/ledger/welcome.h"

#include <map>
#include <utility>

#include "gateway/loyalty/calendar.h"
#include "gateway/loyalty/plan.h"

namespace till::central {
namespace {

constexpr std::string_view kEvent = "enrolment";

loyalty::Basket enrolment(const CustomerRecord& record, wire::Profile profile, const StoreId& store,
                          std::int64_t at) {
  loyalty::Basket basket;
  basket.event = kEvent;
  basket.store = store.value;
  basket.instant_us = at;
  auto& who = basket.customer.emplace();
  who.id = record.id;
  who.card_type = record.card_type;
  who.purses = std::move(profile.purses);
  who.counters = std::move(profile.counters);
  who.dates = std::move(profile.dates);
  who.segments = std::move(profile.segments);
  who.tier = profile.tier;
  who.referrer = profile.referrer;
  for (const auto& u : profile.used) {
    basket.used.push_back({u.rule, u.scope, u.period, u.times, u.amount});
  }
  return basket;
}

}  // namespace

void Welcome::give(const CustomerRecord& customer, const StoreId& store, std::int64_t at) {
  const auto& program = programs_.current();
  const auto offset = program.plan().settings.utc_offset_min;
  const auto gives =
      loyalty::quote(program, enrolment(customer, profiles_.at(customer.id, store), store, at));
  const auto effects = gives.effects.value_or(loyalty::Effects{});
  const Cause cause{store, {derived_id("welcome " + customer.id.value), 0}, at};
  const auto credit = [&](const AccountId& account, Points points) {
    ledger_.credit(account, points, Kind::kWelcome, cause,
                   programs_.terms(account.unit, at, offset));
  };
  credit({customer.id}, gives.accrued);
  std::map<std::pair<std::string, std::string>, std::int64_t> sums;  // by account and purse
  for (const auto& entry : effects.purses) {
    const auto account = profiles_.account(entry.to, customer.id, "");
    if (entry.amount > 0 && !account.empty()) sums[{account, entry.purse}] += entry.amount;
  }
  for (const auto& [account, amount] : sums) {
    credit({{account.first}, account.second, account.first == customer.id.value}, Points{amount});
  }
  const auto day = loyalty::local_time(at, offset).day;
  for (const auto& use : effects.rules) {
    profiles_.use(use.rule, customer.id, store, day, use.times, use.amount);
  }
}

}  // namespace till::central
