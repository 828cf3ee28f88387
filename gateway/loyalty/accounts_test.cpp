#include "gateway/loyalty/accounts.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "gateway/base/json.h"
#include "gateway/loyalty/account_json.h"
#include "gateway/loyalty/expect.h"

namespace till::loyalty {
namespace {

constexpr std::int64_t kDay = 86'400'000'000;

Lot lot(const std::string& key, std::int64_t amount, std::int64_t active = 0,
        std::int64_t expires = INT64_MAX) {
  return {key, amount, active, expires, ""};
}
template <typename T>
Code code(const Result<T>& r) {
  return r ? Code{} : r.error().code;
}

void expect_steps(const std::string& head, const std::string& steps, const std::string& expect) {
  const auto in = parse_json("{" + head + R"("steps":[)" + steps + "]}");
  ASSERT_TRUE(in) << in.error().detail;
  const auto out = run_account(*in);
  ASSERT_TRUE(out) << out.error().detail;
  for (const auto& d : differences(*parse_json("[" + expect + "]"), out->at("steps"))) {
    ADD_FAILURE() << d;
  }
}

// TigerBeetle's two-phase transfers (cases TB-002, TB-006).
TEST(Account, PostsPartOfAHoldAndFreesTheRest) {
  expect_steps(R"("opening":"1000",)",
               R"({"op":"hold","id":"h","amount":"123"},{"op":"post","id":"h","amount":"100"},
                  {"op":"post","id":"h","amount":"100"},{"op":"post","id":"h","amount":"99"},
                  {"op":"release","id":"h"})",
               R"({"held":"123.00","available":"877.00","posted":"0.00"},
                  {"held":"0.00","available":"900.00","posted":"100.00"},
                  {"answer":"ok","posted":"100.00"},{"answer":"TB-7009"},{"answer":"TB-7009"})");
  expect_steps(
      R"("opening":"1000",)",
      R"({"op":"hold","id":"h","amount":"123","timeout_s":60},{"op":"advance","seconds":61},
                  {"op":"post","id":"h","amount":"123"})",
      R"({"held":"123.00"},{"held":"0.00","posted":"0.00","available":"1000.00"},
                  {"answer":"TB-7010","detail":"h: expired"})");
}

// Odoo: the sale of a gift card loads it, its return empties it (case PP-007).
TEST(Account, AGiftCardIsLoadedAndGivenBack) {
  expect_steps("", R"({"op":"credit","key":"sale","amount":"50"},
                      {"op":"take_back","credit":"sale","amount":"50","if_spent":"withhold"})",
               R"({"available":"50.00"},{"available":"0.00","owed":"0.00"})");
}

// Odoo: 575 - 500 = 75; with 730 more, 425 are left of the second lot, then 91 days pass.
TEST(Account, LotsGoInTheOrderTheyExpire) {
  expect_steps(R"("purse":{"expires_days":90},"time":"2026-01-01T12:00:00+03:00",)",
               R"({"op":"credit","amount":"575"},{"op":"fact","key":"a","amount":"500"},
                  {"op":"advance","days":10},{"op":"credit","amount":"805"},
                  {"op":"fact","key":"b","amount":"500"},{"op":"advance","days":91})",
               R"({"available":"575.00","expires":"2026-04-01"},{"available":"75.00"},{},
                  {"available":"880.00","expiring":"75.00"},{"available":"380.00","expiring":"380.00"},
                  {"available":"0.00","expired":"380.00"})");
}

TEST(Account, ActivatesLaterAndExpiresAtTheEndOfAMonth) {
  Purse p;
  p.activation_days = 14;
  p.expires_end = "month";
  const auto l = new_lot(p, "k", 100, 1'769'076'000'000'000, 180);  // 2026-01-22 13:00 in Moscow
  EXPECT_EQ(local_time(l.expires, 180).day, *parse_day("2026-02-01", ""));
  EXPECT_EQ(local_time(l.expires, 180).minute, 0);
  Account a;
  ASSERT_TRUE(a.credit(lot("k", 100, 10)));
  EXPECT_EQ(a.standing(9).pending, 100);
  EXPECT_EQ(code(a.hold("h", 1, 9, kDay)), Code::kPointsNotEnough);
  EXPECT_EQ(a.standing(10).available, 100);
  Account b;  // a sale on paper does not reach points that are not active yet
  ASSERT_TRUE(b.credit(lot("k", 100, 10)));
  ASSERT_TRUE(b.fact("sale", "", 30, 9));
  EXPECT_EQ(b.standing(9).pending, 100);
  EXPECT_EQ(b.standing(9).owed, 30);
  EXPECT_EQ(new_lot(Purse{}, "k", 1, 0, 180).expires, INT64_MAX);  // off unless asked for
}

TEST(Account, ARefusalIsInBothLanguages) {
  const auto steps = parse_json(R"({"opening":"100","steps":[{"op":"hold","id":"h","amount":"60"},
      {"op":"hold","id":"h","amount":"61"},{"op":"hold","id":"i","amount":"41"},
      {"op":"post","id":"h","amount":"70"},{"op":"post","id":"h","amount":"50"},
      {"op":"post","id":"h","amount":"51"},{"op":"release","id":"h"},{"op":"post","id":"zz"},
      {"op":"hold","id":"h","amount":"60"},{"op":"release","id":"r"},
      {"op":"hold","id":"r","amount":"1"},{"op":"take_back","credit":"opening","amount":"101"},
      {"op":"give_back","posting":"q","amount":"1"}]})");
  const auto answers = run_account(steps.value()).value();
  std::string en, ru;
  for (const auto& step : answers.at("steps").as_array()) {
    const auto* text = step.as_object().if_contains("text");
    if (text == nullptr) continue;
    const auto detail = std::string(step.at("detail").as_string());
    EXPECT_NE(std::string(text->at("en").as_string()).find(detail), std::string::npos) << detail;
    en += detail + "\n";
    const auto russian = std::string(text->at("ru").as_string());
    const auto from = russian.find(": ") + 2;
    ru += russian.substr(from, russian.find(". ", from) - from) + "\n";
  }
  EXPECT_EQ(en,
            "h: another sum is held\ni: 41.00, available 40.00\nh: more than is held\n"
            "h: already posted with another sum\nh: already posted\nzz: not known\n"
            "h: already posted\nr: released\nopening: 101.00, left 100.00\nq: not known\n");
  EXPECT_EQ(ru,
            "h: удержана другая сумма\ni: 41.00, доступно 40.00\nh: больше, чем удержано\n"
            "h: уже списано с другой суммой\nh: уже списано\nzz: неизвестно\n"
            "h: уже списано\nr: отпущено\nopening: 101.00, осталось 100.00\nq: неизвестно\n");
}

TEST(Account, AHoldEndsOnce) {
  Account a;
  ASSERT_TRUE(a.credit(lot("k", 100)));
  EXPECT_TRUE(a.hold("h", 60, 0, 10));
  EXPECT_TRUE(a.hold("h", 60, 0, 10));  // asked again
  EXPECT_EQ(code(a.hold("h", 61, 0, 10)), Code::kHoldConflict);
  EXPECT_EQ(code(a.hold("i", 41, 0, 10)), Code::kPointsNotEnough);
  EXPECT_TRUE(a.release("h", 1));
  EXPECT_TRUE(a.release("h", 1));
  EXPECT_EQ(code(a.hold("h", 60, 1, 10)), Code::kHoldDead);
  EXPECT_EQ(code(a.post("h", 60, 1)), Code::kHoldDead);
  EXPECT_TRUE(a.release("late", 1));  // overtakes its hold
  EXPECT_EQ(code(a.hold("late", 1, 1, 10)), Code::kHoldDead);
  EXPECT_EQ(a.standing(1).available, 100);
  EXPECT_TRUE(a.proof());
}

TEST(Account, AFactPostsWhateverHappened) {
  Account a;
  ASSERT_TRUE(a.credit(lot("k", 100)));
  ASSERT_TRUE(a.hold("h", 80, 0, 10));
  a.expire(20);
  ASSERT_TRUE(a.fact("elsewhere", "", 90, 21));
  ASSERT_TRUE(a.fact("sale", "h", 80, 22));
  EXPECT_EQ(a.debts().at("sale"), 70);
  ASSERT_TRUE(a.fact("sale", "h", 80, 23));  // told again
  EXPECT_EQ(a.posted(), 170);
  EXPECT_EQ(code(a.fact("sale", "h", 81, 23)), Code::kKeyConflict);
  ASSERT_TRUE(a.credit(lot("next", 100, 24)));  // pays the debt first
  EXPECT_EQ(a.standing(24).available, 30);
  EXPECT_TRUE(a.debts().empty());
  ASSERT_TRUE(a.give_back("r", "sale", 80, 25, 0));  // 10 to its lot, 70 as new points
  EXPECT_EQ(a.standing(25).available, 110);
  EXPECT_TRUE(a.proof());
}

TEST(Account, ReturnedPointsGoBackToTheirLots) {
  Account a;
  ASSERT_TRUE(a.credit(lot("old", 50, 0, 5 * kDay)));
  ASSERT_TRUE(a.credit(lot("new", 50, 0, 9 * kDay)));
  ASSERT_TRUE(a.fact("sale", "", 80, kDay));
  ASSERT_TRUE(a.give_back("r1", "sale", 40, 2 * kDay, 0));
  ASSERT_TRUE(a.give_back("r1", "sale", 40, 2 * kDay, 0));
  EXPECT_EQ(a.lots()[0].remaining, 10);  // the last taken comes back first
  EXPECT_EQ(a.lots()[1].remaining, 50);
  EXPECT_EQ(code(a.give_back("r2", "sale", 41, 2 * kDay, 0)), Code::kReturnTooMuch);
  EXPECT_EQ(code(a.give_back("r1", "sale", 39, 2 * kDay, 0)), Code::kKeyConflict);
  ASSERT_TRUE(a.give_back("r2", "sale", 40, 6 * kDay, kDay));  // expired meanwhile: a day's grace
  EXPECT_EQ(a.standing(6 * kDay).available, 90);
  EXPECT_EQ(a.standing(6 * kDay).expires, 7 * kDay);
  EXPECT_EQ(a.expired(), 10);
  EXPECT_TRUE(a.proof());
}

TEST(Account, EarnedPointsThatAreSpentFollowThePolicy) {
  for (const auto policy : {IfSpent::kOwe, IfSpent::kWithhold, IfSpent::kForgive}) {
    Account a;
    ASSERT_TRUE(a.credit(lot("sale", 100, 0, kDay)));
    ASSERT_TRUE(a.credit(lot("other", 30)));
    ASSERT_TRUE(a.fact("spend", "", 90, 1));
    const auto missing = a.take_back("r", "sale", 100, 2, policy);
    ASSERT_TRUE(missing);
    EXPECT_EQ(*missing, policy == IfSpent::kForgive ? 90 : 60);
    EXPECT_EQ(a.standing(2).available, policy == IfSpent::kForgive ? 30 : 0);
    EXPECT_EQ(a.standing(2).owed, policy == IfSpent::kOwe ? 60 : 0);
    EXPECT_EQ(code(a.take_back("r2", "sale", 1, 3, policy)), Code::kReturnTooMuch);
    EXPECT_TRUE(a.proof());
  }
}

TEST(Account, MergesOnceAndComesApartAgain) {
  Account a, b;
  ASSERT_TRUE(a.credit(lot("a1", 100)));
  ASSERT_TRUE(b.credit(lot("b1", 70, 0, 5)));
  ASSERT_TRUE(b.fact("b-sale", "", 100, 1));
  EXPECT_EQ(code(b.hold("x", 1, 1, 5)), Code::kPointsNotEnough);
  ASSERT_TRUE(a.merge("m", b));
  ASSERT_TRUE(a.merge("m", b));
  EXPECT_EQ(a.standing(2).available, 100);
  EXPECT_EQ(a.debts().at("b-sale"), 30);
  ASSERT_TRUE(a.give_back("r", "b-sale", 50, 2, 0));  // 30 owed, 20 back to b1
  EXPECT_EQ(a.standing(2).available, 120);
  auto back = a.split("m");
  EXPECT_EQ(back.standing(2).available, 20);
  EXPECT_EQ(a.standing(2).available, 100);
  EXPECT_TRUE(a.proof());
  EXPECT_TRUE(back.proof());
  EXPECT_TRUE(a.split("m").lots().empty());
}

TEST(Account, NothingIsInventedOrLost) {
  EXPECT_TRUE(rc::check([] {
    Account a;
    std::int64_t now = 0, facts = 0;
    const auto count = *rc::gen::inRange(1, 60);
    for (int i = 0; i < count; ++i) {
      const auto id = std::to_string(*rc::gen::inRange(0, 6));
      const auto amount = *rc::gen::inRange<std::int64_t>(0, 100);
      now += *rc::gen::inRange<std::int64_t>(0, 5);
      switch (*rc::gen::inRange(0, 8)) {
        case 0:
          (void)a.credit(lot("c" + std::to_string(i % 9), amount, now + amount % 3,
                             amount % 2 == 0 ? INT64_MAX : now + 10));
          break;
        case 1:
          (void)a.hold("h" + id, amount, now, 8);
          break;
        case 2:
          (void)a.post("h" + id, amount, now);
          break;
        case 3:
          (void)a.release("h" + id, now);
          break;
        case 4:
          (void)a.fact("f" + std::to_string(++facts), "h" + id, amount, now);
          break;
        case 5:
          (void)a.give_back("g" + std::to_string(i), "f" + id, amount, now, amount % 4);
          break;
        case 6:
          (void)a.take_back("t" + std::to_string(i), "c" + id, amount, now,
                            static_cast<IfSpent>(amount % 3));
          break;
        default:
          a.expire(now);
      }
      RC_ASSERT(a.proof());
      const auto s = a.standing(now);
      RC_ASSERT(s.available >= 0);
      RC_ASSERT(s.held >= 0);
      RC_ASSERT(s.owed >= 0);
      for (const auto& l : a.lots()) RC_ASSERT(l.remaining >= 0);
    }
  }));
}

TEST(Card, ActivatesAsItsTypeSays) {
  using enum CardState;
  EXPECT_EQ(next_card_state(kIssued, CardEvent::kIssued, "issue"), kActive);
  for (const auto* how : {"sale", "first_purchase", "registration", "manual"}) {
    EXPECT_EQ(next_card_state(kIssued, CardEvent::kIssued, how), kIssued);
    EXPECT_EQ(next_card_state(kIssued, CardEvent::kByPerson, how), kActive);
  }
  EXPECT_EQ(next_card_state(kIssued, CardEvent::kSold, "first_purchase"), kIssued);
  EXPECT_EQ(next_card_state(kIssued, CardEvent::kFirstPurchase, "first_purchase"), kActive);
  EXPECT_EQ(next_card_state(kIssued, CardEvent::kSold, "sale"), kActive);
  EXPECT_EQ(next_card_state(kIssued, CardEvent::kRegistered, "registration"), kActive);
  EXPECT_EQ(next_card_state(kActive, CardEvent::kBlock, "sale"), kBlocked);
  EXPECT_EQ(next_card_state(kBlocked, CardEvent::kUnblock, "sale"), kActive);
  EXPECT_EQ(next_card_state(kBlocked, CardEvent::kReplace, "sale"), kReplaced);
  EXPECT_EQ(code(next_card_state(kBlocked, CardEvent::kSold, "sale")), Code::kCardBlocked);
  EXPECT_EQ(code(next_card_state(kReplaced, CardEvent::kUnblock, "sale")), Code::kCardBlocked);
}

}  // namespace
}  // namespace till::loyalty
