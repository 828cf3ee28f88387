#include "link.h"

#include <algorithm>
#include <utility>

#include "protocols/shtrih/frame.h"

namespace till::shtrih {
namespace {

constexpr int kTries = 10;                 // the vendor's counters I and J
constexpr std::uint32_t kByteMs = 100;     // between two bytes of a frame
constexpr std::uint32_t kControlMs = 300;  // for ACK, NAK after ENQ or a frame
constexpr std::uint32_t kSliceMs = 1000;   // a silent device is asked again this often

// An FF command's refusal may carry only FF and the error.
bool answers(const Reply& reply, Bytes asked) {
  const auto code = static_cast<std::uint16_t>(reply.command);
  return asked[0] == 0xff ? code == 0xff || code == (0xff00 | asked[1]) : code == asked[0];
}

}  // namespace

// Skips what is no control byte: network models add FFh after our ACK, and lines carry noise.
Result<std::uint8_t> StandardLink::control_byte(std::uint32_t timeout_ms) {
  for (int noise = 0; noise < 300; ++noise) {
    const auto b = TILL_TRY(port_.read_byte(timeout_ms));
    if (b == kAck || b == kNak || b == kStx) return b;
    noise_ = true;
  }
  return fail(Code::kBadFrame, "noise instead of an answer");
}

Result<StandardLink::Answer> StandardLink::enquire() {
  port_.discard_input();
  stx_taken_ = false;
  TILL_CHECK(port_.write(Bytes(&kEnq, 1)));
  const auto byte = control_byte(kControlMs);
  if (!byte && byte.error().code == Code::kPortLost) return std::unexpected(byte.error());
  if (!byte || *byte == kStx) return Answer::kSilent;
  return *byte == kAck ? Answer::kPending : Answer::kIdle;
}

Result<Buffer> StandardLink::read_frame(std::uint32_t first_byte_ms) {
  bool started = std::exchange(stx_taken_, false);
  while (!started) started = TILL_TRY(control_byte(first_byte_ms)) == kStx;
  Buffer frame{kStx, TILL_TRY(port_.read_byte(kByteMs))};
  append(frame, TILL_TRY(port_.read_exactly(frame[1] + 1U, kByteMs * (frame[1] + 1U))));
  return decode_frame(frame);
}

// A frame with as many repeats as the device grants; our ACK lets it forget the answer.
Result<Buffer> StandardLink::fetch(std::uint32_t first_byte_ms) {
  auto payload = read_frame(first_byte_ms);
  for (int j = 0; !payload && payload.error().code != Code::kPortLost && j < kTries; ++j) {
    if (payload.error().code == Code::kTimeout && j == 0) return payload;  // silent, not broken
    TILL_CHECK(port_.write(Bytes(&kNak, 1)));
    if (TILL_TRY(enquire()) == Answer::kPending) payload = read_frame(kSliceMs);
  }
  if (payload) TILL_CHECK(port_.write(Bytes(&kAck, 1)));
  return payload;
}

Result<bool> StandardLink::present() {
  bool always = true;
  for (int i = 0; i < 3; ++i) {
    noise_ = false;
    if (TILL_TRY(enquire()) != Answer::kSilent) return true;
    always = always && noise_;
  }
  noise_ = always;
  return false;
}

Result<void> StandardLink::drain(std::uint32_t patience_ms) {
  const int slices = static_cast<int>(patience_ms / kControlMs) + kTries;
  for (int i = 0; i < slices; ++i) {
    switch (TILL_TRY(enquire())) {
      case Answer::kIdle:
        return {};
      case Answer::kSilent:
        continue;  // executing, or nobody there
      case Answer::kPending:
        if (auto payload = fetch(kSliceMs); !payload && payload.error().code == Code::kPortLost) {
          return std::unexpected(payload.error());
        }
    }
  }
  return fail(Code::kTimeout, "the register does not answer");
}

// True: accepted. False: the device did not take the frame, send it again.
Result<bool> StandardLink::submit(Bytes frame) {
  TILL_CHECK(port_.write(frame));
  const auto byte = control_byte(kControlMs);
  if (byte && *byte == kAck) return true;
  // The ACK was lost but the answer is coming: sent again, the command would be executed twice.
  if (byte && *byte == kStx) return stx_taken_ = true;
  if (!byte && byte.error().code == Code::kPortLost) return std::unexpected(byte.error());
  // Nothing, or a NAK that may be a broken ACK. An answer waiting now can only be ours, for the
  // line was drained; idle means the frame never arrived; silence that it is being executed.
  return TILL_TRY(enquire()) != Answer::kIdle;
}

// A device that executes is silent; now and then it is asked, so that a lost answer is repeated.
Result<Buffer> StandardLink::await_answer(std::uint32_t answer_ms) {
  auto payload = fetch(std::min(answer_ms, kSliceMs));
  for (std::uint32_t waited = kSliceMs; !payload && waited < answer_ms; waited += kSliceMs) {
    if (payload.error().code == Code::kPortLost) return payload;
    const auto state = TILL_TRY(enquire());
    if (state == Answer::kIdle) return fail(Code::kTimeout, "the register forgot the command");
    payload = fetch(kSliceMs);
  }
  return payload;
}

// What answers another command is an old answer said again (a doubled ENQ does that); ours follows.
Result<Reply> StandardLink::own_answer(Bytes asked, std::uint32_t answer_ms) {
  for (int i = 0; i < kTries; ++i) {
    auto payload = await_answer(answer_ms);
    if (!payload && i > 0 && payload.error().code == Code::kTimeout) break;
    auto reply = TILL_TRY(parse_reply(TILL_TRY(std::move(payload))));
    if (answers(reply, asked)) return reply;
  }
  return fail(Code::kBadFrame, "an answer to another command");
}

Result<Reply> StandardLink::exchange(Bytes payload, std::uint32_t answer_ms) {
  const Buffer frame = encode_frame(payload);
  TILL_CHECK(drain(0));
  for (int i = 0; i < kTries; ++i) {
    if (TILL_TRY(submit(frame))) return own_answer(payload, answer_ms);
  }
  return fail(Code::kBadFrame, "the register refuses every frame");
}

}  // namespace till::shtrih
