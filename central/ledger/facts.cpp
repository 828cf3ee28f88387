#include "central/ledger/facts.h"

#include "central/ledger/alarms.h"
#include "central/ledger/limits.h"
#include "gateway/base/utf8.h"
#include "protocols/central/chain.h"

namespace till::central {
namespace {

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
  return {};
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
  const Cause cause{store.id, f.key, f.at};
  if (f.is_return) {
    ledger_.credit(id, f.redeemed, Kind::kReturnRedeemed, cause);
    ledger_.debit(id, f.accrued, Kind::kReturnAccrued, cause, f.returned_sale);
  } else {
    ledger_.debit(id, f.redeemed, Kind::kRedeem, cause);
    ledger_.credit(id, f.accrued, Kind::kAccrue, cause);
  }
  holds_.post(f, id, store.id);
  return {};
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
