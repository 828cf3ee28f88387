#include "gateway/loyalty/basket_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "gateway/base/json.h"
#include "gateway/base/limits.h"
#include "gateway/loyalty/calendar.h"
#include "gateway/loyalty/evaluate.h"
#include "gateway/loyalty/explain.h"
#include "gateway/loyalty/load.h"
#include "gateway/loyalty/units.h"

namespace till::loyalty {
namespace {

namespace js = boost::json;

constexpr std::size_t kMaxList = 1000;

Result<std::vector<std::string>> texts(JsonObject& in, std::string_view field) {
  std::vector<std::string> out;
  if (!in.has(field)) return out;
  for (const auto& [path, value] : TILL_TRY(in.array(field, kMaxList))) {
    out.push_back(TILL_TRY(json_as<std::string>(*value, path)));
  }
  return out;
}

Result<LineTax> tax(const js::value& value, const std::string& path) {
  auto in = TILL_TRY(JsonObject::from(value, path));
  LineTax t;
  t.rate = TILL_TRY(in.get_or("percent", Percent{}));
  t.fixed = TILL_TRY(in.get_or("fixed", Money{}));
  t.included = TILL_TRY(in.get_or("included", true));
  if (t.rate.units > 100 * kPercentScale || t.fixed.minor < 0) return fail(Code::kOutOfRange, path);
  TILL_CHECK(in.finish());
  return t;
}

Result<goods::LegalClass> legal_class(JsonObject& in) {
  return static_cast<goods::LegalClass>(TILL_TRY(load::word(
      in, "legal", {"none", "tobacco", "alcohol", "medicine", "gift_card", "lottery"}, 0)));
}

Result<Line> line(const js::value& value, const std::string& path, std::size_t index) {
  auto in = TILL_TRY(JsonObject::from(value, path));
  Line l;
  l.id = TILL_TRY(in.get_or("id", std::to_string(index + 1)));
  l.sku = TILL_TRY(in.get_or<std::string>("sku", ""));
  l.category = TILL_TRY(in.get_or<std::string>("category", ""));
  l.tags = TILL_TRY(texts(in, "tags"));
  l.price = TILL_TRY(in.get<Money>("price"));
  l.quantity = TILL_TRY(in.get_or("quantity", Quantity{kQuantityScale}));
  l.min_price = TILL_TRY(in.get_or("min_price", Money{}));
  l.legal = TILL_TRY(legal_class(in));
  l.is_card = TILL_TRY(in.get_or("is_card", false));
  l.discounted = TILL_TRY(in.get_or("discounted", false));
  l.deposit = TILL_TRY(in.get_or("deposit", false));
  if (in.has("tax")) {
    for (const auto& [where, v] : TILL_TRY(in.array("tax", 8))) {
      l.taxes.push_back(TILL_TRY(tax(*v, where)));
    }
  }
  if (l.quantity.units <= 0 || l.quantity > limits::kMaxQuantity) {
    return fail(Code::kOutOfRange, in.path_of("quantity") + ": above 0, at most 1 000 000");
  }
  if (l.min_price.minor < 0) return fail(Code::kOutOfRange, in.path_of("min_price") + ": below 0");
  TILL_CHECK(in.finish());
  return l;
}

Result<std::map<std::string, std::int64_t>> amounts(JsonObject& in, std::string_view field) {
  std::map<std::string, std::int64_t> out;
  if (!in.has(field)) return out;
  for (const auto& [name, value] : TILL_TRY(in.members(field, kMaxList))) {
    out[name] = TILL_TRY(json_as<Points>(*value, in.path_of(field) + "." + name)).units;
  }
  return out;
}

Result<void> histories(JsonObject& in, Customer& c) {
  if (in.has("counters")) {
    for (const auto& [name, value] : TILL_TRY(in.members("counters", kMaxList))) {
      const auto path = in.path_of("counters") + "." + name;
      c.counters[name] = load::counts_money(name) ? TILL_TRY(json_as<Money>(*value, path)).minor
                                                  : TILL_TRY(json_as<std::int64_t>(*value, path));
    }
  }
  if (in.has("dates")) {
    for (const auto& [name, value] : TILL_TRY(in.members("dates", kMaxList))) {
      const auto path = in.path_of("dates") + "." + name;
      c.dates[name] = TILL_TRY(parse_day(TILL_TRY(json_as<std::string>(*value, path)), path));
    }
  }
  return {};
}

Result<Customer> customer(JsonObject in) {
  Customer c;
  c.id.value = TILL_TRY(in.get_or<std::string>("id", ""));
  c.card_type = TILL_TRY(in.get_or<std::string>("card_type", ""));
  c.verified = TILL_TRY(in.get_or("verified", true));
  const auto card = TILL_TRY(
      load::word(in, "card", {"active", "not_activated", "blocked", "expired", "replaced"}, 0));
  if (card > 1) {
    constexpr std::array<std::string_view, 3> kStates{"blocked", "expired", "replaced"};
    return fail(Code::kCardBlocked, in.path_of("card") + ": " + std::string(kStates[card - 2]));
  }
  if (card == 1) c.verified = false;  // it earns, and pays nothing
  c.purses = TILL_TRY(amounts(in, "purses"));
  if (const auto points = c.purses.find("points"); points != c.purses.end()) {
    c.available.units = points->second;
    c.purses.erase(points);
  }
  TILL_CHECK(histories(in, c));
  c.segments = TILL_TRY(texts(in, "segments"));
  c.tier = TILL_TRY(in.get_or<std::string>("tier", ""));
  c.referrer = TILL_TRY(in.get_or<std::string>("referrer", ""));
  TILL_CHECK(in.finish());
  return c;
}

Result<CouponFact> coupon_fact(const js::value& value, const std::string& path) {
  auto in = TILL_TRY(JsonObject::from(value, path));
  CouponFact f;
  f.code = TILL_TRY(in.get<std::string>("code"));
  f.type = TILL_TRY(in.get_or<std::string>("type", ""));
  f.used = TILL_TRY(in.get_or<std::int64_t>("used", 0));
  if (const auto day = TILL_TRY(in.find<std::string>("expires"))) {
    f.expires = TILL_TRY(parse_day(*day, in.path_of("expires")));
  }
  f.customer = TILL_TRY(in.get_or<std::string>("customer", ""));
  TILL_CHECK(in.finish());
  return f;
}

Result<Payment> payment(const js::value& value, const std::string& path) {
  auto in = TILL_TRY(JsonObject::from(value, path));
  Payment p;
  p.kind = TILL_TRY(in.get<std::string>("kind"));
  p.amount = TILL_TRY(in.get_or("amount", Money{}));
  TILL_CHECK(in.finish());
  return p;
}

Result<Used> used(const js::value& value, const std::string& path) {
  auto in = TILL_TRY(JsonObject::from(value, path));
  Used u;
  u.rule = TILL_TRY(in.get<std::string>("rule"));
  u.scope =
      kLimitScopes[TILL_TRY(load::word(in, "per", {"receipt", "customer", "store", "program"}, 1))];
  u.period =
      kPeriods[TILL_TRY(load::word(in, "period", {"ever", "day", "week", "month", "year"}, 0))];
  u.times = TILL_TRY(in.get_or<std::int64_t>("times", 0));
  u.amount = TILL_TRY(in.get_or("amount", Money{})).minor;
  if (u.times < 0 || u.amount < 0) return fail(Code::kOutOfRange, path + ": below 0");
  TILL_CHECK(in.finish());
  return u;
}

Result<PluginAnswer> plugin(const std::string& name, const js::value& value,
                            const std::string& path) {
  auto in = TILL_TRY(JsonObject::from(value, path));
  PluginAnswer a;
  a.plugin = name;
  a.holds = TILL_TRY(in.get_or("holds", true));
  if (in.has("failed")) {
    constexpr std::array<std::string_view, 4> kFailures{"late", "down", "refused", "invalid"};
    a.failed =
        kFailures[TILL_TRY(load::word(in, "failed", {"late", "down", "refused", "invalid"}, 0))];
  }
  if (in.has("discounts")) {
    for (const auto& [id, v] : TILL_TRY(in.members("discounts", limits::kMaxBasketLines))) {
      const auto where = fmt::format("{}.discounts.{}", path, id);
      PluginDiscount d{id, {}, {}};
      if (v->is_object()) {
        auto one = TILL_TRY(JsonObject::from(*v, where));
        d.amount = TILL_TRY(one.get<Money>("amount"));
        d.reason = TILL_TRY(one.get_or<std::string>("reason", ""));
        TILL_CHECK(one.finish());
      } else {
        d.amount = TILL_TRY(json_as<Money>(*v, where));
      }
      if (d.amount.minor < 0) return fail(Code::kOutOfRange, where + ": below 0");
      a.discounts.push_back(std::move(d));
    }
  }
  TILL_CHECK(in.finish());
  return a;
}

Result<void> lists(JsonObject& in, Basket& b) {
  b.codes = TILL_TRY(texts(in, "codes"));
  if (in.has("coupons")) {
    for (const auto& [path, v] : TILL_TRY(in.array("coupons", kMaxList))) {
      b.coupons.push_back(TILL_TRY(coupon_fact(*v, path)));
    }
  }
  if (in.has("payments")) {
    for (const auto& [path, v] : TILL_TRY(in.array("payments", limits::kMaxPayments))) {
      b.payments.push_back(TILL_TRY(payment(*v, path)));
    }
  }
  if (in.has("used")) {
    for (const auto& [path, v] : TILL_TRY(in.array("used", limits::kMaxRules))) {
      b.used.push_back(TILL_TRY(used(*v, path)));
    }
  }
  if (in.has("attributes")) {
    for (const auto& [name, v] : TILL_TRY(in.members("attributes", kMaxList))) {
      const auto path = "attributes." + name;
      b.attributes[name] =
          v->is_int64() ? std::to_string(v->get_int64()) : TILL_TRY(json_as<std::string>(*v, path));
    }
  }
  if (in.has("plugins")) {
    for (const auto& [name, v] : TILL_TRY(in.members("plugins", kMaxList))) {
      b.plugins.push_back(TILL_TRY(plugin(name, *v, "plugins." + name)));
    }
  }
  return {};
}

// The returns that follow the sale, each {"line": quantity}.
Result<void> returns(JsonObject& in, std::vector<Returned>* into) {
  if (!in.has("returns")) return {};
  for (const auto& [path, v] : TILL_TRY(in.array("returns", kMaxList))) {
    auto lines = TILL_TRY(JsonObject::from(*v, path));
    Returned back;
    for (const auto& [id, q] : v->get_object()) {
      back[std::string(id)] = TILL_TRY(lines.get<Quantity>(id));
    }
    if (into != nullptr) into->push_back(std::move(back));
  }
  return {};
}

Result<Basket> read(JsonObject in, std::vector<Returned>* back) {
  Basket b;
  if (const auto time = TILL_TRY(in.find<std::string>("time"))) {
    const auto zoned = TILL_TRY(parse_zoned(*time, in.path_of("time")));
    b.instant_us = zoned.unix_us;
    b.utc_offset_min = zoned.utc_offset_min;
  }
  b.event = TILL_TRY(in.get_or<std::string>("event", ""));
  b.store = TILL_TRY(in.get_or<std::string>("store", ""));
  b.till = TILL_TRY(in.get_or<std::string>("till", ""));
  b.cashier = TILL_TRY(in.get_or<std::string>("cashier", ""));
  if (in.has("customer")) b.customer = TILL_TRY(customer(TILL_TRY(in.object("customer"))));
  if (in.has("redeem")) {
    const auto text = in.get<std::string>("redeem");
    b.redeem = text && *text == "max" ? Points{INT64_MAX} : TILL_TRY(in.get<Points>("redeem"));
    if (b.redeem.units < 0) return fail(Code::kOutOfRange, in.path_of("redeem") + ": below 0");
  }
  TILL_CHECK(lists(in, b));
  TILL_CHECK(returns(in, back));
  if (in.has("lines")) {
    const auto elements = TILL_TRY(in.array("lines", SIZE_MAX));
    if (elements.size() > limits::kMaxBasketLines) {
      return fail(Code::kTooManyLines, std::to_string(limits::kMaxBasketLines));
    }
    std::set<std::string> seen;
    for (const auto& [path, v] : elements) {
      b.lines.push_back(TILL_TRY(line(*v, path, b.lines.size())));
      if (!seen.insert(b.lines.back().id).second) return fail(Code::kDuplicate, path + ".id");
    }
  }
  TILL_CHECK(in.finish());
  return b;
}

std::string money(std::int64_t minor) { return detail::decimal(minor, 2); }
std::string points(std::int64_t units) { return detail::decimal(units, 2); }
std::string quantity(std::int64_t units) { return detail::decimal(units, 3); }

void put_amounts(js::object& out, const LineOutcome& l) {
  out["gross"] = money(l.gross);
  out["discount"] = money(l.discount);
  out["by_points"] = money(l.by_points);
  out["total"] = money(l.total);
  out["net"] = money(l.net);
}

js::array units_json(const Basket& basket, std::size_t i, const LineOutcome& l, bool on_points) {
  const LineQuote q{{},        {l.gross},    {l.discount}, {l.by_points},
                    {l.total}, {l.redeemed}, {l.accrued},  {}};
  js::array list;
  for (const auto& u : split_units(basket.lines[i], q, on_points)) {
    list.push_back(js::object{{"quantity", quantity(u.quantity.units)},
                              {"total", money(u.total.minor)},
                              {"discount", money(u.discount.minor)},
                              {"by_points", money(u.by_points.minor)},
                              {"points_redeemed", points(u.redeemed.units)},
                              {"points_earned", points(u.accrued.units)}});
  }
  return list;
}

js::array lines_json(const Plan& plan, const Basket& basket, const Outcome& out) {
  js::array lines;
  for (std::size_t i = 0; i < out.lines.size(); ++i) {
    const auto& l = out.lines[i];
    js::object line{{"id", basket.lines[i].id}};
    if (!basket.lines[i].sku.empty()) line["sku"] = basket.lines[i].sku;
    put_amounts(line, l);
    line["points_redeemed"] = points(l.redeemed);
    line["points_earned"] = points(l.accrued);
    line["offers"] = js::array{};
    line["units"] = units_json(basket, i, l, plan.settings.earn_on_points_paid);
    lines.push_back(std::move(line));
  }
  for (const auto& a : out.applied) {
    if (a.amount == 0) continue;
    lines[a.line].as_object()["offers"].as_array().push_back(
        js::object{{"rule", plan.rules[a.rule].id},
                   {"amount", money(a.amount)},
                   {"quantity", quantity(a.quantity)}});
  }
  return lines;
}

js::array earned_json(const Plan& plan, const Outcome& out) {
  js::array list;  // one entry for each rule, purse and account
  for (const auto& e : out.earned) {
    const std::string_view to = e.to == kNoName ? "customer" : plan.names.text(e.to);
    const auto& rule = plan.rules[e.rule].id;
    if (!list.empty() && list.back().at("rule").as_string() == rule) {
      auto& last = list.back().as_object();
      const auto before = parse_decimal(std::string_view(last["amount"].as_string()), 2, "");
      last["amount"] = points(checked_add(*before, e.amount));
      continue;
    }
    list.push_back(js::object{{"rule", rule},
                              {"purse", plan.names.text(e.purse)},
                              {"to", to},
                              {"amount", points(e.amount)}});
  }
  return list;
}

js::array given_json(const Plan& plan, const std::vector<Given>& given, bool as_quantity) {
  js::array list;
  for (const auto& g : given) {
    js::object o{{"rule", plan.rules[g.rule].id}};
    if (as_quantity) {
      o["sku"] = plan.names.text(g.what);
      o["quantity"] = quantity(g.count);
    } else {
      const auto& type = *plan.coupon(g.what);
      o["coupon"] = type.id;
      o["count"] = g.count;
      o["valid_days"] = type.valid_days;
      if (!type.partner.empty()) o["partner"] = type.partner;
    }
    list.push_back(std::move(o));
  }
  return list;
}

js::object reason_json(const Plan& plan, const Basket& basket, const Reason& reason) {
  js::object o{{"code", name(reason.why)}};
  if (reason.rule >= 0) o["rule"] = plan.rules[static_cast<std::size_t>(reason.rule)].id;
  if (reason.a != 0 || reason.b != 0) o["args"] = js::array{reason.a, reason.b};
  const auto words = in_words(plan, basket, reason);
  o["en"] = words.en;
  o["ru"] = words.ru;
  return o;
}

js::array why_json(const Plan& plan, const Basket& basket, const Outcome& out) {
  js::array list;
  for (const auto& reason : out.reasons) {
    auto o = reason_json(plan, basket, reason);
    if (reason.line >= 0) o["line"] = basket.lines[static_cast<std::size_t>(reason.line)].id;
    list.push_back(std::move(o));
  }
  return list;
}

js::array rules_json(const Plan& plan, const Outcome& out) {
  js::array list;
  for (const auto& h : out.hits) {
    const auto& r = plan.rules[h.rule];
    js::object o{{"rule", r.id}, {"times", h.times}, {"amount", money(h.amount)}};
    if (!r.funded_by.empty()) o["funded_by"] = r.funded_by;
    list.push_back(std::move(o));
  }
  return list;
}

// What every return gives back; they add up to the sale.
Result<js::array> returned_json(const Quote& sold, const std::vector<Returned>& back) {
  js::array list;
  Returned before;
  for (const auto& now : back) {
    const auto q = TILL_TRY(quote_return(sold, before, now));
    for (const auto& [line, quantity] : now) before[line] += quantity;
    js::array lines;
    for (const auto& l : q.lines) {
      lines.push_back(js::object{{"id", l.id},
                                 {"total", money(l.total.minor)},
                                 {"discount", money(l.discount.minor)},
                                 {"by_points", money(l.by_points.minor)},
                                 {"points_redeemed", points(l.redeemed.units)},
                                 {"points_earned", points(l.accrued.units)}});
    }
    js::array purses;
    for (const auto& p : q.effects.value_or(Effects{}).purses) {
      purses.push_back(js::object{{"purse", p.purse},
                                  {"to", p.to.empty() ? "customer" : p.to},
                                  {"amount", points(p.amount)}});
    }
    js::array codes;
    for (const auto& c : q.effects.value_or(Effects{}).codes) codes.push_back(js::string(c.code));
    list.push_back(js::object{{"total", money(q.total.minor)},
                              {"discount", money(q.discount.minor)},
                              {"by_points", money(q.by_points.minor)},
                              {"points_redeemed", points(q.redeemed.units)},
                              {"points_earned", points(q.accrued.units)},
                              {"purses", std::move(purses)},
                              {"coupons_back", std::move(codes)},
                              {"lines", std::move(lines)}});
  }
  return list;
}

void put_tier(js::object& o, const Plan& plan, const Outcome& out) {
  if (!plan.tiers) return;
  const auto id = [&](std::int32_t at) {
    return at < 0 ? js::value(nullptr)
                  : js::value(plan.tiers->steps[static_cast<std::size_t>(at)].id);
  };
  o["tier"] = id(out.tier);
  if (out.next_tier < 0) return;
  o["next_tier"] = js::object{{"tier", id(out.next_tier)},
                              {"missing", plan.tiers->money ? js::value(money(out.to_next_tier))
                                                            : js::value(out.to_next_tier)}};
}

}  // namespace

Result<Basket> basket_from_json(const js::value& value, std::vector<Returned>* back) {
  auto in = TILL_TRY(JsonObject::from(value, ""));
  return catch_overflow("the basket", [&] { return read(std::move(in), back); });
}

js::object outcome_to_json(const Program& program, const Basket& basket, const Outcome& out) {
  const auto& plan = program.plan();
  js::object o{
      {"program", program.id}, {"version", program.version}, {"revision", kEvaluationRevision}};
  put_amounts(o, out.sum);
  o["tax"] = money(out.sum.total - out.sum.net);
  o["points"] = js::object{{"earned", points(out.sum.accrued)},
                           {"redeemed", points(out.sum.redeemed)},
                           {"redeemable", points(out.redeemable)}};
  put_tier(o, plan, out);
  o["lines"] = lines_json(plan, basket, out);
  o["rules"] = rules_json(plan, out);
  o["earned"] = earned_json(plan, out);
  js::array spent;
  for (const auto& s : out.spent) {
    spent.push_back(js::object{{"rule", plan.rules[s.rule].id},
                               {"purse", plan.names.text(s.purse)},
                               {"amount", points(s.amount)}});
  }
  o["spent"] = std::move(spent);
  o["gifts"] = given_json(plan, out.gifts, true);
  o["coupons"] = given_json(plan, out.coupons, false);
  js::array codes;
  for (const auto& c : out.codes) {
    js::object code{{"entered", basket.codes[static_cast<std::size_t>(c.line)]},
                    {"used", c.why == Why::kCodeUsed}};
    code["why"] = reason_json(plan, basket, c);
    codes.push_back(std::move(code));
  }
  o["codes"] = std::move(codes);
  o["why"] = why_json(plan, basket, out);
  if (out.reasons_cut) o["why_cut"] = true;
  return o;
}

Result<js::object> evaluate_json(const Program& program, const js::value& value) {
  std::vector<Returned> back;
  const auto basket = TILL_TRY(basket_from_json(value, &back));
  return catch_overflow("the basket", [&]() -> Result<js::object> {
    Evaluator evaluator(program.plan());
    evaluator.start(basket);
    auto out = outcome_to_json(program, basket, evaluator.run());
    if (!back.empty()) out["returned"] = TILL_TRY(returned_json(quote(program, basket), back));
    return out;
  });
}

}  // namespace till::loyalty
