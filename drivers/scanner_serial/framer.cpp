#include "framer.h"

#include <utility>

namespace till::scanner_serial {
namespace {

// GS1 and ISO 15434 codes carry FS, GS, RS and EOT; other codes carry line ends and tabs.
bool may_stand_in_code(std::uint8_t byte) {
  switch (byte) {
    case 0x04:
    case 0x09:
    case 0x0a:
    case 0x0d:
    case 0x1c:
    case 0x1d:
    case 0x1e:
      return true;
    default:
      return byte >= 0x20 && byte != 0x7f;
  }
}

bool is_line_end(std::uint8_t byte) { return byte == 0x0a || byte == 0x0d; }

// The length of a UTF-8 sequence by its first byte; 0 when no character begins so.
std::size_t sequence_length(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

// Events are JSON, which carries UTF-8 only; and a wrong baud rate makes other bytes.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto at = [&](std::size_t k) { return static_cast<std::uint8_t>(text[k]); };
    const std::size_t n = sequence_length(at(i));
    if (n == 0 || i + n > text.size()) return false;
    for (std::size_t k = 1; k < n; ++k) {
      if ((at(i + k) & 0xc0) != 0x80) return false;
    }
    const bool overlong =
        (at(i) == 0xe0 && at(i + 1) < 0xa0) || (at(i) == 0xf0 && at(i + 1) < 0x90);
    const bool surrogate = at(i) == 0xed && at(i + 1) >= 0xa0;
    const bool beyond = at(i) == 0xf4 && at(i + 1) >= 0x90;
    if (overlong || surrogate || beyond) return false;
    i += n;
  }
  return true;
}

}  // namespace

bool Framer::ends_line(std::uint8_t byte) const {
  switch (suffix_) {
    case Suffix::kCr:
    case Suffix::kCrLf:  // the LF that follows begins the next line and is dropped there
      return byte == 0x0d;
    case Suffix::kLf:
      return byte == 0x0a;
    case Suffix::kTab:
      return byte == 0x09;
    case Suffix::kNone:
      return false;
  }
  return false;
}

void Framer::garbage(std::vector<Framed>& out) {
  if (!std::exchange(in_burst_, true)) out.emplace_back(Code::kGarbage);
}

void Framer::end_line(std::vector<Framed>& out) {
  if (too_long_) {
    // Told when it became too long.
  } else if (spoilt_ || !is_utf8(line_)) {
    garbage(out);
  } else if (!line_.empty()) {
    out.emplace_back(line_);
    in_burst_ = false;
  }
  line_.clear();
  spoilt_ = too_long_ = false;
}

void Framer::take(std::uint8_t byte, std::vector<Framed>& out) {
  if (ends_line(byte)) return end_line(out);
  if (too_long_) return;
  if (line_.empty() && !spoilt_) {
    if (is_line_end(byte)) return;  // the other half of CR LF
    // Noise before a code does not spoil the code.
    if (!may_stand_in_code(byte) || sequence_length(byte) == 0) return garbage(out);
  }
  if (line_.size() >= kMaxScanBytes) {
    too_long_ = true;
    line_.clear();
    out.emplace_back(Code::kBarcodeTooLong);
    return;
  }
  spoilt_ = spoilt_ || !may_stand_in_code(byte);
  line_ += static_cast<char>(byte);
}

std::vector<Framed> Framer::feed(Bytes chunk) {
  std::vector<Framed> out;
  for (const auto byte : chunk) take(byte, out);
  return out;
}

std::vector<Framed> Framer::gap() {
  std::vector<Framed> out;
  if (suffix_ == Suffix::kNone) {
    while (!line_.empty() && is_line_end(static_cast<std::uint8_t>(line_.back()))) {
      line_.pop_back();
    }
    end_line(out);
  } else if (!line_.empty() || spoilt_) {
    garbage(out);
  }
  reset();
  return out;
}

void Framer::reset() {
  line_.clear();
  spoilt_ = too_long_ = in_burst_ = false;
}

}  // namespace till::scanner_serial
