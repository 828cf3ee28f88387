// `tillbridge-plugin run --port usb:…`: our own printer driver at a printer on USB.
#include <gtest/gtest.h>

#include "gateway/devices/fake_usb_printer.h"
#include "live_host.h"

namespace till::kit {
namespace {

using devices::FakeUsbPrinter;

class LiveUsb : public testing::Test {
 protected:
  void SetUp() override {
    const char* preloaded = std::getenv("LD_PRELOAD");
    if (preloaded == nullptr || std::string_view(preloaded).find("umockdev") == std::string::npos) {
      GTEST_SKIP() << "start it by umockdev-wrapper";
    }
  }
  const json::object settings_{{"status", "none"}};  // the printer's answers are its own test's
  const Package package_ = read_package(TILL_PRINTER, TILL_SCHEMAS);
};

TEST_F(LiveUsb, AnOperationReachesThePrinter) {
  FakeUsbPrinter printer;
  LiveHost host(package_, settings_, "usb:04b8:0202", {});
  const auto plugged = host.plug();
  ASSERT_TRUE(plugged) << plugged.error().vendor;
  EXPECT_EQ(printer.claims(), 1);
  EXPECT_EQ(host.perform("drawer.open", "{}", 5000).status, TILL_DONE);
  EXPECT_NE(printer.printed().find("\x1bp"), std::string::npos) << "the pulse for the drawer";
  host.unplug();
  EXPECT_EQ(printer.claims(), 0);
  ASSERT_TRUE(host.plug());
  printer.vanish();
  host.listen(2000);
  EXPECT_EQ(host.recording().steps.back().kind, testkit::RecordedStep::Kind::kPort);
  EXPECT_FALSE(host.recording().steps.back().connected) << "the line is gone";
  const auto gone = host.plug();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Code::kPortOpenFailed);
}

TEST_F(LiveUsb, FromThePrompt) {
  FakeUsbPrinter printer;
  FILE* tool = popen("echo drawer.open | " TILL_TOOL " run " TILL_PRINTER
                     " --settings '{\"status\":\"none\"}' --port usb:04b8:0202 2>&1",
                     "r");
  std::array<char, 200> said{};
  EXPECT_EQ(fread(said.data(), 1, said.size(), tool), 8u);
  EXPECT_EQ(pclose(tool), 0);
  EXPECT_STREQ(said.data(), "done {}\n");
  EXPECT_NE(printer.printed().find("\x1bp"), std::string::npos);
}

// Without paper a printer takes nothing: the write ends with the operation's time.
TEST_F(LiveUsb, AWriteEndsWithTheOperation) {
  FakeUsbPrinter printer;
  LiveHost host(package_, settings_, "usb:04b8:0202", {});
  ASSERT_TRUE(host.plug());
  printer.take(0);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_NE(host.perform("drawer.open", "{}", 300).status, TILL_DONE);
  EXPECT_LT(std::chrono::steady_clock::now() - start,
            std::chrono::milliseconds(300 + TILL_GRACE_MS));
}

}  // namespace
}  // namespace till::kit
