// The printing mechanism: lines go into its buffer at once and onto paper one after the other.
#pragma once

#include <deque>
#include <optional>

#include "sim/base/fiscal_world.h"

namespace till::sim::datecs {

class PaperFeed {
 public:
  explicit PaperFeed(Ms line_ms) : line_ms_(line_ms) {}

  void set_line_ms(Ms ms) { line_ms_ = ms; }
  void add_lines(Ms now, size_t count);
  // Ends a document: its slip is complete when all lines so far are printed.
  void end_document(Slip slip) { slips_.push_back({std::move(slip), added_}); }
  // Stops and goes on: paper, power.
  void hold(Ms now, bool held);

  // The moment at which `count` lines from now will be out; none while fewer are known.
  void mark(size_t count) { mark_ = added_ + count; }
  std::optional<Ms> mark_due() const {
    return mark_ && *mark_ < added_ && !held_ ? std::optional(printed_at(*mark_)) : std::nullopt;
  }
  void clear_mark() { mark_.reset(); }

  size_t pending(Ms now) const;
  // The slips whose last line is printed.
  std::optional<Slip> take_printed(Ms now);
  std::optional<Ms> next_due() const;  // of take_printed and of the mark

 private:
  struct Ending {
    Slip slip;
    size_t after;  // so many lines since the beginning
  };
  Ms printed_at(size_t after) const {
    return free_at_ - static_cast<Ms>(added_ - after) * line_ms_;
  }

  std::optional<size_t> mark_;
  Ms line_ms_;
  Ms free_at_ = 0;  // when the buffer is empty
  size_t added_ = 0;
  std::optional<size_t> held_;  // lines that wait
  std::deque<Ending> slips_;
};

}  // namespace till::sim::datecs
