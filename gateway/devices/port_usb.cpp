#include "port_usb.h"

#include <libusb.h>

#include <array>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace till::devices {
namespace {

constexpr unsigned kSliceMs = 100;  // of a transfer; between two a thread sees that it must end
constexpr std::size_t kReadSize = kPieceOfInput;  // several packets of any speed
constexpr unsigned kControlMs = 1000;
constexpr std::uint8_t kPrinterClass = 7;
constexpr std::uint8_t kPrinterSubclass = 1;
constexpr std::uint8_t kBidirectional = 2;  // protocols: 1 out only, 2 both ways, 3 IEEE 1284.4
constexpr std::uint8_t kGetFromInterface = 0xa1;  // class request, device to host
constexpr std::uint8_t kGetPortStatus = 1;

// One libusb session; it sees the devices that are there when it begins. Null where there is no
// USB at all, as in most containers.
struct Context {
  libusb_context* usb = nullptr;
  int error = libusb_init(&usb);
  Context() = default;
  ~Context() {
    if (error == 0) libusb_exit(usb);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

struct Interface {
  int number = -1;
  int setting = 0;
  int protocol = 0;
  int settings = 0;  // how many there are to choose from
  std::uint8_t out = 0;
  std::uint8_t in = 0;  // 0 = unidirectional
};

Interface raw_setting(const libusb_interface_descriptor& setting) {
  Interface found;
  if (setting.bInterfaceClass != kPrinterClass || setting.bInterfaceSubClass != kPrinterSubclass ||
      setting.bInterfaceProtocol > kBidirectional) {
    return found;
  }
  for (int e = 0; e < setting.bNumEndpoints; ++e) {
    const auto& endpoint = setting.endpoint[e];
    if ((endpoint.bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) != LIBUSB_TRANSFER_TYPE_BULK) continue;
    const bool is_in = (endpoint.bEndpointAddress & LIBUSB_ENDPOINT_IN) != 0;
    (is_in ? found.in : found.out) = endpoint.bEndpointAddress;
  }
  if (found.out == 0) return found;
  found.number = setting.bInterfaceNumber;
  found.setting = setting.bAlternateSetting;
  found.protocol = setting.bInterfaceProtocol;
  return found;
}

// The device's setting that takes raw bytes, rather the one that also answers.
Interface printer_interface(libusb_device* device) {
  libusb_config_descriptor* config = nullptr;
  Interface best;
  if (libusb_get_active_config_descriptor(device, &config) != 0) return best;
  for (int i = 0; i < config->bNumInterfaces; ++i) {
    const libusb_interface& interface = config->interface[i];
    for (int a = 0; a < interface.num_altsetting; ++a) {
      Interface found = raw_setting(interface.altsetting[a]);
      found.settings = interface.num_altsetting;
      if (found.number >= 0 && found.protocol > best.protocol) best = found;
    }
  }
  libusb_free_config_descriptor(config);
  return best;
}

std::string text(libusb_device_handle* handle, std::uint8_t index) {
  std::array<unsigned char, 256> buffer{};
  if (index == 0) return {};
  const int n = libusb_get_string_descriptor_ascii(handle, index, buffer.data(), buffer.size());
  return n > 0 ? std::string(reinterpret_cast<char*>(buffer.data()), static_cast<std::size_t>(n))
               : std::string();
}

template <typename F>
void for_each_printer(const Context& context, F visit) {
  if (context.error != 0) return;
  libusb_device** list = nullptr;
  const ssize_t n = libusb_get_device_list(context.usb, &list);
  for (ssize_t i = 0; i < n; ++i) {
    libusb_device_descriptor d{};
    if (libusb_get_device_descriptor(list[i], &d) != 0) continue;
    const Interface interface = printer_interface(list[i]);
    if (interface.number >= 0 && !visit(list[i], d, interface)) break;
  }
  if (n >= 0) libusb_free_device_list(list, 1);
}

// A printer whose interface is ours until the object dies.
class Printer {
 public:
  static Result<std::unique_ptr<Printer>> open(const UsbPort& spec) {
    auto printer = std::make_unique<Printer>();
    int error = printer->context_.error != 0 ? printer->context_.error : LIBUSB_ERROR_NO_DEVICE;
    for_each_printer(printer->context_, [&](libusb_device* device, const auto& d, Interface found) {
      if (d.idVendor != spec.vendor || d.idProduct != spec.product) return true;
      const int tried = printer->claim(device, d.iSerialNumber, found, spec.serial);
      if (tried != LIBUSB_ERROR_NO_DEVICE) error = tried;
      return tried != 0;
    });
    if (error != 0) return fail(Code::kPortOpenFailed, to_string(spec), libusb_error_name(error));
    return printer;
  }

  Printer() = default;
  ~Printer() { release(); }
  Printer(const Printer&) = delete;
  Printer& operator=(const Printer&) = delete;

  bool answers() const { return interface_.in != 0; }
  // For at most kSliceMs: libusb's error, and how many bytes went.
  std::pair<int, std::size_t> transfer(bool in, unsigned char* data, std::size_t size) {
    const auto endpoint = in ? interface_.in : interface_.out;
    int n = 0;
    const int error =
        libusb_bulk_transfer(handle_, endpoint, data, static_cast<int>(size), &n, kSliceMs);
    // A stalled endpoint stays so until it is told; the next opening shall find it working.
    if (error == LIBUSB_ERROR_PIPE) libusb_clear_halt(handle_, endpoint);
    return {error == LIBUSB_ERROR_TIMEOUT ? 0 : error, static_cast<std::size_t>(n)};
  }
  // libusb's error, or 1 = the status has come.
  int port_status(std::uint8_t& status) {
    return libusb_control_transfer(handle_, kGetFromInterface, kGetPortStatus, 0,
                                   static_cast<std::uint16_t>(interface_.number), &status, 1,
                                   kControlMs);
  }

 private:
  int claim(libusb_device* device, std::uint8_t serial_index, const Interface& interface,
            const std::string& serial) {
    if (const int error = libusb_open(device, &handle_); error != 0) return error;
    int error = LIBUSB_ERROR_NO_DEVICE;
    if (serial.empty() || text(handle_, serial_index) == serial) {
      libusb_set_auto_detach_kernel_driver(handle_, 1);  // usblp may hold it
      error = libusb_claim_interface(handle_, interface.number);
      if (error == 0) interface_ = interface;
      if (error == 0 && interface.settings > 1) {
        error = libusb_set_interface_alt_setting(handle_, interface.number, interface.setting);
      }
    }
    if (error != 0) release();
    return error;
  }
  void release() {
    if (handle_ == nullptr) return;
    if (interface_.number >= 0) libusb_release_interface(handle_, interface_.number);
    libusb_close(handle_);
    handle_ = nullptr;
    interface_ = {};
  }

  Context context_;
  libusb_device_handle* handle_ = nullptr;
  Interface interface_;
};

// libusb's blocking calls on threads of its own: one opens and writes, one reads. The core loop
// only sees posts; one read at a time waits there to be delivered.
class Usb final : public Port, public std::enable_shared_from_this<Usb> {
 public:
  Usb(boost::asio::io_context& io, UsbPort spec, PortHandlers handlers)
      : io_(io), spec_(std::move(spec)), handlers_(std::move(handlers)) {}
  ~Usb() override { shut(); }

  void open() override {
    shut();
    running_ = true;
    worker_ = std::thread([this, g = generation_] { work(g); });
  }
  void close() override { shut(); }
  void write(std::string bytes) override {
    const std::lock_guard lock(mutex_);
    if (!ready_ || bytes.empty()) return;
    queue_.push_back(std::move(bytes));
    wake_.notify_all();
  }
  void pause(bool paused) override {
    const std::lock_guard lock(mutex_);
    paused_ = paused;
    wake_.notify_all();
  }

 private:
  // ---- on the port's threads ----

  void work(std::uint64_t g) {
    auto printer = Printer::open(spec_);
    if (!printer) return post(g, [this, e = printer.error()] { lost(e); });
    post(g, [this] { begin(); });
    std::thread reader;
    if ((*printer)->answers()) reader = std::thread([this, g, p = printer->get()] { read(g, *p); });
    write_queue(g, **printer);
    if (reader.joinable()) reader.join();
    printer->reset();  // before anybody hears of the loss and opens it again
    const std::lock_guard lock(mutex_);
    if (error_ == 0) return;
    const Error error{Code::kPortLost, to_string(spec_), libusb_error_name(error_)};
    post(g, [this, error] { lost(error); });
  }
  void read(std::uint64_t g, Printer& printer) {
    Buffer buffer(kReadSize);
    while (wait([this] { return !paused_ && !delivering_; })) {
      const auto [error, n] = printer.transfer(true, buffer.data(), buffer.size());
      if (n > 0) {
        set_delivering(true);
        post(g, [this, g, bytes = Buffer(buffer.begin(), buffer.begin() + static_cast<long>(n))] {
          handlers_.input(bytes);
          if (g == generation_) set_delivering(false);
        });
      }
      if (error != 0) return stop(error);
    }
  }
  void write_queue(std::uint64_t g, Printer& printer) {
    while (wait([this] { return !queue_.empty(); })) {
      std::string bytes;
      {
        const std::lock_guard lock(mutex_);
        bytes = std::move(queue_.front());
        queue_.pop_front();
      }
      // A printer without paper takes nothing until it has some: that is no loss, it only waits.
      std::size_t sent = 0;
      while (sent < bytes.size() && wait([] { return true; })) {
        const auto [error, n] = printer.transfer(
            false, reinterpret_cast<unsigned char*>(bytes.data()) + sent, bytes.size() - sent);
        sent += n;
        if (n > 0) post(g, [this, n] { handlers_.written(n); });
        if (error != 0) return stop(error);
      }
    }
  }
  template <typename Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return !running_ || condition(); });
    return running_;
  }
  void stop(int error) {
    const std::lock_guard lock(mutex_);
    if (running_) error_ = error;
    running_ = false;
    wake_.notify_all();
  }
  // Handlers of an earlier opening are ignored.
  template <typename F>
  void post(std::uint64_t g, F call) {
    boost::asio::post(io_, [self = weak_from_this(), g, call = std::move(call)] {
      const auto port = self.lock();
      if (port && g == port->generation_) call();
    });
  }

  // ---- on the core loop ----

  void begin() {
    {
      const std::lock_guard lock(mutex_);
      ready_ = running_;
    }
    handlers_.opened();
  }
  void lost(const Error& error) {
    shut();
    handlers_.closed(error);
  }
  void set_delivering(bool delivering) {
    const std::lock_guard lock(mutex_);
    delivering_ = delivering;
    wake_.notify_all();
  }
  void shut() {
    stop(0);
    if (worker_.joinable()) worker_.join();
    ++generation_;
    queue_.clear();
    ready_ = delivering_ = false;
    error_ = 0;
  }

  boost::asio::io_context& io_;
  UsbPort spec_;
  PortHandlers handlers_;
  std::uint64_t generation_ = 0;  // the core loop's; the rest below is under the mutex
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> queue_;
  bool running_ = false;     // the threads shall go on
  bool ready_ = false;       // writes are taken
  bool paused_ = false;      // stays over openings
  bool delivering_ = false;  // input is on its way to the handler
  int error_ = 0;            // why the threads ended by themselves
  std::thread worker_;
};

}  // namespace

std::vector<UsbDevice> list_usb_printers() {
  const Context context;
  std::vector<UsbDevice> out;
  for_each_printer(context, [&](libusb_device* device, const auto& d, const Interface&) {
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
  const auto printer = TILL_TRY(Printer::open(spec));
  std::uint8_t status = 0;
  const int n = printer->port_status(status);
  if (n != 1) {
    return fail(Code::kPrinterError, to_string(spec), n < 0 ? libusb_error_name(n) : "no answer");
  }
  return status;
}

std::shared_ptr<Port> make_usb_port(boost::asio::io_context& io, UsbPort spec,
                                    PortHandlers handlers) {
  return std::make_shared<Usb>(io, std::move(spec), std::move(handlers));
}

}  // namespace till::devices
