#include "live_host.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <mutex>
#include <thread>

#include "gateway/plugin_host/host_load.h"
#include "tillbridge/sdk/c_error.h"

namespace till::kit {
namespace {

using Clock = std::chrono::steady_clock;
using testkit::Exchange;
using testkit::RecordedStep;
constexpr int kQuietMs = 50;

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// A plugin may ask for any number; this many are more than it waits.
int wait_of(std::uint32_t ms) {
  return static_cast<int>(std::min<std::uint32_t>(ms, std::numeric_limits<int>::max()));
}

// Beside a call into the plugin: what outlives its time is said and told to end, as the gateway
// does it, and what does not come back then ends the tool.
class Overdue {
 public:
  Overdue(std::string call, std::uint32_t most_ms, std::function<void()> cancel)
      : thread_([this, call = std::move(call), most_ms, cancel = std::move(cancel)] {
          std::unique_lock lock(mutex_);
          if (over_in(lock, most_ms)) return;
          std::fprintf(stderr, "%s is past its time, %u ms%s\n", call.c_str(), most_ms,
                       cancel ? ": it is cancelled" : "");
          // Under the mutex: whoever made the call goes on no sooner.
          if (cancel) cancel();
          if (over_in(lock, TILL_GRACE_MS)) return;
          std::fprintf(stderr, "%s did not return in %u ms more: ended\n", call.c_str(),
                       TILL_GRACE_MS);
          std::fflush(nullptr);
          std::_Exit(1);
        }) {}
  ~Overdue() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Overdue(const Overdue&) = delete;
  Overdue& operator=(const Overdue&) = delete;

 private:
  bool over_in(std::unique_lock<std::mutex>& lock, std::uint32_t ms) {
    return changed_.wait_for(lock, std::chrono::milliseconds(ms), [this] { return over_; });
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;  // the last: it uses the others
};

}  // namespace

struct LiveTables {
  static LiveHost& of(const till_host* h) { return *static_cast<LiveHost*>(h->host_data); }

  static constexpr till_port kPort{
      [](const till_host* h, std::uint8_t* buffer, std::size_t capacity,
         std::uint32_t timeout) noexcept -> std::int32_t {
        return of(h).read(buffer, capacity, wait_of(timeout));
      },
      [](const till_host* h, const std::uint8_t* data, std::size_t size,
         std::uint32_t timeout) noexcept { return of(h).write({data, size}, wait_of(timeout)); },
      [](const till_host* h) noexcept { of(h).port_.discard_input(); },
      [](const till_host*) noexcept {},
      [](const till_host* h) noexcept { return of(h).port_.connected(); }};
  static constexpr till_events kEvents{
      [](const till_host* h, const char* type, const char* body, std::size_t size) noexcept {
        of(h).emit(type, {body, size});
      }};
  static constexpr till_log kLog{[](const till_host*, std::int32_t level, const char* text,
                                    std::size_t size) noexcept {
    static constexpr std::array kLevels = {"debug", "info", "warning", "error"};
    const char* name = level >= 0 && level < 4 ? kLevels.at(static_cast<std::size_t>(level)) : "?";
    std::printf("log %s: %.*s\n", name, static_cast<int>(size), text);
  }};
  static constexpr till_time kTime{
      [](const till_host*) noexcept { return unix_now(); },
      [](const till_host*) noexcept -> std::int64_t {
        return std::chrono::duration_cast<std::chrono::microseconds>(
                   Clock::now().time_since_epoch())
            .count();
      },
      [](const till_host* h, std::uint32_t ms) noexcept { return of(h).sleep(wait_of(ms)); }};
  static constexpr till_http kHttp{[](const till_host* h, const char* request, std::size_t size,
                                      std::uint32_t timeout_ms, const till_sink* sink,
                                      till_error* error) noexcept -> till_status {
    const auto asked = testkit::read_http_request({request, size});
    if (!asked) {
      to_c(asked.error(), error);
      return TILL_REFUSED;
    }
    const auto outcome = of(h).http(*asked, wait_of(timeout_ms));
    to_c(outcome.error, error);
    const auto status = static_cast<till_status>(outcome.verdict);
    if (status == TILL_DONE) sink->write(sink, outcome.body.data(), outcome.body.size());
    return status;
  }};
  // Kept as long as the prompt runs.
  static constexpr till_state kState{
      [](const till_host* h, const char* key, const till_sink* sink, till_error* error) noexcept {
        const auto value = of(h).state_.get(key);
        if (value) sink->write(sink, value->data(), value->size());
        return to_c(value ? Result<void>() : std::unexpected(value.error()), error);
      },
      [](const till_host* h, const char* key, const char* value, std::size_t size,
         till_error* error) noexcept { return to_c(of(h).state_.set(key, {value, size}), error); },
      [](const till_host* h, const char* key, till_error* error) noexcept {
        return to_c(of(h).state_.remove(key), error);
      }};
  static constexpr till_progress kProgress{[](const till_host*, std::uint32_t n) noexcept {
    std::printf("progress %u.%u %%\n", n / 10, n % 10);
  }};
};

const void* LiveHost::extension(const till_host* host, const char* id) noexcept {
  const std::string_view wanted = id == nullptr ? "" : id;
  if (LiveTables::of(host).withheld_.contains(std::string(wanted))) return nullptr;
  if (wanted == TILL_PORT_ID) return &LiveTables::kPort;
  if (wanted == TILL_EVENTS_ID) return &LiveTables::kEvents;
  if (wanted == TILL_LOG_ID) return &LiveTables::kLog;
  if (wanted == TILL_TIME_ID) return &LiveTables::kTime;
  if (wanted == TILL_HTTP_ID) return &LiveTables::kHttp;
  if (wanted == TILL_STATE_ID) return &LiveTables::kState;
  if (wanted == TILL_PROGRESS_ID) return &LiveTables::kProgress;
  return nullptr;
}

LiveHost::LiveHost(const Package& package, const json::object& settings, std::string port,
                   std::map<std::string, std::string> secrets)
    : host_{sizeof(till_host), TILL_ABI_MAJOR, TILL_ABI_MINOR, this, &extension},
      spec_(std::move(port)),
      secrets_(std::move(secrets)) {
  if (!package.manifest) {
    throw Failed{code_name(package.manifest_error.code) + " " + package.manifest_error.detail};
  }
  const auto all = supervisor::check_settings(*package.manifest, settings);
  if (!all) throw Failed{all.error().detail};
  // As the gateway's own host does it: the same refusals, in the same words.
  const auto& m = *package.manifest;
  withheld_ = not_given(m);
  need_library(package);
  const auto loaded = plugin_host::load({package.library(), m.id, m.version, m.name}, &host_);
  if (loaded.error) throw Failed{code_name(loaded.error->code) + " " + loaded.error->detail};
  plugin_ = loaded.instance.plugin;
  recording_ = {package.manifest->id, "", "", settings, unix_now(), {}};
  const std::string text = json::serialize(*all);
  till_error error{sizeof(till_error), 0, {}, {}, 0};
  const till_status status = [&] {
    const Overdue overdue("activate", static_cast<std::uint32_t>(m.activate_ms), {});
    return plugin_->activate(plugin_, text.data(), text.size(), &error);
  }();
  if (status != TILL_DONE) {
    throw Failed{"activate: " + code_name(static_cast<Code>(error.code)) + " " + error.detail +
                 (error.vendor[0] == 0 ? "" : std::string(" ") + error.vendor)};
  }
  input_ = static_cast<const till_input*>(plugin_->get_extension(plugin_, TILL_INPUT_ID));
  operations_ =
      static_cast<const till_operations*>(plugin_->get_extension(plugin_, TILL_OPERATIONS_ID));
}

LiveHost::~LiveHost() {
  if (plugin_ == nullptr) return;
  plugin_->deactivate(plugin_);
  plugin_->destroy(plugin_);
}

void LiveHost::on_port(bool connected) {
  if (input_ != nullptr && input_->on_port != nullptr) input_->on_port(plugin_, connected);
}

Result<void> LiveHost::plug() {
  if (spec_.empty()) return {};
  TILL_CHECK(port_.open(spec_));
  // The first time is how every replay starts; it is no step.
  if (!recording_.steps.empty()) {
    recording_.steps.push_back({.kind = RecordedStep::Kind::kPort, .connected = true});
  }
  on_port(true);
  return {};
}

void LiveHost::unplug() {
  port_.close();
  recording_.steps.push_back({.kind = RecordedStep::Kind::kPort, .connected = false});
  on_port(false);
}

int LiveHost::read(std::uint8_t* buffer, std::size_t capacity, int timeout_ms) {
  const bool was_open = port_.is_open();
  const int n = port_.read(buffer, capacity, timeout_ms);
  if (!performing_) return n;
  if (n > 0) {
    const auto now = Clock::now();
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - last_exchange_).count();
    last_exchange_ = now;
    step().dialogue.push_back(
        {Exchange::Kind::kIn, Buffer(buffer, buffer + n), static_cast<std::uint32_t>(ms)});
  } else if (was_open && !port_.is_open()) {
    step().dialogue.push_back({Exchange::Kind::kLost, {}, 0});
  }
  return n;
}

bool LiveHost::write(Bytes bytes, int timeout_ms) {
  if (loop_.cancelled()) return false;
  const bool was_open = port_.is_open();
  const bool good = port_.write(bytes, timeout_ms);
  if (!performing_ || !was_open) return good;
  last_exchange_ = Clock::now();
  auto& dialogue = step().dialogue;
  if (!dialogue.empty() && dialogue.back().kind == Exchange::Kind::kOut) {
    append(dialogue.back().bytes, bytes);
  } else {
    dialogue.push_back({Exchange::Kind::kOut, to_buffer(bytes), 0});
  }
  if (!good) dialogue.push_back({Exchange::Kind::kLost, {}, 0});
  return good;
}

bool LiveHost::sleep(int ms) {
  loop_.wait(ms, [] { return false; });
  return !loop_.cancelled();
}

ipc::Outcome LiveHost::http(const json::object& request, int timeout_ms) {
  auto outcome = loop_.http(secrets_, json::serialize(request), timeout_ms);
  if (performing_) {
    const bool done = outcome.verdict == ipc::Verdict::kDone;
    step().http.push_back({request, static_cast<till_status>(outcome.verdict),
                           done ? json::parse(outcome.body) : json::value(),
                           done ? 0 : static_cast<int>(outcome.error.code)});
  }
  return outcome;
}

void LiveHost::emit(const char* type, std::string_view body) {
  std::printf("event %s %.*s\n", type, static_cast<int>(body.size()), body.data());
  boost::system::error_code bad;
  const json::value value = json::parse(body, bad);
  if (recording_.steps.empty()) return;
  step().events.push_back({type, bad ? json::value(nullptr) : value, std::string(body)});
}

FakeOutcome LiveHost::perform(const std::string& verb, const std::string& body,
                              std::uint32_t deadline_ms) {
  boost::system::error_code bad;
  const json::value parsed = json::parse(body, bad);
  if (bad || !parsed.is_object()) return {TILL_REFUSED, {}, {Code::kBadJson, "body", {}}, false};
  if (operations_ == nullptr) return {TILL_REFUSED, {}, {Code::kVerbUnsupported, verb, {}}, false};
  const std::string key = "key-" + std::to_string(++keys_);
  recording_.steps.push_back({.kind = RecordedStep::Kind::kPerform,
                              .verb = verb,
                              .key = key,
                              .body = parsed.get_object()});
  const till_operation op{
      sizeof(till_operation), deadline_ms, verb.c_str(), key.c_str(), body.data(), body.size()};
  FakeOutcome out;
  const till_sink sink{&out.text, [](const till_sink* s, const char* data, std::size_t n) noexcept {
                         static_cast<std::string*>(s->context)->append(data, n);
                         return true;
                       }};
  till_error error{sizeof(till_error), 0, {}, {}, 0};
  performing_ = true;
  last_exchange_ = Clock::now();
  {
    const Overdue overdue(verb, deadline_ms, [this] {
      loop_.set_cancelled(true);
      if (operations_->cancel != nullptr) operations_->cancel(plugin_);
    });
    out.status = operations_->perform(plugin_, &op, &sink, &error);
  }
  performing_ = false;
  loop_.set_cancelled(false);
  step().status = out.status;
  if (out.status == TILL_DONE) {
    out.body = json::parse(out.text, bad);
    step().result = out.body;
  } else {
    out.error = {static_cast<Code>(error.code), error.detail, error.vendor};
    step().code = error.code;
  }
  return out;
}

void LiveHost::end_input() {
  in_input_ = false;
  if (input_ != nullptr && input_->on_quiet != nullptr) input_->on_quiet(plugin_, kQuietMs);
}

bool LiveHost::listen(int ms, int other) {
  const auto until = Clock::now() + std::chrono::milliseconds(ms);
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    if (ms >= 0 && left <= 0) break;
    int wait = ms < 0 ? -1 : static_cast<int>(left);
    if (in_input_ && (wait < 0 || wait > kQuietMs)) wait = kQuietMs;
    std::array<pollfd, 2> two{{{port_.fd(), POLLIN, 0}, {other, POLLIN, 0}}};
    if (poll(two.data(), two.size(), wait) == 0) {
      if (in_input_) end_input();
      continue;
    }
    if ((two[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      std::array<std::uint8_t, 4096> part{};
      const int n = port_.read(part.data(), part.size(), 0);
      if (n < 0) {
        std::printf("the line is gone\n");
        unplug();
      } else if (n > 0 && input_ != nullptr) {
        const Bytes bytes(part.data(), static_cast<std::size_t>(n));
        if (!in_input_) recording_.steps.push_back({.kind = RecordedStep::Kind::kInput});
        in_input_ = true;
        append(step().input, bytes);
        input_->on_input(plugin_, bytes.data(), bytes.size());
      }
      continue;
    }
    if (other >= 0 && two[1].revents != 0) return true;
  }
  if (in_input_) end_input();
  return false;
}

}  // namespace till::kit
