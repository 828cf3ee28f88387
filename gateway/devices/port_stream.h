// Ports that are a file descriptor or a socket: serial lines, pseudo-terminals, TCP.
#pragma once

#include "port.h"

namespace till::devices {

std::shared_ptr<Port> make_serial_port(boost::asio::io_context& io, SerialPort spec,
                                       PortHandlers handlers);
std::shared_ptr<Port> make_pty_port(boost::asio::io_context& io, PtyPort spec,
                                    PortHandlers handlers);
std::shared_ptr<Port> make_tcp_port(boost::asio::io_context& io, TcpPort spec,
                                    PortHandlers handlers);

}  // namespace till::devices
