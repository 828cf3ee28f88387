#include "fake_host.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <stdexcept>

#include "borrowed.h"
#include "tillbridge/sdk/c_error.h"

namespace till::testkit {
namespace {

constexpr std::uint64_t kCanary = 0x5ee5'0f00'd15e'a5ed;
constexpr std::uint8_t kFill = 0xa7;
static_assert(KeptState::kKeyMost == TILL_STATE_KEY_MAX &&
              KeptState::kValueMost == TILL_STATE_VALUE_MAX &&
              KeptState::kTotalMost == TILL_STATE_TOTAL_MAX);

// A till_error as the host gives it, with a guard behind it.
struct GuardedError {
  till_error error{sizeof(till_error), 0, {}, {}, 0};
  std::uint8_t guard[256];
  explicit GuardedError(std::uint32_t later) {
    std::memset(guard, kFill, sizeof guard);
    error.size += later;
  }
  // What is wrong with it, "" when nothing.
  [[nodiscard]] std::string broken(std::uint32_t later) const {
    if (memchr(error.vendor, 0, sizeof error.vendor) == nullptr) return "vendor has no end";
    if (memchr(error.detail, 0, sizeof error.detail) == nullptr) return "detail has no end";
    if (error.size != sizeof(till_error) + later) return "size was changed";
    const bool kept =
        std::all_of(guard + later, guard + sizeof guard, [](std::uint8_t b) { return b == kFill; });
    return kept ? "" : "written beyond its size";
  }
  [[nodiscard]] Error value() const {
    return {static_cast<Code>(error.code),
            std::string(error.detail, strnlen(error.detail, sizeof error.detail)),
            std::string(error.vendor, strnlen(error.vendor, sizeof error.vendor))};
  }
};

struct Collector {
  std::string text;
  std::size_t most;
  bool refused = false;
  bool after_refusal = false;
  static bool write(const till_sink* sink, const char* data, std::size_t n) noexcept {
    auto& c = *static_cast<Collector*>(sink->context);
    if (c.refused) c.after_refusal = true;
    if (c.text.size() + n > c.most) c.refused = true;
    if (!c.refused) c.text.append(data, n);
    return !c.refused;
  }
};

}  // namespace

// A call into the plugin, as long as it lasts; cancel comes while perform does.
class FakeHost::Inside {
 public:
  Inside(FakeHost& host, const std::string& call) : host_(host), outer_(host.call_) { say(call); }
  ~Inside() { say(outer_); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  void say(const std::string& call) {
    host_.call_ = call;
    if (host_.options_.entered) host_.options_.entered(call);
  }
  FakeHost& host_;
  const std::string outer_;
};

struct FakeTables {
  static constexpr till_port kPort{
      [](const till_host* h, std::uint8_t* buffer, std::size_t capacity,
         std::uint32_t timeout) noexcept {
        return FakeHost::enter(h, "port.read").read(buffer, capacity, timeout);
      },
      [](const till_host* h, const std::uint8_t* data, std::size_t size, std::uint32_t) noexcept {
        return FakeHost::enter(h, "port.write").write({data, size});
      },
      [](const till_host* h) noexcept {
        FakeHost& host = FakeHost::enter(h, "port.discard_input");
        std::erase_if(host.to_driver_, [&](const auto& p) { return p.at_us <= host.now_us; });
      },
      [](const till_host* h) noexcept {
        FakeHost::enter(h, "port.point_of_no_return").no_return_ = true;
      },
      [](const till_host* h) noexcept { return FakeHost::enter(h, "port.connected").connected_; }};
  static constexpr till_events kEvents{
      [](const till_host* h, const char* type, const char* body, std::size_t size) noexcept {
        boost::system::error_code bad;
        json::value value = json::parse({body, size}, bad);
        if (bad) value = nullptr;
        FakeHost::enter(h, "events.emit").events_.push_back({type, value, {body, size}});
      }};
  static constexpr till_log kLog{
      [](const till_host* h, std::int32_t, const char* text, std::size_t size) noexcept {
        FakeHost::enter(h, "log.write").log_.emplace_back(text, size);
      }};
  static constexpr till_time kTime{
      [](const till_host* h) noexcept {
        FakeHost& host = FakeHost::enter(h, "time.unix_us");
        return host.now_us + host.unix_offset_us;
      },
      [](const till_host* h) noexcept { return FakeHost::enter(h, "time.monotonic_us").now_us; },
      [](const till_host* h, std::uint32_t ms) noexcept {
        FakeHost& host = FakeHost::enter(h, "time.sleep");
        if (host.cancelled_now()) return false;
        host.pass_ms(ms);
        return true;
      }};
  static constexpr till_state kState{
      [](const till_host* h, const char* key, const till_sink* sink, till_error* error) noexcept {
        const auto value = FakeHost::enter(h, "state.get").state.get(key);
        if (value) sink->write(sink, value->data(), value->size());
        return to_c(value ? Result<void>() : std::unexpected(value.error()), error);
      },
      [](const till_host* h, const char* key, const char* value, std::size_t size,
         till_error* error) noexcept {
        FakeHost& host = FakeHost::enter(h, "state.set");
        const auto may = host.may_keep();
        return to_c(may ? host.state.set(key, {value, size}) : may, error);
      },
      [](const till_host* h, const char* key, till_error* error) noexcept {
        FakeHost& host = FakeHost::enter(h, "state.remove");
        const auto may = host.may_keep();
        return to_c(may ? host.state.remove(key) : may, error);
      }};
  static constexpr till_progress kProgress{
      [](const till_host* h, std::uint32_t thousandths) noexcept {
        FakeHost& host = FakeHost::enter(h, "progress.report");
        if (!host.performing_) host.violate("progress", "outside of perform");
        if (thousandths < host.progress_ || thousandths > 1000) {
          host.violate("progress",
                       std::to_string(thousandths) + " after " + std::to_string(host.progress_));
        }
        host.progress_ = thousandths;
      }};
  static constexpr till_http kHttp{[](const till_host* h, const char* request, std::size_t size,
                                      std::uint32_t timeout_ms, const till_sink* sink,
                                      till_error* error) noexcept -> till_status {
    FakeHost& host = FakeHost::enter(h, "http.request");
    const auto asked = read_http_request({request, size});
    if (!asked) {
      to_c(asked.error(), error);
      return TILL_REFUSED;
    }
    ++host.requests_;
    FakeOutcome answer{TILL_IN_DOUBT, {}, {Code::kTimeout, {}, {}}, false};
    if (!host.cancelled_now() && host.http_) {
      answer = host.http_(*asked);
    }
    if (answer.error.code == Code::kTimeout) host.pass_ms(timeout_ms);
    to_c(answer.error, error);
    const std::string text = json::serialize(answer.body);
    if (answer.status == TILL_DONE) sink->write(sink, text.data(), text.size());
    return answer.status;
  }};
};

Result<json::object> read_http_request(std::string_view text) {
  boost::system::error_code bad;
  const json::value value = json::parse(text, bad);
  if (bad || !value.is_object()) return fail(Code::kBadValue, "request");
  const json::object& o = value.get_object();
  if (!o.contains("url")) return fail(Code::kBadValue, "url");
  for (const auto& [name, member] : o) {
    const bool headers = name == "headers";
    if (headers ? !member.is_object() : !member.is_string()) {
      return fail(Code::kBadValue, std::string(name));
    }
    for (const auto& [header, words] : headers ? member.get_object() : json::object{}) {
      if (!words.is_string()) return fail(Code::kBadValue, "headers." + std::string(header));
    }
  }
  return o;
}

FakeHost& FakeHost::of(const till_host* host) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(host) - offsetof(Block, host);
  return *reinterpret_cast<const Block*>(at)->self;
}

FakeHost& FakeHost::enter(const till_host* h, const char* function) {
  FakeHost& host = of(h);
  ++host.calls_;
  if (std::this_thread::get_id() != host.thread_) host.violate("thread", function);
  if (host.state_ == State::kCreating || host.state_ == State::kCreated) {
    host.violate("state", std::string(function) + " before activate");
  } else if (host.state_ != State::kActive) {
    host.violate("after_destroy", function);
  }
  return host;
}

void FakeHost::violate(const char* rule, std::string words) {
  const std::lock_guard lock(violating_);
  if (violations_.size() < 100) violations_.push_back({rule, std::move(words)});
}

std::vector<Violation> FakeHost::violations() {
  check_host();
  const std::lock_guard lock(violating_);
  return violations_;
}

void FakeHost::check_host() {
  const bool same = block_->before == kCanary && block_->after == kCanary &&
                    block_->host.size == kept_.size && block_->host.abi_major == kept_.abi_major &&
                    block_->host.abi_minor == kept_.abi_minor &&
                    block_->host.host_data == kept_.host_data &&
                    block_->host.get_extension == kept_.get_extension &&
                    std::ranges::all_of(block_->later, [](auto b) { return b == kFill; });
  if (!same) violate("host_written", "till_host was written to");
}

const void* FakeHost::host_extension(const till_host* h, const char* id) noexcept {
  FakeHost& host = of(h);
  if (std::this_thread::get_id() != host.thread_) host.violate("thread", "get_extension");
  if (host.state_ == State::kNothing) host.violate("after_destroy", "get_extension");
  const std::string wanted = id == nullptr ? "" : id;
  if (host.options_.withheld.contains(wanted)) return nullptr;
  if (wanted == TILL_PORT_ID) return &FakeTables::kPort;
  if (wanted == TILL_EVENTS_ID) return &FakeTables::kEvents;
  if (wanted == TILL_LOG_ID) return &FakeTables::kLog;
  if (wanted == TILL_TIME_ID) return &FakeTables::kTime;
  if (wanted == TILL_HTTP_ID) return &FakeTables::kHttp;
  if (wanted == TILL_STATE_ID) return &FakeTables::kState;
  if (wanted == TILL_PROGRESS_ID) return &FakeTables::kProgress;
  return nullptr;
}

FakeHost::FakeHost(const till_entry& entry, FakeHostOptions options)
    : options_(std::move(options)), block_(std::make_unique<Block>()) {
  block_->before = block_->after = kCanary;
  std::ranges::fill(block_->later, kFill);
  block_->self = this;
  block_->host = {static_cast<std::uint32_t>(sizeof(till_host)) + options_.later, TILL_ABI_MAJOR,
                  TILL_ABI_MINOR, &block_->before, &host_extension};
  kept_ = block_->host;
  state = options_.state;
  if (entry.abi_major != TILL_ABI_MAJOR) throw std::runtime_error("abi_major");
  if (options_.init && !entry.init(".")) throw std::runtime_error("init");
  factory_ = static_cast<const till_factory*>(entry.get_factory(TILL_FACTORY_ID));
  if (factory_ == nullptr) throw std::runtime_error("no factory");
  if (options_.create && !create()) throw std::runtime_error("the factory makes nothing");
}

FakeHost::~FakeHost() {
  if (state_ == State::kActive) deactivate();
  if (plugin_ != nullptr) destroy();
}

bool FakeHost::create() {
  const std::string id = options_.id.empty() ? factory_->descriptor(0)->id : options_.id;
  state_ = State::kCreating;
  const Inside inside(*this, "create");
  plugin_ = factory_->create(&block_->host, id.c_str());
  state_ = plugin_ == nullptr ? State::kNothing : State::kCreated;
  return plugin_ != nullptr;
}

FakeOutcome FakeHost::activate(const json::object& settings) {
  return activate_text(json::serialize(settings));
}

FakeOutcome FakeHost::activate_text(const std::string& settings) {
  const Borrowed text(settings, options_.guarded);
  GuardedError error(options_.later);
  state_ = State::kActive;
  const till_status status = [&] {
    const Inside inside(*this, "activate");
    return plugin_->activate(plugin_, text.text(), text.size(), &error.error);
  }();
  if (status != TILL_DONE) state_ = State::kEnded;
  if (const auto what = error.broken(options_.later); !what.empty()) {
    violate("error_memory", what);
  }
  return {status, {}, error.value(), false};
}

FakeOutcome FakeHost::perform(const char* verb, const json::object& body, const char* key,
                              std::uint32_t deadline_ms) {
  return perform_text(verb, json::serialize(body), key, deadline_ms);
}

FakeOutcome FakeHost::perform_text(const std::string& verb, const std::string& body,
                                   const std::string& key, std::uint32_t deadline_ms) {
  const auto* table = extension<till_operations>(TILL_OPERATIONS_ID);
  if (table == nullptr || table->perform == nullptr) {
    return {TILL_REFUSED, {}, {Code::kVerbUnsupported, verb, {}}, false};
  }
  const Borrowed body_text(body, options_.guarded);
  const Borrowed verb_text(verb + '\0', options_.guarded), key_text(key + '\0', options_.guarded);
  struct {
    till_operation operation;
    std::uint8_t later[64];
  } op{{static_cast<std::uint32_t>(sizeof(till_operation)) + options_.later, deadline_ms,
        verb_text.text(), key_text.text(), body_text.text(), body_text.size()},
       {}};
  Collector collector{{}, options_.most_result};
  const till_sink sink{&collector, &Collector::write};
  GuardedError error(options_.later);
  no_return_ = cancelled_ = false;
  performing_ = true;
  progress_ = 0;
  const till_status status = [&] {
    const Inside inside(*this, "perform of " + verb);
    return table->perform(plugin_, &op.operation, &sink, &error.error);
  }();
  was_cancelled_ = cancelled_;
  after_cancel_ = cancelled_ ? calls_ - calls_at_cancel_ : 0;
  performing_ = cancelled_ = false;
  cancel_in_ = 0;
  if (const auto what = error.broken(options_.later); !what.empty()) {
    violate("error_memory", what);
  }
  if (collector.after_refusal) violate("sink", "written to after it said no");
  FakeOutcome out{status, {}, {}, error.error.dirty != 0, std::move(collector.text)};
  if (status == TILL_DONE) {
    boost::system::error_code bad;
    out.body = json::parse(out.text, bad);
    if (bad) out.body = nullptr;
  } else {
    out.error = error.value();
  }
  return out;
}

Result<void> FakeHost::may_keep() {
  if (now_us - writes_since_us_ >= 1'000'000) {
    writes_since_us_ = now_us;
    writes_ = 0;
  }
  if (++writes_ > TILL_STATE_WRITES_MAX) return fail(Code::kDeviceBusy, "10 writes a second");
  if (state_fails) return fail(Code::kBadFile, "the disk");
  return {};
}

void FakeHost::deactivate() {
  const Inside inside(*this, "deactivate");
  plugin_->deactivate(plugin_);
  state_ = State::kEnded;
}

void FakeHost::destroy() {
  const Inside inside(*this, "destroy");
  plugin_->destroy(plugin_);
  plugin_ = nullptr;
  state_ = State::kNothing;
}

void FakeHost::feed(Bytes bytes, bool quiet) {
  const auto* table = extension<till_input>(TILL_INPUT_ID);
  if (table == nullptr || table->on_input == nullptr) return;
  const Inside inside(*this, "on_input");
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t n = std::min(bytes.size() - at, options_.most_read);
    const Borrowed part(bytes.subspan(at, n), options_.guarded);
    table->on_input(plugin_, part.bytes(), part.size());
    at += n;
  }
  if (quiet && table->on_quiet != nullptr) table->on_quiet(plugin_, 50);
}

void FakeHost::set_connected(bool connected) {
  connected_ = connected;
  run_clock();
  to_driver_.clear();
  cut_late_ = false;
  if (connected) written_left_ = read_left_ = std::numeric_limits<std::size_t>::max();
  const auto* table = extension<till_input>(TILL_INPUT_ID);
  if (table == nullptr || table->on_port == nullptr) return;
  const Inside inside(*this, "on_port");
  table->on_port(plugin_, connected);
}

void FakeHost::device_says(Bytes bytes, std::uint32_t after_ms) {
  to_driver_.push_back({now_us + std::int64_t{after_ms} * 1000, to_buffer(bytes)});
}

void FakeHost::advance_to(std::int64_t until_us) {
  for (auto next = run_clock(); next && *next <= until_us; next = run_clock()) {
    now_us = std::max(now_us, *next);
  }
  now_us = std::max(now_us, until_us);
  run_clock();
}

// True when something is there for the driver at `now_us`, which moves on by as much as it takes.
bool FakeHost::await_input(std::int64_t until_us) {
  for (;;) {
    const auto next = run_clock();
    const bool first = !to_driver_.empty() && (!next || to_driver_.front().at_us <= *next);
    if (first && to_driver_.front().at_us <= until_us) {
      now_us = std::max(now_us, to_driver_.front().at_us);
      return true;
    }
    if (!next || *next > until_us) break;
    now_us = std::max(now_us, *next);
  }
  now_us = until_us;
  return false;
}

// Counts a blocking call of an operation; true when the host has cancelled it, now or before.
bool FakeHost::cancelled_now() {
  if (!performing_ || cancel_in_ == 0) return cancelled_;
  --cancel_in_;
  if (cancel_in_ == 0) {
    cancelled_ = true;
    const auto* table = extension<till_operations>(TILL_OPERATIONS_ID);
    if (table != nullptr && table->cancel != nullptr) {
      const Inside inside(*this, "cancel");
      std::thread([&] { table->cancel(plugin_); }).join();
    }
    calls_at_cancel_ = calls_;
  }
  return cancelled_;
}

std::int32_t FakeHost::read(std::uint8_t* buffer, std::size_t capacity, std::uint32_t timeout_ms) {
  ++port_calls_;
  if (cancelled_now() || !connected_) return -1;
  if (!await_input(now_us + std::int64_t{timeout_ms} * 1000)) return 0;
  Pending& next = to_driver_.front();
  const std::size_t n = std::min(
      {capacity, next.bytes.size(), read_left_, std::max<std::size_t>(options_.most_read, 1)});
  std::copy_n(next.bytes.begin(), n, buffer);
  next.bytes.erase(next.bytes.begin(), next.bytes.begin() + static_cast<std::ptrdiff_t>(n));
  if (next.bytes.empty()) to_driver_.erase(to_driver_.begin());
  read_ += n;
  read_left_ -= n;
  if (read_left_ == 0 && (!cut_late_ || n == 0)) connected_ = false;
  return n == 0 ? -1 : static_cast<std::int32_t>(n);
}

bool FakeHost::write(Bytes bytes) {
  ++port_calls_;
  if (cancelled_now() || !connected_) return false;
  run_clock();
  const std::size_t n = std::min(bytes.size(), written_left_);
  written_ += n;
  written_left_ -= n;
  // The device hears the bytes that got through, also those just before the cut.
  if (device_ && n > 0) device_(bytes.first(n));
  if (written_left_ == 0) connected_ = false;
  return n == bytes.size();
}

}  // namespace till::testkit
