// Accounts of points. Every change is a posting whose id follows from what caused it, so the same
// cause posts once for ever. Call inside a transaction; throws DatabaseFailure, and Overflow beyond
// 64 bits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "central/ledger/database.h"
#include "gateway/base/clock.h"
#include "sdk/cpp/base/ids.h"
#include "sdk/cpp/base/values.h"

namespace till::central {

enum class Kind {
  kAccrue,          // + a sale's points
  kRedeem,          // - points a sale was paid with
  kReturnAccrued,   // - a return takes back what the sale had earned
  kReturnRedeemed,  // + a return gives back what the sale was paid with
  kWelcome,         // + once for each customer
  kGrant,           // + by a person
};
std::string_view name(Kind kind);  // "accrue", … as in the table

// What a posting is for.
struct Cause {
  StoreId store;
  AttemptKey key;
  std::int64_t at = 0;  // when it happened, Unix microseconds
};

// BLAKE2b-128 of sale, attempt, kind and lot; the message it came in does not matter.
Uuid posting_id(const AttemptKey& key, Kind kind, const Uuid& lot);
// A UUID-sized BLAKE2b-128 of a text, for keys that have no sale.
Uuid derived_id(std::string_view text);

// Where an account does not add up.
struct Difference {
  CustomerId customer;
  Points balance;   // as kept in accounts
  Points postings;  // their sum
  Points lots;      // what is left of the lots - what is left of the debts
};

class Ledger {
 public:
  Ledger(Database& db, Clock& clock) : db_(db), clock_(clock) {}

  Points balance(const CustomerId& customer);

  // A new lot; open debts are paid from it first. points >= 0.
  void credit(const CustomerId& customer, Points points, Kind kind, const Cause& cause);
  // From the lots of `prefer` (a sale, nil = none), then those that expire first, then the oldest.
  // What they do not hold becomes a debt with an alarm: a fiscal fact is never refused.
  void debit(const CustomerId& customer, Points points, Kind kind, const Cause& cause,
             const Uuid& prefer = {});

  // Adds all postings up and compares; empty = every account is right.
  std::vector<Difference> prove();

 private:
  bool post(const CustomerId& customer, Points points, Kind kind, const Uuid& lot,
            const Cause& cause);
  bool posted(const AttemptKey& key, Kind kind);
  Points pay_debts(const CustomerId& customer, Points from);
  void owe(const CustomerId& customer, Points points, Kind kind, const Cause& cause);

  Database& db_;
  Clock& clock_;
};

}  // namespace till::central
