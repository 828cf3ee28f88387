// The loyalty core: pure. The same basket, program version, customer snapshot and instant give the
// same kopecks here, in central and in the simulation.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/goods/goods.h"
#include "sdk/cpp/base/ids.h"
#include "sdk/cpp/base/result.h"
#include "sdk/cpp/base/values.h"

namespace till::loyalty {

// Changes whenever the arithmetic does; central replays an entry only with the same revision.
// 4: gifts that law or a minimum price bars are left out, what points pay for as a payment is
// taxed, goods a card is sold as are the card, a card that is not active pays nothing.
// 6: units that are free earn nothing by the unit, an empty list of card types asks for a card,
// the tax inside prices is rounded, nothing is handed out for tobacco alone.
// 7: with this_receipt_too only goods count that may have discounts and points; marginal units
// count from the dearest on, a percent of each line does so in a group too, a line nothing was
// taken off keeps its tax, nobody brings herself.
// 8: quantities of the same goods count together on however many lines they stand; what is all paid
// in ways that earn nothing earns no fixed points; parts of a set that overlap all get theirs;
// below its first step a ladder of prices is no price; the day itself is no anniversary.
// 9: odd units of a tie go by the goods; a set price in `get` takes the dearest; points paid in
// full earn nothing by the piece; stamps of a receipt may be spent on it; until a minute ends with
// it.
inline constexpr int kEvaluationRevision = 9;

struct Plan;

// What a retailer promises, read from JSON (docs/users/programs.md) and compiled. Cheap to copy.
class Program {
 public:
  Program();  // gives nothing

  std::string id;
  std::int64_t version = 0;

  // An unknown field, an impossible range, overlapping steps or a rule that can never apply is an
  // error that names the place and the reason.
  static Result<Program> from_json(std::string_view text);
  [[nodiscard]] std::string to_json() const;
  [[nodiscard]] const Plan& plan() const { return *plan_; }

 private:
  std::shared_ptr<const Plan> plan_;
};

inline constexpr std::int64_t kTaxScale = 1'000'000;  // 100 %

struct LineTax {
  std::int64_t rate = 0;  // ten-thousandths of a percent: 88750 = 8.875 %
  Money fixed;            // per unit, instead of a rate; added on top and never discounted
  bool included = true;
};

struct Line {
  std::string id;
  Money price;  // per unit
  Quantity quantity;
  Money min_price;  // per unit, from the goods file
  goods::LegalClass legal = goods::LegalClass::kNone;
  bool is_card = false;
  std::string sku = {};
  std::string category = {};
  std::vector<std::string> tags = {};
  std::vector<LineTax> taxes = {};  // only what is needed to work out prices before tax
  bool discounted = false;          // marked down before it came here
  bool deposit = false;  // a bottle's deposit, a service fee: neither discount nor points
};

struct Customer {
  CustomerId id;
  std::string card_type;  // "" = none
  Points available;       // what may be spent now
  bool verified = true;   // an unknown card offline earns as unverified and cannot redeem
  std::map<std::string, std::int64_t> purses = {};    // others than points, hundredths
  std::map<std::string, std::int64_t> counters = {};  // "spent" in minor units, "purchases" …
  std::map<std::string, std::int64_t> dates = {};     // "birthday" …: days since 1970-01-01
  std::vector<std::string> segments = {};
  std::string tier = {};  // as of now; "" = worked out from the counter
  std::string referrer = {};
  bool active = true;  // a card that is not active yet earns, and pays nothing
};

// What is known about a coupon code beyond its looks.
struct CouponFact {
  std::string code;
  std::string type;                  // "" = its looks tell
  std::int64_t used = 0;             // times
  std::int64_t expires = INT64_MAX;  // local day
  std::string customer = {};         // "" = anybody's
};

struct Payment {
  std::string kind;  // cash, card, gift_card …
  Money amount;
};

// What a rule gave before, for its limits.
struct Used {
  std::string rule;
  std::string scope;   // customer, store, program
  std::string period;  // ever, day, week, month, year
  std::int64_t times = 0;
  std::int64_t amount = 0;
};

struct PluginDiscount {
  std::string line;  // its id
  Money amount;      // off the line's total
  std::string reason = {};
};

struct PluginPoints {
  std::string line;  // its id; "" = the receipt
  Points points;
  std::string reason = {};
};

// The answer of a rule plugin, an input like any other: kept with the sale, worked out again with
// it. `failed`: "" = it answered; late, down (not running), refused, invalid (can not be used).
struct PluginAnswer {
  std::string plugin;
  bool holds = false;
  std::vector<PluginDiscount> discounts = {};
  std::string failed = {};
  std::optional<std::vector<PluginPoints>> points = {};
};

// What the goods file says of goods that a rule may give away.
struct GoodsFact {
  std::string sku;
  goods::LegalClass legal = goods::LegalClass::kNone;
  Money min_price;  // per unit
};

struct Basket {
  std::vector<Line> lines;
  std::optional<Customer> customer;
  Points redeem;  // asked for; the quote says how much is possible
  std::int64_t instant_us = 0;
  std::optional<std::int64_t> utc_offset_min = {};  // else the program's
  std::string event = {};                           // "" = a sale
  std::string store = {};
  std::string till = {};
  std::string cashier = {};
  std::vector<std::string> codes = {};  // in the order they were entered
  std::vector<CouponFact> coupons = {};
  std::vector<Payment> payments = {};
  std::vector<Used> used = {};
  std::map<std::string, std::string> attributes = {};
  std::vector<PluginAnswer> plugins = {};
  std::vector<GoodsFact> goods = {};  // what is not here and no line is given as the rules say
};

// Line id -> quantity that comes back.
using Returned = std::map<std::string, Quantity>;

// Why an amount is what it is, in words for the cashier and the customer.
struct Explanation {
  std::string line;  // "" = the whole receipt
  std::string en;
  std::string ru;
  // 0 = what happened, 1 = for the cashier: what is missing for more, what others get, 2 = does not
  // concern this customer; nothing =
  // 0
  std::optional<std::int64_t> level = {};
};

// One whole unit of a line (or the fraction left over at the end); the shares add up exactly.
struct UnitShare {
  Quantity quantity;
  Money total;  // to pay, after discount and points
  Money discount;
  Money by_points;
  Points redeemed;
  Points accrued;
};

struct LineQuote {
  std::string id;
  Money gross;
  Money discount;
  Money by_points;
  Money total;  // gross - discount - by_points
  Points redeemed;
  Points accrued;
  std::vector<UnitShare> units;
  // true = it counts towards no level and no counter: tobacco, a gift card, a deposit, what the
  // program excludes; nothing = it counts
  std::optional<bool> uncounted = {};
};

// What became of a code. Of a return: a coupon that is given back.
struct CodeOutcome {
  std::string code;
  std::string type;       // of the coupon, "" = a code without one
  bool used = false;      // something on the receipt was given for it
  std::int64_t uses = 0;  // how often a coupon of this type works, 0 = any number of times
  std::string why;        // "code_used", "code_spent" …, as name(Why)
  std::string en;
  std::string ru;
};

// Something other than the customer's points: stamps, another purse, another account.
struct PurseEntry {
  std::string rule;
  std::string purse;
  std::string to;           // "" = the customer; cashier, referrer, a partner's account
  std::int64_t amount = 0;  // hundredths; below 0 = spent (or, of a return, taken back)
};

// Points the customer earned that live otherwise than her purse says; a part of what she earned.
struct PointsLot {
  std::string rule;
  Points points;
  std::int64_t activation_days = 0;
  std::int64_t expires_days = 0;  // 0 = never
  std::string expires_end = {};   // "", month, year: the end of that period instead
};

// A gift, or a coupon that is issued (its code is made when the sale is on paper).
struct Handed {
  std::string rule;
  std::string what;        // sku, or type of the coupon
  std::int64_t count = 0;  // thousandths of the gift, pieces of the coupon
  bool coupon = false;
};

// What a rule gave, for its limits and its funder.
struct RuleUse {
  std::string rule;
  std::int64_t times = 0;
  std::int64_t amount = 0;
  std::string funded_by;
};

// What a receipt does beside prices and the customer's points.
struct Effects {
  std::vector<CodeOutcome> codes;
  std::vector<PurseEntry> purses;
  std::vector<Handed> handed;
  std::vector<RuleUse> rules;
  std::optional<std::vector<PointsLot>> lots = {};  // nothing = none

  [[nodiscard]] bool empty() const {
    return codes.empty() && purses.empty() && handed.empty() && rules.empty() && !lots;
  }
};

struct Quote {
  std::int64_t program_version = 0;
  std::vector<LineQuote> lines;
  Money gross;
  Money discount;
  Money by_points;
  Money total;
  Points redeemed;
  Points redeemable;  // the most that could be asked for
  Points accrued;
  bool points_are_payment = false;  // by_points is paid with, not taken off the prices
  std::vector<Explanation> why;
  std::optional<Effects> effects = {};  // nothing = none
};

// Never fails on a valid program: what cannot be given (a floor, tobacco, too few points) is left
// out and explained. Throws Overflow on sums beyond 64 bits.
Quote quote(const Program& program, const Basket& basket);

// What goes back when `returned` (line id -> quantity) of a sold receipt returns, given what has
// been returned of it before. Units go back in order; n partial returns add up to the whole.
// Floors do not bind. Stamps and other purses go back in proportion to the money; coupons and uses
// of rules when nothing of the receipt is left. Code::kReturnTooMuch when more is asked than is
// left.
Result<Quote> quote_return(const Quote& sold, const std::map<std::string, Quantity>& before,
                           const std::map<std::string, Quantity>& returned);

// What a code would be on this basket before anything is worked out: kCodeUsed when it is in order.
CodeOutcome look_at_code(const Program& program, const Basket& basket, std::string_view code);

// The code of a new coupon: the type's prefix, digits from `number` and its check symbol.
// Types without a length get twelve digits.
std::string coupon_code(const Program& program, std::string_view type, std::uint64_t number);
// The last local day on which a coupon issued at that moment works; INT64_MAX = for ever.
std::int64_t coupon_until(const Program& program, std::string_view type, std::int64_t at,
                          std::optional<std::int64_t> utc_offset_min);

// Largest remainder, ties to the earliest: spreads `amount` by `weights` (negative ones count as
// 0), each share at most `caps`; the overflow is spread again. What cannot be placed stays out of
// the sum. Sizes equal; amount >= 0.
std::vector<std::int64_t> allocate(std::int64_t amount, const std::vector<std::int64_t>& weights,
                                   const std::vector<std::int64_t>& caps);

}  // namespace till::loyalty
