#include "gateway/link/asker.h"

#include <gtest/gtest.h>

#include "gateway/link/teller.h"

namespace till::link {
namespace {

struct ZeroRandom final : Random {
  void fill(std::span<std::uint8_t> bytes) override { std::ranges::fill(bytes, std::uint8_t{0}); }
};

struct Questions : testing::Test {
  ZeroRandom random;
  Asker asker{random};
  std::vector<Result<CustomerInfo>> got;
  Reply<CustomerInfo> keep = [this](Result<CustomerInfo> r) { got.push_back(std::move(r)); };

  std::uint64_t ask(std::int64_t deadline) {
    const auto bytes = asker.ask(wire::Balance{{"c"}}, deadline, keep);
    EXPECT_TRUE(bytes);
    return wire::decode_ask(*bytes).value_or(wire::Ask{}).number;
  }
  void run(std::vector<Asker::Due> due) {
    for (auto& d : due) d.reply(std::move(d.result));
  }
};

TEST_F(Questions, AnAnswerFindsItsQuestion) {
  const auto first = ask(100);
  const auto second = ask(200);
  run(asker.on_message(
      wire::encode(wire::Answer{second, 0, "", {{"b"}, "", Points{7}, {}, {}, {}}})));
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0]->id.value, "b");
  EXPECT_EQ(got[0]->available, Points{7});
  run(asker.on_message(
      wire::encode(wire::Answer{first, static_cast<int>(Code::kPointsNotEnough), "5.00", {}})));
  EXPECT_EQ(got.at(1).error(), (Error{Code::kPointsNotEnough, "5.00", ""}));
  EXPECT_EQ(asker.next_timer(), kNever);
}

TEST_F(Questions, SilenceEndsAtTheDeadlineAndALateAnswerIsNobodys) {
  const auto number = ask(100);
  ask(50);
  EXPECT_EQ(asker.next_timer(), 50);
  run(asker.on_timer(49));
  EXPECT_TRUE(got.empty());
  run(asker.on_timer(100));
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].error().code, Code::kCentralOffline);
  run(asker.on_message(wire::encode(wire::Answer{number, 0, "", {}})));
  run(asker.on_message(Buffer{0xff}));
  EXPECT_EQ(got.size(), 2U);
}

TEST_F(Questions, AreBounded) {
  for (std::size_t i = 0; i < kMaxQuestions; ++i) ask(1);
  EXPECT_EQ(asker.ask(wire::Balance{}, 1, keep).error().code, Code::kTooManyRequests);
  EXPECT_EQ(asker.open(), kMaxQuestions);
  run(asker.give_up());
  EXPECT_EQ(got.size(), kMaxQuestions);
  EXPECT_EQ(asker.open(), 0U);
}

}  // namespace
}  // namespace till::link
