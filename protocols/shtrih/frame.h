// Shtrih-M "protocol 1": STX | N | payload | LRC, with ENQ / ACK / NAK around it.
// Source: vendor's "Протокол работы ККТ с ФН" 1.17, appendices 2 and 3.
#pragma once

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"

namespace till::shtrih {

inline constexpr std::uint8_t kEnq = 0x05, kStx = 0x02, kAck = 0x06, kNak = 0x15;
inline constexpr std::size_t kMaxPayload = 255;

// XOR of N and the payload.
std::uint8_t lrc(Bytes length_and_payload);
// The payload (1..255 bytes) as it goes out.
Buffer encode_frame(Bytes payload);
// A whole frame back to its payload; kBadFrame on a wrong start, length or checksum.
Result<Buffer> decode_frame(Bytes frame);

}  // namespace till::shtrih
