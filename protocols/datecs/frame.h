// Frames of the Datecs "ISL" protocol, group A ("Fiscal printer programming interface" 1.00BG).
//
//   host   -> 01 LEN SEQ CMD DATA           05 BCC(4) 03
//   device -> 01 LEN SEQ CMD DATA 04 ST(6)  05 BCC(4) 03
//
// LEN counts the bytes from itself to 05, plus 20h. BCC is the sum of the same bytes, a nibble a
// byte, each plus 30h. A control character in DATA other than TAB and LF is sent as 10h, c + 40h.
#pragma once

#include <array>
#include <cstdint>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"

namespace till::datecs {

constexpr std::uint8_t kSoh = 0x01, kEot = 0x03, kSeparator = 0x04, kPostamble = 0x05, kDle = 0x10,
                       kNak = 0x15, kSyn = 0x16;
constexpr std::uint8_t kFirstSeq = 0x20, kLastSeq = 0x7f;
constexpr std::size_t kMaxRequestData = 218;
constexpr std::size_t kMaxReplyData = 213;

// The bits that come with every reply.
struct Status {
  std::array<std::uint8_t, 6> bytes{0x80, 0x80, 0x80, 0x80, 0x80, 0x80};

  [[nodiscard]] bool bit(std::size_t byte, int n) const { return (bytes[byte] >> n & 1) != 0; }
  [[nodiscard]] bool syntax_error() const { return bit(0, 0); }
  [[nodiscard]] bool unknown_command() const { return bit(0, 1); }
  [[nodiscard]] bool clock_not_set() const { return bit(0, 2); }
  [[nodiscard]] bool printer_fault() const { return bit(0, 4); }
  [[nodiscard]] bool cover_open() const { return bit(0, 6); }
  [[nodiscard]] bool overflow() const { return bit(1, 0); }
  [[nodiscard]] bool not_allowed() const { return bit(1, 1); }
  [[nodiscard]] bool paper_out() const { return bit(2, 0); }
  [[nodiscard]] bool paper_low() const { return bit(2, 1); }
  [[nodiscard]] bool journal_end() const { return bit(2, 2); }
  [[nodiscard]] bool fiscal_open() const { return bit(2, 3) || bit(1, 4); }
  [[nodiscard]] bool journal_near_end() const { return bit(2, 4) || bit(2, 6); }
  [[nodiscard]] bool service_open() const { return bit(2, 5) || bit(1, 5); }
  [[nodiscard]] bool document_open() const { return fiscal_open() || service_open(); }
  [[nodiscard]] bool memory_near_end() const { return bit(4, 3); }
  [[nodiscard]] bool memory_full() const { return bit(4, 4); }
  [[nodiscard]] bool memory_error() const { return bit(4, 0) || bit(5, 2) || bit(5, 5); }
  [[nodiscard]] bool fiscal_mode() const { return bit(5, 3); }
  // The command this came with was not executed.
  [[nodiscard]] bool refused() const {
    return syntax_error() || unknown_command() || overflow() || not_allowed();
  }
};

struct Reply {
  std::uint8_t seq = 0;
  std::uint8_t command = 0;
  Buffer data;  // unescaped
  Status status;
};

// kTooLarge: more than kMaxRequestData bytes once escaped.
Result<Buffer> encode_request(std::uint8_t seq, std::uint8_t command, Bytes data);

// The whole frame's length by its second byte; 0 when no frame may begin so.
std::size_t frame_size(std::uint8_t len);
// kBadFrame says which part does not fit.
Result<Reply> decode_reply(Bytes frame);

std::uint8_t next_seq(std::uint8_t seq);

}  // namespace till::datecs
