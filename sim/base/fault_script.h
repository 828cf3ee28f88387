// What goes wrong on a device's line, and when. One class serves every device: it counts bytes.
#pragma once

#include <deque>
#include <optional>

#include "sim/base/bytes.h"

namespace till::sim {

struct Fault {
  enum class When { kRx, kTx, kFiscal };
  enum class What {
    kCut,      // the line is cut
    kNak,      // rx: the frame under way is refused; tx: a NAK goes out instead of the rest
    kGarbage,  // four foreign bytes
    kDouble,   // the byte comes twice (an ACK, for one)
    kOther,    // tx: the answer of another command comes first
    kSlow,     // everything from here on comes `ms` later
    kLate,     // the line is cut, the command is executed `ms` later
    kPower,    // the device loses power
  };
  When when = When::kRx;
  int64_t at = 1;      // the byte, from 1, of the host's stream (rx) or the device's (tx)
  bool after = false;  // after the byte or the fiscal moment instead of before it
  What what = What::kCut;
  Ms ms = 0;     // cut: plugged in again after ms (0 = never); slow, late: the delay
  int skip = 0;  // that many matching commands (without `command`: fiscal moments) pass unharmed
  // Counting begins with the frame of this command: rx at its first byte (byte 1), tx at what comes
  // after it.
  std::optional<uint16_t> command = {};
};

// What the line has to do, in order.
struct FaultStep {
  enum class Kind { kPass, kCut, kNak, kSlow, kLate, kPower };
  Kind kind = Kind::kPass;
  Bytes bytes = {};  // kPass
  Ms ms = 0;
};

// How a host's frames look (kShtrih: those of both its protocols); a line without commands never
// matches one.
enum class Framing { kShtrih, kIsl };

// Faults queue up: only the first is armed, the next begins counting when it has fired.
class FaultScript {
 public:
  static constexpr size_t kMaxFaults = 64;

  explicit FaultScript(Framing framing = Framing::kShtrih) : framing_(framing) {}

  // False when the queue is full.
  bool add(const Fault& fault);
  void clear();
  size_t pending() const { return faults_.size(); }

  // The steps that stand for these bytes. After kCut, kLate and kPower the rest is lost.
  std::vector<FaultStep> rx(View bytes);
  std::vector<FaultStep> tx(View bytes);
  // The moment a document becomes fiscal: called before and after it.
  std::vector<FaultStep> fiscal(bool after);

  void command_received(uint16_t command);
  // The line was cut or opened anew: a half frame is forgotten.
  void line_reset();

 private:
  // Follows frames far enough to name the command.
  struct FrameWatch {
    bool in_frame = false;
    int seen = 0, length = 0;
    uint16_t command = 0;
    bool decided = false;
    bool numbered = false, escaped = false;

    void see_shtrih(uint8_t byte);
    void see_numbered(uint8_t byte);
    void see_isl(uint8_t byte);
  };

  bool counts(Fault::When when) const;
  void arm(uint16_t command);
  // False when the line is gone.
  bool emit(Fault::When when, uint8_t byte, std::vector<FaultStep>& out, bool& replaced);
  bool fire(uint8_t byte, std::vector<FaultStep>& out, bool& replaced);

  Framing framing_;
  std::deque<Fault> faults_;
  int64_t count_ = 0;
  bool armed_ = false;
  FrameWatch watch_;
  Bytes held_;
};

}  // namespace till::sim
