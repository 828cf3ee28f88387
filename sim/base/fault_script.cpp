#include "sim/base/fault_script.h"

#include <utility>

namespace till::sim {
namespace {

using Kind = FaultStep::Kind;
// Whole answers: of a Shtrih-M register to a beep (13h), of a Datecs printer to a question for its
// status (4Ah) under the first number.
constexpr uint8_t kOtherShtrih[] = {0x06, 0x02, 0x03, 0x13, 0x00, 0x1E, 0x0E};
constexpr uint8_t kOtherIsl[] = {0x01, 0x2B, 0x20, 0x4A, 0x04, 0x80, 0x80, 0x80, 0x80,
                                 0x86, 0x9A, 0x05, 0x30, 0x33, 0x3B, 0x3E, 0x03};
constexpr uint8_t kSoh = 0x01, kStx = 0x02, kNak = 0x15;
constexpr uint8_t kNumbered = 0x8F, kStuff = 0x9F;

void pass(std::vector<FaultStep>& out, uint8_t byte) {
  if (out.empty() || out.back().kind != Kind::kPass) out.push_back({Kind::kPass, {}, 0});
  out.back().bytes.push_back(byte);
}

}  // namespace

void FaultScript::FrameWatch::see_shtrih(uint8_t byte) {
  // Between two frames of protocol 1 nothing begins like a numbered packet.
  if (in_frame ? numbered : byte == kNumbered) return see_numbered(byte);
  if (!in_frame) {
    if (byte == kStx) *this = {.in_frame = true, .seen = 1};
    return;
  }
  ++seen;
  if (seen == 2) length = byte;
  if (seen == 3) {
    command = byte;
    decided = byte != 0xFF || length < 2;
  }
  if (seen == 4 && !decided) {
    command = static_cast<uint16_t>(command << 8 | byte);
    decided = true;
  }
  if (seen == length + 3) in_frame = false;
}

// 8F LEN LEN NUM NUM CMD … CRC CRC, stuffed: LEN counts what stands between it and the sum.
void FaultScript::FrameWatch::see_numbered(uint8_t byte) {
  if (byte == kNumbered) {
    *this = {.in_frame = true, .numbered = true};
    return;
  }
  if (byte == kStuff) {
    escaped = true;
    return;
  }
  if (std::exchange(escaped, false)) byte = byte == 0x81 ? kNumbered : kStuff;
  ++seen;
  if (seen <= 2) length |= byte << (seen == 1 ? 0 : 8);
  if (seen == 5 && length > 2) {
    command = byte;
    decided = byte != 0xFF || length < 4;
  }
  if (seen == 6 && !decided && length > 3) {
    command = static_cast<uint16_t>(command << 8 | byte);
    decided = true;
  }
  if (seen >= length + 4) in_frame = false;
}

// 01 LEN SEQ CMD …: LEN counts itself to 05 and 20h more; four bytes of sum and 03 follow.
void FaultScript::FrameWatch::see_isl(uint8_t byte) {
  if (byte == kSoh) {
    *this = {.in_frame = true, .seen = 1};
    return;
  }
  if (!in_frame) return;
  ++seen;
  if (seen == 2) length = byte - 0x20;
  if (seen == 4) {
    command = byte;
    decided = true;
  }
  if (seen >= length + 6) in_frame = false;
}

bool FaultScript::add(const Fault& fault) {
  if (faults_.size() >= kMaxFaults) return false;
  faults_.push_back(fault);
  return true;
}

void FaultScript::clear() {
  faults_.clear();
  count_ = 0;
  armed_ = false;
}

void FaultScript::line_reset() {
  watch_ = {};
  held_.clear();
}

bool FaultScript::counts(Fault::When when) const {
  if (faults_.empty() || faults_.front().when != when) return false;
  return !faults_.front().command || armed_;
}

void FaultScript::arm(uint16_t command) {
  if (faults_.empty() || armed_ || faults_.front().command != command) return;
  if (faults_.front().skip > 0) {
    --faults_.front().skip;
    return;
  }
  armed_ = true;
  count_ = 0;
}

void FaultScript::command_received(uint16_t command) {
  if (!faults_.empty() && faults_.front().when != Fault::When::kRx) arm(command);
}

bool FaultScript::fire(uint8_t byte, std::vector<FaultStep>& out, bool& replaced) {
  static constexpr uint8_t kGarbage[] = {0xFF, 0x00, 0x55, 0xAA};
  const Fault fault = faults_.front();
  faults_.pop_front();
  count_ = 0;
  armed_ = false;
  switch (fault.what) {
    case Fault::What::kCut:
      out.push_back({Kind::kCut, {}, fault.ms});
      return false;
    case Fault::What::kLate:
      out.push_back({Kind::kLate, {}, fault.ms});
      return false;
    case Fault::What::kPower:
      out.push_back({Kind::kPower, {}, fault.ms});
      return false;
    case Fault::What::kNak:
      if (fault.when == Fault::When::kTx) {
        pass(out, kNak);
        replaced = true;
      } else {
        out.push_back({Kind::kNak, {}, 0});
      }
      return true;
    case Fault::What::kGarbage:
      for (const uint8_t foreign : kGarbage) pass(out, foreign);
      return true;
    case Fault::What::kDouble:
      pass(out, byte);
      return true;
    case Fault::What::kOther:
      for (const uint8_t other :
           framing_ == Framing::kShtrih ? View(kOtherShtrih) : View(kOtherIsl)) {
        pass(out, other);
      }
      return true;
    case Fault::What::kSlow:
      out.push_back({Kind::kSlow, {}, fault.ms});
      return true;
  }
  return true;
}

bool FaultScript::emit(Fault::When when, uint8_t byte, std::vector<FaultStep>& out,
                       bool& replaced) {
  if (replaced) return true;
  if (!counts(when) || ++count_ < faults_.front().at) {
    pass(out, byte);
    return true;
  }
  if (faults_.front().after) {
    pass(out, byte);
    return fire(byte, out, replaced);
  }
  if (!fire(byte, out, replaced)) return false;
  if (!replaced) pass(out, byte);
  return true;
}

std::vector<FaultStep> FaultScript::rx(View bytes) {
  std::vector<FaultStep> out;
  bool replaced = false;
  for (const uint8_t byte : bytes) {
    const bool decided_before = watch_.in_frame && watch_.decided;
    framing_ == Framing::kShtrih ? watch_.see_shtrih(byte) : watch_.see_isl(byte);
    held_.push_back(byte);
    const bool wants_command = !faults_.empty() && faults_.front().when == Fault::When::kRx &&
                               faults_.front().command && !armed_;
    if (wants_command && watch_.in_frame) {
      // The command is not known before its third or fourth byte: keep them until then.
      if (!watch_.decided) continue;
      if (!decided_before) arm(watch_.command);
    }
    for (const uint8_t held : std::exchange(held_, {})) {
      if (emit(Fault::When::kRx, held, out, replaced)) continue;
      line_reset();
      return out;
    }
  }
  return out;
}

std::vector<FaultStep> FaultScript::tx(View bytes) {
  std::vector<FaultStep> out;
  bool replaced = false;
  for (const uint8_t byte : bytes) {
    if (emit(Fault::When::kTx, byte, out, replaced)) continue;
    line_reset();
    break;
  }
  return out;
}

std::vector<FaultStep> FaultScript::fiscal(bool after) {
  std::vector<FaultStep> out;
  if (!counts(Fault::When::kFiscal) || faults_.front().after != after) return out;
  if (!faults_.front().command && faults_.front().skip > 0) {
    --faults_.front().skip;
    return out;
  }
  bool replaced = false;
  fire(0, out, replaced);
  return out;
}

}  // namespace till::sim
