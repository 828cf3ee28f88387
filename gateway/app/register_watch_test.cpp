#include "register_watch.h"

#include <gtest/gtest.h>

#include <map>

namespace till::app {
namespace {

constexpr const char* kNow = "2026-11-22T12:00:00";

struct RegisterWatchTest : ::testing::Test {
  std::map<std::string, std::string> settings;
  std::vector<std::string> events;
  std::vector<wire::RegisterNotice> told;
  Metrics metrics;
  WatchHooks hooks{
      .setting = [this](const std::string& key) { return settings[key]; },
      .set_setting = [this](const std::string& key, const std::string& v) { settings[key] = v; },
      .last_sold = [](const std::string&) { return 0U; },
      .sold_here = [](const FiscalDocument&) { return false; },
      .tell = [this](const wire::RegisterNotice& n) { told.push_back(n); },
      .publish =
          [this](const boost::json::object& e) {
            const auto* what = e.if_contains("what");
            events.push_back(what != nullptr ? std::string(what->as_string()) : "");
          }};
  RegisterWatch watch{"register", hooks, metrics};

  static RegisterStatus status(std::uint32_t last) {
    RegisterStatus s;
    s.fiscal_memory = "fn";
    s.last_document = last;
    s.paper = true;
    return s;
  }
};

TEST_F(RegisterWatchTest, ArmingTheSameAgainForgetsNothing) {
  ASSERT_TRUE(watch.arm(status(3), "fn"));
  watch.saw("fn", 6);  // somebody else's
  EXPECT_EQ(watch.unread(), (std::vector<std::uint32_t>{4, 5, 6}));
  ASSERT_TRUE(watch.arm(status(6), "fn"));
  EXPECT_EQ(watch.unread().size(), 3U);
  EXPECT_EQ(watch.admits(status(6)), Result<void>());
  auto other = status(1);
  other.fiscal_memory = "another";
  EXPECT_EQ(watch.admits(other).error().code, Code::kRegisterReplaced);
}

// The process ends while a shift is being opened: the document is ours nevertheless, once.
TEST_F(RegisterWatchTest, WhatACommandOfOursMadeIsOursAfterARestart) {
  ASSERT_TRUE(watch.arm(status(3), "fn"));
  watch.expect("shift_close");
  watch.expect("shift_open");
  watch.answered("shift_close");
  RegisterWatch again{"register", hooks, metrics};
  again.saw("fn", 5);
  FiscalDocument opened{"fn", 4, 1}, next{"fn", 5, 1};
  opened.kind = next.kind = "shift_open";
  again.read(opened);
  EXPECT_TRUE(told.empty());
  again.read(next);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].document.number, 5U);
}

// A doubt was cancelled twice, and some registers number what they cancel.
TEST_F(RegisterWatchTest, WhatOursCancelledIsOurs) {
  ASSERT_TRUE(watch.arm(status(3), "fn"));
  watch.expect("other");
  watch.saw("fn", 6);
  watch.answered("other");  // they are not read yet
  const auto read = [&](std::uint32_t number, const char* kind) {
    FiscalDocument d{"fn", number, 1};
    d.kind = kind;
    watch.read(d);
  };
  read(4, "other");
  read(5, "sale");
  read(6, "other");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].document.number, 5U);
  watch.answered("other");
  watch.saw("fn", 7);
  read(7, "other");
  EXPECT_EQ(told.size(), 2U);
}

TEST_F(RegisterWatchTest, WhatCannotBeReadIsToldAsItIs) {
  ASSERT_TRUE(watch.arm(status(3), "fn"));
  watch.saw("fn", 4);
  watch.unreadable(4, {Code::kBadFrame, "type", {}});
  EXPECT_TRUE(watch.unread().empty());
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].document.number, 4U);
  EXPECT_EQ(told[0].detail, "unreadable: " + code_name(Code::kBadFrame) + " type");
}

TEST_F(RegisterWatchTest, MoreForeignOnesThanAreReadAreCounted) {
  ASSERT_TRUE(watch.arm(status(3), "fn"));
  watch.saw("fn", 3 + 1200);
  EXPECT_EQ(watch.unread().front(), 4U);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].document.number, 1203U);
  EXPECT_EQ(told[0].detail, "x 200");
}

// Whose clock is wrong is not asked: the shift's hours are counted by the one it was opened by.
TEST_F(RegisterWatchTest, AShiftJustOpenedIsNotOldByAWrongClock) {
  auto s = status(1);
  s.shift = "open";
  for (const char* clock : {"2026-11-23T13:00:00", "2026-11-21T11:00:00"}) {
    s.shift_number++;
    s.device_time = clock;
    s.shift_opened.reset();
    watch.state(s, kNow);
    const auto warnings = boost::json::serialize(watch.describe().at("warnings"));
    EXPECT_EQ(warnings.find("shift"), std::string::npos) << warnings;
    s.shift_opened = clock;  // where the register tells it
    EXPECT_EQ(forecasts(s, kNow).size(), 1U) << "the clock alone";
  }
  s.device_time = "2026-11-22T12:30:00";
  s.shift_opened = "2026-11-21T12:00:00";
  EXPECT_EQ(forecasts(s, kNow).at(0).detail, "overdue by 30 min");
  s.device_time = "2026-11-22T11:30:00";
  EXPECT_EQ(forecasts(s, kNow).at(0).detail, "30 min");
}

TEST_F(RegisterWatchTest, WhatBecomesUrgentIsWarnedOfAgain) {
  auto s = status(1);
  s.paper_near_end = true;
  watch.state(s, kNow);
  watch.state(s, kNow);
  EXPECT_EQ(events, std::vector<std::string>{"paper"});
  s.paper_near_end = s.paper = false;
  watch.state(s, kNow);
  EXPECT_EQ(events, (std::vector<std::string>{"paper", "paper"}));
}

TEST_F(RegisterWatchTest, PaperThatIsOutIsNotNearItsEndToo) {
  auto s = status(1);
  s.paper = false;
  s.paper_near_end = true;
  ASSERT_EQ(forecasts(s, kNow).size(), 1U);
  EXPECT_EQ(forecasts(s, kNow)[0].detail, "out");
}

}  // namespace
}  // namespace till::app
