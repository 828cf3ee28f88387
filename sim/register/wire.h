// Both low levels of one register. The first byte after power-up decides which it speaks: 05 or 02
// the standard one, 8F the numbered one, if this register has it.
#pragma once

#include "sim/register/protocol1.h"
#include "sim/register/protocol2.h"

namespace till::sim {

enum class Protocols { kStandard, kAuto, kNumbered };

class Wire {
 public:
  Wire(Protocols has, Protocol1Options options) : has_(has), first_(options) { reset(); }

  std::optional<Bytes> receive(Ms now, uint8_t byte) {
    if (undecided_) {
      if (byte != 0x05 && byte != 0x02 && byte != 0x8F) return std::nullopt;
      undecided_ = false;
      numbered_ = byte == 0x8F;
    }
    return numbered_ ? second_.receive(byte) : first_.receive(now, byte);
  }
  void answer(Ms now, View payload) {
    if (numbered_) {
      second_.answer(payload);
    } else {
      first_.answer(now, payload);
    }
  }
  Bytes take_output() { return numbered_ ? second_.take_output() : first_.take_output(); }
  Protocol1Options& options() { return first_.options(); }
  void nak_next_frame() { first_.nak_next_frame(); }
  bool answer_pending() const { return !numbered_ && first_.answer_pending(); }
  void reset() {
    first_.reset();
    second_.reset();
    undecided_ = has_ == Protocols::kAuto;
    numbered_ = has_ == Protocols::kNumbered;
  }

 private:
  Protocols has_;
  Protocol1 first_;
  Protocol2 second_;
  bool undecided_ = false, numbered_ = false;
};

}  // namespace till::sim
