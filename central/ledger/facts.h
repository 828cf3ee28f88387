// What a fact of a store's stream does to the ledger.
#pragma once

#include "central/ledger/cards.h"
#include "central/ledger/coupons.h"
#include "central/ledger/directory.h"
#include "central/ledger/holds.h"
#include "central/ledger/ledger.h"
#include "central/ledger/profiles.h"

namespace till::central {

// Where in which stream a fact stood.
struct Place {
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
};

class Facts {
 public:
  Facts(Database& db, Ledger& ledger, Holds& holds, Coupons& coupons, Profiles& profiles,
        Programs& programs, Directory& directory, Cards& cards, Clock& clock)
      : db_(db),
        ledger_(ledger),
        holds_(holds),
        coupons_(coupons),
        profiles_(profiles),
        programs_(programs),
        directory_(directory),
        cards_(cards),
        clock_(clock) {}

  // Decodes and books. A sale/attempt told before has no effect. An error means that the entry is
  // to be set aside: kBadFrame, kBadValue, kOutOfRange (not understood), kKeyConflict (the same
  // key with another payload), kStoreMismatch (another store's sale), kNoCustomer (points without
  // an owner). What was written by then must be rolled back.
  Result<void> apply(Bytes payload, const Store& store, const Place& place);

 private:
  Result<void> apply(const wire::SaleFact& fact, Bytes payload, const Store& store,
                     const Place& place);
  void book(const wire::SaleFact& fact, const CustomerId& customer, const StoreId& store);
  void book_purses(const wire::SaleFact& fact, const CustomerId& customer, const StoreId& store);
  void take_back(const AccountId& account, Points spent, Points earned, const Cause& cause,
                 const Uuid& sold);
  Result<bool> told_before(const wire::SaleFact& fact, const Buffer& hash, const StoreId& store);

  Database& db_;
  Ledger& ledger_;
  Holds& holds_;
  Coupons& coupons_;
  Profiles& profiles_;
  Programs& programs_;
  Directory& directory_;
  Cards& cards_;
  Clock& clock_;
};

}  // namespace till::central
