#include "port_usb.h"

#include <gtest/gtest.h>

#include "fake_usb_printer.h"
#include "port_watch.h"

namespace till::devices {
namespace {

const UsbPort kPrinter{0x04b8, 0x0202, {}};

class PortUsb : public testing::Test {
 protected:
  void SetUp() override {
    const char* preloaded = std::getenv("LD_PRELOAD");
    if (preloaded == nullptr || !std::string_view(preloaded).contains("libumockdev-preload")) {
      GTEST_SKIP() << "start it by umockdev-wrapper";
    }
  }
  std::shared_ptr<Port> open(PortWatch& watch, const UsbPort& spec = kPrinter) {
    auto port = make_usb_port(watch.io, spec, watch.handlers());
    port->open();
    EXPECT_TRUE(watch.until([&] { return watch.opened + watch.closed.size() == 1; }));
    return port;
  }
};

TEST_F(PortUsb, ListsPrintersOnly) {
  {
    FakeUsbPrinter printer;
    const auto found = list_usb_printers();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].vendor, 0x04b8);
    EXPECT_EQ(found[0].product, 0x0202);
    EXPECT_EQ(found[0].serial, "J7X0001");
    EXPECT_EQ(found[0].name, "TM-T20");
    EXPECT_EQ(found[0].bus, 1);
    EXPECT_EQ(found[0].address, 4);
  }
  {
    FakeUsbPrinter keyboard({{3, 1, 1}});
    EXPECT_TRUE(list_usb_printers().empty());
  }
  {
    FakeUsbPrinter packets_only({{7, 1, 3}});
    EXPECT_TRUE(list_usb_printers().empty());
  }
}

TEST_F(PortUsb, BytesGoBothWays) {
  FakeUsbPrinter printer;
  PortWatch watch;
  const auto port = open(watch);
  ASSERT_EQ(watch.opened, 1);
  EXPECT_EQ(printer.claims(), 1);
  port->write("\x1b@");
  port->write(std::string(40000, 'x'));  // several transfers
  ASSERT_TRUE(watch.until([&] { return watch.written == 40002; }));
  EXPECT_EQ(printer.printed(), "\x1b@" + std::string(40000, 'x'));
  printer.give("\x16");
  ASSERT_TRUE(watch.until([&] { return watch.input == "\x16"; }));
  printer.give(std::string(10000, 'y'));
  ASSERT_TRUE(watch.until([&] { return watch.input.size() == 10001; }));
  port->close();
  EXPECT_EQ(printer.claims(), 0);
  watch.settle();
  EXPECT_TRUE(watch.closed.empty());
}

TEST_F(PortUsb, PausedPortLeavesBytesInTheDevice) {
  FakeUsbPrinter printer;
  PortWatch watch;
  const auto port = make_usb_port(watch.io, kPrinter, watch.handlers());
  port->pause(true);
  port->open();
  ASSERT_TRUE(watch.until([&] { return watch.opened == 1; }));
  printer.give("late");
  watch.settle();
  EXPECT_EQ(watch.input, "");
  port->pause(false);
  EXPECT_TRUE(watch.until([&] { return watch.input == "late"; }));
}

// Without paper a printer NAKs for as long as it takes: the rest of the bytes waits, none is lost
// or sent twice, and closing does not wait for the paper.
TEST_F(PortUsb, WaitsForAPrinterThatTakesNothing) {
  FakeUsbPrinter printer;
  PortWatch watch;
  const auto port = open(watch);
  printer.take(3);
  port->write("abcdef");
  ASSERT_TRUE(watch.until([&] { return watch.written == 3; }));
  watch.settle();
  EXPECT_EQ(watch.written, 3u);
  EXPECT_TRUE(watch.closed.empty());
  printer.take(100);
  ASSERT_TRUE(watch.until([&] { return watch.written == 6; }));
  EXPECT_EQ(printer.printed(), "abcdef");
  printer.take(0);
  port->write("never");
  watch.settle();
  const auto start = std::chrono::steady_clock::now();
  port->close();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_EQ(printer.printed(), "abcdef");
}

TEST_F(PortUsb, SaysItsStatus) {
  FakeUsbPrinter printer;
  const auto status = usb_port_status(kPrinter);
  ASSERT_TRUE(status) << status.error().vendor;
  EXPECT_EQ(*status, 0x18);
  EXPECT_EQ(printer.claims(), 0);
  const auto other = usb_port_status({0x04b8, 0x0e15, {}});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::kPortOpenFailed);
}

TEST_F(PortUsb, WhatIsNotThereDoesNotOpen) {
  FakeUsbPrinter printer;
  for (const UsbPort& spec : {UsbPort{0x0519, 0x0003, {}}, UsbPort{0x04b8, 0x0202, "OTHER"}}) {
    PortWatch watch;
    const auto port = open(watch, spec);
    EXPECT_EQ(watch.opened, 0);
    ASSERT_EQ(watch.closed.size(), 1u);
    EXPECT_EQ(watch.closed[0],
              (Error{Code::kPortOpenFailed, to_string(spec), "LIBUSB_ERROR_NO_DEVICE"}));
  }
  EXPECT_EQ(printer.claims(), 0);
  PortWatch watch;
  open(watch, {0x04b8, 0x0202, "J7X0001"});
  EXPECT_EQ(watch.opened, 1);
}

TEST_F(PortUsb, AnotherProcessHoldsIt) {
  FakeUsbPrinter printer;
  printer.set_busy(true);
  PortWatch watch;
  const auto port = open(watch);
  ASSERT_EQ(watch.closed.size(), 1u);
  EXPECT_EQ(watch.closed[0].vendor, "LIBUSB_ERROR_BUSY");
  printer.set_busy(false);
  port->open();
  EXPECT_TRUE(watch.until([&] { return watch.opened == 1; }));
}

// What was queued for a lost printer belongs to a job that failed: it must not come out of the
// paper when the printer is back.
TEST_F(PortUsb, LostOnceAndBack) {
  FakeUsbPrinter printer;
  PortWatch watch;
  const auto port = open(watch);
  printer.take(2);
  port->write("stale");
  port->write("stale");
  ASSERT_TRUE(watch.until([&] { return watch.written == 2; }));
  printer.vanish();
  ASSERT_TRUE(watch.until([&] { return !watch.closed.empty(); }));
  EXPECT_EQ(watch.closed[0], (Error{Code::kPortLost, "usb:04b8:0202", "LIBUSB_ERROR_NO_DEVICE"}));
  watch.settle();
  EXPECT_EQ(watch.closed.size(), 1u);
  port->write("stale");

  printer.unplug();
  port->open();
  ASSERT_TRUE(watch.until([&] { return watch.closed.size() == 2; }));
  EXPECT_EQ(watch.closed[1].code, Code::kPortOpenFailed);

  printer.plug();
  printer.take(100);
  port->open();
  ASSERT_TRUE(watch.until([&] { return watch.opened == 2; }));
  port->write("fresh");
  ASSERT_TRUE(watch.until([&] { return watch.written == 7; }));
  EXPECT_EQ(printer.printed(), "stfresh");
}

TEST_F(PortUsb, StalledEndpointIsClearedForTheNextOpening) {
  FakeUsbPrinter printer;
  PortWatch watch;
  const auto port = open(watch);
  printer.stall();
  ASSERT_TRUE(watch.until([&] { return !watch.closed.empty(); }));
  EXPECT_EQ(watch.closed[0].vendor, "LIBUSB_ERROR_PIPE");
  EXPECT_EQ(printer.halts_cleared(), 1);
  port->open();
  ASSERT_TRUE(watch.until([&] { return watch.opened == 2; }));
  printer.give("ok");
  EXPECT_TRUE(watch.until([&] { return watch.input == "ok"; }));
}

TEST_F(PortUsb, ChoosesTheSettingThatAnswers) {
  FakeUsbPrinter printer({{7, 1, 1}, {7, 1, 2}, {7, 1, 3}});
  PortWatch watch;
  const auto port = open(watch);
  ASSERT_EQ(watch.opened, 1);
  EXPECT_EQ(printer.setting(), 1);
  printer.give("ok");
  EXPECT_TRUE(watch.until([&] { return watch.input == "ok"; }));
}

TEST_F(PortUsb, UnidirectionalPrinterPrints) {
  FakeUsbPrinter printer({{7, 1, 1}});
  PortWatch watch;
  const auto port = open(watch);
  port->write("hello");
  EXPECT_TRUE(watch.until([&] { return watch.written == 5; }));
  EXPECT_EQ(printer.printed(), "hello");
}

// Nothing is told after close(), not even what was already on its way.
TEST_F(PortUsb, SilentAfterClose) {
  FakeUsbPrinter printer;
  PortWatch watch;
  const auto port = make_usb_port(watch.io, kPrinter, watch.handlers());
  for (int i = 0; i < 20; ++i) {
    port->open();
    port->close();
  }
  watch.settle();
  EXPECT_EQ(watch.opened, 0);
  EXPECT_TRUE(watch.closed.empty());
  EXPECT_EQ(printer.claims(), 0);
}

}  // namespace
}  // namespace till::devices
