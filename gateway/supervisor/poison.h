// Operations that ended a plugin's process, kept over a restart of the daemon: one that did so
// twice is not given to that build again. Known by verb and body, whatever its key: a cashier who
// tries again makes a new key for the same thing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/cpp/base/result.h"

namespace till::supervisor {

class Poison {
 public:
  static constexpr int kTimes = 2;
  // After that long it may be tried again; a question (no key) sooner, for a device that answers no
  // status is no device.
  static constexpr std::int64_t kForgetUs = std::int64_t{24} * 3600 * 1'000'000;
  static constexpr std::int64_t kForgetQuestionUs = 60'000'000;

  // As Quarantine: a file that can not be read counts as empty.
  explicit Poison(std::string file) : file_(std::move(file)) {}
  Result<void> load();

  // What of an operation is told apart.
  static std::string name_of(std::string_view verb, std::string_view body);
  [[nodiscard]] bool refuses(std::string_view hash, std::string_view device, std::string_view name,
                             std::int64_t now_us) const;
  Result<void> killed(const std::string& hash, const std::string& device, const std::string& name,
                      bool question, std::int64_t now_us);
  // It ended well: what was counted is forgotten.
  Result<void> passed(std::string_view device, std::string_view name);
  // A person lets the device try everything again. False: there was nothing.
  Result<bool> release(std::string_view device);

 private:
  struct Entry {
    std::string hash, device, name;
    int times = 0;
    std::int64_t until_us = 0;  // since 1970
  };
  [[nodiscard]] Result<void> save() const;

  std::string file_;
  std::vector<Entry> entries_;
};

}  // namespace till::supervisor
