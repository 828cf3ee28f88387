#include "fake_usb_printer.h"

#include <linux/usbdevice_fs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>

namespace till::devices {
namespace {

constexpr char kNode[] = "/dev/bus/usb/001/004";
constexpr char kSerial[] = "J7X0001";
constexpr char kName[] = "TM-T20";
constexpr std::size_t kSetup = 8;

usbdevfs_urb& block_of(UMockdevIoctlData* data) {
  return *reinterpret_cast<usbdevfs_urb*>(data->data);
}

Buffer string_descriptor(int index) {
  if (index == 0) return {4, 3, 0x09, 0x04};  // English (United States)
  const std::string_view text = index == 2 ? kName : kSerial;
  Buffer out = {static_cast<std::uint8_t>(2 + 2 * text.size()), 3};
  for (const char c : text) {
    out.push_back(static_cast<std::uint8_t>(c));
    out.push_back(0);
  }
  return out;
}

}  // namespace

FakeUsbPrinter::FakeUsbPrinter(std::vector<Setting> settings)
    : settings_(std::move(settings)), testbed_(umockdev_testbed_new()) {
  plug();
}

FakeUsbPrinter::~FakeUsbPrinter() {
  unplug();
  g_object_unref(testbed_);
}

Buffer FakeUsbPrinter::descriptors() const {
  // 04b8:0202, USB 2.0, strings 1..3, one configuration of one interface.
  Buffer out = from_hex("12010002 00000040 b8040202 00010102 0301");
  Buffer body;
  for (std::size_t i = 0; i < settings_.size(); ++i) {
    const auto [kind, subclass, protocol] = settings_[i];
    const bool answers = protocol == 2;
    append(body, Buffer{9, 4, 0, static_cast<std::uint8_t>(i),
                        static_cast<std::uint8_t>(1 + answers), kind, subclass, protocol, 0});
    append(body, from_hex("07050102 400000"));
    if (answers) append(body, from_hex("07058202 400000"));
  }
  append(out, Buffer{9, 2, static_cast<std::uint8_t>(9 + body.size()), 0, 1, 1, 0, 0xc0, 1});
  append(out, body);
  return out;
}

void FakeUsbPrinter::plug() {
  path_ = "/devices/pci0000:00/0000:00:14.0/usb1/1-4";
  const std::string device = "P: " + path_ +
                             "\nN: bus/usb/001/004\n"
                             "E: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DEVNAME=" +
                             kNode +
                             "\nE: BUSNUM=001\nE: DEVNUM=004\nE: MAJOR=189\nE: MINOR=3\n"
                             "A: busnum=1\\n\nA: devnum=4\\n\nA: speed=480\\n\n"
                             "A: bConfigurationValue=1\\n\nH: descriptors=" +
                             to_hex(descriptors()) + "\n";
  GError* error = nullptr;
  handler_ = umockdev_ioctl_base_new();
  g_signal_connect(handler_, "handle-ioctl", G_CALLBACK(on_ioctl), this);
  if (!umockdev_testbed_add_from_string(testbed_, device.c_str(), &error) ||
      !umockdev_testbed_attach_ioctl(testbed_, kNode, handler_, &error)) {
    throw std::runtime_error(error->message);
  }
  const std::lock_guard lock(mutex_);
  gone_ = false;
}

void FakeUsbPrinter::vanish() {
  const std::lock_guard lock(mutex_);
  gone_ = true;
}

void FakeUsbPrinter::unplug() {
  vanish();
  if (handler_ == nullptr) return;
  umockdev_testbed_detach_ioctl(testbed_, kNode, nullptr);
  umockdev_testbed_remove_device(testbed_, ("/sys" + path_).c_str());
  g_object_unref(handler_);
  handler_ = nullptr;
  const std::lock_guard lock(mutex_);
  for (const Urb& urb : urbs_) drop(urb);
  urbs_.clear();
}

void FakeUsbPrinter::give(const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  inbox_ += bytes;
}
void FakeUsbPrinter::take(std::size_t room) {
  const std::lock_guard lock(mutex_);
  room_ = room;
}
void FakeUsbPrinter::stall() {
  const std::lock_guard lock(mutex_);
  stalled_ = true;
}
void FakeUsbPrinter::set_busy(bool busy) {
  const std::lock_guard lock(mutex_);
  busy_ = busy;
}
std::string FakeUsbPrinter::printed() {
  const std::lock_guard lock(mutex_);
  return printed_;
}
int FakeUsbPrinter::claims() {
  const std::lock_guard lock(mutex_);
  return claims_;
}
int FakeUsbPrinter::halts_cleared() {
  const std::lock_guard lock(mutex_);
  return halts_cleared_;
}
int FakeUsbPrinter::setting() {
  const std::lock_guard lock(mutex_);
  return setting_;
}

void FakeUsbPrinter::drop(const Urb& urb) {
  if (urb.buffer != nullptr) g_object_unref(urb.buffer);
  g_object_unref(urb.block);
}

gboolean FakeUsbPrinter::on_ioctl(UMockdevIoctlBase*, UMockdevIoctlClient* client, void* self) {
  const int error = static_cast<FakeUsbPrinter*>(self)->answer(client);
  // libusb asks again at once: a described device's file is always ready.
  if (error == EAGAIN) g_usleep(1000);
  umockdev_ioctl_client_complete(client, error == 0 ? 0 : -1, error);
  return TRUE;
}

int FakeUsbPrinter::answer(UMockdevIoctlClient* client) {
  const std::lock_guard lock(mutex_);
  const gulong request = umockdev_ioctl_client_get_request(client);
  UMockdevIoctlData* argument = umockdev_ioctl_client_get_arg(client);
  if (request == USBDEVFS_DISCARDURB) {
    return discard(*reinterpret_cast<gulong*>(argument->data));
  }
  if (gone_ && request != USBDEVFS_REAPURBNDELAY) return ENODEV;
  const gsize size = _IOC_SIZE(request);
  UMockdevIoctlData* data = umockdev_ioctl_data_resolve(argument, 0, size, nullptr);
  int error = 0;
  switch (request) {
    case USBDEVFS_GET_CAPABILITIES:
      *reinterpret_cast<std::uint32_t*>(data->data) = 0;
      break;
    case USBDEVFS_SUBMITURB:
      error = submit(data);
      break;
    case USBDEVFS_REAPURBNDELAY:
      error = reap(data);
      break;
    case USBDEVFS_CLAIMINTERFACE:
    case USBDEVFS_DISCONNECT_CLAIM:
      error = busy_ ? EBUSY : 0;
      claims_ += !busy_;
      break;
    case USBDEVFS_RELEASEINTERFACE:
      --claims_;
      break;
    case USBDEVFS_SETINTERFACE:
      setting_ = static_cast<int>(reinterpret_cast<usbdevfs_setinterface*>(data->data)->altsetting);
      break;
    case USBDEVFS_CLEAR_HALT:
      ++halts_cleared_;
      stalled_ = false;
      break;
    default:
      error = ENOTTY;
  }
  if (data != nullptr) g_object_unref(data);
  return error;
}

int FakeUsbPrinter::submit(UMockdevIoctlData* block) {
  const auto size = static_cast<gsize>(block_of(block).buffer_length);
  UMockdevIoctlData* buffer =
      umockdev_ioctl_data_resolve(block, offsetof(usbdevfs_urb, buffer), size, nullptr);
  g_object_ref(block);
  urbs_.push_back({block, buffer});
  return 0;
}

int FakeUsbPrinter::discard(gulong address) {
  const bool found =
      std::ranges::any_of(urbs_, [&](const Urb& urb) { return urb.block->client_addr == address; });
  if (!found) return EINVAL;
  discarded_.insert(address);
  return 0;
}

int FakeUsbPrinter::reap(UMockdevIoctlData* pointer) {
  const auto done = std::ranges::find_if(urbs_, [&](const Urb& urb) { return progress(urb); });
  if (done == urbs_.end()) return EAGAIN;
  discarded_.erase(done->block->client_addr);
  umockdev_ioctl_data_set_ptr(pointer, 0, done->block);
  drop(*done);
  urbs_.erase(done);
  return 0;
}

// Moves what can be moved; true when the transfer has ended.
bool FakeUsbPrinter::progress(const Urb& urb) {
  usbdevfs_urb& block = block_of(urb.block);
  if (gone_) {
    block.status = -ESHUTDOWN;
    return true;
  }
  if (block.type == USBDEVFS_URB_TYPE_CONTROL) return control(urb);
  const bool in = (block.endpoint & 0x80) != 0;
  const auto left = static_cast<std::size_t>(block.buffer_length - block.actual_length);
  auto* const at = urb.buffer->data + block.actual_length;
  if (in && stalled_) {
    block.status = -EPIPE;
    return true;
  }
  const std::size_t n = std::min(left, in ? inbox_.size() : room_);
  if (in) {
    std::memcpy(at, inbox_.data(), n);
    inbox_.erase(0, n);
  } else {
    printed_.append(reinterpret_cast<const char*>(at), n);
    if (room_ != std::string::npos) room_ -= n;
  }
  block.actual_length += static_cast<int>(n);
  if (in ? n > 0 : n == left) {
    block.status = 0;
    return true;
  }
  if (!discarded_.contains(urb.block->client_addr)) return false;
  block.status = -ENOENT;
  return true;
}

bool FakeUsbPrinter::control(const Urb& urb) {
  usbdevfs_urb& block = block_of(urb.block);
  const auto* setup = urb.buffer->data;
  Buffer reply;
  if (setup[0] == 0x80 && setup[1] == 6 && setup[3] == 3) reply = string_descriptor(setup[2]);
  if (setup[0] == 0xa1 && setup[1] == 1 && setup[4] == 0) reply = {0x18};  // GET_PORT_STATUS
  const auto room = static_cast<std::size_t>(block.buffer_length) - kSetup;
  const std::size_t n = std::min(reply.size(), room);
  std::memcpy(urb.buffer->data + kSetup, reply.data(), n);
  block.actual_length = static_cast<int>(n);
  block.status = reply.empty() ? -EPIPE : 0;
  return true;
}

}  // namespace till::devices
