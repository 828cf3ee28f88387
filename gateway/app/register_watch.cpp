#include "register_watch.h"

#include <algorithm>

#include "gateway/base/log.h"
#include "sdk/cpp/base/civil.h"

namespace till::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostForeign = 1000;  // unread numbers kept
constexpr std::size_t kMostAtOnce = 20;
constexpr std::int64_t kShiftWarnS = std::int64_t{22} * 3600;
constexpr std::int64_t kShiftMostS = std::int64_t{24} * 3600;
constexpr std::int64_t kClockDriftS = 300;  // the fiscal memory refuses more between operations
constexpr std::int64_t kMemoryWarnDays = 30, kUrgentDays = 3;
constexpr std::int64_t kOperatorWarnDays = 25;  // blocked after 30 without a word
constexpr std::uint32_t kFewDocuments = 5000;
constexpr std::int64_t kDayS = 86400;
constexpr const char* kOther = "other";

// 0 when it is no time.
std::int64_t seconds_of(const std::string& text) { return civil_seconds(text).value_or(0); }

std::string time_left(std::int64_t count, const char* unit) {
  const auto text = std::to_string(std::abs(count)) + " " + unit;
  return count < 0 ? "overdue by " + text : text;
}

// The register counts the hours of its shift by its own clock, wrong or right.
const std::string& shift_clock(const RegisterStatus& s, const std::string& local_now) {
  return seconds_of(s.device_time) != 0 ? s.device_time : local_now;
}

}  // namespace

std::vector<Forecast> forecasts(const RegisterStatus& s, const std::string& now_text) {
  std::vector<Forecast> out;
  const std::int64_t now = seconds_of(now_text), device = seconds_of(s.device_time);
  const auto add = [&](const char* what, std::string detail, bool urgent = false) {
    out.push_back({what, std::move(detail), urgent});
  };
  if (s.shift == "expired") add("shift", "expired", true);
  if (s.shift == "open" && s.shift_opened) {
    const auto open = seconds_of(shift_clock(s, now_text)) - seconds_of(*s.shift_opened);
    if (open >= kShiftWarnS) add("shift", time_left((kShiftMostS - open) / 60, "min"));
  }
  if (s.memory_expires) {
    const auto days = (seconds_of(*s.memory_expires) - now) / kDayS;
    if (days <= kMemoryWarnDays) add("memory", time_left(days, "d"), days <= kUrgentDays);
  }
  if (s.memory_phase && *s.memory_phase != "operating") add("memory", *s.memory_phase, true);
  if (s.memory_warning) add("memory", *s.memory_warning);
  if (s.documents_left && *s.documents_left < kFewDocuments) {
    add("documents", std::to_string(*s.documents_left));
  }
  if (s.unsent_documents && *s.unsent_documents > 0 && s.oldest_unsent) {
    const auto days = (now - seconds_of(*s.oldest_unsent)) / kDayS;
    if (days >= kOperatorWarnDays) {
      add("operator", std::to_string(*s.unsent_documents) + ", " + std::to_string(days) + " d");
    }
  }
  const auto drift = device - now;
  // A device that tells minutes only is off by up to one.
  if (device != 0 && (drift > kClockDriftS || drift < -kClockDriftS)) {
    add("clock", std::to_string(drift) + " s");
  }
  if (!s.paper) add("paper", "out", true);
  if (s.paper && s.paper_near_end) add("paper", "near end");
  if (s.cover_open) add("cover", "open");
  if (s.cutter_fault) add("cutter", "fault");
  if (s.printer_fault) add("printer", "fault");
  return out;
}

RegisterWatch::RegisterWatch(std::string name, WatchHooks hooks, Metrics& metrics)
    : name_(std::move(name)),
      hooks_(std::move(hooks)),
      metrics_(metrics),
      armed_(hooks_.setting("register.armed")) {
  const std::string known = hooks_.setting("register.known");
  boost::system::error_code bad;
  const auto value = json::parse(known.empty() ? "{}" : known, bad);
  if (bad || !value.is_object() || !value.get_object().contains("memory")) return;
  known_memory_ = json::value_to<std::string>(value.at("memory"));
  known_ = value.at("last").to_number<std::uint32_t>();
  for (const auto& n : value.at("unread").as_array()) foreign_.insert(n.to_number<std::uint32_t>());
  if (const auto* kinds = value.get_object().if_contains("expected")) {
    expected_ = json::value_to<std::set<std::string>>(*kinds);
  }
  known_ = std::max(known_, hooks_.last_sold(known_memory_));
}

void RegisterWatch::count(std::string_view metric, std::int64_t by) {
  metrics_.add(fmt::format("tillbridge_register_{}{{device=\"{}\"}}", metric, name_), by);
}

void RegisterWatch::gauge(std::string_view metric, std::int64_t value) {
  metrics_.set(fmt::format("tillbridge_register_{}{{device=\"{}\"}}", metric, name_), value);
}

void RegisterWatch::keep() {
  json::array unread(foreign_.begin(), foreign_.end());
  hooks_.set_setting("register.known",
                     json::serialize(json::object{{"memory", known_memory_},
                                                  {"last", known_},
                                                  {"unread", unread},
                                                  {"expected", json::value_from(expected_)}}));
}

void RegisterWatch::expect(const std::string& kind) {
  if (expected_.insert(kind).second) keep();
}

void RegisterWatch::answered(const std::string& kind) {
  if (kind == kOther && !foreign_.empty()) return;  // some of them may be among the unread
  if (expected_.erase(kind) != 0) keep();
}

Result<void> RegisterWatch::admits(const RegisterStatus& status) {
  if (armed_ == status.fiscal_memory) return {};
  if (armed_.empty()) return fail(Code::kRegisterNotArmed, status.fiscal_memory);
  return fail(Code::kRegisterReplaced, armed_ + " -> " + status.fiscal_memory);
}

Result<void> RegisterWatch::arm(const RegisterStatus& status, const std::string& number) {
  if (number != status.fiscal_memory) {
    return fail(Code::kRegisterNotArmed,
                number + " differs from the register's own " + status.fiscal_memory);
  }
  if (armed_ == number && known_memory_ == number) return {};  // what was seen stays unread
  if (!armed_.empty() && armed_ != number) {
    hooks_.tell({Code::kRegisterReplaced, {number, status.last_document, 0}, {}, armed_});
  }
  log_info("{}: armed for fiscal memory {}", name_, number);
  armed_ = number;
  known_memory_ = number;
  known_ = status.last_document;
  foreign_.clear();
  hooks_.set_setting("register.armed", armed_);
  keep();
  return {};
}

void RegisterWatch::ours(const std::string& fiscal_memory, std::uint32_t number) {
  if (fiscal_memory != known_memory_ || number <= known_) return;
  // What lies between is not ours: another till printed while we were not looking.
  if (number > known_ + 1) saw(fiscal_memory, number - 1);
  known_ = number;
}

void RegisterWatch::ours_up_to(const std::string& fiscal_memory, std::uint32_t number) {
  if (fiscal_memory != known_memory_ || number <= known_) return;
  known_ = number;
  keep();
}

void RegisterWatch::saw(const std::string& fiscal_memory, std::uint32_t last) {
  if (fiscal_memory != known_memory_ || last <= known_) return;
  auto n = known_ + 1;
  for (; n <= last && foreign_.size() < kMostForeign; ++n) foreign_.insert(n);
  if (n <= last) {  // more than are ever read: told as a number, not passed over
    const auto left = last - n + 1;
    count("foreign_documents_total", left);
    log_warning("{}: {} documents from {} on were made by somebody else", name_, left, n);
    hooks_.tell({Code::kForeignDocument, {fiscal_memory, last, 0}, {}, fmt::format("x {}", left)});
  }
  known_ = last;
  keep();
}

std::vector<std::uint32_t> RegisterWatch::unread() const {
  std::vector<std::uint32_t> out(foreign_.begin(), foreign_.end());
  if (out.size() > kMostAtOnce) out.resize(kMostAtOnce);
  return out;
}

void RegisterWatch::read(const FiscalDocument& d) {
  if (foreign_.erase(d.number) == 0) return;
  if (expected_.contains(d.kind)) {  // of the others a doubt can leave several
    if (d.kind != kOther) expected_.erase(d.kind);
    return keep();
  }
  // Of a sale that nobody knew to be on paper: the recheck of settled sales says so.
  if (hooks_.sold_here(d)) return keep();
  count("foreign_documents_total", 1);
  log_warning("{}: document {} ({}) was made by somebody else", name_, d.number, d.kind);
  hooks_.tell({Code::kForeignDocument,
               {d.fiscal_memory, d.number, d.sign},
               {},
               d.kind + " " + to_string(d.total)});
  hooks_.publish({{"type", "foreign_document"},
                  {"device", name_},
                  {"number", d.number},
                  {"kind", d.kind},
                  {"total", to_string(d.total)}});
  keep();
}

void RegisterWatch::unreadable(std::uint32_t number, const Error& why) {
  if (foreign_.erase(number) == 0) return;
  count("foreign_documents_total", 1);
  const auto detail = fmt::format("unreadable: {} {}", code_name(why.code), why.detail);
  log_warning("{}: document {} was made by somebody else, {}", name_, number, detail);
  hooks_.tell({Code::kForeignDocument, {known_memory_, number, 0}, {}, detail});
  keep();
}

// Where the register does not tell when its shift was opened: when it was first seen open, by the
// clock that goes on counting.
void RegisterWatch::remember_shift(RegisterStatus& s, const std::string& local_now) {
  if (s.shift != "open" || s.shift_opened) return;
  const std::string shift = s.fiscal_memory + "/" + std::to_string(s.shift_number) + "/";
  std::string seen = hooks_.setting("register.shift");
  if (!seen.starts_with(shift)) {
    seen = shift + shift_clock(s, local_now);
    hooks_.set_setting("register.shift", seen);
  }
  s.shift_opened = seen.substr(shift.size());
}

void RegisterWatch::state(RegisterStatus status, const std::string& local_now) {
  remember_shift(status, local_now);
  last_state_ = to_json(status).as_object();
  last_state_["read_at"] = local_now;
  warnings_.clear();
  std::set<std::string> now;
  for (const auto& f : forecasts(status, local_now)) {
    warnings_.push_back({{"what", f.what}, {"detail", f.detail}});
    const auto key = f.what + (f.urgent ? "!" : "");
    now.insert(key);
    if (warned_.contains(key)) continue;
    log_warning("{}: {} {}", name_, f.what, f.detail);
    hooks_.publish(
        {{"type", "register_warning"}, {"device", name_}, {"what", f.what}, {"detail", f.detail}});
  }
  for (const auto& was : warned_) {
    const auto what = was.substr(0, was.find('!'));
    if (!now.contains(what) && !now.contains(what + "!")) {
      log_info("{}: {} is well again", name_, what);
    }
  }
  warned_ = std::move(now);
  gauge("warnings", static_cast<std::int64_t>(warned_.size()));
  gauge("unsent_documents", status.unsent_documents.value_or(0));
}

json::object RegisterWatch::describe() const {
  json::array unread(foreign_.begin(), foreign_.end());
  return {{"armed", armed_}, {"state", last_state_}, {"warnings", warnings_}, {"unread", unread}};
}

}  // namespace till::app
