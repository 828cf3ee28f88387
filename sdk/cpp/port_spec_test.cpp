#include "port_spec.h"

#include <gtest/gtest.h>

namespace till::devices {
namespace {

TEST(PortSpec, ReadsWhatItWrites) {
  for (const char* text :
       {"none", "serial:/dev/ttyS0@115200,8N1", "serial:/dev/ttyUSB0@9600,7E2", "pty:/tmp/till",
        "tcp:127.0.0.1:7778", "tcp:::1:9100", "usb:04b8:0202", "usb:0dd4:0237:A:1"}) {
    const auto spec = parse_port(text);
    ASSERT_TRUE(spec) << text;
    EXPECT_EQ(to_string(*spec), text);
  }
  EXPECT_EQ(to_string(*parse_port("serial:/dev/ttyS0")), "serial:/dev/ttyS0@9600,8N1");
  EXPECT_EQ(to_string(*parse_port("serial:/dev/ttyS0@4800")), "serial:/dev/ttyS0@4800,8N1");
  EXPECT_EQ(to_string(*parse_port("usb:04B8:0E15")), "usb:04b8:0e15");
  const auto serial = std::get<SerialPort>(*parse_port("serial:/dev/ttyS1@19200,7O2"));
  EXPECT_EQ(serial.path, "/dev/ttyS1");
  EXPECT_EQ(serial.baud, 19200);
  EXPECT_EQ(serial.bits, 7);
  EXPECT_EQ(serial.parity, 'O');
  EXPECT_EQ(serial.stop_bits, 2);
  const auto tcp = std::get<TcpPort>(*parse_port("tcp:printer.local:9100"));
  EXPECT_EQ(tcp.host, "printer.local");
  EXPECT_EQ(tcp.service, "9100");
}

TEST(PortSpec, RefusesTheRest) {
  for (const char* text : {"",
                           "none:",
                           "none:x",
                           "serial",
                           "serial:",
                           "serial:@9600",
                           "serial:/dev/ttyS0@",
                           "serial:/dev/ttyS0@fast",
                           "serial:/dev/ttyS0@0",
                           "serial:/dev/ttyS0@-9600",
                           "serial:/dev/ttyS0@9600,",
                           "serial:/dev/ttyS0@9600,8X1",
                           "serial:/dev/ttyS0@9600,9N1",
                           "serial:/dev/ttyS0@9600,8N11",
                           "pty:",
                           "tcp:",
                           "tcp:7778",
                           "tcp::7778",
                           "tcp:host:",
                           "usb:",
                           "usb:04b8",
                           "usb:04b8:",
                           "usb:04b8:020",
                           "usb:04b8:02022",
                           "usb:04g8:0202",
                           "usb:-4b8:0202",
                           "usb:04b80202",
                           "usb:04b8:0202x",
                           "usb:04b8:0202:",
                           "lpt:1"}) {
    const auto spec = parse_port(text);
    ASSERT_FALSE(spec) << text;
    EXPECT_EQ(spec.error().code, Code::kConfigInvalid) << text;
  }
}

}  // namespace
}  // namespace till::devices
