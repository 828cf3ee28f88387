// Structs as JSON: BOOST_DESCRIBE_STRUCT names the members once and serves both directions.
// Amounts travel as whole minor units; enums by the names that Names<E> gives.
#pragma once

#include <array>
#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <charconv>
#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/values.h"

namespace till::described {

namespace json = boost::json;

struct Name {
  const char* text;
};
// Specialise with kAll, in the order of the enumerators.
template <typename E>
struct Names;

template <typename T>
concept Described = boost::describe::has_describe_members<T>::value && !std::is_enum_v<T>;
template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsMap : std::false_type {};
template <typename T>
struct IsMap<std::map<std::string, T>> : std::true_type {};
template <typename T>
struct IsAmount : std::false_type {};
template <typename Tag>
struct IsAmount<Amount<Tag>> : std::true_type {};
template <typename T>
struct IsTypedId : std::false_type {};
template <typename Tag>
struct IsTypedId<TypedId<Tag>> : std::true_type {};

template <typename T>
json::value to_value(const T& value) {
  if constexpr (std::is_same_v<T, Money>) {
    return value.minor;
  } else if constexpr (IsAmount<T>::value) {
    return value.units;
  } else if constexpr (std::is_same_v<T, Uuid>) {
    return json::value_from(to_string(value));
  } else if constexpr (IsTypedId<T>::value) {
    return json::value_from(value.value);
  } else if constexpr (IsOptional<T>::value) {
    return value ? to_value(*value) : json::value(nullptr);
  } else if constexpr (IsMap<T>::value) {
    json::object out;
    for (const auto& [key, item] : value) out[key] = to_value(item);
    return out;
  } else if constexpr (std::is_same_v<T, json::object>) {
    return value;
  } else if constexpr (std::is_enum_v<T>) {
    return Names<T>::kAll[static_cast<std::size_t>(value)].text;
  } else if constexpr (IsVector<T>::value) {
    json::array out;
    for (const auto& item : value) out.push_back(to_value(item));
    return out;
  } else if constexpr (Described<T>) {
    json::object out;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) { out[member.name] = to_value(value.*member.pointer); });
    return out;
  } else {
    return json::value_from(value);
  }
}

// Appends the value as JSON text: what to_value and serialize give, without building the tree;
// only that members without a value are left out (from_value takes them for absent).
inline void append_text(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t from = 0;  // runs without anything to escape go over whole
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, from, i - from);
    from = i + 1;
    if (c < 0x20) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += '\\';
      out += text[i];
    }
  }
  out.append(text, from);
  out += '"';
}

template <std::integral T>
void append_number(std::string& out, T value) {
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.begin(), digits.end(), value).ptr);
}

template <typename T>
void append_json(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, Money>) {
    append_number(out, value.minor);
  } else if constexpr (IsAmount<T>::value) {
    append_number(out, value.units);
  } else if constexpr (std::is_same_v<T, Uuid>) {
    append_text(out, to_string(value));
  } else if constexpr (IsTypedId<T>::value) {
    append_text(out, value.value);
  } else if constexpr (std::is_same_v<T, json::object>) {
    out += json::serialize(value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    append_text(out, value);
  } else if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    append_text(out, Names<T>::kAll[static_cast<std::size_t>(value)].text);
  } else if constexpr (IsOptional<T>::value) {
    if (value) {
      append_json(out, *value);
    } else {
      out += "null";
    }
  } else if constexpr (IsVector<T>::value) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      append_json(out, value[i]);
    }
    out += ']';
  } else if constexpr (IsMap<T>::value) {
    out += '{';
    for (const auto& [key, item] : value) {
      if (out.back() != '{') out += ',';
      append_text(out, key);
      out += ':';
      append_json(out, item);
    }
    out += '}';
  } else if constexpr (Described<T>) {
    const char* before = "{\"";
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) {
          const auto& it = value.*member.pointer;
          if constexpr (IsOptional<std::decay_t<decltype(it)>>::value) {
            if (!it) return;
          }
          out += std::exchange(before, ",\"");
          out += member.name;  // an identifier: nothing to escape
          out += "\":";
          append_json(out, it);
        });
    out += *before == '{' ? "{}" : "}";
  } else if constexpr (std::is_integral_v<T>) {
    append_number(out, value);
  } else {
    out += std::to_string(value);
  }
}

// A path of members: "lines" and "[2].price" are "lines[2].price".
inline Result<void> within(Result<void> inner, const std::string& name) {
  if (inner) return inner;
  auto& path = inner.error().detail;
  path = name + (path.empty() || path[0] == '[' ? "" : ".") + path;
  return inner;
}

// A refusal's detail is the path of what is wrong, seen from here: "" is the value itself.
template <typename T>
Result<void> read(const json::value& from, T& to) {
  if constexpr (std::is_same_v<T, Money>) {
    return read(from, to.minor);
  } else if constexpr (IsAmount<T>::value) {
    return read(from, to.units);
  } else if constexpr (std::is_same_v<T, Uuid>) {
    if (!from.is_string()) return fail(Code::kWrongType);
    const auto id = parse_uuid(from.get_string());
    if (!id) return fail(Code::kBadValue);
    to = *id;
    return {};
  } else if constexpr (IsTypedId<T>::value) {
    return read(from, to.value);
  } else if constexpr (IsOptional<T>::value) {
    if (from.is_null()) return {};
    return read(from, to.emplace());
  } else if constexpr (IsMap<T>::value) {
    if (!from.is_object()) return fail(Code::kWrongType);
    for (const auto& [key, item] : from.get_object()) {
      const std::string name(key);
      TILL_CHECK(within(read(item, to[name]), name));
    }
    return {};
  } else if constexpr (std::is_enum_v<T>) {
    if (!from.is_string()) return fail(Code::kWrongType);
    for (std::size_t i = 0; i < std::size(Names<T>::kAll); ++i) {
      if (from.get_string() == Names<T>::kAll[i].text) {
        to = static_cast<T>(i);
        return {};
      }
    }
    return fail(Code::kBadValue);
  } else if constexpr (IsVector<T>::value) {
    if (!from.is_array()) return fail(Code::kWrongType);
    for (std::size_t i = 0; i < from.get_array().size(); ++i) {
      auto item = read(from.get_array()[i], to.emplace_back());
      if (!item) return within(std::move(item), "[" + std::to_string(i) + "]");
    }
    return {};
  } else if constexpr (Described<T>) {
    if (!from.is_object()) return fail(Code::kWrongType);
    Result<void> result;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) {
          if (!result) return;
          if (const auto* at = from.get_object().if_contains(member.name)) {
            result = read(*at, to.*member.pointer);
          } else if (!IsOptional<std::decay_t<decltype(to.*member.pointer)>>::value) {
            result = fail(Code::kMissingField);
          }
          if (!result) result = within(std::move(result), member.name);
        });
    return result;
  } else if constexpr (std::is_same_v<T, json::object>) {
    if (!from.is_object()) return fail(Code::kWrongType);
    to = from.get_object();
    return {};
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!from.is_string()) return fail(Code::kWrongType);
    to = json::value_to<std::string>(from);
    return {};
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!from.is_bool()) return fail(Code::kWrongType);
    to = from.get_bool();
    return {};
  } else {
    if (!from.is_number()) return fail(Code::kWrongType);
    boost::system::error_code bad;
    to = from.to_number<T>(bad);
    if (bad) return fail(Code::kOutOfRange);
    return {};
  }
}

// A refusal names the member by its path, "lines[2].price", or the value as `name`.
template <typename T>
Result<void> from_value(const json::value& from, T& to, const char* name) {
  auto result = read(from, to);
  if (!result && result.error().detail.empty()) result.error().detail = name;
  return result;
}

template <typename T>
Result<T> parsed(const json::value& from, const char* name) {
  T value;
  TILL_CHECK(from_value(from, value, name));
  return value;
}

}  // namespace till::described
