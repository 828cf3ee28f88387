// Ports: bytes to and from a device. The daemon opens and pumps them; drivers only get a pipe.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"

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

inline constexpr std::size_t kPieceOfInput = 4096;  // at most

struct PortHandlers {
  std::function<void()> opened;
  std::function<void(Bytes)> input;
  std::function<void(const Error&)> closed;  // could not be opened, or was lost; once per open()
  std::function<void(std::size_t)> written;  // bytes that have gone out
};

class Port {
 public:
  virtual ~Port() = default;
  virtual void open() = 0;
  virtual void close() = 0;
  // Queues; bounded by the driver's credit.
  virtual void write(std::string bytes) = 0;
  // Flow control: no more reading until resumed.
  virtual void pause(bool paused) = 0;
};

std::shared_ptr<Port> make_port(boost::asio::io_context& io, const PortSpec& spec,
                                PortHandlers handlers);

}  // namespace till::devices
