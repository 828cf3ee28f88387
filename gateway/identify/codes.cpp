#include <sodium.h>

#include <algorithm>

#include "gateway/identify/identify.h"

namespace till::identify {
namespace {

constexpr std::uint32_t kCodes = 1'000'000;

// Uniform over 000000…999999: numbers above the largest multiple of a million are drawn again,
// which happens once in 4400 draws.
Result<std::string> draw(Random& random) {
  constexpr std::uint32_t kFair = UINT32_MAX / kCodes * kCodes;
  for (int tries = 0; tries < 64; ++tries) {
    std::array<std::uint8_t, 4> bytes{};
    random.fill(bytes);
    std::uint32_t number = 0;
    for (const auto byte : bytes) number = number << 8U | byte;
    if (number >= kFair) continue;
    const auto text = std::to_string(number % kCodes);
    return std::string(6 - text.size(), '0') + text;
  }
  return fail(Code::kInternal, "the source of randomness is stuck");
}

std::unexpected<Error> wait(Code code, std::int64_t until_us, std::int64_t now_us) {
  return fail(code, std::to_string((until_us - now_us + 999'999) / 1'000'000) + " s");
}

// Length first, so that no two different bindings make the same message.
void add(crypto_generichash_state& state, Bytes bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  std::array<std::uint8_t, 4> length{};
  for (std::size_t i = 0; i < 4; ++i) length.at(i) = static_cast<std::uint8_t>(size >> (8 * i));
  crypto_generichash_update(&state, length.data(), length.size());
  crypto_generichash_update(&state, bytes.data(), bytes.size());
}

template <typename Map>
void prune_sent(Map& map, std::int64_t oldest_us) {
  for (auto& [key, sent] : map) std::erase_if(sent, [&](auto at) { return at <= oldest_us; });
  std::erase_if(map, [](const auto& entry) { return entry.second.empty(); });
}

template <typename Map>
void forget(Map& map, const std::string& key, std::int64_t sent_us) {
  const auto at = map.find(key);
  if (at == map.end()) return;
  const auto sent = std::ranges::find(at->second, sent_us);
  if (sent != at->second.end()) at->second.erase(sent);
}

// True with the instant a place becomes free when `key` has used up `limit` in the window.
template <typename Map>
std::optional<std::int64_t> full(const Map& map, const std::string& key, int limit,
                                 std::int64_t window_us) {
  const auto at = map.find(key);
  if (at == map.end() || at->second.size() < static_cast<std::size_t>(std::max(0, limit))) {
    return std::nullopt;
  }
  return at->second.empty() ? window_us : at->second.front() + window_us;
}

}  // namespace

void Codes::prune(std::int64_t now_us) {
  std::erase_if(pending_, [&](const auto& p) { return p.second.expires_us <= now_us; });
  prune_sent(phones_, now_us - limits_.window_us);
  prune_sent(tills_, now_us - limits_.window_us);
}

std::array<std::uint8_t, 32> Codes::hash_of(const CodeBinding& binding,
                                            std::string_view code) const {
  crypto_generichash_state state;
  std::array<std::uint8_t, 32> hash{};
  crypto_generichash_init(&state, key_.data(), key_.size(), hash.size());
  add(state, as_bytes("code"));
  add(state, as_bytes(code));
  add(state, as_bytes(binding.phone_hash));
  add(state, binding.sale.bytes);
  add(state, as_bytes(binding.purpose == Purpose::kRedeem ? "redeem" : "identify"));
  add(state, as_bytes(std::to_string(binding.highest.units)));
  crypto_generichash_final(&state, hash.data(), hash.size());
  return hash;
}

Result<void> Codes::may_issue(const CodeBinding& binding, const TillId& till,
                              std::int64_t now_us) const {
  const auto earlier = pending_.find({binding.sale, binding.purpose});
  if (earlier != pending_.end() && now_us < earlier->second.sent_us + limits_.resend_us) {
    return wait(Code::kCodeTooSoon, earlier->second.sent_us + limits_.resend_us, now_us);
  }
  if (const auto free = full(phones_, binding.phone_hash, limits_.per_phone, limits_.window_us)) {
    return wait(Code::kCodeRateLimit, *free, now_us);
  }
  if (const auto free = full(tills_, till.value, limits_.per_till, limits_.window_us)) {
    return wait(Code::kCodeRateLimit, *free, now_us);
  }
  const bool crowded =
      (earlier == pending_.end() && pending_.size() >= limits_.pending) ||
      (!phones_.contains(binding.phone_hash) && phones_.size() >= limits_.pending) ||
      (!tills_.contains(till.value) && tills_.size() >= limits_.pending);
  if (crowded) return wait(Code::kCodeRateLimit, now_us + limits_.resend_us, now_us);
  return {};
}

Result<std::string> Codes::issue(const CodeBinding& binding, const TillId& till, Clock& clock,
                                 Random& random) {
  const auto now = clock.monotonic_us();
  prune(now);
  TILL_CHECK(may_issue(binding, till, now));
  auto code = TILL_TRY(draw(random));
  pending_[{binding.sale, binding.purpose}] = {.binding = binding,
                                               .till = till,
                                               .hash = hash_of(binding, code),
                                               .sent_us = now,
                                               .expires_us = now + limits_.ttl_us,
                                               .attempts_left = limits_.attempts,
                                               .checked = false};
  phones_[binding.phone_hash].push_back(now);
  tills_[till.value].push_back(now);
  return code;
}

void Codes::not_sent(const CodeBinding& binding) {
  const auto at = pending_.find({binding.sale, binding.purpose});
  if (at == pending_.end() || at->second.binding.phone_hash != binding.phone_hash) return;
  forget(phones_, binding.phone_hash, at->second.sent_us);
  forget(tills_, at->second.till.value, at->second.sent_us);
  pending_.erase(at);
}

Result<void> Codes::check(const CodeBinding& binding, std::string_view code, Clock& clock) {
  const auto at = pending_.find({binding.sale, binding.purpose});
  if (at == pending_.end()) return fail(Code::kCodeExpired);
  auto& p = at->second;
  if (p.expires_us <= clock.monotonic_us()) {
    pending_.erase(at);
    return fail(Code::kCodeExpired);
  }
  if (p.attempts_left <= 0) return fail(Code::kCodeAttempts);
  --p.attempts_left;  // also for what it is not bound to: nobody may probe that
  if (p.binding.phone_hash != binding.phone_hash) return fail(Code::kCodeBound, "the customer");
  if (binding.highest > p.binding.highest) return fail(Code::kCodeBound, "the number of points");
  const auto hash = hash_of(p.binding, code);
  if (sodium_memcmp(hash.data(), p.hash.data(), hash.size()) == 0) {
    p.checked = true;
    return {};
  }
  p.checked = false;
  if (p.attempts_left == 0) return fail(Code::kCodeAttempts);
  return fail(Code::kCodeWrong, std::to_string(p.attempts_left));
}

Result<void> Codes::consume(const Uuid& sale, Purpose purpose) {
  const auto at = pending_.find({sale, purpose});
  if (at == pending_.end()) return fail(Code::kCodeExpired);
  if (!at->second.checked) return fail(Code::kCodeExpired);
  pending_.erase(at);
  return {};
}

}  // namespace till::identify
