// What the program gives when something happens that is no sale: a customer enrols, a seller is
// visited by a mystery shopper, somebody comes to a tasting or a seminar. Rules `on` that word work
// then, each under its own conditions; every event stays in a report.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "central/ledger/coupons.h"
#include "central/ledger/database.h"
#include "central/ledger/directory.h"
#include "central/ledger/ledger.h"
#include "central/ledger/profiles.h"
#include "central/ledger/programs.h"

namespace till::central {

struct Event {
  std::string name;      // as rules' `on` has it
  std::string customer;  // "" = no customer's
  std::string cashier;   // the name of the seller who took part, "" = none
  StoreId store;         // where, "" = nowhere in particular
  std::string note;      // for the report
  std::int64_t at = 0;   // Unix microseconds; days and hours are those of the program's clock
};

struct Given {
  struct Credit {
    std::string account;  // a customer's id, cashier:KEY (protocols/central/chain.h), partner:NAME
    std::string purse;
    Points amount;
  };
  struct Gift {
    std::string sku;
    std::int64_t count = 0;  // thousandths
  };
  std::vector<Credit> credits;
  std::vector<std::string> coupons;  // codes in the book, hers
  std::vector<Gift> gifts;           // a person hands them out
};

class Events {
 public:
  Events(Database& db, Ledger& ledger, Programs& programs, Profiles& profiles, Coupons& coupons,
         Directory& directory, Random& random)
      : db_(db),
        ledger_(ledger),
        programs_(programs),
        profiles_(profiles),
        coupons_(coupons),
        directory_(directory),
        random_(random) {}

  // The rules on "enrolment", once for a customer.
  Given enrolled(const CustomerRecord& customer, const StoreId& store, std::int64_t at);
  // Told by a person, once for a key: the same again gives nothing more, and answers what it gave.
  // kDuplicate when the key was another event's, kUnknownCard, kBadValue for what is no event of
  // that kind (sale, enrolment), kMissingField without a customer and a seller, or for a seller
  // without a store.
  Result<boost::json::object> told(const std::string& key, const Event& event);

 private:
  Given happen(const Uuid& id, const Event& event, const std::string& card_type, Kind kind);
  std::string new_coupon(const std::string& type, const Event& event);

  Database& db_;
  Ledger& ledger_;
  Programs& programs_;
  Profiles& profiles_;
  Coupons& coupons_;
  Directory& directory_;
  Random& random_;
};

// {"credits":[{"account","purse","amount"}],"coupons":[…],"gifts":[{"sku","count"}]}
boost::json::object to_json(const Given& given);

}  // namespace till::central
