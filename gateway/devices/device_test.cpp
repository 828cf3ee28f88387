// A device with a real child that misbehaves on command.
#include "device.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <optional>

#include "gateway/base/system_clock.h"

namespace till::devices {
namespace {

using namespace std::chrono_literals;

class DeviceTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = Device::make(services, {"bad", TILL_BAD_SCANNER, NoPort{}, {}});
    ASSERT_TRUE(made) << made.error().detail;
    device = *made;
    device->start();
    ASSERT_TRUE(until([this] { return device->online(); }));
  }
  void TearDown() override {
    if (device) device->stop();
    io.run_for(10ms);
  }
  bool until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) io.run_one_for(10ms);
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
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  supervisor::Quarantine quarantine{testing::TempDir() + "/device_test_quarantine.json"};
  DeviceServices services{
      io,
      clock,
      random,
      metrics,
      TILL_PLUGIN_HOST,
      quarantine,
      [](const std::string&, const std::string&, const boost::json::value&) {},
      [](const std::string&, bool) {},
      [](const std::string&, std::uint32_t, const std::function<void(ipc::Outcome)>&) {},
      testing::TempDir() + "/device_test_state"};
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
  EXPECT_EQ(perform("test.crash", "another").verdict, ipc::Verdict::kInDoubt);
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
