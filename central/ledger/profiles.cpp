#include "central/ledger/profiles.h"

#include <algorithm>
#include <array>

#include "gateway/loyalty/calendar.h"
#include "gateway/loyalty/evaluate.h"
#include "gateway/loyalty/plan.h"

namespace till::central {
namespace {

using loyalty::LimitScope;
using loyalty::local_time;

}  // namespace

wire::Profile Profiles::of(const CustomerId& customer, const StoreId& asking) {
  const auto& plan = programs_.current().plan();
  const auto today = local_time(clock_.unix_us(), plan.settings.utc_offset_min).day;
  wire::Profile out;
  put_history(customer, today, out);
  put_facts(customer, out);
  put_used(customer, asking, false, out);
  for (std::size_t i = 1; i < plan.purses.size(); ++i) {
    const auto has = ledger_.standing({customer, plan.purses[i].id}).available;
    if (has.units > 0) out.purses[plan.purses[i].id] = has.units;
  }
  return out;
}

wire::Profile Profiles::at(const CustomerId& customer, const StoreId& store) {
  auto out = of(customer);
  put_used(customer, store, true, out);
  return out;
}

void Profiles::put_history(const CustomerId& customer, std::int64_t today, wire::Profile& out) {
  const auto& plan = programs_.current().plan();
  const auto window = plan.tiers ? plan.tiers->window_days : 0;
  const auto counter =
      plan.tiers ? std::string(plan.names.text(plan.tiers->counter)) : std::string();
  const auto read = [&](std::int64_t from, const std::string& purchases, const std::string& spent) {
    auto row = db_.query(
        "SELECT coalesce(sum(purchases), 0), coalesce(sum(spent), 0), min(day), max(day), count(*) "
        "FROM counters WHERE day>?2 AND customer IN (WITH RECURSIVE m(c) AS (SELECT ?1 UNION "
        "SELECT from_customer FROM merges JOIN m ON into_customer=c WHERE NOT undone) "
        "SELECT c FROM m)",
        customer.value, from);
    row.next();
    if (row.integer(4) == 0) return;
    if (!purchases.empty()) out.counters[purchases] = row.integer(0);
    if (!spent.empty()) out.counters[spent] = row.integer(1);
    if (purchases == "purchases_ever") {
      out.dates["first_purchase"] = row.integer(2);
      out.dates["last_purchase"] = row.integer(3);
    }
  };
  read(INT64_MIN, "purchases_ever", "spent_ever");
  // Only the counter that the levels go by is that of their window.
  read(counter == "purchases" && window > 0 ? today - window : INT64_MIN, "purchases", "");
  read(counter == "spent" && window > 0 ? today - window : INT64_MIN, "", "spent");
}

void Profiles::put_facts(const CustomerId& customer, wire::Profile& out) {
  const auto& plan = programs_.current().plan();
  auto joined = db_.query("SELECT added FROM customers WHERE customer=?", customer.value);
  if (joined.next()) {
    out.dates["joined"] = local_time(joined.integer(0), plan.settings.utc_offset_min).day;
  }
  auto rows =
      db_.query("SELECT kind, name, value FROM customer_facts WHERE customer=?", customer.value);
  while (rows.next()) {
    const auto kind = rows.text(0);
    if (kind == "date") out.dates[rows.text(1)] = rows.integer(2);
    if (kind == "segment") out.segments.push_back(rows.text(1));
    if (kind == "tier") {
      out.tier = rows.text(1);
      out.dates["tier"] = local_time(rows.integer(2), plan.settings.utc_offset_min).day;
    }
    if (kind == "referrer") out.referrer = rows.text(1);
  }
}

// What was used of each limit: of the store's own ones there, of the others everywhere else.
void Profiles::put_used(const CustomerId& customer, const StoreId& store, bool own,
                        wire::Profile& out) {
  const auto& plan = programs_.current().plan();
  const auto today = local_time(clock_.unix_us(), plan.settings.utc_offset_min).day;
  for (const auto& rule : plan.limited()) {
    for (const auto& limit : plan.limits_of(rule)) {
      const bool counts =
          own ? limit.scope == LimitScope::kStore
              : limit.scope == LimitScope::kCustomer || limit.scope == LimitScope::kProgram;
      if (!counts) continue;
      auto row = db_.query(
          "SELECT coalesce(sum(times), 0), coalesce(sum(amount), 0) FROM rule_uses WHERE rule=?1 "
          "AND day>=?2 AND (?3='' OR customer=?3) AND (store=?4)=?5",
          rule, loyalty::begin_of(limit.period, today),
          limit.scope == LimitScope::kCustomer ? customer.value : std::string(), store.value, own);
      row.next();
      if (row.integer(0) == 0 && row.integer(1) == 0) continue;
      out.used.push_back({rule,
                          std::string(loyalty::kLimitScopes[static_cast<std::size_t>(limit.scope)]),
                          std::string(loyalty::kPeriods[static_cast<std::size_t>(limit.period)]),
                          row.integer(0), row.integer(1)});
    }
  }
}

void Profiles::count(const wire::SaleFact& fact, const CustomerId& customer, const StoreId& store) {
  const auto day = local_time(fact.at, fact.utc_offset_min).day;
  const auto sign = fact.is_return ? -1 : 1;
  // A part that comes back lowers what was spent; only a whole receipt was no purchase.
  const auto purchases = fact.is_return ? (fact.whole ? -1 : 0) : 1;
  auto spent = fact.total;
  for (const auto& line : fact.lines) spent -= line.uncounted ? line.total : 0;
  auto sold = day;
  if (fact.is_return) {  // it leaves the day of the purchase, and with it windows and periods
    auto row = db_.query("SELECT at FROM sales WHERE sale=? AND NOT is_return", fact.returned_sale);
    if (row.next()) sold = local_time(row.integer(0), fact.utc_offset_min).day;
  }
  if (!customer.value.empty() && fact.document_kind.empty()) {
    db_.run(
        "INSERT INTO counters VALUES (?1,?2,?3,?4) ON CONFLICT DO UPDATE SET "
        "purchases=purchases+?3, spent=spent+?4",
        customer.value, sold, purchases, sign * spent);
  }
  for (const auto& use : fact.rules) {
    this->use(use.rule, customer, store, sold, sign * use.times, sign * use.amount);
  }
  if (!customer.value.empty()) keep_level(customer);
}

void Profiles::use(const std::string& rule, const CustomerId& customer, const StoreId& store,
                   std::int64_t day, std::int64_t times, std::int64_t amount) {
  db_.run(
      "INSERT INTO rule_uses VALUES (?1,?2,?3,?4,?5,?6) ON CONFLICT DO UPDATE SET "
      "times=times+?5, amount=amount+?6",
      rule, customer.value, store.value, day, times, amount);
}

// A level that was reached is kept for programs that lower it late or never.
void Profiles::keep_level(const CustomerId& customer) {
  const auto& program = programs_.current();
  if (!program.plan().tiers) return;
  const auto profile = of(customer);
  loyalty::Basket basket;
  basket.instant_us = clock_.unix_us();
  basket.customer.emplace();
  basket.customer->counters = profile.counters;
  basket.customer->tier = profile.tier;
  basket.customer->dates = profile.dates;
  loyalty::Evaluator evaluator(program.plan());
  evaluator.start(basket);
  const auto tier = evaluator.run().tier;
  if (tier < 0) return;
  const auto& id = program.plan().tiers->steps[static_cast<std::size_t>(tier)].id;
  // Kept through a window, the level begins a new one.
  const auto window = program.plan().tiers->window_days;
  const auto since = profile.dates.find("tier");
  const auto today = local_time(clock_.unix_us(), program.plan().settings.utc_offset_min).day;
  const bool over = window > 0 && since != profile.dates.end() && today - since->second >= window;
  if (id == profile.tier && !over) return;
  remove(customer, "tier");
  db_.run("INSERT INTO customer_facts VALUES (?,'tier',?,?)", customer.value, id, clock_.unix_us());
}

void Profiles::set_date(const CustomerId& customer, const std::string& name, std::int64_t day) {
  db_.run("INSERT OR REPLACE INTO customer_facts VALUES (?,'date',?,?)", customer.value, name, day);
}

void Profiles::set_segment(const CustomerId& customer, const std::string& name, bool in) {
  if (in) {
    db_.run("INSERT OR IGNORE INTO customer_facts VALUES (?,'segment',?,0)", customer.value, name);
  } else {
    db_.run("DELETE FROM customer_facts WHERE customer=? AND kind='segment' AND name=?",
            customer.value, name);
  }
}

void Profiles::set_referrer(const CustomerId& customer, const std::string& referrer) {
  remove(customer, "referrer");
  db_.run("INSERT INTO customer_facts VALUES (?,'referrer',?,0)", customer.value, referrer);
}

std::string Profiles::referrer(const CustomerId& customer) {
  auto row = db_.query("SELECT name FROM customer_facts WHERE customer=? AND kind='referrer'",
                       customer.value);
  return row.next() ? row.text(0) : std::string();
}

std::string Profiles::account(const std::string& to, const CustomerId& customer,
                              const std::string& cashier) {
  if (to.empty()) return customer.value;
  if (to == "cashier") return cashier.empty() ? std::string() : "cashier:" + cashier;
  return to == "referrer" ? referrer(customer) : "partner:" + to;
}

void Profiles::remove(const CustomerId& customer, const char* kind) {
  db_.run("DELETE FROM customer_facts WHERE customer=? AND kind=?", customer.value, kind);
}

}  // namespace till::central
