// What a store and central say to each other (central.proto) as plain structs; only wire.cpp knows
// protobuf. Money in minor units of the store's currency, times in Unix microseconds. A nil Uuid
// and an empty string are "none".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/ids.h"
#include "sdk/cpp/base/result.h"
#include "sdk/cpp/base/values.h"

namespace till::wire {

// ---- the facts of the stream: ids only, never a phone, a name or a card number ----

struct SaleLine {
  std::string goods;
  Quantity quantity;
  std::int64_t gross = 0;
  std::int64_t discount = 0;
  std::int64_t by_points = 0;
  std::int64_t total = 0;
  Points accrued;
  Points redeemed;
  bool uncounted = false;  // towards levels and counters: tobacco, a gift card
  bool operator==(const SaleLine&) const = default;
};

struct Coupon {
  std::string code;
  std::string type;
  std::int64_t used = 0;           // times
  std::int64_t until = INT64_MAX;  // its last local day
  std::string customer;            // "" = anybody's
  bool operator==(const Coupon&) const = default;
};

// Stamps, other purses, other accounts; the customer's points stand in the fact itself.
struct PurseEntry {
  std::string purse;
  std::string to;           // "" = the customer
  std::int64_t amount = 0;  // hundredths, below 0 = taken
  std::string rule;
  bool operator==(const PurseEntry&) const = default;
};

// Points of the customer that live otherwise than their purse says; a part of `accrued`.
struct PointsLot {
  std::string rule;
  Points points;
  std::int64_t activation_days = 0;
  std::int64_t expires_days = 0;  // 0 = never
  std::string expires_end = {};   // "", month, year
  bool operator==(const PointsLot&) const = default;
};

struct RuleUse {
  std::string rule;
  std::int64_t times = 0;
  std::int64_t amount = 0;
  std::string funded_by;
  bool operator==(const RuleUse&) const = default;
};

struct FiscalMark {
  std::string fiscal_memory;
  std::uint32_t number = 0;
  std::uint32_t sign = 0;
  bool operator==(const FiscalMark&) const = default;
};

// A sale or a return that stands on fiscal paper. Of a return, `redeemed` is given back and
// `accrued` taken back; all sums are positive.
struct SaleFact {
  AttemptKey key;
  TillId till;
  std::string till_number;
  std::int64_t at = 0;
  bool is_return = false;
  Uuid returned_sale;
  CustomerId customer;
  std::string card_hash;  // of an unverified card: central finds or makes the customer
  std::int64_t total = 0;
  Points redeemed;
  Points accrued;
  Uuid hold;  // the hold or allowance that covers the redemption
  FiscalMark fiscal;
  std::int64_t program_version = 0;
  std::int32_t evaluation_revision = 0;
  std::vector<SaleLine> lines;
  std::string document_kind;
  std::vector<Coupon> coupons;  // used (of a return: given back)
  std::vector<Coupon> issued;   // handed out (of a return: void now)
  std::vector<PurseEntry> purses;
  std::vector<RuleUse> rules;
  std::int32_t utc_offset_min = 0;
  std::string cashier;  // a keyed hash, of whom points were earned for; "" = nobody
  bool whole = false;   // of a return: nothing of the receipt is left
  std::vector<PointsLot> lots;
  bool operator==(const SaleFact&) const = default;
};

struct HoldReleased {
  Uuid hold;
  bool operator==(const HoldReleased&) const = default;
};

// A doubt ended by a person.
struct Settled {
  AttemptKey key;
  std::string by;  // the senior's role name
  bool document = false;
  bool operator==(const Settled&) const = default;
};

// Something about a register that a person should look at.
struct RegisterNotice {
  Code code{};  // kForeignDocument, kSettledOtherwise, kSoldTwice, kRegisterReplaced
  FiscalMark document;
  AttemptKey key;  // nil = of no sale of ours
  std::string detail;
  bool operator==(const RegisterNotice&) const = default;
};

using Fact = std::variant<SaleFact, HoldReleased, Settled, RegisterNotice>;

// ---- telling: the outbound stream ----

struct Hello {
  StoreId store;
  std::uint64_t epoch = 0;
  std::uint64_t next_sequence = 0;  // the first entry the store still holds
  bool operator==(const Hello&) const = default;
};

struct Entry {
  std::uint64_t sequence = 0;
  Uuid id;
  Buffer previous, hash, payload;
  bool operator==(const Entry&) const = default;
};

// Central's: everything up to `sequence` is stored for good.
struct Position {
  Buffer incarnation;
  std::uint64_t sequence = 0;
  std::uint64_t epoch = 0;
  bool operator==(const Position&) const = default;
};

struct Trouble {
  std::uint64_t sequence = 0;
  Code code = Code::kInternal;
  std::string detail;
  bool operator==(const Trouble&) const = default;
};

using Tell = std::variant<Hello, Entry, Position, Trouble>;

// ---- asking: numbered questions ----

struct Lookup {
  std::string card_hash;  // one of the two, under the store's own key
  std::string phone_hash;
  bool want_allowance = false;
  bool operator==(const Lookup&) const = default;
};
struct HoldRequest {
  Uuid hold;
  CustomerId customer;
  Points points;
  AttemptKey key;
  std::int64_t ttl_us = 0;
  std::vector<std::string> coupons = {};  // used up by this payment, unless it is refused
  bool operator==(const HoldRequest&) const = default;
};
struct Release {
  Uuid hold;
  bool operator==(const Release&) const = default;
};
struct Enrol {
  std::string phone_hash;
  std::string card_hash;
  std::string card_type;
  std::string card_label;  // how reports name the card: its last four, "" = not said
  bool operator==(const Enrol&) const = default;
};
struct Balance {
  CustomerId customer;
  bool operator==(const Balance&) const = default;
};

// What is known of a code; a coupon nobody knows has no type.
struct CouponQuestion {
  std::string code;
  bool operator==(const CouponQuestion&) const = default;
};

struct Ask {
  std::uint64_t number = 0;
  std::variant<Lookup, HoldRequest, Release, Enrol, Balance, CouponQuestion> body;
  bool operator==(const Ask&) const = default;
};

struct Used {
  std::string rule;
  std::string scope;   // customer, store, program
  std::string period;  // ever, day, week, month, year
  std::int64_t times = 0;
  std::int64_t amount = 0;
  bool operator==(const Used&) const = default;
};

// What rules ask about a customer beside her points.
struct Profile {
  std::map<std::string, std::int64_t> purses;    // others than points, hundredths
  std::map<std::string, std::int64_t> counters;  // "spent…" in minor units
  std::map<std::string, std::int64_t> dates;     // local days since 1970-01-01
  std::vector<std::string> segments;
  std::string tier;
  std::string referrer;
  std::vector<Used> used;
  bool operator==(const Profile&) const = default;
};

// What the customer may want to know of her points beside what can be spent.
struct Standing {
  Points welcome;                // given for this enrolment
  Points pending;                // not active yet
  Points expiring;               // the part that goes first …
  std::int64_t expires_day = 0;  // … after this local day
  bool operator==(const Standing&) const = default;
};

struct Customer {
  CustomerId id;
  std::string card_type;
  Points available;
  bool blocked = false;
  Uuid allowance;  // a hold granted ahead, nil = none
  Points allowance_points;
  std::int64_t allowance_expires_us = 0;
  Profile profile = {};
  Coupon coupon = {};     // of a coupon question
  bool inactive = false;  // her card is not active yet: it earns, and pays nothing
  Standing standing = {};
  bool operator==(const Customer&) const = default;
};

struct Answer {
  std::uint64_t number = 0;
  int code = 0;  // 0, or a catalogue number
  std::string detail;
  Customer customer;
  bool operator==(const Answer&) const = default;
};

Buffer encode(const Fact& fact);
Buffer encode(const Tell& tell);
Buffer encode(const Ask& ask);
Buffer encode(const Answer& answer);

// kTooLarge beyond limits::kMaxMessageBytes (or limits::kMaxSaleLines lines, coupons, entries),
// kBadFrame when it is no message of this kind, kBadValue naming a field of a wrong size.
Result<Fact> decode_fact(Bytes bytes);
Result<Tell> decode_tell(Bytes bytes);
Result<Ask> decode_ask(Bytes bytes);
Result<Answer> decode_answer(Bytes bytes);

}  // namespace till::wire
