#include "sim/app/http_server.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>

namespace till::sim {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

// The value of a header, trimmed; `head` is in lower case.
std::string_view header(std::string_view head, std::string_view name) {
  const std::string key = fmt::format("\r\n{}:", name);
  const size_t at = head.find(key);
  if (at == std::string_view::npos) return {};
  std::string_view value = head.substr(at + key.size());
  value = value.substr(0, value.find("\r\n"));
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  return value;
}

}  // namespace

std::optional<HttpReader::Request> HttpReader::give_up() {
  broken_ = true;
  buffer_.clear();
  return std::nullopt;
}

std::optional<HttpReader::Request> HttpReader::next() {
  if (broken_) return std::nullopt;
  const size_t end = buffer_.find("\r\n\r\n");
  if (end == std::string::npos) return buffer_.size() > kMaxHead ? give_up() : std::nullopt;
  const std::string first = buffer_.substr(0, buffer_.find("\r\n"));
  const std::string head = lower(std::string_view(buffer_).substr(0, end + 2));
  const size_t space = first.find(' '), second = first.find(' ', space + 1);
  if (end > kMaxHead || second == std::string::npos) return give_up();
  if (!header(head, "transfer-encoding").empty()) return give_up();
  size_t length = 0;
  if (const auto text = header(head, "content-length"); !text.empty()) {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc() || stop != text.data() + text.size() || length > max_body_) {
      return give_up();
    }
  }
  if (buffer_.size() < end + 4 + length) return std::nullopt;
  Request request{first.substr(0, space), first.substr(space + 1, second - space - 1),
                  buffer_.substr(end + 4, length), header(head, "connection") != "close"};
  buffer_.erase(0, end + 4 + length);
  return request;
}

bool HttpServer::serve(Connection& c, const Handler& answer) {
  const auto bytes = read_some(c.fd, 65536);
  if (!bytes) return false;
  c.reader.feed(*bytes);
  while (const auto request = c.reader.next()) {
    const auto [status, body] = answer(*request);
    c.closing = !request->keep_alive;
    c.out += fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{}",
        status, status < 300 ? "OK" : "Refused", body.size(),
        c.closing ? "Connection: close\r\n" : "", body);
  }
  if (c.reader.broken() && !c.closing) {
    c.closing = true;
    c.out += "HTTP/1.1 400 Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  }
  const auto written = write_some(c.fd, view_of(c.out));
  if (!written) return false;
  c.out.erase(0, *written);
  return !(c.closing && c.out.empty());
}

void HttpServer::pump(const Handler& answer) {
  if (listener_ && connections_.size() < kMaxConnections) {
    if (Fd fd = accept_one(listener_)) {
      connections_.push_back({.fd = std::move(fd), .reader = HttpReader(max_body_)});
    }
  }
  connections_.remove_if([&answer](Connection& c) { return !serve(c, answer); });
}

void HttpServer::wants(std::vector<pollfd>& out) const {
  if (listener_) out.push_back({listener_.get(), POLLIN, 0});
  for (const Connection& c : connections_) {
    out.push_back({c.fd.get(), static_cast<short>(c.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
  }
}

}  // namespace till::sim
