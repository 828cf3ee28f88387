#include "link.h"

namespace till::shtrih {
namespace {

constexpr int kTries = 10;
constexpr std::uint32_t kByteMs = 100;
constexpr std::uint32_t kSyncMs = 300;     // an idle device answers at once
constexpr std::uint32_t kRepeatMs = 2000;  // the packet or its answer was lost, or it executes

}  // namespace

Result<Packet> NumberedLink::read_packet(std::uint32_t timeout_ms) {
  reader_.reset();
  std::uint32_t patience = timeout_ms;
  for (std::size_t n = 0; n < 2 * kMaxPacket; ++n) {
    const auto byte = port_.read_byte(patience);
    if (!byte) return std::unexpected(byte.error());
    noise_ = true;
    if (auto packet = reader_.feed(*byte)) return std::move(*packet);
    patience = kByteMs;
  }
  return fail(Code::kBadFrame, "noise instead of an answer");
}

// The device's own number is asked for: only what follows it will be executed.
Result<void> NumberedLink::synchronise(int tries) {
  last_.reset();
  for (int i = 0; i < tries; ++i) {
    port_.discard_input();
    TILL_CHECK(port_.write(encode_packet({})));
    const auto packet = read_packet(kSyncMs);
    if (packet && packet->number) {
      last_ = packet->number;
      return {};
    }
    if (!packet && packet.error().code == Code::kPortLost) return std::unexpected(packet.error());
  }
  return fail(Code::kTimeout, "the register does not answer");
}

// A device that executes answers nothing, so its answer to this is the proof that it is idle.
Result<void> NumberedLink::drain(std::uint32_t patience_ms) {
  return synchronise(static_cast<int>(patience_ms / kSyncMs) + kTries);
}

Result<Reply> NumberedLink::exchange(Bytes payload, std::uint32_t answer_ms) {
  if (!last_) TILL_CHECK(synchronise(kTries));
  auto number = static_cast<std::uint16_t>(*last_ + 1);
  last_.reset();  // known again once the answer is here
  for (std::uint32_t waited = 0; waited <= answer_ms; waited += kRepeatMs) {
    port_.discard_input();
    TILL_CHECK(port_.write(encode_packet({number, to_buffer(payload)})));
    auto packet = read_packet(std::min(answer_ms, kRepeatMs));
    // The last answer twice: its packet had been sent again. It says nothing of this one.
    const auto before = static_cast<std::uint16_t>(number - 1);
    for (int i = 0; packet && packet->number == before && i < kTries; ++i) {
      packet = read_packet(std::min(answer_ms, kRepeatMs));
    }
    if (!packet) {
      if (packet.error().code == Code::kPortLost) return std::unexpected(packet.error());
      continue;
    }
    if (packet->number == number) {
      last_ = number;
      return parse_reply(packet->payload);
    }
    // Another number: it has counted on, or begun anew after a power cut. Whether ours was
    // executed before that nobody knows any more.
    return fail(Code::kTimeout, "the register forgot the command");
  }
  return fail(Code::kTimeout, "no answer");
}

Result<bool> NumberedLink::present() {
  bool always = true;
  for (int i = 0; i < 2; ++i) {
    noise_ = false;
    const auto there = synchronise(1);
    if (there) return true;
    if (there.error().code == Code::kPortLost) return std::unexpected(there.error());
    always = always && noise_;
  }
  noise_ = always;
  return false;
}

Result<std::unique_ptr<Link>> make_link(Port& port, Protocol wanted) {
  bool noise = false;
  // A device that knows both decides by the first byte it hears, so the standard one is first.
  if (wanted != Protocol::kNumbered) {
    auto link = std::make_unique<StandardLink>(port);
    if (wanted == Protocol::kStandard || TILL_TRY(link->present())) return link;
    noise = link->heard_noise();
  }
  auto link = std::make_unique<NumberedLink>(port);
  if (wanted == Protocol::kNumbered || TILL_TRY(link->present())) return link;
  if (noise && link->heard_noise()) return fail(Code::kBadFrame, "another device on this port");
  return fail(Code::kTimeout, "no register answers, by neither protocol");
}

}  // namespace till::shtrih
