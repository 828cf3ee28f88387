#include "sandbox.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace till::plugin_host {
namespace {

constexpr rlim_t kMega = rlim_t{1} << 20;
// The loader, the SDK's libraries and two stacks, beside what the plugin asks for.
constexpr rlim_t kOwnMb = 24;
constexpr rlim_t kMaxOpen = 64;
constexpr rlim_t kMaxFile = 17 * kMega;   // a body of 16 MiB travels as a memory file
constexpr rlim_t kMaxCore = 256 * kMega;  // of memory in use
// Address space is more than what is used: libraries, stacks, reserves. It bounds what the limit of
// data does not count, mappings that are shared.
constexpr rlim_t kMaxReserve = 1024 * kMega;
constexpr int kNice = 5;

// Sanitizers reserve terabytes and start helpers of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

void limit(__rlimit_resource what, rlim_t most) {
  const rlimit both{most, most};
  setrlimit(what, &both);
}

// ---- files ----

constexpr std::uint64_t kRead =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
// Everything of the first Landlock version.
constexpr std::uint64_t kAll = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
constexpr std::uint64_t kOfFiles =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;

void allow(int ruleset, const char* path, std::uint64_t access) {
  const int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) return;  // what is not there needs no rule
  struct stat facts{};
  fstat(fd, &facts);
  if (!S_ISDIR(facts.st_mode)) access &= kOfFiles;
  const landlock_path_beneath_attr rule{access, fd};
  syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  close(fd);
}

bool restrict_files(const SandboxRules& rules) {
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = kAll;
  const auto ruleset = static_cast<int>(
      syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0));
  if (ruleset < 0) return false;
  if (rules.direct) {
    allow(ruleset, "/", kRead);
    const char* home = std::getenv("HOME");
    for (const char* path : {"/dev", "/tmp", "/run", home}) {
      if (path != nullptr) allow(ruleset, path, kAll);
    }
  } else {
    for (const char* path : {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime",
                             "/dev/urandom", rules.folder.c_str()}) {
      allow(ruleset, path, kRead);
    }
    allow(ruleset, "/dev/null", kAll);
  }
  // The kernel writes a core as the process itself would.
  if (!rules.cores.empty()) allow(ruleset, rules.cores.c_str(), kAll);
  const bool done = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  close(ruleset);
  return done;
}

// ---- system calls ----

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// Ends the process: nobody does this by mistake.
constexpr std::uint32_t kDeadly[] = {
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
    SYS_execve,
    SYS_execveat,
    SYS_kill,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_userfaultfd,
    SYS_open_by_handle_at,
    SYS_io_uring_setup,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_sethostname,
    SYS_quotactl,
    SYS_acct};

class Filter {
 public:
  explicit Filter(bool network) {
    add(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
    jump(kArchitecture, 1, 0);
    answer(SECCOMP_RET_KILL_PROCESS);
    add(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
    for (const std::uint32_t number : kDeadly) {
      jump(number, 0, 1);
      answer(SECCOMP_RET_KILL_PROCESS);
    }
    // glibc then falls back to clone, whose flags can be looked at.
    jump(SYS_clone3, 0, 1);
    answer(SECCOMP_RET_ERRNO | ENOSYS);
    if (!network) {
      jump(SYS_socket, 0, 1);
      answer(SECCOMP_RET_ERRNO | EACCES);
    }
    jump(SYS_clone, 0, 3);
    add(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args));
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0));
    answer(SECCOMP_RET_KILL_PROCESS);
    answer(SECCOMP_RET_ALLOW);
  }
  bool apply() {
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
  }

 private:
  void add(std::uint16_t code, std::size_t k) {
    code_.push_back(BPF_STMT(code, static_cast<std::uint32_t>(k)));
  }
  void jump(std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no));
  }
  void answer(std::uint32_t action) { add(BPF_RET | BPF_K, action); }

  std::vector<sock_filter> code_;
};

}  // namespace

std::string enter_sandbox(const SandboxRules& rules) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const bool core = !rules.cores.empty() && chdir(rules.cores.c_str()) == 0;
  limit(RLIMIT_CORE, core ? kMaxCore : 0);
  limit(RLIMIT_NOFILE, kMaxOpen);
  limit(RLIMIT_FSIZE, core ? kMaxCore : kMaxFile);
  setpriority(PRIO_PROCESS, 0, kNice);
  std::string missing;
  if (!kSanitized) {
    limit(RLIMIT_DATA, (static_cast<rlim_t>(rules.memory_mb) + kOwnMb) * kMega);
    limit(RLIMIT_AS, static_cast<rlim_t>(rules.memory_mb) * kMega + kMaxReserve);
    if (!restrict_files(rules)) missing += " Landlock";
    Filter filter(rules.direct);
    if (!filter.apply()) missing += " seccomp";
  }
  return missing.empty() ? "" : "this kernel has no" + missing;
}

}  // namespace till::plugin_host
