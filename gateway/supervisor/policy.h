// When to start, end, restart and set aside a plugin's child process. Pure: events in, one action
// out. The table in policy.cpp is the whole behaviour; docs/internals/plugin-states.md prints it.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"

namespace till::supervisor {

enum class State { kStopped, kStarting, kReady, kBackoff, kQuarantined, kStopping };
enum class Event {
  kStart,    // somebody wants the plugin
  kHeld,     // this build was set aside before
  kUnfit,    // its package may not run: broken, changed, not trusted
  kReady,    // READY came
  kDied,     // the process ended, for whatever reason
  kLate,     // no HELLO or READY in time
  kSilent,   // three heartbeats without an answer
  kHung,     // an operation outlived its deadline and the cancel
  kBroke,    // it broke the rules of the boundary, or uses too much
  kTimer,    // the wait this machine asked for is over
  kStop,     // the daemon ends or the device is removed
  kRelease,  // a person takes the plugin out of quarantine
};
enum class Action {
  kNone,
  kSpawn,
  kKill,
  kWait,      // the backoff, then kTimer
  kWaitLong,  // what only a person can mend: slowly, with an alarm
  kAskToStop,
  kSetAside,  // write it down: it stays so over a restart of the daemon
};

// How often it has died lately; what a death leads to depends on it.
enum class Deaths { kAny, kFew, kMany, kManyEssential };

struct Transition {
  State from;
  Event event;
  Deaths deaths;
  State to;
  Action action;
  std::string_view why;
};

// A pair that is not in the table leaves everything as it is.
std::span<const Transition> transitions();
std::string transitions_markdown();

struct Decision {
  Action action = Action::kNone;
  std::int64_t wait_us = 0;  // with kWait and kWaitLong: send kTimer then
  bool changed = false;      // the state changed: log once, count
};

struct Limits {
  std::int64_t backoff_first_us = 250'000;
  std::int64_t backoff_most_us = 30'000'000;
  std::int64_t healthy_us = 60'000'000;  // ready this long: the backoff starts anew
  std::int64_t crash_window_us = 600'000'000;
  int crashes = 5;                          // in the window: quarantine
  int early_crashes = 2;                    // before READY: quarantine
  std::int64_t slow_retry_us = 60'000'000;  // of an essential device instead of quarantine
};

class Policy {
 public:
  // `essential`: a fiscal register is never switched off, it is retried slowly with an alarm.
  explicit Policy(bool essential, Limits limits = {}) : limits_(limits), essential_(essential) {}

  Decision on(Event event, std::int64_t now_us, Random& random);
  [[nodiscard]] State state() const { return state_; }
  // An essential device that should be in quarantine, or a package that may not run.
  [[nodiscard]] bool alarm() const { return alarm_; }
  // It is in trouble because it dies before READY.
  [[nodiscard]] bool dies_early() const { return early_ >= limits_.early_crashes; }
  [[nodiscard]] bool essential() const { return essential_; }
  [[nodiscard]] int restarts() const { return restarts_; }

 private:
  [[nodiscard]] const Transition* find(Event event, std::int64_t now_us) const;
  [[nodiscard]] Deaths deaths(std::int64_t now_us) const;
  void count(Event event, std::int64_t now_us);
  std::int64_t backoff(Random& random);

  Limits limits_;
  bool essential_;
  State state_ = State::kStopped;
  bool alarm_ = false;
  int attempt_ = 0;  // of the backoff
  int restarts_ = 0;
  int early_ = 0;
  std::deque<std::int64_t> crashes_;  // when, as many as the limit looks at
  std::int64_t ready_since_us_ = 0;
};

std::string_view name(State state);
std::string_view name(Event event);
std::string_view name(Action action);
std::string_view name(Deaths deaths);

}  // namespace till::supervisor
