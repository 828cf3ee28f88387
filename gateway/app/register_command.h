// `tillbridge register …` and `tillbridge sale settle`: what a person asks of the register of a
// running gateway, through its HTTP API with a senior's token.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/errors.h"
#include "sale_command.h"

namespace till::app {

// words: "status", "arm NUMBER", "cash in 100.00", "document 17", "table 17 1 7 [VALUE]" …
int register_command(const SaleOptions& options, const std::vector<std::string>& words,
                     bool as_json);
// The body of a settlement, of "none" or "FISCAL_MEMORY NUMBER [SIGN]" as they stand on the paper;
// nothing: other words. kBadValue names the word that is no number.
Result<std::optional<boost::json::object>> settlement_of(const std::vector<std::string>& words,
                                                         Language language);
// words: SALE none | SALE FISCAL_MEMORY NUMBER [SIGN]
int settle_command(const SaleOptions& options, const std::vector<std::string>& words);
const char* register_help(Language language);

}  // namespace till::app
