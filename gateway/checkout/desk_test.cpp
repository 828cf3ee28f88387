#include "desk.h"

#include <gtest/gtest.h>

#include <deque>
#include <limits>
#include <map>

namespace till::checkout {
namespace {

struct FakeClock : Clock {
  std::int64_t now = 1'800'000'000'000'000;
  std::int64_t unix_us() override { return now; }
  std::int64_t monotonic_us() override { return now; }
};
struct FakeRandom : Random {
  std::uint8_t n = 0;
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& b : bytes) b = ++n;
  }
};

// Everything later: callbacks wait here until the test lets them run.
struct Later {
  std::deque<std::function<void()>> queue;
  std::multimap<std::int64_t, std::function<void()>> timers;  // run when nothing else is to do
  std::int64_t now = 0;
  void run(std::int64_t until = std::numeric_limits<std::int64_t>::max()) {
    while (!queue.empty() || (!timers.empty() && timers.begin()->first <= until)) {
      if (queue.empty()) {
        now = timers.begin()->first;
        queue.push_back(std::move(timers.extract(timers.begin()).mapped()));
      }
      auto f = std::move(queue.front());
      queue.pop_front();
      f();
    }
    if (until != std::numeric_limits<std::int64_t>::max()) now = until;
  }
};

struct FakeRegister : RegisterPort {
  explicit FakeRegister(Later& l) : later(l) {}
  Later& later;
  bool is_online = true;
  int locks = 0, receipts = 0, resolves = 0, recovers = 0;
  Result<Baseline> baseline = Baseline{"fn", 10, ""};
  RegisterOutcome outcome{Verdict::kDone, {"fn", 11, 1}, {}, false};
  std::vector<Result<Resolution>> resolutions;
  FiscalReceipt last;

  bool taken = false;  // by somebody who does not give it back
  std::vector<std::function<void()>> in_line;

  void lock(std::function<void()> then) override {
    ++locks;
    if (taken) return in_line.push_back(std::move(then));
    later.queue.push_back(std::move(then));
  }
  void unlock() override { --locks; }
  bool online() const override { return is_online; }
  void prepare(const std::string&, Then<Result<Baseline>> then) override {
    later.queue.push_back([this, then] { then(baseline); });
  }
  void receipt(const AttemptKey&, const FiscalReceipt& r, Then<RegisterOutcome> then) override {
    ++receipts;
    last = r;
    later.queue.push_back([this, then] { then(outcome); });
  }
  void resolve(const FiscalReceipt&, const Baseline&, Then<Result<Resolution>> then) override {
    const auto n = static_cast<std::size_t>(resolves++);
    later.queue.push_back([this, n, then] { then(resolutions.at(n)); });
  }
  void recover(Then<Result<void>> then) override {
    ++recovers;
    later.queue.push_back([then] { then({}); });
  }
};

struct FakePoints : PointsPort {
  explicit FakePoints(Later& l) : later(l) {}
  Later& later;
  Result<void> answer;
  std::vector<Uuid> asked;
  HoldAsk last;
  void hold(const HoldAsk& ask, Then<Result<void>> then) override {
    asked.push_back(ask.hold);
    last = ask;
    later.queue.push_back([this, then] { then(answer); });
  }
};

struct FakeJournal : JournalPort {
  explicit FakeJournal(Later& l) : later(l) {}
  Later& later;
  std::map<Uuid, Sale> disk;
  std::vector<std::string> steps;
  std::vector<Fact> facts;
  bool hold_writes = false;  // the disk is slow: `then` does not come yet

  void soft(const Sale& s, std::string_view step) override {
    disk[s.id] = s;
    steps.emplace_back(step);
  }
  void hard(const Sale& s, std::string_view step, std::vector<Fact> f,
            std::function<void()> then) override {
    disk[s.id] = s;
    steps.emplace_back(step);
    facts.insert(facts.end(), f.begin(), f.end());
    if (!hold_writes) later.queue.push_back(std::move(then));
  }
  std::optional<Sale> load(const Uuid& id) override {
    const auto at = disk.find(id);
    return at == disk.end() ? std::nullopt : std::optional(at->second);
  }
  std::optional<Uuid> find(const TillId& till, const std::string& number) override {
    for (const auto& [id, s] : disk) {
      if (s.till == till && s.till_number == number) return id;
    }
    return std::nullopt;
  }
  std::optional<Uuid> sale_of(const std::string& memory, std::uint32_t number) override {
    for (const auto& [id, s] : disk) {
      if (s.document && s.document->fiscal_memory == memory && s.document->number == number) {
        return id;
      }
    }
    return std::nullopt;
  }
  std::vector<Sale> returns_of(const Uuid& sold) override {
    std::vector<Sale> out;
    for (const auto& [id, s] : disk) {
      if (s.returned_sale == sold) out.push_back(s);
    }
    return out;
  }
  std::vector<Uuid> unconfirmed() override { return {}; }
  std::int64_t coupon_uses(const std::string& code) override {
    std::int64_t uses = 0;
    for (const auto& [id, s] : disk) {
      if (s.state != State::kCommitted || !s.quote || !s.quote->effects) continue;
      for (const auto& c : s.quote->effects->codes) {
        uses += c.code == code && c.used ? (s.is_return ? -1 : 1) : 0;
      }
    }
    return uses;
  }
  RuleUses rule_uses(const std::string& rule, const std::string& customer,
                     std::int64_t since) override {
    RuleUses sum;
    for (const auto& [id, s] : disk) {
      if (s.state != State::kCommitted || !s.quote || !s.quote->effects) continue;
      const Sale& bought = s.is_return ? disk.at(s.returned_sale) : s;
      if (local_day(bought) < since || (!customer.empty() && customer_key(bought) != customer))
        continue;
      for (const auto& use : s.quote->effects->rules) {
        if (use.rule != rule) continue;
        sum.times += s.is_return ? -use.times : use.times;
        sum.amount += s.is_return ? -use.amount : use.amount;
      }
    }
    return sum;
  }
  std::vector<Sale> unfinished() override {
    std::vector<Sale> out;
    for (const auto& [id, s] : disk) {
      if (!is_final(s.state)) out.push_back(s);
    }
    return out;
  }
  bool allowance_used(const Uuid& a) override {
    for (const auto& [id, s] : disk) {
      if (s.attempt.by_allowance && s.attempt.hold == a && is_final(s.state)) return true;
    }
    return false;
  }
};

struct DeskTest : testing::Test {
  FakeClock clock;
  FakeRandom random;
  Later later;
  FakeRegister fiscal{later};
  FakePoints points{later};
  FakeJournal journal{later};
  goods::Catalogue goods = *goods::Catalogue::from_json(
      R"({"schema":1,"items":[{"code":"1","name":"tea","price":"100.00","tax":11}]})");
  loyalty::Program program = *loyalty::Program::from_json(
      R"({"id":"p","version":7,"redeem":{"max_share":"50"},
          "rules":[{"id":"points","give":{"earn":{"percent":"5"}}}]})");
  std::unique_ptr<Desk> desk = make();

  std::unique_ptr<Desk> make() {
    return std::make_unique<Desk>(fiscal, points, journal,
                                  DeskHooks{[](const Sale&) {}, [](const Sale&) {},
                                            [this](std::int64_t us, std::function<void()> f) {
                                              later.timers.emplace(later.now + us, std::move(f));
                                            }},
                                  clock, random, goods, program);
  }
  Uuid sale(int quantity = 2, Points redeem = {},
            Identity who = {CustomerId{"c"}, "", "", "", "card", Points{100'000}}) {
    const Uuid id = *desk->open(TillId{"1"}, std::to_string(journal.disk.size()), "Ann");
    EXPECT_TRUE(desk->add(id, "1", Quantity{std::int64_t{quantity} * 1000}));
    EXPECT_TRUE(desk->identify(id, std::move(who)));
    if (redeem.units > 0) {
      EXPECT_TRUE(desk->redeem(id, redeem));
    }
    return id;
  }
  Result<void> pay(const Uuid& id) {
    const Sale* s = *desk->quote(id);
    return desk->pay(id, s->quote_id, {{Tender::kElectronic, s->quote->total}}, [](const Sale&) {});
  }
  // A payment in doubt that a senior settles; `fiscal.resolutions` say what the register tells of
  // it.
  Uuid settled(const std::optional<FiscalDocument>& said, Points redeem = {}) {
    fiscal.resolves = 0;
    fiscal.outcome = {Verdict::kInDoubt, {}, {}, false};
    const Uuid id = sale(2, redeem);
    EXPECT_TRUE(pay(id));
    later.run();
    EXPECT_TRUE(desk->settle(id, "senior", said, [](const Sale&) {}));
    later.run();
    return id;
  }
  State state(const Uuid& id) { return desk->find(id)->state; }
  bool released(const Uuid& hold) {
    for (const Fact& f : journal.facts) {
      if (f.kind == FactKind::kHoldReleased && f.hold == hold) return true;
    }
    return false;
  }
};

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
    later.run();
    EXPECT_EQ(state(id), State::kNeedsPerson);
    EXPECT_EQ(fiscal.locks, 0);  // the queue goes on
    EXPECT_EQ(pay(id).error().code, Code::kSaleState);
    ASSERT_TRUE(desk->settle(id, "senior",
                             printed ? std::optional(FiscalDocument{"fn", 9, 9}) : std::nullopt,
                             [](const Sale&) {}));
    later.run();
    EXPECT_EQ(state(id), printed ? State::kSettledByPerson : State::kQuoted);
    EXPECT_EQ(desk->settle(id, "senior", std::nullopt, [](const Sale&) {}).error().code,
              printed ? Code::kSaleState : Code::kNotSettleable);
  }
}

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
    later.run();
    ASSERT_TRUE(desk->settle(id, "senior", story.said, [](const Sale&) {}));
    later.run();
    desk->register_online();  // lost again: it stays due
    later.run();
    EXPECT_FALSE(desk->find(id)->rechecked);
    desk->register_online();
    later.run();
    EXPECT_EQ(desk->find(id)->rechecked, story.rechecked);
    EXPECT_EQ(fiscal.locks, 0);
    const bool told =
        story.fact && std::ranges::count(journal.facts, *story.fact, &Fact::kind) == 1;
    EXPECT_EQ(told, story.fact.has_value()) << story.rechecked;
    desk->register_online();  // once
    later.run();
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
  EXPECT_FALSE(sale.extra);
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
  EXPECT_FALSE(desk->find(id)->extra);
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
    ASSERT_TRUE(found.extra);
    EXPECT_EQ(found.trouble, cancelled ? 0 : static_cast<int>(Code::kSettledOtherwise));
    const auto undo = desk->open_undo(TillId{"1"}, "undo-" + to_string(id), "Ann", id);
    ASSERT_TRUE(undo) << undo.error().detail;
    EXPECT_EQ(*desk->open_undo(TillId{"1"}, "again-" + to_string(id), "Ann", id), *undo);
    const auto& receipt = *desk->find(*undo)->plain;
    EXPECT_EQ(receipt.kind, FiscalKind::kSaleReturn);
    EXPECT_EQ(receipt.returned->number, 11U);
    ASSERT_TRUE(desk->cancel(*undo));
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
    later.run();
    ASSERT_TRUE(desk->settle(sales.back(), "senior", std::nullopt, [](const Sale&) {}));
    later.run();
  }
  fiscal.resolves = 0;
  fiscal.resolutions = {person, Resolution{ResolutionVerdict::kRefused, {}, "", {}}};
  desk->register_online();
  later.run();
  EXPECT_EQ(fiscal.resolves, 2);
  EXPECT_EQ(
      desk->find(sales[0])->rechecked.has_value() + desk->find(sales[1])->rechecked.has_value(), 1);
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
      Code::kDuplicate);
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

TEST_F(DeskTest, ADocumentFoundAfterTheSaleWasSoldAgainIsADouble) {
  fiscal.resolutions = {Resolution{ResolutionVerdict::kNeedsPerson, {}, "swapped", {}},
                        fail(Code::kPortLost),
                        Resolution{ResolutionVerdict::kDone, {"fn", 10, 10}, "", {}}};
  const Uuid id = settled(std::nullopt);
  fiscal.outcome = {Verdict::kDone, {"fn2", 3, 3}, {}, false};
  ASSERT_TRUE(pay(id));
  later.run();
  ASSERT_EQ(state(id), State::kCommitted);
  desk->register_online();
  later.run();
  const auto sale = *desk->find(id);
  ASSERT_TRUE(sale.extra);
  EXPECT_EQ(sale.extra->number, 10U);
  EXPECT_EQ(std::ranges::count(journal.facts, FactKind::kSoldTwice, &Fact::kind), 1);
  // The return receipt that is proposed for it: its lines, no loyalty, paid like a sale.
  const auto undo = desk->open_undo(TillId{"1"}, "undo", "Ann", id);
  ASSERT_TRUE(undo);
  EXPECT_EQ(desk->add(*undo, "1", Quantity{1000}).error().code, Code::kSaleState);
  EXPECT_EQ(desk->identify(*undo, {}).error().code, Code::kSaleState);
  ASSERT_TRUE(pay(*undo));
  later.run();
  EXPECT_EQ(state(*undo), State::kCommitted);
  EXPECT_EQ(fiscal.last.kind, FiscalKind::kSaleReturn);
  EXPECT_EQ(fiscal.last.lines.size(), sale.doubted->receipt.lines.size());
  EXPECT_EQ(fiscal.last.witness, to_string(desk->find(*undo)->key()));
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
  receipt.total = {9999};
  EXPECT_EQ(desk->open_document(TillId{"1"}, "c2", "Ann", receipt).error().detail, "total");
}

TEST_F(DeskTest, WithoutCentralAnAllowanceStandsInAndCoversOnce) {
  points.answer = fail(Code::kCentralOffline);
  Identity who{CustomerId{"c"}, "", "", "", "card", Points{100'000}};
  who.allowance = new_uuid(clock, random);
  who.allowance_points = Points{6000};
  who.allowance_expires_us = clock.now + 1'000'000;
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

TEST_F(DeskTest, AnExpiredAllowanceIsNone) {
  points.answer = fail(Code::kCentralOffline);
  Identity who{CustomerId{"c"}, "", "", "", "card", Points{100'000}};
  who.allowance = new_uuid(clock, random);
  who.allowance_points = Points{6000};
  who.allowance_expires_us = clock.now;
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

struct CouponTest : DeskTest {
  CouponTest() {
    program = *loyalty::Program::from_json(
        R"({"id":"p","version":8,"redeem":{"max_share":"50"},
            "coupons":[{"id":"ten","prefix":"77","length":10,"check_symbol":true},
                       {"id":"next","prefix":"99","length":12,"valid_days":14}],
            "rules":[{"id":"ten","when":{"coupons":["ten"]},"give":{"percent":"10"}},
                     {"id":"sbp","stage":"receipt","when":{"payments":["sbp"]},
                      "give":{"percent":"50"}},
                     {"id":"give","when":{"basket":{"amount":{"min":"300"}}},
                      "give":{"coupon":"next"}},
                     {"id":"points","give":{"earn":{"percent":"5"}}}]})");
    desk = make();
  }
  const std::string code = "7700000008";
  Code add(const Uuid& id, const std::string& text,
           const std::optional<loyalty::CouponFact>& known = std::nullopt) {
    const auto added = desk->add_code(id, text, known);
    return added ? Code{} : added.error().code;
  }
  Uuid sold_with_coupon() {
    const Uuid id = sale(1);
    EXPECT_EQ(add(id, code), Code{});
    EXPECT_TRUE(pay(id));
    later.run();
    EXPECT_EQ(state(id), State::kCommitted);
    return id;
  }
};

TEST_F(CouponTest, IsHeldUsedOnceAndRefusedInWords) {
  const Uuid first = sold_with_coupon();
  EXPECT_EQ(desk->find(first)->quote->total, (Money{9000}));
  EXPECT_EQ(points.last.coupons, std::vector{code});
  EXPECT_EQ(points.last.points, Points{});
  const Uuid second = sale(1);
  const auto refused = desk->add_code(second, code, std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kCouponRefused);
  EXPECT_EQ(refused.error().detail, code + ": the coupon has been used");
  EXPECT_TRUE(desk->find(second)->circumstances->codes.empty()) << "no partial effect";
}

TEST_F(CouponTest, IsRefusedWhenItIsNoneOrAnothers) {
  const Uuid id = sale(1);
  EXPECT_EQ(add(id, ""), Code::kBadValue);
  EXPECT_EQ(add(id, std::string(65, '7')), Code::kBadValue);
  EXPECT_EQ(add(id, "7700000009"), Code::kCouponRefused);  // mistyped
  EXPECT_EQ(add(id, "nothing"), Code::kCouponRefused);
  EXPECT_EQ(add(id, code, loyalty::CouponFact{code, "ten", 0, INT64_MAX, "another"}),
            Code::kCouponRefused);
  EXPECT_EQ(add(id, code, loyalty::CouponFact{code, "ten", 0, 1}), Code::kCouponRefused);
  EXPECT_EQ(add(id, code), Code{});
  EXPECT_EQ(add(id, code), Code::kCouponRefused);  // twice
  EXPECT_TRUE(desk->remove_code(id, code));
  EXPECT_FALSE(desk->remove_code(id, code));
}

TEST_F(CouponTest, AnotherTillsPaymentComesFirst) {
  const Uuid late = sale(1);
  EXPECT_EQ(add(late, code), Code{});
  const Sale* quoted = *desk->quote(late);
  const auto quote = quoted->quote_id;
  const Uuid early = sale(1);
  EXPECT_EQ(add(early, code), Code{});
  ASSERT_TRUE(pay(early));  // under way, not on paper yet
  const auto paid =
      desk->pay(late, quote, {{Tender::kElectronic, Money{9000}}}, [](const Sale&) {});
  ASSERT_FALSE(paid);
  EXPECT_EQ(paid.error().code, Code::kCouponRefused);
}

TEST_F(CouponTest, CentralsNoMakesTheQuoteStale) {
  const Uuid id = sale(1);
  EXPECT_EQ(add(id, code), Code{});
  points.answer = fail(Code::kCouponRefused, code + ": the coupon has been used");
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(state(id), State::kQuoted);
  EXPECT_EQ(fiscal.receipts, 0);
  points.answer = {};
  ASSERT_TRUE(pay(id));
  later.run();
  EXPECT_EQ(desk->find(id)->quote->total, (Money{10000}));
}

TEST_F(CouponTest, DoesNotWaitForCentral) {
  points.answer = fail(Code::kCentralOffline);
  const Uuid id = sold_with_coupon();
  EXPECT_FALSE(desk->find(id)->attempt.hold.is_nil()) << "it may stand there";
}

TEST_F(CouponTest, ComesBackWithTheWholeReceipt) {
  const Uuid sold = sale(3);
  EXPECT_EQ(add(sold, code), Code{});
  ASSERT_TRUE(pay(sold));
  later.run();
  const auto one = std::map<std::string, Quantity>{{"1", Quantity{1000}}};
  const auto two = std::map<std::string, Quantity>{{"1", Quantity{2000}}};
  const Uuid part = *desk->open_return(TillId{"1"}, "r1", "Ann", sold, one);
  ASSERT_TRUE(pay(part));
  later.run();
  EXPECT_EQ(journal.coupon_uses(code), 1);
  const Uuid rest = *desk->open_return(TillId{"1"}, "r2", "Ann", sold, two);
  ASSERT_TRUE(pay(rest));
  later.run();
  EXPECT_EQ(journal.coupon_uses(code), 0);
  EXPECT_EQ(add(sale(1), code), Code{});
}

TEST_F(CouponTest, IsHandedOutWhenTheReceiptIsOnPaper) {
  const Uuid id = sale(3);
  ASSERT_TRUE(desk->quote(id));
  EXPECT_FALSE(desk->find(id)->issued);
  ASSERT_TRUE(pay(id));
  later.run();
  const auto issued = desk->find(id)->issued.value();
  ASSERT_EQ(issued.size(), 1U);
  EXPECT_TRUE(issued[0].code.starts_with("99"));
  EXPECT_EQ(issued[0].code.size(), 12U);
}

TEST_F(CouponTest, PaysAsItWasAnnounced) {
  const Uuid id = sale(1);
  const Sale* quoted = *desk->quote(id, std::vector{loyalty::Payment{"sbp", {}}});
  EXPECT_EQ(quoted->quote->total, (Money{5000}));
  const auto quote = quoted->quote_id;
  const auto cash = desk->pay(id, quote, {{Tender::kCash, Money{5000}}}, [](const Sale&) {});
  EXPECT_EQ(cash.error().code, Code::kQuoteStale);
  EXPECT_TRUE(desk->pay(id, quote, {{Tender::kElectronic, Money{5000}}}, [](const Sale&) {}));
}

struct CapTest : DeskTest {
  CapTest() {
    program = *loyalty::Program::from_json(
        R"({"id":"p","version":8,"rules":[
            {"id":"day","stage":"receipt","limits":[{"per":"store","period":"day","times":2}],
             "give":{"amount":"10"}},
            {"id":"budget","stage":"receipt","limits":[{"per":"program","amount":"25"}],
             "give":{"percent":"10"}},
            {"id":"own","stage":"card","limits":[{"per":"customer","period":"month","times":1}],
             "give":{"amount":"1"}}]})");
    desk = make();
  }
  std::int64_t sold(Uuid* made = nullptr) {
    const Uuid id = sale(1);
    EXPECT_TRUE(pay(id));
    later.run();
    EXPECT_EQ(state(id), State::kCommitted);
    if (made != nullptr) *made = id;
    return desk->find(id)->quote->total.minor;
  }
};

TEST_F(CapTest, WhatTheStoreSoldCountsAlsoAfterARestart) {
  Uuid first;
  EXPECT_EQ(sold(&first), 8000);  // 10, 9 and 1 off
  EXPECT_EQ(sold(), 8100);        // the customer had hers
  desk = make();
  EXPECT_EQ(sold(), 9300) << "the day's two are gone, 7 are left in the budget";
  clock.now += 86'400'000'000;
  EXPECT_EQ(sold(), 9000) << "another day, no budget";
  const Uuid back = *desk->open_return(TillId{"1"}, "r1", "Ann", first, {{"1", Quantity{1000}}});
  ASSERT_TRUE(pay(back));
  later.run();
  EXPECT_EQ(sold(), 8000) << "a return gives back, on the day of its purchase";
  EXPECT_EQ(sold(), 10'000);
}

TEST_F(CapTest, UsesElsewhereComeWithTheCustomer) {
  Identity who{CustomerId{"c"}, "", "", "", "card", Points{}};
  who.profile.emplace().used = {{"budget", "program", "ever", 1, 2000}};
  const Uuid id = sale(1, {}, who);
  EXPECT_EQ((*desk->quote(id))->quote->total, (Money{8400}));  // 10, 5 and 1 off
}

TEST_F(CapTest, WhatIsBeingPaidCounts) {
  sold();
  const Uuid late = sale(1), early = sale(1);
  const Sale* quoted = *desk->quote(late);
  EXPECT_EQ(quoted->quote->total, (Money{8100}));
  const auto quote = quoted->quote_id;
  ASSERT_TRUE(pay(early));  // under way
  const auto paid =
      desk->pay(late, quote, {{Tender::kElectronic, Money{8100}}}, [](const Sale&) {});
  ASSERT_FALSE(paid);
  EXPECT_EQ(paid.error().code, Code::kQuoteStale);
  EXPECT_EQ((*desk->quote(late))->quote->total, (Money{9300}));
  ASSERT_TRUE(pay(late));
  later.run();
  EXPECT_EQ(state(late), State::kCommitted);
  // What it was worked out with stays with it.
  const auto again =
      loyalty::quote(program, basket_of(*desk->find(late), desk->find(late)->quoted_us));
  EXPECT_EQ(again.total, (Money{9300}));
}

TEST_F(CapTest, PartsOfAReceiptGiveBackTheirMoney) {
  const Uuid id = sale(3);
  ASSERT_TRUE(pay(id));  // 10, 25 of 29 and 1 off
  later.run();
  EXPECT_EQ(journal.rule_uses("budget", "", 0).amount, 2500);
  const Uuid part = *desk->open_return(TillId{"1"}, "r1", "Ann", id, {{"1", Quantity{1000}}});
  ASSERT_TRUE(pay(part));
  later.run();
  EXPECT_EQ(journal.rule_uses("budget", "", 0).amount, 1667);
  EXPECT_EQ(journal.rule_uses("budget", "c", 0).times, 1);
  const Uuid rest = *desk->open_return(TillId{"1"}, "r2", "Ann", id, {{"1", Quantity{2000}}});
  ASSERT_TRUE(pay(rest));
  later.run();
  EXPECT_EQ(journal.rule_uses("budget", "", 0).amount, 0);
  EXPECT_EQ(journal.rule_uses("budget", "c", 0).times, 0);
}

}  // namespace
}  // namespace till::checkout
