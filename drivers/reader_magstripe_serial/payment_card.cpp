#include "payment_card.h"

#include <algorithm>

#include "protocols/gs1/check_digit.h"
#include "protocols/magstripe/magstripe.h"

namespace till::reader_magstripe {
namespace {

constexpr std::size_t kMinPan = 12, kMaxPan = 19;

// Numbers beginning with low … high (as many digits as these have) and so many digits long.
struct Range {
  int low, high;
  std::size_t shortest, longest;
};
// Public ranges of the payment schemes (issuer identification numbers, ISO/IEC 7812).
constexpr Range kSchemes[] = {
    {4, 4, 13, 19},        // Visa
    {51, 55, 16, 16},      // Mastercard
    {2221, 2720, 16, 16},  // Mastercard
    {2200, 2204, 16, 19},  // Mir
    {50, 50, 12, 19},      // Maestro, RuPay
    {56, 69, 12, 19},      // Maestro, Discover, UnionPay, RuPay, Troy
    {34, 34, 15, 15},      // American Express
    {37, 37, 15, 15},      // American Express
    {3528, 3589, 16, 19},  // JCB
    {300, 305, 14, 19},    // Diners Club
    {3095, 3095, 14, 19},  // Diners Club
    {36, 36, 14, 19},      // Diners Club
    {38, 39, 14, 19},      // Diners Club
    {81, 82, 16, 19},      // UnionPay, RuPay
    {8600, 8600, 16, 16},  // Uzcard
    {9860, 9860, 16, 16},  // Humo
    {9112, 9112, 16, 16},  // Belkart
    {9792, 9792, 16, 16},  // Troy
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view leading_digits(std::string_view text) {
  return text.substr(0, std::ranges::find_if_not(text, is_digit) - text.begin());
}

bool in_scheme(std::string_view pan, const Range& range) {
  const std::size_t digits = range.high >= 1000  ? 4
                             : range.high >= 100 ? 3
                             : range.high >= 10  ? 2
                                                 : 1;
  int head = 0;
  for (const char c : pan.substr(0, digits)) head = head * 10 + (c - '0');
  return head >= range.low && head <= range.high && pan.size() >= range.shortest &&
         pan.size() <= range.longest;
}

bool scheme_number(std::string_view pan) {
  return pan.size() >= kMinPan && pan.size() <= kMaxPan && gs1::valid_luhn(pan) &&
         std::ranges::any_of(kSchemes, [&](const Range& r) { return in_scheme(pan, r); });
}

// "YYMM…" with a month there is.
bool expiry(std::string_view text) {
  if (leading_digits(text).size() < 4) return false;
  const int month = (text[2] - '0') * 10 + (text[3] - '0');
  return month >= 1 && month <= 12;
}

bool pan_length(std::string_view digits) {
  return digits.size() >= kMinPan && digits.size() <= kMaxPan;
}

// "B4111…^NAME^YYMM…"
bool financial_track1(std::string_view text) {
  if (!text.starts_with('B')) return false;
  text.remove_prefix(1);
  const auto pan = leading_digits(text);
  text.remove_prefix(pan.size());
  if (!pan_length(pan) || !text.starts_with('^')) return false;
  const auto name_end = text.find('^', 1);
  return name_end != std::string_view::npos && expiry(text.substr(name_end + 1));
}

// "4111…=YYMM101…": the service code begins with 1, 2, 5, 6, 7 or 9
bool financial_track2(std::string_view text) {
  const auto pan = leading_digits(text);
  text.remove_prefix(pan.size());
  if (!pan_length(pan) || !text.starts_with('=')) return false;
  text.remove_prefix(1);
  return leading_digits(text).size() >= 7 && expiry(text) &&
         std::string_view("125679").find(text[4]) != std::string_view::npos;
}

}  // namespace

bool is_payment_card(int track, std::string_view data, const std::vector<std::string>& allowed) {
  std::string text(data);
  std::erase(text, ' ');  // some issuers group the digits of track 1
  const auto number_at =
      static_cast<std::size_t>(std::ranges::find_if(text, is_digit) - text.begin());
  const auto number = leading_digits(std::string_view(text).substr(number_at));
  bool payment = scheme_number(number) || (track == 1 && financial_track1(text)) ||
                 (track != 1 && financial_track2(text));
  // Track 3 has a format code of two digits in front of the number (ISO/IEC 4909).
  if (track == 3 && number.size() > 2) payment = payment || scheme_number(number.substr(2));
  const bool ours = std::ranges::any_of(
      allowed, [&](const std::string& prefix) { return number.starts_with(prefix); });
  magstripe::wipe(text);
  return payment && !ours;
}

}  // namespace till::reader_magstripe
