#include "gateway/loyalty/loyalty.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/loyalty/explain.h"
#include "gateway/loyalty/units.h"

namespace till::loyalty {
namespace {

Program program(const std::string& more) {
  auto read = Program::from_json(R"({"id":"p","version":3)" + more + "}");
  EXPECT_TRUE(read) << read.error().detail;
  return read.value_or(Program{});
}

Line line(const std::string& id, std::int64_t price, std::int64_t quantity = 1000,
          std::int64_t min_price = 0) {
  return {id, Money{price}, Quantity{quantity}, Money{min_price}, goods::LegalClass::kNone, false};
}

Basket basket(std::vector<Line> lines, std::int64_t points = 0, std::int64_t redeem = 0) {
  return {std::move(lines), Customer{CustomerId{"c"}, "gold", Points{points}, true}, Points{redeem},
          0};
}

std::string why(const Quote& q, const std::string& id, bool russian = false) {
  const auto at = std::ranges::find(q.why, id, &Explanation::line);
  return at == q.why.end() ? "" : russian ? at->ru : at->en;
}

TEST(Program, ReadsAndComesBackTheSame) {
  const auto p = program(R"(,"name":"Клуб","earn":"5","card_discount":{"gold":"7.5","":"1"},
      "welcome":"100","max_redeem":30,"point_step":"0.5","point_value":"2.00",
      "earn_on_points_paid":true,"money_rounding":"half_even","points_rounding":"up")");
  EXPECT_EQ(p.version, 3);
  EXPECT_EQ(p.earn, Percent{500});
  EXPECT_EQ(p.card_discount.at("gold"), Percent{750});
  EXPECT_EQ(p.max_redeem, Percent{3000});
  EXPECT_EQ(p.point_step, Points{50});
  EXPECT_EQ(p.money_rounding, Rounding::kHalfEven);
  const auto again = Program::from_json(p.to_json());
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->to_json(), p.to_json());
}

TEST(Program, RefusesWhatItCannotMean) {
  struct Case {
    const char* more;
    Code code;
    const char* detail;
  };
  for (const Case& t :
       {Case{R"(,"earn":"-5")", Code::kNegativePercent, "earn"},
        {R"(,"card_discount":{"a":"-1"})", Code::kNegativePercent, "card_discount.a"},
        {R"(,"card_discount":{"a":"101"})", Code::kOutOfRange, "card_discount.a"},
        {R"(,"max_redeem":"100.01")", Code::kOutOfRange, "max_redeem"},
        {R"(,"earn":12.5)", Code::kWrongType, "\"12.5\""},
        {R"(,"earned":"5")", Code::kUnknownField, "earned"},
        {R"(,"points_rounding":"best")", Code::kBadValue, "points_rounding"},
        {R"(,"point_step":"0")", Code::kOutOfRange, "point_step"},
        {R"(,"point_value":"-1")", Code::kOutOfRange, "point_value"},
        {R"(,"welcome":"-1")", Code::kOutOfRange, "welcome"},
        {R"(,"point_step":"0.01","point_value":"0.50")", Code::kProgramInvalid, ""},
        {R"(,"point_step":"92233720368547758","point_value":"9")", Code::kOverflow, "the program"},
        {R"(,"schema":2)", Code::kOutOfRange, "schema"}}) {
    const auto p = Program::from_json(R"({"id":"p","version":3)" + std::string(t.more) + "}");
    ASSERT_FALSE(p) << t.more;
    EXPECT_EQ(p.error().code, t.code) << t.more;
    EXPECT_NE(p.error().detail.find(t.detail), std::string::npos) << p.error().detail;
  }
  EXPECT_EQ(Program::from_json(R"({"id":"p"})").error(),
            (Error{Code::kMissingField, "version", ""}));
}

TEST(Quote, GoesThroughTheStepsInOrder) {
  const auto p = program(R"(,"earn":"5","card_discount":{"gold":"10"},"max_redeem":"50")");
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
  const auto p = program(R"(,"earn":"5","card_discount":{"gold":"10"},"max_redeem":"50")");
  Basket b{{line("a", 1000)}, std::nullopt, Points{500}, 0};
  const auto q = quote(p, b);
  EXPECT_EQ(q.total, Money{1000});
  EXPECT_EQ(q.accrued, Points{});
  EXPECT_EQ(q.redeemed, Points{});
  EXPECT_EQ(why(q, ""), "no customer: no card discount, no points");
  EXPECT_TRUE(quote(p, Basket{}).lines.empty());
}

TEST(Quote, TobaccoAndMoneyAreLeftAlone) {
  const auto p = program(R"(,"earn":"5","card_discount":{"gold":"10"},"max_redeem":"100")");
  auto tobacco = line("t", 20000);
  tobacco.legal = goods::LegalClass::kTobacco;
  auto gift = line("g", 50000);
  gift.legal = goods::LegalClass::kGiftCard;
  auto card = line("c", 10000);
  card.is_card = true;
  const auto q = quote(p, basket({tobacco, line("a", 10000), gift, card}, 1000000, 1000000));
  EXPECT_EQ(q.discount, Money{1000});
  EXPECT_EQ(q.redeemed, Points{9000});  // all of the one line that may
  EXPECT_EQ(q.accrued, Points{0});
  for (const std::size_t i : {0U, 2U, 3U}) {
    EXPECT_EQ(q.lines[i].total, q.lines[i].gross);
    EXPECT_EQ(q.lines[i].accrued, Points{});
  }
  EXPECT_EQ(why(q, "t"), "no discount, no points: tobacco, by law");
  EXPECT_EQ(why(q, "t", true), "без скидки и баллов: табак, по закону");
  EXPECT_NE(why(q, "c").find("loyalty card"), std::string::npos);
}

TEST(Quote, FloorsHoldAndWhatTheyBlockMoves) {
  const auto p = program(R"(,"card_discount":{"gold":"10"},"max_redeem":"100")");
  const auto q =
      quote(p, basket({line("vodka", 30000, 1000, 29900), line("bread", 10000)}, 1000000, 1000000));
  EXPECT_EQ(q.lines[0].discount, Money{100});   // 30.00 wanted, 1.00 fits
  EXPECT_EQ(q.lines[1].discount, Money{3900});  // 10.00 of its own and 29.00 moved
  EXPECT_EQ(q.lines[0].total, Money{29900});
  EXPECT_EQ(q.redeemed, Points{6100});  // the vodka has no room for points
  EXPECT_EQ(why(q, "vodka"), "10 % of 300.00 would be 30.00, the minimum price leaves 1.00 off");
  EXPECT_EQ(why(q, "bread").find("10 % of 100.00 = 10.00, and 29.00 moved here"), 0U);
  EXPECT_NE(why(q, "").find("minimum prices leave 61.00 to pay by points"), std::string::npos);
  // A price already below its minimum stays what it is.
  const auto below = quote(p, basket({line("x", 100, 3000, 200)}, 1000, 1000));
  EXPECT_EQ(below.total, Money{300});
}

TEST(Quote, ExplainsAmounts) {
  const auto p = program(R"(,"earn":"5","max_redeem":"20")");
  const auto q = quote(p, basket({line("a", 100000)}, 50000, 30000));
  EXPECT_EQ(why(q, "a"), "200.00 paid by 200.00 points; 5 % of 800.00 = 40.00 points");
  EXPECT_EQ(why(q, "a", true), "200.00 оплачено 200.00 баллами; 5 % от 800.00 = 40.00 баллов");
  EXPECT_EQ(why(q, ""),
            "no card discount; points may pay 20 % of 1000.00 = 200.00; the customer has 500.00 "
            "points, used in steps of 1.00: at most 200.00; 300.00 asked for, 200.00 used; "
            "40.00 points earned");
  EXPECT_EQ(percent_text(Percent{750}), "7.5 %");
  EXPECT_EQ(percent_text(Percent{0}), "0 %");
}

TEST(Quote, UnverifiedCardsEarnButDoNotPay) {
  const auto p = program(R"(,"earn":"5","max_redeem":"50")");
  auto b = basket({line("a", 10000)}, 10000, 1000);
  b.customer->verified = false;
  const auto q = quote(p, b);
  EXPECT_EQ(q.redeemed, Points{});
  EXPECT_EQ(q.redeemable, Points{});
  EXPECT_EQ(q.accrued, Points{500});
  EXPECT_NE(why(q, "").find("not verified"), std::string::npos);
}

TEST(Quote, NegativeLinesLowerWhatTheOthersGive) {
  const auto p = program(R"(,"earn":"10","card_discount":{"gold":"100"},"max_redeem":"100")");
  const auto q = quote(p, basket({line("a", 1000), line("hand", -500)}, 100000, 100000));
  EXPECT_EQ(q.discount, Money{500});
  EXPECT_EQ(q.total, Money{0});
  const auto earn = quote(program(R"(,"earn":"10")"), basket({line("a", 1000), line("h", -500)}));
  EXPECT_EQ(earn.accrued, Points{50});
}

TEST(Quote, RefusesToWrapAround) {
  const auto p = program("");
  EXPECT_THROW((void)quote(p, basket({line("a", INT64_MAX), line("b", 1)})), Overflow);
  EXPECT_THROW((void)quote(p, basket({line("a", INT64_MAX, 2000)})), Overflow);
}

TEST(Units, LongLinesStandInRuns) {
  const auto p = program(R"(,"earn":"5","card_discount":{"gold":"7"},"max_redeem":"50")");
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
  // Two of 100.00, 5 % earned, 70.00 of it by points: one back halves all of it.
  const auto p = program(R"(,"earn":"10","max_redeem":"100")");
  const auto sold = quote(p, basket({line("a", 10000, 2000)}, 100000, 7000));
  const auto back = quote_return(sold, {}, {{"a", Quantity{1000}}});
  ASSERT_TRUE(back);
  EXPECT_EQ(back->redeemed, Points{3500});
  EXPECT_EQ(back->accrued, Points{650});
  EXPECT_EQ(back->total, Money{6500});
  EXPECT_EQ(back->gross, Money{10000});
  EXPECT_EQ(why(*back, "a"),
            "1.000 back: 65.00 to the customer, 35.00 points given back, 6.50 earned points taken "
            "off");
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

}  // namespace
}  // namespace till::loyalty
