// Lots and debts that go from one account to another.
#include "central/ledger/ledger.h"

namespace till::central {

std::vector<Ledger::Moved> Ledger::move_all(const CustomerId& from, const CustomerId& into,
                                            const Cause& cause) {
  struct Lot {
    Uuid lot;
    std::string unit;
    Points left;
  };
  std::vector<Lot> lots;
  {
    auto rows = db_.query(
        "SELECT lot, unit, remaining FROM lots WHERE customer=? AND remaining>0 ORDER BY lot",
        from.value);
    while (rows.next()) lots.push_back({rows.uuid(0), rows.text(1), {rows.integer(2)}});
  }
  std::vector<Moved> moved;
  for (const Lot& lot : lots) {
    const Uuid fresh = posting_id(cause.key, Kind::kMergeIn, lot.lot);
    // Of the same sale, with the same terms: a return finds it.
    db_.run(
        "INSERT INTO lots SELECT ?1, ?2, unit, sale, remaining, remaining, issued_at, activates, "
        "expires FROM lots WHERE lot=?3",
        fresh, into.value, lot.lot);
    db_.run("UPDATE lots SET remaining=0 WHERE lot=?", lot.lot);
    post({from, lot.unit}, -lot.left, Kind::kMergeOut, lot.lot, cause);
    post({into, lot.unit}, lot.left, Kind::kMergeIn, fresh, cause);
    moved.push_back({lot.lot, fresh});
  }
  move_debts(from, into, cause);
  return moved;
}

void Ledger::move_debts(const CustomerId& from, const CustomerId& into, const Cause& cause) {
  struct Debt {
    Uuid debt;
    std::string unit;
    Points left;
  };
  std::vector<Debt> debts;
  {
    auto rows = db_.query(
        "SELECT debt, unit, outstanding FROM debts WHERE customer=? AND outstanding>0 "
        "ORDER BY debt",
        from.value);
    while (rows.next()) debts.push_back({rows.uuid(0), rows.text(1), {rows.integer(2)}});
  }
  for (const Debt& debt : debts) {
    const Uuid fresh = posting_id(cause.key, Kind::kMergeIn, debt.debt);
    db_.run(
        "INSERT INTO debts SELECT ?1, ?2, unit, store, sale, attempt, outstanding, outstanding, at "
        "FROM debts WHERE debt=?3",
        fresh, into.value, debt.debt);
    db_.run("UPDATE debts SET outstanding=0 WHERE debt=?", debt.debt);
    post({from, debt.unit}, debt.left, Kind::kMergeOut, debt.debt, cause);
    post({into, debt.unit}, -debt.left, Kind::kMergeIn, fresh, cause);
  }
}

void Ledger::move_back(const std::vector<Moved>& lots, const Cause& cause) {
  struct Piece {
    Moved lot;
    CustomerId from, into;
    std::string unit;
    Points left;
  };
  std::vector<Piece> parts;
  for (const Moved& lot : lots) {
    auto row = db_.query(
        "SELECT a.customer, b.customer, b.unit, b.remaining - coalesce((SELECT sum(points) FROM "
        "hold_lots h WHERE h.lot=b.lot), 0) FROM lots a, lots b WHERE a.lot=? AND b.lot=?",
        lot.from, lot.into);
    if (!row.next() || row.integer(3) <= 0) continue;
    parts.push_back({lot, {row.text(0)}, {row.text(1)}, row.text(2), {row.integer(3)}});
  }
  for (const Piece& part : parts) {
    db_.run("UPDATE lots SET remaining=remaining-? WHERE lot=?", part.left.units, part.lot.into);
    db_.run("UPDATE lots SET remaining=remaining+?1, issued=max(issued, remaining+?1) WHERE lot=?2",
            part.left.units, part.lot.from);
    post({part.into, part.unit}, -part.left, Kind::kMergeOut, part.lot.into, cause);
    post({part.from, part.unit}, part.left, Kind::kMergeIn, part.lot.from, cause);
  }
}

}  // namespace till::central
