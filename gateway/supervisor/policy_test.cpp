#include "policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <tuple>
#include <vector>

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
  on(p, Event::kStart);
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

// A fixed window would count four of these before its end and four after it.
TEST_F(PolicyTest, FiveCrashesWithinTenMinutesWhereverTheTenMinutesBegin) {
  Policy p(false);
  crash_when_ready(p);
  now += 590'000'000;
  for (int i = 0; i < 3; ++i) crash_when_ready(p);
  now += 20'000'000;
  crash_when_ready(p);
  EXPECT_EQ(p.state(), State::kBackoff) << "four within ten minutes";
  crash_when_ready(p);
  EXPECT_EQ(p.state(), State::kQuarantined);
}

TEST_F(PolicyTest, APackageThatMayNotRunIsLookedAtAgainSlowlyAndNeverSetAside) {
  Policy p(false);
  on(p, Event::kStart);
  for (int i = 0; i < 10; ++i) {
    const auto d = on(p, Event::kUnfit);
    EXPECT_EQ(d.action, Action::kWaitLong);
    EXPECT_EQ(d.wait_us, 60'000'000);
    EXPECT_TRUE(p.alarm());
    EXPECT_EQ(on(p, Event::kTimer).action, Action::kSpawn);
  }
  EXPECT_EQ(p.restarts(), 0) << "nothing of it has run";
  on(p, Event::kReady);
  EXPECT_FALSE(p.alarm());
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

TEST_F(PolicyTest, NoPairIsDecidedTwiceAndEveryStateIsReached) {
  std::set<std::tuple<State, Event, Deaths>> seen;
  std::set<State> reached = {State::kStopped};
  for (const Transition& t : transitions()) {
    EXPECT_TRUE(seen.emplace(t.from, t.event, t.deaths).second) << t.why;
    reached.insert(t.to);
    // A death is the only event that looks at the deaths; then every case is decided.
    if (t.deaths == Deaths::kAny) continue;
    EXPECT_EQ(t.event, Event::kDied);
    for (const auto d : {Deaths::kFew, Deaths::kMany, Deaths::kManyEssential}) {
      const auto is = [&](const Transition& o) {
        return o.from == t.from && o.event == t.event && o.deaths == d;
      };
      EXPECT_TRUE(std::ranges::any_of(transitions(), is)) << t.why;
    }
  }
  EXPECT_EQ(reached.size(), 6U);
  // Every state has a way out by kStop, and whoever is told to end is ended at last.
  for (int s = 0; s < 6; ++s) {
    const auto ends = [&](const Transition& t) {
      return static_cast<int>(t.from) == s && (t.event == Event::kStop || t.event == Event::kLate);
    };
    EXPECT_TRUE(std::ranges::any_of(transitions(), ends)) << s;
  }
}

// Whatever comes, in whatever order: what is not in the table changes nothing.
TEST_F(PolicyTest, WhatIsNotInTheTableLeavesEverythingAsItIs) {
  for (int s = 0; s < 6; ++s) {
    for (int e = 0; e < 12; ++e) {
      const auto event = static_cast<Event>(e);
      Policy p(false);
      const std::vector<std::vector<Event>> ways = {{},
                                                    {Event::kStart},
                                                    {Event::kStart, Event::kReady},
                                                    {Event::kStart, Event::kReady, Event::kDied},
                                                    {Event::kStart, Event::kHeld},
                                                    {Event::kStart, Event::kStop}};
      for (const Event way : ways[static_cast<std::size_t>(s)]) on(p, way);
      ASSERT_EQ(static_cast<int>(p.state()), s);
      const auto is = [&](const Transition& t) {
        return static_cast<int>(t.from) == s && t.event == event;
      };
      const bool named = std::ranges::any_of(transitions(), is);
      const auto d = on(p, event);
      if (!named) {
        EXPECT_EQ(static_cast<int>(p.state()), s) << name(event);
        EXPECT_EQ(d.action, Action::kNone) << name(event);
        EXPECT_FALSE(d.changed);
      }
    }
  }
}

// The page is printed from the table the code runs on; TILL_RENEW_DOCS=1 writes it anew.
TEST_F(PolicyTest, DocumentationPrintsTheTable) {
  const std::string path = TILL_SOURCE_DIR "/docs/internals/plugin-states.md";
  const std::string wanted =
      "# The states of a plugin's child\n\n"
      "A pair that is not named changes nothing. *many* deaths: two before READY, or five within "
      "ten minutes.\n*essential* is a fiscal register.\n\n" +
      transitions_markdown();
  if (std::getenv("TILL_RENEW_DOCS") != nullptr) std::ofstream(path) << wanted;
  std::ifstream file(path);
  const std::string found{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(found, wanted) << "docs/internals/plugin-states.md is stale; renew it with\n"
                              "  TILL_RENEW_DOCS=1 ./run test -R supervisor_policy_test";
}

}  // namespace
}  // namespace till::supervisor
