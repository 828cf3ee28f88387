// What a driver says an operation led to, checked where it enters the daemon.
#pragma once

#include <string_view>

#include "sdk/cpp/base/result.h"

namespace till::devices {

// The result of a done `verb` by sdk/schema/VERB.json: kTooLarge, kBadJson, kMissingField,
// kWrongType, kOutOfRange, kBadValue; `detail` names the member. Members a later version may know
// are nobody's fault. Nothing is known of a vendor's own verb.
Result<void> check_result(std::string_view verb, std::string_view text);

}  // namespace till::devices
