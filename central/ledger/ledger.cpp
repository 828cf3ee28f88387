#include "central/ledger/ledger.h"

#include <sodium.h>

#include <algorithm>

#include "central/ledger/alarms.h"

namespace till::central {
namespace {

constexpr const char* kUnit = "points";

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
    case Kind::kGrant:
      return "grant";
  }
  return "";
}

Uuid posting_id(const AttemptKey& key, Kind kind, const Uuid& lot) {
  Buffer bytes;
  append(bytes, key.sale.bytes);
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<std::uint8_t>(key.attempt >> shift));
  }
  append(bytes, as_bytes(name(kind)));
  bytes.push_back(0);
  append(bytes, lot.bytes);
  return digest(bytes);
}

Uuid derived_id(std::string_view text) { return digest(as_bytes(text)); }

Points Ledger::balance(const CustomerId& customer) {
  auto row =
      db_.query("SELECT balance FROM accounts WHERE customer=? AND unit=?", customer.value, kUnit);
  return {row.next() ? row.integer(0) : 0};
}

void Ledger::credit(const CustomerId& customer, Points points, Kind kind, const Cause& cause) {
  if (points.units == 0) return;
  const Uuid lot = posting_id(cause.key, kind, {});
  if (!post(customer, points, kind, lot, cause)) return;
  const Points left = points - pay_debts(customer, points);
  db_.run("INSERT INTO lots VALUES (?,?,?,?,?,?,?,NULL,NULL)", lot, customer.value, kUnit,
          cause.key.sale, points.units, left.units, cause.at);
}

void Ledger::debit(const CustomerId& customer, Points points, Kind kind, const Cause& cause,
                   const Uuid& prefer) {
  // The lots it would be taken from today are not those of the first time: ask before, not by id.
  if (points.units == 0 || posted(cause.key, kind)) return;
  struct Part {
    Uuid lot;
    Points points;
  };
  std::vector<Part> parts;
  Points left = points;
  {
    auto lots = db_.query(
        "SELECT lot, remaining FROM lots WHERE customer=? AND unit=? AND remaining>0 "
        "ORDER BY sale<>?, expires IS NULL, expires, issued_at, lot",
        customer.value, kUnit, prefer);
    while (left.units > 0 && lots.next()) {
      parts.push_back({lots.uuid(0), Points{std::min(left.units, lots.integer(1))}});
      left -= parts.back().points;
    }
  }
  for (const Part& part : parts) {
    db_.run("UPDATE lots SET remaining=remaining-? WHERE lot=?", part.points.units, part.lot);
    post(customer, -part.points, kind, part.lot, cause);
  }
  if (left.units > 0) owe(customer, left, kind, cause);
}

void Ledger::owe(const CustomerId& customer, Points points, Kind kind, const Cause& cause) {
  post(customer, -points, kind, {}, cause);
  const Uuid debt = posting_id(cause.key, kind, {});
  db_.run("INSERT INTO debts VALUES (?,?,?,?,?,?,?,?,?)", debt, customer.value, kUnit,
          cause.store.value, cause.key.sale, cause.key.attempt, points.units, points.units,
          cause.at);
  raise_alarm(db_, clock_.unix_us(), Code::kPointsNotEnough, cause.store, to_string(cause.key),
              "the account is overdrawn by " + to_string(points));
}

bool Ledger::post(const CustomerId& customer, Points points, Kind kind, const Uuid& lot,
                  const Cause& cause) {
  const bool fresh =
      db_.run("INSERT INTO postings VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
              posting_id(cause.key, kind, lot), customer.value, kUnit, name(kind), points.units,
              lot, cause.key.sale, cause.key.attempt, cause.store.value, cause.at,
              clock_.unix_us()) == 1;
  if (!fresh) return false;
  const Points sum = balance(customer) + points;
  db_.run("INSERT INTO accounts VALUES (?,?,?) ON CONFLICT DO UPDATE SET balance=excluded.balance",
          customer.value, kUnit, sum.units);
  return true;
}

bool Ledger::posted(const AttemptKey& key, Kind kind) {
  return db_
      .query("SELECT 1 FROM postings WHERE sale=? AND attempt=? AND kind=?", key.sale, key.attempt,
             name(kind))
      .next();
}

// Oldest first; how much was paid.
Points Ledger::pay_debts(const CustomerId& customer, Points from) {
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
        customer.value, kUnit);
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
      SELECT customer, coalesce(max(balance), 0) AS kept, sum(posted) AS posted, sum(left) AS left
      FROM (SELECT customer, unit, balance, 0 AS posted, 0 AS left FROM accounts
            UNION ALL SELECT customer, unit, NULL, sum(points), 0 FROM postings GROUP BY 1, 2
            UNION ALL SELECT customer, unit, NULL, 0, sum(remaining) FROM lots GROUP BY 1, 2
            UNION ALL SELECT customer, unit, NULL, 0, -sum(outstanding) FROM debts GROUP BY 1, 2)
      GROUP BY customer, unit HAVING kept <> sum(posted) OR kept <> sum(left))");
  std::vector<Difference> differences;
  while (rows.next()) {
    differences.push_back(
        {{rows.text(0)}, {rows.integer(1)}, {rows.integer(2)}, {rows.integer(3)}});
  }
  return differences;
}

}  // namespace till::central
