#include "child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include "gateway/plugin_host/seqpacket.h"

extern char** environ;

namespace till::supervisor {
namespace {

constexpr auto kHeartbeat = std::chrono::seconds(1);
constexpr int kLiveness = 3;
constexpr std::int64_t kInputMs = 5000;
constexpr int kChildFd = 3;
constexpr std::size_t kMaxOutgoing = 4096;

}  // namespace

Child::Child(boost::asio::io_context& io, ChildSpec spec, ChildHandlers handlers)
    : io_(io), spec_(std::move(spec)), handlers_(std::move(handlers)), socket_(io), timer_(io) {}

Child::~Child() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  reap();
}

Result<void> Child::start() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
    return fail(Code::kPluginNotFound, std::strerror(errno));
  }
  // The child's end blocks: its threads wait on it.
  fcntl(pair[1], F_SETFL, fcntl(pair[1], F_GETFL) & ~O_NONBLOCK);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // dup2 onto itself would keep CLOEXEC, so go over a number that can not be it.
  posix_spawn_file_actions_adddup2(&actions, pair[1], kChildFd);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::string fd = std::to_string(kChildFd);
  char* argv[] = {spec_.host_program.data(), fd.data(), nullptr};
  const int error =
      posix_spawn(&pid_, spec_.host_program.c_str(), &actions, &attributes, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  ::close(pair[1]);
  if (error != 0) {
    ::close(pair[0]);
    pid_ = -1;
    return fail(Code::kPluginNotFound, spec_.host_program + ": " + std::strerror(error));
  }
  socket_.assign(pair[0]);
  send(ipc::Type::kConfig, spec_.library + "\n" + spec_.plugin_id + "\n" + spec_.version + "\n" +
                               spec_.name + "\n" + spec_.settings);
  wait_readable();
  timer_.expires_after(std::chrono::milliseconds(spec_.handshake_ms));
  timer_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
    if (!ec && !self->ready_) self->handlers_.trouble(Trouble::kLate);
  });
  return {};
}

void Child::wait_readable() {
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code ec) {
                       if (!ec) self->read_frames();
                     });
}

void Child::read_frames() {
  // A bounded number at a time, so that one chatty child can not starve the others.
  for (int i = 0; i < 64; ++i) {
    if (over_ || !socket_.is_open()) return;
    auto received = ipc::receive_frame(socket_.native_handle());
    switch (received.state) {
      case ipc::ReceiveState::kFrame:
        if (received.frame.seq != ++heard_) {
          return lost({Code::kBadFrame, spec_.plugin_id + ": a frame out of turn", {}});
        }
        on_frame(std::move(received.frame));
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
    case ipc::Type::kReady:
      if (ready_) break;
      ready_ = true;
      heartbeat();
      handlers_.ready();
      break;
    case ipc::Type::kFailed: {
      const auto outcome = ipc::decode_outcome(frame.body);
      failure_ = outcome ? outcome->error : outcome.error();
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
      self->handlers_.trouble(Trouble::kSilent);
    }
    ++self->unanswered_;
    self->send(ipc::Type::kPing, {});
    self->heartbeat();
  });
}

void Child::send(ipc::Type type, std::string body, std::uint64_t op) {
  if (over_ || !socket_.is_open() || outgoing_.size() >= kMaxOutgoing) return;
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

void Child::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

// Input handlers must return soon; operations have their own deadlines, which the device watches.
void Child::on_pong(std::string_view status) {
  const auto space = status.find(' ');
  if (space == std::string_view::npos || status.substr(0, space) != ipc::kInputOpText) return;
  std::int64_t busy_ms = 0;
  std::from_chars(status.data() + space + 1, status.data() + status.size(), busy_ms);
  if (busy_ms > kInputMs) handlers_.trouble(Trouble::kHung);
}

void Child::lost(const Error& error) {
  if (over_) return;
  over_ = true;
  timer_.cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
  reap();
  handlers_.lost(failure_ == Error{} ? error : failure_);
}

void Child::reap() {
  if (pid_ <= 0) return;
  kill();
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace till::supervisor
