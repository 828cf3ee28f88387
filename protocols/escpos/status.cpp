#include "status.h"

namespace till::escpos {
namespace {

constexpr std::uint8_t kXon = 0x11, kXoff = 0x13;
constexpr int kAutomaticRest = 3;

bool real_time(std::uint8_t b) { return (b & 0x93) == 0x12; }
bool automatic_start(std::uint8_t b) { return (b & 0x93) == 0x10; }
bool ordered(std::uint8_t b) { return (b & 0x90) == 0x00; }  // also the rest of an automatic one

}  // namespace

Buffer ask_status(std::uint8_t n) { return {0x10, 0x04, n}; }

std::optional<Answer> AnswerReader::push(std::uint8_t byte) {
  if (byte == kXon || byte == kXoff) return std::nullopt;
  if (real_time(byte)) return Answer{Answer::Kind::kRealTime, byte};  // may stand anywhere
  if (automatic_start(byte)) {
    automatic_left_ = kAutomaticRest;
    automatic_first_ = byte;
    return std::nullopt;
  }
  if (!ordered(byte)) {
    automatic_left_ = 0;
    return std::nullopt;
  }
  if (automatic_left_ == 0) return Answer{Answer::Kind::kOrdered, byte};
  if (--automatic_left_ > 0) return std::nullopt;
  return Answer{Answer::Kind::kAutomatic, automatic_first_};
}

State state_of(const std::array<std::uint8_t, 4>& answers) {
  const auto bit = [&](std::size_t n, std::uint8_t mask) {
    return (answers.at(n - 1) & mask) != 0;
  };
  State s;
  s.offline = bit(1, 0x08);
  s.drawer_pin_high = bit(1, 0x04);
  s.cover_open = bit(2, 0x04);
  s.paper_end = bit(2, 0x20) || bit(4, 0x60);
  s.paper_near_end = bit(4, 0x0c);
  s.cutter_error = bit(3, 0x08);
  s.unrecoverable = bit(3, 0x20);
  s.recoverable = bit(3, 0x44);
  s.other_error = bit(2, 0x40) && !s.cutter_error && !s.unrecoverable && !s.recoverable;
  return s;
}

}  // namespace till::escpos
