#include "gateway/link/teller.h"

#include <gtest/gtest.h>

#include "gateway/base/limits.h"
#include "protocols/central/chain.h"

namespace till::link {
namespace {

struct ZeroRandom final : Random {
  void fill(std::span<std::uint8_t> bytes) override { std::ranges::fill(bytes, std::uint8_t{0}); }
};

struct Telling : testing::Test {
  static constexpr std::uint64_t kEpoch = 5;

  ZeroRandom random;
  std::vector<OutboundEntry> journal;
  Teller teller{
      {"store"}, kEpoch, [this](auto from, auto most) { return read(from, most); }, random};
  std::vector<std::uint64_t> sent;  // sequences of entries; 0 = a hello
  std::vector<Error> alarms;
  std::int64_t now = 0;

  void append(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      OutboundEntry e{journal.empty() ? 1 : journal.back().sequence + 1, {}, {}, {}, {1}};
      journal.push_back(std::move(e));
    }
  }
  std::vector<OutboundEntry> read(std::uint64_t from, std::size_t most) const {
    std::vector<OutboundEntry> out;
    for (const auto& e : journal) {
      if (e.sequence >= from && out.size() < most) out.push_back(e);
    }
    return out;
  }
  void run(const Teller::Step& step) {
    for (const auto& bytes : step.send) {
      const auto tell = wire::decode_tell(bytes);
      ASSERT_TRUE(tell);
      const auto* entry = std::get_if<wire::Entry>(&*tell);
      sent.push_back(entry == nullptr ? 0 : entry->sequence);
    }
    alarms.insert(alarms.end(), step.alarms.begin(), step.alarms.end());
  }
  void position(std::uint64_t sequence, std::uint8_t incarnation = 1,
                std::uint64_t epoch = kEpoch) {
    run(teller.on_message(wire::encode(wire::Position{{incarnation}, sequence, epoch}), now));
  }
  void trouble(Code code) {
    run(teller.on_message(wire::encode(wire::Trouble{1, code, "why"}), now));
  }
  void connect() { run(teller.on_connected(now)); }
  std::vector<std::uint64_t> take() { return std::exchange(sent, {}); }
};

using Sequences = std::vector<std::uint64_t>;

TEST_F(Telling, GreetsThenSendsAWindowAndMoves) {
  append(limits::kMaxInFlight + 10);
  teller.start(1, 0);
  run(teller.entries_available(now));
  EXPECT_EQ(take(), Sequences{});
  connect();
  EXPECT_EQ(take(), Sequences{0});
  EXPECT_FALSE(teller.online());
  position(0);
  EXPECT_TRUE(teller.online());
  const auto window = take();
  ASSERT_EQ(window.size(), limits::kMaxInFlight);
  EXPECT_EQ(window.front(), 1U);
  position(3);
  EXPECT_EQ(take(), (Sequences{window.back() + 1, window.back() + 2, window.back() + 3}));
  position(limits::kMaxInFlight + 3);
  EXPECT_EQ(take().size(), 7U);
  position(limits::kMaxInFlight + 10);
  EXPECT_EQ(teller.acknowledged(), limits::kMaxInFlight + 10);
  EXPECT_EQ(take(), Sequences{});
  append(1);
  run(teller.entries_available(now));
  EXPECT_EQ(take(), Sequences{limits::kMaxInFlight + 11});
}

TEST_F(Telling, AStrayPositionMovesNothing) {
  append(3);
  teller.start(1, 0);
  connect();
  position(0);
  take();
  position(0);
  run(teller.on_message(Buffer{0xff}, now));
  EXPECT_EQ(take(), Sequences{});
}

TEST_F(Telling, SilenceIsMetWithAHelloFurtherAndFurtherApart) {
  append(2);
  teller.start(1, 0);
  connect();
  position(0);
  EXPECT_EQ(take(), (Sequences{0, 1, 2}));
  std::int64_t last = 0;
  for (int i = 0; i < 10; ++i) {
    ASSERT_NE(teller.next_timer(), kNever);
    const std::int64_t wait = teller.next_timer() - now;
    EXPECT_GE(wait, last);
    EXPECT_LE(wait, limits::kMaxReconnectUs);
    last = wait;
    now = teller.next_timer() - 1;
    run(teller.on_timer(now));
    EXPECT_EQ(take(), Sequences{});
    run(teller.on_timer(++now));
    EXPECT_EQ(take(), Sequences{0});
    EXPECT_FALSE(teller.online());
  }
  EXPECT_EQ(last, limits::kMaxReconnectUs);
  position(1);
  EXPECT_EQ(take(), Sequences{2});
  EXPECT_EQ(teller.next_timer() - now, kFirstRetryUs);
}

TEST_F(Telling, AnIdleLinkIsKeptAlive) {
  teller.start(1, 0);
  connect();
  position(0);
  EXPECT_EQ(teller.next_timer(), now + kKeepAliveUs);
  now = teller.next_timer();
  take();
  run(teller.on_timer(now));
  EXPECT_EQ(take(), Sequences{0});
  EXPECT_TRUE(teller.online());
  now = teller.next_timer();
  run(teller.on_timer(now));
  EXPECT_FALSE(teller.online());
}

TEST_F(Telling, ARestoredCentralGetsTheEntriesAgain) {
  append(5);
  teller.start(1, 0);
  connect();
  position(0);
  position(5);
  take();
  position(2, 2);
  EXPECT_EQ(take(), (Sequences{3, 4, 5}));
  EXPECT_EQ(teller.acknowledged(), 2U);
  position(5, 2);
  position(5, 3);  // the same place, but what was in flight there is lost
  append(1);
  run(teller.entries_available(now));
  EXPECT_EQ(take(), Sequences{6});
}

TEST_F(Telling, EntriesThatAreNoLongerKeptAreNamed) {
  append(5);
  journal.erase(journal.begin(), journal.begin() + 3);
  teller.start(4, 5);
  connect();
  position(1);
  EXPECT_EQ(take(), Sequences{0});
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].code, Code::kSequenceGap);
  EXPECT_TRUE(teller.stopped());
}

TEST_F(Telling, AJournalOlderThanCentralIsAFork) {
  append(3);
  teller.start(1, 3);
  connect();
  position(9);
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].code, Code::kFork);
  connect();
  position(9);
  EXPECT_EQ(alarms.size(), 1U) << "said once";
  position(3);  // put right
  EXPECT_FALSE(teller.stopped());
}

TEST_F(Telling, ALostAcknowledgementIsNoFork) {
  append(3);
  teller.start(1, 1);
  connect();
  position(3);
  EXPECT_TRUE(alarms.empty());
  EXPECT_EQ(teller.acknowledged(), 3U);
}

TEST_F(Telling, ANewerEpochStopsTheOldCopy) {
  teller.start(1, 0);
  connect();
  position(0, 1, kEpoch - 1);
  EXPECT_FALSE(teller.stopped());
  position(0, 1, kEpoch + 1);
  EXPECT_TRUE(teller.stopped());
  EXPECT_EQ(alarms.at(0).code, Code::kFork);
}

TEST_F(Telling, TroubleIsNamedAndOnlyThePoisonedEntryIsPassedOver) {
  append(3);
  teller.start(1, 0);
  connect();
  position(0);
  take();
  trouble(Code::kSequenceGap);
  EXPECT_EQ(take(), Sequences{0});
  EXPECT_TRUE(alarms.empty());
  position(0);
  EXPECT_EQ(take(), (Sequences{1, 2, 3}));
  trouble(Code::kPoison);
  EXPECT_EQ(alarms.at(0).code, Code::kPoison);
  EXPECT_FALSE(teller.stopped());
  trouble(Code::kChainBroken);
  trouble(Code::kChainBroken);
  EXPECT_TRUE(teller.stopped());
  EXPECT_EQ(alarms.size(), 2U);
  run(teller.entries_available(now));
  EXPECT_EQ(take(), Sequences{});
  now = teller.next_timer();
  run(teller.on_timer(now));
  EXPECT_EQ(take(), Sequences{0}) << "asks now and then whether it has been put right";
  position(3);
  EXPECT_FALSE(teller.stopped());
}

TEST_F(Telling, ADisconnectionWaitsForTheNextConnection) {
  append(1);
  teller.start(1, 0);
  connect();
  position(0);
  teller.on_disconnected();
  EXPECT_FALSE(teller.online());
  EXPECT_EQ(teller.next_timer(), kNever);
  take();
  connect();
  position(0);
  EXPECT_EQ(take(), (Sequences{0, 1}));
}

}  // namespace
}  // namespace till::link
