#include "sandbox.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace till::plugin_host {
namespace {

constexpr rlim_t kMega = rlim_t{1} << 20;
// The loader, the SDK's libraries and two stacks, beside what the plugin asks for.
constexpr rlim_t kOwnMb = 24;
constexpr rlim_t kMaxOpen = 32;
constexpr rlim_t kMaxOpenDirect = 64;
constexpr rlim_t kMaxFile = 17 * kMega;   // a body of 16 MiB travels as a memory file
constexpr rlim_t kMaxCore = 256 * kMega;  // of memory in use
// Address space is more than what is used: libraries, stacks, what malloc reserves for a thread. A
// vendor's library brings others with it.
constexpr rlim_t kReserve = 384 * kMega;
constexpr rlim_t kReserveDirect = 1024 * kMega;
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

}  // namespace

// A gateway that runs as root would give its children the clock, the priorities and every file.
void drop_capabilities() {
  for (int one = 0; prctl(PR_CAPBSET_DROP, one, 0, 0, 0) == 0; ++one) {
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2]{};
  syscall(SYS_capset, &header, none);
}

std::string enter_sandbox(const SandboxRules& rules) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const bool core = !rules.cores.empty() && chdir(rules.cores.c_str()) == 0;
  limit(RLIMIT_CORE, core ? kMaxCore : 0);
  limit(RLIMIT_NOFILE, rules.direct ? kMaxOpenDirect : kMaxOpen);
  limit(RLIMIT_FSIZE, core ? kMaxCore : kMaxFile);
  limit(RLIMIT_MSGQUEUE, 0);
  limit(RLIMIT_MEMLOCK, 0);
  setpriority(PRIO_PROCESS, 0, kNice);
  std::string missing;
  if (!kSanitized) {
    const rlim_t memory = static_cast<rlim_t>(rules.memory_mb) * kMega;
    limit(RLIMIT_DATA, memory + kOwnMb * kMega);
    limit(RLIMIT_AS, memory + (rules.direct ? kReserveDirect : kReserve));
    if (!restrict_files(rules)) missing += " Landlock";
    drop_capabilities();
    if (!restrict_calls(rules.direct)) missing += " seccomp";
  }
  return missing.empty() ? "" : "this kernel has no" + missing;
}

}  // namespace till::plugin_host
