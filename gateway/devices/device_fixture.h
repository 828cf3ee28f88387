// A device with a real child that misbehaves on command.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "device.h"
#include "gateway/base/system_clock.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TILL_SANITIZED true
#else
#define TILL_SANITIZED false
#endif

namespace till::devices {

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
  DeviceServices services{io,
                          clock,
                          random,
                          metrics,
                          TILL_PLUGIN_HOST,
                          quarantine,
                          poison,
                          [](const std::string&, const std::string&, const boost::json::value&) {},
                          [](const std::string&, bool) {},
                          [](const std::vector<std::string>&, const std::string&, std::uint32_t,
                             const std::function<void(ipc::Outcome)>&) {},
                          testing::TempDir() + "/device_test_state"};
  PortSpec port = NoPort{};
  std::shared_ptr<Device> device;
};

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
  void start_anew() {
    const int first = device->child_pid();
    ::kill(first, SIGKILL);
    ASSERT_TRUE(until([&] { return device->online() && device->child_pid() != first; }));
  }
  // A frame of that type past the host, until it is taken for the breach of `rule` that it is.
  void forge(ipc::Type type, const std::string& rule) {
    // Hello, loaded and ready went before; an answered heartbeat or two may have, too.
    for (int seq = 4; seq < 8 && broken(rule) == 0; ++seq) {
      const int pid = device->child_pid();
      order("forge " + std::to_string(static_cast<int>(type)) + " " + std::to_string(seq));
      ASSERT_TRUE(until([&] { return broken(rule) > 0 || device->child_pid() != pid; }));
      ASSERT_TRUE(until([this] { return device->online(); }));
    }
  }
  int terminal = -1;
};

}  // namespace till::devices
