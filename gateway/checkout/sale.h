// A sale: what the journal keeps and the till sees. Plain data; desk.h moves it.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/checkout/states.h"
#include "gateway/loyalty/loyalty.h"
#include "sdk/cpp/base/ids.h"
#include "sdk/cpp/fiscal.h"

namespace till::checkout {

struct SaleLine {
  std::string id;     // "1", "2" … within the sale
  std::string goods;  // the code in the goods file
  std::string name;
  Money price;
  Quantity quantity;
  Money min_price;
  Tax tax = {};
  int payment_object = 1;
  goods::LegalClass legal = goods::LegalClass::kNone;
  bool is_card = false;
  std::string marking_code = {};  // of this one piece, as scanned
  std::string category = {};
};

// What rules ask about a customer beside her points: as central told it when she was recognised.
struct Profile {
  std::map<std::string, std::int64_t> purses;    // others than points, hundredths
  std::map<std::string, std::int64_t> counters;  // "spent" in minor units, "purchases" …
  std::map<std::string, std::int64_t> dates;     // local days since 1970-01-01
  std::vector<std::string> segments;
  std::string tier;
  std::string referrer;
  std::vector<loyalty::Used> used;  // of limited rules
};

// What rules look at beside lines and customer; it stays with the sale, so that a receipt can be
// worked out again and explained later.
struct Circumstances {
  std::string store;
  std::optional<std::int64_t> utc_offset_min;  // nothing = the program's
  std::vector<std::string> codes;              // scanned or typed, in order
  std::vector<loyalty::CouponFact> coupons;    // what is known of them
  std::vector<loyalty::Payment> payments;      // ways the till announced with the quote
  std::optional<std::vector<loyalty::PluginAnswer>> plugins;  // asked for the quote
  std::optional<std::vector<loyalty::Used>> used;             // of limited rules, in this store
  std::optional<std::vector<loyalty::GoodsFact>> goods = {};  // gifts that may not be given away
};

// A coupon handed out with the receipt.
struct IssuedCoupon {
  std::string code;
  std::string type;
  std::int64_t until = INT64_MAX;  // its last local day
};

// What the slip tells of points beside what can be spent.
struct PointsStanding {
  Points welcome = {};           // given for her enrolment in this sale
  Points pending = {};           // not active yet
  Points expiring = {};          // the part that goes first …
  std::int64_t expires_day = 0;  // … after this local day
};

// Local days from and until which earned points can be spent; nothing = at once, for ever. The
// parts live otherwise than the rest.
struct EarnedPart {
  Points points;
  std::optional<std::int64_t> from = {};
  std::optional<std::int64_t> until = {};
};
struct EarnedTerms {
  std::optional<std::int64_t> from = {};
  std::optional<std::int64_t> until = {};
  std::optional<std::vector<EarnedPart>> parts = {};
};

// The customer as of this sale: a snapshot. Never a full card number or phone.
struct Identity {
  CustomerId customer = {};    // "" for a card central does not know yet
  std::string card_hash = {};  // of the card shown, "" = none
  std::string card_type = {};
  std::string label = {};  // "••••1234", "+7•••••••12"
  std::string by = {};     // "card", "phone"
  Points available = {};
  bool verified = true;            // false: earns as unverified, can not redeem
  Points code_highest = {};        // what a one-time code given for this sale lets redeem …
  std::int64_t code_until_us = 0;  // … until then (Unix µs)
  Uuid allowance = {};             // a hold central granted ahead, nil = none
  Points allowance_points = {};
  std::int64_t allowance_expires_us = 0;
  std::optional<Profile> profile = {};
  std::optional<bool> inactive = {};  // the card earns, and pays nothing yet; nothing = it pays
  std::optional<PointsStanding> standing = {};
};

// One try to pay. Attempt n+1 begins only after n is proven refused.
struct Attempt {
  std::uint32_t number = 0;
  Uuid hold;  // nil = none
  bool by_allowance = false;
  std::string payload_hash;  // of the receipt, in the intent
  std::string request;       // the till's own key and payload hash of this payment, "" = none
  Baseline baseline;
  FiscalReceipt receipt;

  // Nothing of it is to be spent any more.
  void drop_hold() {
    hold = {};
    by_allowance = false;
  }
};

// The word of a till that prints itself, where that ended an attempt without a document.
inline constexpr const char* kTillsWord = "till";

// A person's word on an attempt nobody else could tell of (or the till's, that it printed nothing),
// and what the register says of it later.
struct Settlement {
  Attempt attempt;
  std::string by;
  bool document = false;                      // she entered one
  std::optional<std::string> rechecked = {};  // "agrees", or what the register says; none = due
  std::optional<FiscalDocument> found = {};   // the attempt's, as the register shows it
  Uuid undone_by = {};                        // the sale that gives an extra one back
};

struct Sale {
  Uuid id;
  TillId till;
  std::string till_number;
  State state = State::kOpen;
  bool is_return = false;
  Uuid returned_sale;                                 // of a return
  std::map<std::string, Quantity> returned;           // line of that sale -> quantity
  std::optional<ReturnedDocument> returned_document;  // what that sale stands on
  std::string cashier;
  std::string contact;  // for the electronic receipt: a phone or an e-mail address, "" = paper only
  std::vector<SaleLine> lines;
  std::optional<Identity> customer;
  Points redeem;  // asked for
  std::optional<Circumstances> circumstances;
  std::optional<loyalty::Quote> quote;
  std::optional<std::vector<IssuedCoupon>> issued;  // once it is on paper
  std::optional<EarnedTerms> earned;                // … nothing = can be spent at once, for ever
  std::string quote_id;
  std::int64_t quoted_us = 0;
  std::vector<FiscalPayment> payments;
  Attempt attempt;
  std::optional<FiscalDocument> document;
  // A document that is no sale from a basket (a correction, the undoing of an extra document): its
  // lines are fixed when it is opened, and no loyalty applies.
  std::optional<FiscalReceipt> plain;
  std::vector<Settlement> settlements;     // one for each attempt that ended by such a word
  Uuid undoes = {};                        // the sale whose extra document this one gives back
  std::vector<FiscalDocument> candidates;  // what a person should look at
  std::int32_t trouble = 0;  // catalogue number of what stands in the way, 0 = nothing
  std::string trouble_detail;
  std::string trouble_vendor;  // the device's own code
  std::int64_t opened_us = 0;
  std::int64_t closed_us = 0;

  void set_trouble(const Error& error) {
    trouble = static_cast<std::int32_t>(error.code);
    trouble_detail = error.detail;
    trouble_vendor = error.vendor;
  }
  void clear_trouble() {
    trouble = 0;
    trouble_detail.clear();
    trouble_vendor.clear();
  }
  // As it was set; only when there is one.
  [[nodiscard]] Error trouble_error() const {
    return {static_cast<Code>(trouble), trouble_detail, trouble_vendor};
  }
  [[nodiscard]] AttemptKey key() const { return {id, attempt.number}; }
  // Worked out when it was opened; neither edited, parked nor quoted again.
  [[nodiscard]] bool fixed() const { return is_return || plain.has_value(); }
  // The attempt's document when it is not what the sale stands on, else null.
  [[nodiscard]] const FiscalDocument* extra_of(const Settlement& settled) const;
  // Of that attempt; null when nobody settled it.
  [[nodiscard]] const Settlement* settlement(std::uint32_t attempt) const;
  [[nodiscard]] Settlement* settlement(std::uint32_t attempt);
  // The one that asks for something to be done, an extra document not undone yet; else the last.
  [[nodiscard]] const Settlement* foremost_settlement() const;
  // The current attempt or one a person settled; null for any other.
  [[nodiscard]] const Attempt* attempt_of(std::uint32_t number) const;
};

// One document of one fiscal memory has one number.
bool is_same(const FiscalDocument& a, const FiscalDocument& b);
// Whether the sale, as it stands, answers for a document whose witness names it: its own, one that
// is or will be named as an extra one, or one somebody is about to settle.
bool accounts_for(const Sale& sale, const FiscalDocument& document);

boost::json::value to_json(const Sale& sale);
// The same as text, for the journal.
std::string to_json_text(const Sale& sale);
Result<Sale> sale_from_json(const boost::json::value& value);

// The basket as loyalty sees it: with sale.quoted_us it is that of the quote.
loyalty::Basket basket_of(const Sale& sale, std::int64_t instant_us);

// Redeemed, and what rules cost (goods for points).
Points points_to_spend(const Sale& sale);
// Whose limits a sale counts against: her id, or the card nobody could tell the owner of.
std::string customer_key(const Sale& sale);
std::string card_key(const std::string& hash);
// The local day a sale counts on: it is on paper then.
std::int64_t local_day(const Sale& sale);
// The coupons a payment would use up: those that work a limited number of times.
std::vector<std::string> limited_coupons(const Sale& sale);

// One price for a quantity, so that price x quantity = sum to the minor unit.
struct FiscalPiece {
  Money price;
  Quantity quantity;
  Money sum;
};
// A unit's total as one piece, or two when no single price gives it (weighed goods, discounted).
std::vector<FiscalPiece> fiscal_pieces(Money total, Quantity quantity);

// The receipt to print: lines with price x quantity = sum exactly, units that cost the same put
// together, as the fiscal format demands. The witness is the attempt's key.
FiscalReceipt receipt_of(const Sale& sale);

}  // namespace till::checkout
