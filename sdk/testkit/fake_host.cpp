#include "fake_host.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace till::testkit {

struct FakeTables {
  static FakeHost& of(const till_host* h) { return *static_cast<FakeHost*>(h->host_data); }

  static constexpr till_port kPort{
      [](const till_host* h, std::uint8_t* buffer, std::size_t capacity,
         std::uint32_t timeout) noexcept { return of(h).read(buffer, capacity, timeout); },
      [](const till_host* h, const std::uint8_t* data, std::size_t size, std::uint32_t) noexcept {
        return of(h).write({data, size});
      },
      [](const till_host* h) noexcept {
        FakeHost& host = of(h);
        std::erase_if(host.to_driver_, [&](const auto& p) { return p.at_us <= host.now_us; });
      },
      [](const till_host* h) noexcept { of(h).no_return_ = true; },
      [](const till_host* h) noexcept { return of(h).connected_; }};
  static constexpr till_events kEvents{
      [](const till_host* h, const char* type, const char* body, std::size_t size) noexcept {
        of(h).events_.push_back({type, json::parse({body, size})});
      }};
  static constexpr till_log kLog{
      [](const till_host* h, std::int32_t, const char* text, std::size_t size) noexcept {
        of(h).log_.emplace_back(text, size);
      }};
  static constexpr till_time kTime{[](const till_host* h) noexcept { return of(h).now_us; },
                                   [](const till_host* h) noexcept { return of(h).now_us; },
                                   [](const till_host* h, std::uint32_t ms) noexcept {
                                     of(h).pass_ms(ms);
                                     return true;
                                   }};
  static constexpr till_http kHttp{[](const till_host* h, const char* request, std::size_t size,
                                      std::uint32_t, const till_sink* sink,
                                      till_error* error) noexcept -> till_status {
    const auto answer = of(h).http_(json::parse({request, size}).as_object());
    error->code = static_cast<std::int32_t>(answer.error.code);
    std::strncpy(error->detail, answer.error.detail.c_str(), sizeof error->detail - 1);
    const std::string text = json::serialize(answer.body);
    if (answer.status == TILL_DONE) sink->write(sink, text.data(), text.size());
    return answer.status;
  }};
};

const void* FakeHost::extension(const till_host*, const char* id) noexcept {
  const std::string_view wanted = id;
  if (wanted == TILL_PORT_ID) return &FakeTables::kPort;
  if (wanted == TILL_EVENTS_ID) return &FakeTables::kEvents;
  if (wanted == TILL_LOG_ID) return &FakeTables::kLog;
  if (wanted == TILL_TIME_ID) return &FakeTables::kTime;
  if (wanted == TILL_HTTP_ID) return &FakeTables::kHttp;
  return nullptr;
}

FakeHost::FakeHost(const till_entry& entry)
    : host_{sizeof(till_host), TILL_ABI_MAJOR, TILL_ABI_MINOR, this, &extension} {
  if (entry.abi_major != TILL_ABI_MAJOR || !entry.init(".")) throw std::runtime_error("entry");
  const auto* factory = static_cast<const till_factory*>(entry.get_factory(TILL_FACTORY_ID));
  plugin_ = factory->create(&host_, factory->descriptor(0)->id);
  if (plugin_ == nullptr) throw std::runtime_error("the factory makes nothing");
}

FakeHost::~FakeHost() {
  plugin_->deactivate(plugin_);
  plugin_->destroy(plugin_);
}

FakeOutcome FakeHost::activate(const json::object& settings) {
  const std::string text = json::serialize(settings);
  till_error error{sizeof(till_error), 0, {}, {}, 0};
  const till_status status = plugin_->activate(plugin_, text.data(), text.size(), &error);
  return {status, {}, {static_cast<Code>(error.code), error.detail, error.vendor}, false};
}

FakeOutcome FakeHost::perform(const char* verb, const json::object& body, const char* key) {
  const auto* table =
      static_cast<const till_operations*>(plugin_->get_extension(plugin_, TILL_OPERATIONS_ID));
  const std::string text = json::serialize(body);
  const till_operation op{sizeof(till_operation), 60000, verb, key, text.data(), text.size()};
  std::string result;
  const till_sink sink{&result, [](const till_sink* s, const char* data, std::size_t n) noexcept {
                         static_cast<std::string*>(s->context)->append(data, n);
                         return true;
                       }};
  till_error error{sizeof(till_error), 0, {}, {}, 0};
  no_return_ = false;
  const till_status status = table->perform(plugin_, &op, &sink, &error);
  FakeOutcome out{status, {}, {}, error.dirty != 0};
  if (status == TILL_DONE) {
    out.body = json::parse(result);
  } else {
    out.error = {static_cast<Code>(error.code), error.detail, error.vendor};
  }
  return out;
}

void FakeHost::feed(Bytes bytes, bool quiet) {
  const auto* table =
      static_cast<const till_input*>(plugin_->get_extension(plugin_, TILL_INPUT_ID));
  table->on_input(plugin_, bytes.data(), bytes.size());
  if (quiet) table->on_quiet(plugin_, 50);
}

void FakeHost::set_connected(bool connected) {
  connected_ = connected;
  run_clock();
  to_driver_.clear();
  cut_late_ = false;
  if (connected) written_left_ = read_left_ = std::numeric_limits<std::size_t>::max();
  const auto* table =
      static_cast<const till_input*>(plugin_->get_extension(plugin_, TILL_INPUT_ID));
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

std::int32_t FakeHost::read(std::uint8_t* buffer, std::size_t capacity, std::uint32_t timeout_ms) {
  if (!connected_) return -1;
  if (!await_input(now_us + std::int64_t{timeout_ms} * 1000)) return 0;
  Pending& next = to_driver_.front();
  const std::size_t n = std::min({capacity, next.bytes.size(), read_left_});
  std::copy_n(next.bytes.begin(), n, buffer);
  next.bytes.erase(next.bytes.begin(), next.bytes.begin() + static_cast<std::ptrdiff_t>(n));
  if (next.bytes.empty()) to_driver_.erase(to_driver_.begin());
  read_ += n;
  read_left_ -= n;
  if (read_left_ == 0 && (!cut_late_ || n == 0)) connected_ = false;
  return n == 0 ? -1 : static_cast<std::int32_t>(n);
}

bool FakeHost::write(Bytes bytes) {
  if (!connected_) return false;
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
