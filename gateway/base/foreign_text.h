// Words from outside, a plugin's or a device's, made fit for a log line.
#pragma once

#include <string>
#include <string_view>

namespace till {

// Control characters, what turns the direction of text, and bytes that are no UTF-8 become \xNN, a
// backslash two of them: nothing can look like a line of its own. Cut to `most` bytes, with "…".
std::string escaped(std::string_view text, std::size_t most);

// As it is when it is printable UTF-8 and not too long, else escaped: for what is shown elsewhere.
std::string presentable(std::string text, std::size_t most);

// For a label of a metric: letters, digits, blanks and _.:- only, at most 32.
std::string label(std::string_view text);

}  // namespace till
