// The C++ ground of every plugin: derive from Plugin (or one of its kinds: Scanner, Reader,
// FiscalRegister, Printer, Channel), override what you need, end with TILLBRIDGE_PLUGIN(YourClass).
//
// All code of an instance runs on one thread and may block on the port with a deadline. Nothing
// thrown crosses the boundary: it becomes an error of the operation.
#pragma once

#include <tillbridge/plugin.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace till {

namespace json = boost::json;

// When an operation must have ended. The SDK cuts every wait of it short there, so a driver that
// waits too long for its device still answers in time.
class Deadline {
 public:
  void start(std::int64_t now_us, std::uint32_t ms) {
    until_us_ = now_us + std::int64_t{ms} * 1000;
  }
  void stop() { until_us_ = kNever; }
  // What is left of `ms`.
  [[nodiscard]] std::uint32_t cut(std::int64_t now_us, std::uint32_t ms) const {
    const std::int64_t left_ms = until_us_ == kNever ? ms : (until_us_ - now_us + 999) / 1000;
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left_ms, 0, ms));
  }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  std::int64_t until_us_ = kNever;
};

// The instance's bytes. Errors: kTimeout, kPortLost.
class Port {
 public:
  Port(const till_host* host, const Deadline& deadline);

  // Exactly `count` bytes, or what has come when the time is over (kTimeout) is put back.
  Result<Buffer> read_exactly(std::size_t count, std::uint32_t timeout_ms);
  Result<std::uint8_t> read_byte(std::uint32_t timeout_ms);
  Result<void> write(Bytes bytes, std::uint32_t timeout_ms = 5000);
  void discard_input();
  // From here on, silence means in_doubt. Call it just before the bytes that make things final; it
  // is taken back when the line turns out to be gone before one of them was sent.
  void point_of_no_return();
  [[nodiscard]] bool passed_no_return() const { return no_return_; }
  [[nodiscard]] bool connected() const;

 private:
  friend class Plugin;
  friend struct PluginThunks;
  const till_host* host_;
  const Deadline& deadline_;
  const till_port* table_ = nullptr;
  Buffer ahead_;  // read but not asked for yet
  bool no_return_ = false;
  bool sent_ = false;  // something, since the point of no return
};

// A few small facts that outlive the process; tillbridge/state.h gives the limits.
class State {
 public:
  explicit State(const till_host* host);

  // What was kept under the key. kNotKept: nothing was, as at the first start.
  [[nodiscard]] Result<std::string> get(const std::string& key) const;
  // On the disk when it returns. kStateFull, kDeviceBusy (too often): nothing changed.
  Result<void> set(const std::string& key, std::string_view value);
  Result<void> remove(const std::string& key);

 private:
  const till_host* host_;
  const till_state* table_;
};

// How an operation ends; a Result converts by the rule of Plugin::conclude.
struct OperationResult {
  till_status status = TILL_DONE;
  json::value body;
  Error error;
  bool dirty = false;
};

struct Operation {
  std::string_view verb;
  std::string_view key;
  const json::object& body;
  std::uint32_t deadline_ms = 0;
};

class Plugin {
 public:
  virtual ~Plugin() = default;

  // The settings of the instance, already checked against the manifest's config_schema.
  virtual Result<void> activate(const json::object& settings);
  virtual void deactivate() {}
  virtual void on_input(Bytes) {}
  virtual void on_quiet(std::uint32_t /*quiet_ms*/) {}
  virtual void on_port(bool /*connected*/) {}
  virtual OperationResult perform(const Operation& operation);

  void attach(const till_host* host);

 protected:
  Port& port() { return *port_; }
  State& state() { return *state_; }
  void emit(const char* type, const json::value& body);
  void log(int level, std::string_view text);
  [[nodiscard]] std::int64_t unix_us() const;
  [[nodiscard]] std::int64_t monotonic_us() const;
  bool sleep(std::uint32_t ms);
  // The C boundary itself, for what this class does not offer.
  [[nodiscard]] const till_host* host() const { return host_; }
  // How far the operation has come, in thousandths; less than before in it is left out.
  void progress(std::uint32_t thousandths);
  // An HTTP request through the daemon; see till_http. The status tells refused from in doubt.
  OperationResult http(const json::object& request, std::uint32_t timeout_ms);

  // A value is done. An error is refused, unless it is a loss (kTimeout, kPortLost, kBadFrame,
  // kCancelled) after point_of_no_return: then it is in doubt.
  OperationResult conclude(Result<json::value> result);

 private:
  friend struct PluginThunks;
  const till_host* host_ = nullptr;
  Deadline deadline_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<State> state_;
  std::uint32_t progress_ = 0;
};

OperationResult unsupported(std::string_view verb);

// True for errors that mean "no answer came", not "the device said no".
bool is_loss(Code code);

namespace detail {
using MakePlugin = std::unique_ptr<Plugin> (*)();
// The entry's parts; TILLBRIDGE_PLUGIN binds them to a class.
void define_plugin(const till_descriptor& descriptor, MakePlugin make);
const void* get_factory(const char* id) noexcept;
}  // namespace detail

}  // namespace till

// The id, name and version come from manifest.json through the build.
#define TILLBRIDGE_PLUGIN(Class)                                                         \
  const till_entry tillbridge_entry = {                                                  \
      sizeof(till_entry),                                                                \
      TILL_ABI_MAJOR,                                                                    \
      0,                                                                                 \
      [](const char*) noexcept {                                                         \
        static const till_descriptor descriptor{sizeof(till_descriptor), TILL_PLUGIN_ID, \
                                                TILL_PLUGIN_NAME, TILL_PLUGIN_VERSION};  \
        till::detail::define_plugin(descriptor, []() -> std::unique_ptr<till::Plugin> {  \
          return std::make_unique<Class>();                                              \
        });                                                                              \
        return true;                                                                     \
      },                                                                                 \
      []() noexcept {},                                                                  \
      [](const char* id) noexcept { return till::detail::get_factory(id); }};
