#include "live_port.h"

#include <sys/eventfd.h>
#include <tillbridge/port.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>

#include "gateway/devices/port.h"

namespace till::kit {
namespace {

using Clock = std::chrono::steady_clock;

int left_ms(Clock::time_point until) {
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(ms, 0));
}

}  // namespace

Result<void> LivePort::open(const std::string& spec) {
  close();
  const auto parsed = TILL_TRY(devices::parse_port(spec));
  if (std::holds_alternative<devices::NoPort>(parsed)) {
    return fail(Code::kConfigInvalid, "none is no port");
  }
  fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  devices::PortHandlers handlers;
  handlers.opened = [this] { loop_.tell([this] { opened_ = true; }); };
  handlers.input = [this](Bytes bytes) { on_input(bytes); };
  handlers.closed = [this](const Error& error) {
    loop_.tell([&] {
      lost_ = error;
      eventfd_write(fd_, 1);
    });
  };
  handlers.written = [this](std::size_t n) { loop_.tell([&] { written_ += n; }); };
  loop_.call([&] {
    port_ = devices::make_port(loop_.io(), parsed, std::move(handlers));
    port_->open();
  });
  std::optional<Error> why;
  loop_.wait(INT_MAX, [&] {  // the port itself gives up in time
    if (!opened_) why = lost_;
    return opened_ || lost_;
  });
  if (!why) return {};
  close();
  return std::unexpected(*why);
}

void LivePort::close() {
  if (port_) {
    loop_.call([this] {  // nothing of the port runs then, and it says nothing afterwards
      port_->close();
      port_ = nullptr;
    });
  }
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  opened_ = paused_ = false;
  lost_.reset();
  input_.clear();
  queued_ = written_ = 0;
}

bool LivePort::connected() {
  bool is = false;
  loop_.tell([&] { is = opened_ && !lost_; });
  return is;
}

// On the loop. As much is kept as the gateway keeps for a plugin that does not read; the rest waits
// in the device.
void LivePort::on_input(Bytes bytes) {
  bool full = false;
  loop_.tell([&] {
    append(input_, bytes);
    paused_ = full = input_.size() >= TILL_PORT_CREDIT;
    eventfd_write(fd_, 1);
  });
  if (full) port_->pause(true);
}

// Under the mutex.
void LivePort::drop(std::size_t n) {
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(n));
  if (paused_ && input_.size() < TILL_PORT_CREDIT) {
    paused_ = false;
    loop_.post([port = port_] { port->pause(false); });
  }
  eventfd_t ignored = 0;
  if (input_.empty() && !lost_) eventfd_read(fd_, &ignored);
}

int LivePort::read(std::uint8_t* buffer, std::size_t capacity, int timeout_ms) {
  if (!port_) return -1;
  const bool come = loop_.wait(timeout_ms, [this] { return !input_.empty() || lost_; });
  if (!come) return loop_.cancelled() ? -1 : 0;
  std::size_t n = 0;
  loop_.tell([&] {
    n = std::min(capacity, input_.size());
    std::copy_n(input_.begin(), n, buffer);
    drop(n);
  });
  if (n > 0) return static_cast<int>(n);
  close();
  return -1;
}

bool LivePort::write(Bytes bytes, int timeout_ms) {
  const auto until = Clock::now() + std::chrono::milliseconds(timeout_ms);
  while (port_) {
    bool out = false, lost = false;
    loop_.wait(left_ms(until), [&] {
      out = written_ >= queued_;
      lost = lost_.has_value();
      return out || lost;
    });
    if (out && bytes.empty()) return true;
    if (lost) close();
    if (!out || lost || loop_.cancelled()) return false;
    // A piece at a time: what the plugin gives up to send stays here.
    const Bytes piece = bytes.first(std::min<std::size_t>(bytes.size(), TILL_PORT_CREDIT));
    loop_.post([port = port_, text = std::string(as_text(piece))] { port->write(text); });
    queued_ += piece.size();
    bytes = bytes.subspan(piece.size());
  }
  return false;
}

void LivePort::discard_input() {
  if (port_) loop_.tell([this] { drop(input_.size()); });
}

}  // namespace till::kit
