#include "policy.h"

#include <gtest/gtest.h>

namespace till::supervisor {
namespace {

struct Same : Random {
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& b : bytes) b = 0;
  }
};

struct PolicyTest : testing::Test {
  Same random;
  std::int64_t now = 1'000'000'000;
  Decision on(Policy& p, Event e) { return p.on(e, now, random); }
  void crash_when_ready(Policy& p) {
    on(p, p.state() == State::kStopped ? Event::kStart : Event::kTimer);
    on(p, Event::kReady);
    on(p, Event::kDied);
  }
};

TEST_F(PolicyTest, WhatWasSetAsideBeforeARestartWaitsForAPerson) {
  Policy p(false);
  EXPECT_EQ(on(p, Event::kHeld).action, Action::kNone);
  EXPECT_EQ(p.state(), State::kQuarantined);
  EXPECT_EQ(on(p, Event::kTimer).action, Action::kNone);
  EXPECT_EQ(on(p, Event::kRelease).action, Action::kSpawn);
}

TEST_F(PolicyTest, ABrokenRuleEndsTheChild) {
  Policy p(false);
  EXPECT_EQ(on(p, Event::kBroke).action, Action::kNone);
  on(p, Event::kStart);
  EXPECT_EQ(on(p, Event::kBroke).action, Action::kKill);
  on(p, Event::kReady);
  EXPECT_EQ(on(p, Event::kBroke).action, Action::kKill);
}

TEST_F(PolicyTest, StartsBecomesReadyStops) {
  Policy p(false);
  EXPECT_EQ(on(p, Event::kStart).action, Action::kSpawn);
  EXPECT_TRUE(on(p, Event::kReady).changed);
  EXPECT_EQ(on(p, Event::kStop).action, Action::kAskToStop);
  EXPECT_EQ(on(p, Event::kLate).action, Action::kKill);
  on(p, Event::kDied);
  EXPECT_EQ(p.state(), State::kStopped);
}

TEST_F(PolicyTest, BacksOffLongerEachTimeAndForgetsWhenHealthy) {
  Policy p(false, {.crashes = 100});
  std::int64_t last = 0;
  for (int i = 0; i < 4; ++i) {
    on(p, i == 0 ? Event::kStart : Event::kTimer);
    on(p, Event::kReady);
    const auto d = on(p, Event::kDied);
    EXPECT_EQ(d.action, Action::kWait);
    EXPECT_GT(d.wait_us, last);
    last = d.wait_us;
  }
  on(p, Event::kTimer);
  on(p, Event::kReady);
  now += 61'000'000;
  EXPECT_LT(on(p, Event::kDied).wait_us, last);
}

TEST_F(PolicyTest, TwoDeathsBeforeReadyAreEnough) {
  Policy p(false);
  on(p, Event::kStart);
  on(p, Event::kDied);
  on(p, Event::kTimer);
  on(p, Event::kDied);
  EXPECT_EQ(p.state(), State::kQuarantined);
  EXPECT_EQ(on(p, Event::kTimer).action, Action::kNone);
  EXPECT_EQ(on(p, Event::kRelease).action, Action::kSpawn);
}

TEST_F(PolicyTest, FiveCrashesInTheWindow) {
  Policy p(false);
  for (int i = 0; i < 5; ++i) crash_when_ready(p);
  EXPECT_EQ(p.state(), State::kQuarantined);
  Policy slow(false);
  for (int i = 0; i < 20; ++i) {
    crash_when_ready(slow);
    now += 601'000'000;
  }
  EXPECT_EQ(slow.state(), State::kBackoff);
}

TEST_F(PolicyTest, ARegisterIsNeverSwitchedOff) {
  Policy p(true);
  for (int i = 0; i < 50; ++i) crash_when_ready(p);
  EXPECT_EQ(p.state(), State::kBackoff);
  EXPECT_TRUE(p.alarm());
}

TEST_F(PolicyTest, SilenceAndHangingEndTheChild) {
  for (const Event e : {Event::kSilent, Event::kHung}) {
    Policy p(false);
    on(p, Event::kStart);
    EXPECT_EQ(on(p, e).action, Action::kNone);
    on(p, Event::kReady);
    EXPECT_EQ(on(p, e).action, Action::kKill);
  }
}

}  // namespace
}  // namespace till::supervisor
