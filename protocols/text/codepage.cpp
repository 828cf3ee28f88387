#include "codepage.h"

#include <array>

namespace till::text {
namespace {

using HighHalf = std::array<char16_t, 128>;  // code points of bytes 80h..FFh, 0 = not defined

// Source: Unicode Consortium mapping tables CP866.TXT and CP1251.TXT.
constexpr HighHalf make_cp866() {
  HighHalf t{};
  for (std::size_t i = 0; i < 48; ++i) t[i] = static_cast<char16_t>(0x0410 + i);  // А..Яа..п
  constexpr char16_t kBox[] = u"░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀";
  for (std::size_t i = 0; i < 48; ++i) t[48 + i] = kBox[i];
  for (std::size_t i = 0; i < 16; ++i) t[96 + i] = static_cast<char16_t>(0x0440 + i);  // р..я
  constexpr char16_t kTail[] = u"ЁёЄєЇїЎў°∙·√№¤■\u00a0";
  for (std::size_t i = 0; i < 16; ++i) t[112 + i] = kTail[i];
  return t;
}

constexpr HighHalf make_cp1251() {
  HighHalf t{};
  constexpr char16_t kHead[] =
      u"ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\0™љ›њќћџ\u00a0ЎўЈ¤Ґ¦§Ё©Є«¬\u00ad®Ї°±Ііґµ¶·ё№є»јЅѕї";
  for (std::size_t i = 0; i < 64; ++i) t[i] = kHead[i];
  for (std::size_t i = 0; i < 64; ++i) t[64 + i] = static_cast<char16_t>(0x0410 + i);
  return t;
}

constexpr HighHalf kCp866 = make_cp866();
constexpr HighHalf kCp1251 = make_cp1251();

const HighHalf& table(CodePage page) { return page == CodePage::kCp866 ? kCp866 : kCp1251; }

// What to print when the page lacks the character: one ASCII look-alike, or 0.
char look_alike(char32_t c) {
  switch (c) {
    case U'«':
    case U'»':
    case U'“':
    case U'”':
    case U'„':
      return '"';
    case U'‘':
    case U'’':
    case U'‚':
      return '\'';
    case U'–':
    case U'—':
    case U'−':
    case U'\u2011':
      return '-';
    case U'\u00a0':
    case U'\u202f':
    case U'\u2009':
      return ' ';
    case U'×':
      return 'x';
    case U'…':
      return '.';
    case U'•':
      return '*';
    default:
      return 0;
  }
}

}  // namespace

std::u32string to_code_points(std::string_view utf8) {
  std::u32string out;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<std::uint8_t>(utf8[i]);
    const std::size_t length = lead < 0x80       ? 1
                               : lead >> 5 == 6  ? 2
                               : lead >> 4 == 14 ? 3
                               : lead >> 3 == 30 ? 4
                                                 : 0;
    char32_t c = length == 1 ? lead : lead & (0x7fU >> length);
    bool good = length > 0 && i + length <= utf8.size();
    for (std::size_t k = 1; good && k < length; ++k) {
      const auto next = static_cast<std::uint8_t>(utf8[i + k]);
      good = (next & 0xc0) == 0x80;
      c = c << 6 | (next & 0x3fU);
    }
    out += good ? c : U'\ufffd';
    i += good ? length : 1;
  }
  return out;
}

void append_utf8(std::string& to, char32_t c) {
  if (c < 0x80) {
    to += static_cast<char>(c);
  } else if (c < 0x800) {
    to += static_cast<char>(0xc0 | c >> 6);
    to += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    to += static_cast<char>(0xe0 | c >> 12);
    to += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    to += static_cast<char>(0x80 | (c & 0x3f));
  }
}

std::string encode(std::string_view utf8, CodePage page, std::size_t* lost, std::size_t* changed) {
  const HighHalf& high = table(page);
  std::string out;
  for (const char32_t c : to_code_points(utf8)) {
    if (c < 0x80) {
      out += static_cast<char>(c);
      continue;
    }
    std::size_t at = 0;
    while (at < high.size() && high[at] != c) ++at;
    if (at < high.size()) {
      out += static_cast<char>(0x80 + at);
    } else if (const char like = look_alike(c)) {
      out += like;
      if (changed != nullptr) ++*changed;
    } else {
      out += '?';
      if (lost != nullptr) ++*lost;
    }
  }
  return out;
}

std::string note_of_loss(std::string_view field, std::string_view utf8, CodePage page) {
  std::size_t lost = 0, changed = 0;
  encode(utf8, page, &lost, &changed);
  if (lost + changed == 0) return "";
  std::string note(field);
  note += ": ";
  if (lost > 0) note += std::to_string(lost) + " characters printed as ?";
  if (lost > 0 && changed > 0) note += ", ";
  if (changed > 0) note += std::to_string(changed) + " as look-alikes";
  return note;
}

std::string decode(Bytes bytes, CodePage page) {
  const HighHalf& high = table(page);
  std::string out;
  for (const auto b : bytes) {
    const char32_t c = b < 0x80 ? b : high[b - 0x80];
    append_utf8(out, c == 0 && b >= 0x80 ? U'\ufffd' : c);
  }
  return out;
}

}  // namespace till::text
