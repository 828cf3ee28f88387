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
  kEvent,           // + something happened that is no sale
  kGrant,           // + by a person
  kExpire,          // - what was not spent in time
  kMergeOut,        // - to the customer she was found to be (+ a debt that goes there)
  kMergeIn,         // + from there (- a debt)
};
std::string_view name(Kind kind);  // "accrue", … as in the table

// What a posting is for.
struct Cause {
  StoreId store;
  AttemptKey key;
  std::int64_t at = 0;  // when it happened, Unix microseconds
};

// One purse of one customer (or of a cashier, a partner …).
struct AccountId {
  CustomerId customer;
  std::string unit = "points";
  bool own = true;  // of the customer whose sale it is
};

// When a lot can be spent and until when; 0 and INT64_MAX = always.
struct Terms {
  std::int64_t active_from = 0;
  std::int64_t expires = INT64_MAX;
};

// What becomes of what an account does not have.
enum class IfShort { kOwe, kForgive };

// The hold that covers a debit; nil = none.
struct HoldId {
  StoreId store;
  Uuid id;
};

// Of one account at one moment.
struct Standing {
  Points balance;                      // the sum of the postings
  Points available;                    // active, not held, without what is owed
  Points pending;                      // not active yet …
  std::int64_t activates = INT64_MAX;  // … the first of them until then
  Points held;
  Points owed;
  Points expiring;                   // the part that goes first …
  std::int64_t expires = INT64_MAX;  // … and when
};

// BLAKE2b-128 of sale, attempt, kind and lot; the message it came in does not matter. `salt` tells
// apart the accounts of one sale, "" = the customer's points.
Uuid posting_id(const AttemptKey& key, Kind kind, const Uuid& lot, std::string_view salt = {});
// A UUID-sized BLAKE2b-128 of a text, for keys that have no sale.
Uuid derived_id(std::string_view text);

// Where an account does not add up.
struct Difference {
  CustomerId customer;
  std::string unit;
  Points balance;   // as kept in accounts
  Points postings;  // their sum
  Points lots;      // what is left of the lots - what is left of the debts
};

class Ledger {
 public:
  Ledger(Database& db, Clock& clock) : db_(db), clock_(clock) {}

  Points balance(const AccountId& account);
  Standing standing(const AccountId& account);

  // A new lot; open debts are paid from it first. points >= 0. `part` tells several lots of one
  // cause apart.
  void credit(const AccountId& account, Points points, Kind kind, const Cause& cause,
              const Terms& terms = {}, std::string_view part = {});
  // From the lots that `hold` stands on, then the lots of `prefer` (a sale, nil = none), then those
  // that expire first, then the oldest. What they do not hold becomes a debt with an alarm (a
  // fiscal fact is never refused), or is forgiven.
  void debit(const AccountId& account, Points points, Kind kind, const Cause& cause,
             const Uuid& prefer = {}, const HoldId& hold = {}, IfShort if_short = IfShort::kOwe);
  // Points that `sold` was paid with come back: what is still owed for it is forgiven, the rest
  // goes to the lots it was taken from, the last first; a lot that has expired lives `grace` more.
  void give_back(const AccountId& account, Points points, const Cause& cause, const Uuid& sold,
                 std::int64_t grace_us);

  // Sets lots aside for a hold, those that expire first first.
  void pin(const CustomerId& customer, Points points, const HoldId& hold);
  void unpin(const HoldId& hold);
  // Posts off what has expired and is not held.
  void expire();

  // Everything that is left of `from`, in every unit: lots with their terms, debts.
  struct Moved {
    Uuid from, into;
  };
  std::vector<Moved> move_all(const CustomerId& from, const CustomerId& into, const Cause& cause);
  // What is left of the lots that were moved goes back to them.
  void move_back(const std::vector<Moved>& lots, const Cause& cause);

  // Adds all postings up and compares; empty = every account is right.
  std::vector<Difference> prove();

 private:
  struct Part {
    Uuid lot;
    Points points;
  };
  void move_debts(const CustomerId& from, const CustomerId& into, const Cause& cause);
  bool post(const AccountId& account, Points points, Kind kind, const Uuid& lot,
            const Cause& cause);
  bool posted(const AccountId& account, const AttemptKey& key, Kind kind);
  Points pay_debts(const AccountId& account, Points from);
  void owe(const AccountId& account, Points points, Kind kind, const Cause& cause);
  std::vector<Part> free_lots(const AccountId& account, Points most, const Uuid& prefer,
                              std::int64_t at);
  std::vector<Part> pinned(const HoldId& hold, Points most);
  std::vector<Part> taken_for(const AccountId& account, const Uuid& sold);
  void take(const AccountId& account, const std::vector<Part>& parts, Kind kind,
            const Cause& cause);

  Database& db_;
  Clock& clock_;
};

}  // namespace till::central
