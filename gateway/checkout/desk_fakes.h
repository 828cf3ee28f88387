// The world of a desk under test: everything that happens happens later, in the order asked for.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <set>

#include "gateway/checkout/desk.h"

namespace till::checkout {

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
  Result<Baseline> baseline = Baseline{"fn", 5, ""};
  RegisterOutcome outcome{Verdict::kDone, {"fn", 11, 1}, {}, false};
  std::vector<Result<Resolution>> resolutions;
  FiscalReceipt last;
  // A register that answers of no attempt before told(): the till's.
  bool is_till = false;
  std::map<std::string, Then<Result<Resolution>>> asked;  // by witness
  void told(const std::string& witness, const Resolution& resolution) {
    answered(witness, resolution);
  }
  void answered(const std::string& witness, const Result<Resolution>& resolution) {
    later.queue.push_back(
        [then = std::move(asked.extract(witness).mapped()), resolution] { then(resolution); });
  }

  bool taken = false;  // by somebody who does not give it back
  std::vector<std::function<void()>> in_line;

  void lock(std::function<void()> then) override {
    ++locks;
    if (taken) return in_line.push_back(std::move(then));
    later.queue.push_back(std::move(then));
  }
  void unlock() override { --locks; }
  bool online() const override { return is_online; }
  void prepare(const FiscalReceipt&, Then<Result<Baseline>> then) override {
    later.queue.push_back([this, then] { then(baseline); });
  }
  void receipt(const AttemptKey&, const FiscalReceipt& r, Then<RegisterOutcome> then) override {
    ++receipts;
    last = r;
    later.queue.push_back([this, then] { then(outcome); });
  }
  void resolve(const FiscalReceipt& r, const Baseline&, Then<Result<Resolution>> then) override {
    if (is_till) {
      asked.insert_or_assign(r.witness, std::move(then));
      return;
    }
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
  std::vector<Uuid> unprinted() override {
    std::vector<Uuid> out;
    for (const auto& [id, s] : disk) {
      if (s.document && !s.document->printed) out.push_back(id);
    }
    return out;
  }
  std::vector<Uuid> unconfirmed() override {
    std::vector<Uuid> out;
    for (const auto& [id, s] : disk) {
      const auto due = [](const Settlement& each) { return !each.rechecked; };
      if (std::ranges::any_of(s.settlements, due)) out.push_back(id);
    }
    return out;
  }
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
  std::vector<std::string> known_as(const Sale& sale) override {
    if (!sale.customer) return {};
    std::set<std::string> names{customer_key(sale)};
    const auto join = [&](const Sale& other) {
      if (!other.customer || other.customer->card_hash.empty()) return;
      const auto card = card_key(other.customer->card_hash);
      if (!names.contains(customer_key(other)) && !names.contains(card)) return;
      names.insert(customer_key(other));
      names.insert(card);
    };
    join(sale);
    for (int i = 0; i < 2; ++i) {  // a card's owner, then her other cards
      for (const auto& [id, s] : disk) join(s);
    }
    names.erase("");
    return {names.begin(), names.end()};
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
  FakeRegister fiscal_2{later};  // of till 2
  FakePoints points{later};
  FakeJournal journal{later};
  goods::Catalogue goods = *goods::Catalogue::from_json(
      R"({"schema":1,"items":[{"code":"1","name":"tea","price":"100.00","tax":11}]})");
  loyalty::Program program = *loyalty::Program::from_json(
      R"({"id":"p","version":7,"redeem":{"max_share":"50"},
          "rules":[{"id":"points","give":{"earn":{"percent":"5"}}}]})");
  std::unique_ptr<Desk> desk = make();

  std::unique_ptr<Desk> make(const DeskConfig& config = {}) {
    return std::make_unique<Desk>(
        [this](const TillId& till, const std::string& memory) -> RegisterPort& {
          const bool is_2 = memory.empty() ? till.value == "2" : memory == "fn2";
          return is_2 ? fiscal_2 : fiscal;
        },
        points, journal,
        DeskHooks{[](const Sale&) {}, [](const Sale&, const Settlement&) {},
                  [this](std::int64_t us, std::function<void()> f) {
                    later.timers.emplace(later.now + us, std::move(f));
                  }},
        clock, random, goods, program, config);
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
    later.run(later.now);
    EXPECT_TRUE(desk->settle(id, "senior", said, [](const Sale&) {}));
    later.run(later.now);  // not until it is asked again by itself
    return id;
  }
  // Two attempts in doubt, both settled as "no document", of neither the register could tell yet.
  Uuid settled_twice() {
    const Resolution person{ResolutionVerdict::kNeedsPerson, {}, "hidden", {}};
    fiscal.resolutions = {person, fail(Code::kPortLost)};
    const Uuid id = settled(std::nullopt);
    fiscal.resolves = 0;
    fiscal.resolutions = {person, person, fail(Code::kPortLost), fail(Code::kPortLost)};
    EXPECT_TRUE(pay(id));
    later.run(later.now);
    EXPECT_TRUE(desk->settle(id, "chief", std::nullopt, [](const Sale&) {}));
    later.run(later.now);
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

}  // namespace till::checkout
