#include "sim/app/line.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <stdexcept>

namespace till::sim {
namespace {

constexpr Ms kLookForHost = 10;  // how often a pty without a host is looked at

short events_now(const Fd& fd) {
  pollfd p{fd.get(), POLLIN, 0};
  return ::poll(&p, 1, 0) > 0 ? p.revents : short{0};
}

}  // namespace

Line::Line(std::string link, uint16_t port, Hooks hooks, Framing framing)
    : link_(std::move(link)), port_(port), hooks_(std::move(hooks)), script_(framing) {}

Line::~Line() { pull(); }

void Line::plug() {
  if (plugged_) return;
  listener_ = listen_tcp(port_);
  open_pty();
  plugged_ = true;
  plug_at_.reset();
}

void Line::pull() {
  plugged_ = false;
  client_spoke_ = slave_open_ = false;
  pull_at_.reset();
  plug_at_.reset();
  in_.clear();
  out_.clear();
  rx_hold_ = tx_hold_ = 0;
  script_.line_reset();
  std::error_code error;
  if (master_) std::filesystem::remove(link_, error);
  // The listener first: who sees the line end and comes back at once must be refused.
  listener_.reset();
  client_.reset();
  master_.reset();
}

void Line::open_pty() {
  int master = -1, slave = -1;
  std::array<char, 64> name{};
  if (::openpty(&master, &slave, name.data(), nullptr, nullptr) != 0) {
    throw std::runtime_error("cannot open a pty");
  }
  master_ = Fd(master);
  // Closed again at once: from then on the pty says whether a host has it open.
  const Fd closing(slave);
  termios raw{};
  ::tcgetattr(slave, &raw);
  ::cfmakeraw(&raw);
  ::tcsetattr(slave, TCSANOW, &raw);
  ::fcntl(master, F_SETFL, ::fcntl(master, F_GETFL) | O_NONBLOCK);
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
  slave_ = name.data();
  // A rename, so that a watcher never sees the name without its device.
  const std::string part = link_ + ".part";
  std::error_code error;
  std::filesystem::remove(part, error);
  std::filesystem::create_symlink(slave_, part);
  std::filesystem::rename(part, link_);
}

void Line::cut(Ms now, Ms ms) {
  if (dead()) return;
  flush(now);
  in_.clear();
  pull_at_ = now + kCutLinger;
  plug_after_ = ms;
}

void Line::send_raw(Ms now, View bytes) {
  if (dead()) return;
  size_t queued = bytes.size();
  for (const Timed& t : out_) queued += t.bytes.size();
  if (queued > kMaxQueue) return;
  out_.push_back({std::max(now, tx_hold_), {bytes.begin(), bytes.end()}});
  flush(now);
}

void Line::send(Ms now, View bytes) {
  if (dead() || bytes.empty()) return;
  for (const FaultStep& step : script_.tx(bytes)) {
    switch (step.kind) {
      case FaultStep::Kind::kPass:
        send_raw(now, step.bytes);
        break;
      case FaultStep::Kind::kSlow:
        tx_hold_ = std::max(now, tx_hold_) + step.ms;
        break;
      case FaultStep::Kind::kCut:
        return cut(now, step.ms);
      case FaultStep::Kind::kLate:
        cut(now, 0);
        return hooks_.late(step.ms);
      case FaultStep::Kind::kPower:
        cut(now, 0);
        return hooks_.power_off(now);
      case FaultStep::Kind::kNak:
        break;
    }
  }
}

void Line::received(Ms now, View bytes) {
  for (const FaultStep& step : script_.rx(bytes)) {
    switch (step.kind) {
      case FaultStep::Kind::kPass:
        in_.push_back({std::max(now, rx_hold_), step.bytes});
        deliver(now);
        break;
      case FaultStep::Kind::kSlow:
        rx_hold_ = std::max(now, rx_hold_) + step.ms;
        break;
      case FaultStep::Kind::kNak:
        hooks_.nak();
        break;
      case FaultStep::Kind::kCut:
        return cut(now, step.ms);
      case FaultStep::Kind::kLate:
        cut(now, 0);
        return hooks_.late(step.ms);
      case FaultStep::Kind::kPower:
        cut(now, 0);
        return hooks_.power_off(now);
    }
    if (dead()) return;  // the device's answer may have been a fault's turn
  }
}

void Line::deliver(Ms now) {
  while (!in_.empty() && in_.front().due <= now) {
    const Bytes bytes = std::move(in_.front().bytes);
    in_.pop_front();
    hooks_.receive(now, bytes);
  }
}

// False when the rest has to wait.
bool Line::write_out(Bytes& bytes) {
  const bool to_client = client_ && (client_spoke_ || !slave_open_);
  const Fd& fd = to_client ? client_ : master_;
  if (!to_client && !slave_open_) return true;  // nobody listens
  const auto n = write_some(fd, bytes);
  if (!n) {
    if (to_client) client_.reset();
    return true;
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(*n));
  return bytes.empty();
}

void Line::flush(Ms now) {
  while (!out_.empty() && out_.front().due <= now) {
    if (!write_out(out_.front().bytes)) return;
    out_.pop_front();
  }
}

void Line::accept_client() {
  Fd fresh = accept_one(listener_);
  if (!fresh) return;
  char byte = 0;
  const ssize_t n = client_ ? ::recv(client_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) : 0;
  if (n > 0 || (n < 0 && errno == EAGAIN)) return;  // one host at a time
  client_ = std::move(fresh);
  client_spoke_ = false;
}

void Line::read_pty(Ms now) {
  const short events = events_now(master_);
  const bool was_open = std::exchange(slave_open_, (events & POLLHUP) == 0);
  if ((events & POLLIN) != 0) {
    const auto bytes = read_some(master_, hooks_.room());
    if (bytes && !bytes->empty()) {
      client_spoke_ = false;
      received(now, *bytes);
    }
    return;
  }
  if (was_open && !slave_open_) {
    // What the last host has not read is not for the next one, as with a real port.
    const Fd slave(::open(slave_.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (slave) ::tcflush(slave.get(), TCIFLUSH);
  }
}

void Line::read_client(Ms now) {
  const auto bytes = read_some(client_, hooks_.room());
  if (!bytes) {
    client_.reset();
    client_spoke_ = false;
  } else if (!bytes->empty()) {
    client_spoke_ = true;
    received(now, *bytes);
  }
}

void Line::pump(Ms now) {
  pumped_at_ = now;
  if (pull_at_ && *pull_at_ <= now) {
    pull();
    if (plug_after_ > 0) plug_at_ = now + plug_after_;
  }
  if (plug_at_ && *plug_at_ <= now) plug();
  if (dead()) return;
  accept_client();
  deliver(now);
  if (!dead() && hooks_.room() > 0) read_pty(now);
  if (!dead() && client_ && hooks_.room() > 0) read_client(now);
  if (!dead()) flush(now);
}

void Line::wants(std::vector<pollfd>& out) const {
  if (dead()) return;
  out.push_back({listener_.get(), POLLIN, 0});
  if (hooks_.room() == 0) return;
  if (client_) out.push_back({client_.get(), POLLIN, 0});
  if (slave_open_) out.push_back({master_.get(), POLLIN, 0});
}

std::optional<Ms> Line::next_due() const {
  if (pull_at_) return pull_at_;
  if (plug_at_) return plug_at_;
  if (!plugged_) return std::nullopt;
  std::optional<Ms> due;
  const auto sooner = [&due](Ms at) { due = std::min(due.value_or(at), at); };
  if (!in_.empty()) sooner(in_.front().due);
  if (!out_.empty()) sooner(out_.front().due);
  // What could not be written yet is tried again soon, and so is a pty without a host.
  if (due && *due <= pumped_at_) due = pumped_at_ + kLookForHost;
  if (!slave_open_) sooner(pumped_at_ + kLookForHost);
  return due;
}

}  // namespace till::sim
