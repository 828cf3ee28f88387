// Two customers were one: everything of the one comes over to the other, and can go back.
#pragma once

#include <string>

#include "central/ledger/database.h"
#include "central/ledger/ledger.h"
#include "gateway/base/clock.h"
#include "sdk/cpp/base/result.h"

namespace till::central {

class Merges {
 public:
  Merges(Database& db, Ledger& ledger, Clock& clock) : db_(db), ledger_(ledger), clock_(clock) {}

  // Cards, phones, lots, debts and history. The same key again changes nothing: kKeyConflict for
  // other customers. kHoldConflict while points of `from` are held, kBadValue for the same one.
  Result<void> merge(const std::string& key, const CustomerId& into, const CustomerId& from);
  // Undoes it with what is left of the lots; debts stay. kNotFound.
  Result<void> split(const std::string& key);

 private:
  Database& db_;
  Ledger& ledger_;
  Clock& clock_;
};

}  // namespace till::central
