// A program's signature: PROGRAM.json.sig beside it,
//   {"format":1,"key":BASE64,"signature":BASE64}
// ed25519 over "tillbridge program\n" and the file's bytes. Key files are those of
// `tillbridge-plugin` (make_key).
#pragma once

#include <string>
#include <vector>

#include "sdk/cpp/base/result.h"

namespace till::app {

// Writes FILE.sig. kBadFile.
Result<void> sign_program(const std::string& file, const std::string& key_file);
// The key it is signed by, one of `keys`. kProgramUnsigned with what is wrong.
Result<std::string> verify_program(const std::string& file, const std::vector<std::string>& keys);

}  // namespace till::app
