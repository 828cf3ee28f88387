#include "sim/datecs/paper_feed.h"

#include <algorithm>

namespace till::sim::datecs {

void PaperFeed::add_lines(Ms now, size_t count) {
  added_ += count;
  if (held_) {
    *held_ += count;
  } else {
    free_at_ = std::max(now, free_at_) + static_cast<Ms>(count) * line_ms_;
  }
}

void PaperFeed::hold(Ms now, bool held) {
  if (held == held_.has_value()) return;
  if (held) {
    held_ = pending(now);
  } else {
    free_at_ = now + static_cast<Ms>(*held_) * line_ms_;
    held_.reset();
  }
}

size_t PaperFeed::pending(Ms now) const {
  if (held_) return *held_;
  if (now >= free_at_) return 0;
  return static_cast<size_t>((free_at_ - now + line_ms_ - 1) / std::max<Ms>(line_ms_, 1));
}

std::optional<Slip> PaperFeed::take_printed(Ms now) {
  if (slips_.empty()) return std::nullopt;
  const size_t after = slips_.front().after;
  const bool done = held_ ? added_ - after >= *held_ : printed_at(after) <= now;
  if (!done) return std::nullopt;
  Slip slip = std::move(slips_.front().slip);
  slips_.pop_front();
  return slip;
}

std::optional<Ms> PaperFeed::next_due() const {
  auto due = mark_due();
  if (!slips_.empty() && !held_) {
    const Ms printed = printed_at(slips_.front().after);
    due = std::min(due.value_or(printed), printed);
  }
  return due;
}

}  // namespace till::sim::datecs
