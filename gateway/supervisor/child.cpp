#include "child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tillbridge/abi.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/plugin_host/seqpacket.h"

extern char** environ;

namespace till::supervisor {
namespace {

constexpr auto kHeartbeat = std::chrono::seconds(1);
constexpr int kLiveness = 3;
constexpr int kChildFd = 3;
constexpr std::size_t kMaxOutgoing = 4096;
constexpr std::size_t kMaxPrinted = 512;                  // of one line
constexpr std::size_t kMaxPrintedBytes = 256 << 10;       // in a second; the rest is lost
constexpr std::size_t kTurnBytes = std::size_t{1} << 20;  // read of one child, then the others

// What a child has to know of the daemon's environment; tokens and keys may stand in the rest.
// A vendor's library also looks for its home.
std::vector<char*> child_environment(bool direct) {
  static constexpr std::array kKept = {
      "TZ=",           "LANG=",         "LC_ALL=",       "LD_LIBRARY_PATH=",
      "ASAN_OPTIONS=", "TSAN_OPTIONS=", "UBSAN_OPTIONS="};
  static constexpr std::array kKeptDirect = {"HOME=", "PATH=", "USER=", "LOGNAME="};
  std::vector<char*> kept;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string_view entry = *e;
    const auto wanted = [&](std::string_view name) { return entry.starts_with(name); };
    if (std::ranges::any_of(kKept, wanted) ||
        (direct && std::ranges::any_of(kKeptDirect, wanted))) {
      kept.push_back(*e);
    }
  }
  kept.push_back(nullptr);
  return kept;
}

// Whoever ran into the limit of its memory (plugin_host/sandbox.cpp) has had all that it may have;
// the host program and its libraries come on top.
bool was_full(const rusage& used, int memory_mb) {
  constexpr long kOwnKib = 12L << 10;
  return used.ru_maxrss >= (static_cast<long>(memory_mb) << 10) + kOwnKib;
}

std::string ending(int status) {
  if (!WIFSIGNALED(status)) return "exit code " + std::to_string(WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  const char* name = sigabbrev_np(number);
  const std::string text = name != nullptr ? std::string("SIG") + name : std::to_string(number);
  return number == SIGSYS         ? text + ", a forbidden system call"
         : WCOREDUMP(status) != 0 ? text + ", core dumped"
                                  : text;
}

// Whether the process is over, or is within a moment: its socket is gone before it is.
bool ends_by_itself(int pid) {
  constexpr int kTries = 10;
  for (int i = 0; pid > 0 && i < kTries; ++i) {
    siginfo_t seen{};
    if (waitid(P_PID, static_cast<id_t>(pid), &seen, WEXITED | WNOHANG | WNOWAIT) != 0) return true;
    if (seen.si_pid == pid) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

}  // namespace

Child::Child(boost::asio::io_context& io, ChildSpec spec, ChildHandlers handlers)
    : io_(io),
      spec_(std::move(spec)),
      handlers_(std::move(handlers)),
      socket_(io),
      output_(io),
      timer_(io),
      beat_timer_(io) {}

Child::~Child() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  output_.close(ignored);
  reap();
}

// Starts the program with nothing but its socket and the two ways to print. errno's number.
int Child::spawn(int socket, int printed) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, printed, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, printed, STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, socket, kChildFd);
  posix_spawn_file_actions_addclosefrom_np(&actions, kChildFd + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::string fd = std::to_string(kChildFd);
  std::string memory = std::to_string(spec_.memory_mb);
  std::string folder = spec_.library.substr(0, spec_.library.find_last_of('/'));
  std::vector<char*> argv = {
      spec_.host_program.data(), fd.data(), spec_.access.data(), memory.data(), folder.data(),
      spec_.cores.data()};
  for (auto& path : spec_.kept_away) argv.push_back(path.data());
  argv.push_back(nullptr);
  auto environment = child_environment(spec_.access == "direct");
  const int error = posix_spawn(&pid_, spec_.host_program.c_str(), &actions, &attributes,
                                argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

Result<void> Child::start() {
  int pair[2];
  int printed[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
    return fail(Code::kPluginNotFound, std::strerror(errno));
  }
  if (pipe2(printed, O_CLOEXEC | O_NONBLOCK) != 0) {
    ::close(pair[0]);
    ::close(pair[1]);
    return fail(Code::kPluginNotFound, std::strerror(errno));
  }
  // The child's end blocks: its threads wait on it. What it prints does not: when the pipe is full
  // words are lost. A descriptor that is 3 already would keep CLOEXEC, so it moves away.
  fcntl(pair[1], F_SETFL, fcntl(pair[1], F_GETFL) & ~O_NONBLOCK);
  const int theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, kChildFd + 1);
  const int error = theirs < 0 ? errno : spawn(theirs, printed[1]);
  ::close(theirs);
  ::close(pair[1]);
  ::close(printed[1]);
  if (error != 0) {
    ::close(pair[0]);
    ::close(printed[0]);
    pid_ = -1;
    return fail(Code::kPluginNotFound, spec_.host_program + ": " + std::strerror(error));
  }
  socket_.assign(pair[0]);
  output_.assign(printed[0]);
  wait_output();
  if (spec_.hold) spec_.hold(pid_);
  send(ipc::Type::kConfig, spec_.library + "\n" + spec_.plugin_id + "\n" + spec_.version + "\n" +
                               spec_.name + "\n" + spec_.needs + "\n" + spec_.settings);
  wait_readable();
  expect(TILL_INIT_MS + TILL_GRACE_MS, "loading, init and create take too long");
  beat();
  return {};
}

// Every second, also while it is not ready yet: what it may use in one begins anew.
void Child::beat() {
  beat_timer_.expires_after(kHeartbeat);
  beat_timer_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
    if (ec || self->over_) return;
    self->frames_ = self->printed_ = 0;
    if (std::exchange(self->muted_, false) && self->output_.is_open()) self->wait_output();
    if (self->handlers_.beat) self->handlers_.beat();
    if (!self->over_) self->beat();
  });
}

// The next step of its start, in time.
void Child::expect(int ms, const char* what) {
  timer_.expires_after(std::chrono::milliseconds(ms));
  timer_.async_wait([self = shared_from_this(), what](boost::system::error_code ec) {
    if (!ec && !self->ready_) self->handlers_.trouble(Trouble::kLate, what);
  });
}

void Child::wait_readable() {
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code ec) {
                       if (!ec) self->read_frames();
                     });
}

void Child::read_frames() {
  // A bounded number at a time, so that one chatty child can not starve the others.
  std::size_t taken = 0;
  for (int i = 0; i < 64 && taken < kTurnBytes; ++i) {
    if (over_ || !socket_.is_open()) return;
    auto received = ipc::receive_frame(socket_.native_handle());
    switch (received.state) {
      case ipc::ReceiveState::kFrame:
        if (received.frame.seq != ++heard_) {
          return lost({Code::kBadFrame, spec_.plugin_id + ": a frame out of turn", {}});
        }
        taken += received.frame.body.size();
        if (++frames_ == spec_.frames_a_second) {
          handlers_.trouble(Trouble::kFlood, "it sends more than " +
                                                 std::to_string(spec_.frames_a_second) +
                                                 " frames in a second");
        }
        if (frames_ < spec_.frames_a_second) on_frame(std::move(received.frame));
        break;
      case ipc::ReceiveState::kWouldBlock:
        return wait_readable();
      case ipc::ReceiveState::kBroken:
        return lost(received.error);
      case ipc::ReceiveState::kClosed:
        return lost({Code::kPluginDied, spec_.plugin_id, {}});
    }
  }
  wait_readable();
}

void Child::on_frame(ipc::Frame frame) {
  unanswered_ = 0;
  switch (frame.type) {
    case ipc::Type::kHello:
      break;
    case ipc::Type::kPong:
      on_pong(frame.body);
      break;
    case ipc::Type::kLoaded:
      if (!ready_) expect(spec_.activate_ms, "activate takes too long");
      break;
    case ipc::Type::kReady:
      if (ready_) break;
      ready_ = true;
      heartbeat();
      handlers_.ready();
      break;
    case ipc::Type::kFailed: {
      const auto outcome = ipc::decode_outcome(frame.body);
      failure_ = outcome ? outcome->error : outcome.error();
      // These two are the daemon's to say, with words of its own that are counted.
      if (failure_->code == Code::kPluginDied || failure_->code == Code::kPluginHung) {
        failure_->code = Code::kBadFrame;
      }
      break;
    }
    default:
      handlers_.frame(std::move(frame));
  }
}

void Child::heartbeat() {
  timer_.expires_after(kHeartbeat);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
    if (ec || self->over_) return;
    if (self->unanswered_ >= kLiveness) {
      self->handlers_.trouble(Trouble::kSilent, "three heartbeats without an answer");
    }
    if (self->over_) return;
    ++self->unanswered_;
    self->send(ipc::Type::kPing, {});
    self->heartbeat();
  });
}

void Child::send(ipc::Type type, std::string body, std::uint64_t op) {
  if (over_ || deaf_ || !socket_.is_open()) return;
  if (outgoing_.size() >= kMaxOutgoing) {
    // A frame that is left out would break what the two sides agreed on: it has to end.
    deaf_ = true;
    return boost::asio::post(io_, [self = shared_from_this()] {
      if (!self->over_) self->handlers_.trouble(Trouble::kDeaf, "it does not read what it is told");
    });
  }
  outgoing_.push_back({.type = type, .seq = ++seq_, .op = op, .body = std::move(body)});
  if (!flushing_) flush();
}

void Child::flush() {
  flushing_ = false;
  while (!outgoing_.empty()) {
    if (ipc::send_frame(socket_.native_handle(), outgoing_.front())) {
      outgoing_.pop_front();
      continue;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK) return;  // gone: the reading side notices
    flushing_ = true;
    socket_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                       [self = shared_from_this()](boost::system::error_code ec) {
                         if (!ec && !self->over_) self->flush();
                       });
    return;
  }
}

void Child::kill(Error why) {
  if (!ended_) ended_ = std::move(why);
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

std::string_view name(Trouble trouble) {
  static constexpr std::array<std::string_view, 5> kNames = {"late", "silent", "hung", "deaf",
                                                             "flood"};
  return kNames.at(static_cast<std::size_t>(trouble));
}

// Input handlers must return soon; operations have their own deadlines, which the device watches.
void Child::on_pong(std::string_view status) {
  const auto space = status.find(' ');
  if (space == std::string_view::npos || status.substr(0, space) != ipc::kInputOpText) return;
  std::int64_t busy_ms = 0;
  std::from_chars(status.data() + space + 1, status.data() + status.size(), busy_ms);
  if (busy_ms > TILL_INPUT_MS) {
    handlers_.trouble(Trouble::kHung, "on_input, on_quiet or on_port does not return");
  }
}

void Child::lost(const Error& error) {
  if (over_) return;
  over_ = true;
  timer_.cancel();
  beat_timer_.cancel();
  // A frame that can not be read is our end of it; the end of the socket should be its own.
  const bool by_itself = ended_ || error.code != Code::kPluginDied || ends_by_itself(pid_);
  std::string how = reap();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (!by_itself) how = "closed its socket";
  read_output();  // its last words
  if (!line_.empty() && handlers_.output) handlers_.output(line_);
  output_.close(ignored);
  Error why = ended_ ? *ended_ : failure_ ? *failure_ : error;
  if (why.code == Code::kPluginDied && why.vendor.empty()) why.vendor = how;
  handlers_.lost(why);
}

// How the process ended; one that has ended before is not changed by the kill.
std::string Child::reap() {
  if (pid_ <= 0) return {};
  ::kill(pid_, SIGKILL);
  int status = 0;
  rusage used{};
  while (wait4(pid_, &status, 0, &used) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  const auto how = ending(status);
  // malloc gave NULL and the plugin did not look: what it died of is not what killed it.
  return was_full(used, spec_.memory_mb)
             ? "memory, all " + std::to_string(spec_.memory_mb) + " MB used, then " + how
             : how;
}

void Child::wait_output() {
  output_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code ec) {
                       if (ec || self->over_) return;
                       self->read_output();
                       if (self->output_.is_open() && !self->muted_) self->wait_output();
                     });
}

// What it prints, line by line; a child that floods is read only so far at a time, and so far in a
// second.
void Child::read_output() {
  std::array<char, 4096> part{};
  const auto say = [&](std::string_view line) {
    if (handlers_.output) handlers_.output(line);
  };
  for (int i = 0; i < 4 && output_.is_open(); ++i) {
    const ssize_t n = ::read(output_.native_handle(), part.data(), part.size());
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      boost::system::error_code ignored;
      output_.close(ignored);
      return;
    }
    printed_ += static_cast<std::size_t>(n);
    for (const char c : std::string_view(part.data(), static_cast<std::size_t>(n))) {
      if (c == '\n') {
        if (!line_.empty()) say(line_);
        line_.clear();
        cut_ = false;
      } else if (!cut_) {
        line_ += c;
        if (line_.size() < kMaxPrinted) continue;
        say(line_);
        line_.clear();
        cut_ = true;
      }
    }
    if (printed_ < kMaxPrintedBytes || over_) continue;
    muted_ = true;
    return say("[it prints too much; the rest of this second is lost]");
  }
}

}  // namespace till::supervisor
