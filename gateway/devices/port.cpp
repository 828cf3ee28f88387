#include "port.h"

#include "port_stream.h"
#include "port_usb.h"

namespace till::devices {

std::shared_ptr<Port> make_port(boost::asio::io_context& io, const PortSpec& spec,
                                PortHandlers handlers) {
  if (const auto* serial = std::get_if<SerialPort>(&spec)) {
    return make_serial_port(io, *serial, std::move(handlers));
  }
  if (const auto* pty = std::get_if<PtyPort>(&spec)) {
    return make_pty_port(io, *pty, std::move(handlers));
  }
  if (const auto* tcp = std::get_if<TcpPort>(&spec)) {
    return make_tcp_port(io, *tcp, std::move(handlers));
  }
  if (const auto* usb = std::get_if<UsbPort>(&spec)) {
    return make_usb_port(io, *usb, std::move(handlers));
  }
  return nullptr;
}

}  // namespace till::devices
