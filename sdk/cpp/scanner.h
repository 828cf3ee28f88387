// Scanners: bytes in, scans out.
#pragma once

#include <string>
#include <vector>

#include "base/text.h"
#include "plugin.h"
#include "verbs.h"

namespace till {

// The longest code a symbology can carry is 7089 digits (QR); what is longer is noise.
inline constexpr std::size_t kMaxScanBytes = 8192;

// Cuts a stream at one byte. A line over the limit is dropped up to its end and counted.
class LineSplitter {
 public:
  LineSplitter(char end, std::size_t limit) : end_(end), limit_(limit) {}

  std::vector<std::string> feed(Bytes chunk) {
    std::vector<std::string> lines;
    for (const auto b : chunk) {
      const char c = static_cast<char>(b);
      if (c != end_) {
        if (line_.size() < limit_) {
          line_ += c;
        } else {
          overflow_ = true;
        }
        continue;
      }
      if (overflow_) {
        ++dropped_;
      } else {
        lines.push_back(line_);
      }
      clear();
    }
    return lines;
  }
  // What has come of the line that has not ended.
  [[nodiscard]] const std::string& pending() const { return line_; }
  // Lines dropped since the last call.
  std::size_t take_dropped() { return std::exchange(dropped_, 0); }
  [[nodiscard]] bool overflowed() const { return overflow_; }
  void clear() {
    line_.clear();
    overflow_ = false;
  }

 private:
  char end_;
  std::size_t limit_;
  std::string line_;
  bool overflow_ = false;
  std::size_t dropped_ = 0;
};

class Scanner : public Plugin {
 protected:
  // What is no text is told as garbage: no code holds it.
  void emit(const Scan& scan) {
    if (!valid_utf8(scan.raw)) return emit_error({Code::kGarbage, "no text", {}});
    Plugin::emit("scan", described::to_value(scan));
  }
  // Something was read that is no code; the daemon shows the catalogue text.
  void emit_error(const Error& error) {
    Plugin::emit("input_error",
                 described::to_value(InputError{static_cast<int>(error.code), error.detail}));
  }
};

}  // namespace till
