// What a person settled, and what the register says of it later.
#include <gtest/gtest.h>

#include <set>

#include "gateway/checkout/desk_fakes.h"

namespace till::checkout {
namespace {

// What a person settled is compared with the register when it answers again.
TEST_F(DeskTest, ASettlementIsCheckedWhenTheRegisterAnswers) {
  struct Story {
    std::optional<FiscalDocument> said;
    Resolution found;
    const char* rechecked;
    std::optional<FactKind> fact;
  };
  const FiscalDocument nine{"fn", 9, 9}, ten{"fn", 10, 10};
  const Resolution none{ResolutionVerdict::kRefused, {}, "none", {}};
  const Story kStories[] = {
      {nine, {ResolutionVerdict::kDone, nine, "", {}}, "agrees", {}},
      {nine,
       {ResolutionVerdict::kDone, ten, "", {}},
       "it is document 10",
       FactKind::kSettledOtherwise},
      {nine, none, "the register has no such document", FactKind::kSettledOtherwise},
      {{}, none, "agrees", {}},
      {{},
       {ResolutionVerdict::kDone, ten, "", {}},
       "document 10 exists",
       FactKind::kSettledOtherwise},
  };
  for (const auto& story : kStories) {
    fiscal.resolves = 0;
    fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "swapped", {}},
                          fail(Code::kPortLost), fail(Code::kPortLost), story.found};
    fiscal.outcome = {Verdict::kInDoubt, {}, {}, false};
    journal.facts.clear();
    journal.disk.clear();
    const Uuid id = sale();
    ASSERT_TRUE(pay(id));
    later.run(later.now);
    ASSERT_TRUE(desk->settle(id, "senior", story.said, [](const Sale&) {}));
    later.run(later.now);
    desk->register_online();  // lost again: it stays due
    later.run(later.now);
    EXPECT_FALSE(desk->find(id)->settlements.back().rechecked);
    desk->register_online();
    later.run(later.now);
    EXPECT_EQ(desk->find(id)->settlements.back().rechecked, story.rechecked);
    EXPECT_EQ(fiscal.locks, 0);
    const bool told =
        story.fact && std::ranges::count(journal.facts, *story.fact, &Fact::kind) == 1;
    EXPECT_EQ(told, story.fact.has_value()) << story.rechecked;
    desk->register_online();  // once
    later.run(later.now);
    EXPECT_EQ(fiscal.resolves, 4);
  }
}

// She misread the paper: what the register shows takes the place of her word, and nothing is
// undone.
TEST_F(DeskTest, AMisreadDocumentIsPutRight) {
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "swapped", {}},
                        Resolution{ResolutionVerdict::kDone, {"fn", 11, 11}, "", {}}};
  const Uuid id = settled(FiscalDocument{"fn", 10, 10});
  const auto sale = *desk->find(id);
  EXPECT_EQ(sale.document->number, 11U);
  EXPECT_EQ(sale.extra_of(sale.settlements.back()), nullptr);
  EXPECT_EQ(std::ranges::count(journal.facts, FactKind::kSettledOtherwise, &Fact::kind), 1);
  EXPECT_EQ(desk->open_undo(TillId{"1"}, "u", "Ann", id).error().code, Code::kSaleState);
}

// Nobody saw the document, and the sale stands as it did: it is sold, and can't be sold again.
TEST_F(DeskTest, ADocumentFoundForAnUnsoldSaleCommitsIt) {
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}},
                        fail(Code::kPortLost),
                        Resolution{ResolutionVerdict::kDone, {"fn", 11, 11}, "", {}}};
  const Uuid id = settled(std::nullopt, Points{5000});
  ASSERT_EQ(state(id), State::kQuoted);
  journal.facts.clear();
  desk->register_online();
  later.run();
  EXPECT_EQ(state(id), State::kCommitted);
  EXPECT_EQ(desk->find(id)->document->number, 11U);
  ASSERT_EQ(journal.facts.size(), 2U);
  EXPECT_EQ(journal.facts[0].kind, FactKind::kSale);
  EXPECT_EQ(journal.facts[1].kind, FactKind::kSettledOtherwise);
  EXPECT_EQ(fiscal.receipts, 1);
  const auto sold = *desk->find(id);
  EXPECT_EQ(sold.extra_of(sold.settlements.back()), nullptr);
}

// The basket was changed or cancelled meanwhile: the document is nobody's sale, and is undone once.
TEST_F(DeskTest, TheRecheckComesBeforeAnotherAttempt) {
  const Uuid id = sale();
  fiscal.outcome = {Verdict::kInDoubt, {}, {Code::kPortLost, {}, {}}, false};
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "?", {}},
                        Resolution{ResolutionVerdict::kDone, {"fn", 12, 5}, {}, {}}};
  ASSERT_TRUE(pay(id));
  later.run();
  Code refused = Code::kInternal;
  ASSERT_TRUE(desk->settle(id, "senior", std::nullopt, [](const Sale&) {}));
  while (state(id) != State::kQuoted) {
    later.queue.front()();
    later.queue.pop_front();
  }
  const auto quote = desk->quote(id);
  ASSERT_TRUE(quote);
  const auto paid = desk->pay(id, (*quote)->quote_id, {{Tender::kCash, (*quote)->quote->total}},
                              [](const Sale&) {});
  if (!paid) refused = paid.error().code;
  EXPECT_EQ(refused, Code::kDeviceBusy);
  later.run();
  EXPECT_EQ(state(id), State::kCommitted);
  EXPECT_EQ(fiscal.receipts, 1);
}

TEST_F(DeskTest, ADocumentFoundForACancelledSaleIsUndoneOnce) {
  for (const bool cancelled : {true, false}) {
    fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}},
                          fail(Code::kPortLost),
                          Resolution{ResolutionVerdict::kDone, {"fn", 11, 11}, "", {}}};
    const Uuid id = settled(std::nullopt);
    ASSERT_TRUE(cancelled ? desk->cancel(id) : desk->add(id, "1", Quantity{1000}));
    desk->register_online();
    later.run();
    const auto found = *desk->find(id);
    ASSERT_NE(found.extra_of(found.settlements.back()), nullptr);
    EXPECT_EQ(found.trouble, cancelled ? 0 : static_cast<int>(Code::kSettledOtherwise));
    const auto undo = desk->open_undo(TillId{"1"}, "undo-" + to_string(id), "Ann", id);
    ASSERT_TRUE(undo) << undo.error().detail;
    EXPECT_EQ(*desk->open_undo(TillId{"1"}, "again-" + to_string(id), "Ann", id), *undo);
    const auto& receipt = *desk->find(*undo)->plain;
    EXPECT_EQ(receipt.kind, FiscalKind::kSaleReturn);
    EXPECT_EQ(receipt.returned->number, 11U);
    ASSERT_TRUE(desk->cancel(*undo));
    const auto same = desk->open_undo(TillId{"1"}, "undo-" + to_string(id), "Ann", id);
    ASSERT_FALSE(same) << "the cancelled one's number";
    EXPECT_EQ(same.error().code, Code::kKeyConflict);
    EXPECT_NE(*desk->open_undo(TillId{"1"}, "new-" + to_string(id), "Ann", id), *undo);
  }
}

TEST_F(DeskTest, OneSettlementThatStaysOpenDoesNotHoldUpTheOthers) {
  const Resolution person{ResolutionVerdict::kNeedsPerson, {}, "replaced", {}};
  std::vector<Uuid> sales;
  for (int n = 0; n < 2; ++n) {
    fiscal.resolves = 0;
    fiscal.resolutions = {person, person, person};
    fiscal.outcome = {Verdict::kInDoubt, {}, {}, false};
    sales.push_back(sale());
    ASSERT_TRUE(pay(sales.back()));
    later.run(later.now);
    ASSERT_TRUE(desk->settle(sales.back(), "senior", std::nullopt, [](const Sale&) {}));
    later.run(later.now);
  }
  fiscal.resolves = 0;
  fiscal.resolutions = {person, Resolution{ResolutionVerdict::kRefused, {}, "", {}}};
  desk->register_online();
  later.run(later.now);
  EXPECT_EQ(fiscal.resolves, 2);
  const auto rechecked = [&](const Uuid& id) {
    return desk->find(id)->settlements.back().rechecked.has_value();
  };
  EXPECT_EQ(rechecked(sales[0]) + rechecked(sales[1]), 1);
}

TEST_F(DeskTest, ADocumentFoundAfterTheSaleWasSoldAgainIsADouble) {
  const Resolution person{ResolutionVerdict::kNeedsPerson, {}, "swapped", {}};
  fiscal.resolutions = {person, fail(Code::kPortLost),  // after the settlement
                        person,                         // before the next attempt
                        Resolution{ResolutionVerdict::kDone, {"fn", 10, 10}, "", {}}};
  const Uuid id = settled(std::nullopt);
  fiscal.outcome = {Verdict::kDone, {"fn2", 3, 3}, {}, false};
  ASSERT_TRUE(pay(id));
  later.run(later.now);
  ASSERT_EQ(state(id), State::kCommitted);
  desk->register_online();
  later.run(later.now);
  const auto sale = *desk->find(id);
  ASSERT_NE(sale.extra_of(sale.settlements.back()), nullptr);
  EXPECT_EQ(sale.settlements.back().found->number, 10U);
  EXPECT_EQ(std::ranges::count(journal.facts, FactKind::kSoldTwice, &Fact::kind), 1);
  // The return receipt that is proposed for it: its lines, no loyalty, paid like a sale.
  const auto undo = desk->open_undo(TillId{"1"}, "undo", "Ann", id);
  ASSERT_TRUE(undo);
  EXPECT_EQ(desk->add(*undo, "1", Quantity{1000}).error().code, Code::kSaleState);
  EXPECT_EQ(desk->identify(*undo, {}).error().code, Code::kSaleState);
  ASSERT_TRUE(pay(*undo));
  later.run(later.now);
  EXPECT_EQ(state(*undo), State::kCommitted);
  EXPECT_EQ(fiscal.last.kind, FiscalKind::kSaleReturn);
  EXPECT_EQ(fiscal.last.lines.size(), sale.settlements.back().attempt.receipt.lines.size());
  EXPECT_EQ(fiscal.last.witness, to_string(desk->find(*undo)->key()));
}

// Each doubt a person ended is asked of by itself: that one is never answered holds up no other.
TEST_F(DeskTest, ATillAnswersEachSettledDoubtInItsOwnTime) {
  fiscal.is_till = true;
  desk = make({.till_prints = true});
  fiscal.outcome = {Verdict::kInDoubt, {}, {}, false};
  const auto settled_none = [&] {
    const Uuid id = sale();
    EXPECT_TRUE(pay(id));
    later.run();
    EXPECT_TRUE(desk->settle(id, "senior", std::nullopt, [](const Sale&) {}));
    later.run();
    return id;
  };
  const Uuid silent = settled_none(), spoken = settled_none();
  fiscal.told(to_string(spoken) + "/1", {ResolutionVerdict::kDone, {"fn", 41, 7}, "", {}});
  later.run();
  EXPECT_EQ(state(spoken), State::kCommitted);
  EXPECT_EQ(desk->find(spoken)->document->number, 41U);
  EXPECT_EQ(state(silent), State::kQuoted);
  // After a start the till is asked again of the one that is due.
  fiscal.asked.clear();
  desk = make({.till_prints = true});
  desk->recover_all();
  ASSERT_EQ(fiscal.asked.size(), 1U);
  EXPECT_TRUE(fiscal.asked.contains(to_string(silent) + "/1"));
}

// Twice in doubt, twice settled: what either attempt left on paper is found, and undone.
TEST_F(DeskTest, EachSettledAttemptIsRememberedAndUndone) {
  const Uuid id = settled_twice();
  fiscal.outcome = {Verdict::kDone, {"fn", 30, 3}, {}, false};
  fiscal.resolves = 0;
  ASSERT_TRUE(pay(id));
  later.run(later.now);
  desk = make();  // a restart forgets neither
  desk->recover_all();
  fiscal.resolves = 0;
  fiscal.resolutions = {Resolution{ResolutionVerdict::kDone, {"fn", 11, 1}, "", {}},
                        Resolution{ResolutionVerdict::kDone, {"fn", 12, 2}, "", {}}};
  desk->register_online();
  later.run(later.now);
  const auto sold = *desk->find(id);
  ASSERT_EQ(sold.settlements.size(), 2U);
  EXPECT_EQ(sold.document->number, 30U);
  EXPECT_EQ(sold.settlements[0].by, "senior");
  EXPECT_EQ(sold.settlements[0].found->number, 11U);
  EXPECT_EQ(sold.settlements[1].found->number, 12U);
  std::set<std::uint32_t> told;
  for (const Fact& fact : journal.facts) {
    if (fact.kind == FactKind::kSoldTwice) told.insert(fact.attempt);
  }
  EXPECT_EQ(told, (std::set<std::uint32_t>{1, 2}));
  std::vector<std::uint32_t> returned;
  for (const char* const number : {"u1", "u2", "u3"}) {
    const auto undo = desk->open_undo(TillId{"1"}, number, "Ann", id);
    ASSERT_TRUE(undo);
    if (state(*undo) == State::kCommitted) break;  // nothing is left to undo
    returned.push_back(desk->find(*undo)->plain->returned->number);
    fiscal.outcome.document.number += 1;
    ASSERT_TRUE(pay(*undo));
    later.run(later.now);
  }
  EXPECT_EQ(returned, (std::vector<std::uint32_t>{11, 12}));
}

// Settled twice and not sold: the first attempt's document sells it.
TEST_F(DeskTest, TheFirstAttemptsDocumentStillSellsIt) {
  const Uuid id = settled_twice();
  fiscal.resolves = 0;
  // The one lost last is asked of last.
  fiscal.resolutions = {Resolution{ResolutionVerdict::kRefused, {}, "none", {}},
                        Resolution{ResolutionVerdict::kDone, {"fn", 11, 1}, "", {}}};
  desk->register_online();
  later.run(later.now);
  const auto sold = *desk->find(id);
  EXPECT_EQ(sold.state, State::kCommitted);
  EXPECT_EQ(sold.document->number, 11U);
  EXPECT_EQ(sold.key().attempt, 1U);
  EXPECT_EQ(sold.settlements[1].rechecked, "agrees");
}

// Points are no money: who paid with them gets back what she paid beside them.
TEST_F(DeskTest, TheUndoOfAReceiptPaidWithPointsGivesBackTheMoney) {
  program = *loyalty::Program::from_json(
      R"({"id":"p","version":7,"redeem":{"max_share":"50","as":"payment"},
          "rules":[{"id":"points","give":{"earn":{"percent":"5"}}}]})");
  desk = make();
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}},
                        fail(Code::kPortLost),
                        Resolution{ResolutionVerdict::kDone, {"fn", 11, 11}, "", {}}};
  const Uuid id = settled(std::nullopt, Points{5000});
  ASSERT_TRUE(desk->cancel(id));
  desk->register_online();
  later.run();
  const auto undo = desk->open_undo(TillId{"1"}, "undo", "Ann", id);
  ASSERT_TRUE(undo) << undo.error().detail;
  EXPECT_EQ(desk->find(*undo)->quote->total, Money{15000});
  fiscal.outcome = {Verdict::kDone, {"fn", 12, 12}, {}, false};
  ASSERT_TRUE(pay(*undo));
  later.run();
  EXPECT_EQ(state(*undo), State::kCommitted);
  EXPECT_EQ(fiscal.last.total, Money{20000});
  ASSERT_EQ(fiscal.last.payments.size(), 2U);
  EXPECT_EQ(fiscal.last.payments[0].amount, Money{15000});
  EXPECT_EQ(fiscal.last.payments[1].tender, Tender::kCounterProvision);
  EXPECT_EQ(fiscal.last.payments[1].amount, Money{5000});
  EXPECT_TRUE(check(fiscal.last, {}));
}

// Contents that cannot be read: the only equal document is another sale's, so there is none.
TEST_F(DeskTest, ARecheckTakesNoOtherSalesDocument) {
  const Uuid other = sale();
  ASSERT_TRUE(pay(other));
  later.run();
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "unreadable", {}},
                        Resolution{ResolutionVerdict::kDone, {"fn", 11, 1}, "", {}}};
  const Uuid id = settled(std::nullopt);
  EXPECT_EQ(state(id), State::kQuoted);
  EXPECT_EQ(desk->find(id)->settlements.back().rechecked, "agrees");
}

// The register errs about one, for ever: the others have their turn.
TEST_F(DeskTest, ARecheckThatFailsDoesNotHoldUpTheOthers) {
  const Resolution person{ResolutionVerdict::kNeedsPerson, {}, "replaced", {}};
  const Resolution none{ResolutionVerdict::kRefused, {}, "", {}};
  for (const Code code : {Code::kRegisterReplaced, Code::kTimeout}) {
    std::vector<Uuid> sales;
    for (int n = 0; n < 2; ++n) {
      fiscal.resolves = 0;
      fiscal.resolutions = {person, person, person, person};
      fiscal.outcome = {Verdict::kInDoubt, {}, {}, false};
      sales.push_back(sale());
      ASSERT_TRUE(pay(sales.back()));
      later.run(later.now);
      ASSERT_TRUE(desk->settle(sales.back(), "senior", std::nullopt, [](const Sale&) {}));
      later.run(later.now);
    }
    fiscal.resolves = 0;
    fiscal.resolutions = {fail(code), none, fail(code), fail(code)};
    desk->register_online();
    later.run(later.now);
    if (code == Code::kTimeout) desk->register_online();  // a loss ends the round
    later.run(later.now);
    const auto rechecked = [&](const Uuid& id) {
      return desk->find(id)->settlements.back().rechecked.has_value();
    };
    EXPECT_EQ(rechecked(sales[0]) + rechecked(sales[1]), 1) << code_name(code);
    fiscal.resolves = 1;  // the other one too, for the next case
    fiscal.resolutions = {none, none};
    desk->register_online();
    later.run(later.now);
  }
}

TEST_F(DeskTest, AContactIsNotKeptWithASettlement) {
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}},
                        Resolution{ResolutionVerdict::kDone, {"fn", 11, 1}, "", {}}};
  fiscal.outcome = {Verdict::kInDoubt, {}, {}, false};
  const Uuid id = sale();
  ASSERT_TRUE(desk->contact(id, "+79161234567"));
  ASSERT_TRUE(pay(id));
  later.run();
  ASSERT_TRUE(desk->settle(id, "senior", std::nullopt, [](const Sale&) {}));
  later.run();
  EXPECT_EQ(state(id), State::kCommitted);  // found, and the same receipt but for the contact
  EXPECT_EQ(to_json_text(*journal.load(id)).find("9161234567"), std::string::npos);
}

// The document turns up while the next attempt waits for its points: it is not printed again.
TEST_F(DeskTest, WhatTurnsUpDuringTheNextAttemptIsNotPrintedAgain) {
  for (const bool changed : {false, true}) {
    fiscal.resolutions = {
        Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}}, fail(Code::kPortLost),
        Resolution{ResolutionVerdict::kDone, {"fn", changed ? 22U : 21U, 1}, "", {}}};
    const Uuid id = settled(std::nullopt, Points{5000});
    if (changed) {
      ASSERT_TRUE(desk->add(id, "1", Quantity{1000}));
    }
    fiscal.outcome = {Verdict::kDone, {"fn", 30, 3}, {}, false};
    const int receipts = fiscal.receipts;
    ASSERT_TRUE(pay(id));  // the hold is on its way; the settled attempt is asked of first
    later.run();
    const auto sale = *desk->find(id);
    EXPECT_EQ(fiscal.receipts, receipts);
    EXPECT_EQ(fiscal.locks, 0);
    EXPECT_TRUE(released(points.asked.back()));
    EXPECT_EQ(sale.state, changed ? State::kQuoted : State::kCommitted);
    if (!changed) {
      EXPECT_EQ(sale.document->number, 21U);
      continue;
    }
    // Another basket than what was printed: that has to be given back first.
    EXPECT_EQ(sale.trouble, static_cast<int>(Code::kSettledOtherwise));
    const auto undo = desk->open_undo(TillId{"1"}, "undo-during", "Ann", id);
    ASSERT_TRUE(undo);
    fiscal.outcome.document.number = 29;
    ASSERT_TRUE(pay(*undo));
    later.run();
    ASSERT_EQ(state(*undo), State::kCommitted);
    fiscal.outcome.document.number = 30;
    journal.facts.clear();
    ASSERT_TRUE(pay(id));
    later.run();
    EXPECT_EQ(state(id), State::kCommitted);
    EXPECT_EQ(std::ranges::count(journal.facts, FactKind::kSoldTwice, &Fact::kind), 0);
  }
}

// The process ends after an earlier attempt was compared and before the next one's intent.
TEST_F(DeskTest, WithoutAnIntentNothingIsInDoubt) {
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}},
                        fail(Code::kPortLost),
                        Resolution{ResolutionVerdict::kRefused, {}, "none", {}}};
  const Uuid id = settled(std::nullopt, Points{5000});
  const int receipts = fiscal.receipts;
  ASSERT_TRUE(pay(id));
  while (journal.steps.back() != "confirmed") {
    ASSERT_FALSE(later.queue.empty());
    later.queue.front()();
    later.queue.pop_front();
  }
  ASSERT_EQ(journal.disk.at(id).state, State::kFiscalising);
  later.queue.clear();
  later.timers.clear();
  fiscal.locks = 0;
  desk = make();
  desk->recover_all();
  later.run(later.now);
  EXPECT_EQ(state(id), State::kQuoted);
  EXPECT_TRUE(released(points.asked.back()));
  EXPECT_EQ(fiscal.locks, 0);
  EXPECT_EQ(fiscal.receipts, receipts);
}

// The till speaks of the first attempt while the second is printed, and then refuses that one.
TEST_F(DeskTest, ALateWordSellsWhatTheNextAttemptDidNot) {
  fiscal.is_till = true;
  desk = make({.till_prints = true});
  fiscal.outcome = {Verdict::kInDoubt, {}, {}, false};
  const Uuid id = sale();
  ASSERT_TRUE(pay(id));
  later.run();
  ASSERT_TRUE(desk->settle(id, "senior", std::nullopt, [](const Sale&) {}));
  later.run();
  ASSERT_TRUE(pay(id));
  later.run();
  ASSERT_EQ(state(id), State::kInDoubt);
  fiscal.told(to_string(id) + "/1", {ResolutionVerdict::kDone, {"fn", 11, 1}, "", {}});
  later.run();
  EXPECT_EQ(desk->find(id)->trouble, static_cast<int>(Code::kSettledOtherwise));
  fiscal.told(to_string(id) + "/2", {ResolutionVerdict::kRefused, {}, "out of paper", {}});
  later.run();
  EXPECT_EQ(state(id), State::kCommitted);
  EXPECT_EQ(desk->find(id)->document->number, 11U);
}

// The till said that it printed nothing, and finds the paper.
TEST_F(DeskTest, ATillMayFindWhatItHadRefused) {
  fiscal.is_till = true;
  desk = make({.till_prints = true});
  fiscal.outcome = {Verdict::kRefused, {}, {Code::kRegisterRefused, "no paper", {}}, false};
  const auto refused = [&] {
    const Uuid id = sale();
    EXPECT_TRUE(pay(id));
    later.run();
    EXPECT_EQ(state(id), State::kQuoted);
    return id;
  };
  const Uuid unsold = refused(), twice = refused(), left = refused();
  EXPECT_TRUE(desk->found_by_till({unsold, 1}, {"fn", 19, 1}));
  later.run();
  EXPECT_EQ(state(unsold), State::kCommitted);
  EXPECT_EQ(desk->find(unsold)->document->number, 19U);
  EXPECT_EQ(desk->found_by_till({unsold, 1}, {"fn", 18, 1}).error().code, Code::kSaleState);

  fiscal.outcome = {Verdict::kDone, {"fn", 21, 1}, {}, false};
  ASSERT_TRUE(pay(twice));
  later.run();
  ASSERT_EQ(state(twice), State::kCommitted);
  EXPECT_EQ(desk->found_by_till({twice, 2}, {"fn", 20, 1}).error().code, Code::kSaleState);
  ASSERT_TRUE(desk->cancel(left));
  later.run();
  desk = make({.till_prints = true});
  EXPECT_TRUE(desk->found_by_till({twice, 1}, {"fn", 20, 1}));
  later.run();
  const Sale sold = *desk->find(twice);
  EXPECT_EQ(sold.document->number, 21U);
  ASSERT_NE(sold.foremost_settlement(), nullptr);
  EXPECT_EQ(sold.extra_of(*sold.foremost_settlement())->number, 20U);
  EXPECT_TRUE(desk->open_undo(TillId{"1"}, "u", "Ann", twice));

  EXPECT_TRUE(desk->found_by_till({left, 1}, {"fn", 30, 1}));
  later.run();
  EXPECT_EQ(desk->find(left)->settlements.at(0).found->number, 30U);
}

// No event comes, the line stood all the time: it is asked again by itself.
TEST_F(DeskTest, ALostRecheckIsAskedAgain) {
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}},
                        fail(Code::kTimeout),
                        Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}},
                        Resolution{ResolutionVerdict::kDone, {"fn", 21, 1}, "", {}}};
  const Uuid id = settled(std::nullopt);
  EXPECT_EQ(state(id), State::kQuoted);
  later.run();
  EXPECT_EQ(state(id), State::kCommitted);
  EXPECT_EQ(fiscal.resolves, 4);
}

// What she entered can be that attempt's document, or it is refused and nothing is settled.
TEST_F(DeskTest, OnlyADocumentOfTheAttemptSettlesIt) {
  fiscal.outcome = {Verdict::kInDoubt, {}, {}, false};
  fiscal.resolutions = {
      Resolution{ResolutionVerdict::kNeedsPerson, {}, "two", {{"fn", 7, 1}, {"fn", 9, 1}}}};
  const Uuid id = sale();
  ASSERT_TRUE(pay(id));
  later.run();
  const auto refused = [&](const FiscalDocument& d) {
    const auto settled = desk->settle(id, "senior", d, [](const Sale&) {});
    return settled ? Code::kInternal : settled.error().code;
  };
  EXPECT_EQ(refused({"fn", 0, 1}), Code::kOutOfRange);
  EXPECT_EQ(refused({"fn", 5, 1}), Code::kOutOfRange) << "the baseline's";
  EXPECT_EQ(refused({"other", 7, 1}), Code::kBadValue);
  EXPECT_EQ(refused({"fn", 8, 1}), Code::kOutOfRange) << "no candidate";
  EXPECT_EQ(state(id), State::kNeedsPerson);
  ASSERT_TRUE(desk->settle(id, "senior", FiscalDocument{"fn", 9, 1}, [](const Sale&) {}));
  EXPECT_EQ(desk->find(id)->settlements.back().attempt.number, 1U);
}

// A misread number blocks the sale it really belongs to no longer than until somebody says so.
TEST_F(DeskTest, AMisreadNumberTakesADocumentFromNobody) {
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}},
                        fail(Code::kPortLost)};
  const Uuid first = settled(FiscalDocument{"fn", 12, 1});
  ASSERT_EQ(state(first), State::kSettledByPerson);
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}},
                        fail(Code::kPortLost), fail(Code::kPortLost)};
  const Uuid second = settled(FiscalDocument{"fn", 12, 1});
  EXPECT_EQ(state(second), State::kSettledByPerson);
}

// She entered the first attempt's paper for the second; the second's own turns up: one is too many.
TEST_F(DeskTest, APaperOfAnotherAttemptBecomesTheExtraOne) {
  fiscal.is_till = true;
  desk = make({.till_prints = true});
  fiscal.outcome = {Verdict::kInDoubt, {}, {}, false};
  const Uuid id = sale();
  for (const auto& said :
       {std::optional<FiscalDocument>{}, std::optional(FiscalDocument{"fn", 11, 1})}) {
    ASSERT_TRUE(pay(id));
    later.run();
    ASSERT_TRUE(desk->settle(id, "senior", said, [](const Sale&) {}));
    later.run();
  }
  fiscal.told(to_string(id) + "/1", {ResolutionVerdict::kDone, {"fn", 11, 1}, "", {}});
  later.run();
  auto sale = *desk->find(id);
  EXPECT_EQ(sale.settlements[0].rechecked, "agrees");
  journal.facts.clear();
  fiscal.told(to_string(id) + "/2", {ResolutionVerdict::kDone, {"fn", 12, 2}, "", {}});
  later.run();
  sale = *desk->find(id);
  EXPECT_EQ(sale.document->number, 12U);
  ASSERT_NE(sale.extra_of(sale.settlements[0]), nullptr);
  EXPECT_EQ(sale.extra_of(sale.settlements[0])->number, 11U);
  EXPECT_EQ(std::ranges::count(journal.facts, FactKind::kSoldTwice, &Fact::kind), 1);
  // Its undo, cancelled, is proposed again.
  const auto undo = desk->open_undo(TillId{"1"}, "undo", "Ann", id);
  ASSERT_TRUE(undo);
  EXPECT_EQ(desk->find(id)->foremost_settlement()->undone_by, *undo);
  ASSERT_TRUE(desk->cancel(*undo));
  EXPECT_TRUE(desk->find(id)->foremost_settlement()->undone_by.is_nil());
}

// What cannot be understood is asked for longer: it may be noise. Nor does a question count that
// takes ten minutes and begins anew each time.
TEST_F(DeskTest, NoAnswerIsWaitedForForEver) {
  for (const auto& [code, most] : {std::pair{Code::kBadFrame, 40}, {Code::kBadValue, 12}}) {
    fiscal.resolves = 0;
    fiscal.outcome = {Verdict::kInDoubt, {}, {Code::kPortLost, {}, {}}, false};
    fiscal.resolutions.assign(60, fail(code, "record 7"));
    const Uuid id = sale();
    ASSERT_TRUE(pay(id));
    later.run();
    EXPECT_EQ(state(id), State::kNeedsPerson);
    EXPECT_EQ(fiscal.resolves, most);
  }
  // Each attempt has its own patience.
  const Uuid twice = sale();
  for (int n = 0; n < 2; ++n) {
    fiscal.resolves = 0;
    fiscal.resolutions.assign(11, fail(Code::kBadValue, "record 7"));
    fiscal.resolutions.push_back(Resolution{ResolutionVerdict::kRefused, {}, "none", {}});
    ASSERT_TRUE(pay(twice));
    later.run();
    EXPECT_EQ(state(twice), State::kQuoted);
  }
  const Uuid id = sale();
  fiscal.is_till = true;  // answers when the test says so
  ASSERT_TRUE(pay(id));
  for (int n = 0; n < 2; ++n) {
    later.run();
    ASSERT_EQ(state(id), State::kInDoubt);
    clock.now += 700'000'000;
    fiscal.answered(to_string(id) + "/1", fail(Code::kTimeout));
  }
  later.run();
  EXPECT_EQ(state(id), State::kNeedsPerson);
}

// Paper ran out, and the gateway was started anew before it was put in.
TEST_F(DeskTest, PaperThatCameOutLaterIsSeenAlsoAfterAStart) {
  fiscal.outcome.document.printed = false;
  const Uuid id = sale();
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_FALSE(desk->find(id)->document->printed);
  desk = make();
  desk->recover_all();
  desk->paper_is_finished(fiscal);
  EXPECT_TRUE(desk->find(id)->document->printed);
  EXPECT_EQ(desk->find(id)->trouble, 0);
}

// A return that was open before the recheck put right what its sale stands on.
TEST_F(DeskTest, AReturnNamesWhatTheSaleStandsOnWhenItIsPaid) {
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}},
                        fail(Code::kPortLost),
                        Resolution{ResolutionVerdict::kDone, {"fn", 11, 11}, "", {}}};
  const Uuid id = settled(FiscalDocument{"fn", 10, 10});
  const Uuid back = *desk->open_return(TillId{"1"}, "r", "Ann", id, {{"1", Quantity{1000}}});
  desk->register_online();
  later.run(later.now);
  EXPECT_EQ(desk->find(id)->document->number, 11U);
  fiscal.outcome = {Verdict::kDone, {"fn", 12, 12}, {}, false};
  ASSERT_TRUE(pay(back));
  later.run(later.now);
  EXPECT_EQ(state(back), State::kCommitted);
  EXPECT_EQ(fiscal.last.returned->number, 11U);
}

// The return of it is on its way: the sale neither stands on it nor is printed, until that is paid
// or cancelled.
TEST_F(DeskTest, ADocumentThatIsBeingGivenBackSellsNothing) {
  for (const bool cancelled : {true, false}) {
    const FiscalDocument found{"fn", cancelled ? 11U : 21U, 1};
    fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}},
                          fail(Code::kPortLost),
                          Resolution{ResolutionVerdict::kDone, found, "", {}}};
    const Uuid id = settled(std::nullopt);
    ASSERT_TRUE(desk->add(id, "1", Quantity{1000}));
    desk->register_online();
    later.run(later.now);
    const Uuid undo = *desk->open_undo(TillId{"1"}, "undo-" + to_string(id), "Ann", id);
    ASSERT_TRUE(desk->set_quantity(id, "1", Quantity{2000}));  // as it was printed
    const int receipts = fiscal.receipts;
    ASSERT_TRUE(pay(id));
    later.run(later.now);
    EXPECT_EQ(state(id), State::kQuoted);
    EXPECT_EQ(desk->find(id)->trouble, static_cast<int>(Code::kSettledOtherwise));
    EXPECT_EQ(fiscal.receipts, receipts);
    if (cancelled) {
      ASSERT_TRUE(desk->cancel(undo));
    } else {
      fiscal.outcome = {Verdict::kDone, {"fn", 22, 1}, {}, false};
      ASSERT_TRUE(pay(undo));
      later.run(later.now);
      EXPECT_EQ(state(undo), State::kCommitted);
      fiscal.outcome = {Verdict::kDone, {"fn", 23, 1}, {}, false};
    }
    ASSERT_TRUE(pay(id));
    later.run(later.now);
    EXPECT_EQ(state(id), State::kCommitted);
    EXPECT_EQ(desk->find(id)->document->number, cancelled ? 11U : 23U);
  }
}

// The question about the first attempt is lost while the second is paid: nothing is printed.
TEST_F(DeskTest, NothingIsPrintedWhileAnEarlierAttemptIsUnasked) {
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}},
                        fail(Code::kTimeout), fail(Code::kTimeout),
                        Resolution{ResolutionVerdict::kDone, {"fn", 11, 11}, "", {}}};
  const Uuid id = settled(std::nullopt);
  ASSERT_TRUE(pay(id));
  later.run(later.now);
  EXPECT_EQ(state(id), State::kQuoted);
  EXPECT_EQ(desk->find(id)->trouble, static_cast<int>(Code::kTimeout));
  EXPECT_EQ(fiscal.receipts, 1);
  ASSERT_TRUE(pay(id));
  later.run(later.now);
  EXPECT_EQ(state(id), State::kCommitted);
  EXPECT_EQ(desk->find(id)->document->number, 11U);
  EXPECT_EQ(fiscal.receipts, 1);
}

// Both are settled before the register has answered of the first.
TEST_F(DeskTest, ASettlementMadeWhileAnotherIsAskedOfIsAskedOfToo) {
  const Resolution person{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}};
  std::vector<Uuid> sales;
  for (int n = 0; n < 2; ++n) {
    fiscal.resolves = 0;
    fiscal.resolutions = {person};
    fiscal.outcome = {Verdict::kInDoubt, {}, {}, false};
    sales.push_back(sale());
    ASSERT_TRUE(pay(sales.back()));
    later.run(later.now);
  }
  fiscal.resolves = 0;
  const Resolution none{ResolutionVerdict::kRefused, {}, "", {}};
  fiscal.resolutions = {none, none};
  fiscal.taken = true;  // somebody prints
  for (const Uuid& id : sales) {
    ASSERT_TRUE(desk->settle(id, "senior", std::nullopt, [](const Sale&) {}));
    later.run(later.now);
  }
  fiscal.taken = false;
  for (const auto& next : std::exchange(fiscal.in_line, {})) next();
  later.run(later.now);
  for (const Uuid& id : sales) EXPECT_EQ(desk->find(id)->settlements.back().rechecked, "agrees");
}

// A document whose witness names a sale of ours is not thereby accounted for.
TEST(AccountsFor, ADocumentIsTheSalesOwnOrWillBeNamed) {
  Sale sale;
  sale.id.bytes[0] = 1;
  sale.attempt.number = 2;
  const auto witnessed = [&](std::uint32_t number, std::uint32_t attempt) {
    FiscalDocument d{"fn", number, 1};
    d.witness = to_string(AttemptKey{sale.id, attempt});
    return d;
  };
  sale.state = State::kNeedsPerson;
  EXPECT_TRUE(accounts_for(sale, witnessed(7, 2)));
  EXPECT_FALSE(accounts_for(sale, witnessed(7, 1)));
  sale.state = State::kCommitted;
  sale.document = FiscalDocument{"fn", 8, 1};
  EXPECT_FALSE(accounts_for(sale, witnessed(7, 2)));
  EXPECT_TRUE(accounts_for(sale, witnessed(8, 2)));
  EXPECT_FALSE(accounts_for(sale, {"fn2", 8, 1}));
  sale.settlements.push_back({.attempt = {}, .by = "senior"});
  sale.settlements[0].attempt.number = 1;
  EXPECT_TRUE(accounts_for(sale, witnessed(7, 1)));  // due
  sale.settlements[0].rechecked = "agrees";
  EXPECT_FALSE(accounts_for(sale, witnessed(7, 1)));
  sale.settlements[0].found = witnessed(7, 1);
  EXPECT_TRUE(accounts_for(sale, witnessed(7, 1)));
}

}  // namespace
}  // namespace till::checkout
