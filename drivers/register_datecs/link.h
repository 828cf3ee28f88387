// One exchange with the register: the host side of the ISL protocol. Knows frames, sequence numbers
// and silence, nothing of receipts.
//
// The register answers a sequence number it has just answered with the same reply and executes
// nothing, so a command is repeated under its number as often as needed. What it remembers from a
// host before us is not known: the first exchange after a loss is a status that nobody needs, and
// from then on every number differs from the one before.
#pragma once

#include "protocols/datecs/commands.h"
#include "protocols/datecs/frame.h"
#include "tillbridge/sdk/plugin.h"

namespace till::datecs {

struct Patience {
  std::uint32_t silent_ms = 3000;  // no byte at all, repeats included
  std::uint32_t busy_ms = 20000;   // SYN keeps coming
};

class Link {
 public:
  explicit Link(Port& port) : port_(port) {}

  // Errors: kTimeout, kPortLost, kBadFrame (no verdict), kTooLarge (nothing was sent).
  Result<Reply> exchange(const Request& request, Patience patience);
  // The line was gone: another host may have spoken meanwhile.
  void forget() { synchronised_ = false; }

 private:
  Result<Reply> transact(Bytes frame, int command, Patience patience);
  Result<Reply> await_reply(int command, std::uint32_t& busy_left_ms);
  Result<Reply> read_frame();

  Port& port_;
  std::uint8_t seq_ = kFirstSeq;
  bool synchronised_ = false;
};

}  // namespace till::datecs
