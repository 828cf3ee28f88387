#include <algorithm>
#include <utility>

#include "gateway/base/limits.h"
#include "gateway/loyalty/load.h"

namespace till::loyalty::load {
namespace {

// Points of a rule that live otherwise than the others of their purse.
Result<void> life(const Loader& l, JsonObject& in, Effect& e) {
  if (!in.has("activation_days") && !in.has("expires_days")) return {};
  const auto& points = l.plan.purses[0];
  if (e.purse != points.key || e.to != kNoName) {
    return invalid(in.path_of(in.has("expires_days") ? "expires_days" : "activation_days"),
                   "only of the customer's points; others live as their purse says");
  }
  e.life = points;
  e.life->activation_days =
      TILL_TRY(whole(in, "activation_days", points.activation_days, 0, kMaxActivationDays));
  if (!in.has("expires_days")) return {};
  e.life->expires_days = TILL_TRY(whole(in, "expires_days", 0, 0, kMaxExpiryDays));
  e.life->expires_end.clear();
  return {};
}

Result<void> earn(Loader& l, JsonObject in, Effect& e) {
  using Earn = Effect::Earn;
  e.kind = Effect::Kind::kEarn;
  const auto purse = TILL_TRY(in.get_or<std::string>("purse", "points"));
  e.purse = l.plan.names.find(purse);
  if (l.plan.purse(e.purse) == nullptr) return invalid(in.path_of("purse"), "no such purse");
  if (const auto to = TILL_TRY(in.get_or<std::string>("to", "customer")); to != "customer") {
    e.to = l.name(to);
  }
  TILL_CHECK(life(l, in, e));
  constexpr std::array<std::string_view, 6> kHow{"percent",    "per_unit", "fixed",
                                                 "per_amount", "multiply", "plugin"};
  int found = -1;
  for (std::size_t i = 0; i < kHow.size(); ++i) {
    if (!in.has(kHow[i])) continue;
    if (found >= 0)
      return invalid(in.path_of(kHow[i]),
                     "only one of percent, per_unit, fixed, per_amount, multiply, plugin");
    found = static_cast<int>(i);
  }
  if (found < 0) {
    return fail(Code::kMissingField,
                in.path_of("percent") + ", or per_unit, fixed, per_amount, multiply, plugin");
  }
  e.earn = static_cast<Earn>(found);
  if (e.earn == Earn::kPlugin) {
    e.what = TILL_TRY(l.plugin(in, "plugin"));
    e.undiscounted = TILL_TRY(in.get_or("undiscounted", false));
    return in.finish();
  }
  e.value = TILL_TRY(value(l, in, kHow[static_cast<std::size_t>(found)], false,
                           e.earn == Earn::kMultiply ? factor : same));
  if (e.earn == Earn::kMultiply && e.value.by == Value::By::kNothing && e.value.fixed < 10'000) {
    return invalid(in.path_of("multiply"), "below 1 would take points away");
  }
  if (e.earn == Earn::kPerAmount) {
    e.every = TILL_TRY(in.get<Money>("every")).minor;
    if (e.every <= 0) return fail(Code::kOutOfRange, in.path_of("every") + ": must be above 0");
  }
  if (highest(e.value) <= (e.earn == Earn::kMultiply ? kPercentScale : 0)) {
    return invalid(in.path_of(kHow[static_cast<std::size_t>(found)]), "gives nothing");
  }
  e.basis = static_cast<Basis>(TILL_TRY(word(in, "basis", {"remaining", "list", "before_tax"}, 0)));
  e.undiscounted = TILL_TRY(in.get_or("undiscounted", false));
  e.rounding_said = true;
  e.of_total = TILL_TRY(word(in, "rounding", {"line", "total"}, e.earn != Earn::kMultiply)) == 1;
  return in.finish();
}

Result<SetPart> set_part(Loader& l, const boost::json::value& v, const std::string& path,
                         Pick pick) {
  auto in = TILL_TRY(JsonObject::from(v, path));
  SetPart part;
  part.select = TILL_TRY(selector(l, in, "select"));
  part.quantity = TILL_TRY(in.get_or("quantity", Quantity{kQuantityScale})).units;
  if (part.quantity <= 0)
    return fail(Code::kOutOfRange, in.path_of("quantity") + ": must be above 0");
  part.pick = static_cast<Pick>(
      TILL_TRY(word(in, "pick", {"first", "cheapest", "dearest"}, static_cast<std::size_t>(pick))));
  TILL_CHECK(in.finish());
  return part;
}

// A price for the set is the customer's the more, the dearer its goods are.
Pick usual_pick_of_get(const boost::json::value& rule) {
  const auto* give = rule.get_object().if_contains("give");
  const auto* o = give == nullptr ? nullptr : give->if_object();
  const auto* per = o == nullptr || !o->contains("price") ? nullptr : o->if_contains("per");
  return per != nullptr && *per == "set" ? Pick::kDearest : Pick::kCheapest;
}

Result<Sets> sets(Loader& l, JsonObject in, Pick usual_of_get) {
  Sets s;
  if (in.has("buy")) {
    for (const auto& [path, v] : TILL_TRY(in.array("buy", kMaxParts))) {
      s.buy.push_back(TILL_TRY(set_part(l, *v, path, Pick::kDearest)));
    }
  }
  if (in.has("get")) {
    for (const auto& [path, v] : TILL_TRY(in.array("get", kMaxParts))) {
      s.get.push_back(TILL_TRY(set_part(l, *v, path, usual_of_get)));
    }
  }
  if (s.buy.empty() && s.get.empty()) return invalid(in.path_of("buy"), "needs buy or get");
  s.most = TILL_TRY(in.get_or("most", s.most));
  if (s.most < 1) return invalid(in.path_of("most"), "must be above 0");
  s.one_by_one = TILL_TRY(word(in, "form", {"together", "one_by_one"}, 0)) == 1;
  TILL_CHECK(in.finish());
  return s;
}

Result<Limit> limit(const boost::json::value& v, const std::string& path) {
  auto in = TILL_TRY(JsonObject::from(v, path));
  Limit out;
  out.scope = static_cast<LimitScope>(
      TILL_TRY(word(in, "per", {"receipt", "customer", "store", "program"}, 0)));
  out.period = static_cast<Period>(
      TILL_TRY(word(in, "period", {"ever", "day", "week", "month", "year"}, 0)));
  out.times = TILL_TRY(in.get_or("times", out.times));
  if (in.has("amount")) out.amount = TILL_TRY(in.get<Money>("amount")).minor;
  if (out.times == kHighest && out.amount == kHighest) {
    return invalid(path, "needs times or amount");
  }
  if (out.times < 1 || out.amount < 1)
    return invalid(in.path_of(out.times < 1 ? "times" : "amount"), "a limit of nothing");
  if (out.scope == LimitScope::kReceipt && out.period != Period::kEver) {
    return invalid(in.path_of("period"), "a receipt has no period");
  }
  TILL_CHECK(in.finish());
  return out;
}

// Grows with this receipt.
bool grows(const Loader& l, const Value& v) {
  return v.by == Value::By::kAmount || v.by == Value::By::kQuantity ||
         v.by == Value::By::kSelectedAmount || v.by == Value::By::kSelectedQuantity ||
         (v.by == Value::By::kCounter && v.this_too) ||
         (v.by == Value::By::kTier && l.plan.tiers->this_too);
}

bool is_local(const Loader& l, const Rule& r) {
  const bool competes = r.group >= 0 && !l.plan.groups[static_cast<std::size_t>(r.group)].per_line;
  return !competes && r.give.is_discount() && r.give.kind != Effect::Kind::kPlugin && !r.sets &&
         r.give.per != Per::kReceipt && !r.give.of_total && r.give.most_units == kHighest &&
         r.limits.empty() && r.cost.amount == 0 && r.not_with.empty() && !r.when.needs_basket() &&
         !grows(l, r.give.value) && !r.needs_code;
}

bool counts_coupons(const Condition& c) {
  return (c.kind == Condition::Kind::kCoupon && c.every > 0) ||
         std::ranges::any_of(c.parts, counts_coupons);
}

// Coupons are used up only where the rule can not hold without them.
Result<void> takes(const JsonObject& in, Rule& r) {
  for (const auto& part : r.when.parts) {
    if (part.kind == Condition::Kind::kCoupon && part.every > 0) {
      r.takes = {part.name, part.every};
    } else if (counts_coupons(part)) {
      return invalid(in.path_of("when"),
                     "a number of coupons stands at the top, not inside others");
    }
  }
  return {};
}

bool wants_code(const Condition& c) {
  return c.kind == Condition::Kind::kCode || c.kind == Condition::Kind::kCoupon ||
         std::ranges::any_of(c.parts, wants_code);
}

// So many by the piece or in all: that can be said before it is known what is paid.
bool earns_early(const Loader& l, const Rule& r) {
  using Earn = Effect::Earn;
  return r.give.kind == Effect::Kind::kEarn &&
         (r.give.earn == Earn::kFixed || r.give.earn == Earn::kPerUnit) && !r.sets &&
         !r.give.undiscounted && r.group < 0 && !grows(l, r.give.value);
}

Result<void> stage(const Loader& l, JsonObject& in, Rule& r) {
  const bool could_be_local = is_local(l, r);
  const bool early = earns_early(l, r);
  // What is spent on the same receipt is there before the offers it is spent on.
  const bool spent_here = early && r.give.to == kNoName && l.plan.purse(r.give.purse)->same_receipt;
  // What goes by the amount paid comes when that is known.
  const bool by_paid =
      r.give.kind == Effect::Kind::kEarn || (r.give.every > 0 && !r.give.is_discount());
  const auto natural = spent_here       ? Stage::kLine
                       : by_paid        ? Stage::kEarn
                       : r.sets         ? Stage::kSet
                       : r.needs_code   ? Stage::kCoupon
                       : could_be_local ? Stage::kLine
                                        : Stage::kReceipt;
  r.stage = static_cast<Stage>(
      TILL_TRY(word(in, "stage", {"line", "set", "receipt", "coupon", "card", "earn"},
                    static_cast<std::size_t>(natural))));
  if (r.stage == Stage::kLine && r.give.is_discount() && !could_be_local) {
    return invalid(in.path_of("stage"),
                   "only a rule that looks at one line at a time can be in stage line");
  }
  if (r.give.kind == Effect::Kind::kEarn && r.stage != Stage::kEarn && !early) {
    return invalid(in.path_of("stage"),
                   "points go by what is paid, which is known last; before it only fixed and "
                   "per_unit, nothing else asked");
  }
  if (r.stage == Stage::kEarn && r.give.is_discount()) {
    return invalid(in.path_of("stage"), "a discount comes before the earning");
  }
  r.local = r.stage == Stage::kLine && r.give.is_discount();
  // One that stands later only because it competes with others is still one of each line.
  const auto group = std::exchange(r.group, -1);
  const bool of_lines = !in.has("stage") && is_local(l, r);
  r.group = group;
  r.spills = r.stage >= Stage::kReceipt && !of_lines;
  // A percent of several lines is rounded once on their sum, unless the rule goes line by line.
  const bool percent = r.give.kind == Effect::Kind::kPercent;
  if (percent && !r.give.rounding_said) r.give.of_total = r.stage != Stage::kLine && !of_lines;
  return {};
}

Result<void> percent(Loader& l, JsonObject& in, Effect& e) {
  e.value = TILL_TRY(value(l, in, "percent", false));
  if (highest(e.value) > kPercentScale) {
    return fail(Code::kOutOfRange, in.path_of("percent") + ": at most 100 %");
  }
  const auto rounding = TILL_TRY(word(in, "rounding", {"line", "total", "unit"}, 0));
  e.rounding_said = in.has("rounding");
  e.of_total = rounding == 1;
  e.of_unit = rounding == 2;
  if (e.value.marginal && e.rounding_said) {
    const bool units = e.value.by == Value::By::kSelectedQuantity;
    if (units && rounding != 0) {
      return invalid(in.path_of("rounding"), "marginal steps by quantity are rounded line by line");
    }
    if (!units && rounding != 1) {
      return invalid(in.path_of("rounding"), "marginal steps are rounded once, on the sum");
    }
  }
  e.per = Per::kLine;
  return {};
}

Result<void> gift(Loader& l, JsonObject in, Effect& e) {
  e.what = l.name(TILL_TRY(in.get<std::string>("sku")));
  e.quantity = TILL_TRY(in.get_or("quantity", Quantity{kQuantityScale})).units;
  if (e.quantity <= 0) return fail(Code::kOutOfRange, in.path_of("quantity") + ": above 0");
  return in.finish();
}

Result<void> coupon(const Loader& l, JsonObject& in, Effect& e) {
  e.what = l.plan.names.find(TILL_TRY(in.get<std::string>("coupon")));
  if (l.plan.coupon(e.what) == nullptr) return invalid(in.path_of("coupon"), "no such coupon");
  e.quantity = TILL_TRY(whole(in, "count", 1, 1, kMaxHanded));
  return {};
}

// For each full amount that is paid.
Result<void> every(JsonObject& in, Effect& e) {
  using K = Effect::Kind;
  if (!in.has("every")) return {};
  const bool amount = e.kind == K::kAmount && e.per == Per::kReceipt;
  if (!amount && e.kind != K::kGift && e.kind != K::kCoupon) {
    return invalid(in.path_of("every"), "for gifts, coupons and an amount per receipt");
  }
  e.every = TILL_TRY(in.get<Money>("every")).minor;
  if (e.every <= 0) return fail(Code::kOutOfRange, in.path_of("every") + ": must be above 0");
  return {};
}

Result<void> most_units(JsonObject& in, Effect& e) {
  if (!in.has("most_units")) return {};
  if (e.kind != Effect::Kind::kPercent && e.per != Per::kUnit) {
    return invalid(in.path_of("most_units"), "for percents and per unit");
  }
  e.most_units = TILL_TRY(in.get<Quantity>("most_units")).units;
  if (e.most_units < 1) return fail(Code::kOutOfRange, in.path_of("most_units") + ": above 0");
  return {};
}

// Steps that each count for what lies above them: of units a price, an amount or a percent off, of
// money a percent.
Result<void> marginal(const JsonObject& in, const Effect& e) {
  using K = Effect::Kind;
  if (!e.value.marginal) return {};
  const bool units = (e.kind == K::kPrice || e.kind == K::kAmount) && e.per == Per::kUnit;
  const bool percent =
      e.kind == K::kPercent || (e.kind == K::kEarn && e.earn == Effect::Earn::kPercent);
  const bool by_units = e.value.by == Value::By::kSelectedQuantity;
  if (by_units && (units || e.kind == K::kPercent)) return {};
  if (percent && e.value.by == Value::By::kSelectedAmount) return {};
  return invalid(in.path_of("marginal"),
                 "by selected_quantity: price, amount per unit, percent off; by selected_amount: "
                 "percents");
}

}  // namespace

Result<Effect> effect(Loader& l, JsonObject in) {
  using K = Effect::Kind;
  constexpr std::array<std::pair<std::string_view, K>, 9> kKinds{{{"percent", K::kPercent},
                                                                  {"amount", K::kAmount},
                                                                  {"price", K::kPrice},
                                                                  {"earn", K::kEarn},
                                                                  {"gift", K::kGift},
                                                                  {"coupon", K::kCoupon},
                                                                  {"message", K::kMessage},
                                                                  {"plugin", K::kPlugin},
                                                                  {"round_to", K::kRound}}};
  Effect e;
  std::string field;
  for (const auto& [name, kind] : kKinds) {
    if (!in.has(name)) continue;
    if (!field.empty())
      return invalid(in.path_of(name), "a rule gives one thing; here also " + field);
    field = name;
    e.kind = kind;
  }
  if (field.empty()) {
    return fail(Code::kMissingField,
                in.path_of("percent") +
                    ", or amount, price, earn, gift, coupon, message, plugin, round_to");
  }
  switch (e.kind) {
    case K::kPercent:
      TILL_CHECK(percent(l, in, e));
      break;
    case K::kAmount:
      e.value = TILL_TRY(value(l, in, field, true));
      e.per = static_cast<Per>(TILL_TRY(word(in, "per", {"unit", "line", "set", "receipt"}, 3)));
      break;
    case K::kPrice:
      e.value = TILL_TRY(value(l, in, field, true));
      e.per = static_cast<Per>(TILL_TRY(word(in, "per", {"unit", "line", "set"}, 0)));
      break;
    case K::kEarn:
      TILL_CHECK(earn(l, TILL_TRY(in.object(field)), e));
      break;
    case K::kGift:
      TILL_CHECK(gift(l, TILL_TRY(in.object(field)), e));
      break;
    case K::kCoupon:
      TILL_CHECK(coupon(l, in, e));
      break;
    case K::kMessage:
      e.text = TILL_TRY(words_of(in, field));
      break;
    case K::kPlugin:
      e.what = TILL_TRY(l.plugin(in, field));
      break;
    case K::kRound:
      e.value.fixed = TILL_TRY(in.get<Money>(field)).minor;
      if (e.value.fixed < 2) return fail(Code::kOutOfRange, in.path_of(field) + ": above 0.01");
      break;
  }
  TILL_CHECK(every(in, e));
  TILL_CHECK(most_units(in, e));
  TILL_CHECK(marginal(in, e));
  if (e.is_discount() && e.kind != K::kPlugin && e.kind != K::kPrice && highest(e.value) == 0) {
    return invalid(in.path_of(field), "gives nothing");
  }
  TILL_CHECK(in.finish());
  return e;
}

Result<Rule> rule(Loader& l, const boost::json::value& json, const std::string& path) {
  auto in = TILL_TRY(JsonObject::from(json, path));
  Rule r;
  r.id = TILL_TRY(in.get<std::string>("id"));
  if (r.id.empty()) return fail(Code::kOutOfRange, in.path_of("id") + ": empty");
  r.key = l.name(r.id);
  if (in.has("name")) r.name = TILL_TRY(words_of(in, "name"));
  if (const auto on = TILL_TRY(in.find<std::string>("on")); on && *on != "sale") r.on = l.name(*on);
  r.paused = TILL_TRY(in.get_or("paused", false));
  r.priority = TILL_TRY(in.get_or<std::int64_t>("priority", 0));
  r.exclusive = TILL_TRY(in.get_or("exclusive", false));
  r.funded_by = TILL_TRY(in.get_or<std::string>("funded_by", ""));
  r.valid = TILL_TRY(validity(in));
  if (in.has("when")) r.when = TILL_TRY(condition(l, TILL_TRY(in.object("when")), 0));
  r.select = TILL_TRY(selector(l, in, "select"));
  if (in.has("sets")) {
    if (in.has("select"))
      return invalid(in.path_of("select"), "a rule with sets selects in buy and get");
    r.sets = TILL_TRY(sets(l, TILL_TRY(in.object("sets")), usual_pick_of_get(json)));
  }
  r.give = TILL_TRY(effect(l, TILL_TRY(in.object("give"))));
  if (r.give.per == Per::kSet && !r.sets) return invalid(path + ".give.per", "per set needs sets");
  if (r.sets && r.give.kind != Effect::Kind::kEarn && r.give.every > 0) {
    return invalid(in.path_of("give.every"), "sets count for themselves");
  }
  TILL_CHECK(takes(in, r));
  if (in.has("cost")) {
    auto cost = TILL_TRY(in.object("cost"));
    const auto purse = TILL_TRY(cost.get_or<std::string>("purse", "points"));
    r.cost.purse = l.plan.names.find(purse);
    if (l.plan.purse(r.cost.purse) == nullptr)
      return invalid(cost.path_of("purse"), "no such purse");
    r.cost.amount = TILL_TRY(cost.get<Points>("amount")).units;
    if (r.cost.amount <= 0)
      return fail(Code::kOutOfRange, cost.path_of("amount") + ": must be above 0");
    TILL_CHECK(cost.finish());
  }
  if (in.has("limits")) {
    for (const auto& [where, v] : TILL_TRY(in.array("limits", kMaxParts))) {
      r.limits.push_back(TILL_TRY(limit(*v, where)));
    }
  }
  // What is counted or paid by a customer needs one.
  const bool by_customer = r.cost.amount > 0 || std::ranges::any_of(r.limits, [](const Limit& one) {
                             return one.scope == LimitScope::kCustomer;
                           });
  const auto asked = [](const Condition& c) { return c.kind == Condition::Kind::kKnown; };
  if (by_customer && std::ranges::none_of(r.when.parts, asked)) {
    Condition known;
    known.kind = Condition::Kind::kKnown;
    known.want = true;
    r.when.parts.insert(r.when.parts.begin(), std::move(known));
  }
  if (const auto group = TILL_TRY(in.find<std::string>("group"))) {
    const auto at = std::ranges::find(l.plan.groups, *group, &Group::id);
    if (at == l.plan.groups.end()) return invalid(in.path_of("group"), "no such group");
    r.group = at - l.plan.groups.begin();
  }
  r.needs_code = wants_code(r.when);
  if (in.has("not_with")) {
    // Resolved when all rules are known; until then the names.
    const auto others = TILL_TRY(l.names(in, "not_with"));
    r.not_with = others.ids();
  }
  TILL_CHECK(stage(l, in, r));
  TILL_CHECK(in.finish());
  return r;
}

namespace {

Result<std::vector<Limit>> velocity_limits(JsonObject& in, std::string_view field, bool points) {
  std::vector<Limit> out;
  if (!in.has(field)) return out;
  for (const auto& [path, value] : TILL_TRY(in.array(field, kMaxParts))) {
    auto one = TILL_TRY(JsonObject::from(*value, path));
    Limit limit;
    limit.scope = LimitScope::kCustomer;
    limit.period = static_cast<Period>(
        TILL_TRY(word(one, "period", {"ever", "day", "week", "month", "year"}, 1)));
    limit.times = TILL_TRY(one.get_or("times", limit.times));
    if (points && one.has("points")) limit.amount = TILL_TRY(one.get<Points>("points")).units;
    TILL_CHECK(one.finish());
    if (limit.times == kHighest && limit.amount == kHighest) {
      return invalid(path, points ? "needs times or points" : "needs times");
    }
    if (limit.times < 1) return invalid(path + ".times", "a limit of nothing");
    if (limit.amount < 1) return invalid(path + ".points", "a limit of nothing");
    out.push_back(limit);
  }
  return out;
}

}  // namespace

Result<void> velocity(Loader& l, JsonObject in) {
  auto& v = l.plan.velocity;
  v.earning = TILL_TRY(velocity_limits(in, "earning", false));
  v.redemption = TILL_TRY(velocity_limits(in, "redemption", true));
  v.earning_key = l.name(std::string(kEarningLimit));
  v.redemption_key = l.name(std::string(kRedemptionLimit));
  return in.finish();
}

}  // namespace till::loyalty::load
