// What a plugin does to its process: no others, no words, no sockets, nothing of the host's.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>

#include "kit.h"

namespace till::kit {
namespace {

void children(Bench& b) {
  b.workout([](FakeHost&) {
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
  b.workout([&](FakeHost&) {
    struct stat now{};
    if (fstat(kHostSocket, &now) != 0 || now.st_ino != before.st_ino) {
      throw Failed{"it closed descriptor 3"};
    }
    int unread = 0;
    if (ioctl(kHostSocket, FIONREAD, &unread) != 0 || unread == 0) {
      throw Failed{"it read from descriptor 3"};
    }
    pollfd written{decoy, POLLIN, 0};
    if (poll(&written, 1, 0) > 0) throw Failed{"it wrote to descriptor 3"};
  });
}

volatile sig_atomic_t sockets = 0;

// As in the sandbox: the call is refused, and the process goes on.
void no_socket(int, siginfo_t*, void* context) {
  sockets = 1;
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RAX] = -EACCES;
}

void network(Bench& b) {
  if (b.manifest().access == supervisor::Access::kDirect) throw Skipped{"its access is direct"};
  if (decoy < 0) throw Skipped{"this process could not make sockets any more"};
  struct sigaction seen{};
  seen.sa_sigaction = no_socket;
  seen.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &seen, nullptr);
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(steps), steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    throw Skipped{"this kernel can not watch for sockets"};
  }
  b.workout([](FakeHost&) {
    if (sockets > 0) throw Failed{"it made a socket"};
  });
}

}  // namespace

std::vector<Check> process_checks() {
  return {
      {"process.children", "it starts no process", "tillbridge/abi.h",
       "ask the gateway: till.port and till.http are the ways out", children},
      {"process.output", "it prints nothing", "tillbridge/log.h", "use till.log", output},
      {"process.host_socket", "descriptor 3 is the host's: not read, not written, not closed",
       "till_host in tillbridge/host.h", "speak through the tables only", host_socket},
      {"process.network", "it makes no socket, unless its access is direct",
       "share/doc/tillbridge/authors/verbs.md, access",
       "ask the gateway: till.port and till.http are the ways out", network},
  };
}

}  // namespace till::kit
