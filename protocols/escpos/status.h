// What an ESC/POS printer sends back. Pure. Source: Epson's command manual, DLE EOT, GS a, GS r.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "sdk/cpp/base/bytes.h"

namespace till::escpos {

// DLE EOT n, n = 1 … 4: answered at once, also by a printer that is off-line.
Buffer ask_status(std::uint8_t n);

struct Answer {
  enum class Kind {
    kRealTime,   // to DLE EOT
    kOrdered,    // to GS r: all before it is printed
    kAutomatic,  // four bytes sent because something changed (GS a)
  };
  Kind kind = Kind::kRealTime;
  std::uint8_t byte = 0;  // the first of an automatic answer
};

// Tells the answers apart by their fixed bits; skips flow control and what is no answer.
class AnswerReader {
 public:
  std::optional<Answer> push(std::uint8_t byte);

 private:
  int automatic_left_ = 0;
  std::uint8_t automatic_first_ = 0;
};

struct State {
  bool offline = false;
  bool cover_open = false;
  bool paper_end = false;
  bool paper_near_end = false;
  bool cutter_error = false;
  bool unrecoverable = false;
  bool recoverable = false;  // overheated, or a mechanical error DLE ENQ may clear
  bool other_error = false;  // an error bit without a cause beside it
  bool drawer_pin_high = false;

  bool operator==(const State&) const = default;
};

// The answers to DLE EOT 1, 2, 3, 4 in this order.
State state_of(const std::array<std::uint8_t, 4>& answers);

}  // namespace till::escpos
