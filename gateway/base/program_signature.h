// A program's signature: PROGRAM.json.sig beside it,
//   {"format":1,"key":BASE64,"signature":BASE64}
// ed25519 over "tillbridge program\n" and the file's bytes. Key files are those of
// `tillbridge-plugin` (make_key).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sdk/cpp/base/result.h"

namespace till {

// Writes FILE.sig. kBadFile.
Result<void> sign_program(const std::string& file, const std::string& key_file);
// The key it is signed by, one of `keys`. kProgramUnsigned with what is wrong.
Result<std::string> verify_program_text(const std::string& text, const std::string& note,
                                        const std::vector<std::string>& keys);
// The same of a file and the note beside it.
Result<std::string> verify_program(const std::string& file, const std::vector<std::string>& keys);

// What stands in FILE.sig, if there is one.
std::optional<std::string> program_note(const std::string& file);
bool is_public_key(const std::string& key);

}  // namespace till
