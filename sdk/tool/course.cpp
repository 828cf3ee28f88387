// The order of a run: what hangs or dies the same way each time is told once or twice, not in every
// check under that check's own sentence.
#include <algorithm>
#include <array>

#include "kit.h"

namespace till::kit {
namespace {

constexpr int kOften = 2;
constexpr int kSanitizedRounds = 16;  // these run the whole kit inside

struct Duty {
  std::string_view call;
  const char *sentence, *place, *fix;
};

// What a call owes that does not come back; the last one is for all others.
constexpr std::array kDuties = {
    Duty{"activate", "activate returns in limits.activate_ms of the manifest",
         "till_plugin.activate in tillbridge/instance.h",
         "wait for nothing there: speak in on_port(true) or in the first operation"},
    Duty{"perform", "an operation returns by its deadline",
         "till_operations.perform in tillbridge/operations.h",
         "give each call that waits what is left of deadline_ms, and let cancel end it"},
    Duty{"cancel", "cancel returns at once", "till_operations.cancel in tillbridge/operations.h",
         "set a flag there; the operation looks at it and ends"},
    Duty{"on_input", "on_input and on_quiet return in TILL_INPUT_MS",
         "TILL_INPUT_MS in tillbridge/abi.h", "parse what came, keep the rest, wait for nothing"},
    Duty{"on_port", "on_port returns in TILL_INPUT_MS", "TILL_INPUT_MS in tillbridge/abi.h",
         "wait for nothing there: ask the device in the first operation"},
    Duty{"deactivate", "deactivate returns in TILL_GRACE_MS",
         "till_plugin.deactivate in tillbridge/instance.h",
         "wake your threads before you join them; no call without a deadline"},
    Duty{"init", "init returns in TILL_INIT_MS", "till_entry.init in tillbridge/entry.h",
         "do the work in activate"},
    Duty{"", "every call returns", "tillbridge/instance.h", "wait for nothing there"}};

std::string_view first_word(std::string_view call) { return call.substr(0, call.find(' ')); }

}  // namespace

Rule Verdict::rule() const {
  if (!place.empty()) return {check->sentence, place, fix.empty() ? check->fix : fix};
  if (status != Status::kTimeout || call.empty())
    return {check->sentence, check->place, check->fix};
  const auto* const last = kDuties.end() - 1;
  const auto* const at = std::ranges::find(kDuties.begin(), last, first_word(call), &Duty::call);
  return {at->sentence, at->place, at->fix};
}

json::object verdict_json(const Verdict& v) {
  json::object o{{"id", v.check->id},
                 {"status", name(v.status)},
                 {"words", json::string(v.words)},
                 {"ms", v.ms}};
  if (passed(v.status)) return o;
  const Rule rule = v.rule();
  o["rule"] = json::string(rule.sentence);
  o["place"] = json::string(rule.place);
  o["fix"] = json::string(rule.fix);
  return o;
}

Verdict Course::next(const Check& check) {
  const std::string_view id = check.id;
  if (!rest_.empty() && !id.starts_with("package.")) return {&check, Status::kSkip, rest_, 0};
  RunOptions options = options_;
  if (id.starts_with("sanitized.")) options.timeout_ms *= kSanitizedRounds;
  Verdict v = run_check(check, package_, options);
  // A constructor that hangs would hang in each of them.
  if (id == "load.now" && !passed(v.status)) rest_ = "load.now failed: " + v.words;
  if (v.call.empty()) return v;
  const std::string call(first_word(v.call));
  // Whoever comes after life.activate begins with the same call.
  if (id == "life.activate" && call == "activate") rest_ = "see life.activate: " + v.words;
  // A process that dies is what many checks provoke, but nobody gets past activate.
  if (v.status != Status::kTimeout && call != "activate") return v;
  if (++hung_[call] == kOften && rest_.empty())
    rest_ = std::string("see ") + check.id + ": " + v.words;
  return v;
}

}  // namespace till::kit
