// One exchange with the register. Knows frames and silence, nothing of receipts.
#pragma once

#include <memory>
#include <optional>

#include "protocols/shtrih/commands.h"
#include "protocols/shtrih/packet.h"
#include "tillbridge/sdk/plugin.h"

namespace till::shtrih {

class Link {
 public:
  virtual ~Link() = default;
  // Sends one command and reads its reply. An answer the device still held from before is never
  // taken for it. Errors: kTimeout, kPortLost, kBadFrame (no verdict).
  virtual Result<Reply> exchange(Bytes payload, std::uint32_t answer_ms) = 0;
  // Waits until the device is idle, taking what it still has to say. `patience_ms` covers a
  // command that is being executed.
  virtual Result<void> drain(std::uint32_t patience_ms) = 0;
};

// The host side of protocol 1 (vendor's appendix 3).
class StandardLink final : public Link {
 public:
  explicit StandardLink(Port& port) : port_(port) {}

  Result<Reply> exchange(Bytes payload, std::uint32_t answer_ms) override;
  Result<void> drain(std::uint32_t patience_ms) override;
  // Does anybody speak this protocol here?
  Result<bool> present();
  // Something came each time it was asked, and none of it was of this protocol.
  [[nodiscard]] bool heard_noise() const { return noise_; }

 private:
  enum class Answer { kIdle, kPending, kSilent };
  Result<Answer> enquire();
  Result<std::uint8_t> control_byte(std::uint32_t timeout_ms);
  Result<Buffer> read_frame(std::uint32_t first_byte_ms);
  Result<Buffer> fetch(std::uint32_t first_byte_ms);
  Result<Reply> own_answer(Bytes asked, std::uint32_t answer_ms);
  Result<Buffer> await_answer(std::uint32_t answer_ms);
  Result<bool> submit(Bytes frame);

  Port& port_;
  bool noise_ = false;
  bool stx_taken_ = false;  // the answer's first byte was read in place of an ACK
};

// The host side of protocol 2: the device executes a packet's number once, so a packet may be
// sent again as often as it takes.
class NumberedLink final : public Link {
 public:
  explicit NumberedLink(Port& port) : port_(port) {}

  Result<Reply> exchange(Bytes payload, std::uint32_t answer_ms) override;
  Result<void> drain(std::uint32_t patience_ms) override;
  Result<bool> present();
  [[nodiscard]] bool heard_noise() const { return noise_; }

 private:
  Result<Packet> read_packet(std::uint32_t timeout_ms);
  Result<void> synchronise(int tries);

  Port& port_;
  bool noise_ = false;
  PacketReader reader_;
  std::optional<std::uint16_t> last_;  // executed by the device, as it told us
};

enum class Protocol { kAuto, kStandard, kNumbered };
// Asks the device which protocol it speaks when `wanted` leaves it open. kTimeout: nobody answers;
// kBadFrame: somebody does, each time, but no register.
Result<std::unique_ptr<Link>> make_link(Port& port, Protocol wanted);

}  // namespace till::shtrih
