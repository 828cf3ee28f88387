// A plugin as it is handed over: every file of the folder with its hash, signed.
//
//   signature.json  {"format":1,"key":BASE64,"files":{"manifest.json":HEX,…},"signature":BASE64}
//
// The signature is ed25519 over the canonical text of "files": one line "HEX  NAME\n" a file,
// sorted.
#pragma once

#include <string>

#include "sdk/cpp/base/result.h"

namespace till::kit {

// "" when the folder is not signed, else the key it is signed by. kPackageBroken names the file
// that does not fit, is missing or is not listed.
Result<std::string> verify_package(const std::string& folder);

// Writes signature.json; `key_file` holds the secret key in base64 (make_key).
Result<void> sign_package(const std::string& folder, const std::string& key_file);

// A new key pair; the secret one is written to a file only its owner reads. Returns the public key.
Result<std::string> make_key(const std::string& key_file);

}  // namespace till::kit
