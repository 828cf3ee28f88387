#include "plugin.h"

#include <algorithm>
#include <cstring>
#include <exception>

namespace till {

// ---- Port ----

namespace {

template <typename Table>
const Table* find(const till_host* host, const char* id) {
  return static_cast<const Table*>(host->get_extension(host, id));
}

// Every host of version 1 has the time.
std::int64_t monotonic(const till_host* host) {
  return find<till_time>(host, TILL_TIME_ID)->monotonic_us(host);
}

}  // namespace

Port::Port(const till_host* host, const Deadline& deadline)
    : host_(host), deadline_(deadline), table_(find<till_port>(host, TILL_PORT_ID)) {}

Result<Buffer> Port::read_exactly(std::size_t count, std::uint32_t timeout_ms) {
  if (table_ == nullptr) return fail(Code::kPortLost);
  const std::int64_t now = monotonic(host_);
  const std::int64_t until = now + std::int64_t{deadline_.cut(now, timeout_ms)} * 1000;
  while (ahead_.size() < count) {
    const std::int64_t left_us = until - monotonic(host_);
    if (left_us <= 0) return fail(Code::kTimeout);
    std::uint8_t chunk[1024];
    const auto wait_ms = static_cast<std::uint32_t>((left_us + 999) / 1000);
    const std::int32_t n = table_->read(host_, chunk, sizeof chunk, wait_ms);
    if (n < 0) return fail(Code::kPortLost);
    append(ahead_, Bytes(chunk, static_cast<std::size_t>(n)));
  }
  const auto end = ahead_.begin() + static_cast<std::ptrdiff_t>(count);
  Buffer out(ahead_.begin(), end);
  ahead_.erase(ahead_.begin(), end);
  return out;
}

Result<std::uint8_t> Port::read_byte(std::uint32_t timeout_ms) {
  return TILL_TRY(read_exactly(1, timeout_ms))[0];
}

Result<void> Port::write(Bytes bytes, std::uint32_t timeout_ms) {
  if (table_ == nullptr || !table_->connected(host_)) {
    if (!sent_) no_return_ = false;
    return fail(Code::kPortLost);
  }
  const std::uint32_t wait_ms = deadline_.cut(monotonic(host_), timeout_ms);
  if (wait_ms == 0) return fail(Code::kTimeout, "the operation's deadline");
  sent_ = true;
  if (!table_->write(host_, bytes.data(), bytes.size(), wait_ms)) {
    return fail(table_->connected(host_) ? Code::kTimeout : Code::kPortLost);
  }
  return {};
}

void Port::discard_input() {
  ahead_.clear();
  if (table_ != nullptr) table_->discard_input(host_);
}

void Port::point_of_no_return() {
  no_return_ = true;
  sent_ = false;
  if (table_ != nullptr) table_->point_of_no_return(host_);
}

bool Port::connected() const { return table_ != nullptr && table_->connected(host_); }

// ---- Plugin ----

Result<void> Plugin::activate(const json::object&) { return {}; }

OperationResult Plugin::perform(const Operation& operation) { return unsupported(operation.verb); }

void Plugin::attach(const till_host* host) {
  host_ = host;
  port_ = std::make_unique<Port>(host, deadline_);
  state_ = std::make_unique<State>(host);
}

void Plugin::emit(const char* type, const json::value& body) {
  const auto* events = find<till_events>(host_, TILL_EVENTS_ID);
  const std::string text = json::serialize(body);
  if (events != nullptr) events->emit(host_, type, text.data(), text.size());
}

void Plugin::log(int level, std::string_view text) {
  const auto* table = find<till_log>(host_, TILL_LOG_ID);
  if (table != nullptr) table->write(host_, level, text.data(), text.size());
}

std::int64_t Plugin::unix_us() const {
  return find<till_time>(host_, TILL_TIME_ID)->unix_us(host_);
}

std::int64_t Plugin::monotonic_us() const { return monotonic(host_); }

bool Plugin::sleep(std::uint32_t ms) {
  const std::uint32_t wait_ms = deadline_.cut(monotonic(host_), ms);
  return find<till_time>(host_, TILL_TIME_ID)->sleep(host_, wait_ms) && wait_ms == ms;
}

namespace {

till_sink string_sink(std::string* into) {
  return {into, [](const till_sink* sink, const char* data, std::size_t size) noexcept {
            static_cast<std::string*>(sink->context)->append(data, size);
            return true;
          }};
}

Error from_c(const till_error& e) {
  return {static_cast<Code>(e.code), std::string(e.detail, strnlen(e.detail, sizeof e.detail)),
          std::string(e.vendor, strnlen(e.vendor, sizeof e.vendor))};
}

void to_c(const Error& from, bool dirty, till_error* to) noexcept {
  if (to == nullptr) return;
  const auto copy = [](const std::string& text, char* out, std::size_t size) {
    const std::size_t n = std::min(text.size(), size - 1);
    std::memcpy(out, text.data(), n);
    out[n] = 0;
  };
  to->code = static_cast<std::int32_t>(from.code);
  copy(from.vendor, to->vendor, sizeof to->vendor);
  copy(from.detail, to->detail, sizeof to->detail);
  if (TILL_HAS(to, dirty)) to->dirty = dirty ? 1 : 0;
}

}  // namespace

State::State(const till_host* host) : host_(host), table_(find<till_state>(host, TILL_STATE_ID)) {}

Result<std::string> State::get(const std::string& key) const {
  if (table_ == nullptr) return fail(Code::kNotKept, key);
  std::string value;
  const till_sink sink = string_sink(&value);
  till_error error{sizeof(till_error), 0, {}, {}, 0};
  if (table_->get(host_, key.c_str(), &sink, &error) != TILL_DONE) {
    return std::unexpected(from_c(error));
  }
  return value;
}

Result<void> State::set(const std::string& key, std::string_view value) {
  if (table_ == nullptr) return fail(Code::kInternal, "no " TILL_STATE_ID);
  till_error error{sizeof(till_error), 0, {}, {}, 0};
  if (table_->set(host_, key.c_str(), value.data(), value.size(), &error) != TILL_DONE) {
    return std::unexpected(from_c(error));
  }
  return {};
}

Result<void> State::remove(const std::string& key) {
  if (table_ == nullptr) return fail(Code::kInternal, "no " TILL_STATE_ID);
  till_error error{sizeof(till_error), 0, {}, {}, 0};
  if (table_->remove(host_, key.c_str(), &error) != TILL_DONE) {
    return std::unexpected(from_c(error));
  }
  return {};
}

void Plugin::progress(std::uint32_t thousandths) {
  const auto* table = find<till_progress>(host_, TILL_PROGRESS_ID);
  if (table == nullptr || thousandths <= progress_) return;
  progress_ = std::min<std::uint32_t>(thousandths, 1000);
  table->report(host_, progress_);
}

OperationResult Plugin::http(const json::object& request, std::uint32_t timeout_ms) {
  const auto* table = find<till_http>(host_, TILL_HTTP_ID);
  if (table == nullptr) return {TILL_REFUSED, {}, {Code::kInternal, "no " TILL_HTTP_ID, {}}, false};
  const std::string text = json::serialize(request);
  std::string answer;
  const till_sink sink = string_sink(&answer);
  till_error error{sizeof(till_error), 0, {}, {}, 0};
  const till_status status = table->request(
      host_, text.data(), text.size(), deadline_.cut(monotonic(host_), timeout_ms), &sink, &error);
  if (status != TILL_DONE) return {status, {}, from_c(error), false};
  boost::system::error_code bad;
  json::value body = json::parse(answer, bad);
  if (bad) return {TILL_IN_DOUBT, {}, {Code::kBadFrame, "answer", {}}, false};
  return {TILL_DONE, std::move(body), {}, false};
}

bool is_loss(Code code) {
  return code == Code::kTimeout || code == Code::kPortLost || code == Code::kBadFrame ||
         code == Code::kCancelled;
}

OperationResult Plugin::conclude(Result<json::value> result) {
  if (result) return {TILL_DONE, std::move(*result), {}, false};
  const bool doubt = port_->no_return_ && is_loss(result.error().code);
  return {doubt ? TILL_IN_DOUBT : TILL_REFUSED, {}, std::move(result).error(), false};
}

OperationResult unsupported(std::string_view verb) {
  return {TILL_REFUSED, {}, {Code::kVerbUnsupported, std::string(verb), {}}, false};
}

// ---- the C boundary ----

struct PluginThunks {
  till_plugin c{};
  std::unique_ptr<Plugin> plugin;

  static PluginThunks& of(const till_plugin* p) {
    return *static_cast<PluginThunks*>(p->plugin_data);
  }

  static till_status activate(const till_plugin* p, const char* config, std::size_t size,
                              till_error* error) noexcept {
    try {
      const json::value settings = json::parse({config, size});
      const auto result = of(p).plugin->activate(settings.as_object());
      if (result) return TILL_DONE;
      to_c(result.error(), false, error);
    } catch (const std::exception& e) {
      to_c({Code::kConfigInvalid, e.what(), {}}, false, error);
    }
    return TILL_REFUSED;
  }

  static till_status perform(const till_plugin* p, const till_operation* op, const till_sink* sink,
                             till_error* error) noexcept {
    Plugin& plugin = *of(p).plugin;
    plugin.port_->no_return_ = false;
    plugin.progress_ = 0;
    plugin.deadline_.start(monotonic(plugin.host_), op->deadline_ms);
    OperationResult result;
    try {
      boost::system::error_code bad;
      const json::value body = json::parse({op->body, op->body_size}, bad);
      if (bad || !body.is_object()) {
        to_c({bad ? Code::kBadJson : Code::kWrongType, "body", {}}, false, error);
        return TILL_REFUSED;
      }
      result = plugin.perform({op->verb, op->key, body.get_object(), op->deadline_ms});
      if (result.status == TILL_DONE) {
        const std::string text = json::serialize(result.body);
        sink->write(sink, text.data(), text.size());
      }
    } catch (const std::exception& e) {
      // Thrown past the point of no return nobody knows what the device did.
      result = {plugin.port_->no_return_ ? TILL_IN_DOUBT : TILL_REFUSED,
                {},
                {Code::kInternal, e.what(), {}},
                true};
    }
    plugin.deadline_.stop();
    if (result.status != TILL_DONE) to_c(result.error, result.dirty, error);
    return result.status;
  }

  // Input that makes a plugin throw is dropped with a word in the log; the instance lives on.
  template <typename F>
  static void guarded(const till_plugin* p, F call) noexcept {
    try {
      call(*of(p).plugin);
    } catch (const std::exception& e) {
      of(p).plugin->log(TILL_LOG_ERROR, std::string("input dropped: ") + e.what());
    }
  }

  static const void* extension(const till_plugin*, const char* id) noexcept {
    static constexpr till_input kInput{
        [](const till_plugin* p, const std::uint8_t* data, std::size_t size) noexcept {
          guarded(p, [&](Plugin& plugin) { plugin.on_input({data, size}); });
        },
        [](const till_plugin* p, std::uint32_t ms) noexcept {
          guarded(p, [&](Plugin& plugin) { plugin.on_quiet(ms); });
        },
        [](const till_plugin* p, bool connected) noexcept {
          guarded(p, [&](Plugin& plugin) { plugin.on_port(connected); });
        }};
    static constexpr till_operations kOperations{&perform, nullptr};
    const std::string_view wanted = id == nullptr ? "" : id;
    if (wanted == TILL_INPUT_ID) return &kInput;
    if (wanted == TILL_OPERATIONS_ID) return &kOperations;
    return nullptr;
  }
};

namespace detail {
namespace {
till_descriptor g_descriptor{};
MakePlugin g_make = nullptr;

const till_plugin* create(const till_host* host, const char* id) noexcept {
  if (g_make == nullptr || id == nullptr || std::strcmp(id, g_descriptor.id) != 0) return nullptr;
  try {
    auto thunks = std::make_unique<PluginThunks>();
    thunks->plugin = g_make();
    thunks->plugin->attach(host);
    thunks->c = {sizeof(till_plugin),
                 &g_descriptor,
                 thunks.get(),
                 &PluginThunks::activate,
                 [](const till_plugin* p) noexcept { PluginThunks::of(p).plugin->deactivate(); },
                 [](const till_plugin* p) noexcept { delete &PluginThunks::of(p); },
                 &PluginThunks::extension};
    return &thunks.release()->c;
  } catch (const std::exception&) {
    return nullptr;
  }
}

constexpr till_factory kFactory{
    []() noexcept -> std::uint32_t { return g_make == nullptr ? 0 : 1; },
    [](std::uint32_t index) noexcept -> const till_descriptor* {
      return index == 0 && g_make != nullptr ? &g_descriptor : nullptr;
    },
    &create};
}  // namespace

void define_plugin(const till_descriptor& descriptor, MakePlugin make) {
  g_descriptor = descriptor;
  g_make = make;
}

const void* get_factory(const char* id) noexcept {
  return id != nullptr && std::strcmp(id, TILL_FACTORY_ID) == 0 ? &kFactory : nullptr;
}
}  // namespace detail

}  // namespace till
