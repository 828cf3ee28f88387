#include "policy.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace till::supervisor {
namespace {

using enum State;
using enum Action;
using enum Deaths;

constexpr Transition kTable[] = {
    {kStopped, Event::kStart, kAny, kStarting, kSpawn, "somebody wants the plugin"},
    {kStopped, Event::kStop, kAny, kStopped, kNone, "there is nothing to end"},

    {kStarting, Event::kHeld, kAny, kQuarantined, kNone, "this build was set aside before"},
    {kStarting, Event::kUnfit, kAny, kBackoff, kWaitLong,
     "its package may not run; looked at again"},
    {kStarting, Event::kReady, kAny, kReady, kNone, "it loaded, agreed and took its settings"},
    {kStarting, Event::kLate, kAny, kStarting, kKill, "no READY in time; its death follows"},
    {kStarting, Event::kBroke, kAny, kStarting, kKill, "it broke a rule; its death follows"},
    {kStarting, Event::kDied, kFew, kBackoff, kWait, "tried again after a while"},
    {kStarting, Event::kDied, kMany, kQuarantined, kSetAside, "it does not get ready"},
    {kStarting, Event::kDied, kManyEssential, kBackoff, kWaitLong, "never switched off"},
    {kStarting, Event::kStop, kAny, kStopping, kAskToStop, "the daemon ends"},

    {kReady, Event::kSilent, kAny, kReady, kKill, "no heartbeat; its death follows"},
    {kReady, Event::kHung, kAny, kReady, kKill, "an operation that never ends; its death follows"},
    {kReady, Event::kBroke, kAny, kReady, kKill, "it broke a rule; its death follows"},
    {kReady, Event::kDied, kFew, kBackoff, kWait, "tried again after a while"},
    {kReady, Event::kDied, kMany, kQuarantined, kSetAside, "it dies again and again"},
    {kReady, Event::kDied, kManyEssential, kBackoff, kWaitLong, "never switched off"},
    {kReady, Event::kStop, kAny, kStopping, kAskToStop, "the daemon ends"},

    {kBackoff, Event::kTimer, kAny, kStarting, kSpawn, "the wait is over"},
    {kBackoff, Event::kRelease, kAny, kStarting, kSpawn, "a person wants it tried now"},
    {kBackoff, Event::kStop, kAny, kStopped, kNone, "the daemon ends"},

    {kQuarantined, Event::kRelease, kAny, kStarting, kSpawn, "a person lets it try again"},
    {kQuarantined, Event::kStop, kAny, kStopped, kNone, "the daemon ends"},

    {kStopping, Event::kDied, kAny, kStopped, kNone, "it ended as it was asked to"},
    {kStopping, Event::kLate, kAny, kStopping, kKill, "it does not end; its death follows"},
};

}  // namespace

std::span<const Transition> transitions() { return kTable; }

const Transition* Policy::find(Event event, std::int64_t now_us) const {
  const auto* const at = std::ranges::find_if(kTable, [&](const Transition& t) {
    return t.from == state_ && t.event == event && (t.deaths == kAny || t.deaths == deaths(now_us));
  });
  return at == std::end(kTable) ? nullptr : at;
}

// Any five within the window are too many, not five since some moment.
Deaths Policy::deaths(std::int64_t now_us) const {
  const bool crowded = static_cast<int>(crashes_.size()) >= limits_.crashes &&
                       now_us - crashes_.front() <= limits_.crash_window_us;
  if (early_ < limits_.early_crashes && !crowded) return kFew;
  return essential_ ? kManyEssential : kMany;
}

// The counters the table's third column looks at.
void Policy::count(Event event, std::int64_t now_us) {
  if (event == Event::kDied && (state_ == kStarting || state_ == kReady)) {
    ++restarts_;
    if (state_ == kStarting) ++early_;
    crashes_.push_back(now_us);
    if (static_cast<int>(crashes_.size()) > limits_.crashes) crashes_.pop_front();
    if (state_ == kReady && now_us - ready_since_us_ >= limits_.healthy_us) attempt_ = 0;
  }
  if (event == Event::kReady && state_ == kStarting) {
    ready_since_us_ = now_us;
    early_ = 0;
    alarm_ = false;
  }
  if (event == Event::kRelease && state_ == kQuarantined) {
    crashes_.clear();
    early_ = attempt_ = 0;
  }
}

// Exponential with jitter: somewhere between half and all of the step.
std::int64_t Policy::backoff(Random& random) {
  std::int64_t step = limits_.backoff_first_us;
  for (int i = 0; i < attempt_ && step < limits_.backoff_most_us; ++i) step *= 2;
  ++attempt_;
  step = std::min(step, limits_.backoff_most_us);
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  std::uint64_t r = 0;
  std::memcpy(&r, bytes.data(), sizeof r);
  return step / 2 + static_cast<std::int64_t>(r % static_cast<std::uint64_t>(step / 2 + 1));
}

Decision Policy::on(Event event, std::int64_t now_us, Random& random) {
  count(event, now_us);
  const Transition* const found = find(event, now_us);
  if (found == nullptr) return {};
  const bool changed = state_ != found->to;
  state_ = found->to;
  if (found->action == kWaitLong) alarm_ = true;
  const std::int64_t wait_us = found->action == kWait       ? backoff(random)
                               : found->action == kWaitLong ? limits_.slow_retry_us
                                                            : 0;
  return {found->action, wait_us, changed};
}

std::string_view name(State state) {
  static constexpr std::array<std::string_view, 6> kNames = {"stopped", "starting",    "ready",
                                                             "backoff", "quarantined", "stopping"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view name(Event event) {
  static constexpr std::array<std::string_view, 12> kNames = {
      "start",  "held", "unfit", "ready", "died", "late",
      "silent", "hung", "broke", "timer", "stop", "release"};
  return kNames[static_cast<std::size_t>(event)];
}

std::string_view name(Action action) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "", "spawn", "kill", "wait", "wait long, alarm", "ask to stop", "set aside"};
  return kNames[static_cast<std::size_t>(action)];
}

std::string_view name(Deaths deaths) {
  static constexpr std::array<std::string_view, 4> kNames = {"", "few", "many", "many, essential"};
  return kNames[static_cast<std::size_t>(deaths)];
}

std::string transitions_markdown() {
  std::string out = "| state | event | deaths | to | action | why |\n|---|---|---|---|---|---|\n";
  for (const Transition& t : kTable) {
    for (const auto text :
         {name(t.from), name(t.event), name(t.deaths), name(t.to), name(t.action), t.why}) {
      out += text.empty() ? "| " : "| " + std::string(text) + " ";
    }
    out += "|\n";
  }
  return out;
}

}  // namespace till::supervisor
