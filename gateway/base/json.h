// Strict reading of JSON: every error names the path of the field, nothing unknown is passed over,
// and no amount goes through floating point.
//
//   const auto root = TILL_TRY(parse_json(text));
//   auto in = TILL_TRY(JsonObject::from(root, ""));
//   program.name = TILL_TRY(in.get<std::string>("name"));
//   program.earn = TILL_TRY(in.get_or("earn", Percent{}));
//   TILL_CHECK(in.finish());  // kUnknownField for whatever was not asked for
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/limits.h"
#include "sdk/cpp/base/result.h"
#include "sdk/cpp/base/values.h"

namespace till {

struct JsonLimits {
  std::size_t bytes = limits::kMaxJsonBytes;
  std::size_t depth = limits::kMaxJsonDepth;
};

// kTooLarge, or kBadJson with line and column.
Result<boost::json::value> parse_json(std::string_view text, JsonLimits limits = {});

// "-12.5" with 2 digits -> -1250. Exact: kBadValue when more digits follow the point than fit,
// kOverflow beyond 64 bits. `what` names the value in the error.
Result<std::int64_t> parse_decimal(std::string_view text, int digits, std::string_view what);

// One value as T: std::string, bool, int, std::int64_t, Money, Points, Percent, Quantity.
// Amounts are strings ("123.45") or whole JSON numbers (5 = 5.00); 12.5 without quotes is
// kWrongType and says how to write it. A percent below zero is kNegativePercent.
template <typename T>
Result<T> json_as(const boost::json::value& value, const std::string& path);

// One object being read; keep it no longer than the value it looks at.
class JsonObject {
 public:
  // `path` stands before the field names in errors: "" at the root, "items[3]" below.
  static Result<JsonObject> from(const boost::json::value& value, std::string path);
  static Result<JsonObject> from(boost::json::value&& value, std::string path) = delete;

  [[nodiscard]] bool has(std::string_view name) const { return object_->contains(name); }
  [[nodiscard]] bool is_object(std::string_view name) const {
    const auto* value = object_->if_contains(name);
    return value != nullptr && value->is_object();
  }
  [[nodiscard]] std::string path_of(std::string_view name) const;

  // A required field. It is kMissingField, or kUnknownField for one beside it that was not asked
  // for and whose name is a slip of the finger away.
  template <typename T>
  Result<T> get(std::string_view name) {
    const auto* value = TILL_TRY(required(name));
    return json_as<T>(*value, path_of(name));
  }
  template <typename T>
  Result<T> get_or(std::string_view name, T otherwise) {
    const auto* value = visit(name);
    if (value == nullptr) return otherwise;
    return json_as<T>(*value, path_of(name));
  }
  template <typename T>
  Result<std::optional<T>> find(std::string_view name) {
    const auto* value = visit(name);
    if (value == nullptr) return std::optional<T>();
    return std::optional<T>(TILL_TRY(json_as<T>(*value, path_of(name))));
  }
  Result<JsonObject> object(std::string_view name);
  // The elements with their paths; kTooLarge beyond `most`.
  using Elements = std::vector<std::pair<std::string, const boost::json::value*>>;
  Result<Elements> array(std::string_view name, std::size_t most);
  // The fields of an object used as a map, each with its name.
  Result<Elements> members(std::string_view name, std::size_t most);

  // As it stands, for whoever looks into it otherwise; nullptr when it is not there.
  const boost::json::value* raw(std::string_view name) { return visit(name); }

  // kUnknownField, naming the first field that was never asked for.
  [[nodiscard]] Result<void> finish() const;

 private:
  JsonObject(const boost::json::object& object, std::string path)
      : object_(&object), path_(std::move(path)) {}
  const boost::json::value* visit(std::string_view name);
  Result<const boost::json::value*> required(std::string_view name);

  const boost::json::object* object_;
  std::string path_;
  std::vector<std::string> visited_;
};

// Runs `read` and turns an Overflow on the way into kOverflow about `what`: the edges that take
// input wrap their arithmetic in it.
template <typename F>
auto catch_overflow(std::string_view what, F read) -> decltype(read()) {
  try {
    return read();
  } catch (const Overflow&) {
    return fail(Code::kOverflow, std::string(what));
  }
}

}  // namespace till
