// What a program or a basket may not be.
#include <gtest/gtest.h>

#include "gateway/base/json.h"
#include "gateway/loyalty/account_json.h"
#include "gateway/loyalty/basket_json.h"
#include "gateway/loyalty/calendar.h"
#include "gateway/loyalty/load.h"

namespace till::loyalty {
namespace {

struct Refusal {
  const char* text;  // the rest of the root object, or a rule
  Code code;
  const char* detail;
};

void expect_refused(const std::string& text, const Refusal& r) {
  const auto p = Program::from_json(text);
  ASSERT_FALSE(p) << r.text;
  EXPECT_EQ(p.error().code, r.code) << r.text << ": " << p.error().detail;
  EXPECT_NE(p.error().detail.find(r.detail), std::string::npos) << p.error().detail;
}

TEST(Load, RefusesARuleWithPlaceAndReason) {
  for (
      const Refusal& r : {
          Refusal{R"({"give":{"percent":"5"}})", Code::kMissingField, "rules[0].id"},
          {R"({"id":"a"})", Code::kMissingField, "give"},
          {R"({"id":"a","give":{}})", Code::kMissingField,
           "give.percent, or amount, price, earn, gift, coupon, message, plugin, round_to"},
          {R"({"id":"a","give":{"earn":{}}})", Code::kMissingField,
           "give.earn.percent, or per_unit"},
          {R"({"id":"a","give":{"percent":"5","rounding":"best"}})", Code::kBadValue,
           "give.rounding: \"best\" is none of line, total, unit"},
          {R"({"id":"a","give":{"percent":"5","amount":"1"}})", Code::kProgramInvalid,
           "gives one thing"},
          {R"({"id":"a","give":{"percent":"-5"}})", Code::kNegativePercent,
           "rules[0].give.percent"},
          {R"({"id":"a","give":{"percent":"101"}})", Code::kOutOfRange, "at most 100 %"},
          {R"({"id":"a","give":{"percent":12.5}})", Code::kWrongType, "\"12.5\""},
          {R"({"id":"a","give":{"percent":"0"}})", Code::kProgramInvalid, "gives nothing"},
          {R"({"id":"a","gives":{}})", Code::kUnknownField, "rules[0].gives (give?)"},
          {R"({"id":"a","give":{"percent":"5"},"colour":1})", Code::kUnknownField,
           "rules[0].colour"},
          {R"({"id":"a","when":{"stores":[]},"give":{"percent":"5"}})", Code::kProgramInvalid,
           "stores"},
          {R"({"id":"a","when":{"tiers":["x"]},"give":{"percent":"5"}})", Code::kProgramInvalid,
           "\"x\" is not defined"},
          {R"({"id":"a","when":{"customer":"unknown","segments":["v"]},"give":{"percent":"5"}})",
           Code::kProgramInvalid, "can never hold"},
          {R"({"id":"a","when":{"time":{"hours":["18:00","18:00"]}},"give":{"percent":"5"}})",
           Code::kProgramInvalid, "empty span"},
          {R"({"id":"a","when":{"time":{"hours":["18:00","25:00"]}},"give":{"percent":"5"}})",
           Code::kBadValue, "hours[1]: \"25:00\" is not like 18:00"},
          {R"({"id":"a","when":{"time":{"weekdays":["mo"]}},"give":{"percent":"5"}})",
           Code::kBadValue, "weekdays[0]"},
          {R"({"id":"a","when":{"time":{"from":"2026-02-30"}},"give":{"percent":"5"}})",
           Code::kBadValue, "time.from: no such day: \"2026-02-30\""},
          {R"({"id":"a","until":"2026-13-01T18:00","give":{"percent":"5"}})", Code::kBadValue,
           "rules[0].until: no such day: \"2026-13-01T18:00\""},
          {R"({"id":"a","until":"2026-02-30 18:00","give":{"percent":"5"}})", Code::kBadValue,
           "\"2026-02-30 18:00\" is not like 2026-11-22 or 2026-11-22T18:30"},
          {R"({"id":"a","when":{"counter":{"name":"spent","every":0}},"give":{"percent":"5"}})",
           Code::kProgramInvalid, "when.counter.every: must be above 0"},
          {R"({"id":"a","when":{"counter":{"name":"spent"}},"give":{"percent":"5"}})",
           Code::kProgramInvalid, "when.counter.is: needs min, max or every"},
          {R"({"id":"a","when":{"date":{"of":"d","yearly":true,"days_after":200}},"give":{"percent":"5"}})",
           Code::kOutOfRange, "when.date.days_after: 0 to 180"},
          {R"({"id":"a","give":{"price":"5","per":"set"}})", Code::kProgramInvalid,
           "rules[0].give.per: per set needs sets"},
          {R"({"id":"a","give":{"gift":{"sku":"x","quantity":"0"}}})", Code::kOutOfRange,
           "give.gift.quantity: above 0"},
          {R"({"id":"a","when":{"basket":{"amount":{"min":"9","max":"8"}}},"give":{"percent":"5"}})",
           Code::kProgramInvalid, "nothing lies between"},
          {R"({"id":"a","when":{"plugin":"nobody"},"give":{"percent":"5"}})", Code::kProgramInvalid,
           "rules[0].when.plugin: not among the plugins"},
          {R"({"id":"a","give":{"plugin":"nobody"}})", Code::kProgramInvalid, "give.plugin"},
          {R"({"id":"a","when":{"coupons":{"type":"s"}},"give":{"percent":"5"}})",
           Code::kProgramInvalid, "rules[0].when.coupons.type: \"s\" is not defined"},
          {R"({"id":"a","give":{"coupon":"s","every":"0"}})", Code::kProgramInvalid,
           "no such coupon"},
          {R"({"id":"a","when":{"card_promotion":true},"give":{"percent":"5"}})",
           Code::kProgramInvalid, "no card type names"},
          {R"({"id":"a","when":{"experiment":{"id":"e"}},"give":{"percent":"5"}})",
           Code::kProgramInvalid, "no such experiment"},
          {R"({"id":"a","select":{"skus":["x"],"not_skus":["x"]},"give":{"percent":"5"}})",
           Code::kProgramInvalid, "selects nothing"},
          {R"({"id":"a","select":{"skus":["x","x"]},"give":{"percent":"5"}})", Code::kDuplicate,
           "skus[1]"},
          {R"({"id":"a","from":"2026-02-01","until":"2026-01-01","give":{"percent":"5"}})",
           Code::kProgramInvalid, "never holds"},
          {R"({"id":"a","limits":[{"times":0}],"give":{"percent":"5"}})", Code::kProgramInvalid,
           "limits[0].times: a limit of nothing"},
          {R"({"id":"a","limits":[{"amount":"0"}],"give":{"percent":"5"}})", Code::kProgramInvalid,
           "limits[0].amount: a limit of nothing"},
          {R"({"id":"a","limits":[{"per":"receipt","period":"day","times":1}],"give":{"percent":"5"}})",
           Code::kProgramInvalid, "no period"},
          {R"({"id":"a","give":{"percent":{"by":"spent","steps":[{"from":"10","value":"3"},{"from":"10","value":"5"}]}}})",
           Code::kProgramInvalid, "steps overlap"},
          {R"({"id":"a","stage":"line","give":{"amount":"5"}})", Code::kProgramInvalid,
           "one line at a time"},
          {R"({"id":"a","group":"g","give":{"percent":"5"}})", Code::kProgramInvalid,
           "no such group"},
          {R"({"id":"a","not_with":["b"],"give":{"percent":"5"}})", Code::kProgramInvalid,
           "no rule or group \"b\""},
          {R"({"id":"a","give":{"earn":{"percent":"5","fixed":"1"}}})", Code::kProgramInvalid,
           "only one of"},
          {R"({"id":"a","give":{"earn":{"purse":"stars","fixed":"1"}}})", Code::kProgramInvalid,
           "no such purse"},
          {R"({"id":"a","give":{"earn":{"multiply":"0.5"}}})", Code::kProgramInvalid, "below 1"},
          {R"({"id":"a","give":{"coupon":"next"}})", Code::kProgramInvalid, "no such coupon"},
          {R"({"id":"a","sets":{},"give":{"percent":"5"}})", Code::kProgramInvalid,
           "needs buy or get"},
          {R"({"id":"a","cost":{"purse":"points","amount":"0"},"give":{"percent":"5"}})",
           Code::kOutOfRange, "cost.amount"},
      }) {
    expect_refused(R"({"id":"p","version":3,"rules":[)" + std::string(r.text) + "]}", r);
  }
}

constexpr const char* kPlugins = R"({"id":"p","version":1,"plugins":[{"id":"late"}],"rules":[
    {"id":"give","select":{"not_skus":["x"]},"give":{"plugin":"late"}},
    {"id":"when","when":{"plugin":"late"},"give":{"amount":"1"}},
    {"id":"not","when":{"not":{"plugin":"late"}},"give":{"amount":"2"}},
    {"id":"or","when":{"any":[{"plugin":"late"},{"stores":["s"]}]},"give":{"amount":"4"}}]})";

// What the rules with a plugin gave, and the reasons of those that did not.
std::string with_plugin(const std::string& plugins, const std::string& more = "") {
  const auto p = Program::from_json(kPlugins).value();
  const auto basket =
      parse_json(R"({"lines":[
      {"id":"a","price":"50","min_price":"45"},{"id":"b","price":"100"},{"id":"t","price":"200","legal":"tobacco"},
      {"id":"x","sku":"x","price":"10"}])" +
                 more + (plugins.empty() ? "}" : R"(,"plugins":{"late":)" + plugins + "}}"));
  const auto result = evaluate_json(p, basket.value()).value();
  std::string out = result.at("discount").as_string().c_str();
  for (const auto& why : result.at("why").as_array()) {
    const std::string code = why.at("code").as_string().c_str();
    if (code.starts_with("plugin")) out += " " + code + ":" + why.at("rule").as_string().c_str();
  }
  return out;
}

TEST(Plugins, AnAnswerIsAnInput) {
  constexpr const char* kOff =
      R"({"discounts":{"a":"20","b":"30","t":"200","x":"10","nobody":"1"}})";
  // The floor, tobacco and the rule's own goods hold for a plugin too: 5 + 30, and 1 of "when".
  EXPECT_EQ(with_plugin(kOff, R"(,"store":"-")"), "40.00");
  EXPECT_EQ(with_plugin(R"({"holds":false,"discounts":{"b":"30"}})"),
            "2.00 plugin:give plugin:when");
  const auto p = Program::from_json(kPlugins).value();
  const auto basket = parse_json(R"({"lines":[{"id":"b","price":"100"}],
      "plugins":{"late":{"discounts":{"b":{"amount":"3","reason":"old bread"}}}}})");
  const auto why = evaluate_json(p, basket.value()).value().at("why");
  EXPECT_EQ(why.at(0).at("en"), "give: 3.00 off (old bread)");
  EXPECT_FALSE(evaluate_json(p, *parse_json(R"({"plugins":{"late":{"discounts":{"b":"-1"}}}})")));
  EXPECT_FALSE(evaluate_json(p, *parse_json(R"({"plugins":{"late":{"failed":"sleepy"}}})")));
}

TEST(Plugins, GivePointsForLinesAndForTheReceipt) {
  const auto p = Program::from_json(R"({"id":"p","version":1,"plugins":[{"id":"game"}],"rules":[
      {"id":"play","give":{"earn":{"plugin":"game"}},"limits":[{"amount":"20"}]}]})");
  ASSERT_TRUE(p) << p.error().detail;
  const auto earned = [&](const std::string& answer) {
    const auto basket = parse_json(R"({"customer":{"id":"c"},"lines":[{"id":"a","price":"100"},
        {"id":"t","price":"100","legal":"tobacco"}],"plugins":{"game":)" +
                                   answer + "}}");
    return evaluate_json(*p, basket.value()).value();
  };
  const auto both = earned(R"({"points":{"a":"5","t":"7","nobody":"1"},
      "receipt_points":{"points":"10","reason":"a star"}})");
  EXPECT_EQ(both.at("points").at("earned"), "15.00") << "tobacco earns nothing";
  EXPECT_EQ(both.at("lines").at(0).at("points_earned"), "5.00");
  EXPECT_EQ(earned(R"({"points":{"a":"15"},"receipt_points":"10"})").at("points").at("earned"),
            "20.00")
      << "the rule's limit holds, the lines first";
  EXPECT_EQ(earned(R"({"points":{"a":"5"},"receipt_points":"10"})").at("why").at(1).at("code"),
            "earned");
  EXPECT_EQ(earned(R"({"holds":false})").at("points").at("earned"), "0.00");
  EXPECT_EQ(earned(R"({"failed":"late"})").at("why").at(1).at("code"), "plugin_late");
  EXPECT_FALSE(evaluate_json(*p, *parse_json(R"({"plugins":{"game":{"points":{"a":"-1"}}}})")));
  EXPECT_FALSE(Program::from_json(R"({"id":"p","version":1,"plugins":[{"id":"game"}],"rules":[
      {"id":"play","give":{"earn":{"plugin":"game","rounding":"line"}}}]})"));
}

// Neither the plugin's condition nor its opposite holds; what holds anyway still does.
TEST(Plugins, WithoutAnAnswerTheOfferDoesNotApply) {
  for (const std::string why : {"late", "down", "refused", "invalid"}) {
    const auto out =
        with_plugin(R"({"failed":")" + why + R"(","discounts":{"b":"30"}})", R"(,"store":"s")");
    EXPECT_EQ(out.substr(0, 4), "4.00") << out;
    for (const auto* rule : {"give", "when", "not"}) {
      EXPECT_NE(out.find("plugin_" + why + ":" + rule), std::string::npos) << out;
    }
  }
  EXPECT_EQ(with_plugin("").substr(0, 5), "0.00 ");
  EXPECT_NE(with_plugin("").find("plugin_silent:not"), std::string::npos);
}

TEST(Tiers, OneLevelIsLostForEachWindow) {
  const auto p = Program::from_json(R"({"id":"p","version":1,"tiers":{"by":"spent","window_days":30,
      "downgrade":"one_down","steps":[{"id":"a","from":"0"},{"id":"b","from":"10"},{"id":"c","from":"20"}]}})")
                     .value();
  const auto tier = [&](const std::string& since) {
    const auto basket =
        parse_json(R"({"time":"2026-11-22T12:00:00+03:00","customer":{"id":"x","tier":"c")" +
                   since + R"(},"lines":[{"price":"1"}]})");
    return std::string(evaluate_json(p, *basket)->at("tier").as_string());
  };
  EXPECT_EQ(tier(""), "b") << "since when is not known";
  EXPECT_EQ(tier(R"(,"dates":{"tier":"2026-11-20"})"), "c");
  EXPECT_EQ(tier(R"(,"dates":{"tier":"2026-10-23"})"), "b");
  EXPECT_EQ(tier(R"(,"dates":{"tier":"2026-09-01"})"), "a");
}

TEST(Load, RefusesAProgramWithPlaceAndReason) {
  const std::string rule = R"({"id":"a","give":{"percent":"5"}})";
  for (
      const Refusal& r : {
          Refusal{R"("schema":1)", Code::kOutOfRange, "schema"},
          {R"("earn":"5")", Code::kUnknownField, "earn"},
          {R"("from":"2026-02-01","until":"2026-01-31")", Code::kProgramInvalid, "until"},
          {R"("from":"2026-02-01","rules":[{"id":"a","until":"2026-01-31","give":{"percent":"5"}}])",
           Code::kProgramInvalid, "outside the program's"},
          {R"("settings":{"points_rounding":"best"})", Code::kBadValue, "points_rounding"},
          {R"("settings":{"utc_offset":"3"})", Code::kBadValue, "utc_offset"},
          {R"("settings":{"excluded":{"skus":["x"]}},"rules":[{"id":"a","select":{"skus":["x"]},"give":{"percent":"5"}}])",
           Code::kProgramInvalid, "excluded holds all"},
          {R"("redeem":{"step":"0"})", Code::kOutOfRange, "step"},
          {R"("redeem":{"leave_per_line":"-1"})", Code::kOutOfRange,
           "redeem.leave_per_line: below 0"},
          {R"("coupons":[{"id":"a","uses":-1}])", Code::kOutOfRange, "coupons[0].uses: below 0"},
          {R"("coupons":[{"id":"a","valid_days":-1}])", Code::kOutOfRange,
           "coupons[0].valid_days: 0 to 36600"},
          {R"("coupons":[{"id":"a","length":65}])", Code::kOutOfRange,
           "coupons[0].length: 0 to 64"},
          {R"("purses":[{"id":"a","activation_days":-1}])", Code::kOutOfRange,
           "purses[0].activation_days: 0 to 3660"},
          {R"("tiers":{"window_days":-1,"steps":[{"id":"a","from":"5"}]})", Code::kOutOfRange,
           "tiers.window_days: 0 to 36600"},
          {R"("plugins":[{"id":"a","deadline_ms":0}])", Code::kOutOfRange,
           "deadline_ms: 1 to 2000"},
          {R"("velocity":{"redemption":[{"points":"0"}]})", Code::kProgramInvalid,
           "velocity.redemption[0].points: a limit of nothing"},
          {R"("redeem":{"value":"-1"})", Code::kOutOfRange, "value"},
          {R"("redeem":{"max_share":"100.01"})", Code::kOutOfRange, "max_share"},
          {R"("rules":[{"id":"a","give":{"earn":{"fixed":"1","to":"cashier","expires_days":9}}}])",
           Code::kProgramInvalid, "give.earn.expires_days: only of the customer's points"},
          {R"("rules":[{"id":"a","give":{"earn":{"fixed":"1","expires_days":-1}}}])",
           Code::kOutOfRange, "give.earn.expires_days: 0 to 36600"},
          {R"("redeem":{"max_share":{"by":"purchases","steps":[{"from":0,"value":"101"}]}})",
           Code::kOutOfRange, "redeem.max_share: above 0"},
          {R"("redeem":{"max_share":{"by":"amount","steps":[{"from":"0","value":"10"}]}})",
           Code::kProgramInvalid, "redeem.max_share: by tier or by a counter"},
          {R"("redeem":{"max_share":{"by":"tier","steps":[{"from":"gold","value":"10"}]}})",
           Code::kProgramInvalid, "redeem.max_share.by: no tiers defined"},
          {R"("redeem":{"step":"0.01","value":"0.50"})", Code::kProgramInvalid, "whole kopecks"},
          {R"("redeem":{"step":"92233720368547758","value":"9"})", Code::kOverflow, "the program"},
          {R"("tiers":{"steps":[{"id":"a","from":"5"},{"id":"b","from":"5"}]})",
           Code::kProgramInvalid, "tiers overlap"},
          {R"("tiers":{"steps":[]})", Code::kProgramInvalid, "empty"},
          {R"("groups":[{"id":"g"}])", Code::kProgramInvalid, "no rule is in it"},
          {R"("groups":[{"id":"g"},{"id":"g"}])", Code::kDuplicate, "groups[1].id"},
          {R"("groups":[{"id":"g"}],"rules":[{"id":"a","group":"g","give":{"percent":"5"}},{"id":"b","group":"g","give":{"earn":{"percent":"5"}}}])",
           Code::kProgramInvalid, "weighed against"},
          {R"("coupons":[{"id":"a","prefix":"77","length":10},{"id":"b","prefix":"770","length":10}])",
           Code::kProgramInvalid, "could also be of a"},
          {R"("coupons":[{"id":"a","prefix":"7X","length":10,"check_symbol":true}])",
           Code::kProgramInvalid, "digits"},
          {R"("experiments":[{"id":"e","pilot":"60","control":"50"}])", Code::kOutOfRange, "pilot"},
          {R"("card_types":[{"id":"g","activation":"sale"}])", Code::kProgramInvalid,
           "card_types[0].activation"},
          {R"("card_types":[{"id":"g","promotions":["x"]}])", Code::kProgramInvalid,
           "no rule \"x\""},
          {R"("card_types":[{"id":"g","promotions":["a"]}],"rules":[{"id":"a","give":{"percent":"5"}}])",
           Code::kProgramInvalid, "card_promotion"},
          {R"("card_types":[{"id":"g"}],"rules":[{"id":"a","when":{"card_types":["gg"]},"give":{"percent":"5"}}])",
           Code::kProgramInvalid, "rules[0].when.card_types: \"gg\" is not defined"},
          {R"("purses":[{"id":"x","activation_days":5,"expires_days":5}])", Code::kProgramInvalid,
           "before it becomes active"},
          {R"("rules":[{"id":"a","give":{"percent":"5"}},{"id":"a","give":{"percent":"5"}}])",
           Code::kDuplicate, "rules[1].id"},
      }) {
    expect_refused(R"({"id":"p","version":3,)" + std::string(r.text) + "}", r);
  }
  EXPECT_EQ(Program::from_json(R"({"id":"p"})").error(),
            (Error{Code::kMissingField, "version", ""}));
  const auto p = Program::from_json(R"({ "id":"p", "version":3, "rules":[)" + rule + "]}");
  ASSERT_TRUE(p);
  EXPECT_EQ(Program::from_json(p->to_json())->to_json(), p->to_json());
}

TEST(Basket, RefusesWhatCannotBe) {
  for (const Refusal& r : {
           Refusal{R"("lines":[{"price":"1","quantity":"0"}])", Code::kOutOfRange,
                   "lines[0].quantity"},
           {R"("lines":[{"price":"1","quantity":"-1"}])", Code::kOutOfRange, "lines[0].quantity"},
           {R"("lines":[{"price":"1","quantity":"1000001"}])", Code::kOutOfRange, "quantity"},
           {R"("lines":[{"price":"99999999999999999999"}])", Code::kOverflow, "price"},
           {R"("lines":[{"price":"90000000000000000"},{"price":"90000000000000000"}])",
            Code::kOverflow, "lines[1].price"},
           {R"("lines":[{"price":"1","tax":[{}]}])", Code::kBadValue, "lines[0].tax[0]: needs"},
           {R"("lines":[{"price":"1","tax":[{"fixed":"1","percent":"5"}]}])", Code::kBadValue,
            "lines[0].tax[0]: percent or fixed, not both"},
           {R"("lines":[{"price":"1","tax":[{"fixed":"1","included":true}]}])", Code::kBadValue,
            "lines[0].tax[0].included"},
           {R"("lines":[{"price":"1","id":"a"},{"price":"1","id":"a"}])", Code::kDuplicate,
            "lines[1].id"},
           {R"("lines":[{"price":"1","colour":"red"}])", Code::kUnknownField, "lines[0].colour"},
           {R"("customer":{"id":"c","card":"blocked"})", Code::kCardBlocked, "customer.card"},
           {R"("customer":{"id":"c","card":"expired"})", Code::kCardBlocked, "customer.card"},
           {R"("redeem":"-1")", Code::kOutOfRange, "redeem"},
           {R"("time":"yesterday")", Code::kBadValue, "time"},
           {R"("time":"2026-02-31T10:00:00Z")", Code::kBadValue,
            "time: no such day: \"2026-02-31T"},
           {R"("lines":[{"price":"1","tax":[{"percent":"10001"}]}])", Code::kOutOfRange,
            "lines[0].tax[0].percent: 0 to 10000"},
           {R"("lines":[{"price":"1","tax":[{"fixed":"-1"}]}])", Code::kOutOfRange,
            "lines[0].tax[0].fixed: below 0"},
           {R"("used":[{"rule":"a","times":-1}])", Code::kOutOfRange, "used[0].times: below 0"},
           {R"("customer":{"counters":{"purchases":-1}})", Code::kOutOfRange,
            "customer.counters.purchases: below 0"},
           {R"("coupons":[{"code":"x","used":-1}])", Code::kOutOfRange, "coupons[0].used: below 0"},
           {R"("payments":[{"kind":"card","amount":"-1"}])", Code::kOutOfRange,
            "payments[0].amount: below 0"},
           {R"("goods":[{"sku":"x","min_price":"-1"}])", Code::kOutOfRange,
            "goods[0].min_price: below 0"},
           {R"("lines":[{"price":"1"}],"returns":[{"1":"0"}])", Code::kOutOfRange,
            "returns[0].1: above 0"},
           {R"("lines":[{"price":"1"}],"returns":[{"1":"-1"}])", Code::kOutOfRange,
            "returns[0].1: above 0"},
           {R"("lines":[{"price":"1"}],"returns":[{"1":"1"},{}])", Code::kOutOfRange,
            "returns[1]: empty"},
           {R"("lines":[{"price":"1"}],"returns":[{"1":"1"},{"1":"1"}])", Code::kReturnTooMuch,
            "returns[1]: line 1: 1.000, left 0.000"},
           {R"("lines":[{"price":"1"}],"returns":[{"2":"1"}])", Code::kReturnTooMuch,
            "returns[0]: line 2 is not on the receipt"},
           {R"("event":"enrolmnt")", Code::kBadValue, "event: no rule works on \"enrolmnt\""},
           {R"("customer":{"purses":{"stampz":"1"}})", Code::kUnknownField,
            "customer.purses.stampz: no such purse"},
           {R"("customer":{"counters":{"spend":"1"}})", Code::kWrongType,
            "customer.counters.spend"},
           {R"("customer":{"counters":{"spend":1}})", Code::kUnknownField,
            "customer.counters.spend: nothing in the program goes by it"},
           {R"("customer":{"dates":{"birthdy":"2020-01-01"}})", Code::kUnknownField,
            "customer.dates.birthdy: nothing in the program goes by it"},
           {R"("customer":{"card_type":"goldd"})", Code::kBadValue,
            "customer.card_type: \"goldd\" is not defined"},
           {R"("customer":{"tier":"goldd"})", Code::kBadValue, "customer.tier: \"goldd\""},
           {R"("used":[{"rule":"b"}])", Code::kBadValue, "used[0].rule: no rule \"b\""},
           {R"("used":[{"rule":"a","per":"store"}])", Code::kBadValue,
            "used[0]: a has no limit per store, ever"},
           {R"("coupons":[{"code":"x","type":"c"}])", Code::kBadValue,
            "coupons[0].type: \"c\": no such coupon"},
           {R"("plugins":{"late":{}})", Code::kUnknownField, "plugins.late: not among"},
       }) {
    const auto p = Program::from_json(R"({"id":"p","version":1,"card_types":[{"id":"gold"}],
        "plugins":[{"id":"p"}],"rules":[{"id":"a","when":{"plugin":"p"},
          "limits":[{"per":"customer","times":1}],"give":{"percent":"5"}}]})");
    const auto basket = parse_json("{" + std::string(r.text) + "}");
    ASSERT_TRUE(basket) << r.text;
    const auto result = evaluate_json(p.value(), *basket);
    ASSERT_FALSE(result) << r.text;
    EXPECT_EQ(result.error().code, r.code) << r.text << result.error().detail;
    EXPECT_NE(result.error().detail.find(r.detail), std::string::npos) << result.error().detail;
  }
  boost::json::array lines(10'001, boost::json::object{{"price", "1"}});
  const boost::json::value many = boost::json::object{{"lines", std::move(lines)}};
  EXPECT_EQ(basket_from_json(many).error(),
            (Error{Code::kTooManyLines, "lines: 10001, at most 10000", ""}));
}

TEST(Calendar, CountsAsTheWallDoes) {
  EXPECT_EQ(days_from_civil(1970, 1, 1), 0);
  EXPECT_EQ(*parse_day("2026-11-22", ""), 20779);
  EXPECT_EQ(format_day(20779), "2026-11-22");
  EXPECT_FALSE(parse_day("2025-02-29", ""));
  const auto zoned = *parse_zoned("2026-11-22T00:30:00+03:00", "");
  EXPECT_EQ(format_minute(zoned.unix_us, 180), "2026-11-22 00:30");
  EXPECT_EQ(format_minute(zoned.unix_us, 0), "2026-11-21 21:30");
  const auto offset = [](const char* time) {
    return basket_from_json(boost::json::object{{"time", time}, {"lines", boost::json::array{}}})
        ->utc_offset_min;
  };
  EXPECT_EQ(offset("2026-11-22T00:30:00+03:00"), 180);
  EXPECT_EQ(offset("2026-11-22T00:30:00+00:00"), 0);
  EXPECT_EQ(offset("2026-11-22T00:30:00Z"), std::nullopt) << "the program's";
  const auto t = local_time(zoned.unix_us, zoned.utc_offset_min);
  EXPECT_EQ(t.day, 20779);
  EXPECT_EQ(t.minute, 30);
  EXPECT_EQ(t.weekday, 6);  // a Sunday
  EXPECT_EQ(local_time(zoned.unix_us, 0).day, 20778);
  const auto born = *parse_day("1992-02-29", "");
  EXPECT_EQ(days_since_yearly(born, *parse_day("2026-02-28", "")), 0);
  EXPECT_EQ(days_since_yearly(*parse_day("1990-12-31", ""), *parse_day("2026-01-02", "")), 2);
  EXPECT_EQ(days_since_yearly(*parse_day("1990-01-03", ""), *parse_day("2025-12-31", "")), -3);
  Calendar night{.weekdays = 1U << 4, .minute_from = 22 * 60, .minute_until = 2 * 60};
  const auto at = [](const char* text) {
    const auto z = *parse_zoned(text, "");
    return local_time(z.unix_us, z.utc_offset_min);
  };
  EXPECT_TRUE(night.has(at("2026-11-20T23:00:00Z")));  // Friday
  EXPECT_TRUE(night.has(at("2026-11-21T01:59:00Z")));  // still Friday's night
  EXPECT_FALSE(night.has(at("2026-11-21T02:00:00Z")));
  EXPECT_FALSE(night.has(at("2026-11-20T01:00:00Z")));  // Thursday's
}

// What the program `rest` gives on `basket`, with the ids of what applied to each line.
boost::json::object worked_out(const std::string& rest, const std::string& basket) {
  const auto p = Program::from_json(R"({"id":"p","version":1,)" + rest + "}");
  EXPECT_TRUE(p) << p.error().detail;
  return evaluate_json(p.value(), *parse_json(basket)).value();
}

std::string discounts(const boost::json::object& result) {
  std::string out;
  for (const auto& line : result.at("lines").as_array()) {
    out += (out.empty() ? "" : " ") + std::string(line.at("discount").as_string());
  }
  return out;
}

TEST(Settings, AnAmountIsSharedAsTheySay) {
  const std::string basket = R"({"lines":[{"price":"43"},{"price":"14"},{"price":"23"}]})";
  const auto shares = [&](const std::string& settings) {
    return discounts(worked_out(
        R"("settings":{)" + settings + R"(},"rules":[{"id":"a","give":{"amount":"3.00"}}])",
        basket));
  };
  EXPECT_EQ(shares(R"("remainder":"last_line")"), "1.61 0.53 0.86");
  EXPECT_EQ(shares(R"("remainder":"last_line_down")"), "1.61 0.52 0.87");
  EXPECT_EQ(shares(R"("allocate":"proportional")"), shares(""));
  EXPECT_EQ(shares(R"("allocate":"equal")"), "1.00 1.00 1.00");
  const auto cut = discounts(
      worked_out(R"("settings":{"allocate":"equal"},"rules":[{"id":"a","give":{"amount":"9.00"}}])",
                 R"({"lines":[{"price":"43"},{"price":"1"},{"price":"23"}]})"));
  EXPECT_EQ(cut, "4.00 1.00 4.00") << "what a line cannot bear falls on the others alike";
}

TEST(Group, TheLowestIsTheLeastThatGivesSomething) {
  const auto total = [](const std::string& of_group, const std::string& rules) {
    return worked_out(R"("groups":[{"id":"g",)" + of_group + R"(}],"rules":[)" + rules + "]",
                      R"({"lines":[{"sku":"a","price":"100"},{"sku":"b","price":"100"}]})")
        .at("total")
        .as_string();
  };
  const std::string receipt =
      R"({"id":"none","group":"g","select":{"skus":["z"]},"give":{"amount":"1"}},
         {"id":"ten","group":"g","give":{"amount":"10"}},
         {"id":"five","group":"g","give":{"amount":"5"}},
         {"id":"seven","group":"g","give":{"amount":"7"}})";
  EXPECT_EQ(total(R"("choose":"lowest")", receipt), "195.00");
  EXPECT_EQ(total(R"("choose":"best")", receipt), "190.00");
  const std::string lines =
      R"({"id":"ten","group":"g","give":{"percent":"10"}},
         {"id":"two","group":"g","select":{"skus":["a"]},"give":{"percent":"2"}})";
  EXPECT_EQ(total(R"("choose":"lowest","per":"line")", lines), "188.00") << "98 and 90";
  EXPECT_EQ(total(R"("choose":"best","per":"line")", lines), "180.00");
  expect_refused(
      R"({"id":"p","version":1,"groups":[{"id":"g","choose":"lowest","most":2}]})",
      {"lowest", Code::kProgramInvalid, "groups[0].most: one, in a group of the lowest"});
}

TEST(Basket, NeedsATimeWhenTheProgramGoesByIt) {
  const auto answer = [](const std::string& rest, const char* basket) {
    const auto p = Program::from_json(R"({"id":"p","version":1,)" + rest + "}");
    EXPECT_TRUE(p) << p.error().detail;
    const auto result = evaluate_json(p.value(), *parse_json(basket));
    return result ? "" : std::string(code_name(result.error().code)) + " " + result.error().detail;
  };
  const std::string give = R"(,"give":{"percent":"5"}}])";
  for (const auto& rest :
       {R"("from":"2026-01-01")" + std::string(),
        R"("rules":[{"id":"a","until":"2026-02-01")" + give,
        R"("rules":[{"id":"a","when":{"time":{"weekdays":["thu"]}})" + give,
        R"("rules":[{"id":"a","when":{"any":[{"date":{"of":"joined","days_ago":{"max":9}}},
           {"segments":["v"]}]})" +
            give}) {
    EXPECT_NE(answer(rest, R"({"lines":[]})").find(" time: "), std::string::npos) << rest;
    EXPECT_EQ(answer(rest, R"({"time":"2026-01-02T10:00:00Z","lines":[]})"), "") << rest;
  }
  EXPECT_EQ(answer(R"("rules":[{"id":"a")" + give, R"({"lines":[]})"), "");
  const auto other =
      R"("rules":[{"id":"a","on":"visit","until":"2026-02-01","give":{"earn":{"fixed":"1"}}}])";
  EXPECT_EQ(answer(other, R"({"lines":[]})"), "") << "a sale";
  EXPECT_NE(answer(other, R"({"event":"visit"})"), "");
  EXPECT_EQ(answer(R"("paused":true,"from":"2026-01-01")", R"({"lines":[]})"), "");
}

TEST(AccountSteps, ARefusalHasWords) {
  const auto result =
      run_account(*parse_json(R"({"steps":[{"op":"hold","id":"h","amount":"5"}]})")).value();
  const auto& step = result.at("steps").at(0);
  ASSERT_NE(step.at("answer"), "ok");
  EXPECT_NE(step.at("text").at("en").as_string(), "");
  EXPECT_NE(step.at("text").at("en"), step.at("text").at("ru"));
}

}  // namespace
}  // namespace till::loyalty
