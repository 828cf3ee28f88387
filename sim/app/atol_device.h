// The ATOL register with its web server on a loopback port and its paper on disk.
#pragma once

#include "sim/app/http_server.h"
#include "sim/app/paper_tray.h"
#include "sim/atol/control.h"

namespace till::sim {

class AtolDevice final : public Component {
 public:
  static constexpr size_t kMaxBody = size_t{1} << 20;

  // `dir` is the program's folder. Throws std::runtime_error.
  AtolDevice(const std::string& dir, uint16_t port, Scribe& scribe, Ms now);

  // While pulled nobody gets through; the queue is worked off all the same.
  void pull() { server_.close(); }
  void plug() {
    if (!plugged()) server_.open(port_);
  }
  bool plugged() const { return server_.is_open(); }
  const std::string& last_text() const { return paper_.last_text(); }
  // The verbs of sim/atol/control.h. Throws std::invalid_argument.
  boost::json::object obey(Ms now, const boost::json::object& in);

  void wants(std::vector<pollfd>& out) const override { server_.wants(out); }
  std::optional<Ms> next_due() const override { return web_.next_due(); }
  void pump(Ms now) override;

 private:
  PaperTray paper_;
  uint16_t port_;
  std::unique_ptr<FiscalMemory> memory_;
  atol::FiscalPrinter printer_;
  atol::WebServer web_;
  HttpServer server_{kMaxBody};
};

}  // namespace till::sim
