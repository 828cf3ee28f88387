#include "sim/register/tlv.h"

#include "sim/base/codepage.h"

namespace till::sim {

void TlvWriter::raw(uint16_t tag, View value) {
  put_le(out_, tag, 2);
  put_le(out_, value.size(), 2);
  append(out_, value);
}

void TlvWriter::number(uint16_t tag, uint64_t value, int width) {
  Bytes bytes;
  put_le(bytes, value, width);
  raw(tag, bytes);
}

void TlvWriter::vln(uint16_t tag, uint64_t value) {
  int width = 1;
  while (width < 8 && value >> (8 * width) != 0) ++width;
  number(tag, value, width);
}

void TlvWriter::fvln(uint16_t tag, int decimals, uint64_t value) {
  Bytes bytes{static_cast<uint8_t>(decimals)};
  do {
    bytes.push_back(static_cast<uint8_t>(value));
    value >>= 8;
  } while (value != 0);
  raw(tag, bytes);
}

void TlvWriter::text(uint16_t tag, std::string_view utf8, size_t fixed) {
  Bytes bytes = encode(Codepage::kCp866, utf8);
  if (fixed > 0) bytes.resize(fixed, ' ');
  raw(tag, bytes);
}

std::optional<std::vector<Tag>> parse_tlv(View bytes) {
  std::vector<Tag> tags;
  while (!bytes.empty()) {
    if (bytes.size() < 4) return std::nullopt;
    const auto tag = static_cast<uint16_t>(get_le(bytes.subspan(0, 2)));
    const size_t length = get_le(bytes.subspan(2, 2));
    if (bytes.size() - 4 < length) return std::nullopt;
    tags.emplace_back(tag, bytes.subspan(4, length));
    bytes = bytes.subspan(4 + length);
  }
  return tags;
}

std::optional<View> find_tag(View bytes, uint16_t tag) {
  const auto tags = parse_tlv(bytes);
  if (!tags) return std::nullopt;
  for (const auto& [number, value] : *tags) {
    if (number == tag) return value;
  }
  return std::nullopt;
}

}  // namespace till::sim
