// What the program gives a customer when she enrols: its rules on "enrolment", each under its own
// conditions.
#pragma once

#include "central/ledger/database.h"
#include "central/ledger/directory.h"
#include "central/ledger/ledger.h"
#include "central/ledger/profiles.h"
#include "central/ledger/programs.h"

namespace till::central {

class Welcome {
 public:
  Welcome(Database& db, Ledger& ledger, Programs& programs, Profiles& profiles)
      : db_(db), ledger_(ledger), programs_(programs), profiles_(profiles) {}

  // Points and other purses, hers, her referrer's and partners', once for a customer. Days and
  // hours are those of the program's clock: `at` in Unix microseconds.
  void give(const CustomerRecord& customer, const StoreId& store, std::int64_t at);

 private:
  Database& db_;
  Ledger& ledger_;
  Programs& programs_;
  Profiles& profiles_;
};

}  // namespace till::central
