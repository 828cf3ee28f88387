#include "central/intake/intake.h"

#include <gtest/gtest.h>

#include "central/intake/test_world.h"
#include "gateway/base/limits.h"

namespace till::central {
namespace {

struct Taking : testing::Test {
  static constexpr std::uint64_t kEpoch = 5;

  TestClock clock;
  TestRandom random;
  Central central{":memory:", clock, random};
  TestStream stream;
  std::vector<wire::Trouble> troubles;
  std::optional<wire::Position> position;

  void SetUp() override {
    central.db.run("INSERT INTO stores VALUES ('a','key-a','chain',0), ('b','key-b','chain',0)");
  }
  void say(const wire::Tell& tell, const std::string& store = "a", const std::string& peer = "1") {
    take(wire::encode(tell), store, peer);
  }
  void take(const Buffer& bytes, const std::string& store = "a", const std::string& peer = "1") {
    Transaction transaction(central.db);
    central.intake.take(peer, {store}, bytes);
    central.intake.finish();
    transaction.commit();
    troubles.clear();
    position.reset();
    for (const auto& out : central.intake.replies()) {
      EXPECT_EQ(out.peer, peer);
      const auto back = wire::decode_tell(out.message);
      ASSERT_TRUE(back);
      if (const auto* t = std::get_if<wire::Trouble>(&*back)) troubles.push_back(*t);
      if (const auto* p = std::get_if<wire::Position>(&*back)) position = *p;
    }
  }
  void hello(std::uint64_t epoch = kEpoch, std::uint64_t next = 1) {
    say(wire::Hello{{"a"}, epoch, next});
  }
  Code trouble() const { return troubles.size() == 1 ? troubles[0].code : Code{}; }
  std::uint64_t at() const { return position ? position->sequence : 999; }
  std::int64_t count(const char* sql) {
    auto row = central.db.query(sql);
    return row.next() ? row.integer(0) : -1;
  }
};

TEST_F(Taking, AStreamMovesAndAReplayHasNoEffect) {
  hello();
  EXPECT_EQ(at(), 0U);
  EXPECT_EQ(position->incarnation.size(), 16U);
  EXPECT_EQ(position->epoch, kEpoch);
  say(stream.add(test_sale(1, "c", 50)));
  EXPECT_EQ(at(), 1U);
  say(stream.add(test_sale(2, "c", 30)));
  say(stream.entries[0]);
  EXPECT_EQ(at(), 2U);
  EXPECT_TRUE(troubles.empty());
  EXPECT_EQ(central.ledger.balance({"c"}), Points{80});
}

TEST_F(Taking, TheSameSaleInANewEpochIsBookedOnce) {
  hello();
  say(stream.add(test_sale(1, "c", 50)));
  hello(kEpoch + 1);
  EXPECT_EQ(at(), 0U);
  say(stream.entries[0]);
  EXPECT_EQ(at(), 1U);
  EXPECT_EQ(central.ledger.balance({"c"}), Points{50});
  hello(kEpoch);
  EXPECT_EQ(trouble(), Code::kFork) << "the old journal lives on";
}

TEST_F(Taking, ASecondConnectionOfAnOldEpochIsRefused) {
  hello();
  say(wire::Hello{{"a"}, kEpoch + 1, 1}, "a", "2");
  say(stream.add(test_sale(1, "c", 50)));
  EXPECT_EQ(trouble(), Code::kFork);
  EXPECT_EQ(count("SELECT count(*) FROM sales"), 0);
}

TEST_F(Taking, AGapIsAskedFor) {
  stream.add(test_sale(1, "c", 50));
  stream.add(test_sale(2, "c", 30));
  say(stream.entries[0]);
  EXPECT_EQ(trouble(), Code::kSequenceGap) << "no hello";
  hello();
  say(stream.entries[1]);
  EXPECT_EQ(trouble(), Code::kSequenceGap);
  EXPECT_EQ(troubles[0].sequence, 1U);
  say(stream.entries[0]);
  say(stream.entries[1]);
  EXPECT_EQ(at(), 2U);
}

TEST_F(Taking, AForkStopsTheStreamForGood) {
  hello();
  say(stream.add(test_sale(1, "c", 50)));
  TestStream copy;
  say(copy.add(test_sale(9, "c", 900)));
  EXPECT_EQ(trouble(), Code::kFork);
  EXPECT_FALSE(position);
  say(stream.add(test_sale(2, "c", 30)));
  EXPECT_EQ(trouble(), Code::kFork);
  hello();
  EXPECT_EQ(trouble(), Code::kFork);
  Intake again(central.db, central.facts, clock, central.metrics);
  again.take("1", {"a"}, wire::encode(wire::Hello{{"a"}, kEpoch, 1}));
  const auto replies = again.replies();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<wire::Trouble>(*wire::decode_tell(replies[0].message)));
  EXPECT_EQ(central.ledger.balance({"c"}), Points{50});
  hello(kEpoch + 1);
  EXPECT_EQ(at(), 0U) << "a journal made anew begins again";
}

TEST_F(Taking, AnotherHistoryIsAFork) {
  hello();
  say(stream.add(test_sale(1, "c", 50)));
  TestStream copy;
  copy.add(test_sale(9, "c", 900));
  say(copy.add(test_sale(10, "c", 900)));
  EXPECT_EQ(trouble(), Code::kFork);
  EXPECT_EQ(central.ledger.balance({"c"}), Points{50});
}

TEST_F(Taking, AChangedEntryBreaksTheChain) {
  hello();
  auto entry = stream.add(test_sale(1, "c", 50));
  entry.payload = wire::encode(wire::Fact(test_sale(1, "c", 5000)));
  say(entry);
  EXPECT_EQ(trouble(), Code::kChainBroken);
  EXPECT_EQ(count("SELECT stopped FROM positions"), static_cast<int>(Code::kChainBroken));
  EXPECT_EQ(count("SELECT count(*) FROM sales"), 0);
}

TEST_F(Taking, PoisonIsSetAsideWithItsBytesAndTheStreamGoesOn) {
  hello();
  say(stream.add(Buffer{0xff, 0xff}));
  EXPECT_EQ(trouble(), Code::kPoison);
  EXPECT_EQ(at(), 1U);
  say(stream.add(test_sale(2, "", 30)));
  EXPECT_EQ(trouble(), Code::kPoison);
  say(stream.add(test_sale(3, "c", 30)));
  EXPECT_EQ(at(), 3U);
  EXPECT_EQ(count("SELECT count(*) FROM dead_letters WHERE hex(payload)='FFFF'"), 1);
  EXPECT_EQ(count("SELECT count(*) FROM dead_letters"), 2);
  EXPECT_EQ(count("SELECT count(*) FROM sales"), 1);
}

TEST_F(Taking, PointsBeyondAllBoundsLeaveNothingBehind) {
  central.db.run("INSERT INTO accounts VALUES ('c','points',?)", INT64_MAX - 10);
  hello();
  say(stream.add(test_sale(1, "c", 50)));
  EXPECT_EQ(trouble(), Code::kPoison);
  EXPECT_EQ(count("SELECT code FROM dead_letters"), static_cast<int>(Code::kOverflow));
  EXPECT_EQ(count("SELECT count(*) FROM sales"), 0);
  EXPECT_EQ(count("SELECT count(*) FROM postings"), 0);
}

TEST_F(Taking, AStoreIsWhoItsKeySays) {
  say(wire::Hello{{"b"}, kEpoch, 1}, "a");
  EXPECT_EQ(trouble(), Code::kStoreMismatch);
  say(stream.add(test_sale(1, "c", 50)), "a");
  EXPECT_EQ(trouble(), Code::kSequenceGap) << "that hello did not count";
  EXPECT_EQ(count("SELECT count(*) FROM entries"), 0);
  EXPECT_EQ(count("SELECT count FROM alarms WHERE code=7003"), 1);
  say(wire::Hello{{"z"}, kEpoch, 1}, "z");
  EXPECT_EQ(trouble(), Code::kStoreUnknown);
}

TEST_F(Taking, NoiseIsCountedAndAnsweredWithNothing) {
  take(Buffer{0xff});
  take(wire::encode(wire::Position{}));
  EXPECT_TRUE(troubles.empty());
  EXPECT_FALSE(position);
  EXPECT_EQ(central.metrics.get("tillbridge_central_bad_messages_total"), 2);
}

TEST_F(Taking, AStoreThatNoLongerKeepsWhatIsMissingRaisesAnAlarm) {
  hello(kEpoch, 500);
  EXPECT_EQ(count("SELECT count(*) FROM alarms WHERE code=7004"), 1);
}

struct Asking : Taking {
  wire::Answer ask(decltype(wire::Ask::body) body, const std::string& store = "a") {
    const auto answer =
        central.answers.answer({store}, wire::encode(wire::Ask{7, std::move(body)}));
    return answer.value_or(wire::Answer{});
  }
};

TEST_F(Asking, EnrolLookUpHoldReleaseAndBalance) {
  const auto made = ask(wire::Enrol{"ph", "ca", "gold", "1234"});
  EXPECT_EQ(made.number, 7U);
  EXPECT_EQ(made.code, 0);
  const CustomerId id = made.customer.id;
  central.ledger.credit({id}, Points{500}, Kind::kGrant, {{}, {test_id(1), 0}, 0});
  const auto found = ask(wire::Lookup{"", "ph", true}, "b");
  EXPECT_EQ(found.customer.id, id);
  EXPECT_EQ(found.customer.available, Points{500});
  EXPECT_EQ(found.customer.allowance_points, Points{500});
  EXPECT_FALSE(found.customer.allowance.is_nil());
  EXPECT_EQ(ask(wire::Balance{id}).customer.available, Points{}) << "b has an allowance of it all";
  const wire::HoldRequest hold{test_id(2), id, Points{100}, {test_id(3), 1}, 1000};
  EXPECT_EQ(ask(hold).code, static_cast<int>(Code::kPointsNotEnough));
  EXPECT_EQ(ask(hold, "b").code, 0);
  EXPECT_EQ(ask(wire::Balance{id}, "b").customer.available, Points{400});
  EXPECT_EQ(ask(wire::Release{hold.hold}, "b").customer.available, Points{500});
  EXPECT_EQ(ask(hold, "b").code, static_cast<int>(Code::kHoldDead));
}

TEST_F(Asking, RefusalsAreNamed) {
  EXPECT_EQ(ask(wire::Lookup{"no", "", false}).code, static_cast<int>(Code::kUnknownCard));
  EXPECT_EQ(ask(wire::Lookup{}).code, static_cast<int>(Code::kMissingField));
  EXPECT_EQ(ask(wire::Balance{{"no"}}).code, static_cast<int>(Code::kUnknownCard));
  EXPECT_EQ(ask(wire::Balance{{"no"}}, "z").code, static_cast<int>(Code::kStoreUnknown));
  const auto id = ask(wire::Enrol{"ph", "", "", ""}).customer.id;
  central.db.run("UPDATE customers SET blocked=1");
  EXPECT_TRUE(ask(wire::Lookup{"", "ph", true}).customer.blocked);
  EXPECT_EQ(ask(wire::HoldRequest{test_id(2), id, Points{1}, {}, 1}).code,
            static_cast<int>(Code::kCardBlocked));
  EXPECT_FALSE(central.answers.answer({"a"}, Buffer{0xff}));
}

}  // namespace
}  // namespace till::central
