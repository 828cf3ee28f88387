// How a port is written: in a store's configuration and in the authors' tool alike.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace till::devices {

struct SerialPort {
  std::string path;  // /dev/ttyUSB0, /dev/ttyACM0
  int baud = 9600;
  int bits = 8;
  char parity = 'N';  // N, E, O
  int stop_bits = 1;
};
struct PtyPort {
  std::string path;  // a pseudo-terminal or a link to one
};
struct TcpPort {
  std::string host;
  std::string service;
};
struct UsbPort {
  std::uint16_t vendor = 0;
  std::uint16_t product = 0;
  std::string serial;  // "" = the first that fits
};
struct NoPort {};
using PortSpec = std::variant<NoPort, SerialPort, PtyPort, TcpPort, UsbPort>;

// "serial:/dev/ttyS0@115200,8N1", "pty:/path", "tcp:127.0.0.1:7778", "usb:04b8:0202[:SERIAL]",
// "none".
Result<PortSpec> parse_port(std::string_view text);
// What parse_port() reads back.
std::string to_string(const PortSpec& spec);

}  // namespace till::devices
