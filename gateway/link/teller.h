// The telling side as a pure machine: what happened goes in, messages to send and news for the
// store come out. All recovery goes one way: say hello, get the position, send from there again;
// central drops what it has already.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/link/link.h"
#include "protocols/central/wire.h"

namespace till::link {

inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t kFirstRetryUs = 1'000'000;      // doubles up to kMaxReconnectUs
inline constexpr std::int64_t kKeepAliveUs = 15'000'000;      // hello when there is nothing to tell
inline constexpr std::int64_t kStoppedRetryUs = 300'000'000;  // support may have put it right

class Teller {
 public:
  using Read = std::function<std::vector<OutboundEntry>(std::uint64_t from, std::size_t most)>;

  // What one input led to.
  struct Step {
    std::vector<Buffer> send;
    std::optional<std::uint64_t> acknowledged;  // changed to
    std::vector<Error> alarms;
  };

  Teller(StoreId store, std::uint64_t epoch, Read read, Random& random);

  // Before anything else; see Link::start.
  void start(std::uint64_t first_kept, std::uint64_t acknowledged);

  // Times are monotonic microseconds.
  Step on_connected(std::int64_t now);
  void on_disconnected();
  Step on_message(Bytes message, std::int64_t now);
  Step on_timer(std::int64_t now);
  Step entries_available(std::int64_t now);

  // When on_timer wants to be called, or kNever.
  [[nodiscard]] std::int64_t next_timer() const { return deadline_; }
  [[nodiscard]] bool online() const { return online_; }
  [[nodiscard]] bool stopped() const { return state_ == State::kStopped; }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }

 private:
  enum class State { kOffline, kGreeting, kStreaming, kStopped };

  void greet(Step& step, std::int64_t now);
  void pump(Step& step, std::int64_t now);
  void take(const wire::Position& position, Step& step, std::int64_t now);
  void take(const wire::Trouble& trouble, Step& step, std::int64_t now);
  void stop(Error why, Step& step, std::int64_t now);
  void set_acknowledged(std::uint64_t sequence, Step& step);
  [[nodiscard]] bool holds(std::uint64_t sequence) const;
  void wait(std::int64_t us, std::int64_t now);
  [[nodiscard]] std::int64_t backoff() const;

  StoreId store_;
  std::uint64_t epoch_;
  Read read_;
  Random& random_;
  State state_ = State::kOffline;
  bool online_ = false;
  std::uint64_t first_kept_ = 1;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t next_ = 1;  // the next to send; next_ - 1 - acknowledged_ are in flight
  Buffer incarnation_;
  int attempts_ = 0;  // hellos or windows in a row that brought no progress
  std::int64_t deadline_ = kNever;
  std::set<Code> alarmed_;  // what has been said since the stream last moved
};

}  // namespace till::link
