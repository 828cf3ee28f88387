// Customers and what they are known by. Central keeps no phone and no card number: stores send
// hashes under their own key. Stores that share a key (a chain, `store add --hash-key`) know each
// other's customers.
#pragma once

#include <optional>
#include <string>

#include "central/ledger/database.h"
#include "central/ledger/ledger.h"
#include "central/ledger/programs.h"
#include "gateway/base/clock.h"
#include "protocols/central/wire.h"
#include "sdk/cpp/base/result.h"

namespace till::central {

struct Store {
  StoreId id;
  std::string hash_key;  // the name of the key its hashes are under
};

struct CustomerRecord {
  CustomerId id;
  std::string card_type;
  std::string label;     // "••••1234", "card" or "phone": what reports show
  bool verified = true;  // false: an unknown card that has only earned so far
  bool blocked = false;
};

class Directory {
 public:
  Directory(Database& db, Clock& clock, Random& random) : db_(db), clock_(clock), random_(random) {}

  // The one she was found to be, if two were merged; else herself.
  CustomerId resolve(const CustomerId& id);
  // Of the resolved one.
  std::optional<CustomerRecord> record(const CustomerId& id);
  // A blocked customer's points are neither spent nor shown. kUnknownCard, kCardBlocked when the
  // rules (gateway/loyalty/accounts.h) know no such step.
  Result<void> block(const CustomerId& id, bool blocked);
  // The new card takes the old one's place; the old one is refused from then on. kUnknownCard,
  // kDuplicate when the new one is somebody's.
  Result<CustomerId> replace_card(const std::string& hash_key, const std::string& old_hash,
                                  const std::string& new_hash);
  // Another card or phone of the same customer: a family. kUnknownCard; kDuplicate when it is
  // somebody else's, kCardBlocked for a card that another has taken the place of.
  Result<void> add(const CustomerId& id, const std::string& hash_key, const wire::Enrol& more);
  // Among the registered: kUnknownCard for none, and for a card that has only earned so far;
  // kCardBlocked for one that another has taken the place of.
  Result<CustomerRecord> find(const Store& store, const wire::Lookup& lookup);

  // Finds the customer who has the phone or the card, or makes one; whatever of the two is new is
  // added. kDuplicate when they belong to two customers, kMissingField without either.
  // `fresh`: she was not enrolled by any store before (added by a person, or a card that has only
  // earned so far, is not enrolled).
  // `begins`: she was not registered at all.
  struct Enrolled {
    CustomerId id;
    bool fresh = false;
    bool begins = false;
  };
  Result<Enrolled> enrol(const Store& store, const wire::Enrol& enrol);

  // The customer of a sale: by id (made when central does not know it any more), by the hash of a
  // card nobody registered (made as unverified), or none.
  std::optional<CustomerId> of_sale(const Store& store, const wire::SaleFact& fact);

 private:
  std::optional<CustomerId> owner(const std::string& hash_key, const char* kind,
                                  const std::string& hash);
  std::optional<CustomerId> replaced(const std::string& hash_key, const std::string& hash);
  void identify(const std::string& hash_key, const char* kind, const std::string& hash,
                const CustomerId& id);
  void make(const CustomerRecord& record, const StoreId& store);

  Database& db_;
  Clock& clock_;
  Random& random_;
};

}  // namespace till::central
