// Limits that reach over receipts (of a customer, the store, the program): what this store has sold
// counts, and what is being paid this moment; what other stores sold comes with the customer.
#include <algorithm>
#include <set>

#include "desk.h"
#include "gateway/loyalty/plan.h"

namespace till::checkout {
namespace {

using loyalty::Limit;
using loyalty::LimitScope;

std::int64_t day_of_quote(const Sale& sale, std::int64_t unix_us) {
  return loyalty::local_time(unix_us, sale.circumstances->utc_offset_min.value_or(0)).day;
}

// `names`: what the sale's customer is known as.
bool is_same_customer(const Sale& sale, const Sale& other, const std::vector<std::string>& names) {
  if (!other.customer) return false;
  const auto& card = other.customer->card_hash;
  return std::ranges::find(names, customer_key(other)) != names.end() ||
         (!card.empty() && card == sale.customer->card_hash);
}

// Of the same limit as `of`.
RuleUses sum_of(const std::vector<loyalty::Used>& list, const loyalty::Used& of) {
  RuleUses sum;
  for (const auto& u : list) {
    if (u.rule != of.rule || u.scope != of.scope || u.period != of.period) continue;
    sum.times += u.times;
    sum.amount += u.amount;
  }
  return sum;
}

}  // namespace

// Of one limit; nothing when it ends with the receipt or nobody is known to have it.
std::optional<loyalty::Used> Desk::used_of(const Sale& sale, const std::string& rule,
                                           const Limit& limit, std::int64_t day) const {
  const bool of_customer = limit.scope == LimitScope::kCustomer;
  const auto names = of_customer ? journal_.known_as(sale) : std::vector<std::string>{""};
  if (limit.scope == LimitScope::kReceipt || names.empty()) return std::nullopt;
  RuleUses uses;
  for (const auto& name : names) {
    const auto more = journal_.rule_uses(rule, name, loyalty::begin_of(limit.period, day));
    uses.times += more.times;
    uses.amount += more.amount;
  }
  for (const auto& [id, live] : live_) {
    const Sale& other = live->sale;
    const bool counts = id != sale.id && is_paying(other.state) && !other.is_return &&
                        other.quote && other.quote->effects;
    if (!counts || (of_customer && !is_same_customer(sale, other, names))) continue;
    for (const auto& use : other.quote->effects->rules) {
      if (use.rule != rule) continue;
      uses.times += use.times;
      uses.amount += use.amount;
    }
  }
  return loyalty::Used{rule,
                       std::string(loyalty::kLimitScopes[static_cast<std::size_t>(limit.scope)]),
                       std::string(loyalty::kPeriods[static_cast<std::size_t>(limit.period)]),
                       uses.times, uses.amount};
}

// Puts what was used of these limits beside the sale; false when nothing was.
bool Desk::ask_used(Sale& sale, const std::string& rule, std::int64_t day) const {
  auto& used = sale.circumstances->used;
  bool any = false;
  for (const auto& limit : program_.plan().limits_of(rule)) {
    auto uses = used_of(sale, rule, limit, day);
    if (!uses || (uses->times == 0 && uses->amount == 0)) continue;
    if (!used) used.emplace();
    used->push_back(std::move(*uses));
    any = true;
  }
  return any;
}

// Only rules that would give something are asked about: each round finds those that take the
// place of the ones that may not any more.
loyalty::Quote Desk::quote_within_caps(Sale& sale, std::int64_t now) const {
  if (!sale.circumstances) return loyalty::quote(program_, basket_of(sale, now));
  auto& used = sale.circumstances->used;
  used.reset();
  const auto day = day_of_quote(sale, now);
  // How often she paid with points says what she may now, before she asks for it.
  std::set<std::string> asked{std::string(loyalty::kEarningLimit),
                              std::string(loyalty::kRedemptionLimit)};
  for (const auto& what : asked) ask_used(sale, what, day);
  for (;;) {
    auto quote = loyalty::quote(program_, basket_of(sale, now));
    bool again = false;
    const auto effects = quote.effects.value_or(loyalty::Effects{});
    for (const auto& use : effects.rules) {
      if (!asked.insert(use.rule).second) continue;
      again |= ask_used(sale, use.rule, day);
    }
    if (!again) return quote;
  }
}

// Another till may have taken what was left since it was quoted.
Result<void> Desk::check_caps(const Sale& sale) const {
  if (sale.is_return || !sale.circumstances || !sale.quote->effects) return {};
  const auto day = day_of_quote(sale, sale.quoted_us);
  const auto known = sale.circumstances->used.value_or(std::vector<loyalty::Used>{});
  const auto elsewhere = sale.customer && sale.customer->profile ? sale.customer->profile->used
                                                                 : std::vector<loyalty::Used>{};
  for (const auto& use : sale.quote->effects->rules) {
    for (const auto& limit : program_.plan().limits_of(use.rule)) {
      const auto now = used_of(sale, use.rule, limit, day);
      if (!now) continue;
      const auto then = sum_of(known, *now), others = sum_of(elsewhere, *now);
      if (now->times <= then.times && now->amount <= then.amount) continue;
      if (others.times + now->times + use.times > limit.times ||
          others.amount + now->amount + use.amount > limit.amount) {
        return fail(Code::kQuoteStale, "the limit of " + use.rule);
      }
    }
  }
  return {};
}

}  // namespace till::checkout
