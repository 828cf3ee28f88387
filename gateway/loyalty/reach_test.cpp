// Rules that can never apply are refused where a new program is put in force.
#include "gateway/loyalty/reach.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/base/json.h"
#include "gateway/loyalty/loyalty.h"

namespace till::loyalty {
namespace {

std::string refusal(const std::string& rest) {
  const auto p = Program::from_json(R"({"id":"p","version":1,)" + rest + "}");
  EXPECT_TRUE(p) << rest << ": " << p.error().detail;
  if (!p) return "not read";
  const auto done = check_reach(p->plan());
  if (done) return "";
  EXPECT_EQ(done.error().code, Code::kProgramInvalid);
  return done.error().detail;
}
std::string rule(const std::string& more, const std::string& give = R"("percent":"10")") {
  return refusal(R"("rules":[{"id":"a",)" + more + R"("give":{)" + give + "}}]");
}
std::string when(const std::string& parts) { return rule(R"("when":{)" + parts + "},"); }
std::string all(const std::string& a, const std::string& b) {
  return when(R"("all":[{)" + a + "},{" + b + "}]");
}

TEST(Reach, ConditionsThatBarEachOther) {
  const std::string two = "rules.a.when: can never hold: two conditions on ";
  EXPECT_EQ(all(R"("stores":["a"])", R"("stores":["b"])"), two + "stores that exclude each other");
  EXPECT_EQ(all(R"("stores":["a","b"])", R"("stores":["b","c"])"), "");
  EXPECT_EQ(all(R"("segments":["a"])", R"("segments":["b"])"), "") << "a customer may have both";
  EXPECT_NE(all(R"("basket":{"amount":{"min":"100"}})", R"("basket":{"amount":{"max":"50"}})"), "");
  EXPECT_EQ(all(R"("basket":{"amount":{"min":"100"}})",
                R"("basket":{"amount":{"max":"50"},"select":{"skus":["x"]}})"),
            "");
  EXPECT_NE(all(R"("counter":{"name":"purchases","is":{"min":5}})",
                R"("counter":{"name":"purchases","is":{"max":4}})"),
            "");
  EXPECT_NE(all(R"("attribute":{"name":"x","in":["1"]})", R"("attribute":{"name":"x","in":["2"]})"),
            "");
  EXPECT_NE(when(R"("customer":"known","any":[{"customer":"unknown"}])"), "");
  EXPECT_NE(when(R"("stores":["a"],"any":[{"stores":["b"]},{"stores":["c"]}])"), "");
  EXPECT_EQ(when(R"("stores":["a"],"any":[{"stores":["b"]},{"tills":["c"]}])"), "");
}

TEST(Reach, ALevelAndItsCounterThatBarEachOther) {
  const auto with = [](const std::string& tiers, const std::string& when) {
    return refusal(
        R"("tiers":{"by":"spent","steps":[{"id":"base","from":"0"},{"id":"silver","from":"100"},
                      {"id":"gold","from":"500"}])" +
        tiers + R"(},"rules":[{"id":"a","when":{)" + when + R"(},"give":{"percent":"5"}}])");
  };
  const auto both = [](const char* level, const char* is, const char* more = "") {
    return R"("tiers":[")" + std::string(level) + R"("],"counter":{"name":"spent","is":{)" + is +
           "}" + more + "}";
  };
  const std::string why =
      "rules.a.when: can never hold: conditions on tiers and on their counter that exclude each "
      "other";
  EXPECT_EQ(with("", both("gold", R"("max":"499.99")")), why);
  EXPECT_EQ(with("", both("gold", R"("max":"500")")), "");
  EXPECT_EQ(with("", both("silver", R"("min":"500")")), why) << "she has gold by then";
  EXPECT_EQ(with("", both("silver", R"("min":"499.99")")), "");
  EXPECT_EQ(with("", both(R"(base","gold)", R"("min":"100","max":"499")")), why);
  EXPECT_EQ(with("", both(R"(base","silver)", R"("min":"100","max":"499")")), "");
  EXPECT_EQ(with("", R"("any":[{)" + both("gold", R"("max":"1")") + "}]"), why);
  for (const auto* kept : {R"(,"downgrade":"none")", R"(,"downgrade":"one_down")"}) {
    EXPECT_EQ(with(kept, both("gold", R"("max":"1")")), "") << "a level that is kept outlives it";
    EXPECT_EQ(with(kept, both("silver", R"("min":"500")")), why) << kept;
  }
  EXPECT_EQ(with("", R"("tiers":["gold"],"counter":{"name":"spent_ever","is":{"max":"1"}})"), "");
  EXPECT_EQ(with("", both("gold", R"("max":"1")", R"(,"this_receipt_too":true)")), "");
  EXPECT_EQ(with(R"(,"this_receipt_too":true)", both("gold", R"("max":"1")")), "");
  EXPECT_EQ(with(R"(,"this_receipt_too":true)",
                 both("gold", R"("max":"1")", R"(,"this_receipt_too":true)")),
            why);
}

TEST(Reach, NumbersThatThingsNeverHave) {
  const std::string none = "rules.a.when: can never hold: there are never fewer goods than none";
  EXPECT_EQ(when(R"("basket":{"lines":{"max":-1}})"), none);
  EXPECT_EQ(when(R"("basket":{"quantity":{"max":"-0.001"},"select":{"skus":["x"]}})"), none);
  EXPECT_EQ(when(R"("any":[{"basket":{"lines":{"max":-1}}},{"basket":{"quantity":{"max":-1}}}])"),
            none);
  EXPECT_EQ(when(R"("basket":{"amount":{"max":"-5"}})"), "") << "goods that come back weigh down";
  EXPECT_EQ(when(R"("counter":{"name":"points","is":{"max":-1}})"), "") << "points may be owed";
  EXPECT_EQ(when(R"("date":{"of":"visit","days_ago":{"max":-1}})"), "") << "it is to come";
  EXPECT_EQ(when(R"("attribute":{"name":"x","is":{"max":-1}})"),
            "rules.a.when: can never hold: a number of an attribute is never below 0");
  EXPECT_EQ(when(R"("attribute":{"name":"x","in":["a"],"is":{"max":-1}})"), "");
  // None of some goods is a condition, but no discount has anything to work on then.
  const std::string needs =
      "rules.a.when.basket: can never apply: a discount needs goods, and when lets none through";
  EXPECT_EQ(when(R"("basket":{"lines":{"max":0}})"), needs);
  EXPECT_EQ(rule(R"("select":{"skus":["x"]},"when":{"basket":{"quantity":{"max":"0"},)"
                 R"("select":{"skus":["x"]}}},)"),
            needs);
  EXPECT_EQ(when(R"("basket":{"lines":{"max":0},"select":{"tags":["alcohol"]}})"), "");
  EXPECT_EQ(when(R"("basket":{"lines":{"max":1}})"), "");
  EXPECT_EQ(rule(R"("when":{"basket":{"lines":{"max":0}}},)", R"("earn":{"fixed":"5"})"), "")
      << "an empty receipt is a visit";
}

TEST(Reach, GoodsThatAreNotThere) {
  const std::string free =
      "rules.a.select.price: can never apply: what costs nothing is passed over";
  EXPECT_EQ(rule(R"("select":{"price":{"max":"-1"}},)"), free);
  EXPECT_EQ(rule(R"("select":{"price":{"max":"0"}},)", R"("gift":{"sku":"mug"})"), free);
  EXPECT_EQ(rule(R"("select":{"price":{"min":"-1"}},)"),
            "rules.a.select.price: no price is below 0");
  EXPECT_EQ(rule(R"("select":{"price":{"min":"0","max":"0.01"}},)"), "");
  EXPECT_EQ(rule(R"("sets":{"buy":[{"select":{"price":{"max":"0"}}}]},)"),
            "rules.a.sets.buy.select.price: can never apply: what costs nothing is passed over");
  EXPECT_EQ(when(R"("basket":{"amount":{"max":"-5"},"select":{"price":{"max":"-1"}}})"), "")
      << "lines that are taken back";
  EXPECT_EQ(rule("", R"("gift":{"sku":""})"), "rules.a.give.gift.sku: empty");
}

TEST(Reach, AGroupOfOneRuleChoosesNothing) {
  const auto group = [](const std::string& most, const std::string& more) {
    return refusal(R"("groups":[{"id":"g")" + most +
                   R"(}],"rules":[{"id":"a","group":"g","give":{"percent":"5"}})" + more + "]");
  };
  EXPECT_EQ(group(R"(,"most":5)", ""), "groups.g.most: only one rule is in it");
  EXPECT_EQ(group("", ""), "");
  EXPECT_EQ(
      group(R"(,"most":5)", R"(,{"id":"b","paused":true,"group":"g","give":{"percent":"6"}})"), "");
}

TEST(Reach, NothingIsLeftBehindARuleThatGivesAllAway) {
  const auto after = [](const std::string& free, const std::string& other,
                        const std::string& more = "") {
    return refusal(more + R"("rules":[{"id":"a",)" + free + R"(},{"id":"b",)" + other + "}]");
  };
  const std::string all = R"("give":{"percent":"100"})", more = R"("give":{"amount":"10"})";
  const std::string why = "rules.b: can never apply: a leaves nothing to take off";
  EXPECT_EQ(after(all, more), why);
  EXPECT_EQ(after(R"("give":{"price":"0"})", more), why);
  EXPECT_EQ(after(R"("stage":"card",)" + all, R"("stage":"card",)" + more), why);
  EXPECT_EQ(after(R"("stage":"card",)" + all, more), "") << "it comes before";
  EXPECT_EQ(after(all, R"("give":{"earn":{"fixed":"5"}})"), "") << "no discount";
  EXPECT_EQ(after(all, R"("exclusive":true,"select":{"skus":["x"]},)" + more), "")
      << "it then stands alone";
  EXPECT_EQ(after(all, R"("paused":true,)" + more), "") << "until everything is free no more";
  EXPECT_EQ(after(R"("give":{"percent":"99.99"})", more), "");
  EXPECT_EQ(after(R"("give":{"percent":"100","rounding":"unit"})", more), "");
  EXPECT_EQ(after(all, more, R"("settings":{"money_step":"1"},)"), "") << "kopecks are left";
  EXPECT_EQ(after(all, more, R"("settings":{"discount_on":"price_before_tax"},)"), "");
  EXPECT_EQ(after(all, R"("group":"g",)" + more, R"("groups":[{"id":"g"}],)"), why);
  for (const auto* some : {R"("select":{"skus":["x"]},)", R"("when":{"tills":["1"]},)",
                           R"("limits":[{"times":1}],)", R"("until":"2026-12-31",)"}) {
    EXPECT_EQ(after(some + all, more), "") << some;
  }
}

// Minimum prices, a most of all discounts and goods that come back leave something to pay, and yet
// nothing that a later discount could take off.
TEST(Reach, BehindEverythingFreeNoDiscountGivesAnything) {
  for (const auto* settings : {"{}", R"({"max_discount_share":"30"})",
                               R"({"percent_of":"list_price"})", R"({"remainder":"last_line"})"}) {
    for (const auto* stage : {"line", "receipt", "card"}) {
      const auto p = Program::from_json(R"({"id":"p","version":1,"settings":)" +
                                        std::string(settings) + R"(,"rules":[{"id":"a","stage":")" +
                                        stage + R"(","give":{"percent":"100"}},
          {"id":"b","stage":"card","priority":-1,"give":{"amount":"10"}}]})");
      Basket basket;
      basket.lines.push_back({"1", Money{9999}, Quantity{1333}, Money{5000}});
      basket.lines.push_back({"2", Money{3333}, Quantity{3000}, Money{}});
      basket.lines.push_back({"3", Money{-5000}, Quantity{1000}, Money{}});
      const auto q = quote(p.value(), basket);
      EXPECT_GT(q.discount.minor, 0);
      for (const auto& use : q.effects->rules) EXPECT_EQ(use.rule, "a") << settings << stage;
    }
  }
}

TEST(Reach, StepsThatTheConditionsKeepOut) {
  const auto ladder = [](const std::string& when, const std::string& by,
                         const std::string& more = "") {
    return rule(R"("when":{)" + when + "},",
                R"("percent":{"by":")" + by + R"(","steps":[)" +
                    R"({"from":"100","value":"5"},{"from":"200","value":"10"}])" + more + "}");
  };
  EXPECT_EQ(ladder(R"("basket":{"amount":{"max":"150"}})", "amount"),
            "rules.a.give, step 2: can never apply: when lets nothing so high through");
  EXPECT_NE(ladder(R"("basket":{"amount":{"max":"50"}})", "selected_amount"), "");
  EXPECT_EQ(ladder(R"("basket":{"amount":{"min":"200"}})", "amount"),
            "rules.a.give, step 1: can never apply: when asks for more, and the next step begins "
            "below that");
  EXPECT_EQ(ladder(R"("basket":{"amount":{"min":"150","max":"300"}})", "amount"), "");
  EXPECT_EQ(
      ladder(R"("basket":{"amount":{"min":"200"}})", "selected_amount", R"(,"marginal":true)"), "")
      << "what lies below still counts";
  EXPECT_EQ(ladder(R"("basket":{"amount":{"max":"150"},"basis":"list"})", "amount"), "");
  EXPECT_EQ(ladder(R"("basket":{"amount":{"max":"50"},"select":{"skus":["x"]}})", "amount"), "");
  EXPECT_NE(ladder(R"("basket":{"quantity":{"max":"99"}})", "quantity"), "");
  EXPECT_NE(ladder(R"("counter":{"name":"spent","is":{"max":"150"}})", "spent"), "");
  EXPECT_EQ(ladder(R"("counter":{"name":"spent_ever","is":{"max":"150"}})", "spent"), "");
}

TEST(Reach, NotTakesAwayWhatIsAskedFor) {
  const std::string why = "rules.a.when: can never hold: not takes away what the others ask for";
  EXPECT_EQ(when(R"("segments":["v"],"not":{"segments":["v","w"]})"), why);
  EXPECT_EQ(when(R"("segments":["v","x"],"not":{"segments":["v"]})"), "");
  EXPECT_EQ(when(R"("segments":["v"],"not":{"segments":["v"],"stores":["s"]})"), "");
  EXPECT_EQ(when(R"("segments":["v"],"not":{"customer":"known"})"), why);
  EXPECT_EQ(when(R"("customer":"verified","not":{"customer":"verified"})"), why);
}

TEST(Reach, CountersThatNobodyCounts) {
  const std::string why =
      "rules.a.when.counter: nobody counts bought.milk; there are purchases, purchases_ever, "
      "spent, "
      "spent_ever and purses";
  EXPECT_EQ(when(R"("counter":{"name":"bought.milk","is":{"min":5}})"), why);
  EXPECT_EQ(when(R"("not":{"counter":{"name":"bought.milk","is":{"min":5}}})"), why);
  EXPECT_EQ(when(R"("counter":{"name":"points","is":{"min":5}})"), "");
  EXPECT_NE(when(R"("counter":{"name":"points","is":{"min":5},"this_receipt_too":true})"), "");
  EXPECT_EQ(when(R"("counter":{"name":"spent_ever","is":{"min":"5"}})"), "");
}

TEST(Reach, TimesThatNeverCome) {
  const std::string why = "rules.a.when: can never hold: there is no such time";
  EXPECT_EQ(when(R"("time":{"days_of_month":[31],"months":[2]})"), why);
  EXPECT_EQ(when(R"("time":{"days_of_month":[29],"months":[2]})"), "");
  EXPECT_EQ(when(R"("time":{"days_of_month":[29],"months":[2],"weekdays":["mon"]})"), "");
  EXPECT_EQ(when(R"("time":{"from":"2026-03-01","until":"2027-12-31","days_of_month":[29],
                            "months":[2]})"),
            why);
  EXPECT_EQ(when(R"("time":{"from":"2026-11-23","until":"2026-11-27","weekdays":["sun"]})"), why);
  EXPECT_EQ(when(R"("time":{"from":"2026-11-23","until":"2026-11-29","weekdays":["sun"]})"), "");
  EXPECT_EQ(all(R"("time":{"hours":["08:00","10:00"]})", R"("time":{"hours":["10:00","12:00"]})"),
            why);
  EXPECT_EQ(all(R"("time":{"hours":["22:00","02:00"],"weekdays":["fri"]})",
                R"("time":{"hours":["00:00","03:00"],"weekdays":["sat"]})"),
            "")
      << "half past midnight, still Friday's evening";
  EXPECT_EQ(rule(R"("from":"2026-12-01","when":{"time":{"until":"2026-11-30"}},)"), why);
  EXPECT_NE(when(R"("counter":{"name":"purchases","every":5,"is":{"max":4}})"), "");
  EXPECT_EQ(when(R"("counter":{"name":"purchases","every":5,"is":{"max":5}})"), "");
}

TEST(Reach, NobodyHasNoLimitsPointsOrStamps) {
  const std::string nobody = R"("when":{"customer":"unknown"},)";
  EXPECT_EQ(rule(nobody), "");
  EXPECT_EQ(rule(nobody + R"("limits":[{"per":"customer","times":1}],)"),
            "rules.a.limits: per customer, but only customers nobody knows");
  EXPECT_NE(rule(nobody + R"("cost":{"amount":"5"},)").find("rules.a.cost"), std::string::npos);
  EXPECT_NE(rule(nobody, R"("earn":{"fixed":"5"})"), "");
  EXPECT_EQ(rule(nobody, R"("earn":{"fixed":"5","to":"cashier"})"), "");
}

TEST(Reach, AMultiplierNeedsSomethingEarlier) {
  const std::string twice = R"({"id":"m","give":{"earn":{"multiply":"2"}}})";
  const std::string why =
      "rules.m.give.earn.multiply: can never apply: no earlier rule gives what it multiplies";
  EXPECT_EQ(refusal(R"("rules":[)" + twice + "]"), why);
  const auto with = [&](const std::string& earn) {
    return refusal(R"("purses":[{"id":"s"}],"rules":[{"id":"e","give":{"earn":)" + earn + "}}," +
                   twice + "]");
  };
  EXPECT_EQ(with(R"({"percent":"5"})"), "");
  EXPECT_EQ(with(R"({"percent":"5","purse":"s"})"), why);
  EXPECT_EQ(with(R"({"percent":"5","to":"cashier"})"), why);
  EXPECT_EQ(refusal(R"("rules":[)" + twice + R"(,{"id":"e","give":{"earn":{"percent":"5"}}}])"),
            why);
}

TEST(Reach, AMultiplierWorksTogetherWithItsBase) {
  const auto both = [](const std::string& base, const std::string& multiplier,
                       const std::string& more = "") {
    return refusal(more + R"("rules":[{"id":"e",)" + base +
                   R"("give":{"earn":{"percent":"5"}}},{"id":"m",)" + multiplier +
                   R"("give":{"earn":{"multiply":"2"}}}])");
  };
  const std::string why = "rules.m.give.earn.multiply: can never apply: ";
  const std::string apart = why + "not together with e: ";
  EXPECT_EQ(both(R"("paused":true,)", ""), why + "what it multiplies is paused: e");
  EXPECT_EQ(both(R"("paused":true,)", R"("paused":true,)"), "") << "they are resumed together";
  EXPECT_EQ(both(R"("select":{"skus":["x"]},)", R"("select":{"skus":["y"]},)"),
            apart + "no goods are of both");
  EXPECT_EQ(both(R"("select":{"skus":["x"]},)", R"("select":{"skus":["y","x"]},)"), "");
  EXPECT_EQ(both(R"("select":{"tags":["x"]},)", R"("select":{"tags":["y"]},)"), "");
  EXPECT_NE(both(R"("select":{"tags":["x"]},)", R"("select":{"not_tags":["x","y"]},)"), "");
  EXPECT_EQ(both(R"("until":"2026-11-30",)", R"("from":"2026-12-01",)"),
            apart + "there is no such time");
  EXPECT_EQ(both(R"("until":"2026-12-01",)", R"("from":"2026-12-01",)"), "");
  EXPECT_EQ(both(R"("when":{"card_types":["a"]},)", R"("when":{"card_types":["b"]},)",
                 R"("card_types":[{"id":"a"},{"id":"b"}],)"),
            apart + "two conditions on card_types that exclude each other");
  EXPECT_EQ(both("", R"("not_with":["e"],)"), apart + "not_with");
  EXPECT_EQ(both(R"("group":"g",)", R"("group":"g",)", R"("groups":[{"id":"g"}],)"),
            apart + "only one of the group applies");
  EXPECT_EQ(both(R"("group":"g",)", R"("group":"g",)", R"("groups":[{"id":"g","most":2}],)"), "");
}

TEST(Reach, BehindARuleThatAlwaysComesFirst) {
  const auto group = [](const std::string& first, const std::string& second,
                        const std::string& how = R"("choose":"first")") {
    return refusal(R"("groups":[{"id":"g",)" + how + R"(}],"rules":[{"id":"a","group":"g",)" +
                   first + R"(},{"id":"b","group":"g",)" + second + "}]");
  };
  const std::string off = R"("give":{"percent":"5"})", more = R"("give":{"percent":"9"})";
  const std::string why = "rules.b: can never apply: a always comes first in g";
  EXPECT_EQ(group(off, more), why);
  EXPECT_EQ(group(off, R"("priority":1,)" + more),
            "rules.a: can never apply: b always comes first in g");
  EXPECT_EQ(group(off, R"("give":{"amount":"9"})", R"("choose":"best")"), "");
  EXPECT_EQ(group(off, more, R"("choose":"first","most":2)"), "");
  for (const auto* some : {R"("select":{"skus":["x"]},)", R"("when":{"tills":["1"]},)",
                           R"("paused":true,)", R"("until":"2026-12-31",)"}) {
    EXPECT_EQ(group(some + off, more), "") << some;
  }
  EXPECT_EQ(group(off, R"("exclusive":true,)" + more), "") << "it then stands alone";
  EXPECT_EQ(group(R"("give":{"price":"100"})", more), "") << "a price lowers not everything";
  EXPECT_EQ(group(R"("give":{"amount":"5","every":"100"})", more), "");
  const std::string earn = R"("give":{"earn":{"percent":"5"}})";
  EXPECT_EQ(group(earn, R"("give":{"earn":{"percent":"9"}})"), why);
  EXPECT_EQ(group(earn, R"("give":{"earn":{"fixed":"9"}})"), "") << "also when nothing is paid";
  EXPECT_EQ(group(R"("give":{"earn":{"fixed":"9"}})", earn), why);
  EXPECT_EQ(group(earn, R"("give":{"earn":{"percent":"9","to":"cashier"}})"), "");
  for (const auto* alike :
       {R"("when":{"tills":["1"]},)", R"("select":{"skus":["x"]},)",
        R"("when":{"any":[{"segments":["v"]},{"basket":{"amount":{"min":"9"}}}]},)"}) {
    EXPECT_EQ(group(alike + off, alike + more), why) << alike;
    EXPECT_EQ(group(alike + off, more), "") << alike;
    EXPECT_EQ(group(alike + off, alike + more, R"("choose":"first","most":2)"), "") << alike;
  }
  EXPECT_EQ(group(R"("when":{"tills":["1"]},"until":"2026-12-31",)" + off,
                  R"("when":{"tills":["1"]},)" + more),
            "")
      << "the second goes on";
  EXPECT_EQ(group(R"("select":{"skus":["x"],"price":{"min":"9"}},)" + off,
                  R"("select":{"skus":["x"]},)" + more),
            "");
  EXPECT_EQ(group(R"("when":{"tills":["1"]},)" + off, R"("when":{"tills":["2"]},)" + more), "");
  EXPECT_EQ(group(R"("when":{"tills":["1"]},"limits":[{"times":1}],)" + off,
                  R"("when":{"tills":["1"]},)" + more),
            "");
  EXPECT_EQ(
      group(R"("when":{"card_promotion":true},)" + off, R"("when":{"card_promotion":true},)" + more,
            R"("choose":"first"}],"card_types":[{"id":"c","promotions":["a"]},
                     {"id":"d","promotions":["b"])"),
      "")
      << "each is another card's";
  const auto pair = [](const std::string& b) {
    return refusal(R"("rules":[{"id":"a","give":{"percent":"5"}},{"id":"b","not_with":["a"],)" + b +
                   "}]");
  };
  const std::string behind = "can never apply: not_with, and ";
  EXPECT_EQ(pair(more), "rules.b: " + behind + "a always comes first");
  EXPECT_EQ(pair(R"("priority":1,)" + more), "rules.a: " + behind + "b always comes first");
  EXPECT_EQ(pair(R"("priority":1,"when":{"tills":["1"]},)" + more), "");
  EXPECT_EQ(pair(R"("give":{"earn":{"fixed":"5"}})"), "") << "goods that nothing lowers earn";
}

TEST(Reach, NothingIsLeftAfterARuleThatStandsAlone) {
  const auto after = [](const std::string& alone, const std::string& other) {
    return refusal(R"("rules":[{"id":"a","exclusive":true,)" + alone + R"("give":{"percent":"5"}},
                   {"id":"b",)" +
                   other + "}]");
  };
  const std::string more = R"("give":{"percent":"10"})";
  EXPECT_EQ(after("", more), "rules.b: can never apply: a stands alone on every receipt");
  EXPECT_NE(after("", R"("stage":"receipt",)" + more), "");
  EXPECT_EQ(after("", R"("give":{"earn":{"percent":"5"}})"), "") << "no discount";
  EXPECT_EQ(after(R"("select":{"skus":["x"]},)", more), "");
  EXPECT_EQ(after(R"("when":{"stores":["x"]},)", more), "");
  EXPECT_EQ(after("", R"("exclusive":true,"priority":1,"select":{"skus":["x"]},)" + more), "");
  EXPECT_NE(after("", R"("exclusive":true,"priority":-1,"select":{"skus":["x"]},)" + more), "");
}

TEST(Reach, ThereAreNoGoodsAtEnrolment) {
  const std::string on = R"("on":"enrolment",)";
  EXPECT_EQ(rule(on, R"("earn":{"fixed":"5"})"), "");
  EXPECT_NE(rule(on), "");
  EXPECT_NE(rule(on, R"("earn":{"percent":"5"})"), "");
  EXPECT_NE(rule(on + R"("select":{"skus":["x"]},)", R"("earn":{"fixed":"5"})"), "");
  EXPECT_NE(rule(on + R"("when":{"codes":["x"]},)", R"("earn":{"fixed":"5"})"), "");
}

TEST(Reach, AMessageSaysSomething) {
  EXPECT_EQ(rule("", R"("message":{"en":"Hello","ru":" "})"), "rules.a.give.message: says nothing");
  EXPECT_EQ(rule("", R"("message":"Hello")"), "");
}

TEST(Reach, PointsThatCanNeverPay) {
  EXPECT_EQ(refusal(R"("redeem":{"step":"100","max_amount":"50"})"),
            "redeem.step: one step is worth more than max_amount: points could never pay");
  EXPECT_EQ(refusal(R"("redeem":{"step":"100","value":"0.50","max_amount":"50"})"), "");
  EXPECT_EQ(refusal(R"("redeem":{"min_points":"500","max_amount":"100"})"),
            "redeem.min_points: worth more than max_amount: points could never pay");
}

TEST(Reach, EveryExampleCanBePutInForce) {
  for (const auto& entry : std::filesystem::directory_iterator(TILL_EXAMPLES_DIR)) {
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const auto file = parse_json(text.str(), {1U << 20, 24}).value();
    const auto program = Program::from_json(boost::json::serialize(file.at("program")));
    ASSERT_TRUE(program) << entry.path();
    const auto done = check_reach(program->plan());
    EXPECT_TRUE(done) << entry.path() << ": " << done.error().detail;
  }
}

}  // namespace
}  // namespace till::loyalty
