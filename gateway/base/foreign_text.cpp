#include "foreign_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "utf8.h"

namespace till {
namespace {

constexpr std::size_t kMaxLabel = 32;

// The bytes of the character that begins the text, 0 when it is none.
std::size_t character(std::string_view text) {
  for (std::size_t n = 1; n <= std::min<std::size_t>(4, text.size()); ++n) {
    if (utf8_length(text.substr(0, n))) return n;
  }
  return 0;
}

// C1 controls, line and paragraph separators, marks and overrides of direction.
bool invisible(std::string_view c) {
  return (c.size() == 2 && c[0] == '\xC2' && static_cast<unsigned char>(c[1]) < 0xA0) ||
         (c >= "\u2028" && c <= "\u202E") || (c >= "\u2066" && c <= "\u2069") || c == "\u200E" ||
         c == "\u200F";
}

}  // namespace

std::string escaped(std::string_view text, std::size_t most) {
  std::string out;
  while (!text.empty()) {
    const std::size_t n = std::max<std::size_t>(1, character(text));
    const std::string_view c = text.substr(0, n);
    std::string part;
    if (character(text) == 0 || !printable(c) || invisible(c)) {
      for (const char byte : c) part += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    } else {
      part = c == "\\" ? "\\\\" : std::string(c);
    }
    if (out.size() + part.size() > most) return out + "…";
    out += part;
    text.remove_prefix(n);
  }
  return out;
}

std::string presentable(std::string text, std::size_t most) {
  const bool fine = text.size() <= most && utf8_length(text) && printable(text);
  return fine ? std::move(text) : escaped(text, most);
}

std::string label(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
           c == '_' || c == '.' || c == ':' || c == '-';
  };
  std::string out(text.substr(0, kMaxLabel));
  std::ranges::replace_if(out, [&](char c) { return !plain(c); }, '_');
  return out;
}

}  // namespace till
