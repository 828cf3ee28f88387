// Attacks of a plugin on the daemon and the machine, one row each: tried in a process of its own
// inside the sandbox, and outside of it to prove that the row could have succeeded.
#include "sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/memfd.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

namespace till::plugin_host {
namespace {

namespace fs = std::filesystem;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
constexpr int kWorked = 200;  // the exit code of an attack that worked

// What is attacked.
struct Victim {
  std::string file, folder;
  int pid = 0;
};

struct Attack {
  const char* name;
  std::function<bool(const Victim&)> tries;
  bool also_direct = true;  // direct is held back from it too
  bool here = true;         // works without a sandbox, when the test may do everything
};

void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.name; }

bool good(long result) { return result >= 0; }

class Sandbox : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "sanitizers need what a sandbox takes away";
    folder_ = fs::path(testing::TempDir()) / ("sandbox" + std::to_string(getpid()));
    fs::create_directories(folder_ / "plugin");
    fs::create_directories(folder_ / "data");
    victim_.folder = folder_ / "data";
    victim_.file = folder_ / "data" / "journal";
    std::ofstream(victim_.file) << "journal";
    victim_.pid = fork();
    if (victim_.pid == 0) {
      for (;;) pause();
    }
  }
  void TearDown() override {
    if (victim_.pid <= 0) return;
    EXPECT_EQ(kill(victim_.pid, SIGKILL), 0);
    int status = 0;
    EXPECT_EQ(waitpid(victim_.pid, &status, 0), victim_.pid);
    fs::remove_all(folder_);
  }

  // kWorked, the error number it met, or minus the signal that ended it.
  int run(const std::function<bool(const Victim&)>& tries, const SandboxRules* rules) {
    const int pid = fork();
    if (pid == 0) {
      if (rules != nullptr && !enter_sandbox(*rules).empty()) _exit(201);
      errno = 0;
      const bool worked = tries(victim_);
      _exit(worked ? kWorked : errno);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }
  SandboxRules rules(bool direct) {
    return {direct, 16, (folder_ / "plugin").string(), "", {victim_.folder}};
  }

  fs::path folder_;
  Victim victim_;
};

const std::vector<Attack>& file_attacks() {
  static const std::vector<Attack> all = {
      {"read", [](auto& v) { return good(open(v.file.c_str(), O_RDONLY)); }},
      {"write", [](auto& v) { return good(open(v.file.c_str(), O_WRONLY)); }},
      {"truncate", [](auto& v) { return good(truncate(v.file.c_str(), 7)); }},
      {"create", [](auto& v) { return good(creat((v.folder + "/new").c_str(), 0600)); }},
      {"list", [](auto& v) { return good(open(v.folder.c_str(), O_RDONLY | O_DIRECTORY)); }},
      {"rename", [](auto& v) { return good(rename(v.file.c_str(), v.file.c_str())); }, true, false},
      {"unlink", [](auto& v) { return good(unlink(v.file.c_str())); }, true, false},
      {"chmod", [](auto& v) { return good(chmod(v.file.c_str(), 0644)); }},
      {"fchmodat", [](auto& v) { return good(fchmodat(AT_FDCWD, v.file.c_str(), 0644, 0)); }},
      {"chown", [](auto& v) { return good(chown(v.file.c_str(), getuid(), getgid())); }},
      {"lchown", [](auto& v) { return good(lchown(v.file.c_str(), getuid(), getgid())); }},
      {"utimes", [](auto& v) { return good(utimes(v.file.c_str(), nullptr)); }},
      {"utimensat", [](auto& v) { return good(utimensat(AT_FDCWD, v.file.c_str(), nullptr, 0)); }},
      {"setxattr", [](auto& v) { return good(setxattr(v.file.c_str(), "user.till", "x", 1, 0)); },
       true, false},
      {"removexattr", [](auto& v) { return good(removexattr(v.file.c_str(), "user.till")); }, true,
       false},
  };
  return all;
}

const std::vector<Attack>& process_attacks() {
  static const std::vector<Attack> all = {
      {"kill", [](auto& v) { return good(kill(v.pid, 0)); }},
      {"tkill", [](auto& v) { return good(syscall(SYS_tkill, v.pid, 0)); }},
      {"tgkill", [](auto& v) { return good(syscall(SYS_tgkill, v.pid, v.pid, 0)); }},
      {"rt_sigqueueinfo",
       [](auto& v) {
         siginfo_t info{};
         info.si_code = SI_QUEUE;
         return good(syscall(SYS_rt_sigqueueinfo, v.pid, 0, &info));
       }},
      {"rt_tgsigqueueinfo",
       [](auto& v) {
         siginfo_t info{};
         info.si_code = SI_QUEUE;
         return good(syscall(SYS_rt_tgsigqueueinfo, v.pid, v.pid, 0, &info));
       }},
      {"pidfd_open", [](auto& v) { return good(syscall(SYS_pidfd_open, v.pid, 0)); }},
      {"pidfd_send_signal",
       [](auto&) { return good(syscall(SYS_pidfd_send_signal, 0, 0, nullptr, 0)); }, true, false},
      {"F_SETOWN",
       [](auto& v) {
         int ends[2];
         return pipe(ends) == 0 && good(fcntl(ends[0], F_SETOWN, v.pid));
       }},
      {"F_SETSIG",
       [](auto&) {
         int ends[2];
         return pipe(ends) == 0 && good(fcntl(ends[0], F_SETSIG, SIGKILL));
       }},
      {"FIOSETOWN",
       [](auto& v) {
         int ends[2];
         return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 &&
                good(ioctl(ends[0], 0x8901, &v.pid));
       }},
      {"prlimit",
       [](auto& v) {
         rlimit now{};
         return good(prlimit(v.pid, RLIMIT_NOFILE, nullptr, &now)) &&
                good(prlimit(v.pid, RLIMIT_NOFILE, &now, nullptr));
       }},
      {"sched_setscheduler",
       [](auto& v) {
         const sched_param none{};
         return good(sched_setscheduler(v.pid, SCHED_IDLE, &none));
       }},
      {"sched_setaffinity",
       [](auto& v) {
         cpu_set_t one;
         CPU_ZERO(&one);
         CPU_SET(0, &one);
         return good(sched_setaffinity(v.pid, sizeof one, &one));
       }},
      {"setpriority", [](auto& v) { return good(setpriority(PRIO_PROCESS, v.pid, 19)); }},
      {"ioprio_set", [](auto& v) { return good(syscall(SYS_ioprio_set, 1, v.pid, 3 << 13)); }},
      {"ptrace", [](auto& v) { return good(ptrace(PTRACE_SEIZE, v.pid, 0, 0)); }},
      {"its memory",
       [](auto& v) {
         return good(open(("/proc/" + std::to_string(v.pid) + "/mem").c_str(), O_RDONLY));
       }},
      {"fork", [](auto&) { return good(fork()); }},
      {"vfork's flags", [](auto&) { return good(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }, true,
       false},
      {"exec",
       [](auto&) {
         char program[] = "/bin/true";
         char* arguments[] = {program, nullptr};
         execv(program, arguments);
         return false;
       },
       true, false},
      {"to outlive the daemon", [](auto&) { return good(prctl(PR_SET_PDEATHSIG, 0)); }},
  };
  return all;
}

const std::vector<Attack>& machine_attacks() {
  static const std::vector<Attack> all = {
      {"adjtimex",
       [](auto&) {
         timex look{};
         return good(adjtimex(&look));
       }},
      {"clock_adjtime",
       [](auto&) {
         timex look{};
         return good(clock_adjtime(CLOCK_REALTIME, &look));
       }},
      {"settimeofday", [](auto&) { return good(syscall(SYS_settimeofday, nullptr, nullptr)); }},
      {"clock_settime",
       [](auto&) { return good(syscall(SYS_clock_settime, CLOCK_MONOTONIC, nullptr)); }, true,
       false},
      {"a better nice", [](auto&) { return good(setpriority(PRIO_PROCESS, 0, -20)); }},
      {"shmget",
       [](auto&) {
         const int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
         if (id >= 0) shmctl(id, IPC_RMID, nullptr);
         return good(id);
       }},
      {"msgget",
       [](auto&) {
         const int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
         if (id >= 0) msgctl(id, IPC_RMID, nullptr);
         return good(id);
       }},
      {"semget",
       [](auto&) {
         const int id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
         if (id >= 0) semctl(id, 0, IPC_RMID);
         return good(id);
       }},
      {"mq_open",
       [](auto&) {
         const long queue = syscall(SYS_mq_open, "till", O_CREAT | O_RDWR, 0600, nullptr);
         if (queue >= 0) syscall(SYS_mq_unlink, "till");
         return good(queue);
       }},
      {"shared memory",
       [](auto&) {
         return mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) !=
                MAP_FAILED;
       },
       false},
      {"huge pages in a memory file", [](auto&) { return good(memfd_create("x", MFD_HUGETLB)); },
       false, false},
      {"sockets", [](auto&) { return good(socket(AF_INET, SOCK_STREAM, 0)); }, false},
      {"io_uring", [](auto&) { return good(syscall(SYS_io_uring_setup, 0, nullptr)); }, true,
       false},
      {"keys", [](auto&) { return good(syscall(SYS_keyctl, 0, -1, 0)); }, true, false},
      {"unshare", [](auto&) { return good(unshare(0)); }},
      {"kexec", [](auto&) { return good(syscall(SYS_kexec_file_load, -1, -1, 0, "", 0)); }, true,
       false},
#if defined(__x86_64__)
      {"ioperm", [](auto&) { return good(syscall(SYS_ioperm, 0, 0, 0)); }, true, false},
      {"iopl", [](auto&) { return good(syscall(SYS_iopl, 3)); }, true, false},
      {"x32", [](auto&) { return syscall(0x40000000 | SYS_getpid) != 0; }, true, false},
#endif
  };
  return all;
}

#define EXPECT_HELD_BACK(attack, direct)                                                   \
  do {                                                                                     \
    const SandboxRules held = rules(direct);                                               \
    const int ended = run((attack).tries, &held);                                          \
    EXPECT_TRUE(ended == -SIGSYS || ended == EPERM || ended == EACCES || ended == EXDEV || \
                ended == ENOSYS)                                                           \
        << (attack).name << ((direct) ? ", direct" : "") << ": " << ended;                 \
  } while (false)

class Attacks : public Sandbox, public testing::WithParamInterface<Attack> {};

TEST_P(Attacks, AreHeldBack) {
  const Attack& attack = GetParam();
  EXPECT_HELD_BACK(attack, false);
  if (attack.also_direct) EXPECT_HELD_BACK(attack, true);
  EXPECT_EQ(fs::file_size(victim_.file), 7U);
  if (attack.here && geteuid() == 0) {
    EXPECT_EQ(run(attack.tries, nullptr), kWorked) << "proves nothing: " << attack.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Attacks, testing::ValuesIn(file_attacks()));
INSTANTIATE_TEST_SUITE_P(Processes, Attacks, testing::ValuesIn(process_attacks()));
INSTANTIATE_TEST_SUITE_P(Machine, Attacks, testing::ValuesIn(machine_attacks()));

TEST_F(Sandbox, LeavesWhatAPluginNeeds) {
  const auto works = [](const Victim&) {
    int ends[2];
    const int memory = memfd_create("body", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    bool done = false;
    std::thread([&] { done = true; }).join();
    std::ofstream null("/dev/null");
    std::ifstream program("/usr/bin/env", std::ios::binary);
    return done && memory >= 0 && write(memory, "x", 1) == 1 && null && program &&
           pipe2(ends, O_CLOEXEC) == 0 && raise(0) == 0 && time(nullptr) > 0;
  };
  for (const bool direct : {false, true}) {
    const auto held = rules(direct);
    EXPECT_EQ(run(works, &held), kWorked) << direct;
  }
}

TEST_F(Sandbox, DirectReadsTheMachineAndWritesBesideTheStore) {
  const auto held = rules(true);
  EXPECT_EQ(run([](auto&) { return good(open("/etc/passwd", O_RDONLY)); }, &held), kWorked);
  EXPECT_EQ(run([](auto&) { return good(socket(AF_INET, SOCK_STREAM, 0)); }, &held), kWorked);
  const auto beside = [this](auto&) {
    return good(creat((folder_ / "plugin" / "vendor.log").c_str(), 0600));
  };
  EXPECT_EQ(run(beside, &held), kWorked);
}

TEST_F(Sandbox, AnAbortIsStillAnAbort) {
  const auto held = rules(false);
  EXPECT_EQ(run([](auto&) -> bool { abort(); }, &held), -SIGABRT);
}

TEST_F(Sandbox, NoCapabilityIsLeft) {
  const auto held = rules(true);
  const auto none = [](auto&) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("CapEff:") || line.starts_with("CapPrm:")) {
        if (line.find_first_not_of('0', line.find('\t') + 1) != std::string::npos) return false;
      }
    }
    return true;
  };
  EXPECT_EQ(run(none, &held), kWorked);
}

}  // namespace
}  // namespace till::plugin_host
