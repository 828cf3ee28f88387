#include "port_stream.h"

#include <fcntl.h>
#include <libserialport.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <deque>

namespace till::devices {
namespace {

constexpr auto kConnectTime = std::chrono::seconds(3);

// What all streams have in common; Derived opens and closes.
template <typename Stream>
class StreamPort : public Port, public std::enable_shared_from_this<StreamPort<Stream>> {
 public:
  StreamPort(boost::asio::io_context& io, PortHandlers handlers)
      : stream_(io), handlers_(std::move(handlers)) {}

  void write(std::string bytes) override {
    if (!open_) return;
    queue_.push_back(std::move(bytes));
    if (queue_.size() == 1) write_next();
  }
  void pause(bool paused) override {
    if (paused_ == paused) return;
    paused_ = paused;
    if (!paused && open_ && !reading_) read_next();
  }
  void close() override {
    open_ = false;
    ++generation_;
    boost::system::error_code ignored;
    stream_.close(ignored);
    release();
    queue_.clear();
    reading_ = false;
  }

 protected:
  virtual void release() {}
  void started() {
    open_ = true;
    handlers_.opened();
    read_next();
  }
  void lost(Code code, const std::string& detail, const std::string& vendor = {}) {
    close();
    handlers_.closed({code, detail, vendor});
  }
  Stream& stream() { return stream_; }
  PortHandlers& handlers() { return handlers_; }

 private:
  void read_next() {
    if (paused_ || !open_) return;
    reading_ = true;
    stream_.async_read_some(boost::asio::buffer(buffer_),
                            [self = this->shared_from_this(), g = generation_](
                                boost::system::error_code ec, std::size_t n) {
                              if (g != self->generation_) return;
                              self->reading_ = false;
                              if (ec) return self->lost(Code::kPortLost, ec.message());
                              self->handlers_.input(Bytes(self->buffer_).first(n));
                              if (g == self->generation_) self->read_next();
                            });
  }
  void write_next() {
    boost::asio::async_write(stream_, boost::asio::buffer(queue_.front()),
                             [self = this->shared_from_this(), g = generation_](
                                 boost::system::error_code ec, std::size_t n) {
                               if (g != self->generation_) return;
                               if (ec) return self->lost(Code::kPortLost, ec.message());
                               self->queue_.pop_front();
                               self->handlers_.written(n);
                               if (g == self->generation_ && !self->queue_.empty())
                                 self->write_next();
                             });
  }

  Stream stream_;
  PortHandlers handlers_;
  std::deque<std::string> queue_;
  std::array<std::uint8_t, kPieceOfInput> buffer_{};
  std::uint64_t generation_ = 0;  // handlers of an earlier opening are ignored
  bool open_ = false;
  bool paused_ = false;
  bool reading_ = false;
};

using Descriptor = boost::asio::posix::stream_descriptor;

class Pty final : public StreamPort<Descriptor> {
 public:
  Pty(boost::asio::io_context& io, PtyPort spec, PortHandlers handlers)
      : StreamPort(io, std::move(handlers)), spec_(std::move(spec)) {}

  void open() override {
    const int fd = ::open(spec_.path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return lost(Code::kPortOpenFailed, spec_.path, std::strerror(errno));
    termios settings{};
    if (tcgetattr(fd, &settings) == 0) {
      cfmakeraw(&settings);
      tcsetattr(fd, TCSANOW, &settings);
    }
    stream().assign(fd);
    started();
  }

 private:
  PtyPort spec_;
};

class Serial final : public StreamPort<Descriptor> {
 public:
  Serial(boost::asio::io_context& io, SerialPort spec, PortHandlers handlers)
      : StreamPort(io, std::move(handlers)), spec_(std::move(spec)) {}
  ~Serial() override { free_port(); }

  void open() override {
    free_port();
    if (const auto failed = open_line(); failed != SP_OK) {
      const char* why = failed == SP_ERR_FAIL ? std::strerror(errno) : "no such serial line";
      return lost(Code::kPortOpenFailed, spec_.path, why);
    }
    // The library sets the line up and keeps it; Asio pumps a duplicate of its descriptor.
    int handle = -1;
    sp_get_port_handle(port_, &handle);
    const int fd = fcntl(handle, F_DUPFD_CLOEXEC, 3);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    ioctl(fd, TIOCEXCL);
    stream().assign(fd);
    started();
  }

 private:
  sp_return open_line() {
    if (const auto failed = sp_get_port_by_name(spec_.path.c_str(), &port_); failed != SP_OK) {
      return failed;
    }
    const auto failed = sp_open(port_, SP_MODE_READ_WRITE);
    return failed != SP_OK || configure() ? failed : SP_ERR_FAIL;
  }
  bool configure() {
    const auto parity = spec_.parity == 'E'   ? SP_PARITY_EVEN
                        : spec_.parity == 'O' ? SP_PARITY_ODD
                                              : SP_PARITY_NONE;
    return sp_set_baudrate(port_, spec_.baud) == SP_OK && sp_set_bits(port_, spec_.bits) == SP_OK &&
           sp_set_parity(port_, parity) == SP_OK &&
           sp_set_stopbits(port_, spec_.stop_bits) == SP_OK &&
           sp_set_flowcontrol(port_, SP_FLOWCONTROL_NONE) == SP_OK;
  }
  void release() override { free_port(); }
  void free_port() {
    if (port_ == nullptr) return;
    sp_close(port_);
    sp_free_port(port_);
    port_ = nullptr;
  }

  SerialPort spec_;
  sp_port* port_ = nullptr;
};

using boost::asio::ip::tcp;

class Tcp final : public StreamPort<tcp::socket> {
 public:
  Tcp(boost::asio::io_context& io, TcpPort spec, PortHandlers handlers)
      : StreamPort(io, std::move(handlers)), spec_(std::move(spec)), resolver_(io), timer_(io) {}

  void open() override {
    const auto self = std::static_pointer_cast<Tcp>(shared_from_this());
    const auto g = ++attempt_;
    timer_.expires_after(kConnectTime);
    timer_.async_wait([self, g](boost::system::error_code ec) {
      if (!ec && g == self->attempt_) self->failed("no answer");
    });
    resolver_.async_resolve(
        spec_.host, spec_.service,
        [self, g](boost::system::error_code ec, const tcp::resolver::results_type& found) {
          if (g != self->attempt_) return;
          if (ec) return self->failed(ec.message());
          boost::asio::async_connect(
              self->stream(), found, [self, g](boost::system::error_code error, const auto&) {
                if (g != self->attempt_) return;
                if (error) return self->failed(error.message());
                ++self->attempt_;
                self->timer_.cancel();
                boost::system::error_code ignored;
                self->stream().set_option(tcp::no_delay(true), ignored);
                self->stream().set_option(boost::asio::socket_base::keep_alive(true), ignored);
                self->started();
              });
        });
  }
  void close() override {
    ++attempt_;
    timer_.cancel();
    resolver_.cancel();
    StreamPort::close();
  }

 private:
  void failed(const std::string& why) {
    lost(Code::kPortOpenFailed, spec_.host + ":" + spec_.service + ": " + why);
  }

  TcpPort spec_;
  tcp::resolver resolver_;
  boost::asio::steady_timer timer_;
  std::uint64_t attempt_ = 0;
};

}  // namespace

std::shared_ptr<Port> make_serial_port(boost::asio::io_context& io, SerialPort spec,
                                       PortHandlers handlers) {
  return std::make_shared<Serial>(io, std::move(spec), std::move(handlers));
}
std::shared_ptr<Port> make_pty_port(boost::asio::io_context& io, PtyPort spec,
                                    PortHandlers handlers) {
  return std::make_shared<Pty>(io, std::move(spec), std::move(handlers));
}
std::shared_ptr<Port> make_tcp_port(boost::asio::io_context& io, TcpPort spec,
                                    PortHandlers handlers) {
  return std::make_shared<Tcp>(io, std::move(spec), std::move(handlers));
}

}  // namespace till::devices
