// What a device's child says: completions, bytes, events, requests.
#include <algorithm>
#include <charconv>

#include "device.h"
#include "gateway/base/log.h"

namespace till::devices {
namespace {

namespace json = boost::json;

std::size_t number(std::string_view text) {
  std::size_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

}  // namespace

void Device::on_frame(ipc::Frame frame) {
  switch (frame.type) {
    case ipc::Type::kComplete:
      if (running_ && frame.op == queue_.front().number) {
        auto outcome = ipc::decode_outcome(frame.body);
        finish(outcome ? std::move(*outcome) : ipc::Outcome::in_doubt(outcome.error()));
      } else {
        broken_rule("completion");  // of nothing that runs: a second one, or a late one
      }
      break;
    case ipc::Type::kPortOut:
      on_port_output(std::move(frame.body));
      break;
    case ipc::Type::kCredit:
      in_flight_ -= std::min(in_flight_, number(frame.body));
      if (port_ && port_open_ && in_flight_ < ipc::kPortCredit) port_->pause(false);
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
    default:
      break;  // kNoReturn is a hint; kBye precedes the end of the socket
  }
}

void Device::broken_rule(const char* rule) {
  log_error("device {}: its driver breaks a rule: {}", config_.id, rule);
  services_.metrics.add(fmt::format(
      "tillbridge_plugin_misbehaviour_total{{device=\"{}\",rule=\"{}\"}}", config_.id, rule));
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
  log_info("device {}: driver says: {}", config_.id, text.substr(0, limits::kMaxLogDetail));
}

void Device::on_printed(std::string_view line) {
  services_.metrics.add(metric("plugin_printed_lines_total"));
  if (logs_.allow(services_.clock.monotonic_us())) {
    log_info("device {}: driver prints: {}", config_.id, line);
  }
}

// After a reconnect the child's credit starts anew while old bytes may still be under way: twice
// the credit is what an honest child can reach.
void Device::on_port_output(std::string bytes) {
  if (!port_ || !port_open_) return;
  out_flight_ += bytes.size();
  if (out_flight_ > std::size_t{2} * ipc::kPortCredit) {
    broken_rule("credit");
    return apply(supervisor::Event::kBroke);
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
  boost::system::error_code bad;
  const json::value value = json::parse(text, bad);
  if (bad || std::ranges::find(manifest_.events, type) == manifest_.events.end()) {
    return broken_rule("event");
  }
  services_.metrics.add(metric("events_total"));
  services_.on_event(config_.id, std::string(type), value);
}

void Device::answer_http(std::uint64_t request_number, const std::string& body) {
  if (requests_ >= limits::kMaxPluginRequests) {
    broken_rule("requests");
    return apply(supervisor::Event::kBroke);
  }
  ++requests_;
  const auto [timeout, request] = ipc::split_head(body);
  services_.http(std::string(request), static_cast<std::uint32_t>(number(timeout)),
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
  const bool writes = !body.starts_with("get\t");
  const auto outcome = writes && !state_writes_.allow(services_.clock.monotonic_us())
                           ? ipc::Outcome::refused({Code::kDeviceBusy, "10 writes a second", {}})
                           : state_.handle(body);
  child_->send(ipc::Type::kStateAnswer, ipc::encode_outcome(outcome), request_number);
}

void Device::on_progress(const ipc::Frame& frame) {
  if (!running_ || frame.op != queue_.front().number) return broken_rule("progress");
  const auto now = static_cast<int>(std::min<std::size_t>(number(frame.body), 1001));
  if (now < progress_ || now > 1000) return broken_rule("progress");
  progress_ = now;
}

}  // namespace till::devices
