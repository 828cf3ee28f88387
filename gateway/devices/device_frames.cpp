// What a device's child says: completions, bytes, events, requests.
#include <algorithm>
#include <array>
#include <charconv>

#include "device.h"
#include "gateway/base/foreign_text.h"
#include "gateway/base/log.h"
#include "plugin_event.h"
#include "plugin_result.h"

namespace till::devices {
namespace {

namespace json = boost::json;

std::size_t number(std::string_view text) {
  std::size_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

}  // namespace

// Whatever a plugin finds to say that something here throws at: it ends, not the shop.
void Device::hear(ipc::Frame frame) {
  try {
    on_frame(std::move(frame));
  } catch (const std::exception& e) {
    end_child(supervisor::Event::kBroke, {Code::kPluginDied, e.what(), "frame"});
  }
}

void Device::on_frame(ipc::Frame frame) {
  if (stopped_) return;  // what it had still to say is answered as in doubt
  switch (frame.type) {
    case ipc::Type::kComplete:
      on_complete(frame);
      break;
    case ipc::Type::kPortOut:
      on_port_output(std::move(frame.body));
      break;
    case ipc::Type::kCredit:
      in_flight_ -= std::min(in_flight_, number(frame.body));
      if (port_ && port_open_ && !full()) port_->pause(false);
      break;
    case ipc::Type::kEvent:
      on_plugin_event(frame.body);
      break;
    case ipc::Type::kLog:
      on_plugin_log(frame.body);
      break;
    case ipc::Type::kHttpRequest:
      answer_http(frame.op, frame.body);
      break;
    case ipc::Type::kState:
      answer_state(frame.op, frame.body);
      break;
    case ipc::Type::kProgress:
      on_progress(frame);
      break;
    case ipc::Type::kRule:
      on_broken_rule(frame.body);
      break;
    default:
      break;  // kNoReturn is a hint; kBye precedes the end of the socket
  }
}

void Device::on_complete(const ipc::Frame& frame) {
  // Of nothing that runs: a second one, or a late one.
  if (!running_ || frame.op != queue_.front().number) return broken_rule("completion");
  auto outcome = ipc::decode_outcome(frame.body);
  if (!outcome) outcome = ipc::Outcome::in_doubt(outcome.error());
  const auto passed = services_.poison.passed(config_.id, queue_.front().name);
  if (!passed) log_error("device {}: {}", config_.id, passed.error().detail);
  if (outcome->verdict == ipc::Verdict::kDone) {
    const auto& verb = queue_.front().verb;
    if (auto good = check_result(verb, outcome->body); !good) {
      // It happened; what it led to is not known.
      good.error().detail = verb + ": " + good.error().detail;
      broken_rule("result", good.error().detail);
      outcome = ipc::Outcome::in_doubt(std::move(good.error()));
    }
  }
  auto& error = outcome->error;
  error.detail = presentable(std::move(error.detail), limits::kMaxLogDetail);
  error.vendor = presentable(std::move(error.vendor), limits::kMaxLogDetail);
  finish(std::move(*outcome));
}

void Device::broken_rule(std::string_view rule, std::string_view how) {
  services_.metrics.add(fmt::format(
      "tillbridge_plugin_misbehaviour_total{{device=\"{}\",rule=\"{}\"}}", config_.id, rule));
  if (rules_.allow(services_.clock.monotonic_us())) {
    log_error("device {}: its driver breaks a rule: {}{}{}", config_.id, rule,
              how.empty() ? "" : ": ", escaped(how, limits::kMaxLogDetail));
  }
  if (rules_.count() < limits::kMaxBrokenRulesPerSecond) return;
  end_child(
      supervisor::Event::kBroke,
      {Code::kPluginDied, "it breaks rules without end, at last: " + std::string(rule), "rules"});
}

// The child's own host sees some rules broken; a forged frame gets no words into the metrics.
void Device::on_broken_rule(const std::string& body) {
  static constexpr std::array<std::string_view, 5> kKnown = {"NULL", "too long", "too early",
                                                             "till_error.code", "till_status"};
  const auto [rule, how] = ipc::split_head(body);
  const auto* const known = std::ranges::find(kKnown, rule);
  broken_rule(known == kKnown.end() ? "frame" : *known, how);
}

void Device::on_plugin_log(const std::string& body) {
  const auto [level, text] = ipc::split_head(body);
  services_.metrics.add(metric("plugin_log_lines_total"));
  if (level == "0") return;
  if (!logs_.allow(services_.clock.monotonic_us())) {
    services_.metrics.add(metric("plugin_log_lines_dropped_total"));
    if (logs_.just_over()) log_warning("device {}: its driver says too much", config_.id);
    return;
  }
  const auto line =
      fmt::format("device {}: driver says: {}", config_.id, escaped(text, limits::kMaxLogDetail));
  log_line(level == "3"   ? LogLevel::kError
           : level == "2" ? LogLevel::kWarning
                          : LogLevel::kInfo,
           line);
}

void Device::on_printed(std::string_view line) {
  services_.metrics.add(metric("plugin_printed_lines_total"));
  if (!logs_.allow(services_.clock.monotonic_us())) {
    return services_.metrics.add(metric("plugin_printed_lines_dropped_total"));
  }
  log_info("device {}: driver prints: {}", config_.id, escaped(line, limits::kMaxLogDetail));
}

// After a reconnect the child's credit starts anew while old bytes may still be under way: twice
// the credit is what an honest child can reach.
void Device::on_port_output(std::string bytes) {
  if (manifest_.access != supervisor::Access::kPort) return broken_rule("access", "a port");
  if (!port_ || !port_open_) return;
  out_flight_ += bytes.size();
  if (out_flight_ > std::size_t{2} * ipc::kPortCredit) {
    broken_rule("credit");
    return end_child(supervisor::Event::kBroke,
                     {Code::kPluginDied, "it writes without credit", "credit"});
  }
  port_->write(std::move(bytes));
}

void Device::on_plugin_event(const std::string& body) {
  if (!events_.allow(services_.clock.monotonic_us())) {
    services_.metrics.add(metric("plugin_events_dropped_total"));
    if (events_.just_over()) log_warning("device {}: too many events", config_.id);
    return;
  }
  const auto [type, text] = ipc::split_head(body);
  if (std::ranges::find(manifest_.events, type) == manifest_.events.end()) {
    return broken_rule("event", "its manifest does not name it");
  }
  const auto event = check_event(type, text);
  if (!event) return broken_rule("event", event.error().detail);
  services_.metrics.add(metric("events_total"));
  services_.on_event(config_.id, std::string(type), *event);
}

void Device::answer_http(std::uint64_t request_number, const std::string& body) {
  if (manifest_.access != supervisor::Access::kHttp) return broken_rule("access", "HTTP");
  if (requests_ >= limits::kMaxPluginRequests) {
    broken_rule("requests");
    return end_child(supervisor::Event::kBroke,
                     {Code::kPluginDied, "too many HTTP requests at once", "requests"});
  }
  ++requests_;
  const auto [timeout, request] = ipc::split_head(body);
  services_.http(secrets_, std::string(request), static_cast<std::uint32_t>(number(timeout)),
                 [weak = weak_from_this(), request_number](const ipc::Outcome& outcome) {
                   const auto self = weak.lock();
                   if (!self || !self->child_) return;
                   self->requests_ -= std::min<std::size_t>(self->requests_, 1);
                   self->child_->send(ipc::Type::kHttpAnswer, ipc::encode_outcome(outcome),
                                      request_number);
                 });
}

void Device::answer_state(std::uint64_t request_number, const std::string& body) {
  if (!child_) return;  // its last words
  if (manifest_.access == supervisor::Access::kNone) return broken_rule("access", "state");
  const auto answer = [weak = weak_from_this(), request_number](const ipc::Outcome& outcome) {
    const auto self = weak.lock();
    if (!self || !self->child_) return;
    self->child_->send(ipc::Type::kStateAnswer, ipc::encode_outcome(outcome), request_number);
  };
  const bool writes = !body.starts_with("get\t");
  if (writes && !state_writes_.allow(services_.clock.monotonic_us())) {
    return answer(ipc::Outcome::refused({Code::kDeviceBusy, "10 writes a second", {}}));
  }
  // An honest child waits for its answer before it asks again.
  if (keeping_)
    return answer(ipc::Outcome::refused({Code::kDeviceBusy, "a write is under way", {}}));
  auto change = state_->handle(body);
  if (!change.write) return answer(change.outcome);
  // The disk may take its time; the daemon's only thread does not wait for it.
  keeping_ = true;
  auto written = std::make_shared<Result<void>>();
  auto write = [written, work = std::move(change.write)] { *written = work(); };
  auto then = [self = shared_from_this(), written, answer,
               next = std::move(change.next)]() mutable {
    self->keeping_ = false;
    if (*written) self->state_->keep(std::move(*next));
    answer(*written ? ipc::Outcome::done({}) : ipc::Outcome::refused(written->error()));
  };
  if (services_.away) return services_.away(std::move(write), std::move(then));
  write();
  then();
}

void Device::on_progress(const ipc::Frame& frame) {
  if (!running_ || frame.op != queue_.front().number) return broken_rule("progress");
  const auto now = static_cast<int>(std::min<std::size_t>(number(frame.body), 1001));
  if (now < progress_ || now > 1000) return broken_rule("progress");
  progress_ = now;
}

}  // namespace till::devices
