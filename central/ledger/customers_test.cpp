// Enrolment, activation of cards, events beside sales.
#include "central/ledger/test_ledger.h"
#include "protocols/central/chain.h"

namespace till::central {
namespace {

// Enrols as a store does, by what goes over the line.
struct Enrolling : World {
  std::uint32_t number = 0;

  void SetUp() override {
    for (const auto* id : {"shop", "other"}) {
      db.run("INSERT INTO stores VALUES (?1, ?1, 'chain', 0)", id);
    }
  }
  void program(const std::string& body) {
    db.run("INSERT INTO programs VALUES (NULL,'p',1,?,0)",
           R"({"id":"p","version":1,"purses":[{"id":"stamps"}],"rules":[)" + body + "]}");
  }
  CustomerId enrol(const wire::Enrol& who, const StoreId& by) {
    const auto done = central.answers.answer(by, wire::encode(wire::Ask{++number, who}));
    return done ? done->customer.id : CustomerId{};
  }
  Points points(const CustomerId& who) { return ledger.balance({who}); }
};

constexpr const char* kWelcome = R"({"id":"w","on":"enrolment","give":{"earn":{"fixed":"50"}}})";

TEST_F(Enrolling, WelcomePointsComeOnce) {
  program(kWelcome);
  const auto id = enrol({"12", "", "", ""}, shop);
  EXPECT_EQ(points(id), Points{5000});
  EXPECT_EQ(enrol({"12", "ab", "", ""}, other), id);
  EXPECT_EQ(points(id), Points{5000});
  const Store store{shop, "chain"};
  EXPECT_TRUE(central.directory.enrol(store, {"13", "", "", ""}));
  EXPECT_EQ(central.directory.enrol(store, {"13", "ab", "", ""}).error().code, Code::kDuplicate);
  EXPECT_EQ(central.directory.enrol(store, {}).error().code, Code::kMissingField);
}

TEST_F(Enrolling, WhoWasAddedByAPersonIsWelcomedByTheFirstStore) {
  program(kWelcome);
  const auto added = central.directory.enrol({{}, "chain"}, {"", "ab", "", ""});
  EXPECT_EQ(points(added->id), Points{});
  EXPECT_EQ(enrol({"12", "ab", "", ""}, shop), added->id);
  EXPECT_EQ(points(added->id), Points{5000});
}

TEST_F(Enrolling, AWelcomeHasItsOwnConditions) {
  clock.now = 1'779'796'800'000'000;  // 26 May 2026, 15:00 in Moscow, a Tuesday
  program(R"({"id":"may","on":"enrolment","from":"2026-05-01","until":"2026-05-31",
              "give":{"earn":{"fixed":"1"}}},
             {"id":"june","on":"enrolment","from":"2026-06-01","give":{"earn":{"fixed":"2"}}},
             {"id":"gold","on":"enrolment","when":{"card_types":["gold"]},
              "give":{"earn":{"fixed":"4"}}},
             {"id":"here","on":"enrolment","when":{"stores":["shop"]},
              "give":{"earn":{"fixed":"8"}}},
             {"id":"after","on":"enrolment","when":{"time":{"weekdays":["tue"],
              "hours":["15:00","16:00"]}},"give":{"earn":{"fixed":"16"}}},
             {"id":"stamp","on":"enrolment","give":{"earn":{"fixed":"3","purse":"stamps"}}},
             {"id":"partner","on":"enrolment","give":{"earn":{"fixed":"5","to":"bank"}}})");
  EXPECT_EQ(points(enrol({"", "aa", "gold", ""}, shop)), Points{100 + 400 + 800 + 1600});
  const auto plain = enrol({"", "bb", "", ""}, other);
  EXPECT_EQ(points(plain), Points{100 + 1600});
  EXPECT_EQ(ledger.balance({plain, "stamps"}), Points{300});
  EXPECT_EQ(ledger.balance({{"partner:bank"}, "points"}), Points{1000});
  clock.now += 30 * 86'400'000'000;
  EXPECT_EQ(points(enrol({"", "cc", "", ""}, other)), Points{200});
  EXPECT_EQ(enrol({"", "bb", "", ""}, other), plain);  // again, in June: nothing new
  EXPECT_EQ(points(plain), Points{100 + 1600});
  EXPECT_TRUE(ledger.prove().empty());
}

TEST_F(Enrolling, TheLimitsOfAWelcomeCount) {
  program(R"({"id":"first","on":"enrolment","limits":[{"per":"store","times":1}],
              "give":{"earn":{"fixed":"1"}}},
             {"id":"budget","on":"enrolment","limits":[{"per":"program","times":2}],
              "give":{"earn":{"fixed":"10"}}})");
  EXPECT_EQ(points(enrol({"1", "", "", ""}, shop)), Points{1100});
  EXPECT_EQ(points(enrol({"2", "", "", ""}, shop)), Points{1000});
  EXPECT_EQ(points(enrol({"3", "", "", ""}, shop)), Points{});
  EXPECT_EQ(points(enrol({"4", "", "", ""}, other)), Points{100});
}

TEST_F(Enrolling, AFamilyHasSeveralCardsOnOneAccount) {
  const auto mother = enrol({"1", "aa", "", ""}, shop), ivan = enrol({"2", "bb", "", ""}, shop);
  auto& directory = central.directory;
  const Store store{shop, "chain"};
  ASSERT_TRUE(directory.add(mother, "chain", {"", "cc", "", ""}));
  ASSERT_TRUE(directory.add(mother, "chain", {"3", "cc", "", ""})) << "again, and a phone";
  for (const auto& lookup : {wire::Lookup{"aa", "", false}, {"cc", "", false}, {"", "3", false}}) {
    ASSERT_TRUE(directory.find(store, lookup));
    EXPECT_EQ(directory.find(store, lookup)->id, mother);
  }
  const auto taken = directory.add(mother, "chain", {"4", "bb", "", ""});
  EXPECT_EQ(taken.error().code, Code::kDuplicate);
  EXPECT_NE(taken.error().detail.find(ivan.value), std::string::npos);
  EXPECT_FALSE(directory.find(store, {"", "4", false})) << "nothing of it";
  EXPECT_EQ(directory.add(mother, "chain", {}).error().code, Code::kMissingField);
  EXPECT_EQ(directory.add({"nobody"}, "chain", {"", "dd", "", ""}).error().code,
            Code::kUnknownCard);
  ASSERT_TRUE(directory.replace_card("chain", "cc", "ee"));
  EXPECT_EQ(directory.add(ivan, "chain", {"", "cc", "", ""}).error().code, Code::kCardBlocked);
}

struct Activating : Enrolling {
  void SetUp() override {
    Enrolling::SetUp();
    db.run("INSERT INTO programs VALUES (NULL,'p',1,?,0)",
           R"({"id":"p","version":1,"card_types":[{"id":"now"},
               {"id":"silver","sold_as":"card-silver","activation":"sale"},
               {"id":"plain","activation":"first_purchase"},
               {"id":"gold","activation":"registration"},
               {"id":"black","activation":"manual"}],"rules":[]})");
  }
  bool active(const CustomerId& id) { return central.cards.active(*central.directory.record(id)); }
  wire::SaleFact sale(std::uint32_t n, const CustomerId& who, const std::string& goods) {
    auto fact = test_sale(n, who.value, 10000);
    fact.lines.emplace_back().goods = goods;
    return fact;
  }
};

TEST_F(Activating, EveryTypeHasItsScenario) {
  const auto now = enrol({"", "a", "now", ""}, shop), silver = enrol({"", "b", "silver", ""}, shop),
             plain = enrol({"", "c", "plain", ""}, shop), gold = enrol({"", "d", "gold", ""}, shop),
             black = enrol({"", "e", "black", ""}, shop), none = enrol({"", "f", "", ""}, shop);
  const auto all = [&] {
    std::string out;
    for (const auto& id : {now, silver, plain, gold, black, none}) out += active(id) ? '1' : '0';
    return out;
  };
  EXPECT_EQ(all(), "100001");
  EXPECT_EQ(tell(sale(1, silver, "tea"), shop), Code{});
  auto back = sale(2, silver, "card-silver");
  back.is_return = true;
  EXPECT_EQ(tell(back, shop), Code{});
  EXPECT_EQ(tell(sale(3, gold, "card-silver"), shop), Code{});
  EXPECT_EQ(all(), "100001");
  EXPECT_EQ(tell(sale(4, silver, "card-silver"), shop), Code{});
  EXPECT_EQ(tell(sale(5, plain, "tea"), shop), Code{});
  EXPECT_EQ(all(), "111001");
  EXPECT_EQ(enrol({"123", "d", "", ""}, shop), gold);
  EXPECT_EQ(all(), "111101");
  EXPECT_TRUE(central.cards.activate(black));
  EXPECT_EQ(all(), "111111");
  EXPECT_EQ(central.cards.activate({"nobody"}).error().code, Code::kUnknownCard);
}

TEST_F(Activating, UntilThenItsPointsAreShownAndNotSpent) {
  const auto id = enrol({"", "b", "silver", ""}, shop);
  ASSERT_EQ(tell(sale(1, id, "tea"), shop), Code{});
  const auto ask = [&](auto body) {
    return *central.answers.answer(shop, wire::encode(wire::Ask{++number, std::move(body)}));
  };
  const wire::HoldRequest hold{test_id(1, 3), id, Points{500}, {test_id(9, 1), 1}, 1000};
  const auto before = ask(wire::Lookup{"b", "", true});
  EXPECT_TRUE(before.customer.inactive);
  EXPECT_EQ(before.customer.available, Points{10000});
  EXPECT_TRUE(before.customer.allowance.is_nil());
  EXPECT_EQ(ask(hold).code, static_cast<int>(Code::kCardInactive));
  ASSERT_EQ(tell(sale(2, id, "card-silver"), shop), Code{});
  const auto after = ask(wire::Lookup{"b", "", true});
  EXPECT_FALSE(after.customer.inactive);
  EXPECT_FALSE(after.customer.allowance.is_nil());
  EXPECT_EQ(ask(hold).code, 0);
}

TEST_F(Activating, WhatHappenedBeforeAnybodyRegisteredCounts) {
  for (const auto& [n, hash, goods] :
       {std::tuple{1U, "b", "card-silver"}, {2U, "c", "tea"}, {3U, "x", "tea"}}) {
    auto fact = sale(n, {}, goods);
    fact.card_hash = hash;
    ASSERT_EQ(tell(fact, shop), Code{});
  }
  EXPECT_TRUE(active(enrol({"1", "b", "silver", ""}, shop)));
  EXPECT_TRUE(active(enrol({"2", "c", "plain", ""}, shop)));
  EXPECT_FALSE(active(enrol({"3", "x", "silver", ""}, shop)));
}

TEST_F(Activating, OneActiveCardOfMergedCustomersIsEnoughAndOldOnesWere) {
  const auto silver = enrol({"", "b", "silver", ""}, shop), now = enrol({"", "a", "now", ""}, shop);
  ASSERT_TRUE(central.merges.merge("k", silver, now));
  EXPECT_TRUE(active(silver));
  ASSERT_TRUE(central.merges.split("k"));
  EXPECT_FALSE(active(silver));
  db.run("INSERT INTO customers VALUES ('old','silver','card',1,0,'',0)");
  EXPECT_TRUE(active({"old"}));
  ASSERT_TRUE(central.directory.block(silver, true));
  EXPECT_EQ(central.cards.activate(silver).error().code, Code::kCardBlocked);
  ASSERT_TRUE(central.directory.block(silver, false));
  EXPECT_FALSE(active(silver));
}

// ---- events beside sales ----

struct Happening : Enrolling {
  CustomerId anna_;
  const CustomerId olga{"cashier:" + wire::seller_key("shop", "olga")};

  void SetUp() override {
    Enrolling::SetUp();
    program(R"({"id":"visit","on":"visit","give":{"earn":{"fixed":"5","to":"cashier"}}},
               {"id":"guest","on":"tasting","when":{"customer":"known"},
                "limits":[{"per":"customer","times":1}],"give":{"earn":{"fixed":"7"}}},
               {"id":"stamp","on":"tasting","when":{"stores":["shop"]},
                "give":{"earn":{"fixed":"3","purse":"stamps","to":"cashier"}}})");
    anna_ = enrol({"1", "aa", "", ""}, shop);
  }
  std::string told(const std::string& key, const std::string& what, const std::string& who,
                   const std::string& seller, const StoreId& where = {"shop"}) {
    const auto done = central.events.told(key, {what, who, seller, where, "", clock.now});
    return done ? boost::json::serialize(*done) : code_name(done.error().code);
  }
};

TEST_F(Happening, GivesSellersAndCustomersWhatTheRulesSay) {
  const auto seen = told("k1", "visit", "", "olga");
  EXPECT_EQ(points(olga), Points{500});
  EXPECT_EQ(seen, told("k1", "visit", "", "olga")) << "the same again";
  EXPECT_EQ(points(olga), Points{500});
  told("k2", "visit", "", "olga");
  EXPECT_EQ(points(olga), Points{1000});
  told("k3", "tasting", anna_.value, "olga", shop);
  told("k4", "tasting", anna_.value, "olga", other);  // her limit is used up, and it is elsewhere
  EXPECT_EQ(points(anna_), Points{700});
  EXPECT_EQ(ledger.balance({olga, "stamps"}), Points{300});
  told("k5", "tasting", "", "olga", other);  // nobody known came
  EXPECT_EQ(points(anna_), Points{700});
  EXPECT_EQ(count("SELECT count(*) FROM events"), 5 + 1) << "and her enrolment";
  EXPECT_EQ(count("SELECT count(*) FROM postings WHERE kind='event'"), 4);
  EXPECT_TRUE(ledger.prove().empty());
}

TEST_F(Happening, HandsOutCouponsOfTheCustomerAndNamesGifts) {
  db.run("INSERT INTO programs VALUES (NULL,'p',2,?,0)",
         R"({"id":"p","version":2,"coupons":[{"id":"ten","prefix":"TA","length":8,"valid_days":14}],
             "rules":[{"id":"c","on":"seminar","give":{"coupon":"ten"}},
                      {"id":"g","on":"seminar","give":{"gift":{"sku":"mug"}}},
                      {"id":"t","when":{"coupons":["ten"]},"give":{"percent":"10"}}]})");
  const auto seen = told("k", "seminar", anna_.value, "");
  const auto given = boost::json::parse(seen);
  ASSERT_EQ(given.at("coupons").as_array().size(), 1U) << seen;
  EXPECT_EQ(given.at("gifts").at(0).at("sku").as_string(), "mug");
  const auto code = std::string(given.at("coupons").at(0).as_string());
  const auto coupon = central.coupons.look_up(code, shop);
  EXPECT_EQ(coupon.type, "ten");
  EXPECT_EQ(coupon.customer, anna_.value);
  EXPECT_NE(coupon.until, INT64_MAX);
  EXPECT_EQ(told("k", "seminar", anna_.value, ""), seen);
  EXPECT_EQ(count("SELECT count(*) FROM coupons"), 1);
}

TEST_F(Enrolling, PointsOfARuleLiveAsTheRuleSays) {
  db.run("INSERT INTO programs VALUES (NULL,'p',1,?,0)",
         R"({"id":"p","version":1,"purses":[{"id":"points","expires_days":30}],"rules":[
             {"id":"a","on":"enrolment","give":{"earn":{"fixed":"20"}}},
             {"id":"b","on":"enrolment","give":{"earn":{"fixed":"5","expires_days":7}}}]})");
  const wire::Enrol who{"12", "ab", "", ""};
  const auto told = central.answers.answer(shop, wire::encode(wire::Ask{1, who}))->customer;
  EXPECT_EQ(told.available, Points{2500});
  EXPECT_EQ(told.standing.expiring, Points{500});
  EXPECT_EQ(told.standing.expires_day, clock.now / 86'400'000'000 + 6);
}

TEST_F(Happening, AKeyIsOneEventAndSalesAreNone) {
  told("k", "visit", "", "olga");
  EXPECT_EQ(told("k", "visit", "", "ivan"), code_name(Code::kDuplicate));
  EXPECT_EQ(told("k", "tasting", "", "olga"), code_name(Code::kDuplicate));
  EXPECT_EQ(told("a", "sale", "", "olga"), code_name(Code::kBadValue));
  EXPECT_EQ(told("b", "enrolment", anna_.value, ""), code_name(Code::kBadValue));
  EXPECT_EQ(told("c", "visit", "", ""), code_name(Code::kMissingField));
  EXPECT_EQ(told("d", "visit", "nobody", ""), code_name(Code::kUnknownCard));
  EXPECT_EQ(points({"cashier:" + wire::seller_key("shop", "ivan")}), Points{});
}

// ---- what she may want to know of her points ----

TEST_F(Enrolling, TheAnswerTellsTheWelcomeWhatWaitsAndWhatEndsFirst) {
  db.run("INSERT INTO programs VALUES (NULL,'p',1,?,0)",
         R"({"id":"p","version":1,"purses":[{"id":"points","expires_days":30}],"rules":[)" +
             std::string(kWelcome) + "]}");
  const wire::Enrol who{"12", "ab", "", ""};
  const auto first = central.answers.answer(shop, wire::encode(wire::Ask{1, who}))->customer;
  EXPECT_EQ(first.available, Points{5000});
  EXPECT_EQ(first.standing.welcome, Points{5000});
  EXPECT_EQ(first.standing.expiring, Points{5000});
  const auto today = clock.now / 86'400'000'000;
  EXPECT_EQ(first.standing.expires_day, today + 29) << "the last whole day of thirty";
  const auto again = central.answers.answer(shop, wire::encode(wire::Ask{2, who}))->customer;
  EXPECT_EQ(again.standing.welcome, Points{});
  ledger.credit({again.id}, Points{300}, Kind::kGrant, cause(5), {clock.now + 1000, INT64_MAX});
  const wire::Balance ask{again.id};
  const auto waits = central.answers.answer(shop, wire::encode(wire::Ask{3, ask}))->customer;
  EXPECT_EQ(waits.standing.pending, Points{300});
}

}  // namespace
}  // namespace till::central
