// FFD tags: `tag u16 LE | length u16 LE | value`.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "sim/base/bytes.h"

namespace till::sim {

class TlvWriter {
 public:
  void raw(uint16_t tag, View value);
  void number(uint16_t tag, uint64_t value, int width);  // byte, u16, u32, UnixTime
  void vln(uint16_t tag, uint64_t value);                // as few bytes as it needs, at least 1
  void fvln(uint16_t tag, int decimals, uint64_t value);
  void text(uint16_t tag, std::string_view utf8, size_t fixed = 0);  // CP866, padded with spaces
  void add(View tlv) { append(out_, tlv); }                          // ready-made tags

  const Bytes& bytes() const { return out_; }

 private:
  Bytes out_;
};

using Tag = std::pair<uint16_t, View>;

// The tags of one level; nullopt when the lengths do not add up.
std::optional<std::vector<Tag>> parse_tlv(View bytes);

// The first such tag; the bytes must be well formed.
std::optional<View> find_tag(View bytes, uint16_t tag);

}  // namespace till::sim
