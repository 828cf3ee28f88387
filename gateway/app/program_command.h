// `tillbridge program …`: tools for the owner of a loyalty program; no store or till is needed.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/errors.h"

namespace till::app {

inline constexpr const char* kProgramHelp =
    "check PROGRAM | evaluate PROGRAM BASKETS | explain PROGRAM BASKET | test FILE... | "
    "diff PROGRAM PROGRAM | what-if PROGRAM PROGRAM BASKETS [csv] | account STEPS; "
    "all files are JSON, baskets also JSON Lines (.jsonl, or - for the input)";

// 0 = well, 1 = an error said on stderr or a check that failed, 2 = wrong words.
int program_command(const std::vector<std::string>& words, Language language);

}  // namespace till::app
