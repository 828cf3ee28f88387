// The gateway's port, waited for: written as in a store's configuration, tcp:HOST:PORT,
// serial:/dev/ttyUSB0@9600,8N1, usb:04b8:0202, pty:PATH.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "live_loop.h"
#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"

namespace till::devices {
class Port;
}

namespace till::kit {

class LivePort {
 public:
  explicit LivePort(LiveLoop& loop) : loop_(loop) {}
  ~LivePort() { close(); }
  LivePort(const LivePort&) = delete;
  LivePort& operator=(const LivePort&) = delete;

  // kPortOpenFailed, kConfigInvalid.
  Result<void> open(const std::string& spec);
  void close();
  // A lost line stays open until read() or write() has said so.
  [[nodiscard]] bool is_open() const { return port_ != nullptr; }
  [[nodiscard]] bool connected();
  // For poll(): readable when read() would not wait. -1 when it is closed.
  [[nodiscard]] int fd() const { return fd_; }
  // Number of bytes, 0 when the time is over, -1 when the line is gone or the operation cancelled.
  int read(std::uint8_t* buffer, std::size_t capacity, int timeout_ms);
  // Waits until all bytes have gone out. Those the port has when it gives up may still go, as in
  // the gateway.
  bool write(Bytes bytes, int timeout_ms);
  void discard_input();

 private:
  void on_input(Bytes bytes);
  void drop(std::size_t n);

  LiveLoop& loop_;
  std::shared_ptr<devices::Port> port_;
  int fd_ = -1;
  std::size_t queued_ = 0;  // bytes the port was given
  // The rest is under the loop's mutex.
  bool opened_ = false;
  bool paused_ = false;
  std::optional<Error> lost_;
  Buffer input_;
  std::size_t written_ = 0;
};

}  // namespace till::kit
