#include <sodium.h>

#include "gateway/identify/identify.h"

namespace till::identify {
namespace {

constexpr std::size_t kLongestWritten = 64;  // with every bracket and blank people add

// The digits with a leading '+' if there is one; nothing when anything but separators is among
// them. People copy numbers from everywhere: no-break spaces and long dashes are separators too.
std::optional<std::string> compact(std::string_view written) {
  static constexpr std::array<std::string_view, 10> kSeparators{
      " ", "\t", "(", ")", "-", ".", "\u00A0", "\u2011", "\u2013", "\u2014"};
  std::string digits;
  while (!written.empty()) {
    const char c = written[0];
    std::size_t length = 0;
    if ((c >= '0' && c <= '9') || (c == '+' && digits.empty())) {
      digits += c;
      length = 1;
    } else {
      for (const auto separator : kSeparators) {
        if (written.starts_with(separator)) length = separator.size();
      }
    }
    if (length == 0) return std::nullopt;
    written.remove_prefix(length);
  }
  return digits;
}

std::string keyed_hex(std::string_view kind, std::string_view text, const StoreKey& key) {
  // The kind keeps a phone and a card with equal digits apart.
  const std::string message = std::string(kind) + ":" + std::string(text);
  std::array<std::uint8_t, 32> hash{};
  crypto_generichash(hash.data(), hash.size(), as_bytes(message).data(), message.size(), key.data(),
                     key.size());
  return to_hex(hash);
}

}  // namespace

Result<Phone> normalise_phone(std::string_view written) {
  if (written.size() > kLongestWritten) return fail(Code::kBadPhone);
  auto digits = compact(written);
  if (!digits) return fail(Code::kBadPhone);
  if (digits->starts_with("+7") || digits->starts_with("+8")) digits->erase(0, 1);
  if (!digits->starts_with('+')) {
    const bool trunk = digits->size() == 11 && ((*digits)[0] == '8' || (*digits)[0] == '7');
    if (trunk) digits->erase(0, 1);
    // Mobile numbers begin with 9 in Russia and 7 in Kazakhstan.
    if (digits->size() != 10 || ((*digits)[0] != '9' && (*digits)[0] != '7')) {
      return fail(Code::kBadPhone);
    }
    digits->insert(0, "+7");
  }
  const auto phone = Phone::from_e164(*digits);
  if (!phone) return fail(Code::kBadPhone);
  return *phone;
}

std::string phone_hash(const Phone& phone, const StoreKey& key) {
  return keyed_hex("phone", phone.reveal(), key);
}

std::string card_hash(const CardNumber& card, const StoreKey& key) {
  return keyed_hex("card", card.reveal(), key);
}

}  // namespace till::identify
