#include "operators.h"

#include <sodium.h>

#include <algorithm>

#include "sdk/cpp/base/bytes.h"

namespace till::app {
namespace {

constexpr int kMostWrong = 5;
constexpr std::int64_t kWrongWindowUs = 60'000'000;
constexpr std::size_t kMostPin = 32;

}  // namespace

std::string operator_pin_hash(const std::string& name, const std::string& pin) {
  // The name is the salt: argon2id wants 16 bytes of it.
  std::array<unsigned char, crypto_pwhash_SALTBYTES> salt{};
  crypto_generichash(salt.data(), salt.size(), as_bytes(name).data(), name.size(), nullptr, 0);
  Buffer out(32);
  const int failed = crypto_pwhash(out.data(), out.size(), pin.data(), pin.size(), salt.data(),
                                   crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN,
                                   crypto_pwhash_ALG_ARGON2ID13);
  return failed == 0 ? to_hex(out) : std::string();
}

Result<std::string> Operators::by_pin(const std::string& till, const std::string& pin,
                                      std::int64_t now_us) {
  Wrong& wrong = wrong_[till];
  if (now_us - wrong.since_us > kWrongWindowUs) wrong = {0, now_us};
  if (wrong.count >= kMostWrong) return fail(Code::kTooManyRequests, "pin");
  if (!pin.empty() && pin.size() <= kMostPin) {
    for (const auto& entry : entries_) {
      const std::string hash = operator_pin_hash(entry.named.name, pin);
      const bool same = !hash.empty() && hash.size() == entry.pin_hash.size() &&
                        sodium_memcmp(hash.data(), entry.pin_hash.data(), hash.size()) == 0;
      if (same) return entry.named.name;
    }
  }
  ++wrong.count;
  return fail(Code::kRoleForbidden, "pin");
}

bool Operators::owns(const std::string& name, const std::string& hash) const {
  return !hash.empty() && std::ranges::any_of(entries_, [&](const OperatorEntry& entry) {
    return entry.named.name == name && (entry.card_hash == hash || entry.phone_hash == hash);
  });
}

Operator Operators::named(const std::string& name) const {
  for (const auto& entry : entries_) {
    if (entry.named.name == name) return entry.named;
  }
  return {name, ""};
}

}  // namespace till::app
