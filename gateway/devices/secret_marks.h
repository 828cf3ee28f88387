// "${secret:NAME}" in what a plugin sends: the daemon puts the shop's secret there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace till::devices {

inline constexpr std::string_view kSecretMark = "${secret:";

// The names a text asks for.
inline std::vector<std::string> secrets_named_in(std::string_view text) {
  std::vector<std::string> names;
  for (auto at = text.find(kSecretMark); at != text.npos; at = text.find(kSecretMark, at + 1)) {
    const auto from = at + kSecretMark.size();
    names.emplace_back(text.substr(from, text.find('}', from) - from));
  }
  return names;
}

// Foreign text, a customer's or of goods, asks for none.
inline void unmark_secrets(std::string& text) {
  for (auto at = text.find(kSecretMark); at != text.npos; at = text.find(kSecretMark, at + 1)) {
    text.insert(at + 1, 1, ' ');
  }
}

}  // namespace till::devices
