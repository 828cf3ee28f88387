// How points pay.
#include <utility>

#include "gateway/loyalty/load.h"

namespace till::loyalty::load {
namespace {

// Points may be worth less than a kopeck: six decimals.
Result<std::int64_t> point_value(JsonObject& in, std::int64_t otherwise) {
  const auto* raw = in.raw("value");
  if (raw == nullptr) return otherwise;
  if (raw->is_string()) {
    return parse_decimal(std::string_view(raw->get_string()), 6, in.path_of("value"));
  }
  return checked_mul(TILL_TRY(in.get<Money>("value")).minor, kPointValueScale);
}

// What points may pay: a percent, or one that grows with the level or a counter.
Result<Value> share(Loader& l, JsonObject& in) {
  auto v = TILL_TRY(value(l, in, "max_share", false));
  const bool known =
      v.by == Value::By::kNothing || v.by == Value::By::kTier || v.by == Value::By::kCounter;
  if (!known || v.marginal) return invalid("redeem.max_share", "by tier or by a counter");
  if (highest(v) > kPercentScale || highest(v) == 0) {
    return fail(Code::kOutOfRange, "redeem.max_share: above 0, at most 100 %");
  }
  return v;
}

}  // namespace

Result<void> redeem(Loader& l, JsonObject in) {
  Redeem r;
  const auto purse = TILL_TRY(in.get_or<std::string>("purse", "points"));
  r.purse = l.plan.names.find(purse);
  if (l.plan.purse(r.purse) == nullptr) return invalid(in.path_of("purse"), "no such purse");
  r.value = TILL_TRY(point_value(in, r.value));
  r.step = TILL_TRY(in.get_or("step", Points{100})).units;
  if (in.has("max_share")) r.max_share = TILL_TRY(share(l, in));
  r.max_amount = TILL_TRY(in.get_or("max_amount", Money{r.max_amount})).minor;
  r.min_receipt = TILL_TRY(in.get_or("min_receipt", Money{})).minor;
  r.min_balance = TILL_TRY(in.get_or("min_balance", Points{})).units;
  r.min_points = TILL_TRY(in.get_or("min_points", Points{})).units;
  r.leave = TILL_TRY(in.get_or("leave", Money{})).minor;
  r.leave_per_line = TILL_TRY(in.get_or("leave_per_line", Money{})).minor;
  r.as_payment = TILL_TRY(word(in, "as", {"discount", "payment"}, 0)) == 1;
  r.with_coupons = TILL_TRY(in.get_or("with_coupons", true));
  r.select = TILL_TRY(selector(l, in, "select"));
  TILL_CHECK(in.finish());
  if (r.step <= 0) return fail(Code::kOutOfRange, "redeem.step: must be above 0");
  if (r.value <= 0) return fail(Code::kOutOfRange, "redeem.value: must be above 0");
  for (const auto& [field, v] : {std::pair{"max_amount", r.max_amount},
                                 {"min_receipt", r.min_receipt},
                                 {"min_balance", r.min_balance},
                                 {"min_points", r.min_points},
                                 {"leave", r.leave},
                                 {"leave_per_line", r.leave_per_line}}) {
    if (v < 0) return fail(Code::kOutOfRange, in.path_of(field) + ": below 0");
  }
  if (checked_mul(r.step, r.value) % (100 * kPointValueScale) != 0) {
    return invalid("redeem.step", "times value must be whole kopecks");
  }
  l.plan.redeem = std::move(r);
  return {};
}

}  // namespace till::loyalty::load
