// Reasons in the words of the rule's own conditions, English and Russian.
#include "gateway/loyalty/why_words.h"

#include <gtest/gtest.h>

#include "gateway/base/json.h"
#include "gateway/loyalty/basket_json.h"

namespace till::loyalty {
namespace {

// The last thing said with this code: "English / русский".
std::string said(const std::string& code, const std::string& program, const std::string& basket) {
  const auto p = Program::from_json(R"({"id":"p","version":1,)" + program + "}");
  EXPECT_TRUE(p) << p.error().detail;
  const auto result = evaluate_json(
      p.value(), parse_json(R"({"time":"2026-11-22T12:00:00+03:00",)" + basket +
                            R"("lines":[{"id":"a","sku":"a","price":"100","quantity":"2"}]})")
                     .value());
  EXPECT_TRUE(result) << result.error().detail;
  std::string out;
  for (const auto& why : result->at("why").as_array()) {
    const auto& o = why.as_object();
    if (o.at("code").as_string() == code) {
      out = std::string(o.at("en").as_string()) + " / " + std::string(o.at("ru").as_string());
    }
  }
  return out;
}
std::string when(const std::string& code, const std::string& condition, const std::string& basket,
                 const std::string& program = "") {
  return said(
      code,
      program + R"("rules":[{"id":"r","when":{)" + condition + R"(},"give":{"percent":"5"}}])",
      basket);
}
std::string customer(const std::string& facts) { return R"("customer":{)" + facts + "},"; }

TEST(WhyWords, NameWhatACounterLacks) {
  const auto counters = [](const std::string& all) {
    return customer(R"("counters":{)" + all + "}");
  };
  const std::string first = R"("counter":{"name":"purchases","is":{"max":0}})";
  EXPECT_EQ(when("counter_past", first, counters(R"("purchases":3)")),
            "r: only for the first purchase / r: только для первой покупки");
  const std::string early =
      R"("counter":{"name":"purchases_ever","is":{"max":3},"this_receipt_too":true})";
  EXPECT_EQ(when("counter_past", early, counters(R"("purchases_ever":3)")),
            "r: only for the first 3 purchases / r: только для первых 3 покупок");
  EXPECT_EQ(when("counter", R"("counter":{"name":"purchases","is":{"min":4}})",
                 counters(R"("purchases":3)")),
            "r: not yet, 1 more purchase / r: не хватает 1 покупки");
  EXPECT_EQ(when("counter", R"("counter":{"name":"spent","is":{"min":"5000"}})",
                 counters(R"("spent":"1000")")),
            "r: not yet, 4000.00 more to spend / r: не хватает покупок на 4000.00");
  EXPECT_EQ(when("counter_past", R"("counter":{"name":"spent","is":{"max":"500"}})",
                 counters(R"("spent":"1000")")),
            "r: only up to 500.00 of spending / r: только пока покупок не больше чем на 500.00");
}

// 99.99 points are no 100, and no whole point is missing.
TEST(WhyWords, SayWhereAPurseBegins) {
  const auto has = [](const std::string& points) {
    return customer(R"("purses":{"points":")" + points + "\"}");
  };
  const std::string from = R"("counter":{"name":"points","is":{"min":100}})";
  EXPECT_EQ(when("counter", from, has("99.99")), "r: from 100 points on / r: от 100 баллов");
  EXPECT_EQ(when("counter_past", R"("counter":{"name":"points","is":{"max":20}})", has("21")),
            "r: only below 21 points / r: только меньше 21 балла");
  EXPECT_EQ(when("counter", R"("counter":{"name":"points","every":5})", has("21")),
            "r: only at every 5 points / r: только на каждые 5 баллов");
  const std::string ladder = R"("rules":[{"id":"r","give":{"percent":{"by":"points","steps":[
      {"from":10,"value":"3"},{"from":20,"value":"5"}]}}}])";
  EXPECT_EQ(said("counter", ladder, has("9.99")), "r: from 10 points on / r: от 10 баллов");
  EXPECT_EQ(said("next_step", ladder, has("19.99")),
            "r: from 20 points on it is 5 % / r: от 20 баллов будет 5 %");
}

TEST(WhyWords, NameTheNextStepOfACounter) {
  const auto ladder = [](const std::string& by, const std::string& from) {
    return R"("rules":[{"id":"r","give":{"percent":{"by":")" + by + R"(","steps":[{"from":)" +
           from + R"(,"value":"5"}]}}}])";
  };
  const auto at_zero = customer(R"("counters":{"purchases":3,"spent":"10"})");
  EXPECT_EQ(said("next_step",
                 R"("rules":[{"id":"r","give":{"percent":{"by":"purchases","steps":[
                     {"from":1,"value":"3"},{"from":5,"value":"5"}]}}}])",
                 at_zero),
            "r: 2 more purchases and it is 5 % / r: ещё 2 покупки, и будет 5 %");
  EXPECT_EQ(said("counter", ladder("spent", "\"50\""), at_zero),
            "r: not yet, 40.00 more to spend / r: не хватает покупок на 40.00");
}

TEST(WhyWords, NameThePaymentTheTimeAndTheField) {
  EXPECT_EQ(when("payment", R"("payments":["sbp","cash"])", ""),
            "r: only when paid by SBP or cash / r: только при оплате: СБП или наличные");
  EXPECT_EQ(when("except", R"("not":{"payments":["card"]})",
                 R"("payments":[{"kind":"card","amount":"1"}],)"),
            "r: not when paid by card / r: не действует при оплате: карта");
  EXPECT_EQ(when("time",
                 R"("time":{"weekdays":["mon","tue","wed","sun"],"hours":["08:00","10:00"]})", ""),
            "r: only on Mon–Wed, Sun from 08:00 to 10:00 / r: только пн–ср, вс с 08:00 до 10:00");
  EXPECT_EQ(when("except", R"("not":{"time":{"weekdays":["sun"]}})", ""),
            "r: not on Sun / r: не действует: вс");
  EXPECT_EQ(when("attribute", R"("attribute":{"name":"channel","in":["app"]})", ""),
            "r: only where channel is app / r: только там, где channel — app");
  EXPECT_EQ(when("except", R"("not":{"basket":{"select":{"skus":["a"]}}})", ""),
            "r: not with a on the receipt / r: не действует с «a» в чеке");
  // Of two conditions nobody knows which one is meant.
  EXPECT_EQ(when("payment", R"("any":[{"payments":["sbp"]},{"payments":["cash"]}])", ""),
            "r: only with another way of payment / r: только при другом способе оплаты");
}

TEST(WhyWords, NameTheLevel) {
  const std::string tiers =
      R"("tiers":{"steps":[{"id":"base","from":"0"},{"id":"gold","from":"500"}]},)";
  const auto spent = customer(R"("counters":{"spent":"100"})");
  EXPECT_EQ(when("tier", R"("tiers":["gold"])", spent, tiers),
            "r: for level gold, 400.00 more to spend / "
            "r: для уровня «gold», не хватает покупок на 400.00");
  EXPECT_EQ(when("tier", R"("tiers":["base"])", customer(R"("counters":{"spent":"900"})"), tiers),
            "r: only for level base / r: только для уровня «base»");
  EXPECT_EQ(said("tier", tiers + R"("rules":[{"id":"r","give":{"percent":{"by":"tier","steps":[
                     {"from":"gold","value":"5"}]}}}])",
                 spent),
            "r: from level gold on / r: с уровня «gold»");
}

// The receipt being paid is a purchase: waiting for the day does not help.
TEST(WhyWords, SayHowLongSheHasToBeAway) {
  const auto bought = customer(R"("dates":{"last_purchase":"2026-11-03","joined":"2026-01-01"})");
  EXPECT_EQ(when("date", R"("date":{"of":"last_purchase","days_ago":{"min":30}})", bought),
            "r: after 30 days without a purchase / r: после 30 дней без покупок");
  EXPECT_EQ(when("date", R"("date":{"of":"joined","days_ago":{"max":31}})", bought),
            "r: only within 31 days of joining / r: только в течение 31 дня после вступления");
  EXPECT_EQ(when("date", R"("date":{"of":"joined","days_ago":{"min":326}})", bought),
            "r: in 1 day (joining) / r: через 1 день (вступление)");
}

TEST(WhyWords, OfPayingWithPoints) {
  const std::string one = R"("redeem":{"max_share":"50"})";
  const auto points = [](const std::string& has, const std::string& pay) {
    return customer(R"("purses":{"points":")" + has + "\"}") + R"("redeem":")" + pay + "\",";
  };
  EXPECT_EQ(said("redeemed", one, points("1", "1")), "1 point pays 1.00 / списано: 1 балл на 1.00");
  EXPECT_EQ(said("redeem_balance", one, points("1", "1")),
            "the customer can use 1 point / покупателю доступно: 1 балл");
  EXPECT_EQ(said("redeem_share", R"("redeem":{"select":{"skus":["b"]}})", points("9", "1")),
            "nothing here is paid with points / баллами здесь ничего не оплачивается");
  EXPECT_EQ(said("redeem_no_program", R"("redeem":{},"paused":true)", points("9", "1")),
            "points can not be used now / списать баллы сейчас нельзя");
  EXPECT_EQ(said("redeem_no_program", R"("rules":[])", points("9", "1")),
            "this program takes no points / по этой программе баллы не списываются");
  EXPECT_EQ(said("redeem_floors", R"("redeem":{"leave_per_line":"180"})", points("90", "1")),
            "minimum prices, or what each line leaves to pay in money, leave 20.00 to points / "
            "минимальные цены или остаток деньгами на строке оставляют 20.00 под баллы");
}

TEST(WhyWords, ATieIsNotLostToMore) {
  const auto rules = [](const std::string& group) {
    return R"("groups":[{"id":"g",)" + group +
           R"(}],"rules":[{"id":"r","group":"g","select":{"skus":["a"]},"give":{"percent":"5"}},
             {"id":"s","group":"g","select":{"skus":["a"]},"give":{"amount":"10"}}])";
  };
  EXPECT_EQ(said("lost_to", rules(R"("choose":"best")"), ""),
            "s: r gives no less / s: «r» даёт не меньше");
  EXPECT_EQ(said("lost_to", rules(R"("choose":"first")"), ""),
            "s: r comes before it / s: раньше идёт «r»");
  EXPECT_EQ(said("lost_to", rules(R"("choose":"lowest")"), ""),
            "s: r gives no more, and the least counts / "
            "s: «r» даёт не больше, действует наименьшее");
}

}  // namespace
}  // namespace till::loyalty
