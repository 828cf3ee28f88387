// The few system calls every part of the program needs.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "sim/base/bytes.h"

namespace till::sim {

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

// A part of the program that the one loop drives; everything is non-blocking.
class Component {
 public:
  virtual ~Component() = default;
  virtual void wants(std::vector<pollfd>& out) const = 0;
  virtual std::optional<Ms> next_due() const { return std::nullopt; }
  virtual void pump(Ms now) = 0;
};

// Throw std::runtime_error with the reason.
Fd listen_tcp(uint16_t port);       // on 127.0.0.1
uint16_t free_port(unsigned hint);  // below 32768, where no outgoing connection can take it
Fd listen_unix(const std::string& path);

// An accepted, non-blocking connection, or none.
Fd accept_one(const Fd& listener);

// Bytes read now; nullopt when the other side is gone. Empty: nothing there.
std::optional<Bytes> read_some(const Fd& fd, size_t limit);
// How many were written; nullopt when the other side is gone.
std::optional<size_t> write_some(const Fd& fd, View bytes);

// Replaced in one step, so that nobody reads half of it.
bool write_file(const std::string& path, const std::string& text);

}  // namespace till::sim
