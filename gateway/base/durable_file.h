// A small file that is there whole, as it was before or as it is now, whatever happens to the
// power.
#pragma once

#include <string>
#include <string_view>

#include "sdk/cpp/base/result.h"

namespace till {

// Written beside, synced and renamed; readable by its owner only. kBadFile; the old one then stays.
Result<void> write_durably(const std::string& path, std::string_view text);

}  // namespace till
