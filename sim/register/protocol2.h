// The Shtrih-M low level "protocol 2" from the register's side: numbered, stuffed packets. It
// executes the packet that follows the last one and repeats its last answer to any other.
#pragma once

#include <optional>
#include <utility>

#include "sim/base/bytes.h"

namespace till::sim {

class Protocol2 {
 public:
  // The payload of a command that is to be executed.
  std::optional<Bytes> receive(uint8_t byte);
  // Ends the execution of that command.
  void answer(View payload);

  Bytes take_output() { return std::exchange(output_, {}); }
  // Power lost: the numbers begin again.
  void reset() { *this = Protocol2(); }

 private:
  std::optional<Bytes> packet();
  void repeat_answer();
  void send(View number_and_payload);

  Bytes output_, frame_;
  bool inside_ = false, escaped_ = false, executing_ = false;
  uint16_t last_ = 0;  // number of the last packet executed
  Bytes answer_;
};

}  // namespace till::sim
