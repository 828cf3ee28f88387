#include "central/ledger/ledger.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "central/ledger/limits.h"
#include "central/ledger/test_ledger.h"
#include "gateway/base/log.h"
#include "gateway/loyalty/accounts.h"

namespace till::central {
namespace {

// Not a line for every overdraft; the whole program's log, opened once.
[[maybe_unused]] const bool kQuiet = (open_log("", LogLevel::kError), true);

TEST_F(World, PostsACauseOnceForEver) {
  ledger.credit({anna}, Points{500}, Kind::kAccrue, cause(1));
  ledger.credit({anna}, Points{500}, Kind::kAccrue, cause(1));
  ledger.debit({anna}, Points{200}, Kind::kRedeem, cause(2));
  ledger.credit({anna}, Points{300}, Kind::kAccrue, cause(3));
  ledger.debit({anna}, Points{200}, Kind::kRedeem, cause(2));
  EXPECT_EQ(ledger.balance({anna}), Points{600});
  EXPECT_TRUE(ledger.prove().empty());
}

TEST_F(World, TakesFromTheOldestLotFirstButFromTheSaleThatIsReturned) {
  ledger.credit({anna}, Points{100}, Kind::kAccrue, cause(1));
  ledger.credit({anna}, Points{100}, Kind::kAccrue, cause(2));
  ledger.debit({anna}, Points{30}, Kind::kRedeem, cause(3));
  ledger.debit({anna}, Points{100}, Kind::kReturnAccrued, cause(4), test_id(2, 1));
  auto lots = db.query("SELECT remaining FROM lots ORDER BY issued_at");
  ASSERT_TRUE(lots.next());
  EXPECT_EQ(lots.integer(0), 70);
  ASSERT_TRUE(lots.next());
  EXPECT_EQ(lots.integer(0), 0);
}

TEST_F(World, AnOverdraftIsANamedDebtThatTheNextPointsPay) {
  ledger.credit({anna}, Points{100}, Kind::kAccrue, cause(1));
  ledger.debit({anna}, Points{250}, Kind::kRedeem, cause(2));
  EXPECT_EQ(ledger.balance({anna}), Points{-150});
  EXPECT_EQ(count("SELECT outstanding FROM debts"), 150);
  EXPECT_EQ(count("SELECT count(*) FROM alarms WHERE code=6003"), 1);
  ledger.credit({anna}, Points{40}, Kind::kAccrue, cause(3));
  EXPECT_EQ(count("SELECT outstanding FROM debts"), 110);
  ledger.credit({anna}, Points{200}, Kind::kAccrue, cause(4));
  EXPECT_EQ(count("SELECT outstanding FROM debts"), 0);
  EXPECT_EQ(ledger.balance({anna}), Points{90});
  EXPECT_TRUE(ledger.prove().empty());
}

TEST_F(World, TheProofFindsAChangedBalanceAPostingAndALot) {
  ledger.credit({anna}, Points{100}, Kind::kAccrue, cause(1));
  ASSERT_TRUE(ledger.prove().empty());
  for (const char* damage :
       {"UPDATE accounts SET balance=balance+1", "UPDATE postings SET points=points+1",
        "UPDATE lots SET remaining=remaining-1", "DELETE FROM accounts"}) {
    db.exec("SAVEPOINT damage");
    db.exec(damage);
    const auto found = ledger.prove();
    ASSERT_EQ(found.size(), 1U) << damage;
    EXPECT_EQ(found[0].customer, anna);
    db.exec("ROLLBACK TO damage");
    db.exec("RELEASE damage");
  }
}

TEST_F(World, HoldsKeepPointsFromOthers) {
  ledger.credit({anna}, Points{500}, Kind::kGrant, cause(1));
  EXPECT_EQ(grant(1, 400, shop), Code{});
  EXPECT_EQ(grant(1, 400, shop), Code{}) << "the same again";
  EXPECT_EQ(grant(1, 300, shop), Code::kHoldConflict);
  EXPECT_EQ(grant(2, 200, other), Code::kPointsNotEnough);
  EXPECT_EQ(holds.available(anna, other), Points{100});
  EXPECT_EQ(release(1, other), Code{}) << "another store's id is another id";
  EXPECT_EQ(holds.available(anna, other), Points{100});
  EXPECT_EQ(release(1, shop), Code{});
  EXPECT_EQ(release(1, shop), Code{});
  EXPECT_EQ(grant(2, 200, other), Code{});
  EXPECT_EQ(grant(1, 100, shop), Code::kHoldDead);
  EXPECT_EQ(grant(3, 0, shop), Code::kOutOfRange);
  EXPECT_EQ(grant(3, 1, shop, 0), Code::kOutOfRange);
}

TEST_F(World, AReleaseThatOvertakesItsHoldKillsTheId) {
  ledger.credit({anna}, Points{500}, Kind::kGrant, cause(1));
  EXPECT_EQ(release(7, shop), Code{});
  EXPECT_EQ(grant(7, 100, shop), Code::kHoldDead);
  EXPECT_EQ(holds.available(anna, shop), Points{500});
}

TEST_F(World, AHoldEndsByItselfAndTheLatePostWins) {
  ledger.credit({anna}, Points{500}, Kind::kGrant, cause(1));
  EXPECT_EQ(grant(1, 500, shop, 1000), Code{});
  clock.now += 1000;
  EXPECT_EQ(holds.available(anna, other), Points{500});
  EXPECT_EQ(grant(2, 400, other, 1000), Code{});
  EXPECT_EQ(grant(1, 500, shop, 1000), Code::kHoldDead);
  auto spent = test_sale(2, "anna", 0, 400);
  spent.hold = test_id(2, 3);
  EXPECT_EQ(tell(spent, other), Code{});
  auto late = test_sale(1, "anna", 0, 500);
  late.hold = test_id(1, 3);
  EXPECT_EQ(tell(late, shop), Code{});
  EXPECT_EQ(ledger.balance({anna}), Points{-400});
  EXPECT_EQ(count("SELECT outstanding FROM debts"), 400);
  EXPECT_EQ(count("SELECT count(*) FROM alarms WHERE code=7010"), 1);
  EXPECT_EQ(count("SELECT count(*) FROM holds WHERE state='posted'"), 2);
  EXPECT_EQ(release(1, shop), Code::kHoldConflict);
  EXPECT_TRUE(ledger.prove().empty());
}

TEST_F(World, AnAllowanceIsGrantedAheadAndIsTheStoresOwnToSpend) {
  ledger.credit({anna}, Points{500}, Kind::kGrant, cause(1));
  const auto allowance = holds.allow(anna, shop);
  ASSERT_TRUE(allowance);
  EXPECT_EQ(allowance->points, Points{500});
  EXPECT_EQ(holds.available(anna, other), Points{});
  EXPECT_EQ(holds.available(anna, shop), Points{500});
  EXPECT_FALSE(holds.allow(anna, other));
  EXPECT_EQ(grant(1, 300, shop), Code{});
  EXPECT_EQ(holds.allowance(anna, shop)->points, Points{200}) << "what is held comes out of it";
  EXPECT_EQ(holds.allow(anna, shop)->id, allowance->id) << "one at a time";
  auto offline = test_sale(2, "anna", 0, 200);
  offline.hold = allowance->id;
  EXPECT_EQ(tell(offline, shop), Code{});
  EXPECT_FALSE(holds.allowance(anna, shop));
  EXPECT_EQ(ledger.balance({anna}), Points{300});
  EXPECT_EQ(count("SELECT count(*) FROM alarms"), 0);
}

TEST_F(World, AnAllowanceHasACapAndATime) {
  ledger.credit({anna}, Points{5'000'000}, Kind::kGrant, cause(1));
  EXPECT_EQ(holds.allow(anna, shop)->points, AllowanceRules{}.cap);
  clock.now += AllowanceRules{}.ttl_us;
  EXPECT_FALSE(holds.allowance(anna, shop));
  EXPECT_EQ(holds.available(anna, other), Points{5'000'000});
}

TEST_F(World, AReturnTakesBackAndGivesBack) {
  ledger.credit({anna}, Points{300}, Kind::kGrant, cause(1));
  auto sold = test_sale(2, "anna", 50, 200);
  EXPECT_EQ(tell(sold, shop), Code{});
  EXPECT_EQ(ledger.balance({anna}), Points{150});
  auto back = test_sale(3, "", 50, 200);  // the receipt alone: central knows whose it was
  back.is_return = true;
  back.returned_sale = sold.key.sale;
  EXPECT_EQ(tell(back, shop), Code{});
  EXPECT_EQ(ledger.balance({anna}), Points{300});
  EXPECT_EQ(count("SELECT sum(points) FROM postings WHERE kind='return_accrued'"), -50);
  EXPECT_EQ(count("SELECT sum(points) FROM postings WHERE kind='return_redeemed'"), 200);
  EXPECT_TRUE(ledger.prove().empty());
}

TEST_F(World, OneKeyIsOneSale) {
  const auto sale = test_sale(1, "anna", 70);
  EXPECT_EQ(tell(sale, shop), Code{});
  EXPECT_EQ(tell(sale, shop), Code{});
  EXPECT_EQ(ledger.balance({anna}), Points{70});
  auto changed = sale;
  changed.accrued = {700};
  EXPECT_EQ(tell(changed, shop), Code::kKeyConflict);
  EXPECT_EQ(tell(sale, other), Code::kStoreMismatch);
  EXPECT_EQ(ledger.balance({anna}), Points{70});
}

// Three lots of one receipt, each with its own end; a return takes of them first.
TEST_F(World, PointsOfARuleAreALotOfTheirOwn) {
  auto sale = test_sale(1, "anna", 70);
  const auto day = 86'400'000'000;
  sale.at = clock.now;
  sale.lots = {{"promise", {30}, 0, 7, ""}, {"waits", {10}, 2, 0, ""}};
  EXPECT_EQ(tell(sale, shop), Code{});
  EXPECT_EQ(tell(sale, shop), Code{});
  EXPECT_EQ(ledger.balance({anna}), Points{70});
  EXPECT_EQ(ledger.standing({anna}).available, Points{60});
  EXPECT_EQ(ledger.standing({anna}).pending, Points{10});
  EXPECT_EQ(ledger.standing({anna}).expiring, Points{30});
  auto back = test_sale(2, "anna", 35);
  back.at = clock.now;
  back.is_return = true;
  back.returned_sale = sale.key.sale;
  EXPECT_EQ(tell(back, shop), Code{});
  EXPECT_EQ(ledger.balance({anna}), Points{35});
  clock.now += 8 * day;
  ledger.expire();
  EXPECT_EQ(ledger.standing({anna}).available, Points{35});
  EXPECT_TRUE(ledger.prove().empty());
  for (const std::vector<wire::PointsLot>& wrong :
       std::vector<std::vector<wire::PointsLot>>{{{"a", {71}}},
                                                 {{"a", {-1}}},
                                                 {{"a", {1}}, {"a", {1}}},
                                                 {{"a", {1}, 0, 40'000}},
                                                 {{"a", {1}, 0, 1, "week"}}}) {
    auto bad = test_sale(3, "anna", 70);
    bad.lots = wrong;
    EXPECT_EQ(tell(bad, shop), Code::kOutOfRange);
  }
}

TEST_F(World, FactsThatCanNotBeBookedAreNamed) {
  EXPECT_EQ(tell(test_sale(1, "", 70), shop), Code::kNoCustomer);
  EXPECT_EQ(tell(test_sale(2, "anna", -1), shop), Code::kOutOfRange);
  EXPECT_EQ(tell(test_sale(3, std::string(300, 'x'), 1), shop), Code::kTooLarge);
  EXPECT_EQ(tell(test_sale(4, "an\nna", 1), shop), Code::kBadValue);
  EXPECT_EQ(tell(wire::SaleFact{}, shop), Code::kMissingField);
  EXPECT_EQ(count("SELECT count(*) FROM sales"), 0);
}

TEST_F(World, AnUnknownCardEarnsAndIsItsOwnersOnceEnrolled) {
  auto sale = test_sale(1, "", 70);
  sale.card_hash = "cafe";
  EXPECT_EQ(tell(sale, shop), Code{});
  sale = test_sale(2, "", 30);
  sale.card_hash = "cafe";
  EXPECT_EQ(tell(sale, shop), Code{});
  const Store store{shop, "chain"};
  EXPECT_EQ(central.directory.find(store, {"cafe", "", false}).error().code, Code::kUnknownCard);
  const auto id = central.directory.enrol(store, {"12", "cafe", "gold", "9912345678"});
  ASSERT_TRUE(id);
  EXPECT_TRUE(id->fresh);
  EXPECT_EQ(ledger.balance({id->id}), Points{100});
  const auto found = central.directory.find(store, {"", "12", false});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, id->id);
  EXPECT_EQ(found->label, "••••5678");
  EXPECT_FALSE(central.directory.find({shop, "another"}, {"cafe", "", false}));
}

// ---- the coupon book ----

struct CouponWorld : World {
  void SetUp() override {
    World::SetUp();
    db.run(
        "INSERT INTO programs VALUES (NULL,'p',1,'{\"schema\":2,\"id\":\"p\",\"version\":1,"
        "\"coupons\":[{\"id\":\"ten\",\"prefix\":\"77\",\"length\":10}],\"rules\":[{\"id\":\"r\","
        "\"when\":{\"coupons\":[\"ten\"]},\"give\":{\"percent\":\"10\"}}]}',0)");
  }
  Code reserve(std::uint32_t id, const StoreId& by, const std::string& code = "7700000008") {
    const auto done = holds.grant(by, {test_id(id, 3), {}, {}, {test_id(id, 1), 1}, 1000, {code}});
    return done ? Code{} : done.error().code;
  }
  wire::SaleFact sale_with_coupon(std::uint32_t n) {
    auto fact = test_sale(n, "anna", 0);
    fact.coupons = {{"7700000008", "ten", 0, INT64_MAX, ""}};
    return fact;
  }
};

TEST_F(CouponWorld, OneStoreHasItUntilItsPaymentEnds) {
  EXPECT_EQ(reserve(1, shop), Code{});
  EXPECT_EQ(reserve(1, shop), Code{}) << "the same again";
  EXPECT_EQ(reserve(2, other), Code::kCouponRefused);
  EXPECT_EQ(release(1, shop), Code{});
  EXPECT_EQ(reserve(3, other), Code{});
  clock.now += 2000;  // the hold expires
  EXPECT_EQ(reserve(4, shop), Code{});
}

TEST_F(CouponWorld, IsUsedByItsReceiptAndBackWithTheReturn) {
  EXPECT_EQ(tell(sale_with_coupon(1), shop), Code{});
  EXPECT_EQ(reserve(2, other), Code::kCouponRefused);
  EXPECT_EQ(central.coupons.look_up("7700000008", other).used, 1);
  EXPECT_EQ(central.coupons.look_up("7700000008", shop).used, 0) << "it knows its own";
  auto back = sale_with_coupon(2);
  back.is_return = back.whole = true;
  back.returned_sale = test_id(1, 1);
  EXPECT_EQ(tell(back, shop), Code{});
  EXPECT_EQ(reserve(3, other), Code{});
}

TEST_F(CouponWorld, ASecondUseOnPaperIsNamedAndNotRefused) {
  EXPECT_EQ(tell(sale_with_coupon(1), shop), Code{});
  EXPECT_EQ(count("SELECT count(*) FROM alarms WHERE code=6006"), 0);
  EXPECT_EQ(tell(sale_with_coupon(2), shop), Code{});
  EXPECT_EQ(count("SELECT count(*) FROM alarms WHERE code=6006"), 1);
}

// ---- lots that begin and end ----

struct LotWorld : World {
  static constexpr std::int64_t kDay = 86'400'000'000;
  void credit(std::uint32_t n, std::int64_t points, std::int64_t from, std::int64_t until) {
    ledger.credit({anna}, Points{points}, Kind::kAccrue, {shop, {test_id(n, 1), 1}, clock.now},
                  {from, until});
  }
};

TEST_F(LotWorld, WhatExpiresFirstIsSpentFirst) {
  credit(1, 100, 0, INT64_MAX);
  credit(2, 100, 0, clock.now + 20 * kDay);
  credit(3, 100, 0, clock.now + 10 * kDay);
  credit(4, 100, clock.now + kDay, INT64_MAX);
  EXPECT_EQ(ledger.standing({anna}).available, Points{300});
  EXPECT_EQ(ledger.standing({anna}).pending, Points{100});
  EXPECT_EQ(ledger.standing({anna}).expiring, Points{100});
  ledger.debit({anna}, Points{150}, Kind::kRedeem, cause(5));
  auto lots = db.query("SELECT remaining FROM lots ORDER BY expires IS NULL, expires, rowid");
  for (const std::int64_t left : {0, 50, 100, 100}) {
    ASSERT_TRUE(lots.next());
    EXPECT_EQ(lots.integer(0), left);
  }
}

TEST_F(LotWorld, WhatIsNotSpentInTimeIsPostedOff) {
  credit(1, 100, 0, clock.now + kDay);
  EXPECT_EQ(grant(2, 40, shop, 3 * kDay), Code{});
  clock.now += 2 * kDay;
  holds.expire();
  EXPECT_EQ(ledger.balance({anna}), Points{40}) << "what is held does not expire";
  auto fact = test_sale(2, "anna", 0, 40);
  fact.hold = test_id(2, 3);
  EXPECT_EQ(tell(fact, shop), Code{});
  EXPECT_EQ(ledger.balance({anna}), Points{});
  EXPECT_EQ(count("SELECT count(*) FROM debts"), 0);
  EXPECT_EQ(count("SELECT sum(points) FROM postings WHERE kind='expire'"), -60);
  EXPECT_TRUE(ledger.prove().empty());
}

// Earned points that are gone when the goods come back, as the program says.
TEST_F(LotWorld, WhatIsSpentAlreadyIsOwedOrForgiven) {
  for (const bool forgive : {false, true}) {
    const std::uint32_t n = forgive ? 20 : 10;
    if (forgive) {
      db.run("INSERT INTO programs VALUES (NULL,'p',2,?,0)",
             R"({"id":"p","version":2,"returns":{"if_spent":"forgive"}})");
    }
    EXPECT_EQ(tell(test_sale(n, "anna", 100), shop), Code{});
    EXPECT_EQ(tell(test_sale(n + 1, "anna", 0, 70), shop), Code{});
    auto back = test_sale(n + 2, "anna", 100);
    back.is_return = true;
    back.returned_sale = test_id(n, 1);
    EXPECT_EQ(tell(back, shop), Code{});
    EXPECT_EQ(ledger.balance({anna}), Points{forgive ? 0 : -70});
    EXPECT_EQ(count("SELECT coalesce(sum(outstanding), 0) FROM debts"), forgive ? 0 : 70);
    EXPECT_TRUE(ledger.prove().empty());
    credit(n + 3, 70, 0, INT64_MAX);  // pays what is owed
    EXPECT_EQ(ledger.balance({anna}), Points{forgive ? 70 : 0});
  }
}

TEST_F(LotWorld, AReturnGoesToTheLotsItWasTakenFrom) {
  credit(1, 100, 0, clock.now + kDay);
  credit(2, 100, 0, INT64_MAX);
  EXPECT_EQ(tell(test_sale(3, "anna", 0, 150), shop), Code{});
  clock.now += 2 * kDay;
  auto back = test_sale(4, "anna", 0, 120);
  back.is_return = true;
  back.returned_sale = test_id(3, 1);
  EXPECT_EQ(tell(back, shop), Code{});
  EXPECT_EQ(count("SELECT remaining FROM lots WHERE expires IS NULL"), 100) << "the last first";
  EXPECT_EQ(count("SELECT remaining FROM lots WHERE expires IS NOT NULL"), 70);
  EXPECT_EQ(ledger.standing({anna}).available, Points{170}) << "with a grace";
  clock.now += 14 * kDay;
  holds.expire();
  EXPECT_EQ(ledger.balance({anna}), Points{100});
  EXPECT_TRUE(ledger.prove().empty());
}

TEST_F(LotWorld, StampsAndOtherAccountsHaveTheirOwnPostings) {
  auto fact = test_sale(1, "anna", 10);
  fact.purses = {
      {"stamps", "", 300, "a"}, {"stamps", "", 200, "b"}, {"points", "cashier", 50, "c"}};
  fact.cashier = "cafe";
  EXPECT_EQ(tell(fact, shop), Code{});
  EXPECT_EQ(ledger.balance({anna, "stamps"}), Points{500});
  EXPECT_EQ(ledger.balance({anna}), Points{10});
  EXPECT_EQ(ledger.balance({{"cashier:cafe"}}), Points{50});
  auto spent = test_sale(2, "anna", 0);
  spent.purses = {{"stamps", "", -600, "d"}};
  EXPECT_EQ(tell(spent, shop), Code{});
  EXPECT_EQ(count("SELECT outstanding FROM debts WHERE unit='stamps'"), 100);
  EXPECT_TRUE(ledger.prove().empty());
}

TEST_F(World, HistoryFollowsTheReceipts) {
  EXPECT_EQ(tell(test_sale(1, "anna", 0), shop), Code{});
  EXPECT_EQ(tell(test_sale(2, "anna", 0), shop), Code{});
  auto profile = central.profiles.of(anna);
  EXPECT_EQ(profile.counters["purchases"], 2);
  EXPECT_EQ(profile.counters["spent"], 20'000);
  auto back = test_sale(3, "anna", 0);
  back.is_return = back.whole = true;
  back.returned_sale = test_id(2, 1);
  EXPECT_EQ(tell(back, shop), Code{});
  profile = central.profiles.of(anna);
  EXPECT_EQ(profile.counters["purchases"], 1);
  EXPECT_EQ(profile.counters["spent"], 10'000);
  EXPECT_TRUE(profile.dates.contains("last_purchase"));
  auto tobacco = test_sale(4, "anna", 0);
  tobacco.lines = {{"milk", Quantity{1000}, 4'000, 0, 0, 4'000, {}, {}},
                   {"tobacco", Quantity{1000}, 6'000, 0, 0, 6'000, {}, {}, true}};
  EXPECT_EQ(tell(tobacco, shop), Code{});
  EXPECT_EQ(central.profiles.of(anna).counters["spent"], 14'000) << "as this_receipt_too has it";
  tobacco.key.sale = test_id(2, 5);
  tobacco.is_return = true;
  tobacco.returned_sale = test_id(2, 4);
  EXPECT_EQ(tell(tobacco, shop), Code{});
  EXPECT_EQ(central.profiles.of(anna).counters["spent"], 10'000);
}

TEST_F(World, ALevelFallsOnceAWindow) {
  constexpr std::int64_t kDayUs = 86'400'000'000;
  const auto body = R"({"id":"t","version":1,"tiers":{"by":"spent","window_days":10,
      "downgrade":"one_down","steps":[{"id":"base","from":"0"},{"id":"silver","from":"250"},
      {"id":"gold","from":"350"}]}})";
  central.db.run("INSERT INTO programs VALUES (NULL,'t',1,?,0)", body);
  const auto level = [&] { return central.profiles.of(anna).tier; };
  unsigned n = 1;
  const auto buy = [&] {
    auto fact = test_sale(n++, "anna", 0);  // 100.00 each
    fact.at = clock.now;
    EXPECT_EQ(tell(fact, shop), Code{});
  };
  for (int i = 0; i < 4; ++i) buy();
  EXPECT_EQ(level(), "gold");
  const auto since = central.profiles.of(anna).dates["tier"];
  for (int i = 0; i < 3; ++i) {  // little by little: the window holds less and less
    clock.now += 3 * kDayUs;
    buy();
    EXPECT_EQ(level(), "gold") << "the window is not over";
  }
  clock.now += 3 * kDayUs;  // day 12: the last 10 days hold 400
  buy();
  EXPECT_EQ(level(), "gold") << "and it was kept, so a new window begins";
  EXPECT_EQ(central.profiles.of(anna).dates["tier"], since + 12);
  clock.now += 11 * kDayUs;
  buy();
  EXPECT_EQ(level(), "silver") << "one down";
  buy();
  EXPECT_EQ(level(), "silver") << "not at each receipt";
  clock.now += 11 * kDayUs;
  buy();
  EXPECT_EQ(level(), "base");
}

TEST_F(World, TwoCustomersWereOneAndCanPart) {
  const Store store{shop, "chain"};
  const auto first = central.directory.enrol(store, {"12", "", "", ""})->id;
  const auto second = central.directory.enrol(store, {"", "ab", "", ""})->id;
  ledger.credit({first}, Points{100}, Kind::kGrant, cause(1));
  ledger.credit({second}, Points{300}, Kind::kGrant, cause(2));
  ledger.credit({second, "stamps"}, Points{500}, Kind::kAccrue, cause(3));
  ledger.debit({second, "tokens"}, Points{7}, Kind::kRedeem, cause(4));
  EXPECT_EQ(tell(test_sale(5, second.value, 0), shop), Code{});
  ASSERT_TRUE(central.merges.merge("m", first, second));
  EXPECT_TRUE(central.merges.merge("m", first, second)) << "once";
  EXPECT_EQ(central.merges.merge("m", second, first).error().code, Code::kKeyConflict);
  EXPECT_EQ(central.merges.merge("n", first, first).error().code, Code::kBadValue);
  EXPECT_EQ(ledger.balance({first}), Points{400});
  EXPECT_EQ(ledger.balance({second}), Points{});
  EXPECT_EQ(ledger.balance({first, "stamps"}), Points{500});
  EXPECT_EQ(ledger.balance({first, "tokens"}), Points{-7});
  EXPECT_EQ(central.directory.find(store, {"ab", "", false})->id, first);
  EXPECT_EQ(central.profiles.of(first).counters["purchases"], 1);
  EXPECT_EQ(tell(test_sale(6, second.value, 50), shop), Code{}) << "a store did not know yet";
  EXPECT_EQ(ledger.balance({first}), Points{450});
  ledger.debit({first}, Points{150}, Kind::kRedeem, cause(7));
  EXPECT_TRUE(ledger.prove().empty());
  ASSERT_TRUE(central.merges.split("m"));
  EXPECT_TRUE(central.merges.split("m"));
  EXPECT_EQ(central.merges.split("none").error().code, Code::kNotFound);
  EXPECT_EQ(ledger.balance({first}) + ledger.balance({second}), Points{300});
  EXPECT_EQ(ledger.balance({second}), Points{250}) << "what is left of her lot";
  EXPECT_EQ(central.directory.find(store, {"ab", "", false})->id, second);
  EXPECT_TRUE(ledger.prove().empty());
}

TEST_F(World, ACardIsReplacedAndBlocked) {
  const Store store{shop, "chain"};
  const auto id = central.directory.enrol(store, {"", "ab", "", ""})->id;
  EXPECT_EQ(central.directory.replace_card("chain", "no", "cd").error().code, Code::kUnknownCard);
  EXPECT_EQ(central.directory.replace_card("chain", "ab", "cd"), id);
  EXPECT_EQ(central.directory.find(store, {"cd", "", false})->id, id);
  EXPECT_EQ(central.directory.find(store, {"ab", "", false}).error().code, Code::kCardBlocked);
  auto late = test_sale(1, "", 40);
  late.card_hash = "ab";  // a store that was cut off
  EXPECT_EQ(tell(late, shop), Code{});
  EXPECT_EQ(ledger.balance({id}), Points{40});
  EXPECT_TRUE(central.directory.block(id, true));
  EXPECT_TRUE(central.directory.record(id)->blocked);
  EXPECT_TRUE(central.directory.block(id, false));
  EXPECT_FALSE(central.directory.record(id)->blocked);
  EXPECT_EQ(central.directory.block({"nobody"}, true).error().code, Code::kUnknownCard);
}

// The database does what the pure accounts do (gateway/loyalty/accounts.h), whatever happens.
RC_GTEST_PROP(Ledger, IsTheAccountOfTheRules, ()) {
  constexpr std::int64_t kDay = 86'400'000'000;
  TestClock clock;
  TestRandom random;
  Central central(":memory:", clock, random);
  const CustomerId id{"anna"};
  const StoreId store{"s"};
  loyalty::Account account;
  const auto steps = *rc::gen::resize(
      40, rc::gen::container<std::vector<std::tuple<int, int, int>>>(rc::gen::tuple(
              rc::gen::inRange(0, 7), rc::gen::inRange(1, 500), rc::gen::inRange(0, 5))));
  std::uint32_t n = 0;
  std::vector<std::pair<std::uint32_t, std::int64_t>> credits, sales, open;
  for (const auto& [what, points, day] : steps) {
    const auto key = std::to_string(++n);
    const AttemptKey sale{test_id(n, 1), 1};
    const HoldId hold{store, test_id(n, 3)};
    if (what == 0) {
      const Terms terms{day % 2 == 0 ? 0 : clock.now + day * kDay,
                        day == 0 ? INT64_MAX : clock.now + (day + 5) * kDay};
      central.ledger.credit({id}, Points{points}, Kind::kAccrue, {store, sale, clock.now}, terms);
      RC_ASSERT(account.credit({key, points, terms.active_from, terms.expires, ""}).has_value());
      credits.emplace_back(n, points);
    } else if (what == 1) {
      const auto granted =
          central.holds.grant(store, {hold.id, id, Points{points}, sale, (day + 1) * kDay, {}});
      const auto held = account.hold(key, points, clock.now, (day + 1) * kDay);
      RC_ASSERT(granted.has_value() == held.has_value());
      if (held) open.emplace_back(n, points);
    } else if (what == 2 && !open.empty()) {
      const auto [which, most] = open.back();
      open.pop_back();
      const auto part = std::min<std::int64_t>(points, most);
      auto fact = test_sale(which, "anna", 0, part);
      fact.hold = test_id(which, 3);
      fact.at = clock.now;
      RC_ASSERT(central.facts.apply(wire::encode(wire::Fact(fact)), {store, "chain"}, {1, 1})
                    .has_value());
      RC_ASSERT(
          account.fact(std::to_string(which), std::to_string(which), part, clock.now).has_value());
      sales.emplace_back(which, part);
    } else if (what == 3 && !open.empty()) {
      RC_ASSERT(central.holds.release(store, test_id(open.back().first, 3)).has_value());
      RC_ASSERT(account.release(std::to_string(open.back().first), clock.now).has_value());
      open.pop_back();
    } else if (what == 4) {
      central.ledger.debit({id}, Points{points}, Kind::kRedeem, {store, sale, clock.now});
      RC_ASSERT(account.fact(key, "", points, clock.now).has_value());
      sales.emplace_back(n, points);
    } else if (what == 5 && !sales.empty()) {
      const auto [which, taken] = sales.back();
      sales.pop_back();
      const auto part = std::min<std::int64_t>(points, taken);
      central.ledger.give_back({id}, Points{part}, {store, sale, clock.now}, test_id(which, 1),
                               kDay);
      RC_ASSERT(account.give_back(key, std::to_string(which), part, clock.now, kDay).has_value());
    } else if (what == 6 && !credits.empty()) {
      const auto [which, given] = credits.back();
      credits.pop_back();
      const auto part = std::min<std::int64_t>(points, given);
      central.ledger.debit({id}, Points{part}, Kind::kReturnAccrued, {store, sale, clock.now},
                           test_id(which, 1));
      RC_ASSERT(
          account.take_back(key, std::to_string(which), part, clock.now, loyalty::IfSpent::kOwe)
              .has_value());
    }
    clock.now += day * kDay / 2;
    central.holds.expire();
    account.expire(clock.now);
    const auto ours = central.ledger.standing({id});
    const auto theirs = account.standing(clock.now);
    RC_ASSERT(ours.available.units == theirs.available - theirs.owed);
    RC_ASSERT(ours.pending.units == theirs.pending);
    RC_ASSERT(ours.held.units == theirs.held);
    RC_ASSERT(ours.owed.units == theirs.owed);
  }
  RC_ASSERT(central.ledger.prove().empty());
  RC_ASSERT(account.proof());
}

RC_GTEST_PROP(Ledger, AddsUpWhateverHappens, ()) {
  TestClock clock;
  TestRandom random;
  Central central(":memory:", clock, random);
  std::map<std::string, std::int64_t> model;
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int>>>(
      rc::gen::tuple(rc::gen::inRange(0, 5), rc::gen::inRange(0, 3), rc::gen::inRange(0, 1000)));
  std::uint32_t n = 0;
  for (const auto& [what, who, points] : steps) {
    const CustomerId id{std::to_string(who)};
    const Cause cause{{"s"}, {test_id(++n), 1}, clock.now};
    if (what < 2) {
      central.ledger.credit({id}, Points{points}, Kind::kAccrue, cause);
      if (what == 1) central.ledger.credit({id}, Points{points}, Kind::kAccrue, cause);
      model[id.value] += points;
    } else {
      central.ledger.debit({id}, Points{points}, Kind::kRedeem, cause);
      if (what == 4) central.ledger.debit({id}, Points{points}, Kind::kRedeem, cause);
      model[id.value] -= points;
    }
  }
  for (const auto& [id, points] : model) RC_ASSERT(central.ledger.balance({id}).units == points);
  RC_ASSERT(central.ledger.prove().empty());
}

}  // namespace
}  // namespace till::central
