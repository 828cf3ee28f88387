// Bytes of a serial scanner to codes. Pure; memory is bounded by kMaxScanBytes.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "tillbridge/sdk/scanner.h"

namespace till::scanner_serial {

// kNone: a code ends with a gap in the line.
enum class Suffix { kCr, kLf, kCrLf, kTab, kNone };

// A whole line without its suffix, or why there is none: kGarbage, kBarcodeTooLong.
using Framed = std::variant<std::string, Code>;

class Framer {
 public:
  explicit Framer(Suffix suffix) : suffix_(suffix) {}

  // What the bytes complete, in order. Garbage is told once a burst: up to the next code or gap.
  std::vector<Framed> feed(Bytes chunk);
  std::vector<Framed> gap();
  // The cable was pulled: what has come in is forgotten.
  void reset();

 private:
  void take(std::uint8_t byte, std::vector<Framed>& out);
  void end_line(std::vector<Framed>& out);
  void garbage(std::vector<Framed>& out);
  [[nodiscard]] bool ends_line(std::uint8_t byte) const;

  Suffix suffix_;
  std::string line_;
  bool spoilt_ = false;  // a byte no code holds stands in the line
  bool too_long_ = false;
  bool in_burst_ = false;
};

}  // namespace till::scanner_serial
