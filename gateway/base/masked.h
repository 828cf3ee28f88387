// Personal data that cannot slip into a log: every way of printing masks it. The full text comes
// out of reveal() only, so a search for that word finds each place that uses it.
#pragma once

#include <fmt/format.h>

#include <compare>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "sdk/cpp/base/bytes.h"

namespace till {

// A telephone number in E.164. Prints "+7•••••••12".
class Phone {
 public:
  // "+" and 8 to 15 digits, the first not 0; nothing else is accepted.
  static std::optional<Phone> from_e164(std::string_view text);

  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] std::string masked() const;
  auto operator<=>(const Phone&) const = default;

 private:
  explicit Phone(std::string_view text) : text_(text) {}
  std::string text_;
};

// A loyalty card's number. Prints the last four: "••••••1234"; of a number shorter than eight
// characters, where four would be half of it, nothing.
class CardNumber {
 public:
  explicit CardNumber(std::string_view text) : text_(text) {}

  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] std::string masked() const;
  auto operator<=>(const CardNumber&) const = default;

 private:
  std::string text_;
};

// A key, a password, a token. Prints "•••". Moves only; the bytes are zeroed when it goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : bytes_(to_buffer(as_bytes(text))) {}
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  [[nodiscard]] std::string_view reveal() const { return as_text(bytes_); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] static std::string masked();
  // In constant time for equal sizes.
  [[nodiscard]] bool equals(std::string_view text) const;

 private:
  void wipe();
  Buffer bytes_;
};

inline std::ostream& operator<<(std::ostream& out, const Phone& v) { return out << v.masked(); }
inline std::ostream& operator<<(std::ostream& out, const CardNumber& v) {
  return out << v.masked();
}
inline std::ostream& operator<<(std::ostream& out, const Secret& v) { return out << v.masked(); }

template <typename T>
struct MaskedFormatter : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const T& value, Context& context) const {
    return fmt::formatter<std::string_view>::format(value.masked(), context);
  }
};

}  // namespace till

template <>
struct fmt::formatter<till::Phone> : till::MaskedFormatter<till::Phone> {};
template <>
struct fmt::formatter<till::CardNumber> : till::MaskedFormatter<till::CardNumber> {};
template <>
struct fmt::formatter<till::Secret> : till::MaskedFormatter<till::Secret> {};
