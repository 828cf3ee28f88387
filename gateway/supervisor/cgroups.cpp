#include "cgroups.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace till::supervisor {
namespace {

constexpr int kOwnMb = 40;    // the loader, libraries and stacks, and what the kernel counts
constexpr int kThreads = 64;  // processes are forbidden anyway
constexpr const char* kShare = "50";  // of 100, which everybody else has

Result<void> put(const std::string& file, const std::string& text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const bool done =
      fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!done) return fail(Code::kBadFile, file + ": " + std::strerror(error));
  return {};
}

std::string read(const std::string& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

bool has_word(const std::string& text, std::string_view word) {
  std::istringstream words(text);
  for (std::string w; words >> w;) {
    if (w == word) return true;
  }
  return false;
}

// "0::/system.slice/tillbridge.service" of /proc/self/cgroup.
std::string own_group(const std::string& self) {
  std::istringstream lines(read(self));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::")) return line.substr(3) == "/" ? "" : line.substr(3);
  }
  return "?";
}

}  // namespace

Result<Cgroups> Cgroups::open(const std::string& root, const std::string& self) {
  const std::string group = own_group(self);
  if (group == "?") return fail(Code::kBadFile, "there are no control groups of version 2");
  const std::string own = root + group;
  const std::string has = read(own + "/cgroup.controllers");
  for (const char* wanted : {"cpu", "memory", "pids"}) {
    if (!has_word(has, wanted)) {
      return fail(Code::kBadFile, own + " has no controller " + wanted);
    }
  }
  const std::string leaf = own + "/gateway";
  if (::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail(Code::kBadFile, leaf + ": " + std::strerror(errno));
  }
  const std::string pid = std::to_string(::getpid());
  auto moved = put(leaf + "/cgroup.procs", pid);
  if (moved) {
    moved = put(own + "/cgroup.subtree_control", "+cpu +memory +pids");
    if (!moved) (void)put(own + "/cgroup.procs", pid);  // somebody else is in the group
  }
  if (!moved) {
    ::rmdir(leaf.c_str());
    return std::unexpected(moved.error());
  }
  return Cgroups(own);
}

std::string Cgroups::group(std::string_view device) const {
  std::string name = own_ + "/plugin-";
  for (const char c : device) name += c == '/' || c == '.' || c == '\n' ? '_' : c;
  return name;
}

Result<void> Cgroups::hold(std::string_view device, int pid, int memory_mb) const {
  const std::string folder = group(device);
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail(Code::kBadFile, folder + ": " + std::strerror(errno));
  }
  TILL_CHECK(put(folder + "/memory.max", std::to_string(memory_mb + kOwnMb) + "M"));
  TILL_CHECK(put(folder + "/cpu.weight", kShare));
  TILL_CHECK(put(folder + "/pids.max", std::to_string(kThreads)));
  return put(folder + "/cgroup.procs", std::to_string(pid));
}

void Cgroups::forget(std::string_view device) const { ::rmdir(group(device).c_str()); }

}  // namespace till::supervisor
