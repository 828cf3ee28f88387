// HTTP/1.1 on a loopback port, one answer a request: what the phone and ATOL's web server share.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <string>

#include "sim/app/system.h"

namespace till::sim {

// Pulls requests out of a byte stream.
class HttpReader {
 public:
  static constexpr size_t kMaxHead = 16384, kMaxBody = 65536;
  explicit HttpReader(size_t max_body = kMaxBody) : max_body_(max_body) {}
  struct Request {
    std::string method, path, body;
    bool keep_alive = true;
  };
  void feed(View bytes) { buffer_.append(bytes.begin(), bytes.end()); }
  // The next whole request. `broken()` afterwards: no request can follow any more.
  std::optional<Request> next();
  bool broken() const { return broken_; }

 private:
  std::optional<Request> give_up();
  size_t max_body_;
  std::string buffer_;
  bool broken_ = false;
};

class HttpServer {
 public:
  static constexpr size_t kMaxConnections = 32;
  struct Answer {
    int status = 200;
    std::string body = {};  // JSON
  };
  using Handler = std::function<Answer(const HttpReader::Request&)>;

  explicit HttpServer(size_t max_body = HttpReader::kMaxBody) : max_body_(max_body) {}

  void open(uint16_t port) { listener_ = listen_tcp(port); }
  // Nobody gets through, and who is connected is cut off.
  void close() {
    listener_.reset();
    connections_.clear();
  }
  bool is_open() const { return static_cast<bool>(listener_); }

  void wants(std::vector<pollfd>& out) const;
  void pump(const Handler& answer);

 private:
  struct Connection {
    Fd fd;
    HttpReader reader;
    std::string out = {};
    bool closing = false;
  };
  static bool serve(Connection& c, const Handler& answer);  // false: the connection is over

  size_t max_body_;
  Fd listener_;
  std::list<Connection> connections_;
};

}  // namespace till::sim
