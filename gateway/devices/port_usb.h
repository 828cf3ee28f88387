// USB printers (interface class 07h) through libusb: bulk out, bulk in, port status.
// Source: USB Device Class Definition for Printing Devices 1.1.
#pragma once

#include <vector>

#include "port.h"

namespace till::devices {

struct UsbDevice {
  std::uint16_t vendor = 0;
  std::uint16_t product = 0;
  std::string serial;
  std::string name;
  int bus = 0;
  int address = 0;
};
// Devices that have a printer-class interface.
std::vector<UsbDevice> list_usb_printers();

// GET_PORT_STATUS of one printer, opened for this call alone (bits 08h no error, 20h paper empty).
Result<std::uint8_t> usb_port_status(const UsbPort& spec);

std::shared_ptr<Port> make_usb_port(boost::asio::io_context& io, UsbPort spec,
                                    PortHandlers handlers);

}  // namespace till::devices
