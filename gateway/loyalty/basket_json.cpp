#include "gateway/loyalty/basket_json.h"

#include <algorithm>

#include "gateway/base/json.h"
#include "gateway/loyalty/evaluate.h"
#include "gateway/loyalty/explain.h"
#include "gateway/loyalty/units.h"

namespace till::loyalty {
namespace {

namespace js = boost::json;

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

js::array lines_json(const Plan& plan, const Basket& basket, const Outcome& out, Detail detail) {
  js::array lines;
  for (std::size_t i = 0; i < out.lines.size(); ++i) {
    const auto& l = out.lines[i];
    js::object line{{"id", basket.lines[i].id}};
    if (!basket.lines[i].sku.empty()) line["sku"] = basket.lines[i].sku;
    put_amounts(line, l);
    line["points_redeemed"] = points(l.redeemed);
    line["points_earned"] = points(l.accrued);
    line["offers"] = js::array{};
    if (detail == Detail::kFull) {
      line["units"] = units_json(basket, i, l, plan.settings.earn_on_points_paid);
    }
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
    const auto q = quote_return(sold, before, now);
    if (!q) {
      return fail(q.error().code,
                  "returns[" + std::to_string(list.size()) + "]: " + q.error().detail);
    }
    for (const auto& [line, quantity] : now) before[line] += quantity;
    js::array lines;
    for (const auto& l : q->lines) {
      lines.push_back(js::object{{"id", l.id},
                                 {"total", money(l.total.minor)},
                                 {"discount", money(l.discount.minor)},
                                 {"by_points", money(l.by_points.minor)},
                                 {"points_redeemed", points(l.redeemed.units)},
                                 {"points_earned", points(l.accrued.units)}});
    }
    js::array purses;
    for (const auto& p : q->effects.value_or(Effects{}).purses) {
      purses.push_back(js::object{{"purse", p.purse},
                                  {"to", p.to.empty() ? "customer" : p.to},
                                  {"amount", points(p.amount)}});
    }
    js::array codes;
    for (const auto& c : q->effects.value_or(Effects{}).codes) codes.push_back(js::string(c.code));
    list.push_back(js::object{{"total", money(q->total.minor)},
                              {"discount", money(q->discount.minor)},
                              {"by_points", money(q->by_points.minor)},
                              {"points_redeemed", points(q->redeemed.units)},
                              {"points_earned", points(q->accrued.units)},
                              {"purses", std::move(purses)},
                              {"coupons_back", std::move(codes)},
                              {"lines", std::move(lines)}});
  }
  return list;
}

bool bounded(const Calendar& c) { return c.from != INT64_MIN || c.until != INT64_MAX; }

bool by_time(const Condition& c) {
  return c.kind == Condition::Kind::kTime || c.kind == Condition::Kind::kDate ||
         std::ranges::any_of(c.parts, by_time);
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

// What a rule earned that lives otherwise than the purse says.
void put_lots(js::object& o, const Plan& plan, const Outcome& out) {
  js::array lots;
  std::int64_t last = -1, sum = 0;
  const auto put = [&] {
    if (last < 0) return;
    const auto& rule = plan.rules[static_cast<std::size_t>(last)];
    const auto& life = *rule.give.life;
    js::object lot{{"rule", rule.id}, {"points", points(sum)}};
    if (life.activation_days > 0) lot["activation_days"] = life.activation_days;
    if (life.expires_days > 0) lot["expires_days"] = life.expires_days;
    if (!life.expires_end.empty()) lot["expires_end_of"] = life.expires_end;
    lots.push_back(std::move(lot));
  };
  for (const auto& earned : out.earned) {  // a rule's stand together
    if (!plan.rules[earned.rule].give.life) continue;
    if (earned.rule != last) {
      put();
      last = earned.rule;
      sum = 0;
    }
    sum = checked_add(sum, earned.amount);
  }
  put();
  if (!lots.empty()) o["lots"] = std::move(lots);
}

}  // namespace

js::object outcome_to_json(const Program& program, const Basket& basket, const Outcome& out,
                           Detail detail) {
  const auto& plan = program.plan();
  js::object o{
      {"program", program.id}, {"version", program.version}, {"revision", kEvaluationRevision}};
  put_amounts(o, out.sum);
  // Points that are a payment pay for taxed goods as money does.
  const bool as_payment = plan.redeem && plan.redeem->as_payment;
  o["tax"] = money(out.sum.total + (as_payment ? out.sum.by_points : 0) - out.sum.net);
  o["points"] = js::object{{"earned", points(out.sum.accrued)},
                           {"redeemed", points(out.sum.redeemed)},
                           {"redeemable", points(out.redeemable)}};
  put_tier(o, plan, out);
  o["lines"] = lines_json(plan, basket, out, detail);
  o["rules"] = rules_json(plan, out);
  o["earned"] = earned_json(plan, out);
  js::array spent;
  for (const auto& s : out.spent) {
    spent.push_back(js::object{{"rule", plan.rules[s.rule].id},
                               {"purse", plan.names.text(s.purse)},
                               {"amount", points(s.amount)}});
  }
  o["spent"] = std::move(spent);
  put_lots(o, plan, out);
  o["gifts"] = given_json(plan, out.gifts, true);
  o["coupons"] = given_json(plan, out.coupons, false);
  js::array codes;
  for (const auto& c : out.codes) {
    js::object code{{"entered", basket.codes[static_cast<std::size_t>(c.line)]},
                    {"used", c.why == Why::kCodeUsed}};
    if (detail == Detail::kFull) code["why"] = reason_json(plan, basket, c);
    codes.push_back(std::move(code));
  }
  o["codes"] = std::move(codes);
  if (detail == Detail::kBrief) return o;
  o["why"] = why_json(plan, basket, out);
  if (out.reasons_cut) o["why_cut"] = true;
  return o;
}

Result<void> check_time(const Program& program, const js::value& basket) {
  const auto* fields = basket.if_object();
  if (fields == nullptr || fields->contains("time")) return {};
  const auto& plan = program.plan();
  const auto* event = fields->if_contains("event");
  const auto on = event != nullptr && event->is_string() && event->get_string() != "sale"
                      ? plan.names.find(std::string_view(event->get_string()))
                      : kNoName;
  const bool needed =
      !plan.paused && (bounded(plan.valid) || std::ranges::any_of(plan.rules, [&](const Rule& r) {
                         return r.on == on && !r.paused && (bounded(r.valid) || by_time(r.when));
                       }));
  if (needed) return fail(Code::kMissingField, "time: the program goes by date or time");
  if (const auto* coupons = fields->if_contains("coupons"); coupons && coupons->is_array()) {
    const auto ends = [](const js::value& c) {
      return c.is_object() && c.get_object().contains("expires");
    };
    if (std::ranges::any_of(coupons->get_array(), ends)) {
      return fail(Code::kMissingField, "time: a coupon expires");
    }
  }
  return {};
}

Result<js::object> evaluate_json(const Program& program, const js::value& value, Detail detail) {
  std::vector<Returned> back;
  const auto basket = TILL_TRY(basket_from_json(value, &back));
  TILL_CHECK(check_names(program, basket));
  TILL_CHECK(check_time(program, value));
  return catch_overflow("the basket", [&]() -> Result<js::object> {
    Evaluator evaluator(program.plan());
    evaluator.start(basket);
    auto out = outcome_to_json(program, basket, evaluator.run(), detail);
    if (!back.empty()) out["returned"] = TILL_TRY(returned_json(quote(program, basket), back));
    return out;
  });
}

}  // namespace till::loyalty
