// `tillbridge program …`: tools for the owner of a loyalty program; no store or till is needed.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/errors.h"

namespace till::app {

inline constexpr const char* kProgramHelp =
    "Commands:\n"
    "  new [KIND]                              a program to begin with; without KIND the kinds\n"
    "  check PROGRAM                           whether it reads, and every rule can apply\n"
    "  evaluate PROGRAM BASKETS                what a basket costs and earns, as JSON\n"
    "  explain PROGRAM BASKET                  why, in words\n"
    "  explain DATA SALE                       the same of a past receipt\n"
    "  test FILE...                            baskets with expected results\n"
    "  diff PROGRAM PROGRAM                    what changed, in words\n"
    "  what-if PROGRAM PROGRAM BASKETS [csv]   baskets under two programs\n"
    "  what-if PROGRAM DATA DAY [csv]          a day of a store under another program\n"
    "  account STEPS                           a points account step by step\n"
    "  key FILE                                a key pair: FILE is the secret one\n"
    "  sign PROGRAM KEYFILE                    writes PROGRAM.sig\n"
    "  verify PROGRAM PUBLICKEY                whether the signature is right\n"
    "All files are JSON, baskets also JSON Lines (.jsonl, or - for the input). DATA is a store's\n"
    "data folder, SALE its id, the till's number or the fiscal document's, DAY 2026-11-22.";

// 0 = well, 1 = an error said on stderr or a check that failed, 2 = wrong words.
int program_command(const std::vector<std::string>& words, Language language);

}  // namespace till::app
