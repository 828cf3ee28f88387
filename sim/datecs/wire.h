// The ISL framing from the register's side: frames in, replies out, the last reply kept.
#pragma once

#include <array>
#include <optional>
#include <utility>

#include "sim/base/bytes.h"

namespace till::sim::datecs {

struct Frame {
  uint8_t seq = 0;
  uint8_t command = 0;
  Bytes data;
};

class Wire {
 public:
  // A whole sound frame; a broken one is answered with NAK.
  std::optional<Frame> receive(uint8_t byte);

  // True when this number was answered last; then the answer is in the output again.
  bool repeated(uint8_t seq);
  void reply(const Frame& to, View data, const std::array<uint8_t, 6>& status);
  void busy() { output_.push_back(kSyn); }
  void nak_next_frame() { nak_next_ = true; }

  Bytes take_output() { return std::exchange(output_, {}); }
  void reset() { *this = Wire(); }  // power lost: nothing is remembered

 private:
  static constexpr uint8_t kSyn = 0x16;
  std::optional<Frame> complete();

  Bytes frame_, output_, last_reply_;
  std::optional<uint8_t> last_seq_;
  bool in_frame_ = false, nak_next_ = false;
};

}  // namespace till::sim::datecs
