#include "sim/datecs/wire.h"

#include <algorithm>

namespace till::sim::datecs {
namespace {

constexpr uint8_t kStart = 0x01, kEnd = 0x03, kStatus = 0x04, kLast = 0x05, kEscape = 0x10,
                  kNak = 0x15, kOffset = 0x20;
constexpr size_t kShortest = 4;  // length, number, command, 05

void put_sum(Bytes& out, View counted) {
  unsigned sum = 0;
  for (const uint8_t b : counted) sum += b;
  for (int shift = 12; shift >= 0; shift -= 4) {
    out.push_back(static_cast<uint8_t>(0x30 + ((sum >> shift) & 15)));
  }
}

}  // namespace

std::optional<Frame> Wire::receive(uint8_t byte) {
  if (byte == kStart) {  // never inside a frame: a new one begins, whatever came before
    in_frame_ = true;
    frame_.clear();
    return std::nullopt;
  }
  if (!in_frame_) return std::nullopt;
  frame_.push_back(byte);
  if (frame_[0] < kOffset + kShortest) {
    in_frame_ = false;
    output_.push_back(kNak);
    return std::nullopt;
  }
  if (frame_.size() < size_t{frame_[0]} - kOffset + 5) return std::nullopt;
  in_frame_ = false;
  auto frame = complete();
  if (!frame || std::exchange(nak_next_, false)) {
    output_.push_back(kNak);
    return std::nullopt;
  }
  return frame;
}

std::optional<Frame> Wire::complete() {
  const View counted = View(frame_).first(frame_.size() - 5);
  Bytes sum;
  put_sum(sum, counted);
  const View tail = View(frame_).last(5);
  if (!std::equal(sum.begin(), sum.end(), tail.begin()) || tail[4] != kEnd ||
      counted.back() != kLast || frame_[1] < 0x20 || frame_[1] > 0x7F) {
    return std::nullopt;
  }
  Frame frame{frame_[1], frame_[2], {}};
  const View data = counted.subspan(3, counted.size() - kShortest);
  for (size_t i = 0; i < data.size(); ++i) {
    const bool escaped = data[i] == kEscape && i + 1 < data.size();
    frame.data.push_back(escaped ? static_cast<uint8_t>(data[++i] - 0x40) : data[i]);
  }
  return frame;
}

bool Wire::repeated(uint8_t seq) {
  if (last_seq_ != seq) return false;
  append(output_, last_reply_);
  return true;
}

void Wire::reply(const Frame& to, View data, const std::array<uint8_t, 6>& status) {
  Bytes out{kStart, static_cast<uint8_t>(kOffset + 11 + data.size()), to.seq, to.command};
  append(out, data);
  out.push_back(kStatus);
  append(out, status);
  out.push_back(kLast);
  put_sum(out, View(out).subspan(1));
  out.push_back(kEnd);
  append(output_, out);
  last_seq_ = to.seq;
  last_reply_ = std::move(out);
}

}  // namespace till::sim::datecs
