// `tillbridge program …`: tools for the owner of a loyalty program; no store or till is needed.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/errors.h"

namespace till::app {

inline constexpr const char* kProgramHelp =
    "new [KIND] | check PROGRAM | evaluate PROGRAM BASKETS | explain PROGRAM BASKET | "
    "explain DATA SALE | test FILE... | diff PROGRAM PROGRAM | "
    "what-if PROGRAM PROGRAM BASKETS [csv] | what-if PROGRAM DATA DAY [csv] | account STEPS | "
    "key FILE | sign PROGRAM KEYFILE | verify PROGRAM PUBLICKEY; "
    "all files are JSON, baskets also JSON Lines (.jsonl, or - for the input); DATA is a store's "
    "data folder, SALE its id, the till's number or the fiscal document's, DAY 2026-11-22";

// 0 = well, 1 = an error said on stderr or a check that failed, 2 = wrong words.
int program_command(const std::vector<std::string>& words, Language language);

}  // namespace till::app
