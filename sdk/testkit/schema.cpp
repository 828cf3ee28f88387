#include "schema.h"

#include <algorithm>
#include <limits>

namespace till::testkit {
namespace {

std::string under(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

std::int64_t number(const json::object& schema, const char* name, std::int64_t otherwise) {
  const auto* at = schema.if_contains(name);
  return at != nullptr && at->is_number() ? at->to_number<std::int64_t>() : otherwise;
}

bool is_type(const json::value& v, std::string_view type) {
  if (type == "object") return v.is_object();
  if (type == "array") return v.is_array();
  if (type == "string") return v.is_string();
  if (type == "boolean") return v.is_bool();
  if (type == "integer") return v.is_int64() || v.is_uint64();
  if (type == "number") return v.is_number();
  return type == "null" && v.is_null();
}

Result<void> check_object(const json::object& schema, const json::object& o,
                          const std::string& path) {
  if (const auto* required = schema.if_contains("required")) {
    for (const auto& name : required->as_array()) {
      if (!o.contains(name.as_string())) {
        return fail(Code::kMissingField, under(path, name.as_string()));
      }
    }
  }
  const auto* properties = schema.if_contains("properties");
  const auto* more = schema.if_contains("additionalProperties");
  for (const auto& [name, value] : o) {
    const auto* known = properties != nullptr ? properties->as_object().if_contains(name) : nullptr;
    if (known != nullptr) {
      TILL_CHECK(check_schema(known->as_object(), value, under(path, name)));
    } else if (more != nullptr && more->is_bool() && !more->get_bool()) {
      return fail(Code::kUnknownField, under(path, name));
    }
  }
  return {};
}

Result<void> check_array(const json::object& schema, const json::array& items,
                         const std::string& path) {
  const auto size = static_cast<std::int64_t>(items.size());
  if (size < number(schema, "minItems", 0) || size > number(schema, "maxItems", size)) {
    return fail(Code::kOutOfRange, path);
  }
  const auto* each = schema.if_contains("items");
  for (std::size_t i = 0; each != nullptr && i < items.size(); ++i) {
    TILL_CHECK(check_schema(each->as_object(), items[i], path + "[" + std::to_string(i) + "]"));
  }
  return {};
}

}  // namespace

Result<void> check_schema(const json::object& schema, const json::value& value,
                          const std::string& path) {
  if (const auto* any = schema.if_contains("anyOf")) {
    Result<void> last;
    for (const auto& one : any->as_array()) {
      last = check_schema(one.as_object(), value, path);
      if (last) return {};
    }
    return last;
  }
  if (const auto* type = schema.if_contains("type"); type && !is_type(value, type->as_string())) {
    return fail(Code::kWrongType, path);
  }
  if (const auto* names = schema.if_contains("enum");
      names && std::ranges::find(names->as_array(), value) == names->as_array().end()) {
    return fail(Code::kBadValue, path);
  }
  if (const auto* only = schema.if_contains("const"); only && *only != value) {
    return fail(Code::kBadValue, path);
  }
  if (value.is_int64()) {
    const auto n = value.get_int64();
    if (n < number(schema, "minimum", n) || n > number(schema, "maximum", n)) {
      return fail(Code::kOutOfRange, path);
    }
  }
  if (value.is_string()) {
    const auto n = static_cast<std::int64_t>(value.get_string().size());
    if (n < number(schema, "minLength", 0) || n > number(schema, "maxLength", n)) {
      return fail(Code::kOutOfRange, path);
    }
  }
  if (value.is_object()) return check_object(schema, value.get_object(), path);
  if (value.is_array()) return check_array(schema, value.get_array(), path);
  return {};
}

json::value sample_of(const json::object& schema, Seed& seed) {
  if (const auto* only = schema.if_contains("const")) return *only;
  for (const char* choice : {"anyOf", "enum"}) {
    const auto* all = schema.if_contains(choice);
    if (all == nullptr) continue;
    const auto& one = all->as_array()[seed.below(all->as_array().size())];
    return choice == std::string_view("enum") ? one : sample_of(one.as_object(), seed);
  }
  const auto* type = schema.if_contains("type");
  const std::string_view kind = type != nullptr ? std::string_view(type->as_string()) : "object";
  if (kind == "boolean") return seed.below(2) == 1;
  if (kind == "integer") {
    const auto low = number(schema, "minimum", -5), high = number(schema, "maximum", low + 100000);
    const auto pick = seed.below(8);
    if (pick < 2) return pick == 0 ? low : high;
    return low + static_cast<std::int64_t>(seed.below(static_cast<std::uint64_t>(high - low) + 1));
  }
  if (kind == "string") {
    const auto least = number(schema, "minLength", 0);
    const auto most = std::min<std::int64_t>(number(schema, "maxLength", 24), least + 24);
    std::string text;
    const auto length =
        least + static_cast<std::int64_t>(seed.below(static_cast<std::uint64_t>(most - least) + 1));
    while (static_cast<std::int64_t>(text.size()) < length) {
      text += "abcdefghijklmnopqrstuvwxyz0123456789 -"[seed.below(38)];
    }
    return json::value(text);
  }
  if (kind == "array") {
    json::array items;
    const auto* each = schema.if_contains("items");
    const auto least = static_cast<std::uint64_t>(number(schema, "minItems", 0));
    for (auto left = least + seed.below(4); each != nullptr && left > 0; --left) {
      items.push_back(sample_of(each->as_object(), seed));
    }
    return items;
  }
  if (kind == "null") return nullptr;
  json::object o;
  const auto* properties = schema.if_contains("properties");
  const auto* required = schema.if_contains("required");
  for (const auto& [name, inner] : properties != nullptr ? properties->as_object() : o) {
    const bool must =
        required != nullptr &&
        std::ranges::find(required->as_array(), json::value(name)) != required->as_array().end();
    if (must || seed.below(2) == 1) o[name] = sample_of(inner.as_object(), seed);
  }
  return o;
}

json::value spoilt_sample_of(const json::object& schema, Seed& seed) {
  json::value value = sample_of(schema, seed);
  const auto* required = schema.if_contains("required");
  if (!value.is_object() || required == nullptr || required->as_array().empty()) return value;
  const auto& name = required->as_array()[seed.below(required->as_array().size())].as_string();
  auto& member = value.as_object()[name];
  switch (seed.below(3)) {
    case 0:
      value.as_object().erase(name);
      break;
    case 1:
      member = member.is_string() ? json::value(17) : json::value("not this");
      break;
    default:
      member = json::array{json::array{}, nullptr};
  }
  return value;
}

}  // namespace till::testkit
