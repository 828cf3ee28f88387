// A phone: `POST /sms` with {"to","text"} arrives as a message. HTTP/1.1, loopback only.
#pragma once

#include <list>
#include <string>
#include <string_view>

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

class Phone final : public Component {
 public:
  static constexpr size_t kMaxMessages = 10000, kMaxConnections = 32;
  struct Message {
    std::string to, text;
  };

  explicit Phone(uint16_t port) : listener_(listen_tcp(port)) {}

  const std::vector<Message>& messages() const { return messages_; }
  void clear() { messages_.clear(); }
  void fail(int status, int times) {
    fail_status_ = status;
    fail_times_ = times;
  }

  void wants(std::vector<pollfd>& out) const override;
  void pump(Ms now) override;

 private:
  struct Connection {
    Fd fd;
    HttpReader reader = HttpReader();
    std::string out = {};
    bool closing = false;
  };

  bool serve(Connection& c);  // false: the connection is over
  std::pair<int, std::string> answer(const HttpReader::Request& request);

  Fd listener_;
  std::list<Connection> connections_;
  std::vector<Message> messages_;
  int fail_status_ = 503, fail_times_ = 0;
};

}  // namespace till::sim
