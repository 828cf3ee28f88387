#include "sim/register/protocol1.h"

namespace till::sim {
namespace {

constexpr uint8_t kEnq = 0x05, kStx = 0x02, kAck = 0x06, kNak = 0x15;

}  // namespace

void Protocol1::reset() { *this = Protocol1(options_); }

std::optional<Bytes> Protocol1::receive(Ms now, uint8_t byte) {
  if (in_frame_ && now - last_byte_ > options_.byte_timeout) {
    in_frame_ = false;  // silently: the host will ask again
    ready_ = false;
  }
  last_byte_ = now;
  if (!in_frame_) {
    idle_byte(now, byte);
    return std::nullopt;
  }
  frame_.push_back(byte);
  if (frame_.size() < size_t{frame_[0]} + 2) return std::nullopt;
  in_frame_ = false;
  return frame_complete();
}

void Protocol1::idle_byte(Ms now, uint8_t byte) {
  switch (byte) {
    case kEnq:
      if (!answer_ && !executing_) {
        output_.push_back(kNak);
        ready_ = true;
        break;
      }
      output_.push_back(kAck);
      if (answer_) send_answer(now);
      break;
    case kStx:
      in_frame_ = true;
      frame_.clear();
      break;
    case kAck:
      if (answer_ && waits_for_ack_ && now <= *waits_for_ack_) {
        answer_.reset();
        if (options_.ff_after_ack) output_.push_back(0xFF);
      }
      waits_for_ack_.reset();
      break;
    default:
      // NAK too: the answer is not repeated before the next ENQ.
      waits_for_ack_.reset();
      break;
  }
}

std::optional<Bytes> Protocol1::frame_complete() {
  uint8_t lrc = 0;
  for (const uint8_t byte : frame_) lrc ^= byte;
  const bool good = lrc == 0 && frame_[0] > 0 && ready_ && !nak_next_;
  ready_ = false;
  nak_next_ = false;
  output_.push_back(good ? kAck : kNak);
  if (!good) return std::nullopt;
  executing_ = true;
  return Bytes(frame_.begin() + 1, frame_.end() - 1);
}

void Protocol1::answer(Ms now, View payload) {
  Bytes frame{kStx, static_cast<uint8_t>(payload.size())};
  append(frame, payload);
  uint8_t lrc = 0;
  for (size_t i = 1; i < frame.size(); ++i) lrc ^= frame[i];
  frame.push_back(lrc);
  answer_ = std::move(frame);
  executing_ = false;
  send_answer(now);
}

void Protocol1::send_answer(Ms now) {
  append(output_, *answer_);
  waits_for_ack_ = now + options_.ack_timeout;
}

}  // namespace till::sim
