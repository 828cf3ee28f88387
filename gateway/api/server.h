// HTTP/1.1 and WebSocket on loopback. Bounded in everything: connections, headers, bodies, idle
// time, events a slow listener may lag behind.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "gateway/api/http.h"
#include "sdk/cpp/base/result.h"

namespace till::api {

struct ServerHooks {
  std::function<void(const Request&, Reply)> handle;
  // The till whose events the asker may hear, or an error response.
  std::function<Result<std::string>(const Request&)> subscribe;
  std::function<Response(const Error&, const std::string& language)> error;
};

// May a server listen there? kConfigInvalid: no ADDRESS:PORT, or not loopback.
Result<void> check_listen(const std::string& address);

class Server {
 public:
  Server(boost::asio::io_context& io, ServerHooks hooks);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "127.0.0.1:8480"; port 0 takes a free one. kAddressInUse, kConfigInvalid.
  Result<void> listen(const std::string& address);
  [[nodiscard]] unsigned short port() const;
  void stop();
  // One JSON text to every listener of the till ("" = to all).
  void publish(const std::string& till, std::string_view text);
  // The same in each listener's own language: its Accept-Language as sent.
  void publish(const std::string& till,
               const std::function<std::string(const std::string& language)>& text);
  [[nodiscard]] std::size_t listeners() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace till::api
