#include "sim/app/system.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace till::sim {
namespace {

constexpr unsigned kFirstPort = 20000, kPorts = 12000;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

Fd listen_tcp(uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 8) != 0) {
    fail(fmt::format("cannot listen on port {}", port));
  }
  return fd;
}

uint16_t free_port(unsigned hint) {
  for (unsigned i = 0; i < kPorts; ++i) {
    const auto port = static_cast<uint16_t>(kFirstPort + (hint + i) % kPorts);
    try {
      listen_tcp(port);
      return port;
    } catch (const std::runtime_error&) {
      continue;
    }
  }
  throw std::runtime_error("no free port");
}

Fd listen_unix(const std::string& path) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    throw std::runtime_error(path + ": too long for a socket");
  }
  path.copy(address.sun_path, path.size());
  ::unlink(path.c_str());
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 8) != 0) {
    fail("cannot listen on " + path);
  }
  return fd;
}

Fd accept_one(const Fd& listener) {
  Fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  const int on = 1;  // fails on a Unix socket, which has no such delay
  if (client) ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return client;
}

std::optional<Bytes> read_some(const Fd& fd, size_t limit) {
  Bytes bytes(std::min<size_t>(limit, 65536));
  const ssize_t n = ::read(fd.get(), bytes.data(), bytes.size());
  if (n < 0 && would_block()) return Bytes{};
  if (n <= 0) return std::nullopt;
  bytes.resize(static_cast<size_t>(n));
  return bytes;
}

std::optional<size_t> write_some(const Fd& fd, View bytes) {
  const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
  if (n < 0 && would_block()) return 0;
  if (n < 0) return std::nullopt;
  return static_cast<size_t>(n);
}

bool write_file(const std::string& path, const std::string& text) {
  const std::string part = path + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(part, path, error);
  return out && !error;
}

}  // namespace till::sim
