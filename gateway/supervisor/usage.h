// What a child really uses, looked at with every heartbeat: where no control group holds it, the
// limits of a process leave ways around them (memory files, mappings that are shared).
#pragma once

#include <cstdint>
#include <optional>

#include "sdk/cpp/base/result.h"

namespace till::supervisor {

struct Usage {
  std::int64_t memory = 0;  // bytes: its own, shared ones, and memory files it holds
  std::int64_t cpu_us = 0;  // since its start, all threads
};

// Nothing when the process is gone.
std::optional<Usage> usage_of(int pid);

// Says when it is too much. Pure.
class UsageWatch {
 public:
  static constexpr std::int64_t kOwnMb = 32;           // the host program and its libraries
  static constexpr std::int64_t kBusyUs = 30'000'000;  // a core for so long, and no operation
  static constexpr int kBusyPercent = 90;

  explicit UsageWatch(int memory_mb, std::int64_t busy_us = kBusyUs)
      : most_((memory_mb + kOwnMb) << 20), busy_us_(busy_us) {}

  // kPluginDied with the word for the counter: "memory" or "cpu". `working`: an operation runs.
  std::optional<Error> look(const Usage& usage, bool working, std::int64_t now_us);

 private:
  std::int64_t most_, busy_us_;
  std::int64_t since_us_ = -1;  // how long it has been busy without an operation
  std::int64_t last_us_ = 0, last_cpu_us_ = 0;
};

}  // namespace till::supervisor
