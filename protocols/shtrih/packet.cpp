#include "packet.h"

#include <utility>

#include "fields.h"

namespace till::shtrih {
namespace {

constexpr std::uint8_t kStuffedStx = 0x81, kStuffedEscape = 0x83;

}  // namespace

std::uint16_t crc16(Bytes bytes) {
  unsigned crc = 0xffff;
  for (const auto b : bytes) {
    crc ^= static_cast<unsigned>(b) << 8;
    for (int i = 0; i < 8; ++i) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return static_cast<std::uint16_t>(crc);
}

Buffer encode_packet(const Packet& packet) {
  Buffer inside;
  put(inside, packet.number ? packet.payload.size() + 2 : 0, 2);
  if (packet.number) {
    put(inside, *packet.number, 2);
    append(inside, packet.payload);
  }
  put(inside, crc16(inside), 2);
  Buffer out{kPacketStx};
  for (const auto b : inside) {
    if (b != kPacketStx && b != kEscape) {
      out.push_back(b);
      continue;
    }
    out.push_back(kEscape);
    out.push_back(b == kPacketStx ? kStuffedStx : kStuffedEscape);
  }
  return out;
}

std::optional<Packet> PacketReader::feed(std::uint8_t byte) {
  if (byte == kPacketStx) {  // never inside a packet
    bytes_.clear();
    escaped_ = false;
    inside_ = true;
    return std::nullopt;
  }
  if (!inside_) return std::nullopt;
  if (std::exchange(escaped_, false)) {
    if (byte != kStuffedStx && byte != kStuffedEscape) {
      inside_ = false;
      return std::nullopt;
    }
    byte = byte == kStuffedStx ? kPacketStx : kEscape;
  } else if (byte == kEscape) {
    escaped_ = true;
    return std::nullopt;
  }
  bytes_.push_back(byte);
  return finish();
}

std::optional<Packet> PacketReader::finish() {
  if (bytes_.size() < 2) return std::nullopt;
  const std::size_t length = get(bytes_, 0, 2);
  if (length == 1 || length > kMaxPacket) {
    inside_ = false;
    return std::nullopt;
  }
  if (bytes_.size() < length + 4) return std::nullopt;
  inside_ = false;
  const Bytes covered = Bytes(bytes_).first(length + 2);
  if (crc16(covered) != get(bytes_, length + 2, 2)) return std::nullopt;
  if (length == 0) return Packet{};
  return Packet{static_cast<std::uint16_t>(get(bytes_, 2, 2)), to_buffer(covered.subspan(4))};
}

}  // namespace till::shtrih
