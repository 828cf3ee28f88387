// The rules of a customer's account in one purse (points, stamps, money): lots, holds, postings,
// debts. Pure: time comes as an argument, in Unix microseconds; every operation carries a key, and
// the same key again changes nothing. Used by central, and by a store for what it works out alone.
//
//   credited + returned - posted - expired - reversed = in lots + held - owed        (proof())
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/loyalty/plan.h"
#include "sdk/cpp/base/result.h"

namespace till::loyalty {

struct Lot {
  std::string key;  // what it was credited for
  std::int64_t remaining = 0;
  std::int64_t active_from = 0;
  std::int64_t expires = INT64_MAX;
  std::string merged_by;  // the merge that brought it, "" = its own

  bool operator==(const Lot&) const = default;
};

enum class HoldState { kOpen, kPosted, kReleased, kExpired };

// What an account looks like at one instant.
struct Standing {
  std::int64_t available = 0;  // active and not held
  std::int64_t pending = 0;    // not active yet
  std::int64_t held = 0;
  std::int64_t owed = 0;
  std::int64_t expiring = 0;         // the part that goes first …
  std::int64_t expires = INT64_MAX;  // … and when

  bool operator==(const Standing&) const = default;
};

// What happens when points that a return takes back are spent already.
enum class IfSpent { kOwe, kWithhold, kForgive };

// When a credit that lives so becomes active and when it expires, worked out on the local calendar.
Lot new_lot(const Life& life, std::string key, std::int64_t amount, std::int64_t at,
            std::int64_t utc_offset_min);

class Account {
 public:
  // Open debts are paid first. kKeyConflict when the key stood for another amount.
  Result<void> credit(Lot lot);

  // Sets points aside, those that expire first first; what is held does not expire, what is owed is
  // not there. kHoldConflict,
  // kHoldDead for an id that is over, kPointsNotEnough, kOutOfRange.
  Result<void> hold(const std::string& id, std::int64_t amount, std::int64_t now, std::int64_t ttl);
  // Spends all or part of a hold; the rest goes back to its lots. Each hold ends once: kHoldDead.
  Result<void> post(const std::string& id, std::int64_t amount, std::int64_t now);
  // An id never seen is dead from now on. kHoldConflict when it was posted.
  Result<void> release(const std::string& id, std::int64_t now);
  // A fiscal fact: always posts. From the hold if it is still open, then from the lots; what they
  // do not hold becomes a debt named after the key.
  Result<void> fact(const std::string& key, const std::string& hold, std::int64_t amount,
                    std::int64_t now);
  // Ends the holds and lots whose time is over.
  void expire(std::int64_t now);

  // Points of a posting come back: to their lots, with their expiry, or `grace` µs from now when
  // that has passed (0 = they expire again). kReturnTooMuch beyond what was posted.
  Result<void> give_back(const std::string& key, const std::string& posting, std::int64_t amount,
                         std::int64_t now, std::int64_t grace);
  // Takes earned points back; what the lot no longer has follows `policy`. Returns what could not
  // be taken (kWithhold: to be kept from the refund). kReturnTooMuch beyond what was credited.
  Result<std::int64_t> take_back(const std::string& key, const std::string& credit,
                                 std::int64_t amount, std::int64_t now, IfSpent policy);

  // Two customers were one: the other's lots, debts and history come over. The same key again
  // changes nothing; `split` undoes it with what is left of them. Open holds stay: kHoldConflict.
  Result<void> merge(const std::string& key, Account& other);
  Account split(const std::string& key);

  [[nodiscard]] Standing standing(std::int64_t now) const;
  [[nodiscard]] const std::vector<Lot>& lots() const { return lots_; }
  [[nodiscard]] const std::map<std::string, std::int64_t>& debts() const { return debts_; }
  [[nodiscard]] std::int64_t posted() const { return posted_; }
  [[nodiscard]] std::int64_t expired() const { return expired_; }
  [[nodiscard]] bool proof() const;

 private:
  struct Taken {
    std::string lot;
    std::int64_t amount;
  };
  struct Hold {
    std::int64_t amount = 0;
    std::int64_t until = 0;
    HoldState state = HoldState::kOpen;
    std::vector<Taken> taken;
    std::int64_t posted = 0;
  };
  struct Posting {
    std::int64_t amount = 0;
    std::int64_t returned = 0;
    std::vector<Taken> taken;
    std::int64_t owed = 0;
  };
  struct Credit {
    std::int64_t amount = 0;
    std::int64_t reversed = 0;
  };

  Lot* lot(const std::string& key);
  std::vector<Taken> take(std::int64_t amount, std::int64_t now, std::int64_t* short_of);
  void put(const Taken& taken, std::int64_t now, std::int64_t grace);
  void end(Hold& hold, HoldState state);
  std::int64_t pay_debts(std::int64_t amount);
  bool seen(const std::string& key, std::int64_t amount, Result<void>* answer);

  std::vector<Lot> lots_;  // by expiry, then activation, then key
  std::map<std::string, Hold> holds_;
  std::set<std::string> dead_;  // released before they were asked for
  std::map<std::string, Posting> postings_;
  std::map<std::string, Credit> credits_;
  std::map<std::string, std::int64_t> debts_;
  std::map<std::string, std::int64_t> done_;  // keys of returns and merges
  std::int64_t credited_ = 0, returned_ = 0, posted_ = 0, expired_ = 0, reversed_ = 0;
};

// A card from issue to its end. A card that is not activated earns, and pays nothing.
enum class CardState { kIssued, kActive, kBlocked, kReplaced };
enum class CardEvent {
  kIssued,
  kSold,
  kFirstPurchase,
  kRegistered,
  kByPerson,
  kBlock,
  kUnblock,
  kReplace
};
// `activation` is CardType::activation. kCardBlocked where nothing leads out of the state.
Result<CardState> next_card_state(CardState state, CardEvent event, std::string_view activation);

}  // namespace till::loyalty
