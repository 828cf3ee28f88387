// Everything a plugin may do wrong: named, contained, counted.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>

#include "device_fixture.h"

namespace till::devices {
namespace {

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

TEST_F(OrderedDeviceTest, MemoryInFilesThatAreClosedIsSeenAndNamed) {
  if (TILL_SANITIZED) GTEST_SKIP() << "sanitizers use more than they are asked for";
  order("pinned memory");
  ASSERT_TRUE(until([this] { return deaths("memory") == 1; }));
}

// Frames that cost the plugin nothing and the daemon its only thread.
TEST_F(OrderedDeviceTest, AFloodOfFramesIsNamedAndEnded) {
  services.frames_a_second = 2000;  // also on a machine that is busy itself
  start_anew();                     // the next one is watched by these
  for (const char* flood : {"frames", "debug"}) {
    const auto before = deaths("flood");
    ASSERT_TRUE(until([this] { return device->online(); }));
    order(flood);
    ASSERT_TRUE(until([&] { return deaths("flood") == before + 1; })) << flood;
    EXPECT_EQ(device->problem()->detail, "it sends more than 2000 frames in a second");
  }
}

TEST_F(OrderedDeviceTest, AFloodOfPrintedWordsIsReadOnlySoFar) {
  const auto lines = [this] {
    return metrics.get("tillbridge_plugin_printed_lines_total{device=\"bad\"}");
  };
  testing::internal::CaptureStdout();
  order("words");
  ASSERT_TRUE(until([&] { return lines() >= 3; }));
  const std::string said = testing::internal::GetCapturedStdout();
  EXPECT_NE(said.find("driver prints: xxxx"), std::string::npos);
  EXPECT_NE(said.find("it prints too much; the rest of this second is lost"), std::string::npos);
  EXPECT_TRUE(device->online());
}

TEST_F(OrderedDeviceTest, LastWordsNeedNoNewline) {
  testing::internal::CaptureStdout();
  order("last words");
  ASSERT_TRUE(until([this] { return deaths("SIGABRT") == 1; }));
  const std::string said = testing::internal::GetCapturedStdout();
  EXPECT_NE(said.find("driver prints: last words without a newline"), std::string::npos) << said;
}

TEST_F(OrderedDeviceTest, HandsOnItsSocketAreNamed) {
  const auto printed = [this](const char* what, const char* reason) {
    EXPECT_TRUE(until([this] { return device->online(); })) << what;
    const auto before = deaths(reason);
    testing::internal::CaptureStdout();
    order(what);
    EXPECT_TRUE(until([&] { return deaths(reason) == before + 1; })) << what;
    return testing::internal::GetCapturedStdout();
  };
  EXPECT_NE(printed("empty frame", "TB-2006").find("an empty one"), std::string::npos);
  // Whoever looks first: the daemon at the end of the socket, or the host at what it can not send.
  const auto closed = printed("steal", "exit code 2");
  EXPECT_NE(closed.find("a frame is missing, somebody else reads it"), std::string::npos) << closed;
  EXPECT_TRUE(until([this] { return device->online(); }));
  order("close");
  EXPECT_TRUE(
      until([this] { return deaths("exit code 2") == 2 || deaths("closed its socket") == 1; }));
}

TEST_F(OrderedDeviceTest, WhoWritesWithoutCreditIsEnded) {
  for (int seq = 4; seq < 8 && deaths("credit") == 0; ++seq) {
    const int pid = device->child_pid();
    order("unpaid " + std::to_string(seq));
    ASSERT_TRUE(until([&] { return device->child_pid() != pid; }));
    ASSERT_TRUE(until([this] { return device->online(); }));
  }
  EXPECT_EQ(deaths("credit"), 1);
  EXPECT_GE(broken("credit"), 1);
}

// Of an operation that nobody gave it, or a second time.
TEST_F(OrderedDeviceTest, ACompletionOfNothingIsABrokenRule) {
  forge(ipc::Type::kComplete, "completion");
  EXPECT_EQ(broken("completion"), 1);
}

// deadline -> cancel -> end: what the operation did is not known.
TEST_F(OrderedDeviceTest, AnOperationThatNeverEndsIsInDoubtAndItsChildIsEnded) {
  std::optional<ipc::Outcome> outcome;
  device->submit("test.spin", "key", boost::json::object{}, 200,
                 [&](ipc::Outcome o) { outcome = std::move(o); });
  ASSERT_TRUE(until([&] { return outcome.has_value(); }));
  EXPECT_EQ(outcome->verdict, ipc::Verdict::kInDoubt);
  EXPECT_EQ(deaths("hung"), 1);
  EXPECT_EQ(device->problem()->detail, "test.spin hangs");
  // One that listens ends by itself, and its child lives.
  ASSERT_TRUE(until([this] { return device->online(); }));
  const int alive = device->child_pid();
  device->submit("test.sleep", "other", boost::json::object{}, 200,
                 [&](ipc::Outcome o) { outcome = std::move(o); });
  outcome.reset();
  ASSERT_TRUE(until([&] { return outcome.has_value(); }));
  EXPECT_EQ(outcome->error.code, Code::kCancelled);
  EXPECT_EQ(device->child_pid(), alive);
}

// Its manifest says that it opens no port: nothing of one is ever told to it.
TEST_F(OrderedDeviceTest, APortIsForThoseWhoseManifestAsksForIt) {
  const std::string folder = testing::TempDir() + "/device_test_http";
  std::filesystem::remove_all(folder);
  std::filesystem::copy(TILL_BAD_SCANNER, folder);
  std::string manifest;
  {
    std::ifstream in(folder + "/manifest.json");
    manifest.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto at = manifest.find("\"port\"");
  ASSERT_NE(at, std::string::npos);
  std::ofstream(folder + "/manifest.json") << manifest.replace(at, 6, "\"http\"");
  const auto other = Device::make(services, {"other", folder, port, {}});
  ASSERT_TRUE(other->problem());
  EXPECT_EQ(other->problem()->code, Code::kConfigInvalid);
  EXPECT_NE(other->problem()->detail.find("write \"none\""), std::string::npos);
  EXPECT_FALSE(Device::make(services, {"other", folder, NoPort{}, {}})->problem());
  std::filesystem::remove_all(folder);
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
  start_anew();  // the next one is watched by these
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
  services.http = [&](const std::vector<std::string>&, const std::string&, std::uint32_t,
                      const std::function<void(ipc::Outcome)>&) { asked = true; };
  forge(ipc::Type::kHttpRequest, "access");
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

}  // namespace
}  // namespace till::devices
