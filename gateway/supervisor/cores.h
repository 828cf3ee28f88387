// Core files of children that died, when the store wants them. They hold whatever the plugin had in
// memory, so they are off by default, few, and their owner's only.
#pragma once

#include <string>
#include <string_view>

namespace till::supervisor {

inline constexpr int kMaxCores = 3;  // of one device, the newest

class Cores {
 public:
  // `folder` "": none are kept.
  Cores(const std::string& folder, std::string_view device);

  // Where a child is to leave its core, made when missing; "" = nowhere.
  [[nodiscard]] std::string prepare() const;
  // After a death: gives a fresh core its name and removes the oldest. Its path, "" when there is
  // none: the system may send cores elsewhere.
  [[nodiscard]] std::string collect(std::string_view stamp) const;

 private:
  std::string folder_;
};

// Where this system sends core files, when not into the folder of the process; "" = there.
std::string cores_go_elsewhere(const std::string& pattern_file = "/proc/sys/kernel/core_pattern");

}  // namespace till::supervisor
