#include "gateway/loyalty/loyalty.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/base/json.h"
#include "gateway/loyalty/basket_json.h"
#include "gateway/loyalty/calendar.h"
#include "gateway/loyalty/explain.h"
#include "gateway/loyalty/gifts.h"
#include "gateway/loyalty/units.h"

namespace till::loyalty {
namespace {

constexpr const char* kGold = R"({"id":"gold","name":{"en":"Gold 10 %","ru":"Золото 10 %"},
    "stage":"card","when":{"card_types":["gold"]},"give":{"percent":"10"}})";
constexpr const char* kEarn = R"({"id":"points","name":{"en":"Points","ru":"Баллы"},
    "give":{"earn":{"percent":"5"}}})";

Program program(const std::string& rules, const std::string& more = "") {
  auto read =
      Program::from_json(R"({"id":"p","version":3)" + more + R"(,"rules":[)" + rules + "]}");
  EXPECT_TRUE(read) << read.error().detail;
  return read.value_or(Program{});
}
std::string both() { return std::string(kGold) + "," + kEarn; }
std::string redeem(const char* share) {
  return R"(,"redeem":{"max_share":")" + std::string(share) + R"("})";
}

Line line(const std::string& id, std::int64_t price, std::int64_t quantity = 1000,
          std::int64_t min_price = 0) {
  return {id, Money{price}, Quantity{quantity}, Money{min_price}, goods::LegalClass::kNone, false};
}

Basket basket(std::vector<Line> lines, std::int64_t points = 0, std::int64_t to_redeem = 0) {
  return {std::move(lines), Customer{CustomerId{"c"}, "gold", Points{points}, true},
          Points{to_redeem}, 0};
}

bool says(const Quote& q, const std::string& line, const std::string& text) {
  return std::ranges::any_of(q.why, [&](const Explanation& e) {
    return e.line == line &&
           (e.en.find(text) != std::string::npos || e.ru.find(text) != std::string::npos);
  });
}

TEST(Quote, GoesThroughTheStepsInOrder) {
  const auto p = program(both(), redeem("50"));
  const auto q = quote(p, basket({line("a", 100000), line("b", 30000, 2000)}, 1000000, 20000));
  EXPECT_EQ(q.program_version, 3);
  EXPECT_EQ(q.gross, Money{160000});
  EXPECT_EQ(q.discount, Money{16000});
  EXPECT_EQ(q.by_points, Money{20000});
  EXPECT_EQ(q.total, Money{124000});
  EXPECT_EQ(q.redeemable, Points{72000});
  EXPECT_EQ(q.redeemed, Points{20000});
  EXPECT_EQ(q.accrued, Points{6200});
  EXPECT_EQ(q.lines[0].by_points, Money{12500});
  EXPECT_EQ(q.lines[1].by_points, Money{7500});
  EXPECT_EQ(q.lines[1].units.size(), 2U);
}

TEST(Quote, WithoutACustomerNothingIsGiven) {
  const auto p = program(both(), redeem("50"));
  Basket b{{line("a", 1000)}, std::nullopt, Points{500}, 0};
  const auto q = quote(p, b);
  EXPECT_EQ(q.total, Money{1000});
  EXPECT_EQ(q.accrued, Points{});
  EXPECT_EQ(q.redeemed, Points{});
  EXPECT_TRUE(says(q, "", "Points: with a card"));
  EXPECT_TRUE(says(q, "", "Баллы: по карте"));
  EXPECT_TRUE(quote(p, Basket{}).lines.empty());
  EXPECT_EQ(quote(Program(), b).total, Money{1000});
}

constexpr const char* kCards = R"({"id":"p","version":1,"purses":[{"id":"points"},{"id":"stamps"}],
    "redeem":{"value":"1"},"card_types":[
      {"id":"silver","sold_as":"card-silver","activation":"sale"},
      {"id":"plain","activation":"first_purchase"}],"rules":[
    {"id":"all","give":{"percent":"10"}},{"id":"earn","give":{"earn":{"percent":"5"}}},
    {"id":"stamp","cost":{"purse":"stamps","amount":"1"},"give":{"amount":"1"}}]})";

TEST(Quote, PointsOfARuleThatLiveOtherwiseAreALot) {
  const auto p = program(
      R"({"id":"r","give":{"earn":{"percent":"10","expires_days":7}}},)" + std::string(kEarn),
      R"(,"purses":[{"id":"points","activation_days":3,"expires_days":90,
                            "expires_end_of":"year"}])");
  const auto q = quote(p, basket({line("a", 20'000), line("b", 10'000)}));
  EXPECT_EQ(q.accrued, Points{4500});
  ASSERT_TRUE(q.effects && q.effects->lots);
  ASSERT_EQ(q.effects->lots->size(), 1U);
  const auto& lot = q.effects->lots->front();
  EXPECT_EQ(lot.rule, "r");
  EXPECT_EQ(lot.points, Points{3000});
  EXPECT_EQ(lot.activation_days, 3) << "as the purse says";
  EXPECT_EQ(lot.expires_days, 7);
  EXPECT_EQ(lot.expires_end, "");
}

TEST(Quote, GoodsThatAreACardAreTheCardItself) {
  const auto p = Program::from_json(kCards);
  ASSERT_TRUE(p);
  auto card = line("c", 10000);
  card.sku = "card-silver";
  auto other = line("o", 10000);
  other.sku = "card-gold";
  const auto q = quote(*p, basket({card, other}));
  EXPECT_EQ(q.lines[0].total, Money{10000});
  EXPECT_EQ(q.lines[0].accrued, Points{});
  EXPECT_TRUE(says(q, "c", "loyalty card"));
  EXPECT_EQ(q.lines[1].total, Money{9000});
  EXPECT_EQ(q.lines[1].accrued, Points{450});
}

TEST(Quote, ACardThatIsNotActiveEarnsAndPaysNothing) {
  const auto p = Program::from_json(kCards);
  ASSERT_TRUE(p);
  auto b = basket({line("a", 10000)}, 5000, 1000);
  b.customer->card_type = "plain";
  b.customer->purses["stamps"] = 100;
  EXPECT_EQ(quote(*p, b).total, Money{8900 - 1000});
  b.customer->active = false;
  const auto q = quote(*p, b);
  EXPECT_EQ(q.total, Money{9000});
  EXPECT_EQ(q.accrued, Points{450});
  EXPECT_EQ(q.redeemable, Points{});
  EXPECT_TRUE(
      says(q, "", "points cannot be used: the card is not active yet (it will be after the"));
  EXPECT_TRUE(says(q, "", "карта ещё не активна (станет активной после первой покупки)"));
  EXPECT_TRUE(says(q, "", "stamp: the card is not active yet"));
}

TEST(Quote, TobaccoAndMoneyAreLeftAlone) {
  const auto p = program(both(), redeem("100"));
  auto tobacco = line("t", 20000);
  tobacco.legal = goods::LegalClass::kTobacco;
  auto gift = line("g", 50000);
  gift.legal = goods::LegalClass::kGiftCard;
  auto card = line("c", 10000);
  card.is_card = true;
  auto bottle = line("d", 1500);
  bottle.deposit = true;
  const auto q =
      quote(p, basket({tobacco, line("a", 10000), gift, card, bottle}, 1000000, 1000000));
  EXPECT_EQ(q.discount, Money{1000});
  EXPECT_EQ(q.redeemed, Points{9000});  // all of the one line that may
  EXPECT_EQ(q.accrued, Points{0});
  for (const std::size_t i : {0U, 2U, 3U, 4U}) {
    EXPECT_EQ(q.lines[i].total, q.lines[i].gross);
    EXPECT_EQ(q.lines[i].accrued, Points{});
  }
  EXPECT_TRUE(says(q, "t", "no discount, no points: tobacco, by law"));
  EXPECT_TRUE(says(q, "t", "без скидки и баллов: табак, по закону"));
  EXPECT_TRUE(says(q, "c", "loyalty card"));
  // Nothing makes tobacco count: not a visit, not a set, not a gift, not a threshold.
  const auto greedy = program(R"({"id":"v","give":{"earn":{"fixed":"10"}}},
      {"id":"s","sets":{"get":[{"quantity":"1"}]},"give":{"percent":"100"}},
      {"id":"g","sets":{"buy":[{"quantity":"1"}]},"give":{"gift":{"sku":"lighter"}}},
      {"id":"t","when":{"basket":{"amount":{"min":"100"}}},"give":{"amount":"50"}})");
  const auto alone = quote(greedy, basket({tobacco}));
  EXPECT_EQ(alone.total, Money{20000});
  EXPECT_EQ(alone.accrued, Points{});
}

TEST(Quote, FloorsHoldAndWhatTheyBlockMoves) {
  const auto p = program(kGold, redeem("100"));
  const auto q =
      quote(p, basket({line("vodka", 30000, 1000, 29900), line("bread", 10000)}, 1000000, 1000000));
  EXPECT_EQ(q.lines[0].discount, Money{100});   // 30.00 wanted, 1.00 fits
  EXPECT_EQ(q.lines[1].discount, Money{3900});  // 10.00 of its own and 29.00 moved
  EXPECT_EQ(q.lines[0].total, Money{29900});
  EXPECT_EQ(q.redeemed, Points{6100});  // the vodka has no room for points
  EXPECT_TRUE(says(q, "", "minimum prices leave 61.00 to pay by points"));
  // A price already below its minimum stays what it is.
  const auto below = quote(p, basket({line("x", 100, 3000, 200)}, 1000, 1000));
  EXPECT_EQ(below.total, Money{300});
}

TEST(Quote, ExplainsAmounts) {
  const auto p = program(kEarn, redeem("20"));
  const auto q = quote(p, basket({line("a", 100000)}, 50000, 30000));
  EXPECT_TRUE(says(q, "", "Points: 40 points for 800.00"));
  EXPECT_TRUE(says(q, "", "Баллы: начислено 40 баллов за 800.00"));
  EXPECT_TRUE(says(q, "", "points may pay 200.00 of 1000.00"));
  EXPECT_TRUE(says(q, "", "the customer can use 500 points"));
  EXPECT_TRUE(says(q, "", "списано 200 баллов на 200.00"));
  EXPECT_EQ(percent_text(Percent{750}), "7.5 %");
  EXPECT_EQ(percent_text(Percent{0}), "0 %");
}

TEST(Quote, UnverifiedCardsEarnButDoNotPay) {
  const auto p = program(kEarn, redeem("50"));
  auto b = basket({line("a", 10000)}, 10000, 1000);
  b.customer->verified = false;
  const auto q = quote(p, b);
  EXPECT_EQ(q.redeemed, Points{});
  EXPECT_EQ(q.redeemable, Points{});
  EXPECT_EQ(q.accrued, Points{500});
  EXPECT_TRUE(says(q, "", "not confirmed"));
}

TEST(Quote, NegativeLinesLowerWhatTheOthersGive) {
  const auto all =
      program(R"({"id":"all","stage":"card","give":{"percent":"100"}})", redeem("100"));
  const auto q = quote(all, basket({line("a", 1000), line("hand", -500)}, 100000, 100000));
  EXPECT_EQ(q.discount, Money{500});
  EXPECT_EQ(q.total, Money{0});
  const auto local = program(R"({"id":"all","give":{"percent":"100"}})");
  const auto l = quote(local, basket({line("a", 1000), line("b", 300), line("hand", -500)}));
  EXPECT_EQ(l.discount, Money{800});
  EXPECT_EQ(l.total, Money{0});
  const auto earn = quote(program(kEarn), basket({line("a", 1000), line("h", -500)}));
  EXPECT_EQ(earn.accrued, Points{25});
}

TEST(Quote, RefusesToWrapAround) {
  const auto p = program("");
  EXPECT_THROW((void)quote(p, basket({line("a", INT64_MAX), line("b", 1)})), Overflow);
  EXPECT_THROW((void)quote(p, basket({line("a", INT64_MAX, 2000)})), Overflow);
}

TEST(Program, WelcomesUnderTheRulesOwnConditions) {
  const auto p = program(
      R"({"id":"w","on":"enrolment","when":{"card_types":["gold"]},"from":"2026-05-01",
          "give":{"earn":{"fixed":"100"}}},)" +
      std::string(kEarn));
  Basket enrolment;
  enrolment.event = "enrolment";
  enrolment.instant_us = days_from_civil(2026, 5, 2) * kDaySeconds * kMicrosecond;
  enrolment.customer.emplace().card_type = "gold";
  EXPECT_EQ(quote(p, enrolment).accrued, Points{10000});
  enrolment.customer->card_type = "silver";
  EXPECT_EQ(quote(p, enrolment).accrued, Points{});
  enrolment.customer->card_type = "gold";
  enrolment.instant_us = 0;
  EXPECT_EQ(quote(p, enrolment).accrued, Points{});
  EXPECT_EQ(quote(p, basket({line("a", 10000)})).accrued, Points{500});
}

// ---- reasons ----

// What an only rule says of a basket of two pieces of a at 100 and what `more` adds to it.
std::string reason(const std::string& about, const std::string& more = "",
                   const std::string& program = "") {
  const auto p = Program::from_json(R"({"id":"p","version":1,)" + program +
                                    R"("rules":[{"id":"r",)" + about + "}]}");
  EXPECT_TRUE(p) << p.error().detail;
  const auto result = evaluate_json(
      *p, *parse_json(R"({"time":"2026-11-22T12:00:00+03:00",)" + more +
                      R"("lines":[{"id":"a","sku":"a","price":"100","quantity":"2"}]})"));
  EXPECT_TRUE(result) << result.error().detail;
  std::string out;
  for (const auto& why : result->at("why").as_array()) {
    if (why.as_object().contains("rule")) out = why.at("en").as_string();
  }
  return out;
}
constexpr const char* kBuyer = R"("customer":{"id":"c","counters":{"purchases":3}},)";

TEST(Reasons, OfALadderNameItsFirstStep) {
  EXPECT_EQ(reason(R"("give":{"percent":{"by":"amount","steps":[{"from":"500","value":"3"}]}})"),
            "r: needs 300.00 more");
  EXPECT_EQ(reason(R"("give":{"earn":{"percent":{"by":"amount","steps":[
                   {"from":"500","value":"3"}]}}})",
                   kBuyer),
            "r: needs 300.00 more");
  EXPECT_EQ(
      reason(R"("give":{"percent":{"by":"purchases","steps":[{"from":5,"value":"3"}]}})", kBuyer),
      "r: not yet, 2 more purchases");
  EXPECT_EQ(reason(R"("give":{"percent":{"by":"purchases","steps":[{"from":5,"value":"3"}]}})"),
            "r: with a card");
}

TEST(Reasons, OfCountersAndDates) {
  const std::string first =
      R"("when":{"counter":{"name":"purchases","is":{"max":0}}},"give":{"percent":"5"})";
  EXPECT_EQ(reason(first, kBuyer), "r: only for the first purchase");
  const std::string birthday =
      R"("when":{"date":{"of":"birthday","yearly":true}},"give":{"percent":"5"})";
  EXPECT_EQ(reason(birthday, kBuyer), "r: not known of the customer: birthday");
  EXPECT_EQ(reason(birthday, R"("customer":{"id":"c","dates":{"birthday":"1990-05-01"}},)"),
            "r: in 160 days (birthday)");
}

TEST(Reasons, OfAccountsNobodyHas) {
  const auto to = [](const std::string& whom) {
    return R"("give":{"earn":{"fixed":"5","to":")" + whom + "\"}}";
  };
  EXPECT_EQ(reason(to("cashier"), kBuyer), "r: no cashier is named");
  EXPECT_EQ(reason(to("referrer"), kBuyer), "r: nobody recommended the shop to this customer");
  EXPECT_EQ(reason(to("referrer")), "r: with a card");
}

TEST(Reasons, AreGivenWhereNothingWasSaid) {
  const auto off = [](const std::string& what) { return what + R"(,"give":{"percent":"5"})"; };
  EXPECT_EQ(reason(off(R"("when":{"stores":["x"]})")), "r: not in this store");
  EXPECT_EQ(reason(off(R"("when":{"segments":["x"]})"), kBuyer),
            "r: for another group of customers");
  EXPECT_EQ(reason(off(R"("paused":true)")), "r: is paused");
  EXPECT_EQ(reason(R"("give":{"price":"500"})"), "r: its price is no lower");
  EXPECT_EQ(reason(R"("stage":"receipt","give":{"price":"500"})"), "r: its price is no lower");
  const std::string steps = R"("settings":{"money_step":"100","points_step":"100"},)";
  EXPECT_EQ(reason(off(R"("select":{"skus":["a"]})"), "", steps),
            "r: comes to less than the smallest step");
  EXPECT_EQ(reason(R"("give":{"earn":{"percent":"5"}})", kBuyer, steps),
            "r: comes to less than the smallest step");
  EXPECT_EQ(reason(R"("give":{"earn":{"per_amount":"1","every":"500"}})", kBuyer),
            "r: needs 300.00 more");
  EXPECT_EQ(reason(R"("limits":[{"per":"receipt","amount":"3"}],"give":{"percent":"5"})"),
            "r: 7.00 less, its limit is used up");
  EXPECT_EQ(reason(R"("limits":[{"per":"receipt","amount":"3"}],"give":{"earn":{"percent":"5"}})",
                   kBuyer),
            "r: 7 points less, its limit is used up");
}

TEST(Reasons, FewerPointsThanMayBeUsed) {
  const auto p = program("", R"(,"redeem":{"max_share":"10","min_points":"50"})");
  auto b = basket({line("a", 20'000)}, 100'000, 10'000);
  EXPECT_TRUE(says(quote(p, b), "", "points are used from 50 points up; here 20 points at most"));
}

TEST(Reasons, SpeakInTheFormOfTheirNumber) {
  const std::string purse =
      R"("purses":[{"id":"s","name":{"en":"stamp|stamps","ru":"наклейка|наклейки|наклеек"}}],)";
  const auto p = [&](const std::string& count) {
    return Program::from_json(R"({"id":"p","version":1,)" + purse +
                              R"("rules":[{"id":"r","give":{"earn":{"purse":"s","fixed":")" +
                              count + R"("}}}]})");
  };
  const auto said = [&](const std::string& count) {
    const auto q = quote(*p(count), basket({line("a", 100)}));
    return q.why.at(0).en + " / " + q.why.at(0).ru;
  };
  EXPECT_EQ(said("1"), "r: 1 stamp for 1.00 / r: начислено 1 наклейка за 1.00");
  EXPECT_EQ(said("2"), "r: 2 stamps for 1.00 / r: начислено 2 наклейки за 1.00");
  EXPECT_EQ(said("5"), "r: 5 stamps for 1.00 / r: начислено 5 наклеек за 1.00");
  EXPECT_EQ(said("11"), "r: 11 stamps for 1.00 / r: начислено 11 наклеек за 1.00");
  EXPECT_EQ(said("21"), "r: 21 stamps for 1.00 / r: начислено 21 наклейка за 1.00");
  EXPECT_EQ(said("1.5"), "r: 1.5 stamps for 1.00 / r: начислено 1.5 наклейки за 1.00");
}

TEST(Reasons, OfMissingPointsStandInTheGenitive) {
  const auto said = [](std::int64_t has) {
    const auto p = program("", R"(,"redeem":{"min_balance":"51"})");
    const auto q = quote(p, basket({line("a", 20'000)}, has, 100));
    const auto least = program(R"({"id":"r","cost":{"amount":"22"},"give":{"percent":"5"}})");
    const auto cost = quote(least, basket({line("a", 20'000)}, has));
    return q.why.at(0).ru + " / " + cost.why.at(0).ru;
  };
  EXPECT_EQ(said(100),
            "платить баллами можно, накопив не меньше 51 балла / r: не хватает 21 балла");
  EXPECT_EQ(said(2000),
            "платить баллами можно, накопив не меньше 51 балла / r: не хватает 2 баллов");
  EXPECT_EQ(said(1050),
            "платить баллами можно, накопив не меньше 51 балла / r: не хватает 11.5 балла");
}

TEST(Reasons, OfASetCountAllItsParts) {
  for (const std::string form : {"together", "one_by_one"}) {
    EXPECT_EQ(reason(R"("sets":{"form":")" + form + R"(","buy":[{"select":{"skus":["a"]},
                     "quantity":"3"}],"get":[{"select":{"skus":["b"]}}]},"give":{"percent":"5"})"),
              "r: needs 2 more");
  }
}

// ---- gifts ----

constexpr const char* kGift = R"({"id":"g","give":{"gift":{"sku":"cig"}}})";

goods::Catalogue shelf(std::string_view about) {
  return *goods::Catalogue::from_json(
      R"({"schema":1,"currency":643,"items":[{"code":"cig","name":"Pack","price":"200.00",
          "tax":"20%")" +
      std::string(about) + "}]}");
}

std::string why_not(const Quote& q) { return q.why.empty() ? "" : q.why[0].en; }

TEST(Gift, IsWhatTheRuleSays) {
  const auto p = program(kGift);
  const auto q = quote(p, basket({line("bread", 1000)}));
  ASSERT_TRUE(q.effects && q.effects->handed.size() == 1);
  EXPECT_EQ(q.effects->handed[0].what, "cig");
  EXPECT_TRUE(barred_gifts(p, shelf("")).empty());
  EXPECT_TRUE(check_gifts(p, shelf("")));
}

TEST(Gift, OfTobaccoIsRefusedWithTheReason) {
  const auto p = program(kGift);
  auto with_a_pack = basket({line("bread", 1000), line("cig", 20000)});
  with_a_pack.lines[1].sku = "cig";
  with_a_pack.lines[1].legal = goods::LegalClass::kTobacco;
  auto q = quote(p, with_a_pack);
  EXPECT_FALSE(q.effects);
  EXPECT_TRUE(std::ranges::any_of(q.why, [](const auto& w) {
    return w.en == "g: cig is not given away: tobacco, by law" &&
           w.ru == "g: «cig» не дарится: табак, по закону";
  }));
  auto bread = basket({line("bread", 1000)});
  bread.goods = barred_gifts(p, shelf(R"(,"legal":"tobacco")"));
  q = quote(p, bread);
  EXPECT_FALSE(q.effects);
  EXPECT_EQ(why_not(q), "g: cig is not given away: tobacco, by law");
  const auto refused = check_gifts(p, shelf(R"(,"legal":"tobacco")"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kProgramInvalid);
  EXPECT_EQ(refused.error().detail, "rules.g.give.gift: g: cig is not given away: tobacco, by law");
}

TEST(Gift, OfGoodsWithAMinimumPriceIsRefused) {
  const auto p = program(kGift);
  auto bread = basket({line("bread", 1000)});
  bread.goods = barred_gifts(p, shelf(R"(,"min_price":"1.00")"));
  EXPECT_EQ(why_not(quote(p, bread)), "g: cig is not given away: it has a minimum price");
}

TEST(Units, LongLinesStandInRuns) {
  const auto p = program(both(), redeem("50"));
  const auto q = quote(p, basket({line("a", 333, 1'000'000'500)}, 100'000'033, 100'000'000));
  EXPECT_LE(q.lines[0].units.size(), 13U);
  Quantity quantity;
  UnitShare sum;
  for (const auto& u : q.lines[0].units) {
    const auto count = std::max<std::int64_t>(1, u.quantity.units / kQuantityScale);
    EXPECT_EQ(u.total.minor % count, 0);
    EXPECT_EQ(u.accrued.units % count, 0);
    quantity += u.quantity;
    sum.total += u.total;
    sum.redeemed += u.redeemed;
    sum.accrued += u.accrued;
  }
  EXPECT_EQ(quantity, Quantity{1'000'000'500});
  EXPECT_EQ(sum.total, q.total);
  EXPECT_EQ(sum.redeemed, q.redeemed);
  EXPECT_EQ(sum.accrued, q.accrued);
  EXPECT_EQ(quote(p, basket({line("a", 333, 100'000)})).lines[0].units.size(), 100U);
}

TEST(Return, HalfOfWhatWasBought) {
  // Two of 100.00, 10 % earned, 70.00 of it by points: one back halves all of it.
  const auto p = program(R"({"id":"e","give":{"earn":{"percent":"10"}}})", redeem("100"));
  const auto sold = quote(p, basket({line("a", 10000, 2000)}, 100000, 7000));
  const auto back = quote_return(sold, {}, {{"a", Quantity{1000}}});
  ASSERT_TRUE(back);
  EXPECT_EQ(back->redeemed, Points{3500});
  EXPECT_EQ(back->accrued, Points{650});
  EXPECT_EQ(back->total, Money{6500});
  EXPECT_EQ(back->gross, Money{10000});
  EXPECT_TRUE(says(*back, "a",
                   "1.000 back: 65.00 to the customer, 35.00 points given back, 6.50 earned points "
                   "taken off"));
}

TEST(Return, NamesWhatIsTooMuch) {
  const auto sold = quote(program(""), basket({line("a", 10000, 1500)}));
  const auto code = [&](const std::map<std::string, Quantity>& before,
                        const std::map<std::string, Quantity>& now) {
    const auto back = quote_return(sold, before, now);
    return back ? Code{} : back.error().code;
  };
  EXPECT_EQ(code({}, {{"a", Quantity{1501}}}), Code::kReturnTooMuch);
  EXPECT_EQ(code({{"a", Quantity{1000}}}, {{"a", Quantity{501}}}), Code::kReturnTooMuch);
  EXPECT_EQ(code({{"a", Quantity{1000}}}, {{"a", Quantity{500}}}), Code{});
  EXPECT_EQ(code({}, {{"b", Quantity{1}}}), Code::kReturnTooMuch);
  EXPECT_EQ(code({}, {{"a", Quantity{-1}}}), Code::kOutOfRange);
  EXPECT_EQ(code({{"a", Quantity{-9}}}, {{"a", Quantity{1}}}), Code::kOutOfRange);
  EXPECT_EQ(code({}, {}), Code{});
}

// ---- what a receipt does beside prices ----

struct EffectsTest : testing::Test {
  Program program = *Program::from_json(
      R"({"schema":2,"id":"p","version":1,"purses":[{"id":"points"},{"id":"stamps"}],
          "coupons":[{"id":"ten","prefix":"77","length":10,"check_symbol":true,"valid_days":14},
                     {"id":"free"}],
          "rules":[{"id":"ten","when":{"coupons":["ten"]},"give":{"percent":"10"}},
                   {"id":"stamp","give":{"earn":{"purse":"stamps","per_unit":"1"}}},
                   {"id":"next","when":{"basket":{"amount":{"min":"1"}}},"give":{"coupon":"free"}},
                   {"id":"paid","funded_by":"supplier","stage":"receipt","give":{"amount":"1"}}]})");
  Basket basket() {
    Basket b;
    b.customer.emplace();
    b.lines = {{"1", Money{10'000}, Quantity{3000}, Money{}}};
    b.codes = {"7700000008"};
    return b;
  }
};

TEST_F(EffectsTest, AreOnTheQuote) {
  const auto q = quote(program, basket());
  ASSERT_TRUE(q.effects);
  ASSERT_EQ(q.effects->codes.size(), 1U);
  EXPECT_TRUE(q.effects->codes[0].used);
  EXPECT_EQ(q.effects->codes[0].type, "ten");
  EXPECT_EQ(q.effects->codes[0].uses, 1);
  ASSERT_EQ(q.effects->purses.size(), 1U);
  EXPECT_EQ(q.effects->purses[0].amount, 300);
  ASSERT_EQ(q.effects->handed.size(), 1U);
  EXPECT_EQ(q.effects->handed[0].what, "free");
  ASSERT_EQ(q.effects->rules.size(), 1U);
  EXPECT_EQ(q.effects->rules[0].funded_by, "supplier");
}

TEST_F(EffectsTest, PartsGoBackWholeAndAddUp) {
  const auto sold = quote(program, basket());
  std::int64_t stamps = 0;
  for (std::int64_t n = 0; n < 3; ++n) {
    const auto back = quote_return(sold, {{"1", Quantity{n * 1000}}}, {{"1", Quantity{1000}}});
    ASSERT_TRUE(back && back->effects) << n;
    for (const auto& entry : back->effects->purses) {
      EXPECT_EQ(entry.amount % 100, 0) << "a stamp is whole";
      stamps += entry.amount;
    }
    EXPECT_EQ(back->effects->codes.empty(), n < 2) << "the coupon comes back with the last one";
  }
  EXPECT_EQ(stamps, -300);
}

// Two thirds of the money are not one stamp and a third.
TEST_F(EffectsTest, AStampIsNotCutByPrices) {
  auto b = basket();
  b.lines = {{"1", Money{10'000}, Quantity{1000}, Money{}},
             {"2", Money{5000}, Quantity{1000}, Money{}}};
  const auto sold = quote(program, b);
  const auto back = quote_return(sold, {}, {{"1", Quantity{1000}}});
  ASSERT_TRUE(back && back->effects);
  ASSERT_EQ(back->effects->purses.size(), 1U);
  EXPECT_EQ(back->effects->purses[0].amount, -100);
}

TEST_F(EffectsTest, NewCodesAreOfTheirType) {
  for (std::uint64_t n = 0; n < 200; ++n) {
    auto b = basket();
    b.codes = {coupon_code(program, "ten", n * 7919)};
    ASSERT_EQ(b.codes[0].size(), 10U);
    EXPECT_TRUE(look_at_code(program, b, b.codes[0]).used) << b.codes[0];
  }
  EXPECT_EQ(coupon_code(program, "free", 5).size(), 12U);
  EXPECT_NE(coupon_code(program, "free", 5), coupon_code(program, "free", 6));
  constexpr std::int64_t kDay = 86'400'000'000;
  EXPECT_EQ(coupon_until(program, "ten", 10 * kDay, 0), 24);
  EXPECT_EQ(coupon_until(program, "ten", 10 * kDay - 1, 60), 24) << "the store's midnight";
  EXPECT_EQ(coupon_until(program, "free", 0, 0), INT64_MAX);
}

}  // namespace
}  // namespace till::loyalty
