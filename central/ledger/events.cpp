#include "central/ledger/events.h"

#include <map>
#include <utility>

#include "gateway/base/json.h"
#include "gateway/loyalty/calendar.h"
#include "gateway/loyalty/plan.h"
#include "protocols/central/chain.h"

namespace till::central {
namespace {

constexpr std::string_view kEnrolment = "enrolment";
constexpr int kCodeTries = 16;  // a short code may be taken

loyalty::Basket basket_of(const Event& event) {
  loyalty::Basket basket;
  basket.event = event.name;
  basket.store = event.store.value;
  basket.cashier = event.cashier;
  basket.instant_us = event.at;
  return basket;
}

void put_customer(loyalty::Basket& basket, const CustomerId& id, const std::string& card_type,
                  Points available, wire::Profile profile) {
  auto& who = basket.customer.emplace();
  who.id = id;
  who.card_type = card_type;
  who.available = available;
  who.purses = std::move(profile.purses);
  who.counters = std::move(profile.counters);
  who.dates = std::move(profile.dates);
  who.segments = std::move(profile.segments);
  who.tier = profile.tier;
  who.referrer = profile.referrer;
}

}  // namespace

Given Events::enrolled(const CustomerRecord& customer, const StoreId& store, std::int64_t at) {
  return happen(derived_id("welcome " + customer.id.value),
                {std::string(kEnrolment), customer.id.value, "", store, "", at}, customer.card_type,
                Kind::kWelcome);
}

Result<boost::json::object> Events::told(const std::string& key, const Event& event) {
  if (event.name.empty() || event.name == "sale" || event.name == kEnrolment) {
    return fail(Code::kBadValue, "event: " + event.name);
  }
  if (event.customer.empty() && event.cashier.empty()) {
    return fail(Code::kMissingField, "customer | seller");
  }
  // Sellers of one name in two stores are two.
  if (!event.cashier.empty() && event.store.value.empty()) {
    return fail(Code::kMissingField, "store");
  }
  Event happened = event;
  std::string card_type;
  if (!event.customer.empty()) {
    const auto record = directory_.record({event.customer});
    if (!record) return fail(Code::kUnknownCard, event.customer);
    happened.customer = record->id.value;
    card_type = record->card_type;
  }
  const Uuid id = derived_id("event " + key);
  auto row =
      db_.query("SELECT name, customer, cashier, store, given FROM events WHERE event=?", id);
  if (row.next()) {
    const bool same = row.text(0) == event.name && row.text(2) == event.cashier &&
                      row.text(3) == event.store.value &&
                      directory_.resolve({row.text(1)}).value == happened.customer;
    if (!same) return fail(Code::kDuplicate, key);
    return TILL_TRY(parse_json(row.text(4))).as_object();
  }
  return to_json(happen(id, happened, card_type, Kind::kEvent));
}

Given Events::happen(const Uuid& id, const Event& event, const std::string& card_type, Kind kind) {
  const auto& program = programs_.current();
  const auto offset = program.plan().settings.utc_offset_min;
  const CustomerId customer{event.customer};
  const auto seller =
      event.cashier.empty() ? "" : wire::seller_key(event.store.value, event.cashier);
  auto basket = basket_of(event);
  auto profile = profiles_.at(customer, event.store);
  for (const auto& u : profile.used) {
    basket.used.push_back({u.rule, u.scope, u.period, u.times, u.amount});
  }
  if (!customer.value.empty()) {
    put_customer(basket, customer, card_type, ledger_.standing({customer}).available,
                 std::move(profile));
  }
  const auto gives = loyalty::quote(program, basket);
  const auto effects = gives.effects.value_or(loyalty::Effects{});
  std::map<std::pair<std::string, std::string>, std::int64_t> sums;  // by account and purse
  const auto lots = effects.lots.value_or(std::vector<loyalty::PointsLot>{});
  auto rest = gives.accrued;
  for (const auto& lot : lots) rest -= lot.points;
  if (rest.units > 0) sums[{event.customer, "points"}] = rest.units;
  for (const auto& entry : effects.purses) {
    const auto account = profiles_.account(entry.to, customer, seller);
    if (entry.amount > 0 && !account.empty()) sums[{account, entry.purse}] += entry.amount;
  }
  Given given;
  const Cause cause{event.store, {id, 0}, event.at};
  for (const auto& [to, amount] : sums) {
    const auto& [account, purse] = to;
    ledger_.credit({{account}, purse, account == event.customer}, Points{amount}, kind, cause,
                   programs_.terms(purse, event.at, offset));
    given.credits.push_back({account, purse, Points{amount}});
  }
  for (const auto& lot : lots) {
    ledger_.credit(
        {customer}, lot.points, kind, cause,
        Programs::terms({lot.activation_days, lot.expires_days, lot.expires_end}, event.at, offset),
        lot.rule);
    given.credits.push_back({event.customer, "points", lot.points});
  }
  for (const auto& handed : effects.handed) {
    if (!handed.coupon) given.gifts.push_back({handed.what, handed.count});
    for (std::int64_t i = 0; handed.coupon && i < handed.count; ++i) {
      if (auto code = new_coupon(handed.what, event); !code.empty()) {
        given.coupons.push_back(std::move(code));
      }
    }
  }
  const auto day = loyalty::local_time(event.at, offset).day;
  for (const auto& use : effects.rules) {
    profiles_.use(use.rule, customer, event.store, day, use.times, use.amount);
  }
  db_.run("INSERT OR IGNORE INTO events VALUES (NULL,?,?,?,?,?,?,?,?)", id, event.name,
          event.customer, event.cashier, event.store.value, event.at, event.note,
          boost::json::serialize(to_json(given)));
  return given;
}

// "" when every code that was drawn is in the book already.
std::string Events::new_coupon(const std::string& type, const Event& event) {
  for (int i = 0; i < kCodeTries; ++i) {
    std::array<std::uint8_t, 8> drawn{};
    random_.fill(drawn);
    std::uint64_t number = 0;
    for (const auto byte : drawn) number = number << 8 | byte;
    const auto& program = programs_.current();
    wire::Coupon coupon;
    coupon.code = loyalty::coupon_code(program, type, number);
    coupon.type = type;
    coupon.customer = event.customer;
    coupon.until = loyalty::coupon_until(program, type, event.at, {});
    if (coupons_.issue(coupon)) return coupon.code;
  }
  return {};
}

boost::json::object to_json(const Given& given) {
  boost::json::array credits, coupons, gifts;
  for (const auto& c : given.credits) {
    credits.push_back(boost::json::object{
        {"account", c.account}, {"purse", c.purse}, {"amount", to_string(c.amount)}});
  }
  for (const auto& code : given.coupons) coupons.push_back(boost::json::string(code));
  for (const auto& g : given.gifts) {
    gifts.push_back(boost::json::object{{"sku", g.sku}, {"count", to_string(Quantity{g.count})}});
  }
  return {{"credits", std::move(credits)},
          {"coupons", std::move(coupons)},
          {"gifts", std::move(gifts)}};
}

}  // namespace till::central
