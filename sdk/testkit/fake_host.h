// A host in the test's own process: drives a plugin through the C boundary with a scripted device,
// virtual time and a cable that can be cut at any byte. No thread, no real clock.
//
// It is strict: whatever the plugin does against the rules of <tillbridge/abi.h> is noted in
// violations(), so that a test can ask for none.
#pragma once

#include <tillbridge/plugin.h>

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <tillbridge/sdk/base/bytes.h>
#include <tillbridge/sdk/base/kept_state.h>
#include <tillbridge/sdk/base/result.h>

namespace till::testkit {

namespace json = boost::json;

struct FakeEvent {
  std::string type;
  json::value body;  // null and `text` kept when it is no JSON
  std::string text;
};

struct FakeOutcome {
  till_status status = TILL_DONE;
  json::value body;
  Error error;
  bool dirty = false;
  std::string text = {};  // the result as it was written
};

// What the plugin broke: "thread", "state", "after_destroy", "host_written", "error_memory",
// "progress".
struct Violation {
  std::string rule;
  std::string words;
};

struct FakeHostOptions {
  std::string id = {};                  // of the plugin; "" = the factory's first
  std::set<std::string> withheld = {};  // ids of host extensions that are not there
  std::size_t most_read = std::numeric_limits<std::size_t>::max();  // bytes of one read
  bool guarded = false;     // what is passed ends at the end of a page and is taken away afterwards
  std::uint32_t later = 0;  // bytes a later version has added to the structs it passes
  std::size_t most_result = std::numeric_limits<std::size_t>::max();  // then the sink says no
  bool create = true;
  bool init = true;      // false: somebody has called it already
  KeptState state = {};  // of an earlier life
  // Told the call into the plugin that begins, "perform of drawer.open", and "" when none is made
  // any more: whoever watches the process knows where it hangs or dies.
  std::function<void(const std::string& call)> entered = {};
};

// What a plugin asks for through till.http/1; kBadValue names the member that is wrong.
Result<json::object> read_http_request(std::string_view text);

class FakeHost {
 public:
  // The device: gets what the driver wrote and answers with device_says(). Called on every write.
  using Device = std::function<void(Bytes from_driver)>;
  // HTTP as the daemon would answer it.
  using Http = std::function<FakeOutcome(const json::object& request)>;
  // A device with a life of its own: runs what is due at `now_us` and tells when it wants to be
  // run next, nothing when it waits for the driver. Called whenever virtual time moves.
  using Clock = std::function<std::optional<std::int64_t>(std::int64_t now_us)>;

  explicit FakeHost(const till_entry& entry, FakeHostOptions options = {});
  // Of the plugin the test is linked with.
  FakeHost() : FakeHost(tillbridge_entry) {}
  ~FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  bool create();
  FakeOutcome activate(const json::object& settings = {});
  FakeOutcome activate_text(const std::string& settings);
  FakeOutcome perform(const char* verb, const json::object& body = {}, const char* key = "",
                      std::uint32_t deadline_ms = 60000);
  FakeOutcome perform_text(const std::string& verb, const std::string& body,
                           const std::string& key = "", std::uint32_t deadline_ms = 60000);
  void deactivate();
  void destroy();
  // Bytes the device sends by itself; `quiet` ends the message as a gap in the line does.
  void feed(Bytes bytes, bool quiet = true);
  void set_connected(bool connected);
  // Plugged or not from the start, without a word to the plugin.
  void start_connected(bool connected) { connected_ = connected; }

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
  // The host cancels in the n-th call into it of the next operation that may block, from another
  // thread.
  void cancel_at_call(std::size_t n) { cancel_in_ = n; }
  [[nodiscard]] bool connected() const { return connected_; }

  [[nodiscard]] const std::vector<FakeEvent>& events() const { return events_; }
  [[nodiscard]] const std::vector<std::string>& log() const { return log_; }
  [[nodiscard]] std::size_t written() const { return written_; }
  [[nodiscard]] std::size_t bytes_read() const { return read_; }
  [[nodiscard]] std::size_t requests() const { return requests_; }
  // Reads and writes of its port, whatever became of them.
  [[nodiscard]] std::size_t port_calls() const { return port_calls_; }
  [[nodiscard]] bool passed_no_return() const { return no_return_; }
  // Calls into the host since its start, get_extension apart.
  [[nodiscard]] std::size_t calls() const { return calls_; }
  // Calls of the last operation after it was cancelled.
  [[nodiscard]] std::size_t calls_after_cancel() const { return after_cancel_; }
  // The last operation was cancelled while it ran.
  [[nodiscard]] bool was_cancelled() const { return was_cancelled_; }
  [[nodiscard]] std::vector<Violation> violations();
  [[nodiscard]] const till_plugin* plugin() const { return plugin_; }
  [[nodiscard]] const till_factory* factory() const { return factory_; }
  [[nodiscard]] const till_host* c_host() const { return &block_->host; }
  template <typename Table>
  const Table* extension(const char* id) const {
    return static_cast<const Table*>(plugin_->get_extension(plugin_, id));
  }
  void clear() {
    events_.clear();
    log_.clear();
  }
  // What the plugin keeps; give it to the next host, and the plugin finds it again. As on a full
  // disk, nothing more is kept when `state_fails`.
  KeptState state;
  bool state_fails = false;
  // What it last reported of the operation, in thousandths.
  [[nodiscard]] std::uint32_t progress() const { return progress_; }
  std::int64_t now_us = 1'800'000'000'000'000;  // virtual, 2027-01-15
  std::int64_t unix_offset_us = 0;              // the wall clock was set by so much

 private:
  friend struct FakeTables;
  enum class State { kNothing, kCreating, kCreated, kActive, kEnded };
  struct Pending {
    std::int64_t at_us;
    Buffer bytes;
  };
  // The till_host between two canaries; found again from its address, not from its contents.
  struct Block {
    std::uint64_t before;
    till_host host;
    std::uint8_t later[64];
    std::uint64_t after;
    FakeHost* self;
  };
  static FakeHost& of(const till_host* host);
  // Every call of the plugin goes through here: right thread, right state?
  static FakeHost& enter(const till_host* host, const char* function);
  void violate(const char* rule, std::string words);
  bool cancelled_now();
  std::int32_t read(std::uint8_t* buffer, std::size_t capacity, std::uint32_t timeout_ms);
  bool write(Bytes bytes);
  bool await_input(std::int64_t until_us);
  Result<void> may_keep();
  void advance_to(std::int64_t until_us);
  void check_host();
  class Inside;
  std::string call_;  // into the plugin, "" = none
  std::optional<std::int64_t> run_clock() { return clock_ ? clock_(now_us) : std::nullopt; }
  static const void* host_extension(const till_host* host, const char* id) noexcept;

  FakeHostOptions options_;
  std::unique_ptr<Block> block_;
  till_host kept_;
  const std::thread::id thread_ = std::this_thread::get_id();
  State state_ = State::kNothing;
  const till_factory* factory_ = nullptr;
  const till_plugin* plugin_ = nullptr;
  Device device_;
  Http http_;
  Clock clock_;
  std::vector<Pending> to_driver_;
  std::vector<FakeEvent> events_;
  std::vector<std::string> log_;
  std::mutex violating_;  // a plugin may call from anywhere
  std::vector<Violation> violations_;
  bool connected_ = true;
  bool no_return_ = false;
  bool cut_late_ = false;
  bool cancelled_ = false, was_cancelled_ = false;
  bool performing_ = false;
  std::uint32_t progress_ = 0;
  std::int64_t writes_since_us_ = 0;
  std::uint32_t writes_ = 0;
  std::size_t cancel_in_ = 0;
  std::size_t calls_ = 0, calls_at_cancel_ = 0, after_cancel_ = 0, requests_ = 0;
  std::size_t port_calls_ = 0;
  std::size_t written_ = 0, read_ = 0;
  std::size_t written_left_ = std::numeric_limits<std::size_t>::max();
  std::size_t read_left_ = std::numeric_limits<std::size_t>::max();
};

}  // namespace till::testkit
