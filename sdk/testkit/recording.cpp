#include "recording.h"

#include <array>
#include <regex>

#include "script.h"

namespace till::testkit {
namespace {

constexpr std::array kStatus = {"done", "refused", "in_doubt"};

Result<till_status> status_of(const json::value& v, const std::string& at) {
  for (std::size_t i = 0; i < kStatus.size(); ++i) {
    if (v.is_string() && v.get_string() == kStatus[i]) return static_cast<till_status>(i);
  }
  return fail(Code::kBadValue, at + "status");
}

Result<Buffer> hex(const json::value& v, const std::string& at) {
  if (!v.is_string()) return fail(Code::kWrongType, at + "bytes");
  const Buffer bytes = from_hex(v.get_string());
  if (bytes.empty() && !v.get_string().empty()) return fail(Code::kBadValue, at + "bytes");
  return bytes;
}

Result<Exchange> exchange_of(const json::value& v, const std::string& at) {
  if (!v.is_array() || v.get_array().empty() || !v.get_array()[0].is_string()) {
    return fail(Code::kWrongType, at + "dialogue");
  }
  const auto& parts = v.get_array();
  if (parts[0].get_string() == "lost") return Exchange{Exchange::Kind::kLost, {}, 0};
  const bool in = parts[0].get_string() == "in";
  if ((!in && parts[0].get_string() != "out") || parts.size() < 2) {
    return fail(Code::kBadValue, at + "dialogue");
  }
  Exchange e{in ? Exchange::Kind::kIn : Exchange::Kind::kOut, TILL_TRY(hex(parts[1], at)), 0};
  if (parts.size() > 2 && parts[2].is_int64()) {
    e.after_ms = static_cast<std::uint32_t>(parts[2].get_int64());
  }
  return e;
}

std::string text_of(const json::object& o, const char* name) {
  const auto* at = o.if_contains(name);
  return at != nullptr && at->is_string() ? std::string(at->get_string()) : "";
}

json::object object_of(const json::object& o, const char* name) {
  const auto* at = o.if_contains(name);
  return at != nullptr && at->is_object() ? at->get_object() : json::object{};
}

int code_of(const json::object& o) {
  const auto* at = o.if_contains("code");
  return at != nullptr && at->is_int64() ? static_cast<int>(at->get_int64()) : 0;
}

template <typename F>
Result<void> each(const json::object& o, const char* name, F take) {
  const auto* list = o.if_contains(name);
  if (list == nullptr) return {};
  if (!list->is_array()) return fail(Code::kWrongType, name);
  for (const auto& item : list->get_array()) TILL_CHECK(take(item));
  return {};
}

Result<HttpExchange> http_of(const json::value& v, const std::string& at) {
  if (!v.is_object() || !v.get_object().contains("status")) {
    return fail(Code::kWrongType, at + "http");
  }
  const auto& o = v.get_object();
  HttpExchange http{object_of(o, "request"), TILL_TRY(status_of(o.at("status"), at)), nullptr,
                    code_of(o)};
  if (const auto* answer = o.if_contains("answer")) http.answer = *answer;
  return http;
}

Result<void> perform_of(const json::object& o, const std::string& at, RecordedStep& step) {
  step.kind = RecordedStep::Kind::kPerform;
  step.verb = text_of(o, "perform");
  step.key = text_of(o, "key");
  step.body = object_of(o, "body");
  if (!o.contains("status")) return fail(Code::kMissingField, at + "status");
  step.status = TILL_TRY(status_of(o.at("status"), at));
  if (const auto* result = o.if_contains("result")) step.result = *result;
  step.code = code_of(o);
  TILL_CHECK(each(o, "dialogue", [&](const json::value& v) -> Result<void> {
    step.dialogue.push_back(TILL_TRY(exchange_of(v, at)));
    return {};
  }));
  return each(o, "http", [&](const json::value& v) -> Result<void> {
    step.http.push_back(TILL_TRY(http_of(v, at)));
    return {};
  });
}

Result<RecordedStep> step_of(const json::value& v, const std::string& at) {
  if (!v.is_object()) return fail(Code::kWrongType, at);
  const auto& o = v.get_object();
  RecordedStep step;
  if (const auto* input = o.if_contains("input")) {
    step.input = TILL_TRY(hex(*input, at));
  } else if (const auto* port = o.if_contains("port")) {
    if (!port->is_bool()) return fail(Code::kWrongType, at + "port");
    step.kind = RecordedStep::Kind::kPort;
    step.connected = port->get_bool();
  } else if (o.contains("perform")) {
    TILL_CHECK(perform_of(o, at, step));
  } else {
    return fail(Code::kMissingField, at + "input, port or perform");
  }
  TILL_CHECK(each(o, "events", [&](const json::value& e) -> Result<void> {
    if (!e.is_object()) return fail(Code::kWrongType, at + "events");
    const auto* body = e.get_object().if_contains("body");
    step.events.push_back({text_of(e.get_object(), "type"), body ? *body : nullptr, {}});
    return {};
  }));
  return step;
}

// A driver may name its requests by random UUIDs; which ones is its own business.
std::string without_uuids(const json::object& request) {
  static const std::regex kUuid("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  return std::regex_replace(json::serialize(request), kUuid, "UUID");
}

json::array dialogue_json(const std::vector<Exchange>& dialogue) {
  json::array out;
  for (const auto& e : dialogue) {
    if (e.kind == Exchange::Kind::kLost) {
      out.push_back(json::array{"lost"});
    } else if (e.kind == Exchange::Kind::kOut) {
      out.push_back(json::array{"out", json::string(to_hex(e.bytes))});
    } else {
      out.push_back(json::array{"in", json::string(to_hex(e.bytes)), e.after_ms});
    }
  }
  return out;
}

json::object step_json(const RecordedStep& s) {
  json::object o;
  if (s.kind == RecordedStep::Kind::kInput) o["input"] = json::string(to_hex(s.input));
  if (s.kind == RecordedStep::Kind::kPort) o["port"] = s.connected;
  if (s.kind == RecordedStep::Kind::kPerform) {
    o["perform"] = json::string(s.verb);
    if (!s.key.empty()) o["key"] = json::string(s.key);
    o["body"] = s.body;
    if (!s.dialogue.empty()) o["dialogue"] = dialogue_json(s.dialogue);
    json::array http;
    for (const auto& h : s.http) {
      http.push_back({{"request", h.request},
                      {"status", word(h.status)},
                      {"answer", h.answer},
                      {"code", h.code}});
    }
    if (!http.empty()) o["http"] = http;
    o["status"] = word(s.status);
    if (s.status == TILL_DONE) o["result"] = s.result;
    if (s.status != TILL_DONE) o["code"] = s.code;
  }
  json::array events;
  for (const auto& e : s.events)
    events.push_back({{"type", json::string(e.type)}, {"body", e.body}});
  if (!events.empty()) o["events"] = events;
  return o;
}

}  // namespace

const char* word(till_status status) {
  return status >= 0 && status < 3 ? kStatus.at(static_cast<std::size_t>(status)) : "no status";
}

Result<Recording> parse_recording(std::string_view text) {
  boost::system::error_code bad;
  const json::value root = json::parse(text, bad);
  if (bad) return fail(Code::kBadJson, bad.message());
  if (!root.is_object()) return fail(Code::kWrongType, "not an object");
  const auto& o = root.get_object();
  const auto* format = o.if_contains("format");
  if (format == nullptr || *format != json::value(1)) return fail(Code::kBadValue, "format");
  Recording r{text_of(o, "plugin"),
              text_of(o, "title"),
              text_of(o, "device"),
              object_of(o, "settings"),
              0,
              {}};
  if (r.plugin.empty() || r.title.empty()) return fail(Code::kMissingField, "plugin, title");
  if (const auto* at = o.if_contains("unix_us"); at != nullptr && at->is_int64()) {
    r.unix_us = at->get_int64();
  }
  TILL_CHECK(each(o, "steps", [&](const json::value& v) -> Result<void> {
    r.steps.push_back(TILL_TRY(step_of(v, "steps[" + std::to_string(r.steps.size()) + "].")));
    return {};
  }));
  if (r.steps.empty()) return fail(Code::kMissingField, "steps");
  return r;
}

std::string print_recording(const Recording& r) {
  std::string out = "{\n \"format\": 1,\n";
  const auto member = [&](const char* name, const json::value& v) {
    out += std::string(" \"") + name + "\": " + json::serialize(v) + ",\n";
  };
  member("plugin", json::value(r.plugin));
  member("title", json::value(r.title));
  member("device", json::value(r.device));
  member("settings", r.settings);
  member("unix_us", r.unix_us);
  out += " \"steps\": [\n";
  for (std::size_t i = 0; i < r.steps.size(); ++i) {
    out += "  " + json::serialize(step_json(r.steps[i]));
    out += i + 1 < r.steps.size() ? ",\n" : "\n";
  }
  return out + " ]\n}\n";
}

Player::Player(FakeHost& host, const Recording& recording) : host_(host), recording_(recording) {
  if (recording.unix_us > 0) host_.now_us = recording.unix_us;
}

std::string Player::perform(const RecordedStep& step) {
  Script script(host_);
  for (const auto& e : step.dialogue) {
    if (e.kind == Exchange::Kind::kOut) script.expect(e.bytes);
    if (e.kind == Exchange::Kind::kIn) script.delay(e.after_ms).send(e.bytes);
    if (e.kind == Exchange::Kind::kLost) script.fault(Fault::kCut);
  }
  std::size_t asked = 0;
  std::string http_complaint;
  host_.set_http([&](const json::object& request) -> FakeOutcome {
    if (asked >= step.http.size() ||
        without_uuids(step.http[asked].request) != without_uuids(request)) {
      http_complaint = "http request " + std::to_string(asked) + ": " + json::serialize(request);
      return {TILL_IN_DOUBT, {}, {Code::kTimeout, {}, {}}, false};
    }
    const auto& h = step.http[asked++];
    return {h.status, h.answer, {static_cast<Code>(h.code), {}, {}}, false};
  });
  script.start();
  outcome_ = host_.perform_text(step.verb, json::serialize(step.body), step.key);
  host_.set_device({});
  host_.set_http({});
  const std::string bytes = http_complaint.empty() ? script.complaint() : http_complaint;
  same_bytes_ = bytes.empty();
  if (outcome_.status != step.status) {
    return std::string("ended ") + word(outcome_.status) + ", recorded " + word(step.status) +
           "; " + code_name(outcome_.error.code) + " " + outcome_.error.detail +
           (bytes.empty() ? "" : "; ") + bytes;
  }
  if (step.status == TILL_DONE && outcome_.body != step.result) {
    return "result " + outcome_.text + ", recorded " + json::serialize(step.result);
  }
  if (step.status != TILL_DONE && static_cast<int>(outcome_.error.code) != step.code) {
    return code_name(outcome_.error.code) + ", recorded TB-" + std::to_string(step.code);
  }
  return bytes;
}

std::string Player::play(std::size_t i, const std::function<void()>& arm) {
  const RecordedStep& step = recording_.steps[i];
  const std::string at = "step " + std::to_string(i) + ": ";
  const std::size_t events_before = host_.events().size();
  same_bytes_ = true;
  if (arm) arm();
  std::string complaint;
  if (step.kind == RecordedStep::Kind::kInput) {
    host_.feed(step.input);
  } else if (step.kind == RecordedStep::Kind::kPort) {
    host_.set_connected(step.connected);
  } else {
    complaint = perform(step);
  }
  if (!complaint.empty()) return at + complaint;
  const std::size_t events = host_.events().size() - events_before;
  if (events != step.events.size()) {
    return at + std::to_string(events) + " events, recorded " + std::to_string(step.events.size());
  }
  for (std::size_t e = 0; e < events; ++e) {
    const auto& got = host_.events()[events_before + e];
    if (got.type != step.events[e].type || got.body != step.events[e].body) {
      return at + "event " + got.type + " " + got.text;
    }
  }
  return "";
}

std::string Player::play_all() {
  for (std::size_t i = 0; i < recording_.steps.size(); ++i) {
    if (auto complaint = play(i); !complaint.empty()) return complaint;
  }
  return "";
}

}  // namespace till::testkit
