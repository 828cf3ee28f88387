// Who is the customer? Cards and phones as pure policy: channels send, central knows the accounts.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/masked.h"
#include "sdk/cpp/base/ids.h"
#include "sdk/cpp/base/result.h"
#include "sdk/cpp/base/values.h"

namespace till::identify {

// Any Russian way of writing a mobile number (8 916 …, +7(916)…, 916…) -> E.164 "+7916…".
Result<Phone> normalise_phone(std::string_view written);

// Keyed hash (libsodium crypto_generichash, 32 bytes) under the store's own key; hex, 64 digits.
using StoreKey = std::array<std::uint8_t, 32>;
std::string phone_hash(const Phone& phone, const StoreKey& key);
std::string card_hash(const CardNumber& card, const StoreKey& key);

struct CodeLimits {
  std::int64_t ttl_us = 300'000'000;
  int attempts = 5;
  std::int64_t resend_us = 60'000'000;
  int per_phone = 5;  // codes sent in `window_us`
  int per_till = 30;
  std::int64_t window_us = 600'000'000;
  std::size_t pending = 1000;  // codes alive at once in the whole store
};

enum class Purpose { kIdentify, kRedeem };

// What a code is bound to; all of it must match when it comes back.
struct CodeBinding {
  std::string phone_hash;
  Uuid sale;
  Purpose purpose = Purpose::kRedeem;
  Points highest;  // the code is good for at most this redemption
};

// One-time codes: six digits, kept only as keyed hashes, compared in constant time. Pure: time and
// chance come as arguments; the caller sends the text.
class Codes {
 public:
  Codes(StoreKey key, CodeLimits limits) : key_(key), limits_(limits) {}

  // The code to send, or kCodeTooSoon / kCodeRateLimit with the seconds to wait in `detail`.
  // A resend replaces the earlier code of the same sale and purpose.
  Result<std::string> issue(const CodeBinding& binding, const TillId& till, Clock& clock,
                            Random& random);
  // The channel said no: the code never left, so it does not count against the limits and does not
  // hold. An earlier code that it replaced stays replaced.
  void not_sent(const CodeBinding& binding);
  // True once per code: kCodeWrong (with attempts left), kCodeExpired, kCodeAttempts, kCodeBound.
  // Less than the bound number of points is good too; more is kCodeBound. Every check costs one of
  // the attempts.
  Result<void> check(const CodeBinding& binding, std::string_view code, Clock& clock);
  // Consumed together with the hold; a second use is kCodeExpired. A checked code that is not
  // consumed (the hold failed) can be checked again within its limits.
  Result<void> consume(const Uuid& sale, Purpose purpose);

 private:
  using Key = std::pair<Uuid, Purpose>;
  struct Pending {
    CodeBinding binding;
    TillId till;
    std::array<std::uint8_t, 32> hash{};
    std::int64_t sent_us = 0;
    std::int64_t expires_us = 0;
    int attempts_left = 0;
    bool checked = false;
  };
  // When codes went out within the window, oldest first; never more than the limit.
  using Sent = std::vector<std::int64_t>;

  void prune(std::int64_t now_us);
  [[nodiscard]] Result<void> may_issue(const CodeBinding& binding, const TillId& till,
                                       std::int64_t now_us) const;
  [[nodiscard]] std::array<std::uint8_t, 32> hash_of(const CodeBinding& binding,
                                                     std::string_view code) const;

  StoreKey key_;
  CodeLimits limits_;
  // All three hold at most limits_.pending keys.
  std::map<Key, Pending> pending_;
  std::map<std::string, Sent> phones_;
  std::map<std::string, Sent> tills_;
};

}  // namespace till::identify
