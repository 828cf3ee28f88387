// What rules ask about a customer beside her points: history, dates, segments, level.
#pragma once

#include "central/ledger/database.h"
#include "central/ledger/programs.h"
#include "gateway/base/clock.h"
#include "protocols/central/wire.h"

namespace till::central {

class Profiles {
 public:
  Profiles(Database& db, Ledger& ledger, Programs& programs, Clock& clock)
      : db_(db), ledger_(ledger), programs_(programs), clock_(clock) {}

  // As of now, by the program in force: "purchases" and "spent" (within the levels' window when
  // levels go by it), "purchases_ever", "spent_ever"; dates "joined", "first_purchase",
  // "last_purchase", "birthday" …; purses other than points; uses of limited rules in other stores
  // than `asking`, which counts its own.
  wire::Profile of(const CustomerId& customer, const StoreId& asking = {});
  // The same for a rule that central asks itself, in the store's name: all uses, the store's too.
  wire::Profile at(const CustomerId& customer, const StoreId& store);
  // A receipt on paper: history, uses of rules, level. Once for each fact.
  void count(const wire::SaleFact& fact, const CustomerId& customer, const StoreId& store);

  void set_date(const CustomerId& customer, const std::string& name, std::int64_t day);
  void set_segment(const CustomerId& customer, const std::string& name, bool in);
  void set_referrer(const CustomerId& customer, const std::string& referrer);
  std::string referrer(const CustomerId& customer);
  // Whose account an entry is for: hers, the cashier's, her referrer's or a partner's; "" =
  // nobody's.
  std::string account(const std::string& to, const CustomerId& customer,
                      const std::string& cashier);
  // A rule with limits gave something; below 0 = it went back.
  void use(const std::string& rule, const CustomerId& customer, const StoreId& store,
           std::int64_t day, std::int64_t times, std::int64_t amount);

 private:
  void put_history(const CustomerId& customer, std::int64_t today, wire::Profile& out);
  void put_facts(const CustomerId& customer, wire::Profile& out);
  void put_used(const CustomerId& customer, const StoreId& store, bool own, wire::Profile& out);
  void keep_level(const CustomerId& customer);
  void remove(const CustomerId& customer, const char* kind);

  Database& db_;
  Ledger& ledger_;
  Programs& programs_;
  Clock& clock_;
};

}  // namespace till::central
