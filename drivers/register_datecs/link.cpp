#include "link.h"

namespace till::datecs {
namespace {

constexpr std::uint32_t kAnswerMs = 500;  // the vendor's; then the same frame again
constexpr std::uint32_t kSynMs = 60;      // between two SYN of a busy device
constexpr std::uint32_t kByteMs = 100;
constexpr int kMaxBroken = 10;  // replies refused or unreadable for one command
constexpr int kMaxNoise = 600;
constexpr int kAnyCommand = -1;

std::unexpected<Error> again(const char* why) { return fail(Code::kBadFrame, why); }

}  // namespace

Result<Reply> Link::read_frame() {
  const auto len = TILL_TRY(port_.read_byte(kByteMs));
  const std::size_t size = frame_size(len);
  if (size == 0) return again("length");
  Buffer frame{kSoh, len};
  append(frame, TILL_TRY(port_.read_exactly(size - 2, static_cast<std::uint32_t>(kByteMs * size))));
  return decode_reply(frame);
}

// kTimeout: silent. kBadFrame: a NAK or nothing readable. Both: send the frame again.
Result<Reply> Link::await_reply(int command, std::uint32_t& busy_left_ms) {
  for (int noise = 0; noise < kMaxNoise;) {
    const auto byte = TILL_TRY(port_.read_byte(kAnswerMs));
    if (byte == kNak) return again("NAK");
    if (byte == kSyn) {
      if (busy_left_ms < kSynMs) return fail(Code::kCancelled, "the register stays busy");
      busy_left_ms -= kSynMs;
    } else if (byte == kSoh) {
      auto reply = read_frame();
      // Cut short, it will be repeated; silence is only what has no byte at all.
      if (!reply && reply.error().code == Code::kTimeout) return again("a reply cut short");
      if (!reply) return reply;
      const bool ours = command == kAnyCommand || reply->command == command;
      if (reply->seq == seq_ && ours) return reply;
      ++noise;  // the late reply to a command given up before
    } else {
      ++noise;
    }
  }
  return again("noise instead of a reply");
}

Result<Reply> Link::transact(Bytes frame, int command, Patience patience) {
  std::uint32_t silent_ms = 0, busy_left_ms = patience.busy_ms;
  for (int broken = 0; broken < kMaxBroken;) {
    port_.discard_input();
    TILL_CHECK(port_.write(frame));
    auto reply = await_reply(command, busy_left_ms);
    if (reply || reply.error().code == Code::kPortLost) return reply;
    if (reply.error().code == Code::kCancelled) return fail(Code::kTimeout, reply.error().detail);
    if (reply.error().code == Code::kBadFrame) {
      ++broken;
      continue;
    }
    silent_ms += kAnswerMs;
    if (silent_ms >= patience.silent_ms) {
      return fail(Code::kTimeout, "the register does not answer");
    }
  }
  return fail(Code::kBadFrame, "the register and we do not understand each other");
}

Result<Reply> Link::exchange(const Request& request, Patience patience) {
  if (!synchronised_) {
    seq_ = next_seq(seq_);
    const Request status = with_option(Command::kStatus, "X");
    const auto frame =
        TILL_TRY(encode_request(seq_, static_cast<std::uint8_t>(status.command), status.data));
    TILL_CHECK(transact(frame, kAnyCommand, patience));
    synchronised_ = true;
  }
  seq_ = next_seq(seq_);
  const auto command = static_cast<std::uint8_t>(request.command);
  const auto frame = TILL_TRY(encode_request(seq_, command, request.data));
  auto reply = transact(frame, command, patience);
  if (!reply) synchronised_ = false;
  return reply;
}

}  // namespace till::datecs
