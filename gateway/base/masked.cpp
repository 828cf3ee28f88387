#include "gateway/base/masked.h"

#include <sodium.h>

#include <algorithm>

namespace till {

std::optional<Phone> Phone::from_e164(std::string_view text) {
  if (text.size() < 9 || text.size() > 16 || text[0] != '+' || text[1] == '0') return std::nullopt;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!std::all_of(text.begin() + 1, text.end(), digit)) return std::nullopt;
  return Phone(text);
}

std::string Phone::masked() const {
  // Seven dots whatever the length: how many digits there are is nobody's business either.
  return text_.substr(0, 2) + "•••••••" +
         text_.substr(text_.size() - std::min<std::size_t>(2, text_.size()));
}

std::string CardNumber::masked() const {
  return "••••••" + (text_.size() < 8 ? std::string() : text_.substr(text_.size() - 4));
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
  }
  return *this;
}

std::string Secret::masked() { return "•••"; }

bool Secret::equals(std::string_view text) const {
  return text.size() == bytes_.size() &&
         sodium_memcmp(text.data(), bytes_.data(), text.size()) == 0;
}

void Secret::wipe() { sodium_memzero(bytes_.data(), bytes_.size()); }

}  // namespace till
