#include "policy.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace till::supervisor {
namespace {

// Exponential with full jitter: somewhere between half and all of the step.
std::int64_t backoff(const Limits& limits, int attempt, Random& random) {
  std::int64_t step = limits.backoff_first_us;
  for (int i = 0; i < attempt && step < limits.backoff_most_us; ++i) step *= 2;
  step = std::min(step, limits.backoff_most_us);
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  std::uint64_t r = 0;
  std::memcpy(&r, bytes.data(), sizeof r);
  return step / 2 + static_cast<std::int64_t>(r % static_cast<std::uint64_t>(step / 2 + 1));
}

}  // namespace

Decision Policy::enter(State state, Action action, std::int64_t wait_us) {
  const bool changed = state_ != state;
  state_ = state;
  return {action, wait_us, changed};
}

Decision Policy::died(std::int64_t now_us, Random& random) {
  ++restarts_;
  if (state_ == State::kStarting) ++early_;
  if (now_us - window_start_us_ > limits_.crash_window_us) {
    window_start_us_ = now_us;
    crashes_ = 0;
  }
  ++crashes_;
  if (state_ == State::kReady && now_us - ready_since_us_ >= limits_.healthy_us) attempt_ = 0;
  if (early_ >= limits_.early_crashes || crashes_ >= limits_.crashes) {
    if (!essential_) return enter(State::kQuarantined, Action::kNone);
    alarm_ = true;
    return enter(State::kBackoff, Action::kWait, limits_.slow_retry_us);
  }
  return enter(State::kBackoff, Action::kWait, backoff(limits_, attempt_++, random));
}

// state x event; whatever is not named leaves everything as it is.
Decision Policy::on(Event event, std::int64_t now_us, Random& random) {
  using enum State;
  switch (event) {
    case Event::kStart:
      if (state_ == kStopped) return enter(kStarting, Action::kSpawn);
      break;
    case Event::kHeld:
      if (state_ == kStopped) return enter(kQuarantined, Action::kNone);
      break;
    case Event::kReady:
      if (state_ != kStarting) break;
      ready_since_us_ = now_us;
      early_ = 0;
      alarm_ = false;
      return enter(kReady, Action::kNone);
    case Event::kDied:
      if (state_ == kStarting || state_ == kReady) return died(now_us, random);
      if (state_ == kStopping) return enter(kStopped, Action::kNone);
      break;
    case Event::kLate:
      if (state_ == kStarting) return {Action::kKill, 0, false};
      if (state_ == kStopping) return {Action::kKill, 0, false};
      break;
    case Event::kBroke:
      if (state_ == kStarting || state_ == kReady) return {Action::kKill, 0, false};
      break;
    case Event::kSilent:
    case Event::kHung:
      if (state_ == kReady) return {Action::kKill, 0, false};
      break;
    case Event::kTimer:
      if (state_ == kBackoff) return enter(kStarting, Action::kSpawn);
      break;
    case Event::kStop:
      if (state_ == kStarting || state_ == kReady) return enter(kStopping, Action::kAskToStop);
      if (state_ != kStopping) return enter(kStopped, Action::kNone);
      break;
    case Event::kRelease:
      if (state_ != kQuarantined) break;
      crashes_ = early_ = attempt_ = 0;
      return enter(kStarting, Action::kSpawn);
  }
  return {};
}

std::string_view name(State state) {
  static constexpr std::array<std::string_view, 6> kNames = {"stopped", "starting",    "ready",
                                                             "backoff", "quarantined", "stopping"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view name(Event event) {
  static constexpr std::array<std::string_view, 11> kNames = {"start", "held",   "ready",  "died",
                                                              "late",  "silent", "hung",   "broke",
                                                              "timer", "stop",   "release"};
  return kNames[static_cast<std::size_t>(event)];
}

}  // namespace till::supervisor
