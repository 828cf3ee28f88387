#include "frame.h"

#include <algorithm>

namespace till::datecs {
namespace {

constexpr std::size_t kAround = 6;       // 01, BCC, 03: what LEN does not count
constexpr std::size_t kReplyFixed = 11;  // LEN SEQ CMD 04 ST(6) 05

bool needs_escape(std::uint8_t c) { return c < 0x20 && c != '\t' && c != '\n'; }

std::array<std::uint8_t, 4> checksum(Bytes bytes) {
  std::uint32_t sum = 0;
  for (const auto b : bytes) sum += b;
  std::array<std::uint8_t, 4> nibbles{};
  for (std::size_t i = 0; i < 4; ++i) {
    nibbles[i] = static_cast<std::uint8_t>((sum >> (12 - 4 * i) & 0x0f) + 0x30);
  }
  return nibbles;
}

Result<Buffer> unescaped(Bytes data) {
  Buffer out;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data[i] != kDle) {
      out.push_back(data[i]);
      continue;
    }
    ++i;
    if (i == data.size() || data[i] < 0x40 || data[i] >= 0x60) {
      return fail(Code::kBadFrame, "escape");
    }
    out.push_back(static_cast<std::uint8_t>(data[i] - 0x40));
  }
  return out;
}

}  // namespace

Result<Buffer> encode_request(std::uint8_t seq, std::uint8_t command, Bytes data) {
  Buffer frame{kSoh, 0, seq, command};
  for (const auto c : data) {
    if (needs_escape(c)) frame.push_back(kDle);
    frame.push_back(needs_escape(c) ? static_cast<std::uint8_t>(c + 0x40) : c);
  }
  if (frame.size() - 4 > kMaxRequestData) return fail(Code::kTooLarge, "command data");
  frame.push_back(kPostamble);
  frame[1] = static_cast<std::uint8_t>(0x20 + frame.size() - 1);
  append(frame, checksum(Bytes(frame).subspan(1)));
  frame.push_back(kEot);
  return frame;
}

std::size_t frame_size(std::uint8_t len) {
  return len < 0x20 + kReplyFixed ? 0 : len - 0x20U + kAround;
}

Result<Reply> decode_reply(Bytes frame) {
  if (frame.size() < 2 || frame[0] != kSoh) return fail(Code::kBadFrame, "no preamble");
  if (frame_size(frame[1]) == 0 || frame.size() != frame_size(frame[1])) {
    return fail(Code::kBadFrame, "length");
  }
  const Bytes counted = frame.subspan(1, frame.size() - kAround);
  if (!std::ranges::equal(checksum(counted), frame.subspan(frame.size() - 5, 4)) ||
      frame.back() != kEot) {
    return fail(Code::kBadFrame, "checksum");
  }
  const Bytes tail = counted.last(8);
  if (tail[0] != kSeparator || tail[7] != kPostamble) return fail(Code::kBadFrame, "separator");
  Reply reply{counted[1],
              counted[2],
              TILL_TRY(unescaped(counted.subspan(3, counted.size() - kReplyFixed))),
              {}};
  std::ranges::copy(tail.subspan(1, 6), reply.status.bytes.begin());
  return reply;
}

std::uint8_t next_seq(std::uint8_t seq) {
  return seq < kFirstSeq || seq >= kLastSeq ? kFirstSeq : static_cast<std::uint8_t>(seq + 1);
}

}  // namespace till::datecs
