// A port opened by the tool itself, written as in a store's configuration: tcp:HOST:PORT,
// serial:/dev/ttyUSB0@9600,8N1, pty:PATH.
#pragma once

#include <string>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"

namespace till::kit {

class LivePort {
 public:
  LivePort() = default;
  ~LivePort() { close(); }
  LivePort(const LivePort&) = delete;
  LivePort& operator=(const LivePort&) = delete;

  // kPortOpenFailed, kConfigInvalid.
  Result<void> open(const std::string& spec);
  void close();
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }
  // Number of bytes, 0 when the time is over, -1 when the line is gone.
  int read(std::uint8_t* buffer, std::size_t capacity, int timeout_ms);
  bool write(Bytes bytes, int timeout_ms);

 private:
  int fd_ = -1;
};

// One plain HTTP/1.1 request for tries with a simulator: {"status","body"}. No TLS. kPortOpenFailed
// when nothing was sent, kTimeout and kBadFrame when it may have arrived.
Result<std::pair<int, std::string>> live_http(const std::string& method, const std::string& url,
                                              const std::string& headers, const std::string& body,
                                              int timeout_ms);

}  // namespace till::kit
