#include "frame.h"

namespace till::shtrih {

std::uint8_t lrc(Bytes bytes) {
  std::uint8_t sum = 0;
  for (const auto b : bytes) sum ^= b;
  return sum;
}

Buffer encode_frame(Bytes payload) {
  Buffer frame{kStx, static_cast<std::uint8_t>(payload.size())};
  append(frame, payload);
  frame.push_back(lrc(Bytes(frame).subspan(1)));
  return frame;
}

Result<Buffer> decode_frame(Bytes frame) {
  if (frame.size() < 4 || frame[0] != kStx) return fail(Code::kBadFrame, "no STX");
  if (frame[1] == 0 || frame.size() != frame[1] + 3U) return fail(Code::kBadFrame, "length");
  const Bytes inside = frame.subspan(1, frame.size() - 2);
  if (lrc(inside) != frame.back()) return fail(Code::kBadFrame, "LRC");
  return to_buffer(inside.subspan(1));
}

}  // namespace till::shtrih
