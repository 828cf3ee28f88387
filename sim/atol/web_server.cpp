#include "sim/atol/web_server.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/atol/receipt_task.h"

namespace till::sim::atol {
namespace {

constexpr std::string_view kPath = "/api/v2/requests";
constexpr Ms kRetryMs = 500;  // of a blocked queue

std::string text(const json::object& in, std::string_view key) {
  const auto* at = in.if_contains(key);
  return at != nullptr && at->is_string() ? json::value_to<std::string>(*at) : "";
}

}  // namespace

std::string_view WebServer::name(State state) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "wait", "inProgress", "ready", "error", "interrupted", "blocked", "canceled"};
  return kNames.at(static_cast<size_t>(state));
}

WebServer::Answer WebServer::error(int status, int code) {
  return {status, json::serialize(json::object{
                      {"error", json::object{{"code", code}, {"description", error_text(code)}}}})};
}

bool WebServer::fiscal(const json::object& task) {
  bool correction = false;
  const std::string type = text(task, "type");
  return type == "openShift" || type == "closeShift" || operation_of(type, correction) != 0;
}

WebServer::Answer WebServer::http(Ms now, std::string_view method, std::string_view path,
                                  std::string_view body) {
  tick(now);
  if (!path.starts_with(kPath)) return error(404, kParseError);
  path.remove_prefix(kPath.size());
  if (path.empty() || path == "/") {
    return method == "POST" ? post(now, body) : error(405, kParseError);
  }
  const std::string uuid(path.substr(1));
  if (path[0] != '/' || !requests_.contains(uuid)) return error(404, kParseError);
  if (method == "GET") return get(uuid);
  return method == "DELETE" && options_.cancels ? cancel(uuid) : error(405, kParseError);
}

WebServer::Answer WebServer::post(Ms now, std::string_view body) {
  boost::system::error_code bad;
  const json::value value = json::parse(body, bad);
  if (bad || !value.is_object()) return error(400, kParseError);
  const auto& in = value.get_object();
  const std::string uuid = text(in, "uuid");
  const auto* wanted = in.if_contains("request");
  if (uuid.empty() || uuid.size() > 64 || wanted == nullptr) return error(400, kParseError);
  if (requests_.contains(uuid)) return error(409, kParseError);
  if (requests_.size() >= kMaxRequests) return error(500, kParseError);
  Request request;
  const json::array one = wanted->is_array() ? wanted->get_array() : json::array{*wanted};
  bool sells = false;
  for (const auto& task : one) {
    if (!task.is_object()) return error(400, kParseError);
    sells = sells || fiscal(task.get_object());
    request.tasks.push_back({task.get_object()});
  }
  if (request.tasks.empty() || request.tasks.size() > 100) return error(400, kParseError);
  request.due = now + options_.start_ms + (sells ? std::exchange(hold_ms_, 0) : 0);
  requests_.emplace(uuid, std::move(request));
  queue_.push_back(uuid);
  return {201,
          json::serialize(json::object{
              {"number", ++number_}, {"uuid", uuid}, {"isBlocked", false}, {"blockedUUID", ""}})};
}

WebServer::Answer WebServer::get(const std::string& uuid) const {
  json::array results;
  for (const Task& task : requests_.at(uuid).tasks) {
    const int code = task.outcome.error;
    json::object one = {{"status", name(task.state)},
                        {"error", json::object{{"code", code}, {"description", error_text(code)}}}};
    if (task.state == State::kReady) one["result"] = task.outcome.result;
    results.push_back(std::move(one));
  }
  return {200, json::serialize(json::object{{"results", std::move(results)}})};
}

WebServer::Answer WebServer::cancel(const std::string& uuid) {
  Request& request = requests_.at(uuid);
  for (Task& task : request.tasks) {
    if (task.state == State::kWait) task.state = State::kCanceled;
  }
  const bool over = std::ranges::all_of(request.tasks, [](const Task& t) {
    return t.state != State::kInProgress && t.state != State::kBlocked;
  });
  if (over) std::erase(queue_, uuid);
  return {200, "{}"};
}

// The register is back: did the document of the lost answer become one?
bool WebServer::resolve_blocked(Ms now, Task& task, uint32_t fd_before) {
  bool closed = false, printed = false;
  if (printer_.check_document_closed(now, closed, printed) != kOk) return false;
  if (!closed) printer_.cancel_receipt(now);
  task.outcome = printer_.outcome_of(task.task, fd_before);
  task.state = task.outcome.error == kOk ? State::kReady : State::kError;
  return true;
}

void WebServer::step(Ms now, Request& request) {
  Task& task = request.tasks[request.next];
  if (task.state == State::kBlocked) {
    request.due = now + kRetryMs;
    if (!resolve_blocked(now, task, request.fd_before)) return;
  } else if (task.state == State::kWait) {
    task.state = State::kInProgress;
    request.due = now + options_.task_ms;
    return;
  } else {
    request.fd_before = printer_.last_fd();
    task.outcome = printer_.run(now, task.task);
    const int code = task.outcome.error;
    // Only a document's fate is worth to stop the queue for.
    if (code == kConnectionLost && fiscal(task.task)) {
      task.state = State::kBlocked;
      request.due = now + kRetryMs;
      return;
    }
    task.state = code == kOk ? State::kReady : State::kError;
    request.due = now;
  }
  if (task.state == State::kError) {
    for (size_t i = request.next + 1; i < request.tasks.size(); ++i) {
      request.tasks[i].state = State::kInterrupted;
      request.tasks[i].outcome.error = kInterruptedBefore;
    }
    request.next = request.tasks.size();
  } else {
    ++request.next;
  }
}

void WebServer::tick(Ms now) {
  printer_.tick(now);
  while (!queue_.empty()) {
    Request& request = requests_.at(queue_.front());
    if (request.due > now) return;
    step(request.due, request);
    if (request.next < request.tasks.size()) continue;
    const Ms done = request.due;
    queue_.pop_front();
    if (queue_.empty()) return;
    Ms& due = requests_.at(queue_.front()).due;
    due = std::max(due, done);
  }
}

std::optional<Ms> WebServer::next_due() const {
  const auto late = printer_.next_due();
  if (queue_.empty()) return late;
  const Ms due = requests_.at(queue_.front()).due;
  return late ? std::min(*late, due) : due;
}

}  // namespace till::sim::atol
