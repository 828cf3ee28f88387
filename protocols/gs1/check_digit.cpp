#include "protocols/gs1/check_digit.h"

#include <algorithm>

namespace till::gs1 {

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

char check_digit(std::string_view body) {
  if (!all_digits(body)) return '\0';
  unsigned sum = 0;
  unsigned weight = 3;
  for (auto c = body.rbegin(); c != body.rend(); ++c, weight = 4 - weight) {
    sum += static_cast<unsigned>(*c - '0') * weight;
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

bool valid_gtin(std::string_view digits) {
  const auto n = digits.size();
  return (n == 8 || n == 12 || n == 13 || n == 14) && all_digits(digits) &&
         check_digit(digits.substr(0, n - 1)) == digits.back();
}

std::optional<std::string> to_gtin14(std::string_view digits) {
  if (!valid_gtin(digits)) return std::nullopt;
  return std::string(14 - digits.size(), '0').append(digits);
}

std::optional<std::string_view> gtin_of_elements(std::string_view text) {
  constexpr std::size_t kGtin = 14;
  if (text.starts_with('\x1d')) text.remove_prefix(1);
  if (!text.starts_with("01") || text.size() <= 2 + kGtin) return std::nullopt;
  const auto gtin = text.substr(2, kGtin);
  return valid_gtin(gtin) ? std::optional(gtin) : std::nullopt;
}

std::optional<std::string> expand_upc_e(std::string_view digits) {
  if (!all_digits(digits) || digits.size() < 6 || digits.size() > 8) return std::nullopt;
  const char system = digits.size() == 6 ? '0' : digits[0];
  if (system != '0' && system != '1') return std::nullopt;
  const auto d = digits.size() == 6 ? digits : digits.substr(1, 6);
  std::string upc(1, system);
  switch (d[5]) {
    case '0':
    case '1':
    case '2':
      upc.append(d.substr(0, 2)).append(1, d[5]).append("0000").append(d.substr(2, 3));
      break;
    case '3':
      upc.append(d.substr(0, 3)).append("00000").append(d.substr(3, 2));
      break;
    case '4':
      upc.append(d.substr(0, 4)).append("00000").append(1, d[4]);
      break;
    default:
      upc.append(d.substr(0, 5)).append("0000").append(1, d[5]);
  }
  upc += check_digit(upc);
  if (digits.size() == 8 && digits.back() != upc.back()) return std::nullopt;
  return upc;
}

bool valid_luhn(std::string_view digits) {
  if (!all_digits(digits) || digits.size() < 2) return false;
  int sum = 0;
  bool twice = false;
  for (auto c = digits.rbegin(); c != digits.rend(); ++c, twice = !twice) {
    const int value = (*c - '0') * (twice ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 == 0;
}

}  // namespace till::gs1
