// A device's line to its host: a pty and a TCP port, with faults.
#pragma once

#include <deque>
#include <functional>

#include "sim/app/system.h"
#include "sim/base/fault_script.h"

namespace till::sim {

// The device answers the side that spoke last. Output that nobody listens to is lost.
class Line final : public Component {
 public:
  static constexpr size_t kMaxQueue = 1 << 20;
  // A fault's cut takes this long, so that what was sent before it can be read.
  static constexpr Ms kCutLinger = 30;

  struct Hooks {
    std::function<void(Ms, View)> receive;
    std::function<size_t()> room = [] { return size_t{65536}; };
    std::function<void()> nak = [] {};
    std::function<void(Ms)> late = [](Ms) {};
    std::function<void(Ms)> power_off = [](Ms) {};  // now
  };

  Line(std::string link, uint16_t port, Hooks hooks, Framing framing = Framing::kShtrih);
  ~Line() override;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void plug();  // throws std::runtime_error
  void pull();
  bool plugged() const { return plugged_; }
  // Cut by a fault; plugged in again after `ms` unless that is 0.
  void cut(Ms now, Ms ms);
  void send(Ms now, View bytes);
  void send_raw(Ms now, View bytes);  // past the fault script
  FaultScript& script() { return script_; }
  uint16_t port() const { return port_; }

  void wants(std::vector<pollfd>& out) const override;
  std::optional<Ms> next_due() const override;
  void pump(Ms now) override;

 private:
  struct Timed {
    Ms due;
    Bytes bytes;
  };

  void open_pty();
  void accept_client();
  void read_pty(Ms now);
  void read_client(Ms now);
  void received(Ms now, View bytes);
  void deliver(Ms now);
  void flush(Ms now);
  bool write_out(Bytes& bytes);
  bool dead() const { return !plugged_ || pull_at_; }

  std::string link_;
  uint16_t port_;
  Hooks hooks_;
  FaultScript script_;
  Fd master_, listener_, client_;
  std::string slave_;
  bool plugged_ = false, slave_open_ = false, client_spoke_ = false;
  std::optional<Ms> pull_at_, plug_at_;
  Ms plug_after_ = 0, pumped_at_ = 0;
  Ms rx_hold_ = 0, tx_hold_ = 0;
  std::deque<Timed> in_, out_;
};

}  // namespace till::sim
