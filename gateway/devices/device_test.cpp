// A device with a real child that misbehaves on command.
#include "device.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "gateway/base/system_clock.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TILL_SANITIZED true
#else
#define TILL_SANITIZED false
#endif

namespace till::devices {
namespace {

using namespace std::chrono_literals;

// Real time, or a part of it: on a machine that is busy itself a core is still kept busy then.
struct SlowClock final : Clock {
  SystemClock real;
  std::int64_t slower = 1;
  std::int64_t unix_us() override { return real.unix_us(); }
  std::int64_t monotonic_us() override { return real.monotonic_us() / slower; }
};

class DeviceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove(testing::TempDir() + "/device_test_poison.json");
    device = Device::make(services, {"bad", TILL_BAD_SCANNER, port, {}});
    ASSERT_FALSE(device->problem()) << device->problem()->detail;
    device->start();
    ASSERT_TRUE(until([this] { return device->online(); }));
  }
  void TearDown() override {
    if (!device) return;
    device->stop();
    EXPECT_TRUE(until([this] { return device->ended(); }));
  }
  bool until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      io.restart();  // a device that waits for a person leaves it without work
      io.run_one_for(10ms);
    }
    return condition();
  }
  // The outcome of one operation, the device being online before it.
  ipc::Outcome perform(const std::string& verb, const std::string& key,
                       const boost::json::object& body = {}) {
    EXPECT_TRUE(until([this] { return device->online(); }));
    std::optional<ipc::Outcome> outcome;
    device->submit(verb, key, body, 5000, [&outcome](ipc::Outcome o) { outcome = std::move(o); });
    EXPECT_TRUE(until([&] { return outcome.has_value(); }));
    return outcome.value_or(ipc::Outcome::refused({Code::kInternal, "silence", {}}));
  }

  boost::asio::io_context io;
  SlowClock clock;
  SystemRandom random;
  Metrics metrics;
  supervisor::Quarantine quarantine{testing::TempDir() + "/device_test_quarantine.json"};
  supervisor::Poison poison{testing::TempDir() + "/device_test_poison.json"};
  DeviceServices services{
      io,
      clock,
      random,
      metrics,
      TILL_PLUGIN_HOST,
      quarantine,
      poison,
      [](const std::string&, const std::string&, const boost::json::value&) {},
      [](const std::string&, bool) {},
      [](const std::string&, std::uint32_t, const std::function<void(ipc::Outcome)>&) {},
      testing::TempDir() + "/device_test_state"};
  PortSpec port = NoPort{};
  std::shared_ptr<Device> device;
};

TEST_F(DeviceTest, AnOperationThatEndsTheChildTwiceIsNotGivenToItAgain) {
  for (int i = 0; i < 2; ++i) {
    const auto outcome = perform("test.crash", "poison");
    EXPECT_EQ(outcome.verdict, ipc::Verdict::kInDoubt) << "nobody knows how far it came";
    EXPECT_EQ(device->describe().at("restarts"), i + 1);
  }
  ASSERT_TRUE(until([this] { return device->online(); }));
  const int alive = device->child_pid();
  const auto refused = perform("test.crash", "poison");
  EXPECT_EQ(refused.verdict, ipc::Verdict::kRefused);
  EXPECT_EQ(refused.error.code, Code::kPluginDied);
  EXPECT_EQ(refused.error.detail, "test.crash has ended its driver twice");
  EXPECT_EQ(device->child_pid(), alive) << "it reached the child";
  // The plugin is kept, and so is the same verb for another occasion.
  EXPECT_EQ(perform("test.reach", "poison").verdict, ipc::Verdict::kDone);
  EXPECT_EQ(perform("test.crash", "another").verdict, ipc::Verdict::kRefused) << "another key";
  EXPECT_EQ(perform("test.crash", "poison", {{"other", 1}}).verdict, ipc::Verdict::kInDoubt);
  // A person may have it tried again.
  ASSERT_TRUE(until([this] { return device->online(); }));
  EXPECT_TRUE(device->release());
  EXPECT_FALSE(device->release());
  EXPECT_EQ(perform("test.crash", "poison").verdict, ipc::Verdict::kInDoubt);
}

TEST_F(DeviceTest, APoisonousQuestionWithoutAKeyCountsToo) {
  for (int i = 0; i < 2; ++i) perform("test.crash", "");
  EXPECT_EQ(perform("test.crash", "").verdict, ipc::Verdict::kRefused);
}

TEST_F(DeviceTest, WhatWaitsBehindADeadlyOperationDidNotHappen) {
  std::vector<ipc::Verdict> verdicts;
  for (const char* verb : {"test.crash", "test.reach"}) {
    device->submit(verb, verb, boost::json::object{}, 5000,
                   [&](const ipc::Outcome& o) { verdicts.push_back(o.verdict); });
  }
  ASSERT_TRUE(until([&] { return verdicts.size() == 2; }));
  EXPECT_EQ(verdicts[0], ipc::Verdict::kInDoubt);
  EXPECT_EQ(verdicts[1], ipc::Verdict::kRefused);
}

// The daemon is asked to end in the middle of an operation: the register may well finish it.
TEST_F(DeviceTest, WhatRunsWhenTheDaemonStopsIsInDoubt) {
  std::vector<ipc::Verdict> verdicts;
  for (const char* key : {"runs", "waits"}) {
    device->submit("test.reach", key, boost::json::object{}, 5000,
                   [&](const ipc::Outcome& o) { verdicts.push_back(o.verdict); });
  }
  device->stop();
  EXPECT_EQ(verdicts, (std::vector{ipc::Verdict::kInDoubt, ipc::Verdict::kRefused}));
}

// What a published schema forbids is the driver's broken rule; the daemon's own code never sees it.
TEST_F(DeviceTest, AResultThatIsNotByItsSchemaIsInDoubtAndCounted) {
  for (int i = 1; i < 3; ++i) {
    const auto outcome = perform("drawer.status", "");
    EXPECT_EQ(outcome.verdict, ipc::Verdict::kInDoubt);
    EXPECT_EQ(outcome.error, (Error{Code::kWrongType, "drawer.status: open", {}}));
    EXPECT_EQ(metrics.get("tillbridge_plugin_misbehaviour_total{device=\"bad\",rule=\"result\"}"),
              i);
  }
}

TEST_F(DeviceTest, WhatAPluginKeepsOutlivesItsProcess) {
  std::filesystem::remove_all(services.state_folder);
  EXPECT_EQ(perform("test.kept", "").body, R"({"code":2019,"value":""})");
  EXPECT_EQ(perform("test.keep", "", {{"value", "seven"}}).body, R"({"code":0})");
  perform("test.crash", "");
  EXPECT_EQ(perform("test.kept", "").body, R"({"code":0,"value":"seven"})");
  EXPECT_EQ(perform("test.keep", "", {{"value", std::string(5000, 'x')}}).body, R"({"code":2020})");
  EXPECT_EQ(perform("test.kept", "").body, R"({"code":0,"value":"seven"})");
  // More than ten writes a second wait for nobody's disk.
  std::string last;
  for (int i = 0; i < 12; ++i) last = perform("test.keep", "", {{"value", "eight"}}).body;
  EXPECT_EQ(last, R"({"code":2004})");
}

TEST_F(DeviceTest, WhoOnlyLooksGoesBehindWhoActs) {
  std::string order;
  const auto turn = [&](char who, Device::Turn kind) {
    device->lock(
        [&, who] {
          order += who;
          device->unlock();
        },
        kind);
  };
  using enum Device::Turn;
  turn('a', kLooks);  // has its turn at once
  for (const char who : {'b', 'c', 'd'}) turn(who, kLooks);
  turn('1', kActs);
  turn('2', kActs);
  ASSERT_TRUE(until([&] { return order.size() == 6; }));
  EXPECT_EQ(order, "a12bcd");
  EXPECT_FALSE(device->locked() || device->wanted());
}

// An order the scanner reads from its port, here a pseudo-terminal's other end.
struct OrderedDeviceTest : DeviceTest {
  void SetUp() override {
    terminal = posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT_TRUE(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    port = PtyPort{ptsname(terminal)};
    DeviceTest::SetUp();
  }
  void TearDown() override {
    DeviceTest::TearDown();
    if (terminal >= 0) close(terminal);
  }
  void order(const std::string& line) {
    ASSERT_EQ(write(terminal, (line + "\r").data(), line.size() + 1),
              static_cast<ssize_t>(line.size() + 1));
  }
  std::int64_t deaths(const std::string& reason) {
    return metrics.get("tillbridge_plugin_deaths_total{device=\"bad\",reason=\"" + reason + "\"}");
  }
  std::int64_t broken(const std::string& rule) {
    return metrics.get("tillbridge_plugin_misbehaviour_total{device=\"bad\",rule=\"" + rule +
                       "\"}");
  }
  int terminal = -1;
};

TEST_F(OrderedDeviceTest, RulesBrokenWithoutEndEndTheChild) {
  for (const char* flood : {"progress", "rules"}) {
    const auto before = deaths("rules");
    ASSERT_TRUE(until([this] { return device->online(); }));
    testing::internal::CaptureStdout();
    order(flood);
    ASSERT_TRUE(until([&] { return deaths("rules") == before + 1; })) << flood;
    const std::string said = testing::internal::GetCapturedStdout();
    EXPECT_LT(std::ranges::count(said, '\n'), 100) << flood;
  }
  EXPECT_GE(broken("progress"), limits::kMaxBrokenRulesPerSecond);
}

TEST_F(OrderedDeviceTest, MemoryInFilesIsSeenAndNamed) {
  if (TILL_SANITIZED) GTEST_SKIP() << "sanitizers use more than they are asked for";
  order("memory files");
  ASSERT_TRUE(until([this] { return deaths("memory") == 1; }));
}

TEST_F(OrderedDeviceTest, AHandlerThatNeverReturnsIsNamed) {
  order("spin");
  ASSERT_TRUE(until([this] { return deaths("hung") == 1; }));
  EXPECT_EQ(device->problem()->code, Code::kPluginHung);
  EXPECT_EQ(device->problem()->detail, "on_input, on_quiet or on_port does not return");
}

TEST_F(OrderedDeviceTest, AHandlerThatReturnsAndKeepsACoreBusyIsNamed) {
  clock.slower = 5;
  services.busy_us = 2'000'000;
  const int first = device->child_pid();
  ::kill(first, SIGKILL);  // the next one is watched by these
  ASSERT_TRUE(until([&] { return device->online() && device->child_pid() != first; }));
  const int busy = device->child_pid();
  order("busy");
  ASSERT_TRUE(until([this] { return deaths("cpu") == 1; }));
  EXPECT_NE(device->child_pid(), busy);
  EXPECT_EQ(device->problem()->detail, "it keeps a core busy for 2 s without an operation");
  ASSERT_TRUE(until([this] { return device->online(); })) << "it comes back";
}

// It was given a port and no HTTP: a frame that asks for it is a broken rule, and nothing is asked.
TEST_F(OrderedDeviceTest, AForgedFrameGivesNothingItsManifestDoesNot) {
  bool asked = false;
  services.http = [&](const std::string&, std::uint32_t, const std::function<void(ipc::Outcome)>&) {
    asked = true;
  };
  // Hello, loaded and ready went before; an answered heartbeat or two may have, too.
  for (int seq = 4; seq < 8 && broken("access") == 0; ++seq) {
    const int pid = device->child_pid();
    order("forge " + std::to_string(static_cast<int>(ipc::Type::kHttpRequest)) + " " +
          std::to_string(seq));
    ASSERT_TRUE(until([&] { return broken("access") > 0 || device->child_pid() != pid; }));
    ASSERT_TRUE(until([this] { return device->online(); }));
  }
  EXPECT_EQ(broken("access"), 1);
  EXPECT_FALSE(asked);
  // The host's own next frame is out of turn then.
  const auto ended = [this] {
    return metrics.get("tillbridge_plugin_deaths_total{device=\"bad\",reason=\"TB-2006\"}");
  };
  EXPECT_TRUE(until([&] { return ended() >= 1; }));
}

TEST_F(OrderedDeviceTest, AForgedLineIsOneLine) {
  testing::internal::CaptureStdout();
  order("forge");
  ASSERT_TRUE(until(
      [this] { return metrics.get("tillbridge_plugin_log_lines_total{device=\"bad\"}") == 1; }));
  io.run_for(20ms);
  const std::string said = testing::internal::GetCapturedStdout();
  EXPECT_NE(said.find("driver says: hello\\x0a2026-01-01 error FORGED\\x1b[2J\\xff"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("[error]"), std::string::npos) << "its level is lost";
}

TEST_F(DeviceTest, ABuildSetAsideElsewhereIsNotStartedAgain) {
  device->stop();
  ASSERT_TRUE(until([this] { return device->ended(); }));
  const auto hash = supervisor::file_hash(std::string(TILL_BAD_SCANNER) + "/bad_scanner.so");
  device = Device::make(services, {"third", TILL_BAD_SCANNER, NoPort{}, {}});
  device->start();
  ASSERT_TRUE(until([this] { return device->online(); }));
  ASSERT_TRUE(quarantine.add(hash, "first", false) && quarantine.add(hash, "second", false));
  ::kill(device->child_pid(), SIGKILL);
  ASSERT_TRUE(until([this] { return device->state() == supervisor::State::kQuarantined; }));
  EXPECT_TRUE(device->release());
  ASSERT_TRUE(until([this] { return device->online(); }));
  EXPECT_TRUE(quarantine.holds(hash, "first"));
  std::filesystem::remove(testing::TempDir() + "/device_test_quarantine.json");
}

TEST_F(DeviceTest, ProgressOnlyGrows) {
  const auto broken = [this] {
    return metrics.render().find("rule=\"progress\"") != std::string::npos;
  };
  EXPECT_EQ(perform("test.progress", "", {{"steps", {100, 500, 1000}}}).verdict,
            ipc::Verdict::kDone);
  EXPECT_FALSE(broken());
  std::optional<ipc::Outcome> outcome;
  device->submit("test.progress", "", boost::json::object{{"steps", {300}}, {"wait_ms", 300}}, 5000,
                 [&](ipc::Outcome o) { outcome = std::move(o); });
  EXPECT_TRUE(until([this] { return device->describe().at("progress") == 300; }));
  EXPECT_TRUE(until([&] { return outcome.has_value(); }));
  EXPECT_TRUE(device->describe().at("progress").is_null());
  perform("test.progress", "", {{"steps", {500, 100}}});
  EXPECT_TRUE(broken());
}

}  // namespace
}  // namespace till::devices
