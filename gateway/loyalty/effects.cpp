#include "gateway/loyalty/effects.h"

#include <algorithm>

#include "gateway/loyalty/explain.h"
#include "gateway/loyalty/plan.h"

namespace till::loyalty {
namespace {

constexpr std::int64_t kWholeUnit = 100;  // one stamp, in hundredths
constexpr std::int64_t kPlainCodeLength = 12;

std::string text(const Plan& plan, NameId name) {
  return name == kNoName ? std::string() : std::string(plan.names.text(name));
}

CodeOutcome code_outcome(const Plan& plan, const std::string& code, NameId type,
                         const Reason& reason) {
  CodeOutcome out;
  out.code = code;
  if (const auto* coupon = type == kNoName ? nullptr : plan.coupon(type)) {
    out.type = coupon->id;
    out.uses = coupon->uses;
  }
  out.used = reason.why == Why::kCodeUsed;
  out.why = name(reason.why);
  const auto words = in_words(plan, reason);
  out.en = words.en;
  out.ru = words.ru;
  return out;
}

const CouponType* type_named(const Plan& plan, std::string_view id) {
  const auto at = std::ranges::find(plan.coupons, id, &CouponType::id);
  return at == plan.coupons.end() ? nullptr : &*at;
}

// The Luhn digit that makes `digits` right with it at the end.
char check_digit(std::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const int d = (digits[digits.size() - 1 - i] - '0') * (i % 2 == 0 ? 2 : 1);
    sum += d > 9 ? d - 9 : d;
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

// Rounded once at each end: differences of two such parts add up to the whole however often it is
// cut. Whole stamps stay whole.
std::int64_t upto(std::int64_t amount, std::int64_t at, std::int64_t whole) {
  if (at == whole) return amount;
  const auto unit = amount % kWholeUnit == 0 ? kWholeUnit : 1;
  const auto size = (amount < 0 ? -amount : amount) / unit;
  const auto part = mul_div(size, at, whole, Rounding::kDown) * unit;
  return amount < 0 ? -part : part;
}

void put_lot(const Rule& rule, Points points, Effects& e) {
  if (!e.lots) e.lots.emplace();
  const auto known = std::ranges::find(*e.lots, rule.id, &PointsLot::rule);
  if (known != e.lots->end()) {
    known->points += points;
  } else {
    const auto& life = *rule.give.life;
    e.lots->push_back({rule.id, points, life.activation_days, life.expires_days, life.expires_end});
  }
}

}  // namespace

std::optional<Effects> effects_of(const Plan& plan, const Basket& basket,
                                  const Evaluator& evaluator, const Outcome& out) {
  Effects e;
  for (const auto& reason : out.codes) {
    const auto at = static_cast<std::size_t>(reason.line);
    e.codes.push_back(code_outcome(plan, basket.codes[at], evaluator.code_type(at), reason));
  }
  const auto points = plan.purses[0].key;
  const auto entry = [&](std::uint32_t rule, NameId purse, NameId to, std::int64_t amount) {
    const auto& id = plan.rules[rule].id;
    const auto known = std::ranges::find_if(e.purses, [&](const PurseEntry& p) {
      return p.rule == id && p.purse == plan.names.text(purse) && p.to == text(plan, to);
    });
    if (known != e.purses.end()) {
      known->amount = checked_add(known->amount, amount);
    } else {
      e.purses.push_back({id, text(plan, purse), text(plan, to), amount});
    }
  };
  for (const auto& earned : out.earned) {
    if (earned.purse == points && earned.to == kNoName) {  // they stand on the lines
      if (const auto& rule = plan.rules[earned.rule]; rule.give.life) {
        put_lot(rule, {earned.amount}, e);
      }
      continue;
    }
    entry(earned.rule, earned.purse, earned.to, earned.amount);
  }
  for (const auto& spent : out.spent) entry(spent.rule, spent.purse, kNoName, -spent.amount);
  for (const auto& gift : out.gifts) {
    e.handed.push_back({plan.rules[gift.rule].id, text(plan, gift.what), gift.count, false});
  }
  for (const auto& coupon : out.coupons) {
    e.handed.push_back({plan.rules[coupon.rule].id, text(plan, coupon.what), coupon.count, true});
  }
  for (const auto& hit : out.hits) {
    const auto& rule = plan.rules[hit.rule];
    if (rule.limits.empty() && rule.funded_by.empty()) continue;
    e.rules.push_back({rule.id, hit.times, hit.amount, rule.funded_by});
  }
  if (basket.customer) {
    const auto count = [&](std::string_view what, const std::vector<Limit>& limits,
                           std::int64_t amount) {
      if (!limits.empty() && amount > 0) e.rules.push_back({std::string(what), 1, amount, ""});
    };
    count(kEarningLimit, plan.velocity.earning, out.sum.accrued);
    count(kRedemptionLimit, plan.velocity.redemption, out.sum.redeemed);
  }
  if (e.empty()) return std::nullopt;
  return e;
}

std::optional<Effects> effects_back(const Effects& sold, std::int64_t from, std::int64_t to,
                                    std::int64_t whole) {
  Effects back;
  for (const auto& entry : sold.purses) {
    auto part = entry;
    part.amount = upto(entry.amount, from, whole) - upto(entry.amount, to, whole);
    if (part.amount != 0) back.purses.push_back(std::move(part));
  }
  for (auto use : sold.rules) {  // the money goes back in parts, the time with the last of them
    use.amount = mul_div(use.amount, to, whole, Rounding::kDown) -
                 mul_div(use.amount, from, whole, Rounding::kDown);
    if (to != whole) use.times = 0;
    if (use.times != 0 || use.amount != 0) back.rules.push_back(std::move(use));
  }
  if (to == whole) {
    std::ranges::copy_if(sold.codes, std::back_inserter(back.codes), &CodeOutcome::used);
  }
  if (back.empty()) return std::nullopt;
  return back;
}

CodeOutcome look_at_code(const Program& program, const Basket& basket, std::string_view code) {
  const auto& plan = program.plan();
  Evaluator evaluator(plan);
  evaluator.start(basket);
  const auto found = std::ranges::find(basket.codes.rbegin(), basket.codes.rend(), code);
  if (found == basket.codes.rend()) return {};
  const auto at = static_cast<std::size_t>(basket.codes.rend() - found) - 1;
  auto why = evaluator.code_status(at);
  if (why == Why::kCodeNotApplied) why = Why::kCodeUsed;
  return code_outcome(plan, std::string(code), evaluator.code_type(at),
                      {why, -1, static_cast<std::int32_t>(at), 0, 0});
}

std::string coupon_code(const Program& program, std::string_view type, std::uint64_t number) {
  const auto* coupon = type_named(program.plan(), type);
  std::string code = coupon == nullptr ? std::string() : coupon->prefix;
  const auto length = static_cast<std::size_t>(
      coupon == nullptr || coupon->length == 0
          ? std::max(kPlainCodeLength, static_cast<std::int64_t>(code.size()) + kPlainCodeLength)
          : coupon->length);
  const bool check = coupon != nullptr && coupon->check_symbol;
  // A mixer between digits: types longer than a number has digits still get new ones.
  while (code.size() + (check ? 1 : 0) < length) {
    code += static_cast<char>('0' + number % 10);
    number = (number / 10) ^ ((number % 10) * 0x9e3779b97f4a7c15U);
  }
  if (check) code += check_digit(code);
  return code;
}

std::int64_t coupon_until(const Program& program, std::string_view type, std::int64_t at,
                          std::optional<std::int64_t> utc_offset_min) {
  const auto& plan = program.plan();
  const auto* coupon = type_named(plan, type);
  if (coupon == nullptr || coupon->valid_days == 0) return INT64_MAX;
  return local_time(at, utc_offset_min.value_or(plan.settings.utc_offset_min)).day +
         coupon->valid_days;
}

}  // namespace till::loyalty
