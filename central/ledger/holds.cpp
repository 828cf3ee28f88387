#include "central/ledger/holds.h"

#include <algorithm>

#include "central/ledger/alarms.h"
#include "central/ledger/limits.h"

namespace till::central {

Points Holds::available(const CustomerId& customer, const StoreId& store) {
  const Points allowed = this->allowed(customer, store);
  return ledger_.standing({customer}).available - allowed;
}

Points Holds::allowed(const CustomerId& customer, const StoreId& except) {
  expire();
  auto row = db_.query(
      "SELECT coalesce(sum(points), 0) FROM holds WHERE customer=? AND state='granted' AND "
      "kind='allowance' AND store<>?",
      customer.value, except.value);
  row.next();
  return Points{row.integer(0)};
}

Result<void> Holds::grant(const StoreId& store, const wire::HoldRequest& r) {
  if (r.hold.is_nil()) return fail(Code::kMissingField, "hold");
  if (r.points.units < (r.coupons.empty() ? 1 : 0) || r.points.units > limits::kMaxPoints) {
    return fail(Code::kOutOfRange, "points");
  }
  if (r.ttl_us <= 0 || r.ttl_us > limits::kMaxHoldTtlUs) return fail(Code::kOutOfRange, "ttl");
  expire();
  {
    auto row = db_.query(
        "SELECT state, customer, points, sale, attempt FROM holds WHERE store=? AND hold=?",
        store.value, r.hold);
    if (row.next()) {
      const std::string state = row.text(0);
      if (state != "granted") return fail(Code::kHoldDead, state);
      const bool same = row.text(1) == r.customer.value && row.integer(2) == r.points.units &&
                        row.uuid(3) == r.key.sale && row.integer(4) == r.key.attempt;
      if (!same) return fail(Code::kHoldConflict, to_string(r.hold));
      return {};
    }
  }
  if (r.points.units > 0) {
    const Points free = available(r.customer, store);
    if (r.points > free) {
      return fail(Code::kPointsNotEnough, to_string(std::max(free, Points{})));
    }
    shrink_allowance(r.customer, store, free - r.points);
  }
  TILL_CHECK(coupons_.reserve({store, r.hold}, r.coupons));
  ledger_.pin(r.customer, r.points, {store, r.hold});
  const std::int64_t now = clock_.unix_us();
  db_.run("INSERT INTO holds VALUES (?,?,'hold',?,?,?,?,'granted',?,?)", store.value, r.hold,
          r.customer.value, r.points.units, r.key.sale, r.key.attempt, now, now + r.ttl_us);
  return {};
}

Result<void> Holds::release(const StoreId& store, const Uuid& hold) {
  if (hold.is_nil()) return fail(Code::kMissingField, "hold");
  const std::int64_t now = clock_.unix_us();
  const int changed = db_.run(
      "INSERT INTO holds VALUES (?1,?2,'hold','',0,zeroblob(16),0,'tombstone',?3,?3) "
      "ON CONFLICT DO UPDATE SET state='released' WHERE state='granted'",
      store.value, hold, now);
  end({store, hold});
  if (changed == 1) return {};
  auto row = db_.query("SELECT state FROM holds WHERE store=? AND hold=?", store.value, hold);
  if (row.next() && row.text(0) == "posted") return fail(Code::kHoldConflict, "posted");
  return {};
}

// Nothing stands aside for it any more.
void Holds::end(const HoldId& hold) {
  ledger_.unpin(hold);
  coupons_.release(hold);
}

void Holds::post(const wire::SaleFact& fact, const CustomerId& customer, const StoreId& store) {
  const std::int64_t now = clock_.unix_us();
  const auto alarm = [&](Code code, std::string_view detail) {
    raise_alarm(db_, now, code, store, to_string(fact.key), detail);
  };
  if (fact.hold.is_nil()) {
    if (!fact.is_return && fact.redeemed.units > 0) {
      alarm(Code::kHoldUnknown, "points were spent without a hold");
    }
    return;
  }
  expire();
  std::string state;
  {
    auto row = db_.query("SELECT state, customer, points FROM holds WHERE store=? AND hold=?",
                         store.value, fact.hold);
    if (row.next()) {
      state = row.text(0);
      const bool ours = state != "tombstone";
      if (ours && row.text(1) != customer.value) alarm(Code::kHoldConflict, "another customer's");
      if (ours && row.integer(2) < fact.redeemed.units) {
        alarm(Code::kHoldConflict, "more was spent than held");
      }
    }
  }
  end({store, fact.hold});
  if (state.empty()) {  // central was restored from a backup, or could not be asked, since
    if (fact.redeemed.units > 0) alarm(Code::kHoldUnknown, "the hold was not known here");
    db_.run("INSERT INTO holds VALUES (?,?,'hold',?,?,?,?,'posted',?7,?7)", store.value, fact.hold,
            customer.value, fact.redeemed.units, fact.key.sale, fact.key.attempt, now);
    return;
  }
  if (state == "posted") alarm(Code::kHoldConflict, "the hold was used before");
  if (state != "posted" && state != "granted") alarm(Code::kHoldDead, state);
  db_.run("UPDATE holds SET state='posted' WHERE store=? AND hold=?", store.value, fact.hold);
}

std::optional<Allowance> Holds::allow(const CustomerId& customer, const StoreId& store) {
  expire();
  const Points points = std::min(available(customer, store), rules_.cap);
  if (points.units <= 0) {
    shrink_allowance(customer, store, {});
    return std::nullopt;
  }
  const std::int64_t now = clock_.unix_us();
  const std::int64_t expires = now + rules_.ttl_us;
  if (const auto old = allowance(customer, store)) {
    db_.run("UPDATE holds SET points=?, expires=? WHERE store=? AND hold=?", points.units, expires,
            store.value, old->id);
    return Allowance{old->id, points, expires};
  }
  const Uuid id = new_uuid(clock_, random_);
  db_.run("INSERT INTO holds VALUES (?,?,'allowance',?,?,zeroblob(16),0,'granted',?,?)",
          store.value, id, customer.value, points.units, now, expires);
  return Allowance{id, points, expires};
}

std::optional<Allowance> Holds::allowance(const CustomerId& customer, const StoreId& store) {
  auto row = db_.query(
      "SELECT hold, points, expires FROM holds WHERE customer=? AND store=? AND kind='allowance' "
      "AND state='granted' AND expires>?",
      customer.value, store.value, clock_.unix_us());
  if (!row.next()) return std::nullopt;
  return Allowance{row.uuid(0), {row.integer(1)}, row.integer(2)};
}

// What a store holds for certain comes out of what it was granted on suspicion.
void Holds::shrink_allowance(const CustomerId& customer, const StoreId& store, Points to) {
  db_.run(
      "UPDATE holds SET points=min(points, ?3), state=iif(?3>0, 'granted', 'released') "
      "WHERE customer=?1 AND store=?2 AND kind='allowance' AND state='granted'",
      customer.value, store.value, to.units);
}

std::optional<CustomerId> Holds::customer_of(const StoreId& store, const Uuid& hold) {
  auto row = db_.query("SELECT customer FROM holds WHERE store=? AND hold=?", store.value, hold);
  if (!row.next() || row.text(0).empty()) return std::nullopt;
  return CustomerId{row.text(0)};
}

void Holds::expire() {
  std::vector<HoldId> over;
  {
    auto rows = db_.query("SELECT store, hold FROM holds WHERE state='granted' AND expires<=?",
                          clock_.unix_us());
    while (rows.next()) over.push_back({{rows.text(0)}, rows.uuid(1)});
  }
  for (const HoldId& hold : over) {
    db_.run("UPDATE holds SET state='expired' WHERE store=? AND hold=?", hold.store.value, hold.id);
    end(hold);
  }
  ledger_.expire();
}

}  // namespace till::central
