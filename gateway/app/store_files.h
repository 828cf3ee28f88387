// What a store reads at its start, and a program also later.
#pragma once

#include <string>

#include "gateway/app/config.h"
#include "gateway/loyalty/loyalty.h"

namespace till::app {

// kConfigInvalid when the settings name a file that is not there; kBadFile with the path.
Result<std::string> read_file(const std::string& path);

// Prefixes an error with the file or device it is about.
inline std::unexpected<Error> in_file(const std::string& path, Error error) {
  error.detail = path + ": " + error.detail;
  return std::unexpected(std::move(error));
}

// The store's loyalty program: signed if the store has keys, and every rule plugin it names is one
// of the store's devices. Errors name the file and the place.
Result<loyalty::Program> read_program(const Config& config);
// What a program that is put in force may not be besides: a rule that can never apply, a gift that
// the goods file bars.
Result<void> check_program(const loyalty::Program& program, const goods::Catalogue& goods);

}  // namespace till::app
