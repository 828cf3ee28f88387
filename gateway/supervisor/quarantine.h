// Plugins that were set aside, kept over a restart of the daemon. The key is what failed: this
// build of the plugin (its library's SHA-256) at this device; a new build is tried again. A build
// that fails before it is ready, or at two devices, is set aside at every device but those where a
// person let it go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdk/cpp/base/result.h"

namespace till::supervisor {

class Quarantine {
 public:
  // `file` is made at the first add. A file that can not be read counts as empty and is told about
  // by the Result's error; the store must open without it.
  explicit Quarantine(std::string file) : file_(std::move(file)) {}
  Result<void> load();

  [[nodiscard]] bool holds(std::string_view hash, std::string_view device) const;
  Result<void> add(const std::string& hash, const std::string& device, bool before_ready);
  // A person lets the build run at this device; at another one it stays where it is.
  Result<void> release(const std::string& hash, const std::string& device);

 private:
  enum class Why { kDied, kEarly, kReleased };
  struct Entry {
    std::string hash, device;
    Why why = Why::kDied;
  };
  Result<void> put(Entry entry);
  [[nodiscard]] Result<void> save() const;

  std::string file_;
  std::vector<Entry> entries_;
};

// SHA-256 of a file in hexadecimal, "" when it can not be read.
std::string file_hash(const std::string& path);

}  // namespace till::supervisor
