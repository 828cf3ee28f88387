// Request templates with {to} and {text}, and what comes back. Pure.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tillbridge/sdk/channel.h"

namespace till::sms_http {

enum class Escape { kJson, kForm };

// The template with its places filled in. Values are escaped so that they stay data, also for the
// host's own ${secret:NAME}, which is left alone where the template has it.
std::string fill(std::string_view pattern, const Message& message, Escape escape);

using Header = std::pair<std::string, std::string>;
// "Name: value" lines. kConfigInvalid: a line without a colon, a name that is no token, a value
// with control characters.
Result<std::vector<Header>> parse_headers(std::string_view lines);

// "200-299" or "200".
struct StatusRange {
  int low = 200, high = 299;
  [[nodiscard]] bool contains(int status) const { return status >= low && status <= high; }
};
Result<StatusRange> parse_range(std::string_view text);

// The string, number or boolean at a dot path ("data.0.id"); nothing when it is not there.
std::optional<std::string> at_path(const boost::json::value& root, std::string_view path);

}  // namespace till::sms_http
