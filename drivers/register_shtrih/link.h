// One exchange with the register: the host side of protocol 1 (vendor's appendix 3). Knows frames
// and silence, nothing of receipts.
#pragma once

#include <optional>

#include "protocols/shtrih/commands.h"
#include "tillbridge/sdk/plugin.h"

namespace till::shtrih {

class Link {
 public:
  explicit Link(Port& port) : port_(port) {}

  // Sends one command and reads its reply. An answer the device still held from before is taken
  // first and kept as evidence. Errors: kTimeout, kPortLost, kBadFrame (no verdict).
  Result<Reply> exchange(Bytes payload, std::uint32_t answer_ms);

  // Waits until the device is idle, taking what it still has to say. `patience_ms` covers a
  // command that is being executed.
  Result<void> drain(std::uint32_t patience_ms);

  // The last answer that belonged to no command of this exchange.
  [[nodiscard]] const std::optional<Reply>& evidence() const { return evidence_; }

 private:
  enum class Answer { kIdle, kPending, kSilent };
  Result<Answer> enquire();
  Result<std::uint8_t> control_byte(std::uint32_t timeout_ms);
  Result<Buffer> read_frame(std::uint32_t first_byte_ms);
  Result<Buffer> fetch(std::uint32_t first_byte_ms);
  Result<Buffer> await_answer(std::uint32_t answer_ms);
  Result<bool> submit(Bytes frame);

  Port& port_;
  std::optional<Reply> evidence_;
  bool stx_taken_ = false;  // the answer's first byte was read in place of an ACK
};

}  // namespace till::shtrih
