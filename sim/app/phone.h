// A phone: `POST /sms` with {"to","text"} arrives as a message. HTTP/1.1, loopback only.
#pragma once

#include <string>
#include <vector>

#include "sim/app/http_server.h"

namespace till::sim {

class Phone final : public Component {
 public:
  static constexpr size_t kMaxMessages = 10000;
  struct Message {
    std::string to, text;
  };

  explicit Phone(uint16_t port) { server_.open(port); }

  const std::vector<Message>& messages() const { return messages_; }
  void clear() { messages_.clear(); }
  void fail(int status, int times) {
    fail_status_ = status;
    fail_times_ = times;
  }

  void wants(std::vector<pollfd>& out) const override { server_.wants(out); }
  void pump(Ms now) override;

 private:
  HttpServer::Answer answer(const HttpReader::Request& request);

  HttpServer server_;
  std::vector<Message> messages_;
  int fail_status_ = 503, fail_times_ = 0;
};

}  // namespace till::sim
