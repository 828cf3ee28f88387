// What an evaluation found, as data: amounts, and reasons as codes with arguments. Words come from
// explain.h. Names are numbers of the program's Names, rules are indexes into Plan::rules.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gateway/loyalty/names.h"

namespace till::loyalty {

// The arguments a, b of a Reason stand in brackets: money in minor units, points in hundredths.
enum class Why : std::uint8_t {
  kApplied,       // [given, wanted]
  kNextStep,      // [missing to the next step of a ladder, what that gives]
  kEarned,        // [points, base]
  kGift,          // [quantity]
  kGiftBarred,    // [legal class, 0 = it has a minimum price]
  kCouponIssued,  // [count]
  kMessage,
  // why a line is left alone
  kLegal,  // [legal class]
  kCardItself,
  kNotPositive,
  kDeposit,
  kExcluded,  // by the program's list
  kFloor,     // [kept back]
  // why a rule did not apply
  kProgramPaused,
  kProgramDates,
  kPaused,  // the rule
  kDates,   // of the rule
  kTime,    // hours, weekdays
  kNoCustomer,
  kOnlyUnknown,
  kNotVerified,
  kCardType,
  kSegment,
  kTier,  // [missing to it, the lowest level that would do, 0 = none above]
  kStore,
  kTill,
  kPayment,
  kCode,
  kCoupon,
  kCoupons,      // [missing, their type]
  kCounter,      // [missing]
  kCounterPast,  // [beyond by, the counter]
  kDate,         // [days until it begins, the date]
  kDateUnknown,  // [0, the date]
  kNoCashier,    // nobody to give it to
  kNoReferrer,
  kExperiment,
  kAttribute,
  kPlugin,        // it answered no
  kPluginSilent,  // it was not asked, or its answer is not kept
  kPluginLate,
  kPluginDown,
  kPluginRefused,
  kPluginInvalid,
  kNeedsAmount,    // [missing]
  kNeedsQuantity,  // [missing thousandths]
  kNeedsLines,     // [missing]
  kTooMuch,        // the basket holds more than it may
  kCondition,      // several of them together
  kExcept,         // [the kind of condition under "not" that holds]
  kLimitReached,   // [scope, period]
  kNotWith,        // [the other rule]
  kExclusive,      // [the other rule]
  kLostTo,         // [the better rule, -1 = several]
  kNoPoints,       // [missing points]
  kCardInactive,   // [what it waits for: a place in kActivations]
  kNothingLeft,    // no line that may still be discounted
  kNoGoods,        // none of its goods is on the receipt
  kNothingEarns,   // its goods are, and may not earn
  kNothingBefore,  // earlier rules gave nothing it could multiply
  kRoundedAway,    // it comes to less than the smallest amount
  kNotLower,       // its price is no lower
  kCut,            // [money kept back by its limit]
  kCutPoints,      // [points …]
  // codes
  kCodeUsed,  // it worked
  kCodeUnknown,
  kCodeCheckSymbol,
  kCodeSpent,
  kCodeExpired,
  kCodeForeign,
  kCodeTwice,
  kCodeNotApplied,
  kCodeSpare,  // the rule needed one, and took another
  // points
  kRedeemed,  // [points, money]
  kRedeemNoProgram,
  kRedeemNoCustomer,
  kRedeemUnverified,
  kRedeemInactive,  // [as kCardInactive]
  kRedeemCoupons,
  kRedeemMinReceipt,  // [least]
  kRedeemMinBalance,  // [least]
  kRedeemMinPoints,   // [least, possible here]
  kRedeemShare,       // [money that points may pay, of]
  kRedeemFloors,      // [money]
  kRedeemBalance,     // [points]
  kRedeemVelocity,    // [period]
  kRedeemLeft,        // [points, period]
  kEarningVelocity,   // [period]
  kNotEarning,        // [money paid in a way that earns nothing]
  kMostOff,           // [money kept back by the limit of all discounts together]
  kRedeemOwed,        // [points owed]
};
inline constexpr std::size_t kWhyCount = static_cast<std::size_t>(Why::kRedeemOwed) + 1;
// "applied", "needs_quantity" … : stable, for programs that read results.
std::string_view name(Why why);

struct Reason {
  Why why = Why::kApplied;
  std::int32_t rule = -1;  // -1 = none in particular
  std::int32_t line = -1;  // -1 = the receipt; of a code: its place
  std::int64_t a = 0;
  std::int64_t b = 0;
  bool operator==(const Reason&) const = default;
};

struct Applied {
  std::uint32_t rule;
  std::uint32_t line;
  std::int64_t amount;    // minor units, in the prices' convention
  std::int64_t quantity;  // thousandths it worked on
  bool operator==(const Applied&) const = default;
};

struct Earned {
  std::uint32_t rule;
  std::int32_t line;  // -1 = the receipt
  NameId purse;
  NameId to;  // kNoName = the customer
  std::int64_t amount;
  bool operator==(const Earned&) const = default;
};

struct Spent {
  std::uint32_t rule;
  NameId purse;
  std::int64_t amount;
  bool operator==(const Spent&) const = default;
};

struct Given {  // a gift or a coupon
  std::uint32_t rule;
  NameId what;
  std::int64_t count;
  bool operator==(const Given&) const = default;
};

struct Hit {  // for the rule's limits and its funder
  std::uint32_t rule;
  std::int64_t times;
  std::int64_t amount;
  bool operator==(const Hit&) const = default;
};

struct LineOutcome {
  std::int64_t gross = 0;  // with tax
  std::int64_t discount = 0;
  std::int64_t by_points = 0;
  std::int64_t total = 0;  // gross - discount - by_points
  std::int64_t net = 0;    // of total, before tax
  std::int64_t redeemed = 0;
  std::int64_t accrued = 0;
  bool operator==(const LineOutcome&) const = default;
};

struct Outcome {
  std::vector<LineOutcome> lines;
  LineOutcome sum;
  std::int64_t redeemable = 0;
  std::int32_t tier = -1;
  std::int32_t next_tier = -1;
  std::int64_t to_next_tier = 0;
  std::vector<Applied> applied;
  std::vector<Earned> earned;
  std::vector<Spent> spent;
  std::vector<Given> gifts;
  std::vector<Given> coupons;
  std::vector<Hit> hits;
  std::vector<Reason> codes;  // one for each code; line = its place
  std::vector<Reason> reasons;
  bool reasons_cut = false;

  bool operator==(const Outcome&) const = default;
};

}  // namespace till::loyalty
