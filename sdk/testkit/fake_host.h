// A host in the test's own process: drives a plugin through the C boundary with a scripted device,
// virtual time and a cable that can be cut at any byte. No thread, no real clock.
#pragma once

#include <tillbridge/plugin.h>

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"

namespace till::testkit {

namespace json = boost::json;

struct FakeEvent {
  std::string type;
  json::value body;
};

struct FakeOutcome {
  till_status status = TILL_DONE;
  json::value body;
  Error error;
  bool dirty = false;
};

class FakeHost {
 public:
  // The device: gets what the driver wrote and answers with device_says(). Called on every write.
  using Device = std::function<void(Bytes from_driver)>;
  // HTTP as the daemon would answer it.
  using Http = std::function<FakeOutcome(const json::object& request)>;
  // A device with a life of its own: runs what is due at `now_us` and tells when it wants to be
  // run next, nothing when it waits for the driver. Called whenever virtual time moves.
  using Clock = std::function<std::optional<std::int64_t>(std::int64_t now_us)>;

  explicit FakeHost(const till_entry& entry = tillbridge_entry);
  ~FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  FakeOutcome activate(const json::object& settings = {});
  FakeOutcome perform(const char* verb, const json::object& body = {}, const char* key = "");
  // Bytes the device sends by itself; `quiet` ends the message as a gap in the line does.
  void feed(Bytes bytes, bool quiet = true);
  void set_connected(bool connected);

  void set_device(Device device) { device_ = std::move(device); }
  void set_http(Http http) { http_ = std::move(http); }
  void set_clock(Clock clock) { clock_ = std::move(clock); }
  // Virtual time passes with nobody at the port.
  void pass_ms(std::uint32_t ms) { advance_to(now_us + std::int64_t{ms} * 1000); }
  // Bytes for the driver to read, `after_ms` of virtual time from now.
  void device_says(Bytes bytes, std::uint32_t after_ms = 0);
  // The cable: cut after so many more bytes from the driver, or to the driver.
  void cut_after_written(std::size_t bytes) { written_left_ = bytes; }
  void cut_after_read(std::size_t bytes) { read_left_ = bytes; }
  // Cut when the next byte after so many was on its way; the driver may write until then.
  void cut_before_read(std::size_t bytes) {
    read_left_ = bytes;
    cut_late_ = true;
  }
  [[nodiscard]] bool connected() const { return connected_; }

  [[nodiscard]] const std::vector<FakeEvent>& events() const { return events_; }
  [[nodiscard]] const std::vector<std::string>& log() const { return log_; }
  [[nodiscard]] std::size_t written() const { return written_; }
  [[nodiscard]] std::size_t bytes_read() const { return read_; }
  [[nodiscard]] bool passed_no_return() const { return no_return_; }
  void clear() {
    events_.clear();
    log_.clear();
  }
  std::int64_t now_us = 1'800'000'000'000'000;  // virtual, 2027-01-15

 private:
  friend struct FakeTables;
  struct Pending {
    std::int64_t at_us;
    Buffer bytes;
  };
  std::int32_t read(std::uint8_t* buffer, std::size_t capacity, std::uint32_t timeout_ms);
  bool write(Bytes bytes);
  bool await_input(std::int64_t until_us);
  void advance_to(std::int64_t until_us);
  std::optional<std::int64_t> run_clock() { return clock_ ? clock_(now_us) : std::nullopt; }
  static const void* extension(const till_host* host, const char* id) noexcept;

  till_host host_;
  const till_plugin* plugin_ = nullptr;
  Device device_;
  Http http_;
  Clock clock_;
  std::vector<Pending> to_driver_;
  std::vector<FakeEvent> events_;
  std::vector<std::string> log_;
  bool connected_ = true;
  bool no_return_ = false;
  bool cut_late_ = false;
  std::size_t written_ = 0, read_ = 0;
  std::size_t written_left_ = std::numeric_limits<std::size_t>::max();
  std::size_t read_left_ = std::numeric_limits<std::size_t>::max();
};

}  // namespace till::testkit
