// The arguments of a control verb, checked. A wrong one throws std::invalid_argument with the
// sentence its sender gets.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace till::sim {

[[noreturn]] inline void refuse(const std::string& why) { throw std::invalid_argument(why); }

inline std::string text(const boost::json::object& in, std::string_view key,
                        const std::string& otherwise) {
  const auto* value = in.if_contains(key);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) refuse(fmt::format("{} is to be a string", key));
  return boost::json::value_to<std::string>(*value);
}

inline int64_t number(const boost::json::object& in, std::string_view key, int64_t otherwise,
                      int64_t low, int64_t high) {
  const auto* value = in.if_contains(key);
  if (value == nullptr) return otherwise;
  boost::system::error_code bad;
  const auto n = value->to_number<int64_t>(bad);
  if (bad || n < low || n > high) refuse(fmt::format("{} is to be {}..{}", key, low, high));
  return n;
}

// A member nobody reads would do nothing and be answered "ok". `do` is the verb itself.
inline void only_these(const boost::json::object& in,
                       const std::vector<std::string_view>& members) {
  for (const auto& [key, value] : in) {
    const std::string_view name = key;
    if (name != "do" && std::find(members.begin(), members.end(), name) == members.end()) {
      refuse(fmt::format("no such member: {}", name));
    }
  }
}

}  // namespace till::sim
