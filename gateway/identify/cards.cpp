#include "gateway/identify/cards.h"

#include <algorithm>
#include <array>

#include "gateway/base/limits.h"
#include "protocols/gs1/aim.h"
#include "protocols/gs1/check_digit.h"

namespace till::identify {
namespace {

constexpr std::size_t kShortest = 4;
constexpr std::size_t kLongest = 32;
constexpr std::size_t kIssuerDigits = 6;

// Issuer ranges by their first four digits, with the lengths in use.
struct Range {
  int from;
  int to;
  std::size_t shortest;
  std::size_t longest;
};
constexpr std::array kPaymentRanges{
    Range{4000, 4999, 13, 19},  // Visa
    Range{5100, 5599, 16, 16},  // Mastercard
    Range{2221, 2720, 16, 16},  // Mastercard
    Range{2200, 2204, 16, 19},  // Mir
    Range{5000, 5099, 12, 19},  // Maestro, RuPay
    Range{5600, 6999, 12, 19},  // Maestro, Discover, UnionPay, Troy, RuPay, UzCard
    Range{3400, 3499, 15, 15},  // American Express
    Range{3700, 3799, 15, 15},  // American Express
    Range{3528, 3589, 16, 19},  // JCB
    Range{3000, 3059, 14, 19},  // Diners Club
    Range{3095, 3095, 14, 19},  // Diners Club
    Range{3600, 3699, 14, 19},  // Diners Club
    Range{3800, 3999, 14, 19},  // Diners Club
    Range{8100, 8199, 16, 19},  // UnionPay
    Range{8200, 8299, 16, 16},  // RuPay
    Range{8600, 8600, 16, 16},  // UzCard
    Range{9860, 9860, 16, 16},  // Humo
    Range{9112, 9112, 16, 16},  // Belkart
    Range{9792, 9792, 16, 16},  // Troy
};

bool check_digit_right(const CardRule& rule, std::string_view number) {
  switch (rule.check) {
    case CheckDigit::kNone:
      return true;
    case CheckDigit::kLuhn:
      return gs1::valid_luhn(number);
    case CheckDigit::kEan:
      return gs1::all_digits(number) &&
             gs1::check_digit(number.substr(0, number.size() - 1)) == number.back();
  }
  return false;
}

bool has_shape(const CardRule& rule, std::string_view number) {
  if (rule.prefix.empty() && rule.length == 0) return false;
  return (rule.length == 0 || number.size() == rule.length) && number.starts_with(rule.prefix);
}

bool fits(const CardRule& rule, std::string_view number) {
  if (!has_shape(rule, number) || !check_digit_right(rule, number)) return false;
  const bool ours = rule.payment_range && rule.prefix.size() >= kIssuerDigits;
  return ours || !looks_like_payment_card(number);
}

const CardRule* rule_for(const CardRules& rules, std::string_view number) {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  if (number.size() < kShortest || number.size() > kLongest) return nullptr;
  if (!std::ranges::all_of(number, plain)) return nullptr;
  const auto at = std::ranges::find_if(rules.rules, [&](const auto& r) { return fits(r, number); });
  return at == rules.rules.end() ? nullptr : &*at;
}

Result<CardNumber> card_of(const CardRules& rules, std::string_view number) {
  if (rule_for(rules, number) != nullptr) return CardNumber(number);
  if (looks_like_payment_card(number)) return fail(Code::kPaymentCard);
  const auto misread = [&](const CardRule& rule) {
    return !rule.prefix.empty() && has_shape(rule, number) && !check_digit_right(rule, number);
  };
  return fail(std::ranges::any_of(rules.rules, misread) ? Code::kCheckDigit : Code::kUnknownCard);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// What stands before the first separator, without the start and end sentinels.
std::string_view field(std::string_view track, char start, char separator) {
  track = trimmed(track);
  if (!track.empty() && track.front() == start) track.remove_prefix(1);
  track = track.substr(0, track.find('?'));
  return track.substr(0, track.find(separator));
}

}  // namespace

bool looks_like_payment_card(std::string_view digits) {
  const auto n = digits.size();
  if (n < 12 || n > 19 || !gs1::valid_luhn(digits)) return false;
  int first = 0;
  for (const char c : digits.substr(0, 4)) first = first * 10 + (c - '0');
  return std::ranges::any_of(kPaymentRanges, [&](const Range& r) {
    return first >= r.from && first <= r.to && n >= r.shortest && n <= r.longest;
  });
}

Result<CardNumber> card_from_scan(const CardRules& rules, std::string_view text) {
  if (text.size() > limits::kMaxScanBytes) return fail(Code::kUnknownCard);
  const auto aim = gs1::parse_aim(text);
  return card_of(rules, trimmed(aim ? aim->data : text));
}

Result<CardNumber> card_from_track(const CardRules& rules, std::string_view track1,
                                   std::string_view track2) {
  auto first = field(track1, '%', '^');
  // Format B, as banks write it: the letter is not part of the number.
  const bool format_b = first.size() > 1 && first[0] == 'B' && gs1::all_digits(first.substr(1));
  if (format_b) first.remove_prefix(1);
  auto card = card_of(rules, field(track2, ';', '='));
  // A bank card is refused whole, whatever its other track says.
  if (card || card.error().code == Code::kPaymentCard || first.empty()) return card;
  return card_of(rules, first);
}

std::optional<std::string> card_type(const CardRules& rules, const CardNumber& card) {
  const auto* rule = rule_for(rules, card.reveal());
  if (rule == nullptr) return std::nullopt;
  return rule->type;
}

}  // namespace till::identify
