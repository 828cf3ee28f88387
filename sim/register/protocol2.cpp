#include "sim/register/protocol2.h"

namespace till::sim {
namespace {

constexpr uint8_t kStart = 0x8F, kStuff = 0x9F;
constexpr size_t kLongest = 1024;

uint16_t checksum(View bytes) {
  uint16_t sum = 0xFFFF;
  for (const uint8_t byte : bytes) {
    for (int bit = 7; bit >= 0; --bit) {
      const bool top = ((sum >> 15) ^ (byte >> bit)) & 1;
      sum = static_cast<uint16_t>(sum << 1);
      if (top) sum ^= 0x1021;
    }
  }
  return sum;
}

}  // namespace

std::optional<Bytes> Protocol2::receive(uint8_t byte) {
  if (byte == kStart) {
    frame_.clear();
    inside_ = true;
    escaped_ = false;
    return std::nullopt;
  }
  if (!inside_) return std::nullopt;
  if (escaped_) {
    escaped_ = false;
    if (byte != 0x81 && byte != 0x83) {
      inside_ = false;
      return std::nullopt;
    }
    frame_.push_back(byte == 0x81 ? kStart : kStuff);
  } else if (byte == kStuff) {
    escaped_ = true;
    return std::nullopt;
  } else {
    frame_.push_back(byte);
  }
  if (frame_.size() < 2) return std::nullopt;
  const size_t length = get_le(View(frame_).first(2));
  if (length == 1 || length > kLongest) {
    inside_ = false;
    return std::nullopt;
  }
  if (frame_.size() < length + 4) return std::nullopt;
  inside_ = false;
  return packet();
}

std::optional<Bytes> Protocol2::packet() {
  const View all(frame_);
  const size_t length = get_le(all.first(2));
  if (checksum(all.first(length + 2)) != get_le(all.subspan(length + 2, 2))) return std::nullopt;
  if (executing_) return std::nullopt;  // its answer comes when it is ready
  const auto number = length == 0 ? uint64_t{0} : get_le(all.subspan(2, 2));
  if (length < 3 || number != uint16_t(last_ + 1)) {
    repeat_answer();
    return std::nullopt;
  }
  executing_ = true;
  last_ = static_cast<uint16_t>(number);
  const View payload = all.subspan(4, length - 2);
  return Bytes(payload.begin(), payload.end());
}

void Protocol2::answer(View payload) {
  executing_ = false;
  answer_.assign(payload.begin(), payload.end());
  repeat_answer();
}

void Protocol2::repeat_answer() {
  Bytes inside;
  put_le(inside, answer_.size() + 2, 2);
  put_le(inside, last_, 2);
  append(inside, answer_);
  put_le(inside, checksum(inside), 2);
  send(inside);
}

void Protocol2::send(View inside) {
  output_.push_back(kStart);
  for (const uint8_t byte : inside) {
    if (byte == kStart || byte == kStuff) {
      output_.push_back(kStuff);
      output_.push_back(byte == kStart ? 0x81 : 0x83);
    } else {
      output_.push_back(byte);
    }
  }
}

}  // namespace till::sim
