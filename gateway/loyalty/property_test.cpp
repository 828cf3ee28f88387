#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "gateway/loyalty/evaluate.h"
#include "gateway/loyalty/loyalty.h"

namespace till::loyalty {
namespace {

using Amounts = std::vector<std::int64_t>;

std::int64_t sum(const Amounts& a) { return std::accumulate(a.begin(), a.end(), std::int64_t{0}); }

void expect_holds(bool holds) { EXPECT_TRUE(holds); }

constexpr std::array kSkus{"tea", "milk", "bread", "vodka", "soap"};
constexpr std::array kCategories{"food", "drinks", "home"};

Line any_line(std::size_t index) {
  Line line;
  line.id = std::to_string(index);
  line.price.minor = *rc::gen::inRange<std::int64_t>(0, 20000);
  line.quantity.units = *rc::gen::oneOf(
      rc::gen::map(rc::gen::inRange<std::int64_t>(1, 12), [](auto n) { return n * 1000; }),
      rc::gen::inRange<std::int64_t>(1, 5000), rc::gen::inRange<std::int64_t>(100'000, 300'000));
  line.min_price.minor =
      *rc::gen::element<std::int64_t>(0, 0, line.price.minor * 9 / 10, line.price.minor + 5);
  line.legal = *rc::gen::weightedElement<goods::LegalClass>({{8, goods::LegalClass::kNone},
                                                             {2, goods::LegalClass::kAlcohol},
                                                             {1, goods::LegalClass::kTobacco},
                                                             {1, goods::LegalClass::kGiftCard}});
  line.is_card = *rc::gen::inRange(0, 20) == 0;
  line.sku = kSkus[*rc::gen::inRange<std::size_t>(0, kSkus.size())];
  line.category = kCategories[*rc::gen::inRange<std::size_t>(0, kCategories.size())];
  return line;
}

Basket any_basket() {
  Basket basket;
  const auto count = *rc::gen::inRange<std::size_t>(0, 8);
  for (std::size_t i = 0; i < count; ++i) basket.lines.push_back(any_line(i));
  basket.customer = Customer{CustomerId{"c"}, "gold",
                             Points{*rc::gen::inRange<std::int64_t>(0, 5'000'000)}, true};
  basket.redeem.units = *rc::gen::inRange<std::int64_t>(0, 3'000'000);
  basket.codes = {"CODE"};
  return basket;
}

std::string percent() { return detail::decimal(*rc::gen::inRange<std::int64_t>(1, 10001), 2); }
std::string amount() { return detail::decimal(*rc::gen::inRange<std::int64_t>(1, 30000), 2); }

std::string any_select() {
  const auto* sku = kSkus[*rc::gen::inRange<std::size_t>(0, kSkus.size())];
  const auto* category = kCategories[*rc::gen::inRange<std::size_t>(0, kCategories.size())];
  return *rc::gen::element<std::string>(
      "", R"("select":{"skus":[")" + std::string(sku) + R"("]},)",
      R"("select":{"categories":[")" + std::string(category) + R"("]},)",
      R"("select":{"not_skus":["milk"],"price":{"min":"10"}},)",
      R"("select":{"quantity":{"min":"2"}},)",
      R"("select":{"skus":[")" + std::string(sku) + R"("],"quantity":{"min":"1.5","max":"4"}},)");
}

std::string any_when() {
  return *rc::gen::element<std::string>(
      "", "", R"("when":{"card_types":["gold"]},)", R"("when":{"codes":["CODE"]},)",
      R"("when":{"basket":{"amount":{"min":")" + amount() + R"("}}},)",
      R"("when":{"not":{"segments":["vip"]}},)");
}

std::string any_give() {
  return *rc::gen::element<std::string>(
      R"("give":{"percent":")" + percent() + R"("})",
      R"("give":{"percent":")" + percent() + R"(","rounding":"total"})",
      R"("give":{"percent":")" + percent() + R"(","rounding":"unit","most_units":"2"})",
      R"("stage":"card","give":{"round_to":"1"})",
      R"("give":{"amount":{"by":"selected_quantity","steps":[{"from":"3","value":"9"}]}})",
      R"("give":{"earn":{"percent":"5","basis":"before_tax","undiscounted":true}})",
      R"("give":{"amount":")" + amount() + R"("})",
      R"("give":{"amount":")" + amount() + R"(","per":"unit"})",
      R"("give":{"price":")" + amount() + R"("})",
      R"("give":{"earn":{"percent":")" + percent() + R"("}})",
      R"("give":{"earn":{"per_unit":"2"}})", R"("give":{"earn":{"multiply":"2"}})",
      R"("stage":"line","give":{"earn":{"per_unit":"2"}})", R"("give":{"earn":{"fixed":"3"}})",
      R"("limits":[{"amount":"50"}],"give":{"percent":")" + percent() + R"("})");
}

std::string any_sets() {
  return *rc::gen::element<std::string>(
      R"("sets":{"buy":[{"quantity":"2"}],"get":[{"quantity":"1"}]},"give":{"percent":"100"})",
      R"("sets":{"buy":[{"quantity":"3","pick":"cheapest"}],"most":2},"give":{"price":")" +
          amount() + R"(","per":"set"})",
      R"("sets":{"buy":[{"select":{"categories":["food"]}},{"select":{"categories":["home"]}}]},)"
      R"("give":{"amount":"7","per":"set"})",
      R"("sets":{"buy":[{"select":{"skus":["tea"]}}],"get":[{"select":{"not_skus":["tea"]},"pick":"dearest"}]},)"
      R"("give":{"percent":")" +
          percent() + R"("})",
      R"("sets":{"form":"one_by_one","buy":[{"quantity":"2"}],"get":[{"pick":"dearest"}]},)"
      R"("give":{"percent":"100"})",
      R"("sets":{"buy":[{"quantity":"2"},{"select":{"categories":["food"]}},{"select":{"skus":["tea"]}}]},)"
      R"("give":{"percent":"50"})",
      R"("sets":{"form":"one_by_one","buy":[{"select":{"categories":["home","food"]}}],"get":[{"select":{"categories":["food"]}}]},)"
      R"("give":{"percent":"50"})",
      R"("sets":{"get":[{"quantity":"2","pick":"first"}],"most":1},"give":{"price":"1"})");
}

std::string any_rule(std::size_t index) {
  std::string rule = R"({"id":"r)" + std::to_string(index) + R"(",)";
  rule += R"("priority":)" + std::to_string(*rc::gen::inRange(0, 3)) + ",";
  if (*rc::gen::inRange(0, 6) == 0) {
    return rule + any_sets() + "}";
  }
  return rule + any_when() + any_select() + any_give() + "}";
}

struct Promise {
  Program program;
  std::int64_t step = 100, value = 100, max_share = 10000;
};

Promise any_program() {
  Promise p;
  p.step = *rc::gen::element<std::int64_t>(100, 300, 1000);
  p.value = *rc::gen::element<std::int64_t>(1, 50, 100, 333);
  p.max_share = *rc::gen::inRange<std::int64_t>(1, 10001);
  const std::string roundings[] = {"half_up", "down", "up", "half_even", "half_down"};
  std::string text = R"({"id":"p","version":1,"settings":{"money_rounding":")" +
                     roundings[*rc::gen::inRange<std::size_t>(0, 5)] +
                     R"(","earn_on_points_paid":)" +
                     (*rc::gen::arbitrary<bool>() ? "true" : "false") + R"(},"redeem":{"step":")" +
                     detail::decimal(p.step, 2) + R"(","value":")" + detail::decimal(p.value, 2) +
                     R"(","max_share":")" + detail::decimal(p.max_share, 2) + R"("},"rules":[)";
  const auto count = *rc::gen::inRange<std::size_t>(0, 7);
  for (std::size_t i = 0; i < count; ++i) text += (i > 0 ? "," : "") + any_rule(i);
  auto program = Program::from_json(text + "]}");
  RC_LOG() << text << "]}\n";
  RC_ASSERT(program.has_value());
  p.program = std::move(*program);
  return p;
}

bool takes_the_first(const Program& program) {
  return std::ranges::any_of(program.plan().rules, [](const Rule& r) {
    return r.sets && std::ranges::any_of(r.sets->get,
                                         [](const SetPart& p) { return p.pick == Pick::kFirst; });
  });
}

TEST(Property, AllocationFollowsItsRules) {
  expect_holds(rc::check([] {
    const auto weights = *rc::gen::container<Amounts>(rc::gen::inRange<std::int64_t>(-5, 1000));
    const auto caps =
        *rc::gen::container<Amounts>(weights.size(), rc::gen::inRange<std::int64_t>(-5, 500));
    const auto amount = *rc::gen::inRange<std::int64_t>(0, 20000);
    const auto shares = allocate(amount, weights, caps);
    std::int64_t placeable = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const auto most = weights[i] > 0 ? std::max<std::int64_t>(0, caps[i]) : 0;
      RC_ASSERT(shares[i] >= 0);
      RC_ASSERT(shares[i] <= most);
      placeable += most;
    }
    RC_ASSERT(sum(shares) == std::min(amount, placeable));
  }));
}

TEST(Property, AllocationWithoutCapsIsProportional) {
  expect_holds(rc::check([] {
    const auto weights =
        *rc::gen::nonEmpty(rc::gen::container<Amounts>(rc::gen::inRange<std::int64_t>(1, 100000)));
    const auto amount = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
    const auto shares = allocate(amount, weights, Amounts(weights.size(), INT64_MAX));
    const auto total = sum(weights);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const auto exact = mul_div(amount, weights[i], total, Rounding::kDown);
      RC_ASSERT(shares[i] == exact || shares[i] == exact + 1);
      for (std::size_t k = i + 1; k < weights.size(); ++k) {  // ties go to the earlier
        if (weights[k] == weights[i]) RC_ASSERT(shares[i] >= shares[k]);
      }
    }
    RC_ASSERT(sum(shares) == amount);
  }));
}

Basket reversed(Basket basket) {
  std::reverse(basket.lines.begin(), basket.lines.end());
  return basket;
}

// A receipt's totals do not depend on the order of its lines, sets included; a line's share moves
// by the odd minor unit at most, once for each rule that spreads an amount.
TEST(Property, OrderOfLinesDoesNotChangeTheReceipt) {
  expect_holds(rc::check([] {
    const auto promise = any_program();
    const auto basket = any_basket();
    const auto q = quote(promise.program, basket), r = quote(promise.program, reversed(basket));
    RC_ASSERT(q.gross == r.gross);
    RC_ASSERT(q.total == r.total);
    RC_ASSERT(q.redeemed == r.redeemed);
    RC_ASSERT(q.accrued == r.accrued);
    const auto rules = static_cast<std::int64_t>(promise.program.plan().rules.size());
    for (std::size_t i = 0; i < q.lines.size(); ++i) {
      const auto& other = r.lines[q.lines.size() - 1 - i];
      RC_ASSERT(std::abs(q.lines[i].discount.minor - other.discount.minor) <= rules);
    }
  }));
}

// Lines that cost the same are a tie: the odd unit goes by their goods, so that a later rule on
// some of them sees the same in any order. Only what takes the first it finds goes by the place.
TEST(Property, TiesDoNotMoveTheReceipt) {
  expect_holds(rc::check([] {
    const auto promise = any_program();
    auto basket = any_basket();
    for (auto& line : basket.lines) {
      line.price.minor = *rc::gen::element<std::int64_t>(1000, 1000, 333, 50, 10000);
      line.quantity.units = *rc::gen::element<std::int64_t>(1000, 1000, 2000, 345);
      line.min_price.minor = *rc::gen::element<std::int64_t>(0, 0, 0, line.price.minor * 9 / 10);
    }
    RC_PRE(!takes_the_first(promise.program));
    const auto q = quote(promise.program, basket), r = quote(promise.program, reversed(basket));
    RC_ASSERT(q.gross == r.gross);
    RC_ASSERT(q.discount == r.discount);
    RC_ASSERT(q.total == r.total);
  }));
}

// What is kept between changes never differs from working it all out anew.
TEST(Property, AChangeGivesWhatAFreshStartGives) {
  expect_holds(rc::check([] {
    const auto promise = any_program();
    auto basket = any_basket();
    Evaluator kept(promise.program.plan());
    kept.start(basket);
    kept.run();
    for (int round = 0; round < 4; ++round) {
      const auto what = *rc::gen::inRange(0, 4);
      const auto at =
          basket.lines.empty() ? 0 : *rc::gen::inRange<std::size_t>(0, basket.lines.size());
      if (what == 0 || basket.lines.empty()) {
        basket.lines.push_back(any_line(basket.lines.size() + 100));
        kept.add(basket.lines.back());
      } else if (what == 1) {
        basket.lines.erase(basket.lines.begin() + static_cast<std::ptrdiff_t>(at));
        kept.remove(at);
      } else if (what == 2) {
        basket.lines[at].quantity.units = *rc::gen::inRange<std::int64_t>(1, 9000);
        kept.set_quantity(at, basket.lines[at].quantity);
      } else {
        basket.lines[at].price.minor = *rc::gen::inRange<std::int64_t>(0, 9000);
        kept.set_price(at, basket.lines[at].price);
      }
      Evaluator fresh(promise.program.plan());
      fresh.start(basket);
      RC_ASSERT(kept.run() == fresh.run());
    }
  }));
}

// Within one exclusivity group another offer never makes the customer's total worse.
TEST(Property, MoreOffersInAGroupNeverHurt) {
  expect_holds(rc::check([] {
    const auto most = *rc::gen::inRange(1, 4);
    const auto count = *rc::gen::inRange<std::size_t>(1, 6);
    const std::string head = R"({"id":"p","version":1,"groups":[{"id":"g","most":)" +
                             std::to_string(most) + R"(}],"rules":[)";
    std::string rules, fewer;
    for (std::size_t i = 0; i < count; ++i) {
      fewer = rules;
      const auto give = *rc::gen::element<std::string>(
          R"("give":{"percent":")" + percent() + R"("})",
          R"("give":{"amount":")" + amount() + R"("})", R"("give":{"price":")" + amount() + R"("})",
          R"("limits":[{"amount":"50"}],"give":{"percent":")" + percent() + R"("})");
      rules += (i > 0 ? "," : "");
      rules += R"({"id":"r)" + std::to_string(i) + R"(","group":"g",)" + any_select() + give + "}";
    }
    if (fewer.empty()) return;
    const auto basket = any_basket();
    const auto before = Program::from_json(head + fewer + "]}");
    const auto after = Program::from_json(head + rules + "]}");
    RC_ASSERT(before.has_value());
    RC_ASSERT(after.has_value());
    RC_ASSERT(quote(*after, basket).total <= quote(*before, basket).total);
  }));
}

void expect_line_adds_up(const Line& line, const LineQuote& l) {
  RC_ASSERT(l.total == l.gross - l.discount - l.by_points);
  RC_ASSERT(l.discount.minor >= 0);
  RC_ASSERT(l.by_points.minor >= 0);
  RC_ASSERT(l.total.minor >= 0);
  const bool free = goods::may_discount(line.legal) && !line.is_card;
  RC_ASSERT(free || (l.total == l.gross && l.accrued.units == 0));
  UnitShare all;
  for (const auto& u : l.units) {
    RC_ASSERT(u.total.minor >= 0);
    RC_ASSERT(u.discount.minor >= 0);
    RC_ASSERT(u.by_points.minor >= 0);
    RC_ASSERT(u.redeemed.units >= 0);
    RC_ASSERT(u.accrued.units >= 0);
    // Per unit, exactly: total / quantity >= min_price unless nothing was taken off.
    const bool untouched = u.discount.minor == 0 && u.by_points.minor == 0;
    const auto floor = mul_div(line.min_price.minor, u.quantity.units, 1000, Rounding::kUp);
    RC_ASSERT(untouched || u.total.minor >= floor);
    all.quantity += u.quantity;
    all.total += u.total;
    all.discount += u.discount;
    all.by_points += u.by_points;
    all.redeemed += u.redeemed;
    all.accrued += u.accrued;
  }
  RC_ASSERT(all.quantity == line.quantity);
  RC_ASSERT(all.total == l.total);
  RC_ASSERT(all.discount == l.discount);
  RC_ASSERT(all.by_points == l.by_points);
  RC_ASSERT(all.redeemed == l.redeemed);
  RC_ASSERT(all.accrued == l.accrued);
}

TEST(Property, TotalsAddUpAndFloorsHold) {
  expect_holds(rc::check([] {
    const auto promise = any_program();
    const auto& program = promise.program;
    const auto basket = any_basket();
    RC_PRE(!basket.lines.empty());  // an empty receipt is a visit, whose points are on no line
    const auto q = quote(program, basket);
    LineQuote all;
    for (std::size_t i = 0; i < q.lines.size(); ++i) {
      expect_line_adds_up(basket.lines[i], q.lines[i]);
      all.gross += q.lines[i].gross;
      all.discount += q.lines[i].discount;
      all.by_points += q.lines[i].by_points;
      all.total += q.lines[i].total;
      all.redeemed += q.lines[i].redeemed;
      all.accrued += q.lines[i].accrued;
    }
    RC_ASSERT(all.gross == q.gross);
    RC_ASSERT(all.discount == q.discount);
    RC_ASSERT(all.by_points == q.by_points);
    RC_ASSERT(all.total == q.total);
    RC_ASSERT(all.redeemed == q.redeemed);
    RC_ASSERT(all.accrued == q.accrued);
  }));
}

TEST(Property, RedemptionStaysInItsLimits) {
  expect_holds(rc::check([] {
    const auto promise = any_program();
    const auto& program = promise.program;
    const auto basket = any_basket();
    const auto q = quote(program, basket);
    RC_ASSERT(q.redeemed <= q.redeemable);
    RC_ASSERT(q.redeemable <= basket.customer->available);
    RC_ASSERT(q.redeemed <= basket.redeem);
    RC_ASSERT(q.redeemed.units % promise.step == 0);
    RC_ASSERT(q.by_points.minor == q.redeemed.units * promise.value / 100);
    RC_ASSERT(q.by_points <=
              share(q.gross - q.discount, Percent{promise.max_share}, Rounding::kDown));
    // The most that is offered can really be had, and no step more.
    auto most = basket;
    most.redeem = q.redeemable;
    RC_ASSERT(quote(program, most).redeemed == q.redeemable);
    most.redeem += Points{promise.step};
    RC_ASSERT(quote(program, most).redeemed == q.redeemable);
  }));
}

TEST(Property, PartialReturnsAddUpToTheWhole) {
  expect_holds(rc::check([] {
    const auto basket = any_basket();
    RC_PRE(!basket.lines.empty());
    const auto sold = quote(any_program().program, basket);
    std::map<std::string, Quantity> before;
    LineQuote all;
    for (int round = 0; round < 6; ++round) {
      std::map<std::string, Quantity> now;
      for (const auto& line : basket.lines) {
        const auto left = line.quantity - before[line.id];
        now[line.id].units =
            round == 5 ? left.units : *rc::gen::inRange<std::int64_t>(0, left.units / 2 + 1);
      }
      const auto back = quote_return(sold, before, now);
      RC_ASSERT(back.has_value());
      for (const auto& l : back->lines) {
        RC_ASSERT(l.total.minor >= 0);
        RC_ASSERT(l.redeemed.units >= 0);
        RC_ASSERT(l.accrued.units >= 0);
      }
      all.gross += back->gross;
      all.total += back->total;
      all.discount += back->discount;
      all.by_points += back->by_points;
      all.redeemed += back->redeemed;
      all.accrued += back->accrued;
      for (const auto& [id, quantity] : now) before[id] += quantity;
    }
    RC_ASSERT(all.gross == sold.gross);
    RC_ASSERT(all.total == sold.total);
    RC_ASSERT(all.discount == sold.discount);
    RC_ASSERT(all.by_points == sold.by_points);
    RC_ASSERT(all.redeemed == sold.redeemed);
    RC_ASSERT(all.accrued == sold.accrued);
  }));
}

TEST(Property, ReturningUnitsGivesTheirShares) {
  expect_holds(rc::check([] {
    auto line = any_line(0);
    line.quantity.units = *rc::gen::inRange<std::int64_t>(1, 20) * 1000;
    Basket basket{
        {line}, Customer{CustomerId{"c"}, "gold", Points{1'000'000}, true}, Points{1000}, 0};
    const auto sold = quote(any_program().program, basket);
    const auto n = *rc::gen::inRange<std::int64_t>(1, line.quantity.units / 1000 + 1);
    const auto back = quote_return(sold, {}, {{line.id, Quantity{n * 1000}}});
    RC_ASSERT(back.has_value());
    Money total;
    for (std::int64_t i = 0; i < n; ++i) {
      total += sold.lines[0].units[static_cast<std::size_t>(i)].total;
    }
    RC_ASSERT(back->total == total);
  }));
}

}  // namespace
}  // namespace till::loyalty
