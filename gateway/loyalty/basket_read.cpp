// Reading a basket from JSON.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "gateway/base/json.h"
#include "gateway/base/limits.h"
#include "gateway/loyalty/basket_json.h"
#include "gateway/loyalty/calendar.h"
#include "gateway/loyalty/load.h"

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
  const auto* rate = in.raw("percent");
  if (rate != nullptr && rate->is_string()) {
    const std::string_view text = rate->get_string();
    t.rate = TILL_TRY(parse_decimal(text, 4, in.path_of("percent")));
  } else {
    t.rate = TILL_TRY(in.get_or("percent", Percent{})).units * (kTaxScale / kPercentScale);
  }
  const bool fixed = in.has("fixed");
  if (fixed == (rate != nullptr)) {
    return fail(Code::kBadValue,
                path + (fixed ? ": percent or fixed, not both" : ": needs percent or fixed"));
  }
  t.fixed = TILL_TRY(in.get_or("fixed", Money{}));
  t.included = TILL_TRY(in.get_or("included", !fixed));
  if (fixed && t.included) {
    return fail(Code::kBadValue,
                in.path_of("included") + ": a fixed tax comes on top of the price");
  }
  if (t.rate < 0 || t.rate > 100 * kTaxScale) {
    return fail(Code::kOutOfRange, in.path_of("percent") + ": 0 to 10000");
  }
  if (t.fixed.minor < 0) return fail(Code::kOutOfRange, in.path_of("fixed") + ": below 0");
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
      if (c.counters[name] < 0) return fail(Code::kOutOfRange, path + ": below 0");
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
  c.active = card != 1;
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
  if (f.used < 0) return fail(Code::kOutOfRange, in.path_of("used") + ": below 0");
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
  if (p.amount.minor < 0) return fail(Code::kOutOfRange, in.path_of("amount") + ": below 0");
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
  if (u.times < 0 || u.amount < 0) {
    return fail(Code::kOutOfRange, in.path_of(u.times < 0 ? "times" : "amount") + ": below 0");
  }
  TILL_CHECK(in.finish());
  return u;
}

// Points by line, and for the receipt: "5", or {"points": "5", "reason": "…"}.
Result<void> plugin_points(JsonObject& in, PluginAnswer& a) {
  const auto read = [&](const std::string& line, const js::value& v,
                        const std::string& where) -> Result<void> {
    PluginPoints p{line, {}, {}};
    if (v.is_object()) {
      auto one = TILL_TRY(JsonObject::from(v, where));
      p.points = TILL_TRY(one.get<Points>("points"));
      p.reason = TILL_TRY(one.get_or<std::string>("reason", ""));
      TILL_CHECK(one.finish());
    } else {
      p.points = TILL_TRY(json_as<Points>(v, where));
    }
    if (p.points.units < 0) return fail(Code::kOutOfRange, where + ": below 0");
    if (!a.points) a.points.emplace();
    a.points->push_back(std::move(p));
    return {};
  };
  if (in.has("points")) {
    for (const auto& [id, v] : TILL_TRY(in.members("points", limits::kMaxBasketLines))) {
      TILL_CHECK(read(id, *v, in.path_of("points") + "." + id));
    }
  }
  if (const auto* v = in.raw("receipt_points")) {
    TILL_CHECK(read("", *v, in.path_of("receipt_points")));
  }
  return {};
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
  TILL_CHECK(plugin_points(in, a));
  TILL_CHECK(in.finish());
  return a;
}

Result<GoodsFact> goods_fact(const js::value& value, const std::string& path) {
  auto in = TILL_TRY(JsonObject::from(value, path));
  GoodsFact f;
  f.sku = TILL_TRY(in.get<std::string>("sku"));
  f.legal = TILL_TRY(legal_class(in));
  f.min_price = TILL_TRY(in.get_or("min_price", Money{}));
  if (f.min_price.minor < 0) return fail(Code::kOutOfRange, in.path_of("min_price") + ": below 0");
  TILL_CHECK(in.finish());
  return f;
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
  if (in.has("goods")) {
    for (const auto& [path, v] : TILL_TRY(in.array("goods", kMaxList))) {
      b.goods.push_back(TILL_TRY(goods_fact(*v, path)));
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
      const auto quantity = TILL_TRY(lines.get<Quantity>(id));
      if (quantity.units <= 0) return fail(Code::kOutOfRange, lines.path_of(id) + ": above 0");
      back[std::string(id)] = quantity;
    }
    if (back.empty()) return fail(Code::kOutOfRange, path + ": empty");
    if (into != nullptr) into->push_back(std::move(back));
  }
  return {};
}

// Up to which line the receipt still is a sum of money.
Result<void> add_to(std::int64_t& sum, const Line& l, const std::string& path) {
  return catch_overflow(path + ".price", [&]() -> Result<void> {
    const auto costs = mul_div(l.price.minor, l.quantity.units, kQuantityScale, Rounding::kHalfUp);
    sum = checked_add(sum, std::max(costs, -costs));
    return {};
  });
}

Result<Basket> read(JsonObject in, std::vector<Returned>* back) {
  Basket b;
  if (const auto time = TILL_TRY(in.find<std::string>("time"))) {
    const auto zoned = TILL_TRY(parse_zoned(*time, in.path_of("time")));
    b.instant_us = zoned.unix_us;
    // "Z" names an instant and no place: the local calendar is the program's.
    if (!time->ends_with('Z')) b.utc_offset_min = zoned.utc_offset_min;
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
      return fail(Code::kTooManyLines,
                  fmt::format("lines: {}, at most {}", elements.size(), limits::kMaxBasketLines));
    }
    std::set<std::string> seen;
    std::int64_t sum = 0;
    for (const auto& [path, v] : elements) {
      b.lines.push_back(TILL_TRY(line(*v, path, b.lines.size())));
      TILL_CHECK(add_to(sum, b.lines.back(), path));
      if (!seen.insert(b.lines.back().id).second) return fail(Code::kDuplicate, path + ".id");
    }
  }
  TILL_CHECK(in.finish());
  return b;
}

}  // namespace

Result<Basket> basket_from_json(const js::value& value, std::vector<Returned>* back) {
  auto in = TILL_TRY(JsonObject::from(value, ""));
  return catch_overflow("the basket", [&] { return read(std::move(in), back); });
}

}  // namespace till::loyalty
