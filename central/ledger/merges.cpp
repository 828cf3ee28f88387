#include "central/ledger/merges.h"

namespace till::central {

Result<void> Merges::merge(const std::string& key, const CustomerId& into, const CustomerId& from) {
  if (into == from) return fail(Code::kBadValue, "into = from");
  if (key.empty()) return fail(Code::kMissingField, "key");
  {
    auto row =
        db_.query("SELECT into_customer, from_customer, undone FROM merges WHERE key=?", key);
    if (row.next()) {
      const bool same = row.text(0) == into.value && row.text(1) == from.value;
      if (!same || row.integer(2) != 0) return fail(Code::kKeyConflict, key);
      return {};
    }
  }
  {
    auto open = db_.query(
        "SELECT 1 FROM holds WHERE customer=? AND state='granted' AND kind='hold' AND points>0",
        from.value);
    if (open.next()) return fail(Code::kHoldConflict, from.value);
    auto gone = db_.query("SELECT 1 FROM merges WHERE from_customer=? AND NOT undone", from.value);
    if (gone.next()) return fail(Code::kDuplicate, from.value);
  }
  const auto now = clock_.unix_us();
  db_.run("UPDATE holds SET state='released' WHERE customer=? AND state='granted'", from.value);
  db_.run("INSERT INTO merges VALUES (?,?,?,?,0)", key, into.value, from.value, now);
  db_.run(
      "INSERT INTO merge_identities SELECT ?, hash_key, kind, hash FROM identities WHERE "
      "customer=?",
      key, from.value);
  db_.run("UPDATE identities SET customer=? WHERE customer=?", into.value, from.value);
  const Cause cause{{}, {derived_id("merge " + key), 0}, now};
  for (const auto& lot : ledger_.move_all(from, into, cause)) {
    db_.run("INSERT INTO merge_lots VALUES (?,?,?)", key, lot.from, lot.into);
  }
  return {};
}

Result<void> Merges::split(const std::string& key) {
  std::string from;
  {
    auto row = db_.query("SELECT from_customer, undone FROM merges WHERE key=?", key);
    if (!row.next()) return fail(Code::kNotFound, key);
    if (row.integer(1) != 0) return {};
    from = row.text(0);
  }
  db_.run("UPDATE merges SET undone=1 WHERE key=?", key);
  db_.run(
      "UPDATE identities SET customer=?1 WHERE (hash_key, kind, hash) IN "
      "(SELECT hash_key, kind, hash FROM merge_identities WHERE key=?2)",
      from, key);
  std::vector<Ledger::Moved> lots;
  {
    auto rows = db_.query("SELECT from_lot, into_lot FROM merge_lots WHERE key=?", key);
    while (rows.next()) lots.push_back({rows.uuid(0), rows.uuid(1)});
  }
  ledger_.move_back(lots, {{}, {derived_id("split " + key), 0}, clock_.unix_us()});
  return {};
}

}  // namespace till::central
