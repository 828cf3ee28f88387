// `tillbridge devices`: the devices of a running gateway, by its HTTP API.
#pragma once

#include <string>

#include "api_client.h"
#include "sale_command.h"

namespace till::app {

// The address is one and the token files are there: kBadValue, kBadFile.
Result<void> check_access(const SaleOptions& options);
// The token in a file's first word. Throws std::runtime_error when there is none.
std::string read_token(const std::string& file);
// One line a device; false when there is no answer.
bool show_devices(const Result<ApiAnswer>& answer, Language language);
int list_devices(const SaleOptions& options);
// Lets a driver in quarantine try again; a senior's token.
int release_device(const SaleOptions& options, const std::string& device);

}  // namespace till::app
