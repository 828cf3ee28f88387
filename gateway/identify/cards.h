// Is what was scanned or swiped one of our cards, and of which type?
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/masked.h"
#include "sdk/cpp/base/result.h"

namespace till::identify {

enum class CheckDigit { kNone, kLuhn, kEan };

// One kind of card: the number begins with `prefix`, has `length` characters (0 = 4 to 32) and the
// named check digit at its end. A rule needs a prefix or a length, or it matches nothing.
struct CardRule {
  std::string type;  // as the program's card_discount names it
  std::string prefix;
  std::size_t length = 0;
  CheckDigit check = CheckDigit::kNone;
  // Says plainly that numbers under this prefix are ours though they look like bank cards; counts
  // only with a prefix of six digits or more (an issuer's number).
  bool payment_range = false;
};

struct CardRules {
  std::vector<CardRule> rules;  // the first that fits decides
};

// The number a scanner gave, without an AIM identifier and blanks around it. Errors: kPaymentCard
// when it looks like a bank card's, kCheckDigit when only its last digit keeps it from being ours,
// else kUnknownCard; none tells the number.
Result<CardNumber> card_from_scan(const CardRules& rules, std::string_view text);

// The number from a swipe; track 2 goes before track 1. Sentinels may be there or not.
Result<CardNumber> card_from_track(const CardRules& rules, std::string_view track1,
                                   std::string_view track2);

// The type of a card that one of the two above gave.
std::optional<std::string> card_type(const CardRules& rules, const CardNumber& card);

// 12 to 19 digits, right by Luhn, in a range of a payment system (Visa, Mir, Mastercard …).
bool looks_like_payment_card(std::string_view digits);

}  // namespace till::identify
