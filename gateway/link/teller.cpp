#include "gateway/link/teller.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/base/limits.h"

namespace till::link {

Teller::Teller(StoreId store, std::uint64_t epoch, Read read, Random& random)
    : store_(std::move(store)), epoch_(epoch), read_(std::move(read)), random_(random) {}

void Teller::start(std::uint64_t first_kept, std::uint64_t acknowledged) {
  first_kept_ = std::max<std::uint64_t>(first_kept, 1);
  acknowledged_ = acknowledged;
  next_ = acknowledged + 1;
}

Teller::Step Teller::on_connected(std::int64_t now) {
  Step step;
  attempts_ = 0;
  greet(step, now);
  return step;
}

void Teller::on_disconnected() {
  if (state_ != State::kStopped) state_ = State::kOffline;
  online_ = false;
  deadline_ = kNever;
}

Teller::Step Teller::on_message(Bytes message, std::int64_t now) {
  Step step;
  const auto tell = wire::decode_tell(message);
  if (!tell) return step;  // not central's words: as if nothing came
  online_ = true;
  if (const auto* position = std::get_if<wire::Position>(&*tell)) {
    take(*position, step, now);
  } else if (const auto* trouble = std::get_if<wire::Trouble>(&*tell)) {
    take(*trouble, step, now);
  }
  return step;
}

// Silence: nothing moved in time, or nothing has been said for long.
Teller::Step Teller::on_timer(std::int64_t now) {
  Step step;
  if (now < deadline_) return step;
  const bool idle = state_ == State::kStreaming && next_ == acknowledged_ + 1;
  if (!idle && state_ != State::kStopped) {
    ++attempts_;
    online_ = false;
  }
  greet(step, now);
  return step;
}

Teller::Step Teller::entries_available(std::int64_t now) {
  Step step;
  if (state_ == State::kStreaming) pump(step, now);
  return step;
}

// A stopped stream stays stopped until central answers the hello with a position.
void Teller::greet(Step& step, std::int64_t now) {
  step.send.push_back(wire::encode(wire::Hello{store_, epoch_, first_kept_}));
  if (state_ == State::kStopped) {
    wait(kStoppedRetryUs, now);
  } else {
    state_ = State::kGreeting;
    wait(backoff(), now);
  }
}

void Teller::pump(Step& step, std::int64_t now) {
  const std::uint64_t in_flight = next_ - 1 - acknowledged_;
  const std::uint64_t sent_before = next_;
  if (in_flight < limits::kMaxInFlight) {
    for (auto& entry : read_(next_, limits::kMaxInFlight - in_flight)) {
      if (entry.sequence != next_) {
        stop({Code::kSequenceGap, "entry " + std::to_string(next_) + " is no longer kept", ""},
             step, now);
        return;
      }
      step.send.push_back(
          wire::encode(wire::Entry{entry.sequence, entry.id, std::move(entry.previous),
                                   std::move(entry.hash), std::move(entry.payload)}));
      ++next_;
    }
  }
  if (next_ == acknowledged_ + 1) {
    wait(kKeepAliveUs, now);
  } else if (in_flight == 0 && next_ != sent_before) {
    wait(backoff(), now);  // the clock of the oldest unacknowledged entry
  }
}

void Teller::take(const wire::Position& position, Step& step, std::int64_t now) {
  if (position.epoch > epoch_) {
    stop({Code::kFork, "central knows a newer journal of this store", ""}, step, now);
    return;
  }
  if (position.epoch < epoch_) return;  // said before our hello was heard
  const bool restored = !incarnation_.empty() && incarnation_ != position.incarnation;
  incarnation_ = position.incarnation;
  const bool rewind = state_ != State::kStreaming || restored || position.sequence < acknowledged_;
  if (position.sequence >= next_ && !holds(position.sequence)) {
    stop({Code::kFork, "central has entries that this journal does not have", ""}, step, now);
    return;
  }
  const bool moved = position.sequence != acknowledged_;
  set_acknowledged(position.sequence, step);
  if (rewind) {
    next_ = acknowledged_ + 1;
    if (next_ < first_kept_) {
      stop({Code::kSequenceGap, "entry " + std::to_string(next_) + " is no longer kept", ""}, step,
           now);
      return;
    }
    state_ = State::kStreaming;
    deadline_ = kNever;
  }
  if (moved) {
    attempts_ = 0;
    alarmed_.clear();
    if (next_ != acknowledged_ + 1) wait(backoff(), now);
  }
  next_ = std::max(next_, acknowledged_ + 1);
  pump(step, now);
}

void Teller::take(const wire::Trouble& trouble, Step& step, std::int64_t now) {
  switch (trouble.code) {
    case Code::kSequenceGap:
      if (state_ == State::kStreaming) greet(step, now);
      return;
    case Code::kPoison:
      step.alarms.push_back(
          {trouble.code, "entry " + std::to_string(trouble.sequence) + " " + trouble.detail, ""});
      return;
    default:
      stop({trouble.code, trouble.detail, ""}, step, now);
  }
}

void Teller::stop(Error why, Step& step, std::int64_t now) {
  state_ = State::kStopped;
  next_ = acknowledged_ + 1;
  wait(kStoppedRetryUs, now);
  if (alarmed_.insert(why.code).second) step.alarms.push_back(std::move(why));
}

void Teller::set_acknowledged(std::uint64_t sequence, Step& step) {
  if (std::exchange(acknowledged_, sequence) != sequence) step.acknowledged = sequence;
}

// Whether this journal has had the entry: an old copy of it put back has not.
bool Teller::holds(std::uint64_t sequence) const {
  if (sequence <= acknowledged_ || sequence < first_kept_) return true;
  const auto entries = read_(sequence, 1);
  return !entries.empty() && entries.front().sequence == sequence;
}

// Up to a quarter is added by chance, so that a thousand stores do not come back at once.
void Teller::wait(std::int64_t us, std::int64_t now) {
  std::array<std::uint8_t, 2> random{};
  random_.fill(random);
  const std::int64_t chance = random[0] << 8 | random[1];
  deadline_ = now + us + us / 4 * chance / 65536;
}

std::int64_t Teller::backoff() const {
  return std::min(kFirstRetryUs << std::min(attempts_, 6), limits::kMaxReconnectUs);
}

}  // namespace till::link
