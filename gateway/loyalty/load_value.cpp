// Numbers of a program that may be ladders.
#include <algorithm>

#include "gateway/loyalty/load.h"

namespace till::loyalty::load {
namespace {

Result<Value> ladder(Loader& l, JsonObject in, bool money, std::int64_t (*read)(std::int64_t)) {
  Value v;
  const auto by = TILL_TRY(in.get<std::string>("by"));
  v.by = by == "amount"              ? Value::By::kAmount
         : by == "quantity"          ? Value::By::kQuantity
         : by == "tier"              ? Value::By::kTier
         : by == "selected_amount"   ? Value::By::kSelectedAmount
         : by == "selected_quantity" ? Value::By::kSelectedQuantity
                                     : Value::By::kCounter;
  if (v.by == Value::By::kTier && !l.plan.tiers)
    return invalid(in.path_of("by"), "no tiers defined");
  v.counter = l.name(by);
  v.this_too = TILL_TRY(in.get_or("this_receipt_too", false));
  for (const auto& [path, element] : TILL_TRY(in.array("steps", kMaxParts))) {
    auto step = TILL_TRY(JsonObject::from(*element, path));
    Value::Step s{};
    if (v.by == Value::By::kTier) {
      const auto tier = TILL_TRY(step.get<std::string>("from"));
      const auto at = std::ranges::find(l.plan.tiers->steps, tier, &Tier::id);
      if (at == l.plan.tiers->steps.end()) return invalid(step.path_of("from"), "no such tier");
      s.from = at - l.plan.tiers->steps.begin();
    } else if (v.by == Value::By::kQuantity || v.by == Value::By::kSelectedQuantity) {
      s.from = TILL_TRY(step.get<Quantity>("from")).units;
    } else if (v.by == Value::By::kAmount || v.by == Value::By::kSelectedAmount ||
               counts_money(by)) {
      s.from = TILL_TRY(step.get<Money>("from")).minor;
    } else {
      s.from = TILL_TRY(step.get<std::int64_t>("from"));
    }
    s.value = money ? TILL_TRY(step.get<Money>("value")).minor
                    : read(TILL_TRY(step.get<Percent>("value")).units);
    if (s.value < 0) return fail(Code::kOutOfRange, step.path_of("value") + ": below 0");
    if (!v.steps.empty() && s.from <= v.steps.back().from) {
      return invalid(step.path_of("from"), "steps overlap: not above the one before");
    }
    TILL_CHECK(step.finish());
    v.steps.push_back(s);
  }
  if (v.steps.empty()) return invalid(in.path_of("steps"), "an empty list");
  v.marginal = TILL_TRY(in.get_or("marginal", false));
  TILL_CHECK(in.finish());
  return v;
}

}  // namespace

std::int64_t same(std::int64_t v) { return v; }
std::int64_t factor(std::int64_t v) { return checked_mul(v, 100); }

Result<Value> value(Loader& l, JsonObject& in, std::string_view field, bool money,
                    std::int64_t (*read)(std::int64_t)) {
  if (in.is_object(field)) return ladder(l, TILL_TRY(in.object(field)), money, read);
  Value v;
  const auto* raw = in.raw(field);
  if (read == factor && raw != nullptr && raw->is_string()) {
    v.fixed = TILL_TRY(parse_decimal(std::string_view(raw->get_string()), 4, in.path_of(field)));
  } else {
    v.fixed =
        money ? TILL_TRY(in.get<Money>(field)).minor : read(TILL_TRY(in.get<Percent>(field)).units);
  }
  if (v.fixed < 0) return fail(Code::kOutOfRange, in.path_of(field) + ": below 0");
  return v;
}

std::int64_t highest(const Value& v) {
  std::int64_t most = v.fixed;
  for (const auto& s : v.steps) most = std::max(most, s.value);
  return most;
}

}  // namespace till::loyalty::load
