#include "central/ledger/ledger.h"

#include <sodium.h>

#include <algorithm>

#include "central/ledger/alarms.h"

namespace till::central {
namespace {

constexpr const char* kPoints = "points";

std::string salt_of(const AccountId& account) {
  if (account.own && account.unit == kPoints) return {};
  return account.customer.value + "/" + account.unit;
}

Uuid digest(Bytes bytes) {
  Uuid id;
  crypto_generichash(id.bytes.data(), id.bytes.size(), bytes.data(), bytes.size(), nullptr, 0);
  return id;
}

}  // namespace

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::kAccrue:
      return "accrue";
    case Kind::kRedeem:
      return "redeem";
    case Kind::kReturnAccrued:
      return "return_accrued";
    case Kind::kReturnRedeemed:
      return "return_redeemed";
    case Kind::kWelcome:
      return "welcome";
    case Kind::kEvent:
      return "event";
    case Kind::kGrant:
      return "grant";
    case Kind::kExpire:
      return "expire";
    case Kind::kMergeOut:
      return "merge_out";
    case Kind::kMergeIn:
      return "merge_in";
  }
  return "";
}

Uuid posting_id(const AttemptKey& key, Kind kind, const Uuid& lot, std::string_view salt) {
  Buffer bytes;
  append(bytes, key.sale.bytes);
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(key.attempt >> shift));
  }
  append(bytes, as_bytes(name(kind)));
  bytes.push_back(0);
  append(bytes, lot.bytes);
  append(bytes, as_bytes(salt));
  return digest(bytes);
}

Uuid derived_id(std::string_view text) { return digest(as_bytes(text)); }

Points Ledger::balance(const AccountId& account) {
  auto row = db_.query("SELECT balance FROM accounts WHERE customer=? AND unit=?",
                       account.customer.value, account.unit);
  return {row.next() ? row.integer(0) : 0};
}

Standing Ledger::standing(const AccountId& account) {
  Standing out;
  out.balance = balance(account);
  const auto now = clock_.unix_us();
  {
    auto lots = db_.query(
        "SELECT remaining, coalesce((SELECT sum(points) FROM hold_lots h WHERE h.lot=lots.lot), 0),"
        " coalesce(activates, 0), coalesce(expires, 9223372036854775807) FROM lots "
        "WHERE customer=? AND unit=? AND remaining>0",
        account.customer.value, account.unit);
    while (lots.next()) {
      const Points held{lots.integer(1)};
      const Points left = Points{lots.integer(0)} - held;
      out.held += held;
      if (lots.integer(2) > now) {
        out.pending += left;
        out.activates = std::min(out.activates, lots.integer(2));
      } else if (const auto ends = lots.integer(3); ends > now) {
        out.available += left;
        if (ends < out.expires) {
          out.expires = ends;
          out.expiring = {};
        }
        if (ends == out.expires && ends != INT64_MAX) out.expiring += left;
      }
    }
  }
  auto debts = db_.query(
      "SELECT coalesce(sum(outstanding), 0) FROM debts WHERE customer=? AND unit=? AND "
      "outstanding>0",
      account.customer.value, account.unit);
  debts.next();
  out.owed = {debts.integer(0)};
  out.available -= out.owed;
  return out;
}

void Ledger::credit(const AccountId& account, Points points, Kind kind, const Cause& cause,
                    const Terms& terms, std::string_view part) {
  if (points.units == 0) return;
  const Uuid lot = posting_id(cause.key, kind, {},
                              salt_of(account) + (part.empty() ? "" : "/lot/" + std::string(part)));
  if (!post(account, points, kind, lot, cause)) return;
  const Points left = points - pay_debts(account, points);
  db_.run("INSERT INTO lots VALUES (?,?,?,?,?,?,?,nullif(?,0),nullif(?,9223372036854775807))", lot,
          account.customer.value, account.unit, cause.key.sale, points.units, left.units, cause.at,
          terms.active_from > cause.at ? terms.active_from : 0, terms.expires);
}

// Nobody's hold stands on them; active and alive at `at`, or the sale's own.
std::vector<Ledger::Part> Ledger::free_lots(const AccountId& account, Points most,
                                            const Uuid& prefer, std::int64_t at) {
  std::vector<Part> parts;
  auto lots = db_.query(
      "SELECT lot, remaining - coalesce((SELECT sum(points) FROM hold_lots h "
      "WHERE h.lot=lots.lot), 0) AS free FROM lots WHERE customer=?1 AND unit=?2 AND remaining>0 "
      "AND free>0 AND (sale=?3 OR (coalesce(activates, 0)<=?4 AND (expires IS NULL OR expires>?4)))"
      " ORDER BY sale<>?3, expires IS NULL, expires, issued_at, lot",
      account.customer.value, account.unit, prefer, at);
  while (most.units > 0 && lots.next()) {
    parts.push_back({lots.uuid(0), Points{std::min(most.units, lots.integer(1))}});
    most -= parts.back().points;
  }
  return parts;
}

std::vector<Ledger::Part> Ledger::pinned(const HoldId& hold, Points most) {
  std::vector<Part> parts;
  if (hold.id.is_nil()) return parts;
  auto rows = db_.query(
      "SELECT lot, hold_lots.points FROM hold_lots JOIN lots USING (lot) WHERE store=? AND hold=? "
      "ORDER BY expires IS NULL, expires, issued_at, lot",
      hold.store.value, hold.id);
  while (most.units > 0 && rows.next()) {
    parts.push_back({rows.uuid(0), Points{std::min(most.units, rows.integer(1))}});
    most -= parts.back().points;
  }
  return parts;
}

void Ledger::take(const AccountId& account, const std::vector<Part>& parts, Kind kind,
                  const Cause& cause) {
  for (const Part& part : parts) {
    db_.run("UPDATE lots SET remaining=remaining-? WHERE lot=?", part.points.units, part.lot);
    post(account, -part.points, kind, part.lot, cause);
  }
}

void Ledger::debit(const AccountId& account, Points points, Kind kind, const Cause& cause,
                   const Uuid& prefer, const HoldId& hold, IfShort if_short) {
  // The lots it would be taken from today are not those of the first time: ask before, not by id.
  if (points.units == 0 || posted(account, cause.key, kind)) return;
  auto parts = pinned(hold, points);
  if (!parts.empty()) unpin(hold);
  Points left = points;
  for (const Part& part : parts) left -= part.points;
  for (const Part& part : parts) {
    db_.run("UPDATE lots SET remaining=remaining-? WHERE lot=?", part.points.units, part.lot);
  }
  for (const Part& more : free_lots(account, left, prefer, std::max(cause.at, clock_.unix_us()))) {
    left -= more.points;
    db_.run("UPDATE lots SET remaining=remaining-? WHERE lot=?", more.points.units, more.lot);
    // Of one lot the hold's part and a free one are one posting.
    const auto same = std::ranges::find(parts, more.lot, &Part::lot);
    if (same != parts.end()) {
      same->points += more.points;
    } else {
      parts.push_back(more);
    }
  }
  for (const Part& part : parts) post(account, -part.points, kind, part.lot, cause);
  if (left.units > 0 && if_short == IfShort::kOwe) owe(account, left, kind, cause);
}

void Ledger::owe(const AccountId& account, Points points, Kind kind, const Cause& cause) {
  post(account, -points, kind, {}, cause);
  const Uuid debt = posting_id(cause.key, kind, {}, salt_of(account));
  db_.run("INSERT INTO debts VALUES (?,?,?,?,?,?,?,?,?)", debt, account.customer.value,
          account.unit, cause.store.value, cause.key.sale, cause.key.attempt, points.units,
          points.units, cause.at);
  raise_alarm(db_, clock_.unix_us(), Code::kPointsNotEnough, cause.store, to_string(cause.key),
              "the account is overdrawn by " + to_string(points));
}

// By lot, what the sale took and has not got back yet, the last taken first.
std::vector<Ledger::Part> Ledger::taken_for(const AccountId& account, const Uuid& sold) {
  std::vector<Part> parts;
  auto rows = db_.query(
      "SELECT p.lot, -sum(p.points) FROM postings p WHERE p.customer=?1 AND p.unit=?2 AND "
      "((p.sale=?3 AND p.kind='redeem') OR (p.kind='return_redeemed' AND p.sale IN "
      "(SELECT sale FROM sales WHERE returned_sale=?3 AND is_return))) "
      "GROUP BY p.lot HAVING sum(p.points)<0 ORDER BY max(p.rowid) DESC",
      account.customer.value, account.unit, sold);
  while (rows.next()) {
    if (const Uuid lot = rows.uuid(0); !lot.is_nil()) parts.push_back({lot, {rows.integer(1)}});
  }
  return parts;
}

void Ledger::give_back(const AccountId& account, Points points, const Cause& cause,
                       const Uuid& sold, std::int64_t grace_us) {
  constexpr Kind kKind = Kind::kReturnRedeemed;
  if (points.units == 0 || posted(account, cause.key, kKind)) return;
  const auto now = clock_.unix_us();
  std::vector<Part> debts;
  {
    auto rows = db_.query(
        "SELECT debt, outstanding FROM debts WHERE sale=? AND customer=? AND unit=? AND "
        "outstanding>0",
        sold, account.customer.value, account.unit);
    while (rows.next()) debts.push_back({rows.uuid(0), {rows.integer(1)}});
  }
  for (const Part& debt : debts) {
    const Points part = std::min(points, debt.points);
    if (part.units == 0) break;
    points -= part;
    db_.run("UPDATE debts SET outstanding=outstanding-? WHERE debt=?", part.units, debt.lot);
    post(account, part, kKind, debt.lot, cause);
  }
  for (const Part& taken : taken_for(account, sold)) {
    const Points part = std::min(points, taken.points);
    if (part.units == 0) break;
    points -= part;
    db_.run(
        "UPDATE lots SET remaining=remaining+?1, "
        "expires=iif(expires<=?2, ?2+?3, expires) WHERE lot=?4",
        part.units, now, grace_us, taken.lot);
    post(account, part, kKind, taken.lot, cause);
  }
  // A debt that later points paid, or a sale this central never heard of.
  credit(account, points, kKind, cause);
}

void Ledger::pin(const CustomerId& customer, Points points, const HoldId& hold) {
  for (const Part& part : free_lots({customer}, points, {}, clock_.unix_us())) {
    db_.run("INSERT INTO hold_lots VALUES (?,?,?,?)", hold.store.value, hold.id, part.lot,
            part.points.units);
  }
}

void Ledger::unpin(const HoldId& hold) {
  db_.run("DELETE FROM hold_lots WHERE store=? AND hold=?", hold.store.value, hold.id);
}

void Ledger::expire() {
  struct Dead {
    Uuid lot;
    AccountId account;
    std::int64_t points, expires, before;
  };
  std::vector<Dead> dead;
  {
    auto rows = db_.query(
        "SELECT lot, customer, unit, remaining - coalesce((SELECT sum(points) FROM hold_lots h "
        "WHERE h.lot=lots.lot), 0) AS free, expires, (SELECT count(*) FROM postings p "
        "WHERE p.customer=lots.customer AND p.unit=lots.unit AND p.lot=lots.lot AND "
        "p.kind='expire') FROM lots WHERE remaining>0 AND expires<=? AND free>0",
        clock_.unix_us());
    while (rows.next()) {
      dead.push_back({rows.uuid(0),
                      {{rows.text(1)}, rows.text(2)},
                      rows.integer(3),
                      rows.integer(4),
                      rows.integer(5)});
    }
  }
  for (const Dead& d : dead) {
    // A lot can expire again, after a return has filled it.
    const AttemptKey key{derived_id("expire " + to_string(d.lot)),
                         static_cast<std::uint32_t>(d.before)};
    take(d.account, {{d.lot, Points{d.points}}}, Kind::kExpire, {{}, key, d.expires});
  }
}

bool Ledger::post(const AccountId& account, Points points, Kind kind, const Uuid& lot,
                  const Cause& cause) {
  const bool fresh =
      db_.run("INSERT INTO postings VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
              posting_id(cause.key, kind, lot, salt_of(account)), account.customer.value,
              account.unit, name(kind), points.units, lot, cause.key.sale, cause.key.attempt,
              cause.store.value, cause.at, clock_.unix_us()) == 1;
  if (!fresh) return false;
  const Points sum = balance(account) + points;
  db_.run("INSERT INTO accounts VALUES (?,?,?) ON CONFLICT DO UPDATE SET balance=excluded.balance",
          account.customer.value, account.unit, sum.units);
  return true;
}

bool Ledger::posted(const AccountId& account, const AttemptKey& key, Kind kind) {
  return db_
      .query(
          "SELECT 1 FROM postings WHERE sale=? AND attempt=? AND kind=? AND customer=? AND unit=?",
          key.sale, key.attempt, name(kind), account.customer.value, account.unit)
      .next();
}

// Oldest first; how much was paid.
Points Ledger::pay_debts(const AccountId& account, Points from) {
  struct Payment {
    Uuid debt;
    std::int64_t points;
  };
  std::vector<Payment> payments;
  Points paid;
  {
    auto debts = db_.query(
        "SELECT debt, outstanding FROM debts WHERE customer=? AND unit=? AND outstanding>0 "
        "ORDER BY at, debt",
        account.customer.value, account.unit);
    while (paid < from && debts.next()) {
      payments.push_back({debts.uuid(0), std::min((from - paid).units, debts.integer(1))});
      paid.units += payments.back().points;
    }
  }
  for (const Payment& p : payments) {
    db_.run("UPDATE debts SET outstanding=outstanding-? WHERE debt=?", p.points, p.debt);
  }
  return paid;
}

std::vector<Difference> Ledger::prove() {
  auto rows = db_.query(R"(
      SELECT customer, coalesce(max(balance), 0) AS kept, sum(posted) AS posted, sum(left) AS left,
             unit
      FROM (SELECT customer, unit, balance, 0 AS posted, 0 AS left FROM accounts
            UNION ALL SELECT customer, unit, NULL, sum(points), 0 FROM postings GROUP BY 1, 2
            UNION ALL SELECT customer, unit, NULL, 0, sum(remaining) FROM lots GROUP BY 1, 2
            UNION ALL SELECT customer, unit, NULL, 0, -sum(outstanding) FROM debts GROUP BY 1, 2)
      GROUP BY customer, unit HAVING kept <> sum(posted) OR kept <> sum(left))");
  std::vector<Difference> differences;
  while (rows.next()) {
    differences.push_back(
        {{rows.text(0)}, rows.text(4), {rows.integer(1)}, {rows.integer(2)}, {rows.integer(3)}});
  }
  return differences;
}

}  // namespace till::central
