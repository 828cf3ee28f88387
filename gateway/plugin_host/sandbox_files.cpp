// Files, and signals to others, by Landlock.
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "sandbox.h"

namespace till::plugin_host {
namespace {

namespace fs = std::filesystem;

// By number: the headers a gateway is built with are older than the kernel it runs on.
constexpr std::uint64_t kRefer = 1U << 13;
constexpr std::uint64_t kTruncate = 1U << 14;
constexpr std::uint64_t kDeviceControl = 1U << 15;
struct Attributes {
  std::uint64_t files, network, scoped;
};
constexpr std::uint64_t kScopes = 3;  // abstract sockets and signals

constexpr std::uint64_t kRead =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
                                   LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate | kDeviceControl;

// Everything this kernel can hold back; each version adds to the ones before.
std::uint64_t all_of(int version) {
  std::uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  if (version >= 2) all |= kRefer;
  if (version >= 3) all |= kTruncate;
  if (version >= 5) all |= kDeviceControl;
  return all;
}

struct Ruleset {
  int fd;
  std::uint64_t all;

  void allow(const std::string& path, std::uint64_t access) const {
    const int at = open(path.c_str(), O_PATH | O_CLOEXEC);
    if (at < 0) return;  // what is not there needs no rule
    struct stat facts{};
    fstat(at, &facts);
    if (!S_ISDIR(facts.st_mode)) access &= kOfFiles;
    const landlock_path_beneath_attr rule{access & all, at};
    syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(at);
  }
};

bool holds(const fs::path& folder, const fs::path& path) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

// Rules only ever add: what leads to something that is kept away is allowed by its other entries.
void allow_around(const Ruleset& ruleset, const fs::path& path, std::uint64_t access,
                  const std::vector<fs::path>& kept_away) {
  if (std::ranges::any_of(kept_away, [&](const fs::path& k) { return holds(k, path); })) return;
  if (std::ranges::none_of(kept_away, [&](const fs::path& k) { return holds(path, k); })) {
    return ruleset.allow(path, access);
  }
  std::error_code bad;
  for (const auto& entry : fs::directory_iterator(path, bad)) {
    if (!entry.is_symlink(bad)) allow_around(ruleset, entry.path(), access, kept_away);
  }
}

void allow_direct(const Ruleset& ruleset, const SandboxRules& rules) {
  std::error_code bad;
  std::vector<fs::path> kept_away;
  for (const auto& path : rules.kept_away) {
    if (!path.empty()) kept_away.push_back(fs::weakly_canonical(path, bad));
  }
  // Its own folder stays readable where it is inside of what is kept away.
  ruleset.allow(rules.folder, kRead);
  allow_around(ruleset, "/", kRead, kept_away);
  const char* home = std::getenv("HOME");
  for (const char* path : {"/dev", "/tmp", "/run", home}) {
    if (path == nullptr || *path != '/') continue;
    const auto real = fs::canonical(path, bad);
    if (!bad && real != "/") allow_around(ruleset, real, ruleset.all, kept_away);
  }
}

}  // namespace

bool restrict_files(const SandboxRules& rules) {
  const auto version = static_cast<int>(
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
  if (version < 1) return false;
  const Attributes attributes{all_of(version), 0, version >= 6 ? kScopes : 0};
  const std::size_t size = version >= 6   ? sizeof attributes
                           : version >= 4 ? 2 * sizeof(std::uint64_t)
                                          : sizeof(std::uint64_t);
  const Ruleset ruleset{
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, size, 0)),
      attributes.files};
  if (ruleset.fd < 0) return false;
  if (rules.direct) {
    allow_direct(ruleset, rules);
  } else {
    for (const char* path : {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime",
                             "/dev/urandom", rules.folder.c_str()}) {
      ruleset.allow(path, kRead);
    }
    ruleset.allow("/dev/null", ruleset.all);
  }
  // The kernel writes a core as the process itself would.
  if (!rules.cores.empty()) ruleset.allow(rules.cores, ruleset.all);
  const bool done = syscall(SYS_landlock_restrict_self, ruleset.fd, 0) == 0;
  close(ruleset.fd);
  return done;
}

}  // namespace till::plugin_host
