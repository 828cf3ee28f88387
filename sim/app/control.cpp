#include "sim/app/control.h"

namespace till::sim {

bool Control::serve(Ms now, Connection& c) {
  const auto bytes = read_some(c.fd, 65536);
  if (!bytes) return false;
  c.in.append(bytes->begin(), bytes->end());
  for (size_t end = c.in.find('\n'); end != std::string::npos; end = c.in.find('\n')) {
    c.out += handler_(now, c.in.substr(0, end)) + "\n";
    c.in.erase(0, end + 1);
  }
  if (c.in.size() > kMaxLine) return false;
  if (c.out.empty()) return true;
  const auto written = write_some(c.fd, view_of(c.out));
  if (!written) return false;
  c.out.erase(0, *written);
  return true;
}

void Control::pump(Ms now) {
  if (connections_.size() < kMaxConnections) {
    if (Fd fd = accept_one(listener_)) connections_.push_back({std::move(fd), {}, {}});
  }
  connections_.remove_if([this, now](Connection& c) { return !serve(now, c); });
}

void Control::wants(std::vector<pollfd>& out) const {
  out.push_back({listener_.get(), POLLIN, 0});
  for (const Connection& c : connections_) {
    out.push_back({c.fd.get(), static_cast<short>(c.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
  }
}

}  // namespace till::sim
