#include "port_usb.h"

#include <libusb.h>

#include <array>
#include <atomic>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace till::devices {
namespace {

constexpr unsigned kWriteMs = 10000;
constexpr unsigned kReadMs = 200;
constexpr std::uint8_t kPrinterClass = 7;
constexpr std::uint8_t kGetFromInterface = 0xa1;  // class request, device to host
constexpr std::uint8_t kGetPortStatus = 1;

struct Context {
  libusb_context* usb = nullptr;
  Context() { libusb_init(&usb); }
  ~Context() {
    if (usb != nullptr) libusb_exit(usb);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

struct Interface {
  int number = -1;
  std::uint8_t out = 0;
  std::uint8_t in = 0;  // 0 = unidirectional
};

Interface printer_interface(libusb_device* device) {
  libusb_config_descriptor* config = nullptr;
  Interface found;
  if (libusb_get_active_config_descriptor(device, &config) != 0) return found;
  for (int i = 0; i < config->bNumInterfaces && found.number < 0; ++i) {
    const libusb_interface& interface = config->interface[i];
    if (interface.num_altsetting == 0) continue;
    const libusb_interface_descriptor& setting = interface.altsetting[0];
    if (setting.bInterfaceClass != kPrinterClass) continue;
    found.number = setting.bInterfaceNumber;
    for (int e = 0; e < setting.bNumEndpoints; ++e) {
      const auto& endpoint = setting.endpoint[e];
      if ((endpoint.bmAttributes & 3) != LIBUSB_TRANSFER_TYPE_BULK) continue;
      (endpoint.bEndpointAddress & LIBUSB_ENDPOINT_IN ? found.in : found.out) =
          endpoint.bEndpointAddress;
    }
  }
  libusb_free_config_descriptor(config);
  return found;
}

std::string text(libusb_device_handle* handle, std::uint8_t index) {
  std::array<unsigned char, 256> buffer{};
  if (handle == nullptr || index == 0) return {};
  const int n = libusb_get_string_descriptor_ascii(handle, index, buffer.data(), buffer.size());
  return n > 0 ? std::string(reinterpret_cast<char*>(buffer.data()), static_cast<std::size_t>(n))
               : std::string();
}

template <typename F>
void for_each_printer(libusb_context* usb, F visit) {
  libusb_device** list = nullptr;
  const ssize_t n = libusb_get_device_list(usb, &list);
  for (ssize_t i = 0; i < n; ++i) {
    libusb_device_descriptor d{};
    if (libusb_get_device_descriptor(list[i], &d) != 0) continue;
    const Interface interface = printer_interface(list[i]);
    if (interface.number >= 0 && !visit(list[i], d, interface)) break;
  }
  if (n >= 0) libusb_free_device_list(list, 1);
}

struct Opened {
  libusb_device_handle* handle = nullptr;
  Interface interface;
};

Result<Opened> open_printer(libusb_context* usb, const UsbPort& spec) {
  Opened opened;
  int error = LIBUSB_ERROR_NO_DEVICE;
  for_each_printer(usb, [&](libusb_device* device, const auto& d, const Interface& interface) {
    if (d.idVendor != spec.vendor || d.idProduct != spec.product) return true;
    libusb_device_handle* handle = nullptr;
    error = libusb_open(device, &handle);
    if (error != 0) return true;
    if (!spec.serial.empty() && text(handle, d.iSerialNumber) != spec.serial) {
      libusb_close(handle);
      return true;
    }
    libusb_set_auto_detach_kernel_driver(handle, 1);  // usblp may hold it
    error = libusb_claim_interface(handle, interface.number);
    if (error != 0) {
      libusb_close(handle);
      return true;
    }
    opened = {handle, interface};
    return false;
  });
  if (opened.handle == nullptr)
    return fail(Code::kPortOpenFailed, to_string(spec), libusb_error_name(error));
  return opened;
}

// libusb's blocking calls on two threads of its own (one reads, one writes); the core loop only
// sees posts. A printer has at most one of these ports.
class Usb final : public Port, public std::enable_shared_from_this<Usb> {
 public:
  Usb(boost::asio::io_context& io, UsbPort spec, PortHandlers handlers)
      : io_(io), spec_(std::move(spec)), handlers_(std::move(handlers)) {}
  ~Usb() override { shut(); }

  void open() override {
    auto opened = open_printer(context_.usb, spec_);
    if (!opened) {
      boost::asio::post(
          io_, [self = shared_from_this(), e = opened.error()] { self->handlers_.closed(e); });
      return;
    }
    device_ = *opened;
    running_ = true;
    if (device_.interface.in != 0) reader_ = std::thread([this] { read_loop(); });
    writer_ = std::thread([this] { write_loop(); });
    boost::asio::post(io_, [self = shared_from_this()] { self->handlers_.opened(); });
  }
  void close() override { shut(); }
  void write(std::string bytes) override {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(bytes));
    wake_.notify_one();
  }
  void pause(bool paused) override { paused_ = paused; }

 private:
  void read_loop() {
    std::array<unsigned char, 512> buffer{};
    while (running_) {
      if (paused_) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        continue;
      }
      int n = 0;
      const int error = libusb_bulk_transfer(device_.handle, device_.interface.in, buffer.data(),
                                             buffer.size(), &n, kReadMs);
      if (n > 0) {
        boost::asio::post(
            io_, [self = weak_from_this(), bytes = Buffer(buffer.begin(), buffer.begin() + n)] {
              if (const auto port = self.lock()) port->handlers_.input(bytes);
            });
      }
      if (error != 0 && error != LIBUSB_ERROR_TIMEOUT) return lost(error);
    }
  }
  void write_loop() {
    while (running_) {
      std::string bytes;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !running_ || !queue_.empty(); });
        if (!running_) return;
        bytes = std::move(queue_.front());
        queue_.pop_front();
      }
      int n = 0;
      const int error = libusb_bulk_transfer(device_.handle, device_.interface.out,
                                             reinterpret_cast<unsigned char*>(bytes.data()),
                                             static_cast<int>(bytes.size()), &n, kWriteMs);
      if (error != 0) return lost(error);
      boost::asio::post(io_, [self = weak_from_this(), n] {
        if (const auto port = self.lock()) port->handlers_.written(static_cast<std::size_t>(n));
      });
    }
  }
  void lost(int error) {
    if (!running_.exchange(false)) return;
    wake_.notify_all();
    boost::asio::post(io_, [self = weak_from_this(), error] {
      const auto port = self.lock();
      if (!port) return;
      port->shut();
      port->handlers_.closed({Code::kPortLost, to_string(port->spec_), libusb_error_name(error)});
    });
  }
  void shut() {
    running_ = false;
    wake_.notify_all();
    if (reader_.joinable()) reader_.join();
    if (writer_.joinable()) writer_.join();
    if (device_.handle != nullptr) {
      libusb_release_interface(device_.handle, device_.interface.number);
      libusb_close(device_.handle);
      device_ = {};
    }
  }

  boost::asio::io_context& io_;
  UsbPort spec_;
  PortHandlers handlers_;
  Context context_;
  Opened device_;
  std::atomic<bool> running_ = false;
  std::atomic<bool> paused_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> queue_;
  std::thread reader_, writer_;
};

}  // namespace

std::vector<UsbDevice> list_usb_printers() {
  const Context context;
  std::vector<UsbDevice> out;
  for_each_printer(context.usb, [&](libusb_device* device, const auto& d, const Interface&) {
    UsbDevice found{d.idVendor,
                    d.idProduct,
                    {},
                    {},
                    libusb_get_bus_number(device),
                    libusb_get_device_address(device)};
    libusb_device_handle* handle = nullptr;
    if (libusb_open(device, &handle) == 0) {
      found.serial = text(handle, d.iSerialNumber);
      found.name = text(handle, d.iProduct);
      libusb_close(handle);
    }
    out.push_back(std::move(found));
    return true;
  });
  return out;
}

Result<std::uint8_t> usb_port_status(const UsbPort& spec) {
  const Context context;
  const Opened opened = TILL_TRY(open_printer(context.usb, spec));
  std::uint8_t status = 0;
  const int n = libusb_control_transfer(opened.handle, kGetFromInterface, kGetPortStatus, 0,
                                        static_cast<std::uint16_t>(opened.interface.number),
                                        &status, 1, 1000);
  libusb_release_interface(opened.handle, opened.interface.number);
  libusb_close(opened.handle);
  if (n != 1) return fail(Code::kPrinterError, to_string(spec), libusb_error_name(n));
  return status;
}

std::shared_ptr<Port> make_usb_port(boost::asio::io_context& io, UsbPort spec,
                                    PortHandlers handlers) {
  return std::make_shared<Usb>(io, std::move(spec), std::move(handlers));
}

}  // namespace till::devices
