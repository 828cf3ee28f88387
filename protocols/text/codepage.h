// UTF-8 to and from the single-byte Cyrillic code pages that paper devices speak.
#pragma once

#include <string>
#include <string_view>

#include "sdk/cpp/base/bytes.h"

namespace till::text {

enum class CodePage { kCp866, kCp1251 };

// A character the page does not have becomes its nearest look-alike (« -> ", — -> -) or '?';
// `lost`, when given, counts the latter, `changed` the former. Malformed UTF-8 counts as one lost
// character a byte.
std::string encode(std::string_view utf8, CodePage page, std::size_t* lost = nullptr,
                   std::size_t* changed = nullptr);
// What the text loses on paper, as a receipt's notes tell it: "name: 3 characters printed as ?, 1
// as look-alikes"; "" = nothing.
std::string note_of_loss(std::string_view field, std::string_view utf8, CodePage page);
std::string decode(Bytes bytes, CodePage page);

// The code points of a UTF-8 text; a malformed byte gives U+FFFD.
std::u32string to_code_points(std::string_view utf8);
void append_utf8(std::string& to, char32_t c);

}  // namespace till::text
