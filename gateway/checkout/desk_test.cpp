#include <gtest/gtest.h>

#include "gateway/checkout/desk_fakes.h"

namespace till::checkout {
namespace {

TEST_F(DeskTest, TheTableHasNoDeadEndsAndNoDoubles) {
  std::map<std::pair<State, Event>, int> pairs;
  for (const auto& t : transitions()) EXPECT_EQ(++pairs[std::pair(t.from, t.event)], 1);
  for (int s = 0; s <= static_cast<int>(State::kCancelled); ++s) {
    bool leaves = false;
    for (const auto& t : transitions()) leaves |= t.from == static_cast<State>(s);
    EXPECT_NE(leaves, is_final(static_cast<State>(s))) << name(static_cast<State>(s));
  }
}

TEST_F(DeskTest, IntentIsOnDiskBeforeTheRegisterHearsOfIt) {
  const Uuid id = sale();
  journal.hold_writes = true;
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(journal.steps.back(), "intent");
  EXPECT_EQ(fiscal.receipts, 0);
}

TEST_F(DeskTest, AnOutcomeIsShownOnlyWhenItIsOnDisk) {
  const Uuid id = sale();
  ASSERT_TRUE(pay(id));
  while (journal.steps.back() != "intent") {
    later.queue.front()();
    later.queue.pop_front();
  }
  auto rest = std::move(later.queue);
  later.queue.clear();
  for (auto& f : rest) f();
  journal.hold_writes = true;
  later.run();
  EXPECT_EQ(journal.steps.back(), "commit");
  EXPECT_EQ(state(id), State::kFiscalising);
}

// Between the outcome and the disk nobody moves the sale, whatever its state says already.
TEST_F(DeskTest, AnOutcomeOnItsWayIsNotOvertaken) {
  const Uuid id = sale(2, Points{100});
  fiscal.outcome = {Verdict::kRefused, {}, {Code::kRegisterRefused, {}, {}}, false};
  ASSERT_TRUE(pay(id));
  while (journal.steps.back() != "intent") {
    later.queue.front()();
    later.queue.pop_front();
  }
  journal.hold_writes = true;
  later.run();
  ASSERT_EQ(journal.steps.back(), "refused");
  const auto cancelled = desk->cancel(id);
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, Code::kSaleState);
  EXPECT_FALSE(desk->quote(id));
  EXPECT_EQ(state(id), State::kFiscalising);
}

TEST_F(DeskTest, CommitsWithTheWitnessOnThePaper) {
  const Uuid id = sale();
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(state(id), State::kCommitted);
  EXPECT_EQ(fiscal.last.witness, to_string(AttemptKey{id, 1}));
  EXPECT_EQ(fiscal.locks, 0);
  ASSERT_EQ(journal.facts.size(), 1U);
  EXPECT_EQ(journal.facts[0].kind, FactKind::kSale);
}

TEST_F(DeskTest, ARefusalReleasesThePointsAndTheNextAttemptHasItsOwnKey) {
  const Uuid id = sale(2, Points{5000});
  fiscal.outcome = {Verdict::kRefused, {}, {Code::kPaperOut, {}, {}}, false};
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(state(id), State::kQuoted);
  ASSERT_EQ(points.asked.size(), 1U);
  EXPECT_TRUE(released(points.asked[0]));
  fiscal.outcome = {Verdict::kDone, {"fn", 11, 1}, {}, false};
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(state(id), State::kCommitted);
  EXPECT_EQ(fiscal.last.witness, to_string(AttemptKey{id, 2}));
  EXPECT_NE(points.asked[0], points.asked[1]);
}

TEST_F(DeskTest, ADirtyRefusalIsCancelledFirst) {
  const Uuid id = sale();
  fiscal.outcome = {Verdict::kRefused, {}, {Code::kCoverOpen, {}, {}}, true};
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(fiscal.recovers, 1);
  EXPECT_EQ(state(id), State::kQuoted);
}

TEST_F(DeskTest, ADoubtIsResolvedNeverRepeated) {
  const Uuid id = sale();
  fiscal.outcome = {Verdict::kInDoubt, {}, {Code::kPortLost, {}, {}}, false};
  fiscal.resolutions = {fail(Code::kPortLost), fail(Code::kTimeout),
                        Resolution{ResolutionVerdict::kDone, {"fn", 12, 5}, {}, {}}};
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(fiscal.receipts, 1);
  EXPECT_EQ(fiscal.resolves, 3);
  EXPECT_EQ(state(id), State::kCommitted);
  EXPECT_EQ(desk->find(id)->document->number, 12U);
}

TEST_F(DeskTest, ADoubtSaysWhatSomebodyCanDo) {
  const Uuid id = sale();
  fiscal.outcome = {Verdict::kInDoubt, {}, {Code::kPortLost, {}, {}}, false};
  fiscal.resolutions = {fail(Code::kPaperOut), fail(Code::kPortLost),
                        Resolution{ResolutionVerdict::kDone, {"fn", 12, 5}, {}, {}}};
  ASSERT_TRUE(pay(id));
  later.run(0);
  EXPECT_EQ(state(id), State::kInDoubt);
  EXPECT_EQ(desk->find(id)->trouble_error().code, Code::kPaperOut);
  later.run();
  EXPECT_EQ(state(id), State::kCommitted);
  EXPECT_EQ(desk->find(id)->trouble, 0);
}

// A register that answers every question about the document with the same error ends in a person's
// hands; one whose paper is out is waited for.
TEST_F(DeskTest, ARegisterThatWillNotTellIsNotAskedForEver) {
  const Uuid id = sale();
  fiscal.outcome = {Verdict::kInDoubt, {}, {Code::kPortLost, {}, {}}, false};
  fiscal.resolutions.assign(30, fail(Code::kPaperOut));
  fiscal.resolutions.insert(fiscal.resolutions.end(), 11,
                            std::unexpected(Error{Code::kNoSuchDocument, "7", "shtrih 01h"}));
  fiscal.resolutions.insert(fiscal.resolutions.end(), 2, fail(Code::kTimeout));
  fiscal.resolutions.insert(fiscal.resolutions.end(), 20,
                            std::unexpected(Error{Code::kNoSuchDocument, "7", "shtrih 01h"}));
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(state(id), State::kNeedsPerson);
  EXPECT_EQ(fiscal.receipts, 1);
  EXPECT_GE(fiscal.resolves, 30 + 12);
  EXPECT_LE(fiscal.resolves, 30 + 11 + 2 + 12);
  EXPECT_EQ(desk->find(id)->trouble_detail, "TB-3010 7");
  EXPECT_EQ(desk->find(id)->trouble_vendor, "shtrih 01h");
  EXPECT_EQ(fiscal.locks, 0);
}

TEST_F(DeskTest, NobodyIsAtATillWhenNothingWasTouchedForLong) {
  EXPECT_TRUE(desk->idle());
  const Uuid id = sale();
  EXPECT_FALSE(desk->idle());
  clock.now += 11 * 60'000'000LL;
  EXPECT_TRUE(desk->idle());
  ASSERT_TRUE(desk->quote(id));
  EXPECT_FALSE(desk->idle());
}

TEST_F(DeskTest, WhatTheRegisterCanNotTellAPersonSettles) {
  for (const bool printed : {true, false}) {
    const Uuid id = sale(2, Points{100});
    fiscal.outcome = {Verdict::kInDoubt, {}, {Code::kPortLost, {}, {}}, false};
    fiscal.resolves = 0;
    const Resolution person{ResolutionVerdict::kNeedsPerson, {}, "replaced", {}};
    fiscal.resolutions = {person, person, person};  // asked at once again, and of both
    ASSERT_TRUE(pay(id));
    later.run(later.now);
    EXPECT_EQ(state(id), State::kNeedsPerson);
    EXPECT_EQ(fiscal.locks, 0);  // the queue goes on
    EXPECT_EQ(pay(id).error().code, Code::kSaleState);
    ASSERT_TRUE(desk->settle(id, "senior",
                             printed ? std::optional(FiscalDocument{"fn", 9, 9}) : std::nullopt,
                             [](const Sale&) {}));
    later.run(later.now);
    EXPECT_EQ(state(id), printed ? State::kSettledByPerson : State::kQuoted);
    EXPECT_EQ(desk->settle(id, "senior", std::nullopt, [](const Sale&) {}).error().code,
              printed ? Code::kSaleState : Code::kNotSettleable);
  }
}

TEST_F(DeskTest, ADocumentOfAnotherSaleSettlesNothing) {
  const Uuid first = sale();
  ASSERT_TRUE(pay(first));
  later.run();
  fiscal.outcome = {Verdict::kInDoubt, {}, {}, false};
  const FiscalDocument seen{"fn", 12, 12};
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {seen}}};
  const Uuid id = sale();
  ASSERT_TRUE(pay(id));
  later.run();
  ASSERT_EQ(desk->find(id)->candidates.size(), 1U);
  EXPECT_EQ(desk->find(id)->candidates[0].number, 12U);
  EXPECT_EQ(
      desk->settle(id, "senior", FiscalDocument{"fn", 11, 1}, [](const Sale&) {}).error().code,
      Code::kDocumentTaken);
  EXPECT_EQ(state(id), State::kNeedsPerson);
}

// The customer is not left standing before a register that is away or works for somebody else, and
// nothing is printed for her when it comes back.
TEST_F(DeskTest, APaymentDoesNotWaitForEverForTheRegister) {
  fiscal.is_online = false;
  const Uuid away = sale(2, Points{5000});
  ASSERT_TRUE(pay(away));
  later.run();
  EXPECT_EQ(state(away), State::kQuoted);
  EXPECT_EQ(desk->find(away)->trouble, static_cast<int>(Code::kRegisterOffline));
  EXPECT_TRUE(released(points.asked.at(0)));
  fiscal.is_online = fiscal.taken = true;
  const Uuid busy = sale();
  ASSERT_TRUE(pay(busy));
  later.run(later.now + 19'000'000);
  EXPECT_EQ(state(busy), State::kFiscalising);
  later.run(later.now + 2'000'000);
  EXPECT_EQ(state(busy), State::kQuoted);
  EXPECT_EQ(desk->find(busy)->trouble, static_cast<int>(Code::kDeviceBusy));
  ASSERT_EQ(fiscal.in_line.size(), 1U);
  fiscal.in_line[0]();
  EXPECT_EQ(fiscal.locks, 0);
  EXPECT_EQ(fiscal.receipts, 0);
}

TEST(FiscalPieces, PriceTimesQuantityIsTheSumToTheKopeck) {
  std::size_t split = 0;
  for (std::int64_t grams = 1; grams < 30'000; grams += 37) {
    for (std::int64_t total = 0; total < 200'000; total += 997) {
      Money sum;
      Quantity quantity;
      const auto pieces = fiscal_pieces(Money{total}, Quantity{grams});
      for (const auto& p : pieces) {
        ASSERT_EQ(p.price * p.quantity, p.sum) << total << " for " << grams;
        sum += p.sum;
        quantity += p.quantity;
      }
      ASSERT_EQ(sum.minor, total);
      ASSERT_EQ(quantity.units, grams);
      ASSERT_LE(pieces.size(), 2U);
      split += pieces.size() - 1;
    }
  }
  EXPECT_GT(split, 1000U);
}

// Points beside the money: full prices, and a counter-provision for what the points paid.
TEST_F(DeskTest, PointsAsAPayment) {
  program = *loyalty::Program::from_json(
      R"({"id":"p","version":7,"redeem":{"max_share":"50","as":"payment"},
          "rules":[{"id":"points","give":{"earn":{"percent":"5"}}}]})");
  desk = make();
  const Uuid id = sale(2, Points{5000});
  ASSERT_TRUE(pay(id));
  later.run();
  ASSERT_EQ(state(id), State::kCommitted);
  EXPECT_EQ(fiscal.last.total, Money{20000});
  EXPECT_EQ(fiscal.last.lines.at(0).price, Money{10000});
  ASSERT_EQ(fiscal.last.payments.size(), 2U);
  EXPECT_EQ(fiscal.last.payments[0].amount, Money{15000});
  EXPECT_EQ(fiscal.last.payments[1].tender, Tender::kCounterProvision);
  EXPECT_EQ(fiscal.last.payments[1].amount, Money{5000});
  EXPECT_TRUE(check(fiscal.last, {}));
}

TEST_F(DeskTest, ACorrectionIsAReceiptOfItsOwn) {
  FiscalReceipt receipt;
  receipt.correction = Correction{true, "2026-11-20", "17"};
  receipt.lines = {{.name = "tea", .price = {10000}, .quantity = {1000}, .sum = {10000}}};
  receipt.total = {10000};
  const auto id = desk->open_document(TillId{"1"}, "c1", "Ann", receipt);
  ASSERT_TRUE(id) << id.error().detail;
  ASSERT_TRUE(pay(*id));
  later.run();
  EXPECT_EQ(state(*id), State::kCommitted);
  EXPECT_EQ(fiscal.last.correction->number, "17");
  EXPECT_EQ(desk->open_document(TillId{"1"}, "c1", "Ann", receipt), id);
  auto other = receipt;
  other.lines[0].price = other.lines[0].sum = other.total = {20000};
  EXPECT_EQ(desk->open_document(TillId{"1"}, "c1", "Ann", other).error().code, Code::kKeyConflict);
  other.correction->date = "2099-01-01";
  EXPECT_EQ(desk->open_document(TillId{"1"}, "c2", "Ann", other).error().detail, "correction.date");
  receipt.total = {9999};
  EXPECT_EQ(desk->open_document(TillId{"1"}, "c2", "Ann", receipt).error().detail, "total");
}

struct AllowanceTest : DeskTest {
  Identity with_allowance(std::int64_t expires_us) {
    Identity who{CustomerId{"c"}, "", "", "", "card", Points{100'000}};
    who.allowance = new_uuid(clock, random);
    who.allowance_points = Points{6000};
    who.allowance_expires_us = expires_us;
    return who;
  }
};

TEST_F(AllowanceTest, WithoutCentralAnAllowanceStandsInAndCoversOnce) {
  points.answer = fail(Code::kCentralOffline);
  const Identity who = with_allowance(clock.now + 1'000'000);
  const Uuid id = sale(2, Points{5000}, who);
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(state(id), State::kCommitted);
  EXPECT_EQ(desk->find(id)->attempt.hold, who.allowance);
  EXPECT_TRUE(released(points.asked[0]));  // the one nobody answered for
  EXPECT_FALSE(released(who.allowance));
  const Uuid again = sale(2, Points{5000}, who);
  ASSERT_TRUE(pay(again));
  later.run();
  EXPECT_EQ(state(again), State::kQuoted);
  EXPECT_EQ(desk->find(again)->trouble, static_cast<int>(Code::kPointsOffline));
}

// Nothing of it was spent: it stands in again, or goes back with the sale.
TEST_F(AllowanceTest, AnAllowanceARefusedPaymentNamedIsFreeAgain) {
  points.answer = fail(Code::kCentralOffline);
  const Identity who = with_allowance(clock.now + 1'000'000);
  fiscal.baseline = fail(Code::kPaperOut);
  const Uuid id = sale(2, Points{5000}, who);
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(state(id), State::kQuoted);
  ASSERT_TRUE(desk->cancel(id));
  later.run();
  EXPECT_TRUE(released(who.allowance));
}

TEST_F(AllowanceTest, AnExpiredAllowanceIsNone) {
  points.answer = fail(Code::kCentralOffline);
  const Identity who = with_allowance(clock.now);
  const Uuid id = sale(2, Points{5000}, who);
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(state(id), State::kQuoted);
}

TEST_F(DeskTest, AfterAStartEveryUnfinishedStateEndsRight) {
  const Uuid id = sale(2, Points{5000});
  fiscal.resolutions = {Resolution{ResolutionVerdict::kRefused, {}, {}, {}}};
  struct Case {
    const char* last_step;
    State rests;
  };
  // The process dies right after each hard write.
  for (const Case& c : {Case{"hold", State::kQuoted}, {"intent", State::kQuoted}}) {
    ASSERT_TRUE(pay(id));
    while (journal.steps.back() != c.last_step) {
      later.queue.front()();
      later.queue.pop_front();
    }
    later.queue.clear();
    later.timers.clear();
    const Uuid hold = journal.disk.at(id).attempt.hold;
    fiscal.locks = fiscal.resolves = 0;
    desk = make();
    desk->recover_all();
    later.run();
    EXPECT_EQ(state(id), c.rests) << c.last_step;
    EXPECT_TRUE(released(hold)) << c.last_step;
    EXPECT_EQ(fiscal.locks, 0);
    EXPECT_EQ(desk->doubts(), 0U);
  }
  EXPECT_EQ(fiscal.receipts, 0);
}

TEST_F(DeskTest, AMarkedPieceIsALineOfItsOwn) {
  const Uuid id = sale();
  ASSERT_TRUE(desk->add(id, "1", Quantity{1000}, "mark-1"));
  EXPECT_EQ(desk->add(id, "1", Quantity{1000}, "mark-1").error().code, Code::kDuplicate);
  EXPECT_EQ(desk->add(id, "1", Quantity{2000}, "mark-2").error().detail, "quantity");
  ASSERT_TRUE(desk->add(id, "1", Quantity{1000}));  // joins the two without a mark
  EXPECT_EQ(desk->set_quantity(id, "2", Quantity{2000}).error().detail, "quantity");
  EXPECT_EQ(desk->contact(id, "Anna").error().detail, "contact");
  EXPECT_EQ(desk->contact(id, "a@").error().detail, "contact");
  ASSERT_TRUE(desk->contact(id, "a@b.ru"));
  ASSERT_TRUE(pay(id));
  later.run();
  ASSERT_EQ(fiscal.last.lines.size(), 2U);
  EXPECT_EQ(fiscal.last.lines[0].quantity, Quantity{3000});
  EXPECT_EQ(fiscal.last.lines[1].marking_code, "mark-1");
  EXPECT_EQ(fiscal.last.contact, "a@b.ru");
  const auto kept = *journal.load(id);
  EXPECT_EQ(kept.contact + kept.attempt.receipt.contact, "") << "it has served";
}

// What is fixed is never worked out again: it waits for paper as long as that takes.
TEST_F(DeskTest, ADocumentDoesNotGrowOld) {
  FiscalReceipt receipt;
  receipt.lines = {
      {.name = "x", .price = Money{500}, .quantity = Quantity{1000}, .sum = Money{500}}};
  receipt.total = Money{500};
  const auto id = desk->open_document(TillId{"1"}, "c", "Ann", receipt);
  ASSERT_TRUE(id) << id.error().detail;
  clock.now += 3'600'000'000;
  ASSERT_TRUE(pay(*id));
  later.run();
  EXPECT_EQ(state(*id), State::kCommitted);
}

TEST_F(DeskTest, PayNamesItsQuote) {
  const Uuid id = sale();
  const std::string quote = (*desk->quote(id))->quote_id;
  ASSERT_TRUE(desk->add(id, "1", Quantity{1000}));
  ASSERT_TRUE(desk->quote(id));
  EXPECT_EQ(desk->pay(id, quote, {{Tender::kCash, Money{100000}}}, [](const Sale&) {}).error().code,
            Code::kQuoteStale);
  const Sale* s = *desk->quote(id);
  clock.now += 601'000'000;
  EXPECT_EQ(
      desk->pay(id, s->quote_id, {{Tender::kCash, Money{100000}}}, [](const Sale&) {}).error().code,
      Code::kQuoteStale);
}

TEST_F(DeskTest, PaymentsAreChecked) {
  const Uuid id = sale();
  const auto pay_with = [&](std::vector<FiscalPayment> p) {
    const Sale* s = *desk->quote(id);
    return desk->pay(id, s->quote_id, std::move(p), [](const Sale&) {}).error().code;
  };
  EXPECT_EQ(pay_with({}), Code::kPaymentShort);
  EXPECT_EQ(pay_with({{Tender::kCash, Money{19999}}}), Code::kPaymentShort);
  EXPECT_EQ(pay_with({{Tender::kElectronic, Money{20001}}}), Code::kOutOfRange);
  EXPECT_EQ(pay_with({{Tender::kCash, Money{-1}}, {Tender::kCash, Money{20001}}}),
            Code::kOutOfRange);
}

// The goods file itself may be wrong; nothing goes to the register then.
TEST_F(DeskTest, NothingIsSoldBelowItsMinimumPrice) {
  goods = *goods::Catalogue::from_json(R"({"schema":1,"items":[
      {"code":"1","name":"vodka","price":"300.00","min_price":"349.00","tax":11},
      {"code":"2","name":"wine","price":"349.00","min_price":"349.00","tax":11}]})");
  desk = make();
  const Uuid low = sale();
  const auto refused = pay(low);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kOutOfRange);
  EXPECT_EQ(refused.error().detail, "lines[0].price: below its minimum 349.00 (1)");
  later.run();
  EXPECT_EQ(fiscal.receipts, 0);
  EXPECT_EQ(state(low), State::kQuoted);
  const Uuid exact = *desk->open(TillId{"1"}, "exact", "Ann");
  ASSERT_TRUE(desk->add(exact, "2", Quantity{345}));  // 120.405 of a litre: rounded as its price is
  ASSERT_TRUE(pay(exact));
  later.run();
  EXPECT_EQ(state(exact), State::kCommitted);
}

TEST_F(DeskTest, ReturnsGiveBackUnitSharesAndNoMoreThanWasSold) {
  const Uuid id = sale(3, Points{10000});
  ASSERT_TRUE(pay(id));
  later.run();
  Money back;
  Points accrued;
  for (int i = 0; i < 3; ++i) {
    const auto r =
        desk->open_return(TillId{"1"}, "r" + std::to_string(i), "Ann", id, {{"1", Quantity{1000}}});
    ASSERT_TRUE(r);
    ASSERT_TRUE(pay(*r));
    later.run();
    const auto done = desk->find(*r);
    EXPECT_EQ(done->state, State::kCommitted);
    EXPECT_EQ(fiscal.last.kind, FiscalKind::kSaleReturn);
    back += done->quote->total;
    accrued += done->quote->accrued;
  }
  const auto sold = desk->find(id);
  EXPECT_EQ(back, sold->quote->total);
  EXPECT_EQ(accrued, sold->quote->accrued);
  const std::map<std::string, Quantity> one{{"1", Quantity{1000}}};
  EXPECT_EQ(desk->open_return(TillId{"1"}, "r9", "Ann", id, one).error().code,
            Code::kReturnTooMuch);
  // The same number is the same return, and nothing else.
  EXPECT_TRUE(desk->open_return(TillId{"1"}, "r0", "Ann", id, one));
  EXPECT_EQ(desk->open_return(TillId{"1"}, "r0", "Ann", id, {{"1", Quantity{2000}}}).error().code,
            Code::kKeyConflict);
  const Uuid other = sale(1);
  ASSERT_TRUE(pay(other));
  later.run();
  EXPECT_EQ(desk->open_return(TillId{"1"}, "r0", "Ann", other, one).error().code,
            Code::kKeyConflict);
}

TEST_F(DeskTest, FiscalLinesAreExactAndSumToTheTotal) {
  const Uuid id = sale(3, Points{10000});  // 300.00 less 100.00: 66.67 + 66.67 + 66.66
  ASSERT_TRUE(pay(id));
  later.run();
  Money sum;
  for (const FiscalLine& line : fiscal.last.lines) {
    EXPECT_EQ(line.price * line.quantity, line.sum);
    sum += line.sum;
  }
  EXPECT_EQ(sum, fiscal.last.total);
  EXPECT_EQ(fiscal.last.lines.size(), 2U);
}

TEST_F(DeskTest, TheSameTillNumberIsTheSameSale) {
  const Uuid a = *desk->open(TillId{"1"}, "n", "Ann");
  EXPECT_EQ(*desk->open(TillId{"1"}, "n", "Bob"), a);
  EXPECT_NE(*desk->open(TillId{"2"}, "n", "Ann"), a);
}

TEST_F(DeskTest, ASaleSurvivesJson) {
  const Uuid id = sale(3, Points{10000});
  ASSERT_TRUE(pay(id));
  later.run();
  const auto before = journal.disk.at(id);
  for (const auto& written : {to_json(before), boost::json::parse(to_json_text(before))}) {
    const auto after = sale_from_json(written);
    ASSERT_TRUE(after) << after.error().detail;
    EXPECT_EQ(to_json(*after), to_json(before));
  }
}

}  // namespace
}  // namespace till::checkout
