// What a driver says happened by itself, checked where it enters the daemon.
#pragma once

#include <boost/json.hpp>
#include <string_view>

#include "sdk/cpp/base/result.h"

namespace till::devices {

// The event with the members of sdk/schema/event.TYPE.json and no others. kBadJson, kMissingField,
// kWrongType, kUnknownField, kOutOfRange. An event without a schema is any object.
Result<boost::json::value> check_event(std::string_view type, std::string_view text);

}  // namespace till::devices
