// Limits the kernel holds a child to as a whole: memory of every kind, processor share, threads.
// Control groups, version 2; where the daemon may not use them the child's own rlimits and its
// niceness remain.
#pragma once

#include <string>
#include <string_view>

#include "sdk/cpp/base/result.h"

namespace till::supervisor {

class Cgroups {
 public:
  // Moves this process into a group "gateway" below its own, beside which the children get theirs;
  // that takes a group nobody else is in, as systemd's Delegate=yes gives. kBadFile says in words
  // what is missing, and leaves everything as it was.
  static Result<Cgroups> open(const std::string& root = "/sys/fs/cgroup",
                              const std::string& self = "/proc/self/cgroup");

  // Holds the process to its limits from now on. kBadFile.
  Result<void> hold(std::string_view device, int pid, int memory_mb) const;
  // After the process has ended.
  void forget(std::string_view device) const;

 private:
  explicit Cgroups(std::string own) : own_(std::move(own)) {}
  [[nodiscard]] std::string group(std::string_view device) const;

  std::string own_;  // the folder of our own group
};

}  // namespace till::supervisor
