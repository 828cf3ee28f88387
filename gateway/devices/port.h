// Ports: bytes to and from a device. The daemon opens and pumps them; drivers only get a pipe.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"
#include "sdk/cpp/port_spec.h"

namespace till::devices {

inline constexpr std::size_t kPieceOfInput = 4096;  // at most

struct PortHandlers {
  std::function<void()> opened;
  std::function<void(Bytes)> input;
  std::function<void(const Error&)> closed;  // could not be opened, or was lost; once per open()
  std::function<void(std::size_t)> written;  // bytes that have gone out
};

class Port {
 public:
  virtual ~Port() = default;
  virtual void open() = 0;
  virtual void close() = 0;
  // Queues; bounded by the driver's credit.
  virtual void write(std::string bytes) = 0;
  // Flow control: no more reading until resumed.
  virtual void pause(bool paused) = 0;
};

std::shared_ptr<Port> make_port(boost::asio::io_context& io, const PortSpec& spec,
                                PortHandlers handlers);

}  // namespace till::devices
