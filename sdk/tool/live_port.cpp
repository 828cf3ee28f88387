#include "live_port.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <map>

#include "sdk/cpp/port_spec.h"

namespace till::kit {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxAnswer = std::size_t{1} << 20;

int left_ms(Clock::time_point until) {
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(ms, 0));
}

Result<int> connect_tcp(const std::string& host, const std::string& service) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* all = nullptr;
  if (const int bad = getaddrinfo(host.c_str(), service.c_str(), &hints, &all); bad != 0) {
    return fail(Code::kPortOpenFailed, host + ": " + gai_strerror(bad));
  }
  int fd = -1;
  for (const addrinfo* a = all; a != nullptr && fd < 0; a = a->ai_next) {
    fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
      ::close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(all);
  if (fd < 0) return fail(Code::kPortOpenFailed, host + ":" + service + ": " + strerror(errno));
  return fd;
}

speed_t speed_of(int baud) {
  static const std::map<int, speed_t> kSpeeds = {
      {1200, B1200},     {2400, B2400},     {4800, B4800},    {9600, B9600},
      {19200, B19200},   {38400, B38400},   {57600, B57600},  {115200, B115200},
      {230400, B230400}, {460800, B460800}, {921600, B921600}};
  const auto at = kSpeeds.find(baud);
  return at == kSpeeds.end() ? B0 : at->second;
}

Result<int> open_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return fail(Code::kPortOpenFailed, path + ": " + strerror(errno));
  return fd;
}

Result<int> open_pty(const devices::PtyPort& port) {
  const int fd = TILL_TRY(open_file(port.path));
  termios settings{};
  if (tcgetattr(fd, &settings) == 0) {
    cfmakeraw(&settings);
    tcsetattr(fd, TCSANOW, &settings);
  }
  return fd;
}

Result<int> open_serial(const devices::SerialPort& port) {
  const speed_t speed = speed_of(port.baud);
  if (speed == B0) {
    return fail(Code::kConfigInvalid,
                std::to_string(port.baud) + " baud: the tool knows 1200 to 921600 as usual");
  }
  const int fd = TILL_TRY(open_file(port.path));
  termios settings{};
  if (tcgetattr(fd, &settings) != 0) {
    ::close(fd);
    return fail(Code::kPortOpenFailed, port.path + ": no serial line");
  }
  cfmakeraw(&settings);
  settings.c_cflag &= ~static_cast<tcflag_t>(CSIZE | PARENB | PARODD | CSTOPB);
  settings.c_cflag |= static_cast<tcflag_t>(CLOCAL | CREAD | (port.bits == 7 ? CS7 : CS8));
  if (port.parity != 'N') settings.c_cflag |= PARENB;
  if (port.parity == 'O') settings.c_cflag |= PARODD;
  if (port.stop_bits == 2) settings.c_cflag |= CSTOPB;
  cfsetspeed(&settings, speed);
  tcsetattr(fd, TCSANOW, &settings);
  return fd;
}

struct Opener {
  Result<int> operator()(const devices::NoPort&) const {
    return fail(Code::kConfigInvalid, "none is no port");
  }
  Result<int> operator()(const devices::SerialPort& p) const { return open_serial(p); }
  Result<int> operator()(const devices::PtyPort& p) const { return open_pty(p); }
  Result<int> operator()(const devices::TcpPort& p) const { return connect_tcp(p.host, p.service); }
  Result<int> operator()(const devices::UsbPort&) const {
    return fail(Code::kConfigInvalid,
                "usb: only the gateway opens it; use the device's serial line");
  }
};

}  // namespace

Result<void> LivePort::open(const std::string& spec) {
  close();
  fd_ = TILL_TRY(std::visit(Opener{}, TILL_TRY(devices::parse_port(spec))));
  return {};
}

void LivePort::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

int LivePort::read(std::uint8_t* buffer, std::size_t capacity, int timeout_ms) {
  if (fd_ < 0) return -1;
  pollfd p{fd_, POLLIN, 0};
  if (poll(&p, 1, timeout_ms) == 0) return 0;
  const ssize_t n = ::read(fd_, buffer, capacity);
  if (n > 0) return static_cast<int>(n);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  close();
  return -1;
}

bool LivePort::write(Bytes bytes, int timeout_ms) {
  const auto until = Clock::now() + std::chrono::milliseconds(timeout_ms);
  while (!bytes.empty() && fd_ >= 0) {
    pollfd p{fd_, POLLOUT, 0};
    if (poll(&p, 1, left_ms(until)) == 0) return false;
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno != EAGAIN && errno != EINTR) close();
    if (n > 0) bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return bytes.empty();
}

Result<std::pair<int, std::string>> live_http(const std::string& method, const std::string& url,
                                              const std::string& headers, const std::string& body,
                                              int timeout_ms) {
  if (!url.starts_with("http://")) return fail(Code::kPortOpenFailed, "only http:// is tried here");
  const auto slash = url.find('/', 7);
  const std::string place = url.substr(7, slash == url.npos ? slash : slash - 7);
  const std::string path = slash == url.npos ? "/" : url.substr(slash);
  const auto colon = place.rfind(':');
  const std::string host = place.substr(0, colon);
  LivePort line;
  TILL_CHECK(
      line.open("tcp:" + host + ":" + (colon == place.npos ? "80" : place.substr(colon + 1))));
  const std::string request = method + " " + path + " HTTP/1.1\r\nHost: " + place + "\r\n" +
                              headers + "Content-Length: " + std::to_string(body.size()) +
                              "\r\nConnection: close\r\n\r\n" + body;
  const auto until = Clock::now() + std::chrono::milliseconds(timeout_ms);
  if (!line.write(as_bytes(request), timeout_ms)) return fail(Code::kTimeout, place);
  std::string answer;
  std::array<std::uint8_t, 4096> part{};
  for (;;) {
    const auto head = answer.find("\r\n\r\n");
    const auto length = answer.find("Content-Length: ");
    std::size_t size = 0;
    if (head != answer.npos && length < head) {
      std::from_chars(answer.data() + length + 16, answer.data() + head, size);
      if (answer.size() >= head + 4 + size) break;
    }
    const int n = line.read(part.data(), part.size(), left_ms(until));
    if (n <= 0 || answer.size() > kMaxAnswer) break;
    answer.append(reinterpret_cast<const char*>(part.data()), static_cast<std::size_t>(n));
  }
  const auto head = answer.find("\r\n\r\n");
  int status = 0;
  if (head == answer.npos || answer.size() < 12) return fail(Code::kTimeout, place);
  std::from_chars(answer.data() + 9, answer.data() + 12, status);
  return std::pair(status, answer.substr(head + 4));
}

}  // namespace till::kit
