// What the files of routes share: a request with its rights, and small readers of its body.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/json.h"
#include "gateway/base/limits.h"
#include "gateway/base/utf8.h"
#include "store.h"

namespace till::app {

struct Routes::Context {
  const api::Request& request;
  api::Access who;
  std::vector<std::string> path;  // after /v1
  boost::json::value body;
  Language language;
};

inline api::Response ok(const boost::json::value& body, int status = 200) {
  return {status, boost::json::serialize(body)};
}

inline Result<std::string> short_text(JsonObject& in, const char* name) {
  auto text = TILL_TRY(in.get<std::string>(name));
  if (text.empty() || text.size() > limits::kMaxApiText) return fail(Code::kOutOfRange, name);
  return text;
}

inline std::unexpected<Error> control_characters(const std::string& name) {
  return fail(Code::kOutOfRange, name + ": control characters");
}

// One line that reaches paper or a list, "" when it is left out: a control character in it would
// steer the printer.
inline Result<std::string> line_text(JsonObject& in, const char* name) {
  auto text = TILL_TRY(in.get_or<std::string>(name, ""));
  if (text.size() > limits::kMaxApiText) return fail(Code::kOutOfRange, name);
  if (!printable(text)) return control_characters(name);
  return text;
}

// The till's own number of a sale.
inline Result<std::string> till_number(JsonObject& in) {
  TILL_CHECK(short_text(in, "number"));
  return line_text(in, "number");
}

// The API's amounts are decimal text: of 5 nobody knows whether roubles or kopecks are meant.
template <typename T>
Result<T> decimal_of(const boost::json::value& value, const std::string& path) {
  if (value.is_string()) return json_as<T>(value, path);
  return fail(Code::kWrongType, path + R"( must be text with a decimal in it: "12.50")");
}

template <typename T>
Result<std::optional<T>> find_decimal(JsonObject& in, const char* name) {
  const auto* value = in.raw(name);
  if (value == nullptr) return std::optional<T>();
  return std::optional<T>(TILL_TRY(decimal_of<T>(*value, in.path_of(name))));
}

template <typename T>
Result<T> decimal(JsonObject& in, const char* name) {
  const auto found = TILL_TRY(find_decimal<T>(in, name));
  if (!found) return in.get<T>(name);  // says what is missing, or misspelt
  return *found;
}

inline Result<std::uint32_t> number_u32(JsonObject& in, const char* name) {
  const auto n = TILL_TRY(in.get<std::int64_t>(name));
  if (n < 0 || n > std::numeric_limits<std::uint32_t>::max()) return fail(Code::kOutOfRange, name);
  return static_cast<std::uint32_t>(n);
}

}  // namespace till::app
