// A program as the evaluator reads it: conditions x selectors x effects x limits. Every kind of
// promotion is a combination of these; none has code of its own. load.h fills it from JSON.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/loyalty/calendar.h"
#include "gateway/loyalty/names.h"
#include "sdk/cpp/base/values.h"

namespace till::loyalty {

inline constexpr std::int64_t kLowest = INT64_MIN;
inline constexpr std::int64_t kHighest = INT64_MAX;

// Both ends belong to it.
struct Span {
  std::int64_t min = kLowest;
  std::int64_t max = kHighest;

  [[nodiscard]] bool has(std::int64_t value) const { return min <= value && value <= max; }
  [[nodiscard]] bool open() const { return min == kLowest && max == kHighest; }
};

// Which lines. What is empty does not restrict.
struct Selector {
  NameSet skus, categories, tags;
  NameSet not_skus, not_categories, not_tags;
  Span price;                      // list price of a unit, minor units
  Span quantity;                   // of the same goods on the receipt, thousandths
  std::optional<bool> discounted;  // marked down before it came here
  std::optional<bool> weighed;

  [[nodiscard]] bool all() const;
};

// What an amount is measured on.
enum class Basis { kRemaining, kList, kNet };

struct Condition {
  enum class Kind {
    kAll,
    kAny,
    kNot,     // over `parts`
    kBasket,  // select, span = amount, count, lines
    kCode,
    kCoupon,  // names
    kKnown,
    kVerified,
    kCardPromotion,  // want
    kCardType,
    kSegment,
    kTier,
    kStore,
    kTill,
    kPayment,     // names
    kTime,        // calendar
    kCounter,     // name, span, every, plus
    kDate,        // name, yearly, span (days)
    kExperiment,  // name, span of the hash, 0…9999
    kAttribute,   // name, names or span
    kPlugin,      // name
  };
  Kind kind = Kind::kAll;
  std::vector<Condition> parts;
  NameSet names;
  NameId name = kNoName;
  Span span;
  Span count;  // thousandths
  Span lines;
  Basis basis = Basis::kRemaining;
  Selector select;
  Calendar calendar;
  std::int64_t every = 0;  // kCoupon: so many of them are used up, 0 = they only have to be there
  std::int64_t plus = 0;
  bool yearly = false;
  bool want = true;

  bool on_basket = false;  // a leaf that changes with the goods, or made known by prepare()

  // Depends on more than customer, time and place.
  [[nodiscard]] bool needs_basket() const;
};

// A number, or one that grows with a counter, the receipt or the tier.
struct Value {
  enum class By {
    kNothing,
    kCounter,
    kAmount,
    kQuantity,
    kTier,
    kSelectedAmount,    // of what the rule works on
    kSelectedQuantity,  // …
  };
  struct Step {
    std::int64_t from;
    std::int64_t value;
  };
  std::int64_t fixed = 0;
  By by = By::kNothing;
  NameId counter = kNoName;
  bool this_too = false;    // the counter with this receipt in it
  std::vector<Step> steps;  // ascending
  // What lies between two steps has the value of the lower one, whatever comes above; else all of
  // it has the value of the highest step reached. For what the rule works on.
  bool marginal = false;
};

enum class Stage : std::uint8_t { kLine, kSet, kReceipt, kCoupon, kCard, kEarn };
enum class Per : std::uint8_t { kUnit, kLine, kSet, kReceipt };
enum class Pick : std::uint8_t { kFirst, kCheapest, kDearest };
enum class Spread : std::uint8_t {
  kLargestRemainder,
  kFirstLines,
  kLastLine,
  kNearestFirst,
  kLastLineDown
};

struct SetPart {
  Selector select;
  std::int64_t quantity = 0;  // thousandths
  Pick pick = Pick::kFirst;
};
// Units taken together: `buy` unlocks, `get` is what the effect works on (`buy` if empty).
struct Sets {
  std::vector<SetPart> buy, get;
  std::int64_t most = kHighest;
  // Each set takes what the ones before it left; else all of them take their parts together.
  bool one_by_one = false;
};

// How long points live.
struct Life {
  std::int64_t activation_days = 0;
  std::int64_t expires_days = 0;  // 0 = never
  std::string expires_end;        // "", month, year: the end of that period instead

  bool operator==(const Life&) const = default;
};

struct Effect {
  enum class Kind : std::uint8_t {
    kPercent,
    kAmount,
    kPrice,
    kEarn,
    kGift,
    kCoupon,
    kMessage,
    kPlugin,
    kRound  // what is left to pay comes down to a multiple
  };
  enum class Earn : std::uint8_t { kPercent, kPerUnit, kFixed, kPerAmount, kMultiply, kPlugin };
  Kind kind = Kind::kPercent;
  Value value;  // basis points, minor units, hundredths of a point, factor x 10 000
  Per per = Per::kReceipt;
  bool of_total = false;  // percent: rounded once on the sum, then spread
  bool of_unit = false;   // percent: rounded on one unit, then times the quantity
  bool rounding_said = false;
  std::int64_t most_units = kHighest;  // of the same goods, thousandths
  Earn earn = Earn::kPercent;
  std::int64_t every = 0;           // kPerAmount, kCoupon, kGift, kAmount: for each full amount
  Basis basis = Basis::kRemaining;  // of earning
  bool undiscounted = false;        // only on lines no offer has lowered
  NameId purse = kNoName;
  std::optional<Life> life;  // of the points it earns, if not that of their purse
  NameId to = kNoName;       // kNoName = the customer; cashier, referrer, a partner's account
  NameId what = kNoName;     // sku of the gift, type of the coupon, the plugin
  std::int64_t quantity = 0;
  std::array<std::string, 2> text;  // en, ru

  // A rule plugin says what it gives.
  [[nodiscard]] bool asks_plugin() const {
    return kind == Kind::kPlugin || (kind == Kind::kEarn && earn == Earn::kPlugin);
  }
  [[nodiscard]] bool is_discount() const {
    return kind == Kind::kPercent || kind == Kind::kAmount || kind == Kind::kPrice ||
           kind == Kind::kPlugin || kind == Kind::kRound;
  }
};

struct Cost {
  NameId purse = kNoName;
  std::int64_t amount = 0;  // for each time
};

// Coupons that are used up each time.
struct Takes {
  NameId type = kNoName;
  std::int64_t count = 0;
};

enum class LimitScope : std::uint8_t { kReceipt, kCustomer, kStore, kProgram };
inline constexpr std::array<std::string_view, 4> kLimitScopes{"receipt", "customer", "store",
                                                              "program"};
struct Limit {
  LimitScope scope = LimitScope::kReceipt;
  Period period = Period::kEver;
  std::int64_t times = kHighest;
  std::int64_t amount = kHighest;  // money of discount, or hundredths of what is earned
};

struct Rule {
  std::string id;
  std::array<std::string, 2> name;  // en, ru
  NameId key = kNoName;             // of the id
  NameId on = kNoName;              // event; kNoName = a sale
  Stage stage = Stage::kLine;
  bool paused = false;
  bool exclusive = false;
  bool local = false;   // looks at one line at a time
  bool spills = false;  // what a floor keeps back of its percent moves to other lines
  std::int64_t priority = 0;
  std::int64_t group = -1;
  std::vector<std::uint32_t> not_with;  // rules by index; every pair stands in both
  std::string funded_by;
  Calendar valid;
  Condition when;  // kAll
  Selector select;
  std::optional<Sets> sets;
  Effect give;
  Cost cost;
  Takes takes;
  std::vector<Limit> limits;
  bool needs_code = false;  // some code or coupon must be shown for it

  [[nodiscard]] std::string_view text(bool russian) const {
    const auto& t = name[russian ? 1 : 0];
    return t.empty() ? std::string_view(id) : std::string_view(t);
  }
};

// Of its members at most `most` apply: the first that can, or those that save most.
struct Group {
  std::string id;
  bool best = true;
  bool lowest = false;  // with best, one of them: what gives least, but something
  bool per_line = false;
  std::int64_t most = 1;
  std::vector<std::uint32_t> members;  // by index, in order

  // Whether what a member gives takes the place of what one before it gives (0 = none yet).
  [[nodiscard]] bool prefers(std::int64_t value, std::int64_t held) const {
    return value > 0 && (held == 0 || (lowest ? value < held : value > held));
  }
};

struct Tier {
  std::string id;
  std::array<std::string, 2> name;  // en, ru; "" = the id
  NameId key = kNoName;
  std::int64_t from = 0;
};
enum class Downgrade : std::uint8_t { kNone, kOneDown, kBalance };
struct Tiers {
  NameId counter = kNoName;  // its value already is that of the window
  NameId since = kNoName;    // the date since which the customer has her level
  bool money = true;
  bool this_too = false;
  Downgrade downgrade = Downgrade::kNone;
  std::int64_t window_days = 0;  // 0 = for ever
  std::vector<Tier> steps;       // ascending
};

// How often one customer may earn, and pay with points, in a period: against cards that are passed
// from hand to hand. They count like the limits of rules, under these names.
inline constexpr std::string_view kEarningLimit = "velocity.earning";
inline constexpr std::string_view kRedemptionLimit = "velocity.redemption";
struct Velocity {
  NameId earning_key = kNoName;
  NameId redemption_key = kNoName;
  std::vector<Limit> earning;     // per customer, times
  std::vector<Limit> redemption;  // per customer, times and hundredths of a point
};

// What happens when goods come back.
struct Returns {
  bool forgive = false;          // earned points that are spent already are not owed
  std::int64_t grace_days = 14;  // points that come back to a lot that has expired live so long
};

// What makes a card of a type active.
inline constexpr std::array<std::string_view, 5> kActivations{"issue", "sale", "first_purchase",
                                                              "registration", "manual"};

struct CardType {
  std::string id;
  std::string name;
  NameId key = kNoName;
  NameId sku = kNoName;         // sold as these goods
  std::int64_t activation = 0;  // place in kActivations
  std::vector<std::uint32_t> promotions;
};

struct CouponType {
  std::string id;
  std::array<std::string, 2> name;  // en, ru; "" = the id
  NameId key = kNoName;
  std::string prefix;
  std::int64_t length = 0;
  bool check_symbol = false;  // Luhn
  std::int64_t uses = 1;      // 0 = any number
  std::int64_t valid_days = 0;
  std::string partner;
};

struct Purse : Life {
  std::string id;
  std::array<std::string, 2> name;  // en, ru; "" = the id
  NameId key = kNoName;
  bool same_receipt = false;  // what this receipt earns can be spent on it
};

inline constexpr std::int64_t kPointValueScale = 10'000;

struct Redeem {
  NameId purse = kNoName;
  std::int64_t value = 100 * kPointValueScale;  // of a point: minor units x kPointValueScale
  std::int64_t step = 1;                        // hundredths
  Value max_share = {.fixed = kPercentScale, .steps = {}};
  std::int64_t max_amount = kHighest;
  std::int64_t min_receipt = 0;
  std::int64_t min_balance = 0;
  std::int64_t min_points = 0;
  std::int64_t leave = 0;           // money that must stay on the receipt
  std::int64_t leave_per_line = 0;  // … and on each line
  bool as_payment = false;          // counter-provision (FFD 1217), else a discount in the prices
  bool with_coupons = true;
  Selector select;  // what points may pay for

  // Minor units for so many hundredths of a point.
  [[nodiscard]] std::int64_t worth(std::int64_t points) const {
    return mul_div(points, value, 100 * kPointValueScale, Rounding::kDown);
  }
};

// A rule plugin the program asks; its answer comes within the deadline or counts as none.
struct PluginUse {
  std::string id;
  NameId key = kNoName;
  std::int64_t deadline_ms = 300;
};

struct Experiment {
  std::string id;
  NameId key = kNoName;
  std::int64_t pilot = 0;    // basis points from 0 up
  std::int64_t control = 0;  // the next ones
};

struct Settings {
  Rounding money = Rounding::kHalfUp;
  Rounding points = Rounding::kDown;
  std::int64_t money_step = 1;   // percents come out in multiples of it, minor units
  std::int64_t points_step = 1;  // the same of what is earned, hundredths
  Spread spread = Spread::kLargestRemainder;
  bool equal_shares = false;     // an amount off falls on the lines alike, whatever they cost
  bool tax_of_receipt = false;   // rounded once for all that is taxed alike, not on each line
  bool before_tax = false;       // discounts work on the price as listed, tax is added afterwards
  bool percent_of_list = false;  // several percents add up instead of working on what is left
  // What all discounts of a receipt come to at most, of its list prices: hundredths of a percent,
  // minor units; -1 = open.
  std::int64_t max_discount_share = -1, max_discount = -1;
  std::int64_t utc_offset_min = 180;
  bool earn_on_points_paid = false;
  NameSet no_earning_on;  // payment kinds
  Selector excluded;      // no rule touches these lines
  bool excludes = false;
};

}  // namespace till::loyalty
