// Is it text?
#pragma once

#include <string_view>

namespace till {

// UTF-8 without overlong forms' first bytes; control characters are allowed.
inline bool valid_utf8(std::string_view text) {
  int more = 0;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (more > 0) {
      if ((u & 0xc0) != 0x80) return false;
      --more;
    } else if (u >= 0x80) {
      if (u < 0xc2 || u > 0xf4) return false;
      more = u >= 0xf0 ? 3 : u >= 0xe0 ? 2 : 1;
    }
  }
  return more == 0;
}

}  // namespace till
