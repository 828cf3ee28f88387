// What becomes of operations, of what a plugin keeps, and of builds that were set aside.
#include <csignal>

#include "device_fixture.h"

namespace till::devices {
namespace {

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
