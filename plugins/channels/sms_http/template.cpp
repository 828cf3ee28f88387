#include "template.h"

#include <algorithm>
#include <charconv>

namespace till::sms_http {
namespace {

namespace json = boost::json;

constexpr char kHex[] = "0123456789ABCDEF";

std::string percent(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto b = static_cast<unsigned char>(c);
    out += {'%', kHex[b >> 4], kHex[b & 15]};
  }
  return out;
}

// The inside of a JSON string; '$' too, or the host would take ${secret:…} for its own.
std::string json_inside(std::string_view value) {
  std::string quoted = json::serialize(json::string(value));
  std::string out;
  for (const char c : std::string_view(quoted).substr(1, quoted.size() - 2)) {
    if (c == '$') {
      out += "\\u0024";
    } else {
      out += c;
    }
  }
  return out;
}

bool is_token(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

bool number(std::string_view text, int& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string fill(std::string_view pattern, const Message& message, Escape escape) {
  const auto value = [&](const std::string& text) {
    return escape == Escape::kJson ? json_inside(text) : percent(text);
  };
  std::string out;
  while (!pattern.empty()) {
    if (pattern.starts_with("{to}")) {
      out += value(message.to);
      pattern.remove_prefix(4);
    } else if (pattern.starts_with("{text}")) {
      out += value(message.text);
      pattern.remove_prefix(6);
    } else {
      out += pattern.front();
      pattern.remove_prefix(1);
    }
  }
  return out;
}

Result<std::vector<Header>> parse_headers(std::string_view lines) {
  std::vector<Header> out;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const auto line = trimmed(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.empty()) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return fail(Code::kConfigInvalid, "headers");
    const auto name = line.substr(0, colon);
    const auto value = trimmed(line.substr(colon + 1));
    const bool control = std::ranges::any_of(
        value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (!is_token(name) || control) return fail(Code::kConfigInvalid, "headers");
    out.emplace_back(name, value);
  }
  return out;
}

Result<StatusRange> parse_range(std::string_view text) {
  const auto dash = text.find('-');
  StatusRange range;
  const bool low = number(text.substr(0, dash), range.low);
  range.high = range.low;
  const bool high = dash == std::string_view::npos || number(text.substr(dash + 1), range.high);
  // Errors stay errors: a provider that answers 200 to everything is read by error_field.
  if (!low || !high || range.low < 200 || range.high > 299 || range.low > range.high) {
    return fail(Code::kConfigInvalid, "ok_status");
  }
  return range;
}

std::optional<std::string> at_path(const json::value& root, std::string_view path) {
  const json::value* at = &root;
  while (!path.empty()) {
    const auto end = std::min(path.find('.'), path.size());
    const auto key = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    int index = 0;
    if (const auto* object = at->if_object()) {
      at = object->if_contains(key);
    } else if (const auto* array = at->if_array(); array != nullptr && number(key, index)) {
      at = index < 0 ? nullptr : array->if_contains(static_cast<std::size_t>(index));
    } else {
      return std::nullopt;
    }
    if (at == nullptr) return std::nullopt;
  }
  if (at->is_string()) return json::value_to<std::string>(*at);
  if (at->is_number() || at->is_bool()) return json::serialize(*at);
  return std::nullopt;
}

}  // namespace till::sms_http
