// Shtrih-M "protocol 2": STX | LEN16 | NUM16 | payload | CRC16, stuffed, with numbered packets.
// The device executes number last+1 once and answers any other with its last answer.
// Source: vendor's "Протокол работы ККТ с ФН" 1.17, the alternative low level.
#pragma once

#include <optional>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"

namespace till::shtrih {

inline constexpr std::uint8_t kPacketStx = 0x8f, kEscape = 0x9f;
inline constexpr std::size_t kMaxPacket = 4096;  // the longest answer known takes 300 bytes

// CRC16-CCITT: polynomial 1021h, start FFFFh, not reflected.
std::uint16_t crc16(Bytes bytes);

struct Packet {
  std::optional<std::uint16_t> number;  // none: a request for the last answer
  Buffer payload;                       // empty: the device has not executed anything yet
};
Buffer encode_packet(const Packet& packet);

// Takes the line byte by byte. Noise and broken packets are dropped: the other side repeats.
class PacketReader {
 public:
  std::optional<Packet> feed(std::uint8_t byte);
  void reset() { inside_ = escaped_ = false; }

 private:
  std::optional<Packet> finish();

  Buffer bytes_;  // unstuffed, from LEN on
  bool inside_ = false, escaped_ = false;
};

}  // namespace till::shtrih
