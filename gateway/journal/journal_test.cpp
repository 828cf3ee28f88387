#include "journal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "protocols/central/chain.h"

namespace till::journal {
namespace {

namespace fs = std::filesystem;
using checkout::Fact;
using checkout::FactKind;
using checkout::Sale;
using checkout::State;

struct FakeClock : Clock {
  std::int64_t now = 1'800'000'000'000'000;
  std::int64_t unix_us() override { return ++now; }
  std::int64_t monotonic_us() override { return now; }
};
struct FakeRandom : Random {
  std::uint8_t n = 0;
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& b : bytes) b = ++n;
  }
};

struct JournalTest : testing::Test {
  fs::path folder = fs::temp_directory_path() / ("till-journal-" + std::to_string(getpid()));
  FakeClock clock;
  FakeRandom random;
  std::vector<std::function<void()>> posted;
  int told = 0;
  std::unique_ptr<Journal> journal;

  void SetUp() override {
    fs::remove_all(folder);
    fs::create_directories(folder);
    open();
  }
  void TearDown() override {
    journal.reset();
    fs::remove_all(folder);
  }
  void open(const char* store = "s") {
    posted.clear();
    journal.reset();
    Hooks hooks;
    hooks.post = [this](std::function<void()> f) { posted.push_back(std::move(f)); };
    hooks.encode = [](const Sale& s, const Fact& f) {
      return to_buffer(
          as_bytes(to_string(s.key()) + (f.kind == FactKind::kSale ? " sale" : " other")));
    };
    hooks.fatal = [](const std::string& why) { FAIL() << why; };
    hooks.entries = [this] { ++told; };
    journal = std::make_unique<Journal>((folder / "j.db").string(), StoreId{store},
                                        std::move(hooks), clock, random);
  }
  void run() {
    while (!posted.empty()) {
      auto now = std::exchange(posted, {});
      for (auto& f : now) f();
    }
  }
  Sale sale(const std::string& number, State state = State::kOpen) {
    Sale s;
    s.id = new_uuid(clock, random);
    s.till = TillId{"1"};
    s.till_number = number;
    s.state = state;
    return s;
  }
};

TEST_F(JournalTest, NothingIsSaidBeforeItIsWritten) {
  bool done = false;
  const Sale s = sale("1", State::kCommitted);
  journal->hard(s, "commit", {{FactKind::kSale}}, [&] { done = true; });
  EXPECT_FALSE(done);
  EXPECT_EQ(journal->last_sequence(), 0U);
  run();
  EXPECT_TRUE(done);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(journal->last_sequence(), 1U);
  EXPECT_EQ(journal->load(s.id)->state, State::kCommitted);
}

TEST_F(JournalTest, ADeathBeforeTheFlushLosesAllOfIt) {
  bool done = false;
  const Sale s = sale("1", State::kCommitted);
  journal->hard(s, "commit", {{FactKind::kSale}}, [&] { done = true; });
  open();  // the process died with the write still queued
  EXPECT_FALSE(journal->load(s.id));
  EXPECT_EQ(journal->last_sequence(), 0U);
  EXPECT_FALSE(done);
}

TEST_F(JournalTest, OneTurnIsOneTransaction) {
  int done = 0;
  for (int i = 0; i < 50; ++i) {
    journal->hard(sale(std::to_string(i)), "x", {{FactKind::kSale}}, [&] { ++done; });
  }
  EXPECT_EQ(posted.size(), 1U);
  run();
  EXPECT_EQ(done, 50);
  EXPECT_EQ(told, 1);
}

TEST_F(JournalTest, TheChainHoldsOverARestart) {
  for (int i = 0; i < 3; ++i) {
    journal->hard(sale(std::to_string(i)), "x", {{FactKind::kSale}, {FactKind::kSettled}}, [] {});
    run();
    if (i == 1) open();
  }
  const auto entries = journal->read(1, 100);
  ASSERT_EQ(entries.size(), 6U);
  Buffer previous(32, 0);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i].sequence, i + 1);
    EXPECT_EQ(entries[i].previous, previous);
    EXPECT_EQ(entries[i].hash, wire::chain_hash(entries[i].previous, entries[i].payload));
    previous = entries[i].hash;
  }
  EXPECT_EQ(journal->read(5, 1).at(0).sequence, 5U);
}

TEST_F(JournalTest, FindsUnfinishedReturnsAndAllowances) {
  const Sale sold = sale("1", State::kCommitted);
  Sale back = sale("2", State::kQuoted);
  back.is_return = true;
  back.returned_sale = sold.id;
  Sale spent = sale("3", State::kCommitted);
  spent.attempt.hold = new_uuid(clock, random);
  spent.attempt.by_allowance = true;
  for (const Sale& s : {sold, back, spent}) journal->soft(s, "x");
  EXPECT_EQ(journal->unfinished().size(), 1U);
  EXPECT_EQ(journal->returns_of(sold.id).at(0).id, back.id);
  EXPECT_TRUE(journal->allowance_used(spent.attempt.hold));
  EXPECT_FALSE(journal->allowance_used(sold.id));
  EXPECT_EQ(journal->find(TillId{"1"}, "2"), back.id);
  EXPECT_FALSE(journal->find(TillId{"2"}, "2"));
}

TEST_F(JournalTest, CountsWhatRulesGaveOnce) {
  Sale sold = sale("1", State::kFiscalising);
  sold.customer.emplace().customer.value = "anna";
  sold.quote.emplace().effects.emplace().rules = {{"day", 2, 500, ""}};
  sold.closed_us = std::int64_t{100} * 86'400'000'000;
  journal->soft(sold, "intent");
  journal->flush();
  EXPECT_EQ(journal->rule_uses("day", "", 0).times, 0) << "nothing is on paper";
  sold.state = State::kCommitted;
  for (int i = 0; i < 3; ++i) {  // written again when the paper is finished
    journal->soft(sold, "commit");
    journal->flush();
  }
  open();
  EXPECT_EQ(journal->rule_uses("day", "", 100).times, 2);
  EXPECT_EQ(journal->rule_uses("day", "anna", 100).amount, 500);
  EXPECT_EQ(journal->rule_uses("day", "bob", 0).times, 0);
  EXPECT_EQ(journal->rule_uses("day", "", 101).times, 0);
  Sale back = sale("2", State::kCommitted);
  back.is_return = true;
  back.returned_sale = sold.id;
  back.quote = sold.quote;
  back.closed_us = std::int64_t{105} * 86'400'000'000;
  journal->soft(back, "commit");
  EXPECT_EQ(journal->rule_uses("day", "anna", INT64_MIN).times, 0);
  EXPECT_EQ(journal->rule_uses("day", "", 105).times, 0) << "it leaves the day of the purchase";
}

TEST_F(JournalTest, KnowsACardsOwnerFromAPurchase) {
  const auto bought = [&](const char* number, const char* customer, const char* card) {
    Sale s = sale(number, State::kCommitted);
    s.customer.emplace().customer.value = customer;
    s.customer->card_hash = card;
    s.quote.emplace().effects.emplace().rules = {{"day", 1, 500, ""}};
    journal->soft(s, "commit");
    return s;
  };
  const Sale offline = bought("1", "", "a1");
  EXPECT_EQ(journal->known_as(offline), std::vector<std::string>{"card:a1"});
  bought("2", "anna", "a1");
  bought("3", "anna", "a2");
  const std::vector<std::string> anna{"anna", "card:a2", "card:a1"};
  EXPECT_EQ(journal->known_as(offline), anna);
  open();
  EXPECT_EQ(journal->known_as(bought("4", "", "a1")), anna);
  EXPECT_EQ(journal->known_as(bought("5", "anna", "")).size(), 3U);
  EXPECT_EQ(journal->known_as(bought("6", "bob", "")), std::vector<std::string>{"bob"});
  EXPECT_TRUE(journal->known_as(sale("7", State::kOpen)).empty());
}

TEST_F(JournalTest, PrunesOnlyWhatIsAcknowledgedAndOldAndKeepsTheChain) {
  for (int i = 0; i < 4; ++i)
    journal->hard(sale(std::to_string(i)), "x", {{FactKind::kSale}}, [] {});
  run();
  journal->acknowledged(3);
  clock.now += 1000;
  journal->idle(100, 2);
  EXPECT_EQ(journal->first_kept(), 2U) << "an exporter has still to take it";
  journal->idle(100);
  EXPECT_EQ(journal->first_kept(), 4U);
  journal->acknowledged(4);
  clock.now += 1000;
  journal->idle(100);
  open();
  EXPECT_EQ(journal->last_sequence(), 4U);
  EXPECT_EQ(journal->acknowledged(), 4U);
  journal->hard(sale("9"), "x", {{FactKind::kSale}}, [] {});
  run();
  EXPECT_EQ(journal->read(5, 1).at(0).sequence, 5U);
}

TEST_F(JournalTest, KnowsHowFarEachExporterIsAfterARestart) {
  EXPECT_EQ(journal->exported("erp"), 0U);
  journal->keep_exported("erp", 8);
  journal->keep_exported("erp", 9);
  open();
  EXPECT_EQ(journal->exported("erp"), 9U);
  EXPECT_EQ(journal->exported("other"), 0U);
}

TEST_F(JournalTest, AnswersByKey) {
  EXPECT_FALSE(journal->answer(TillId{"1"}, "k"));
  journal->keep_answer(TillId{"1"}, "k", {"hash", 200, "{}"});
  journal->keep_answer(TillId{"1"}, "k", {"other", 500, "x"});  // the first stands
  EXPECT_EQ(journal->answer(TillId{"1"}, "k")->payload_hash, "hash");
  EXPECT_FALSE(journal->answer(TillId{"2"}, "k"));
}

TEST_F(JournalTest, RefusesAnotherStoresFile) {
  journal.reset();
  EXPECT_THROW(open("other"), sqlite::Failure);
}

}  // namespace
}  // namespace till::journal
