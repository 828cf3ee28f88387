// What a plugin does to its process: no others, no words, no sockets or files, nothing of the
// host's.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string_view>

#include "kit.h"

namespace till::kit {
namespace {

volatile sig_atomic_t processes = 0;

#if defined(__x86_64__)

using OnCall = void (*)(int, siginfo_t*, void*);

// From here on the calls that `steps` trap come to `handler`, which answers in the kernel's place.
void install(std::span<sock_filter> steps, OnCall handler) {
  struct sigaction seen{};
  seen.sa_sigaction = handler;
  seen.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSYS, &seen, nullptr);
  const sock_fprog program{static_cast<unsigned short>(steps.size()), steps.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    throw Skipped{"this kernel can not watch for calls"};
  }
}

greg_t* registers(void* context) { return static_cast<ucontext_t*>(context)->uc_mcontext.gregs; }

// A library's ways to start a process (system, popen, posix_spawn) tell nobody of the fork: the
// kernel is asked. Threads are let through; where a call's flags lie in memory the older one is
// taken, whose flags do not.
void watch_for_processes() {
  if (decoy < 0) return;  // this process would be watched from now on
  sock_filter steps[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fork, 5, 0),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_vfork, 4, 0),
                         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 2),
                         BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
                         BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP)};
  install(steps, [](int, siginfo_t*, void* context) {
    processes = processes + 1;
    registers(context)[REG_RAX] = -EPERM;
  });
}

#else

void watch_for_processes() {}

#endif

void children(Bench& b) {
  watch_for_processes();
  b.workout([](FakeHost&) {
    if (processes > 0) throw Failed{"it has started a process"};
    if (forks > 0 || waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD) {
      throw Failed{"it has forked"};
    }
  });
}

// Standard output and error of a child are log lines; a driver has till.log for its words.
void output(Bench& b) {
  char path[] = "/tmp/tillbridge-plugin.XXXXXX";
  const int file = mkstemp(path);
  unlink(path);
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  b.workout([](FakeHost&) {});
  std::fflush(nullptr);
  struct stat facts{};
  fstat(file, &facts);
  if (facts.st_size == 0) return;
  char words[200]{};
  const ssize_t n = pread(file, words, sizeof words - 1, 0);
  throw Failed{"it printed: " + std::string(words, n > 0 ? static_cast<std::size_t>(n) : 0)};
}

// Where a child has the socket to its host lies one that nobody listens at.
void host_socket(Bench& b) {
  if (decoy < 0) throw Skipped{"in this process it would be a descriptor of the kit's own"};
  struct stat before{};
  fstat(kHostSocket, &before);
  const int mode = fcntl(kHostSocket, F_GETFL);
  b.workout([&](FakeHost&) {
    struct stat now{};
    if (fstat(kHostSocket, &now) != 0 || now.st_ino != before.st_ino) {
      throw Failed{"it closed descriptor 3"};
    }
    if (fcntl(kHostSocket, F_GETFL) != mode) throw Failed{"it changed descriptor 3"};
    int unread = 0;
    if (ioctl(kHostSocket, FIONREAD, &unread) != 0 || unread == 0) {
      throw Failed{"it read from descriptor 3"};
    }
    pollfd written{decoy, POLLIN, 0};
    if (poll(&written, 1, 0) > 0) throw Failed{"it wrote to descriptor 3, or shut it down"};
  });
}

#if defined(__x86_64__)

// In the sixth argument, where none of the watched calls has one: the kit itself repeats it.
constexpr std::uint32_t kRepeated = 0x54424c31;

// These calls come to `handler`.
void watch(std::initializer_list<std::uint32_t> calls, OnCall handler) {
  if (decoy < 0) throw Skipped{"this process would be watched from now on"};
  constexpr std::uint32_t kSixth = offsetof(seccomp_data, args) + 5 * sizeof(std::uint64_t);
  std::vector<sock_filter> steps = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kSixth),
                                    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kRepeated, 0, 1),
                                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                                    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const std::uint32_t call : calls) {
    steps.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
    steps.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
  }
  steps.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  install(steps, handler);
}

volatile sig_atomic_t sockets = 0;

// As in the sandbox: the call is refused, and the process goes on.
void no_socket(int, siginfo_t*, void* context) {
  sockets = 1;
  registers(context)[REG_RAX] = -EACCES;
}

void network(Bench& b) {
  if (b.manifest().access == supervisor::Access::kDirect) throw Skipped{"its access is direct"};
  watch({SYS_socket, SYS_socketpair}, no_socket);
  b.workout([](FakeHost&) {
    if (sockets > 0) throw Failed{"it made a socket"};
  });
}

// Filled before the first call is watched, and only read from then on: a signal handler does.
std::vector<std::string> readable;
std::atomic<bool> reached = false;
std::array<char, 300> reached_path{};

// As in the sandbox, and what the kit and the C library look at by themselves.
bool may_open(int folder, std::string_view path, std::int64_t how) {
  if (path == "/dev/null") return true;
  if ((how & (O_ACCMODE | O_CREAT | O_TRUNC)) != O_RDONLY) return false;
  if (folder != AT_FDCWD && !path.starts_with("/")) return !path.contains("..");  // once judged
  return std::ranges::any_of(readable, [&](const std::string& place) {
    return path.starts_with(place) && path.find("/..", place.size()) == path.npos &&
           (path.size() == place.size() || path[place.size()] == '/');
  });
}

// Opens what was asked for; what a child could not open is remembered.
void on_open(int, siginfo_t* info, void* context) {
  const int kept = errno;
  greg_t* r = registers(context);
  const bool at = info->si_syscall == SYS_openat, creates = info->si_syscall == SYS_creat;
  const int folder = at ? static_cast<int>(r[REG_RDI]) : AT_FDCWD;
  const auto name = at ? r[REG_RSI] : r[REG_RDI];
  const auto how = creates ? O_CREAT | O_WRONLY | O_TRUNC : at ? r[REG_RDX] : r[REG_RSI];
  const auto mode = creates ? r[REG_RSI] : at ? r[REG_R10] : r[REG_RDX];
  const auto* path = reinterpret_cast<const char*>(name);  // NOLINT(performance-no-int-to-ptr)
  const long got = syscall(SYS_openat, folder, name, how, mode, 0, kRepeated);
  const bool bad_address = got < 0 && errno == EFAULT;
  r[REG_RAX] = got < 0 ? -errno : got;
  if (!bad_address && !may_open(folder, path, how) && !reached.exchange(true)) {
    std::strncpy(reached_path.data(), path, reached_path.size() - 1);
  }
  errno = kept;
}

void files(Bench& b) {
  if (b.manifest().access == supervisor::Access::kDirect) throw Skipped{"its access is direct"};
  if (sanitized()) throw Skipped{"a sanitizer opens files of its own"};
  b.entry();  // the loader looks for libraries wherever it is told to
  std::error_code bad;
  for (auto folder : {b.package().folder, b.package().schemas}) {
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    readable.push_back(folder);
    readable.push_back(std::filesystem::canonical(folder, bad).string());
  }
  std::erase(readable, "");
  for (const char* place : {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime",
                            "/dev/urandom", "/proc", "/sys/devices/system/cpu"}) {
    readable.emplace_back(place);
  }
  watch({SYS_open, SYS_openat, SYS_creat}, on_open);
  b.workout([&](FakeHost&) {
    if (!reached) return;
    throw Failed{std::string("it opened ") + reached_path.data() + ", and its access is \"" +
                 std::string(supervisor::name(b.manifest().access)) + "\""};
  });
}

#else

void network(Bench&) { throw Skipped{"seen on x86-64 only"}; }
void files(Bench&) { throw Skipped{"seen on x86-64 only"}; }

#endif

}  // namespace

std::vector<Check> process_checks() {
  return {
      {"process.children", "it starts no process", "The process in tillbridge/abi.h",
       "ask the gateway: till.port and till.http are the ways out", children},
      {"process.output", "it prints nothing", "tillbridge/log.h", "use till.log", output},
      {"process.host_socket", "descriptor 3 is the host's: not read, not written, not closed",
       "till_host in tillbridge/host.h", "speak through the tables only", host_socket},
      {"process.network", "it makes no socket, unless its access is direct",
       "The process in tillbridge/abi.h",
       "ask the gateway: till.port and till.http are the ways out", network},
      {"process.files", "it opens no device and no file but its own, unless its access is direct",
       "The process in tillbridge/abi.h",
       "till.port is the device, till.state keeps what must be kept", files},
  };
}

}  // namespace till::kit
