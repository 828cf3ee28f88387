#include "sim/app/atol_device.h"

namespace till::sim {

AtolDevice::AtolDevice(const std::string& dir, uint16_t port, Scribe& scribe, Ms now)
    : paper_(dir + "/atol/paper", scribe),
      port_(port),
      memory_(open_memory<FileFiscalMemory>(dir + "/atol")),
      printer_(*memory_, now, [this](const Slip& slip) { paper_.print(slip); }),
      web_(printer_) {}

boost::json::object AtolDevice::obey(Ms now, const boost::json::object& in) {
  web_.tick(now);
  return atol::obey(printer_, &web_, now, in);
}

void AtolDevice::pump(Ms now) {
  web_.tick(now);
  server_.pump([this, now](const HttpReader::Request& request) {
    const auto answer = web_.http(now, request.method, request.path, request.body);
    return HttpServer::Answer{answer.status, answer.body};
  });
}

}  // namespace till::sim
