// For tests: a USB printer in code, behind the kernel's usbfs as libusb calls it. The program must
// run under umockdev-wrapper, which puts the described device where /sys and /dev are looked at.
#pragma once

#include <umockdev.h>

#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "sdk/cpp/base/bytes.h"

namespace till::devices {

class FakeUsbPrinter {
 public:
  // Interface settings as {class, subclass, protocol}; one of protocol 2 has a bulk IN too.
  using Setting = std::array<std::uint8_t, 3>;
  explicit FakeUsbPrinter(std::vector<Setting> settings = {{7, 1, 2}});
  ~FakeUsbPrinter();
  FakeUsbPrinter(const FakeUsbPrinter&) = delete;
  FakeUsbPrinter& operator=(const FakeUsbPrinter&) = delete;

  void plug();
  void unplug();  // what is under way ends with ESHUTDOWN, what follows with ENODEV
  // Unplugged, but /sys does not show it yet.
  void vanish();
  void give(const std::string& bytes);  // to be read by bulk IN
  void take(std::size_t room);          // how many more bytes it takes before it NAKs
  void stall();                         // bulk IN until CLEAR_HALT
  void set_busy(bool busy);             // another process has claimed the interface

  std::string printed();
  int claims();  // minus releases
  int halts_cleared();
  int setting();

 private:
  struct Urb {
    UMockdevIoctlData* block = nullptr;  // struct usbdevfs_urb
    UMockdevIoctlData* buffer = nullptr;
  };
  static gboolean on_ioctl(UMockdevIoctlBase*, UMockdevIoctlClient* client, void* self);
  int answer(UMockdevIoctlClient* client);  // 0 or an errno
  int submit(UMockdevIoctlData* block);
  int discard(gulong address);
  int reap(UMockdevIoctlData* pointer);
  bool progress(const Urb& urb);
  bool control(const Urb& urb);
  Buffer descriptors() const;
  static void drop(const Urb& urb);

  std::vector<Setting> settings_;
  UMockdevTestbed* testbed_;
  UMockdevIoctlBase* handler_ = nullptr;
  std::string path_;
  std::mutex mutex_;
  std::deque<Urb> urbs_;
  std::set<gulong> discarded_;
  std::string inbox_, printed_;
  std::size_t room_ = std::string::npos;
  bool gone_ = false, stalled_ = false, busy_ = false;
  int claims_ = 0, halts_cleared_ = 0, setting_ = 0;
};

}  // namespace till::devices
