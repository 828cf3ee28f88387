#include "port_spec.h"

#include <charconv>
#include <cstdio>

namespace till::devices {
namespace {

template <typename T>
bool number(std::string_view text, T& out, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc{} && end == text.data() + text.size();
}

Result<PortSpec> parse_serial(std::string_view rest) {
  SerialPort port;
  const auto at = rest.rfind('@');
  port.path = rest.substr(0, at);
  if (port.path.empty()) return fail(Code::kConfigInvalid, "serial port, write its path");
  if (at == std::string_view::npos) return port;
  rest.remove_prefix(at + 1);
  const auto comma = rest.find(',');
  if (!number(rest.substr(0, comma), port.baud) || port.baud <= 0)
    return fail(Code::kConfigInvalid, "the baud rate, write it as @9600");
  if (comma == std::string_view::npos) return port;
  const auto mode = rest.substr(comma + 1);  // 8N1
  const bool good = mode.size() == 3 && (mode[0] == '7' || mode[0] == '8') &&
                    (mode[1] == 'N' || mode[1] == 'E' || mode[1] == 'O') &&
                    (mode[2] == '1' || mode[2] == '2');
  if (!good) return fail(Code::kConfigInvalid, "serial mode, write it as 8N1");
  port.bits = mode[0] - '0';
  port.parity = mode[1];
  port.stop_bits = mode[2] - '0';
  return port;
}

Result<PortSpec> parse_usb(std::string_view rest) {
  UsbPort port;
  if (rest.size() < 9 || rest[4] != ':' || !number(rest.substr(0, 4), port.vendor, 16) ||
      !number(rest.substr(5, 4), port.product, 16) ||
      (rest.size() > 9 && (rest[9] != ':' || rest.size() == 10))) {
    return fail(Code::kConfigInvalid, "usb port, write it as usb:04b8:0202");
  }
  if (rest.size() > 9) port.serial = rest.substr(10);
  return port;
}

std::unexpected<Error> no_port(std::string_view text) {
  return fail(Code::kConfigInvalid,
              "\"" + std::string(text) +
                  "\" is none of serial:PATH@BAUD,8N1 | tcp:HOST:PORT | usb:VID:PID | pty:PATH");
}

}  // namespace

Result<PortSpec> parse_port(std::string_view text) {
  const auto colon = text.find(':');
  const auto kind = text.substr(0, colon);
  const auto rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (text == "none") return NoPort{};
  if (rest.empty()) return no_port(text);
  if (kind == "serial") return parse_serial(rest);
  if (kind == "pty") return PtyPort{std::string(rest)};
  if (kind == "usb") return parse_usb(rest);
  if (kind == "tcp") {
    const auto last = rest.rfind(':');
    if (last == std::string_view::npos || last == 0 || last + 1 == rest.size()) {
      return fail(Code::kConfigInvalid, "tcp port, write it as tcp:192.168.137.111:7778");
    }
    return TcpPort{std::string(rest.substr(0, last)), std::string(rest.substr(last + 1))};
  }
  return no_port(text);
}

std::string to_string(const PortSpec& spec) {
  struct Visitor {
    std::string operator()(const NoPort&) const { return "none"; }
    std::string operator()(const SerialPort& p) const {
      return "serial:" + p.path + "@" + std::to_string(p.baud) + "," + std::to_string(p.bits) +
             p.parity + std::to_string(p.stop_bits);
    }
    std::string operator()(const PtyPort& p) const { return "pty:" + p.path; }
    std::string operator()(const TcpPort& p) const { return "tcp:" + p.host + ":" + p.service; }
    std::string operator()(const UsbPort& p) const {
      char ids[16];
      std::snprintf(ids, sizeof ids, "usb:%04x:%04x", p.vendor, p.product);
      return ids + (p.serial.empty() ? "" : ":" + p.serial);
    }
  };
  return std::visit(Visitor{}, spec);
}

}  // namespace till::devices
