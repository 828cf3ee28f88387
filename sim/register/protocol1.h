// The Shtrih-M low level "protocol 1" from the register's side: ENQ, frames, pending answers.
#pragma once

#include <optional>
#include <utility>

#include "sim/base/bytes.h"

namespace till::sim {

struct Protocol1Options {
  Ms byte_timeout = 100;
  // Longer than the specification's two byte timeouts: a loaded machine is no broken line.
  Ms ack_timeout = 500;
  // A register on RNDIS sends one FF after the host's ACK.
  bool ff_after_ack = false;
};

// One command at a time; the answer is kept until the host has acknowledged it.
class Protocol1 {
 public:
  explicit Protocol1(Protocol1Options options) : options_(options) {}

  Protocol1Options& options() { return options_; }

  // The payload of a command that has just been accepted (its ACK is in the output).
  std::optional<Bytes> receive(Ms now, uint8_t byte);

  // Ends the execution of the accepted command: `payload` is at most 255 bytes.
  void answer(Ms now, View payload);

  Bytes take_output() { return std::exchange(output_, {}); }
  void nak_next_frame() { nak_next_ = true; }
  bool answer_pending() const { return answer_.has_value(); }

  // Power lost: nothing is remembered.
  void reset();

 private:
  void idle_byte(Ms now, uint8_t byte);
  std::optional<Bytes> frame_complete();
  void send_answer(Ms now);

  Protocol1Options options_;
  Bytes output_, frame_;
  bool in_frame_ = false, ready_ = false, executing_ = false, nak_next_ = false;
  Ms last_byte_ = 0;
  std::optional<Bytes> answer_;      // the whole frame
  std::optional<Ms> waits_for_ack_;  // until then
};

}  // namespace till::sim
