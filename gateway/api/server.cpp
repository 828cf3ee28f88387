#include "server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <charconv>
#include <deque>
#include <optional>
#include <set>

#include "gateway/base/limits.h"

namespace till::api {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr auto kRequestTime = std::chrono::seconds(10);  // for one request to arrive
constexpr auto kIdleTime = std::chrono::seconds(60);     // between two
constexpr int kMaxConnections = limits::kMaxSessions;

Request to_request(const http::request<http::string_body>& from) {
  Request to;
  to.method = from.method_string();
  const auto target = std::string(from.target());
  to.path = target.substr(0, target.find('?'));
  to.host = from[http::field::host];
  to.origin = from[http::field::origin];
  to.idempotency_key = from["Idempotency-Key"];
  to.language = from[http::field::accept_language];
  to.content_type = from[http::field::content_type];
  const auto authorization = std::string(from[http::field::authorization]);
  if (authorization.starts_with("Bearer ")) to.token = authorization.substr(7);
  to.body = from.body();
  return to;
}

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Impl> {
  explicit Impl(boost::asio::io_context& context, ServerHooks h)
      : io(context), acceptor(context), hooks(std::move(h)) {}

  void accept();

  struct Listener;
  struct Connection;
  boost::asio::io_context& io;
  tcp::acceptor acceptor;
  ServerHooks hooks;
  std::set<std::shared_ptr<Listener>> listeners;
  int connections = 0;
  bool stopped = false;
};

// A till's WebSocket: events out; what comes in is only read to keep the connection alive.
struct Server::Impl::Listener : std::enable_shared_from_this<Listener> {
  Listener(tcp::socket socket, std::shared_ptr<Impl> server, std::string till_id,
           std::string its_language)
      : stream(std::move(socket)),
        impl(std::move(server)),
        till(std::move(till_id)),
        language(std::move(its_language)) {}

  void start(const http::request<http::string_body>& upgrade) {
    stream.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    stream.read_message_max(4096);
    stream.async_accept(upgrade, [self = shared_from_this()](error_code ec) {
      if (ec) return;
      self->impl->listeners.insert(self);
      self->read();
    });
  }
  void read() {
    stream.async_read(incoming, [self = shared_from_this()](error_code ec, std::size_t) {
      if (ec) return self->close();
      self->incoming.clear();
      self->read();
    });
  }
  void send(std::string_view text) {
    // One that does not listen loses its connection, not our memory; it asks for the state anew.
    if (queue.size() >= limits::kMaxSessionQueue) return close();
    queue.emplace_back(text);
    if (queue.size() == 1) write();
  }
  void write() {
    stream.async_write(boost::asio::buffer(queue.front()),
                       [self = shared_from_this()](error_code ec, std::size_t) {
                         if (ec) return self->close();
                         self->queue.pop_front();
                         if (!self->queue.empty()) self->write();
                       });
  }
  void close() {
    impl->listeners.erase(shared_from_this());
    error_code ignored;
    beast::get_lowest_layer(stream).close(ignored);
  }

  websocket::stream<tcp::socket> stream;
  std::shared_ptr<Impl> impl;
  std::string till, language;
  beast::flat_buffer incoming;
  std::deque<std::string> queue;
};

struct Server::Impl::Connection : std::enable_shared_from_this<Connection> {
  Connection(tcp::socket socket, std::shared_ptr<Impl> server)
      : stream(std::move(socket)), impl(std::move(server)) {
    ++impl->connections;
  }
  ~Connection() { --impl->connections; }

  void read(std::chrono::seconds time = kRequestTime) {
    parser.emplace();
    parser->header_limit(limits::kMaxHttpHeaders);
    parser->body_limit(limits::kMaxHttpBody);
    stream.expires_after(time);
    http::async_read(
        stream, buffer, *parser,
        [self = shared_from_this()](error_code ec, std::size_t) { self->on_read(ec); });
  }

  void on_read(error_code ec) {
    if (ec == http::error::body_limit || ec == http::error::buffer_overflow) {
      close_after = true;
      return answer(impl->hooks.error({Code::kBodyTooLarge, {}, {}}, ""));
    }
    if (ec == http::error::header_limit) {
      close_after = true;
      return answer(impl->hooks.error({Code::kTooLarge, "headers", {}}, ""));
    }
    if (ec == http::error::end_of_stream || ec == beast::error::timeout ||
        ec.category() != http::make_error_code(http::error::bad_method).category()) {
      if (ec) return close();
    }
    if (ec) {
      close_after = true;
      return answer(impl->hooks.error({Code::kBadValue, "HTTP", ec.message()}, ""));
    }
    stream.expires_never();
    close_after = !parser->get().keep_alive();
    const auto request = to_request(parser->get());
    if (websocket::is_upgrade(parser->get())) return upgrade(request);
    impl->hooks.handle(
        request, [self = shared_from_this()](Response reply) { self->answer(std::move(reply)); });
  }

  void upgrade(const Request& request) {
    auto till = impl->hooks.subscribe(request);
    if (!till) {
      close_after = true;
      return answer(impl->hooks.error(till.error(), request.language));
    }
    std::make_shared<Listener>(stream.release_socket(), impl, std::move(*till), request.language)
        ->start(parser->release());
  }

  void answer(Response from) {
    response = {};
    response.version(11);
    response.result(static_cast<unsigned>(from.status));
    response.set(http::field::content_type, from.content_type);
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    response.body() = std::move(from.body);
    response.keep_alive(!close_after);
    response.prepare_payload();
    stream.expires_after(kRequestTime);
    http::async_write(stream, response, [self = shared_from_this()](error_code ec, std::size_t) {
      if (ec || self->close_after) return self->close();
      self->read(kIdleTime);
    });
  }

  void close() {
    error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream.close();
  }

  beast::tcp_stream stream;
  std::shared_ptr<Impl> impl;
  beast::flat_buffer buffer{limits::kMaxHttpHeaders + limits::kMaxHttpBody};
  std::optional<http::request_parser<http::string_body>> parser;
  http::response<http::string_body> response;
  bool close_after = false;
};

void Server::Impl::accept() {
  acceptor.async_accept([self = shared_from_this()](error_code ec, tcp::socket socket) {
    if (self->stopped) return;
    if (!ec && self->connections < kMaxConnections) {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      std::make_shared<Connection>(std::move(socket), self)->read();
    }
    self->accept();
  });
}

Server::Server(boost::asio::io_context& io, ServerHooks hooks)
    : impl_(std::make_shared<Impl>(io, std::move(hooks))) {}

Server::~Server() { stop(); }

namespace {

Result<tcp::endpoint> parse_listen(const std::string& address) {
  const auto colon = address.rfind(':');
  unsigned short port = 0;
  error_code ec;
  if (colon == std::string::npos) return fail(Code::kConfigInvalid, "api.listen: no port");
  const char* const end = address.data() + address.size();
  if (std::from_chars(address.data() + colon + 1, end, port).ptr != end ||
      colon + 1 == address.size()) {
    return fail(Code::kConfigInvalid, "api.listen: " + address);
  }
  const auto ip = boost::asio::ip::make_address(address.substr(0, colon), ec);
  if (ec) return fail(Code::kConfigInvalid, "api.listen: " + address);
  // The token travels in clear text: nothing but this machine may hear it.
  if (!ip.is_loopback())
    return fail(Code::kConfigInvalid, "api.listen must be loopback: " + address);
  return tcp::endpoint(ip, port);
}

}  // namespace

Result<void> check_listen(const std::string& address) {
  TILL_CHECK(parse_listen(address));
  return {};
}

Result<void> Server::listen(const std::string& address) {
  const auto endpoint = TILL_TRY(parse_listen(address));
  error_code ec;
  auto& acceptor = impl_->acceptor;
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(boost::asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(boost::asio::socket_base::max_listen_connections, ec);
  if (ec) return fail(Code::kAddressInUse, address, ec.message());
  impl_->accept();
  return {};
}

unsigned short Server::port() const { return impl_->acceptor.local_endpoint().port(); }

void Server::stop() {
  impl_->stopped = true;
  error_code ignored;
  impl_->acceptor.close(ignored);
  for (const auto& listener : std::exchange(impl_->listeners, {})) {
    beast::get_lowest_layer(listener->stream).close(ignored);
  }
}

void Server::publish(const std::string& till, std::string_view text) {
  const auto all = impl_->listeners;  // send may drop one
  for (const auto& listener : all) {
    if (till.empty() || listener->till == till) listener->send(text);
  }
}

void Server::publish(const std::string& till,
                     const std::function<std::string(const std::string&)>& text) {
  const auto all = impl_->listeners;
  for (const auto& listener : all) {
    if (till.empty() || listener->till == till) listener->send(text(listener->language));
  }
}

std::size_t Server::listeners() const { return impl_->listeners.size(); }

}  // namespace till::api
