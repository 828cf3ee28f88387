#include "central/ledger/facts.h"

#include <map>
#include <set>
#include <utility>

#include "central/ledger/alarms.h"
#include "central/ledger/limits.h"
#include "gateway/base/utf8.h"
#include "gateway/loyalty/plan.h"
#include "protocols/central/chain.h"

namespace till::central {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;

Result<void> check_text(const std::string& text) {
  if (text.size() > limits::kMaxTextBytes) return fail(Code::kTooLarge, "a text of the sale");
  if (!printable(text)) return fail(Code::kBadValue, "a text of the sale");
  return {};
}

Result<void> check_effects(const wire::SaleFact& f) {
  for (const auto* list : {&f.coupons, &f.issued}) {
    for (const auto& coupon : *list) {
      TILL_CHECK(check_text(coupon.code));
      TILL_CHECK(check_text(coupon.type));
    }
  }
  for (const auto& e : f.purses) {
    if (e.amount > limits::kMaxPoints || e.amount < -limits::kMaxPoints) {
      return fail(Code::kOutOfRange, "purses");
    }
    for (const auto* text : {&e.purse, &e.to, &e.rule}) TILL_CHECK(check_text(*text));
  }
  for (const auto& u : f.rules) {
    TILL_CHECK(check_text(u.rule));
    if (u.times < 0 || u.times > limits::kMaxPoints || u.amount < -limits::kMaxMoney ||
        u.amount > limits::kMaxMoney) {
      return fail(Code::kOutOfRange, "rules");
    }
  }
  Points own;
  std::set<std::string_view> rules;  // a rule's points are one lot
  for (const auto& lot : f.lots) {
    TILL_CHECK(check_text(lot.rule));
    const bool end =
        lot.expires_end.empty() || lot.expires_end == "month" || lot.expires_end == "year";
    if (!end || !rules.insert(lot.rule).second || lot.points.units <= 0 ||
        lot.points > f.accrued - own || lot.activation_days < 0 ||
        lot.activation_days > limits::kMaxLifeDays || lot.expires_days < 0 ||
        lot.expires_days > limits::kMaxLifeDays) {
      return fail(Code::kOutOfRange, "lots");
    }
    own += lot.points;
  }
  if (f.utc_offset_min < -24 * 60 || f.utc_offset_min > 24 * 60) {
    return fail(Code::kOutOfRange, "utc_offset");
  }
  return check_text(f.cashier);
}

Result<void> check(const wire::SaleFact& f) {
  if (f.key.sale.is_nil()) return fail(Code::kMissingField, "sale");
  if (f.total < 0 || f.total > limits::kMaxMoney) return fail(Code::kOutOfRange, "total");
  if (f.redeemed.units < 0 || f.redeemed.units > limits::kMaxPoints) {
    return fail(Code::kOutOfRange, "redeemed");
  }
  if (f.accrued.units < 0 || f.accrued.units > limits::kMaxPoints) {
    return fail(Code::kOutOfRange, "accrued");
  }
  for (const auto* text :
       {&f.till.value, &f.till_number, &f.customer.value, &f.card_hash, &f.fiscal.fiscal_memory}) {
    if (text->size() > limits::kMaxTextBytes) return fail(Code::kTooLarge, "a text of the sale");
    if (!printable(*text)) return fail(Code::kBadValue, "a text of the sale");
  }
  return check_effects(f);
}

}  // namespace

Result<void> Facts::apply(Bytes payload, const Store& store, const Place& place) {
  const auto fact = TILL_TRY(wire::decode_fact(payload));
  if (const auto* sale = std::get_if<wire::SaleFact>(&fact)) {
    return apply(*sale, payload, store, place);
  }
  if (const auto* released = std::get_if<wire::HoldReleased>(&fact)) {
    const auto done = holds_.release(store.id, released->hold);
    if (!done && done.error().code != Code::kHoldConflict) return done;
    if (!done) {
      raise_alarm(db_, clock_.unix_us(), Code::kHoldConflict, store.id, to_string(released->hold),
                  "released after its sale was posted");
    }
    return {};
  }
  if (const auto* notice = std::get_if<wire::RegisterNotice>(&fact)) {
    const auto& mark = notice->document;
    if (notice->detail.size() > limits::kMaxTextBytes ||
        mark.fiscal_memory.size() > limits::kMaxTextBytes || !printable(notice->detail) ||
        !printable(mark.fiscal_memory)) {
      return fail(Code::kBadValue, "a text of the notice");
    }
    raise_alarm(db_, clock_.unix_us(), notice->code, store.id,
                mark.fiscal_memory + "/" + std::to_string(mark.number), notice->detail);
    return {};
  }
  const auto& settled = std::get<wire::Settled>(fact);
  if (settled.key.sale.is_nil()) return fail(Code::kMissingField, "sale");
  if (settled.by.size() > limits::kMaxTextBytes) return fail(Code::kTooLarge, "by");
  db_.run("INSERT OR IGNORE INTO settlements VALUES (?,?,?,?,?,?)", settled.key.sale,
          settled.key.attempt, store.id.value, settled.by, settled.document, clock_.unix_us());
  return {};
}

Result<void> Facts::apply(const wire::SaleFact& f, Bytes payload, const Store& store,
                          const Place& place) {
  TILL_CHECK(check(f));
  const Buffer hash = wire::chain_hash({}, payload);
  if (TILL_TRY(told_before(f, hash, store.id))) return {};
  const auto customer = directory_.of_sale(store, f);
  if (!customer && (f.redeemed.units != 0 || f.accrued.units != 0)) {
    return fail(Code::kNoCustomer, to_string(f.key));
  }
  const CustomerId id = customer.value_or(CustomerId{});
  db_.run("INSERT INTO sales VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", f.key.sale,
          f.key.attempt, store.id.value, f.till.value, f.till_number, f.at, f.is_return,
          f.returned_sale, id.value, f.total, f.redeemed.units, f.accrued.units, f.hold,
          f.fiscal.fiscal_memory, f.fiscal.number, f.fiscal.sign, f.program_version,
          f.evaluation_revision, hash, place.epoch, place.sequence, f.document_kind);
  book(f, id, store.id);
  book_purses(f, id, store.id);
  coupons_.book(f, id, store.id);
  holds_.post(f, id, store.id);
  profiles_.count(f, id, store.id);
  cards_.bought(f, id);
  return {};
}

void Facts::book(const wire::SaleFact& f, const CustomerId& customer, const StoreId& store) {
  const Cause cause{store, f.key, f.at};
  if (f.is_return) {
    take_back({customer}, f.redeemed, f.accrued, cause, f.returned_sale);
  } else {
    ledger_.debit({customer}, f.redeemed, Kind::kRedeem, cause, {}, {store, f.hold});
    Points rest = f.accrued;
    for (const auto& lot : f.lots) {
      ledger_.credit({customer}, lot.points, Kind::kAccrue, cause,
                     Programs::terms({lot.activation_days, lot.expires_days, lot.expires_end}, f.at,
                                     f.utc_offset_min),
                     lot.rule);
      rest -= lot.points;
    }
    ledger_.credit({customer}, rest, Kind::kAccrue, cause,
                   programs_.terms("points", f.at, f.utc_offset_min));
  }
}

// Of a return: what was spent comes back, what was earned goes, as the program says.
void Facts::take_back(const AccountId& account, Points spent, Points earned, const Cause& cause,
                      const Uuid& sold) {
  const auto& policy = programs_.current().plan().returns;
  ledger_.give_back(account, spent, cause, sold, policy.grace_days * kDayUs);
  ledger_.debit(account, earned, Kind::kReturnAccrued, cause, sold, {},
                policy.forgive ? IfShort::kForgive : IfShort::kOwe);
}

// Stamps and other purses, and the accounts of others: the sum of a receipt's entries is one
// posting an account.
void Facts::book_purses(const wire::SaleFact& f, const CustomerId& customer, const StoreId& store) {
  struct Sum {
    Points earned, taken;
  };
  std::map<std::pair<std::string, std::string>, Sum> sums;
  for (const auto& entry : f.purses) {
    const auto to = profiles_.account(entry.to, customer, f.cashier);
    if (to.empty()) continue;
    auto& sum = sums[{to, entry.purse}];
    (entry.amount > 0 ? sum.earned.units : sum.taken.units) += entry.amount;
  }
  const Cause cause{store, f.key, f.at};
  for (const auto& [account, sum] : sums) {
    const AccountId id{{account.first}, account.second, account.first == customer.value};
    const Points taken{-sum.taken.units};
    if (f.is_return) {
      take_back(id, sum.earned, taken, cause, f.returned_sale);
    } else {
      ledger_.debit(id, taken, Kind::kRedeem, cause);
      ledger_.credit(id, sum.earned, Kind::kAccrue, cause,
                     programs_.terms(account.second, f.at, f.utc_offset_min));
    }
  }
}

// True for the very same fact; the same key with anything else is an error.
Result<bool> Facts::told_before(const wire::SaleFact& f, const Buffer& hash, const StoreId& store) {
  auto rows = db_.query("SELECT attempt, store, fact_hash FROM sales WHERE sale=?", f.key.sale);
  bool other_attempt = false;
  while (rows.next()) {
    if (rows.text(1) != store.value) return fail(Code::kStoreMismatch, to_string(f.key));
    if (rows.integer(0) != f.key.attempt) {
      other_attempt = true;
    } else if (rows.blob(2) != hash) {
      return fail(Code::kKeyConflict, to_string(f.key));
    } else {
      return true;
    }
  }
  if (other_attempt) {  // fiscal facts, both of them; but one of two attempts should be refused
    raise_alarm(db_, clock_.unix_us(), Code::kDuplicate, store, to_string(f.key),
                "two attempts of one sale are on paper");
  }
  return false;
}

}  // namespace till::central
