#include "http_client.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/json.hpp>
#include <cctype>
#include <memory>
#include <optional>

#include "gateway/base/limits.h"
#include "gateway/devices/secret_marks.h"

namespace till::devices {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kMaxAnswer = std::size_t{256} * 1024;

struct Url {
  bool tls = false;
  std::string host, port, target;
};

bool is_one_line(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  if (text.starts_with("https://")) {
    url.tls = true;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  const auto slash = text.find('/');
  const auto authority = text.substr(0, slash);
  url.target = slash == std::string_view::npos ? "/" : std::string(text.substr(slash));
  const auto colon = authority.rfind(':');
  url.host = authority.substr(0, colon);
  url.port = colon == std::string_view::npos ? (url.tls ? "443" : "80")
                                             : std::string(authority.substr(colon + 1));
  if (url.host.empty() || url.host.find('@') != std::string::npos) return std::nullopt;
  // A blank or a line's end would be another request, or a header of somebody's choice.
  if (!is_one_line(url.target) || url.target.find(' ') != std::string::npos) return std::nullopt;
  return url;
}

constexpr std::size_t kMaxRequest = std::size_t{16} << 20;

// Every mark by its secret, in one pass. Nothing: one that this device may not name, or too much.
std::optional<std::string> fill_secrets(std::string_view text,
                                        const std::map<std::string, std::string>& secrets) {
  std::string out;
  for (;;) {
    const auto at = text.find(kSecretMark);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    const auto end = text.find('}', at);
    if (end == std::string_view::npos) return std::nullopt;
    const auto known = secrets.find(
        std::string(text.substr(at + kSecretMark.size(), end - at - kSecretMark.size())));
    if (known == secrets.end() || out.size() > kMaxRequest) return std::nullopt;
    out += known->second;
    text.remove_prefix(end + 1);
  }
}

// A token as RFC 9110 has it.
bool is_header_name(std::string_view name) {
  constexpr std::size_t kMost = 128;
  const auto token = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= kMost && std::ranges::all_of(name, token);
}

// One request over one connection, plain or TLS.
class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(asio::io_context& io, Url url, http::request<http::string_body> request,
       std::function<void(ipc::Outcome)> done)
      : url_(std::move(url)),
        request_(std::move(request)),
        done_(std::move(done)),
        resolver_(io),
        context_(asio::ssl::context::tls_client) {
    context_.set_default_verify_paths();
    context_.set_verify_mode(asio::ssl::verify_peer);
    tls_.emplace(io, context_);
  }

  void start(std::uint32_t timeout_ms) {
    lowest().expires_after(std::chrono::milliseconds(timeout_ms));
    resolver_.async_resolve(
        url_.host, url_.port, [self = shared_from_this()](error_code ec, const auto& found) {
          if (ec) return self->end(ec);
          self->lowest().async_connect(
              found, [self](error_code e, const auto&) { e ? self->end(e) : self->connected(); });
        });
  }

 private:
  beast::tcp_stream& lowest() { return tls_->next_layer(); }
  void connected() {
    if (!url_.tls) return exchange(lowest());
    tls_->set_verify_callback(asio::ssl::host_name_verification(url_.host));
    SSL_set_tlsext_host_name(tls_->native_handle(), url_.host.c_str());
    tls_->async_handshake(asio::ssl::stream_base::client,
                          [self = shared_from_this()](error_code ec) {
                            ec ? self->end(ec) : self->exchange(*self->tls_);
                          });
  }
  template <typename Stream>
  void exchange(Stream& stream) {
    sent_ = true;
    parser_.body_limit(kMaxAnswer);
    http::async_write(stream, request_,
                      [self = shared_from_this(), &stream](error_code ec, std::size_t) {
                        if (ec) return self->end(ec);
                        http::async_read(stream, self->buffer_, self->parser_,
                                         [self](error_code e, std::size_t) { self->end(e); });
                      });
  }
  void end(error_code ec) {
    auto done = std::exchange(done_, nullptr);
    if (!done) return;
    error_code ignored;
    lowest().socket().close(ignored);
    if (!ec) {
      const auto& answer = parser_.get();
      return done(ipc::Outcome::done(
          json::serialize(json::object{{"status", answer.result_int()}, {"body", answer.body()}})));
    }
    const Error error{Code::kTimeout, url_.host + ": " + ec.message(), {}};
    done(sent_ ? ipc::Outcome::in_doubt(error) : ipc::Outcome::refused(error));
  }

  Url url_;
  http::request<http::string_body> request_;
  std::function<void(ipc::Outcome)> done_;
  tcp::resolver resolver_;
  asio::ssl::context context_;
  std::optional<beast::ssl_stream<beast::tcp_stream>> tls_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  bool sent_ = false;
};

}  // namespace

void http_request(asio::io_context& io, const std::map<std::string, std::string>& secrets,
                  const std::string& request, std::uint32_t timeout_ms,
                  std::function<void(ipc::Outcome)> done) {
  const auto refuse = [&](const char* why) {
    asio::post(io, [done = std::move(done), why] {
      done(ipc::Outcome::refused({Code::kBadValue, why, {}}));
    });
  };
  error_code bad;
  const json::value value = json::parse(request, bad);
  if (bad || !value.is_object()) return refuse("request");
  const auto& o = value.get_object();
  const auto* url_text = o.if_contains("url");
  const auto* method = o.if_contains("method");
  if (url_text == nullptr || !url_text->is_string()) return refuse("url");
  const auto url = parse_url(url_text->get_string());
  if (!url) return refuse("url");
  http::request<http::string_body> out;
  const auto verb = method != nullptr && method->is_string()
                        ? http::string_to_verb(method->get_string())
                        : http::verb::get;
  if (verb == http::verb::unknown) return refuse("method");
  out.method(verb);
  out.version(11);
  out.target(url->target);
  out.set(http::field::host, url->host);
  out.set(http::field::user_agent, "tillbridge");
  // What is left out by a slip would be sent without it.
  std::size_t size = 0;
  if (const auto* headers = o.if_contains("headers"); headers != nullptr) {
    if (!headers->is_object()) return refuse("headers");
    for (const auto& [key, text] : headers->get_object()) {
      if (!text.is_string() || !is_header_name(key)) return refuse("headers");
      const auto filled = fill_secrets(text.get_string(), secrets);
      if (!filled) return refuse("headers: a secret this device may not use");
      size += key.size() + filled->size();
      if (!is_one_line(*filled) || size > limits::kMaxHttpHeaders) return refuse("headers");
      out.set(key, *filled);
    }
  }
  if (const auto* body = o.if_contains("body"); body != nullptr) {
    if (!body->is_string()) return refuse("body");
    auto filled = fill_secrets(body->get_string(), secrets);
    if (!filled) return refuse("body: a secret this device may not use");
    out.body() = std::move(*filled);
  }
  out.prepare_payload();
  std::make_shared<Call>(io, *url, std::move(out), std::move(done))->start(timeout_ms);
}

}  // namespace till::devices
