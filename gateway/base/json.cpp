#include "gateway/base/json.h"

#include <algorithm>
#include <limits>
#include <set>

namespace till {
namespace {

namespace js = boost::json;

std::string at(std::string_view path) { return path.empty() ? "the file" : std::string(path); }

std::string position(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(before.size() - start + 1);
}

std::unexpected<Error> wrong(const std::string& path, std::string_view wanted) {
  return fail(Code::kWrongType, at(path) + " must be " + std::string(wanted));
}

// The parser takes the last of two fields of one name; who wrote them may have meant the first.
// `text` is JSON, nested as deep as the parser allows.
Result<void> no_field_twice(std::string_view text) {
  std::vector<std::set<std::string_view>> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') open.emplace_back();
    if (text[i] == '}') open.pop_back();
    if (text[i] != '"') continue;
    const auto start = i + 1;
    for (++i; text[i] != '"'; ++i) i += text[i] == '\\' ? 1 : 0;
    const auto next = text.find_first_not_of(" \t\r\n", i + 1);
    if (next == std::string_view::npos || text[next] != ':') continue;
    const auto name = text.substr(start, i - start);
    if (!open.back().insert(name).second) {
      return fail(Code::kDuplicate, position(text, start) + ": " + std::string(name.substr(0, 64)));
    }
  }
  return {};
}

// One letter too many, too few or wrong, or two that changed places.
bool misspelt(std::string_view name, std::string_view wanted) {
  if (wanted.size() < 3) return false;
  while (!name.empty() && !wanted.empty() && name.front() == wanted.front()) {
    name.remove_prefix(1);
    wanted.remove_prefix(1);
  }
  while (!name.empty() && !wanted.empty() && name.back() == wanted.back()) {
    name.remove_suffix(1);
    wanted.remove_suffix(1);
  }
  const bool swapped =
      name.size() == 2 && wanted.size() == 2 && name[0] == wanted[1] && name[1] == wanted[0];
  return swapped || (name.size() <= 1 && wanted.size() <= 1);
}

// A string with a decimal in it or a whole number of units.
Result<std::int64_t> amount(const js::value& value, const std::string& path, int digits) {
  if (const auto* text = value.if_string()) {
    return parse_decimal(std::string_view(text->data(), text->size()), digits, at(path));
  }
  if (value.is_double()) return wrong(path, "text, written exactly: \"12.5\", not 12.5");
  if (value.is_uint64()) return fail(Code::kOverflow, at(path));
  const auto* whole = value.if_int64();
  if (whole == nullptr) return wrong(path, "an amount such as \"12.50\"");
  std::int64_t units = *whole;
  for (int i = 0; i < digits; ++i) {
    if (__builtin_mul_overflow(units, 10, &units)) return fail(Code::kOverflow, at(path));
  }
  return units;
}

}  // namespace

Result<js::value> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes) {
    return fail(Code::kTooLarge, std::to_string(text.size()) + " bytes, at most " +
                                     std::to_string(limits.bytes) + " are read");
  }
  js::parse_options options;
  options.max_depth = limits.depth;
  js::parser parser({}, options);
  boost::system::error_code error;
  const auto read = parser.write_some(text.data(), text.size(), error);
  if (error) return fail(Code::kBadJson, position(text, read) + ": " + error.message());
  if (read < text.size())
    return fail(Code::kBadJson, position(text, read) + ": text after the end");
  TILL_CHECK(no_field_twice(text));
  return parser.release();
}

Result<std::int64_t> parse_decimal(std::string_view text, int digits, std::string_view what) {
  const auto bad = [&](std::string_view why) {
    return fail(Code::kBadValue, std::string(what) + ": " + std::string(why));
  };
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto part = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  const auto numeric = [](std::string_view s) {
    return std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (whole.empty() || !numeric(whole) || !numeric(part) ||
      (point != std::string_view::npos && part.empty())) {
    return bad("write digits and a point, as in 12.50");
  }
  if (part.size() > static_cast<std::size_t>(digits)) {
    return bad("at most " + std::to_string(digits) + " digits after the point");
  }
  std::int64_t units = 0;
  const auto push = [&](int digit) {
    // Negative all the way: the smallest number has no positive twin.
    return !__builtin_mul_overflow(units, 10, &units) &&
           !__builtin_sub_overflow(units, digit, &units);
  };
  bool fits = true;
  for (const char c : whole) fits = fits && push(c - '0');
  for (std::size_t i = 0; i < static_cast<std::size_t>(digits); ++i) {
    fits = fits && push(i < part.size() ? part[i] - '0' : 0);
  }
  if (!fits || (!negative && units == std::numeric_limits<std::int64_t>::min())) {
    return fail(Code::kOverflow, std::string(what));
  }
  return negative ? units : -units;
}

template <>
Result<std::string> json_as(const js::value& value, const std::string& path) {
  const auto* text = value.if_string();
  if (text == nullptr) return wrong(path, "text");
  return std::string(text->data(), text->size());
}

template <>
Result<bool> json_as(const js::value& value, const std::string& path) {
  const auto* flag = value.if_bool();
  if (flag == nullptr) return wrong(path, "true or false");
  return *flag;
}

template <>
Result<std::int64_t> json_as(const js::value& value, const std::string& path) {
  if (value.is_uint64()) return fail(Code::kOverflow, at(path));
  const auto* number = value.if_int64();
  if (number == nullptr) return wrong(path, "a whole number");
  return *number;
}

template <>
Result<int> json_as(const js::value& value, const std::string& path) {
  const auto number = TILL_TRY(json_as<std::int64_t>(value, path));
  if (!std::in_range<int>(number)) return fail(Code::kOutOfRange, at(path));
  return static_cast<int>(number);
}

template <>
Result<Money> json_as(const js::value& value, const std::string& path) {
  return Money{TILL_TRY(amount(value, path, 2))};
}

template <>
Result<Points> json_as(const js::value& value, const std::string& path) {
  return Points{TILL_TRY(amount(value, path, 2))};
}

template <>
Result<Quantity> json_as(const js::value& value, const std::string& path) {
  return Quantity{TILL_TRY(amount(value, path, 3))};
}

template <>
Result<Percent> json_as(const js::value& value, const std::string& path) {
  const Percent percent{TILL_TRY(amount(value, path, 2))};
  if (percent.units < 0) return fail(Code::kNegativePercent, at(path));
  return percent;
}

Result<JsonObject> JsonObject::from(const js::value& value, std::string path) {
  const auto* object = value.if_object();
  if (object == nullptr) return wrong(path, "an object");
  return JsonObject(*object, std::move(path));
}

std::string JsonObject::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

const js::value* JsonObject::visit(std::string_view name) {
  const auto* value = object_->if_contains(name);
  if (value != nullptr) visited_.emplace_back(name);
  return value;
}

Result<const js::value*> JsonObject::required(std::string_view name) {
  const auto* value = visit(name);
  if (value != nullptr) return value;
  for (const auto& member : *object_) {
    const std::string_view other(member.key().data(), member.key().size());
    if (misspelt(other, name) && std::ranges::find(visited_, other) == visited_.end()) {
      return fail(Code::kUnknownField, path_of(other) + " (" + std::string(name) + "?)");
    }
  }
  return fail(Code::kMissingField, path_of(name));
}

Result<JsonObject> JsonObject::object(std::string_view name) {
  const auto* value = TILL_TRY(required(name));
  return from(*value, path_of(name));
}

Result<JsonObject::Elements> JsonObject::array(std::string_view name, std::size_t most) {
  const auto* value = TILL_TRY(required(name));
  const auto path = path_of(name);
  const auto* array = value->if_array();
  if (array == nullptr) return wrong(path, "a list in brackets");
  if (array->size() > most) {
    return fail(Code::kTooLarge, path + ": at most " + std::to_string(most) + " elements");
  }
  Elements elements;
  elements.reserve(array->size());
  for (const auto& element : *array) {
    elements.emplace_back(path + "[" + std::to_string(elements.size()) + "]", &element);
  }
  return elements;
}

Result<JsonObject::Elements> JsonObject::members(std::string_view name, std::size_t most) {
  const auto* value = TILL_TRY(required(name));
  const auto path = path_of(name);
  const auto* object = value->if_object();
  if (object == nullptr) return wrong(path, "an object");
  if (object->size() > most) {
    return fail(Code::kTooLarge, path + ": at most " + std::to_string(most) + " fields");
  }
  Elements elements;
  for (const auto& member : *object)
    elements.emplace_back(std::string(member.key()), &member.value());
  return elements;
}

Result<void> JsonObject::finish() const {
  for (const auto& member : *object_) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::find(visited_.begin(), visited_.end(), name) == visited_.end()) {
      return fail(Code::kUnknownField, path_of(name));
    }
  }
  return {};
}

}  // namespace till
