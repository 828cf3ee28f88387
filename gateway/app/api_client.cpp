#include "api_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <stdexcept>

#include "words.h"

namespace till::app {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

struct Events : std::enable_shared_from_this<Events> {
  Events(asio::io_context& io, std::function<void(const json::value&)> e, std::function<void()> c)
      : stream(io), event(std::move(e)), closed(std::move(c)) {}
  void read() {
    stream.async_read(buffer, [self = shared_from_this()](error_code ec, std::size_t) {
      if (ec) return self->closed();
      error_code bad;
      const json::value value = json::parse(beast::buffers_to_string(self->buffer.data()), bad);
      self->buffer.clear();
      if (!bad) self->event(value);
      self->read();
    });
  }
  websocket::stream<beast::tcp_stream> stream;
  beast::flat_buffer buffer;
  std::function<void(const json::value&)> event;
  std::function<void()> closed;
};

}  // namespace

constexpr std::string_view kScheme = "http://";

Result<void> ApiClient::check_url(const std::string& url) {
  if (url.starts_with(kScheme) && url.size() > kScheme.size()) return {};
  return fail(Code::kBadValue, "--url " + url + ": http://127.0.0.1:8480");
}

ApiClient::ApiClient(std::string url, std::string token, std::string language)
    : token_(std::move(token)), language_(std::move(language)) {
  if (!check_url(url)) throw std::runtime_error("not an http:// address: " + url);
  url.erase(0, kScheme.size());
  if (const auto slash = url.find('/'); slash != std::string::npos) url.resize(slash);
  const auto colon = url.rfind(':');
  host_ = url.substr(0, colon);
  port_ = colon == std::string::npos ? "80" : url.substr(colon + 1);
}

Result<ApiAnswer> ApiClient::call(const std::string& method, const std::string& path,
                                  const json::value& body, const std::string& key) {
  try {
    asio::io_context io;
    tcp::resolver resolver(io);
    beast::tcp_stream stream(io);
    stream.connect(resolver.resolve(host_, port_));
    http::request<http::string_body> request(http::string_to_verb(method), path, 11);
    request.set(http::field::host, host_ + ":" + port_);
    request.set(http::field::authorization, "Bearer " + token_);
    request.set(http::field::accept_language, language_);
    if (!key.empty()) request.set("Idempotency-Key", key);
    if (!body.is_null()) {
      request.set(http::field::content_type, "application/json");
      request.body() = json::serialize(body);
    }
    request.prepare_payload();
    http::write(stream, request);
    beast::flat_buffer buffer;
    http::response<http::string_body> answer;
    http::read(stream, buffer, answer);
    error_code bad;
    json::value value = json::parse(answer.body(), bad);
    if (bad) value = json::value_from(answer.body());
    return ApiAnswer{static_cast<int>(answer.result_int()), std::move(value)};
  } catch (const boost::system::system_error&) {
    return fail(Code::kNotRunning, host_ + ":" + port_);
  }
}

void ApiClient::listen(asio::io_context& io, std::function<void(const json::value&)> event,
                       std::function<void()> closed) {
  auto events = std::make_shared<Events>(io, std::move(event), std::move(closed));
  try {
    tcp::resolver resolver(io);
    beast::get_lowest_layer(events->stream).connect(resolver.resolve(host_, port_));
    events->stream.set_option(websocket::stream_base::decorator([this](websocket::request_type& r) {
      r.set(http::field::authorization, "Bearer " + token_);
      r.set(http::field::accept_language, language_);
    }));
    events->stream.handshake(host_ + ":" + port_, "/v1/events");
    events->read();
  } catch (const boost::system::system_error&) {
    events->closed();
  }
}

std::string member_text(const json::value& of, const char* name) {
  const auto* o = of.if_object();
  const auto* at = o == nullptr ? nullptr : o->if_contains(name);
  if (at == nullptr) return {};
  return at->is_string() ? json::value_to<std::string>(*at) : json::serialize(*at);
}

std::string trouble_text(const Result<ApiAnswer>& answer, Language language) {
  if (!answer) {
    Error error = answer.error();
    error.detail = in_words(error.detail, language);
    return describe(error, language) + "\n";
  }
  const auto* o = answer->body.if_object();
  std::string out;
  for (const char* name : {"error", "trouble", "problem"}) {
    const auto* e = o == nullptr ? nullptr : o->if_contains(name);
    if (e == nullptr) continue;
    std::string detail = member_text(*e, "detail");
    const std::string vendor = member_text(*e, "vendor");
    if (!vendor.empty()) detail += (detail.empty() ? "" : ", ") + vendor;
    out += "  " + member_text(*e, "code") + " " + member_text(*e, "what") +
           (detail.empty() ? "" : " (" + detail + ")") + ". " + member_text(*e, "next") + "\n";
  }
  return out;
}

}  // namespace till::app
