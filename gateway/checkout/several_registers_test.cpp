// A store with two tills and a register of each: what becomes of one is nothing to the other.
#include "gateway/checkout/desk_fakes.h"

namespace till::checkout {
namespace {

struct SeveralRegisters : DeskTest {
  SeveralRegisters() {
    fiscal_2.baseline = Baseline{"fn2", 70, ""};
    fiscal_2.outcome.document = {"fn2", 71, 1};
  }
  Uuid sale_at(const char* till) {
    const Uuid id = *desk->open(TillId{till}, std::to_string(journal.disk.size()), "Ann");
    EXPECT_TRUE(desk->add(id, "1", Quantity{1000}));
    return id;
  }
  // Paid at that till; the register does not tell what became of it.
  Uuid doubt_at(const char* till) {
    auto& there = std::string_view(till) == "2" ? fiscal_2 : fiscal;
    const auto usual = there.outcome;
    there.outcome = {Verdict::kInDoubt, {}, {Code::kPortLost, {}, {}}, false};
    there.is_online = true;
    const Uuid id = sale_at(till);
    EXPECT_TRUE(pay(id));
    later.run(later.now);
    EXPECT_TRUE(state(id) == State::kInDoubt || state(id) == State::kNeedsPerson);
    there.outcome = usual;
    return id;
  }
  static Resolution done(const char* memory, std::uint32_t number) {
    return {ResolutionVerdict::kDone, {memory, number, 1}, "", {}};
  }
};

TEST_F(SeveralRegisters, EachTillPrintsOnItsOwn) {
  const Uuid first = sale_at("1"), second = sale_at("2");
  ASSERT_TRUE(pay(first));
  ASSERT_TRUE(pay(second));
  later.run();
  EXPECT_EQ(desk->find(first)->document->fiscal_memory, "fn");
  EXPECT_EQ(desk->find(second)->document->fiscal_memory, "fn2");
  EXPECT_EQ(fiscal.receipts, 1);
  EXPECT_EQ(fiscal_2.receipts, 1);
  EXPECT_EQ(fiscal.locks, 0);
  EXPECT_EQ(fiscal_2.locks, 0);
}

TEST_F(SeveralRegisters, ADoubtAtOneHoldsUpNobodyAtTheOther) {
  fiscal.resolutions.assign(100, fail(Code::kPortLost));
  const Uuid doubt = doubt_at("1");
  const Uuid other = sale_at("2");
  ASSERT_TRUE(pay(other));
  later.run(later.now);
  EXPECT_EQ(state(other), State::kCommitted);
  EXPECT_EQ(state(doubt), State::kInDoubt);
  EXPECT_EQ(fiscal.locks, 1) << "kept for the doubt";
}

TEST_F(SeveralRegisters, TheOtherOnesComingBackAsksOfItsOwnDoubtsOnly) {
  fiscal_2.resolutions = {fail(Code::kPortLost), done("fn2", 71)};
  const Uuid second = doubt_at("2");
  later.run(later.now);
  ASSERT_EQ(fiscal_2.resolves, 1);
  fiscal_2.is_online = false;
  desk->register_online();
  later.run(later.now);
  EXPECT_EQ(state(second), State::kInDoubt);
  fiscal_2.is_online = true;
  desk->register_online();
  later.run(later.now);
  EXPECT_EQ(state(second), State::kCommitted);
  EXPECT_EQ(desk->find(second)->document->number, 71U);
  EXPECT_EQ(fiscal.resolves, 0);
}

// Till 1's register was carried to till 2 and the gateway started anew: the memory of the intent
// tells where to ask, not the till.
TEST_F(SeveralRegisters, ADoubtGoesWhereItsMemoryIs) {
  fiscal.baseline = Baseline{"fn2", 5, ""};
  fiscal.resolutions.assign(100, fail(Code::kPortLost));
  fiscal_2.resolutions = {done("fn2", 6)};
  const Uuid doubt = doubt_at("1");
  desk = make();
  desk->recover_all();
  later.run(later.now);
  EXPECT_EQ(state(doubt), State::kCommitted);
  EXPECT_EQ(fiscal_2.resolves, 1);
  EXPECT_EQ(fiscal_2.locks, 0);
}

TEST_F(SeveralRegisters, WhatAPersonSettledIsHeldAgainstItsOwnRegister) {
  const Resolution person{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}};
  fiscal.resolutions = {person, done("fn", 6)};
  fiscal_2.resolutions = {person, done("fn2", 71)};
  const Uuid first = doubt_at("1"), second = doubt_at("2");
  // Both answer once more only after both are settled; the first is taken by somebody meanwhile.
  fiscal.taken = true;
  ASSERT_TRUE(desk->settle(first, "senior", FiscalDocument{"fn", 6, 1}, [](const Sale&) {}));
  ASSERT_TRUE(desk->settle(second, "senior", FiscalDocument{"fn2", 71, 1}, [](const Sale&) {}));
  later.run(later.now);
  EXPECT_EQ(desk->find(second)->settlements.at(0).rechecked, "agrees");
  EXPECT_FALSE(desk->find(first)->settlements.at(0).rechecked) << "its register is taken";
  fiscal.taken = false;
  for (auto& waiting : std::exchange(fiscal.in_line, {})) later.queue.push_back(std::move(waiting));
  later.run(later.now);
  EXPECT_EQ(desk->find(first)->settlements.at(0).rechecked, "agrees");
  EXPECT_EQ(fiscal.locks, 0);
  EXPECT_EQ(fiscal_2.locks, 0);
}

TEST_F(SeveralRegisters, PaperOfOneFinishesNothingOfTheOther) {
  fiscal.outcome.document.printed = fiscal_2.outcome.document.printed = false;
  const Uuid first = sale_at("1"), second = sale_at("2");
  ASSERT_TRUE(pay(first));
  ASSERT_TRUE(pay(second));
  later.run();
  desk->paper_is_finished(fiscal_2);
  EXPECT_FALSE(desk->find(first)->document->printed);
  EXPECT_TRUE(desk->find(second)->document->printed);
  desk->paper_is_finished(fiscal);
  EXPECT_TRUE(desk->find(first)->document->printed);
}

}  // namespace
}  // namespace till::checkout
