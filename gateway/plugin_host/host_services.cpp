// The host's function tables: thin thunks from the C boundary to Host.

#include <algorithm>

#include "host.h"
#include "sdk/cpp/base/kept_state.h"
#include "sdk/cpp/c_error.h"

namespace till::plugin_host {
namespace {

constexpr std::size_t kMaxLine = 4096;  // of a log line; the daemon keeps less

Host& of(const till_host* host) { return *static_cast<Host*>(host->host_data); }

constexpr till_port kPort{
    .read = [](const till_host* h, std::uint8_t* buffer, std::size_t capacity,
               std::uint32_t timeout_ms) noexcept -> std::int32_t {
      if (buffer == nullptr && capacity > 0) return of(h).rule("NULL", "till_port.read"), -1;
      return of(h).read(buffer, capacity, timeout_ms);
    },
    .write =
        [](const till_host* h, const std::uint8_t* data, std::size_t size,
           std::uint32_t timeout_ms) noexcept {
          if (data == nullptr && size > 0) return of(h).rule("NULL", "till_port.write"), false;
          return of(h).write({data, size}, timeout_ms);
        },
    .discard_input = [](const till_host* h) noexcept { of(h).discard_input(); },
    .point_of_no_return = [](const till_host* h) noexcept { of(h).point_of_no_return(); },
    .connected = [](const till_host* h) noexcept { return of(h).connected(); },
};

constexpr std::size_t kMaxNumber = 16;  // and its newline, before the body of a request

constexpr till_events kEvents{
    .emit =
        [](const till_host* h, const char* type, const char* body, std::size_t size) noexcept {
          if (type == nullptr || (body == nullptr && size > 0)) {
            return of(h).rule("NULL", "till_events.emit");
          }
          if (size > ipc::kInlineBody) return of(h).rule("too long", "till_events.emit");
          if (!of(h).active()) return of(h).rule("too early", "till_events.emit in activate");
          of(h).send(ipc::Type::kEvent, std::string(type) + "\n" + std::string(body, size));
        },
};

constexpr till_log kLog{
    .write =
        [](const till_host* h, std::int32_t level, const char* text, std::size_t size) noexcept {
          if (text == nullptr && size > 0) return of(h).rule("NULL", "till_log.write");
          of(h).send(ipc::Type::kLog,
                     std::to_string(level) + "\n" + std::string(text, std::min(size, kMaxLine)));
        },
};

constexpr till_time kTime{
    .unix_us = [](const till_host*) noexcept { return unix_us(); },
    .monotonic_us = [](const till_host*) noexcept { return monotonic_us(); },
    .sleep = [](const till_host* h, std::uint32_t ms) noexcept { return of(h).sleep(ms); },
};

constexpr till_http kHttp{
    .request = [](const till_host* h, const char* request, std::size_t size,
                  std::uint32_t timeout_ms, const till_sink* answer,
                  till_error* error) noexcept -> till_status {
      if (request == nullptr || answer == nullptr) {
        of(h).rule("NULL", "till_http.request");
        return TILL_REFUSED;
      }
      if (size > ipc::max_body(ipc::Type::kHttpRequest) - kMaxNumber) {
        of(h).rule("too long", "till_http.request");
        to_c({Code::kTooLarge, "request", {}}, error);
        return TILL_REFUSED;
      }
      // A second more than the daemon has: its verdict is better than our silence.
      constexpr std::uint32_t kMore = 1000;
      const auto outcome = of(h).ask(ipc::Type::kHttpRequest,
                                     std::to_string(timeout_ms) + "\n" + std::string(request, size),
                                     std::min(timeout_ms, UINT32_MAX - kMore) + kMore);
      to_c(outcome.error, error);
      if (outcome.verdict == ipc::Verdict::kDone) {
        answer->write(answer, outcome.body.data(), outcome.body.size());
      }
      return static_cast<till_status>(outcome.verdict);
    },
};

till_status keep(const till_host* h, const char* what, const char* key, std::string_view value,
                 const till_sink* sink, till_error* error) noexcept {
  if (key == nullptr || (value.data() == nullptr && !value.empty())) {
    of(h).rule("NULL", "till_state");
    return TILL_REFUSED;
  }
  if (value.size() > KeptState::kValueMost) {
    to_c({Code::kStateFull, "value: 4096 bytes", {}}, error);
    return TILL_REFUSED;
  }
  if (const auto good = KeptState::check(key); !good) {
    to_c(good.error(), error);
    return TILL_REFUSED;
  }
  const auto outcome = of(h).ask(
      ipc::Type::kState, std::string(what) + "\t" + key + "\n" + std::string(value), TILL_GRACE_MS);
  to_c(outcome.error, error);
  if (sink != nullptr && outcome.verdict == ipc::Verdict::kDone) {
    sink->write(sink, outcome.body.data(), outcome.body.size());
  }
  return static_cast<till_status>(outcome.verdict);
}

constexpr till_state kState{
    .get = [](const till_host* h, const char* key, const till_sink* value,
              till_error* error) noexcept { return keep(h, "get", key, {}, value, error); },
    .set =
        [](const till_host* h, const char* key, const char* value, std::size_t size,
           till_error* error) noexcept {
          return keep(h, "set", key, {value, size}, nullptr, error);
        },
    .remove = [](const till_host* h, const char* key,
                 till_error* error) noexcept { return keep(h, "remove", key, {}, nullptr, error); },
};

constexpr till_progress kProgress{
    .report = [](const till_host* h, std::uint32_t n) noexcept { of(h).progress(n); },
};

}  // namespace

const void* host_extension(const till_host* host, const char* id) noexcept {
  const std::string_view wanted = id == nullptr ? "" : id;
  if (!of(host).offers(wanted)) return nullptr;
  if (wanted == TILL_PORT_ID) return &kPort;
  if (wanted == TILL_EVENTS_ID) return &kEvents;
  if (wanted == TILL_LOG_ID) return &kLog;
  if (wanted == TILL_TIME_ID) return &kTime;
  if (wanted == TILL_HTTP_ID) return &kHttp;
  if (wanted == TILL_STATE_ID) return &kState;
  if (wanted == TILL_PROGRESS_ID) return &kProgress;
  return nullptr;
}

bool Host::offers(std::string_view extension) const {
  if (extension == TILL_LOG_ID || extension == TILL_TIME_ID) return true;
  if (extension == TILL_EVENTS_ID) return emits_;
  if (extension == TILL_PORT_ID) return access_ == "port";
  if (extension == TILL_HTTP_ID) return access_ == "http";
  return access_ != "none";
}

till_host make_c_host(Host* host) {
  return {sizeof(till_host), TILL_ABI_MAJOR, TILL_ABI_MINOR, host, &host_extension};
}

}  // namespace till::plugin_host
