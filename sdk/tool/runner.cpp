// One check in one child process: it may crash, hang, exit or print, and is named for it.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <new>

#include "kit.h"
#include "sdk/cpp/base/text.h"

namespace till::kit {

int forks = 0;
bool own_fork = false;
int decoy = -1;

bool sanitized() {
  return dlsym(RTLD_DEFAULT, "__asan_init") != nullptr ||
         dlsym(RTLD_DEFAULT, "__tsan_init") != nullptr;
}

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kFirstOwn = 20;
constexpr int kCallLeastMs = 2000;

// Shared with the process of a check.
struct Trace {
  std::atomic<std::int64_t> since_ms;  // 0 = in no call
  std::array<char, 200> call;
};
Trace* trace = nullptr;  // none without a process of its own

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch())
      .count();
}

void new_trace() {
  if (trace == nullptr) {
    void* page =
        mmap(nullptr, sizeof(Trace), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return;
    trace = new (page) Trace{};
  }
  trace->since_ms = 0;
}

// The call the process is in, or was when it ended.
std::string traced_call() {
  return trace != nullptr && trace->since_ms != 0 ? std::string(trace->call.data()) : "";
}

// The fake host's time is virtual: no call of a plugin that goes through the host takes long. Past
// the host, in a vendor's library, it may.
std::int64_t longest_call_ms(const Package& package, const RunOptions& options) {
  using supervisor::Access;
  if (package.manifest && package.manifest->access == Access::kDirect) return options.timeout_ms;
  return std::max(kCallLeastMs, options.timeout_ms / 4);
}
constexpr long kOwnMb = 1024;  // the kit's, beside what the plugin may have

std::pair<Status, Failed> run_here(const Check& check, const Package& package, std::uint64_t seed) {
  Bench bench(package, seed);
  try {
    check.run(bench);
    return {Status::kPass, {}};
  } catch (const Failed& f) {
    return {Status::kFail, f};
  } catch (const Warned& w) {
    return {Status::kWarn, {w.words}};
  } catch (const Skipped& s) {
    return {Status::kSkip, {s.words}};
  } catch (const std::exception& e) {
    return {Status::kFail, {e.what()}};
  }
}

// A plugin's words may hold anything; a report is text.
std::string printable(std::string words) {
  const bool text = valid_utf8(words);
  for (char& c : words) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7f || (!text && u >= 0x80)) c = '?';
  }
  return words;
}

// What a plugin starts ends at once, or one that forks would double itself with every call.
void contain(const Check& check, const Package& package) {
  pthread_atfork(
      [] {
        if (own_fork) return;
        ++forks;
        while (waitpid(-1, nullptr, WNOHANG) > 0) {
        }
      },
      nullptr,
      [] {
        if (!own_fork) _exit(0);
      });
  const bool starts_one = std::string_view(check.id).starts_with("sanitized.");
  if (sanitized() || starts_one || !package.manifest) return;
  const auto most = static_cast<rlim_t>(kOwnMb + package.manifest->memory_mb) << 20;
  const rlimit limit{most, most};
  setrlimit(RLIMIT_DATA, &limit);
}

// Nothing of the kit lies where a plugin may believe its host's socket to be.
int out_of_the_way(int result) {
  const int moved = fcntl(result, F_DUPFD_CLOEXEC, kFirstOwn);
  std::array<int, 2> pair{};
  if (moved < 0 ||
      socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) != 0)
    _exit(1);
  decoy = fcntl(pair[1], F_DUPFD_CLOEXEC, kFirstOwn);
  if (decoy < 0 || write(decoy, "?", 1) != 1 || dup2(pair[0], kHostSocket) < 0) _exit(1);
  for (const int spare : {pair[0], pair[1], result}) {
    if (spare != kHostSocket) close(spare);
  }
  return moved;
}

// The child: its words go to `result`, whatever the plugin prints is thrown away.
[[noreturn]] void in_child(const Check& check, const Package& package, std::uint64_t seed,
                           int result) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  contain(check, package);
  result = out_of_the_way(result);
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(nowhere, STDIN_FILENO);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  const auto [status, said] = run_here(check, package, seed);
  const std::string line = std::to_string(static_cast<int>(status)) +
                           printable(said.words.substr(0, 2000)) + '\n' + said.place + '\n' +
                           said.fix + '\0';
  [[maybe_unused]] const auto n = write(result, line.data(), line.size());
  _exit(0);
}

std::string ending(int status) {
  if (WIFSIGNALED(status)) return std::string("ended by ") + strsignal(WTERMSIG(status));
  return "the process ended by itself, exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

void in_call(const std::string& call) {
  if (trace == nullptr) return;
  trace->since_ms = 0;
  if (call.empty()) return;
  const std::size_t n = std::min(call.size(), trace->call.size() - 1);
  std::copy_n(call.begin(), n, trace->call.begin());
  trace->call[n] = 0;
  trace->since_ms = now_ms();
}

Verdict run_check(const Check& check, const Package& package, const RunOptions& options) {
  const auto started = Clock::now();
  const auto since = [&] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started).count();
  };
  if (options.in_process) {
    auto [status, said] = run_here(check, package, options.seed);
    return {&check, status, said.words, since(), {}, said.place, said.fix};
  }
  std::array<int, 2> pipes{};
  if (pipe2(pipes.data(), O_CLOEXEC) != 0) return {&check, Status::kFail, strerror(errno), 0};
  std::fflush(nullptr);
  new_trace();
  const auto longest = longest_call_ms(package, options);
  const pid_t child = fork();
  if (child < 0) {  // -1 is everybody to kill()
    const std::string why = strerror(errno);
    close(pipes[0]);
    close(pipes[1]);
    return {&check, Status::kFail, "no process for it: " + why, since()};
  }
  if (child == 0) in_child(check, package, options.seed, pipes[1]);
  setpgid(child, child);  // here too: one of the two comes first
  close(pipes[1]);
  std::string answer;
  bool late = false;
  for (;;) {
    pollfd p{pipes[0], POLLIN, 0};
    const auto left = options.timeout_ms - since();
    const std::int64_t entered = trace == nullptr ? 0 : trace->since_ms.load();
    if (left <= 0 || (entered != 0 && now_ms() - entered > longest)) {
      late = true;
      break;
    }
    if (poll(&p, 1, static_cast<int>(std::min<std::int64_t>(left, 100))) == 0) continue;
    std::array<char, 4096> part{};
    const ssize_t n = read(pipes[0], part.data(), part.size());
    if (n <= 0) break;
    answer.append(part.data(), static_cast<std::size_t>(n));
    if (answer.back() == 0) break;  // a process it left behind may hold the pipe open
  }
  close(pipes[0]);
  kill(-child, SIGKILL);  // and whatever the plugin has started
  kill(child, SIGKILL);
  int status = 0;
  rusage used{};
  wait4(child, &status, 0, &used);
  const auto held = used.ru_maxrss / 1024;  // MB
  const auto most = package.manifest ? package.manifest->memory_mb : 0;
  if (!sanitized() && most > 0 && held > most + kOwnMb / 2) {
    return {&check, Status::kFail,
            "it held " + std::to_string(held) + " MB; memory_mb of its manifest is " +
                std::to_string(most),
            since()};
  }
  const std::string call = traced_call();
  if (late) {
    const std::string how = call.empty() ? "no end" : "it hung in " + call + ", no end";
    return {&check, Status::kTimeout, how + " after " + std::to_string(since()) + " ms", since(),
            call};
  }
  if (answer.empty()) {
    const std::string where = call.empty() ? "" : "in " + call + ": ";
    return {&check, Status::kCrash, where + ending(status), since(), call};
  }
  answer.resize(answer.size() - 1);
  const auto place = answer.find('\n'), fix = answer.find('\n', place + 1);
  return {&check, static_cast<Status>(answer[0] - '0'),      answer.substr(1, place - 1), since(),
          {},     answer.substr(place + 1, fix - place - 1), answer.substr(fix + 1)};
}

}  // namespace till::kit
