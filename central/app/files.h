// The data folder: keys and the lock.
#pragma once

#include <string>

#include "gateway/base/limits.h"
#include "sdk/cpp/base/result.h"

namespace till::central {

// An open file descriptor that closes itself.
class File {
 public:
  explicit File(int fd = -1) : fd_(fd) {}
  ~File();
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  [[nodiscard]] int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// kBadFile naming the file and the system's reason, kTooLarge beyond `most` bytes.
Result<std::string> read_file(const std::string& path,
                              std::size_t most = till::limits::kMaxJsonBytes);
// Readable by the owner only (0600), whole or not at all, also across a power cut.
Result<void> write_private(const std::string& path, const std::string& text);

// Makes the folder (0700) and takes its lock; held while the File lives. kStoreLocked when another
// process has it.
Result<File> lock_folder(const std::string& folder);

struct KeyPair {
  std::string public_key;  // Z85
  std::string secret_key;
};
KeyPair make_keys();
// Central's own keys in FOLDER/central.key, made on the first use.
Result<KeyPair> server_keys(const std::string& folder);

// Where central listens and what stores check it by: FOLDER/central.json.
struct Endpoints {
  std::string tell = "tcp://127.0.0.1:7701";
  std::string ask = "tcp://127.0.0.1:7702";
};
Result<void> write_endpoints(const std::string& folder, const Endpoints& at,
                             const std::string& server_key);
// As `run` wrote them last, or the defaults.
Endpoints read_endpoints(const std::string& folder);

}  // namespace till::central
