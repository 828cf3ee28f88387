// Coupons and rules that work a limited number of times.
#include <gtest/gtest.h>

#include "gateway/checkout/desk_fakes.h"

namespace till::checkout {
namespace {

struct CouponTest : DeskTest {
  CouponTest() {
    program = *loyalty::Program::from_json(
        R"({"id":"p","version":8,"redeem":{"max_share":"50"},
            "coupons":[{"id":"ten","prefix":"77","length":10,"check_symbol":true},
                       {"id":"next","prefix":"99","length":12,"valid_days":14}],
            "rules":[{"id":"ten","when":{"coupons":["ten"]},"give":{"percent":"10"}},
                     {"id":"sbp","stage":"receipt","when":{"payments":["sbp"]},
                      "give":{"percent":"50"}},
                     {"id":"give","when":{"basket":{"amount":{"min":"300"}}},
                      "give":{"coupon":"next"}},
                     {"id":"points","give":{"earn":{"percent":"5"}}}]})");
    desk = make();
  }
  const std::string code = "7700000008";
  Code add(const Uuid& id, const std::string& text,
           const std::optional<loyalty::CouponFact>& known = std::nullopt) {
    const auto added = desk->add_code(id, text, known);
    return added ? Code{} : added.error().code;
  }
  Uuid sold_with_coupon() {
    const Uuid id = sale(1);
    EXPECT_EQ(add(id, code), Code{});
    EXPECT_TRUE(pay(id));
    later.run();
    EXPECT_EQ(state(id), State::kCommitted);
    return id;
  }
};

TEST_F(CouponTest, IsHeldUsedOnceAndRefusedInWords) {
  const Uuid first = sold_with_coupon();
  EXPECT_EQ(desk->find(first)->quote->total, (Money{9000}));
  EXPECT_EQ(points.last.coupons, std::vector{code});
  EXPECT_EQ(points.last.points, Points{});
  const Uuid second = sale(1);
  const auto refused = desk->add_code(second, code, std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kCouponRefused);
  EXPECT_EQ(refused.error().detail, code + ": the coupon has been used");
  EXPECT_TRUE(desk->find(second)->circumstances->codes.empty()) << "no partial effect";
}

TEST_F(CouponTest, IsRefusedWhenItIsNoneOrAnothers) {
  const Uuid id = sale(1);
  EXPECT_EQ(add(id, ""), Code::kBadValue);
  EXPECT_EQ(add(id, std::string(65, '7')), Code::kBadValue);
  EXPECT_EQ(add(id, "7700000009"), Code::kCouponRefused);  // mistyped
  EXPECT_EQ(add(id, "nothing"), Code::kCouponRefused);
  EXPECT_EQ(add(id, code, loyalty::CouponFact{code, "ten", 0, INT64_MAX, "another"}),
            Code::kCouponRefused);
  EXPECT_EQ(add(id, code, loyalty::CouponFact{code, "ten", 0, 1}), Code::kCouponRefused);
  EXPECT_EQ(add(id, code), Code{});
  EXPECT_EQ(add(id, code), Code::kCouponRefused);  // twice
  EXPECT_TRUE(desk->remove_code(id, code));
  EXPECT_FALSE(desk->remove_code(id, code));
}

TEST_F(CouponTest, AnotherTillsPaymentComesFirst) {
  const Uuid late = sale(1);
  EXPECT_EQ(add(late, code), Code{});
  const Sale* quoted = *desk->quote(late);
  const auto quote = quoted->quote_id;
  const Uuid early = sale(1);
  EXPECT_EQ(add(early, code), Code{});
  ASSERT_TRUE(pay(early));  // under way, not on paper yet
  const auto paid =
      desk->pay(late, quote, {{Tender::kElectronic, Money{9000}}}, [](const Sale&) {});
  ASSERT_FALSE(paid);
  EXPECT_EQ(paid.error().code, Code::kCouponRefused);
}

TEST_F(CouponTest, CentralsNoMakesTheQuoteStale) {
  const Uuid id = sale(1);
  EXPECT_EQ(add(id, code), Code{});
  points.answer = fail(Code::kCouponRefused, code + ": the coupon has been used");
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(state(id), State::kQuoted);
  EXPECT_EQ(fiscal.receipts, 0);
  points.answer = {};
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(desk->find(id)->quote->total, (Money{10000}));
}

TEST_F(CouponTest, DoesNotWaitForCentral) {
  points.answer = fail(Code::kCentralOffline);
  const Uuid id = sold_with_coupon();
  EXPECT_FALSE(desk->find(id)->attempt.hold.is_nil()) << "it may stand there";
}

TEST_F(CouponTest, ComesBackWithTheWholeReceipt) {
  const Uuid sold = sale(3);
  EXPECT_EQ(add(sold, code), Code{});
  ASSERT_TRUE(pay(sold));
  later.run();
  const auto one = std::map<std::string, Quantity>{{"1", Quantity{1000}}};
  const auto two = std::map<std::string, Quantity>{{"1", Quantity{2000}}};
  const Uuid part = *desk->open_return(TillId{"1"}, "r1", "Ann", sold, one);
  ASSERT_TRUE(pay(part));
  later.run();
  EXPECT_EQ(journal.coupon_uses(code), 1);
  const Uuid rest = *desk->open_return(TillId{"1"}, "r2", "Ann", sold, two);
  ASSERT_TRUE(pay(rest));
  later.run();
  EXPECT_EQ(journal.coupon_uses(code), 0);
  EXPECT_EQ(add(sale(1), code), Code{});
}

TEST_F(CouponTest, IsHandedOutWhenTheReceiptIsOnPaper) {
  const Uuid id = sale(3);
  ASSERT_TRUE(desk->quote(id));
  EXPECT_FALSE(desk->find(id)->issued);
  ASSERT_TRUE(pay(id));
  later.run();
  const auto issued = desk->find(id)->issued.value();
  ASSERT_EQ(issued.size(), 1U);
  EXPECT_TRUE(issued[0].code.starts_with("99"));
  EXPECT_EQ(issued[0].code.size(), 12U);
}

TEST_F(CouponTest, PaysAsItWasAnnounced) {
  const Uuid id = sale(1);
  const Sale* quoted = *desk->quote(id, std::vector{loyalty::Payment{"sbp", {}}});
  EXPECT_EQ(quoted->quote->total, (Money{5000}));
  const auto quote = quoted->quote_id;
  const auto cash = desk->pay(id, quote, {{Tender::kCash, Money{5000}}}, [](const Sale&) {});
  EXPECT_EQ(cash.error().code, Code::kQuoteStale);
  EXPECT_TRUE(desk->pay(id, quote, {{Tender::kElectronic, Money{5000}}}, [](const Sale&) {}));
}

TEST_F(DeskTest, GivesNoTobaccoAway) {
  goods = *goods::Catalogue::from_json(
      R"({"schema":1,"items":[{"code":"1","name":"tea","price":"100.00","tax":11},
          {"code":"cig","name":"pack","price":"200.00","tax":11,"legal":"tobacco"}]})");
  program = *loyalty::Program::from_json(
      R"({"id":"p","version":8,"rules":[{"id":"g","give":{"gift":{"sku":"cig"}}},
          {"id":"h","give":{"gift":{"sku":"1"}}}]})");
  desk = make();
  const Uuid id = sale(1);
  const auto quoted = desk->quote(id);
  ASSERT_TRUE(quoted);
  const auto& quote = *(*quoted)->quote;
  ASSERT_EQ(quote.effects->handed.size(), 1U);
  EXPECT_EQ(quote.effects->handed[0].what, "1");
  EXPECT_TRUE(std::ranges::any_of(quote.why, [](const auto& w) {
    return w.en == "g: cig is not given away: tobacco, by law";
  }));
  // What is read from the journal is worked out again as it was.
  const auto again = loyalty::quote(program, basket_of(**quoted, (*quoted)->quoted_us));
  EXPECT_EQ(again.effects->handed.size(), 1U);
}

struct CapTest : DeskTest {
  CapTest() {
    program = *loyalty::Program::from_json(
        R"({"id":"p","version":8,"rules":[
            {"id":"day","stage":"receipt","limits":[{"per":"store","period":"day","times":2}],
             "give":{"amount":"10"}},
            {"id":"budget","stage":"receipt","limits":[{"per":"program","amount":"25"}],
             "give":{"percent":"10"}},
            {"id":"own","stage":"card","limits":[{"per":"customer","period":"month","times":1}],
             "give":{"amount":"1"}}]})");
    desk = make();
  }
  std::int64_t sold(Uuid* made = nullptr) {
    const Uuid id = sale(1);
    EXPECT_TRUE(pay(id));
    later.run();
    EXPECT_EQ(state(id), State::kCommitted);
    if (made != nullptr) *made = id;
    return desk->find(id)->quote->total.minor;
  }
};

TEST_F(CapTest, WhatTheStoreSoldCountsAlsoAfterARestart) {
  Uuid first;
  EXPECT_EQ(sold(&first), 8000);  // 10, 9 and 1 off
  EXPECT_EQ(sold(), 8100);        // the customer had hers
  desk = make();
  EXPECT_EQ(sold(), 9300) << "the day's two are gone, 7 are left in the budget";
  clock.now += 86'400'000'000;
  EXPECT_EQ(sold(), 9000) << "another day, no budget";
  const Uuid back = *desk->open_return(TillId{"1"}, "r1", "Ann", first, {{"1", Quantity{1000}}});
  ASSERT_TRUE(pay(back));
  later.run();
  EXPECT_EQ(sold(), 8000) << "a return gives back, on the day of its purchase";
  EXPECT_EQ(sold(), 10'000);
}

TEST_F(CapTest, UsesElsewhereComeWithTheCustomer) {
  Identity who{CustomerId{"c"}, "", "", "", "card", Points{}};
  who.profile.emplace().used = {{"budget", "program", "ever", 1, 2000}};
  const Uuid id = sale(1, {}, who);
  EXPECT_EQ((*desk->quote(id))->quote->total, (Money{8400}));  // 10, 5 and 1 off
}

// Central knows whose a card is; without central only the card is known.
TEST_F(CapTest, ACardCountsForItsOwnerAlsoWhileCentralIsAway) {
  program = *loyalty::Program::from_json(
      R"({"id":"p","version":9,"rules":[{"id":"own","stage":"receipt","give":{"amount":"1"},
          "limits":[{"per":"customer","period":"month","times":1}]}]})");
  const auto pays = [this](const char* customer, const char* card) {
    Identity who{CustomerId{customer}, card, "", "", "card", Points{}};
    who.verified = *customer != 0;
    const Uuid id = sale(1, {}, who);
    EXPECT_TRUE(pay(id));
    later.run();
    return desk->find(id)->quote->total.minor;
  };
  EXPECT_EQ(pays("anna", "a1"), 9900);
  EXPECT_EQ(pays("", "a1"), 10'000) << "known from before";
  EXPECT_EQ(pays("", "b1"), 9900);
  EXPECT_EQ(pays("", "b1"), 10'000);
  EXPECT_EQ(pays("bob", "b1"), 10'000) << "it was his card";
  EXPECT_EQ(pays("bob", ""), 10'000) << "and him, by phone";
  EXPECT_EQ(pays("cleo", ""), 9900);
}

// Paid with points once today: not again, and nobody has to ask for it to be told so.
TEST_F(CapTest, PointsAreSpentAsOftenAsTheProgramSays) {
  program = *loyalty::Program::from_json(
      R"({"id":"p","version":9,"redeem":{"max_share":"50"},
          "velocity":{"redemption":[{"period":"day","times":1}],"earning":[{"times":2}]},
          "rules":[{"id":"points","give":{"earn":{"percent":"5"}}}]})");
  const auto pays = [this](Points redeem) {
    const Uuid id = sale(1, redeem);
    EXPECT_TRUE(pay(id));
    later.run();
    EXPECT_EQ(state(id), State::kCommitted);
    return *desk->find(id)->quote;
  };
  EXPECT_EQ(pays({}).redeemable, Points{5000});
  EXPECT_EQ(pays({1000}).redeemed, Points{1000});
  const auto third = pays({1000});
  EXPECT_EQ(third.redeemed, Points{});
  EXPECT_EQ(third.redeemable, Points{});
  EXPECT_EQ(third.accrued, Points{}) << "two a day earn";
  clock.now += 86'400'000'000;
  const auto next_day = pays({1000});
  EXPECT_EQ(next_day.redeemed, Points{1000});
  EXPECT_EQ(next_day.accrued, Points{450});
}

TEST_F(CapTest, WhatIsBeingPaidCounts) {
  sold();
  const Uuid late = sale(1), early = sale(1);
  const Sale* quoted = *desk->quote(late);
  EXPECT_EQ(quoted->quote->total, (Money{8100}));
  const auto quote = quoted->quote_id;
  ASSERT_TRUE(pay(early));  // under way
  const auto paid =
      desk->pay(late, quote, {{Tender::kElectronic, Money{8100}}}, [](const Sale&) {});
  ASSERT_FALSE(paid);
  EXPECT_EQ(paid.error().code, Code::kQuoteStale);
  EXPECT_EQ((*desk->quote(late))->quote->total, (Money{9300}));
  ASSERT_TRUE(pay(late));
  later.run();
  EXPECT_EQ(state(late), State::kCommitted);
  // What it was worked out with stays with it.
  const auto again =
      loyalty::quote(program, basket_of(*desk->find(late), desk->find(late)->quoted_us));
  EXPECT_EQ(again.total, (Money{9300}));
}

TEST_F(CapTest, PartsOfAReceiptGiveBackTheirMoney) {
  const Uuid id = sale(3);
  ASSERT_TRUE(pay(id));  // 10, 25 of 29 and 1 off
  later.run();
  EXPECT_EQ(journal.rule_uses("budget", "", 0).amount, 2500);
  const Uuid part = *desk->open_return(TillId{"1"}, "r1", "Ann", id, {{"1", Quantity{1000}}});
  ASSERT_TRUE(pay(part));
  later.run();
  EXPECT_EQ(journal.rule_uses("budget", "", 0).amount, 1667);
  EXPECT_EQ(journal.rule_uses("budget", "c", 0).times, 1);
  const Uuid rest = *desk->open_return(TillId{"1"}, "r2", "Ann", id, {{"1", Quantity{2000}}});
  ASSERT_TRUE(pay(rest));
  later.run();
  EXPECT_EQ(journal.rule_uses("budget", "", 0).amount, 0);
  EXPECT_EQ(journal.rule_uses("budget", "c", 0).times, 0);
}

}  // namespace
}  // namespace till::checkout
