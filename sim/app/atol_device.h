// The ATOL register with its web server on a loopback port and its paper on disk.
#pragma once

#include <list>

#include "sim/app/devices.h"
#include "sim/app/phone.h"
#include "sim/atol/control.h"

namespace till::sim {

class AtolDevice final : public Component {
 public:
  static constexpr size_t kMaxConnections = 32, kMaxBody = size_t{1} << 20;

  // `dir` is the program's folder. Throws std::runtime_error.
  AtolDevice(const std::string& dir, uint16_t port, Scribe& scribe, Ms now);

  // While pulled nobody gets through; the queue is worked off all the same.
  void pull();
  void plug();
  bool plugged() const { return static_cast<bool>(listener_); }
  const std::string& last_text() const { return last_text_; }
  // The verbs of sim/atol/control.h. Throws std::invalid_argument.
  boost::json::object obey(Ms now, const boost::json::object& in);

  void wants(std::vector<pollfd>& out) const override;
  std::optional<Ms> next_due() const override { return web_.next_due(); }
  void pump(Ms now) override;

 private:
  struct Connection {
    Fd fd;
    HttpReader reader{kMaxBody};
    std::string out = {};
    bool closing = false;
  };
  bool serve(Ms now, Connection& c);  // false: the connection is over
  void print(const Slip& slip);

  std::string paper_dir_;
  uint16_t port_;
  Scribe& scribe_;
  int slips_ = 0;
  std::string last_text_;
  std::unique_ptr<FiscalMemory> memory_;
  atol::FiscalPrinter printer_;
  atol::WebServer web_;
  Fd listener_;
  std::list<Connection> connections_;
};

}  // namespace till::sim
