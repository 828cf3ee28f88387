// `tillbridge program …`: tools for the owner of a loyalty program; no store or till is needed.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/errors.h"

namespace till::app {

// The commands, a line each.
const char* program_help(Language language);

// 0 = well, 1 = an error said on stderr or a check that failed, 2 = wrong words.
int program_command(const std::vector<std::string>& words, Language language);

}  // namespace till::app
