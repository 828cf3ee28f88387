// The language a person at the command line reads.
#pragma once

#include <cstdlib>
#include <string_view>

#include "errors.h"

namespace till {

// What was asked for ("ru", "en"), else what the environment says: Russian where it begins with
// "ru", English everywhere else.
inline Language user_language(std::string_view wanted = {}) {
  for (const char* variable : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (const char* set = std::getenv(variable); wanted.empty() && set != nullptr) wanted = set;
  }
  return wanted.starts_with("ru") ? Language::kRu : Language::kEn;
}

}  // namespace till
