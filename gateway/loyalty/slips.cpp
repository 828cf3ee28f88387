// What reads well and is certainly a slip: parts of a program that change nothing, or that name
// nobody.
#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>

#include "gateway/loyalty/load.h"
#include "gateway/loyalty/reach.h"

namespace till::loyalty {
namespace {

using load::invalid;

// Nobody reads a name of spaces from a card or a list, or types it.
Result<void> check_names(const Plan& plan) {
  const auto blank = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  };
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    if (blank(plan.rules[i].id)) {
      return invalid("rules[" + std::to_string(i) + "].id", "nothing but spaces");
    }
  }
  if (blank(plan.id)) return invalid("id", "nothing but spaces");
  for (std::size_t i = 0; i < plan.names.size(); ++i) {
    const auto text = plan.names.text(static_cast<NameId>(i));
    if (blank(text)) return invalid("\"" + std::string(text) + "\"", "nothing but spaces");
  }
  return {};
}

// So many letters have to change to make one word of the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto corner = row[0]++;
    for (std::size_t k = 0; k < b.size(); ++k) {
      const bool same = std::tolower(static_cast<unsigned char>(a[i])) == b[k];
      const auto best = std::min({row[k] + 1, row[k + 1] + 1, corner + (same ? 0U : 1U)});
      corner = std::exchange(row[k + 1], best);
    }
  }
  return row.back();
}

// Every other name is a partner's account, so a slip of the pen would open one.
Result<void> check_account(const Plan& plan, const Rule& r) {
  if (r.give.kind != Effect::Kind::kEarn || r.give.to == kNoName) return {};
  constexpr std::size_t kSlip = 2;
  const auto to = plan.names.text(r.give.to);
  for (const std::string_view known : {"cashier", "referrer", "customer"}) {
    if (to == known || distance(to, known) > kSlip) continue;
    return invalid(place(r) + ".give.earn.to",
                   "\"" + std::string(to) + "\" is almost \"" + std::string(known) + "\"");
  }
  return {};
}

Result<void> check_life(const Rule& r) {
  if (!r.give.life) return {};
  const auto& life = *r.give.life;
  if (life.expires_days > 0 && life.expires_days <= life.activation_days) {
    return invalid(place(r) + ".give.earn.expires_days", "expires before it becomes active");
  }
  return {};
}

// Of two limits on the same count only the lower one is ever reached.
Result<void> check_limits(const std::vector<Limit>& limits, const std::string& at) {
  for (std::size_t i = 0; i < limits.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      const auto &a = limits[i], &b = limits[k];
      const bool both = (a.times != kHighest && b.times != kHighest) ||
                        (a.amount != kHighest && b.amount != kHighest);
      if (both && a.scope == b.scope && a.period == b.period) {
        return invalid(at + "[" + std::to_string(i) + "]", "a second limit on the same");
      }
    }
  }
  return {};
}

Result<void> check_discount_limit(const Plan& plan) {
  const auto& s = plan.settings;
  if (s.max_discount != 0 && s.max_discount_share != 0) return {};
  const auto off = [](const Rule& r) { return r.give.is_discount() && !r.paused; };
  if (std::ranges::none_of(plan.rules, off)) return {};
  return invalid(s.max_discount == 0 ? "settings.max_discount" : "settings.max_discount_share",
                 "0 leaves nothing to the discounts");
}

// A percent of the same goods under the same conditions, which nothing else keeps back.
bool mere_percent(const Rule& r) {
  return r.give.kind == Effect::Kind::kPercent && r.give.value.by == Value::By::kNothing &&
         !r.paused && !r.exclusive && !r.sets;
}

bool plain_percent(const Rule& r) {
  return mere_percent(r) && r.give.most_units == kHighest && r.limits.empty() &&
         r.cost.amount == 0 && r.takes.count == 0 && r.not_with.empty();
}

// No day, no customer and no basket keeps r back where the other works.
bool whenever(const Rule& r, const Rule& other) {
  return r.when.parts.empty() && r.valid.from <= other.valid.from &&
         r.valid.until >= other.valid.until;
}

// Of two percents off the same goods a group of the best always takes the higher, one of the lowest
// the lower. A group may hold ten thousand offers: for each goods only those that ask nothing are
// looked at.
Result<void> check_weighed(const Plan& plan, const Group& g) {
  if (!g.best || g.most > 1) return {};
  std::vector<std::uint32_t> plain;
  for (const auto k : g.members) {
    const auto& r = plan.rules[k];
    if (plain_percent(r) && r.when.parts.empty()) plain.push_back(k);
  }
  constexpr std::size_t kFew = 100;
  if (plain.size() > kFew) return {};
  for (const auto k : g.members) {
    const auto& other = plan.rules[k];
    if (!mere_percent(other)) continue;
    for (const auto i : plain) {
      const auto& r = plan.rules[i];
      const bool more = g.lowest ? r.give.value.fixed < other.give.value.fixed
                                 : r.give.value.fixed > other.give.value.fixed;
      const bool covered = alike(r, other) || (whenever(r, other) && r.select.all());
      if (!more || r.on != other.on || !covered) continue;
      return invalid(place(other), "can never apply: in " + g.id + " " + r.id + " always wins");
    }
  }
  return {};
}

}  // namespace

Result<void> check_slips(const Plan& plan) {
  TILL_CHECK(check_names(plan));
  for (const auto& r : plan.rules) {
    TILL_CHECK(check_account(plan, r));
    TILL_CHECK(check_life(r));
    TILL_CHECK(check_limits(r.limits, place(r) + ".limits"));
    if (r.stage == Stage::kLine && !r.give.is_discount() && r.give.kind != Effect::Kind::kEarn) {
      return invalid(place(r) + ".stage",
                     "only a rule that looks at one line at a time can be in stage line");
    }
  }
  TILL_CHECK(check_limits(plan.velocity.earning, "velocity.earning"));
  TILL_CHECK(check_limits(plan.velocity.redemption, "velocity.redemption"));
  TILL_CHECK(check_discount_limit(plan));
  for (const auto& g : plan.groups) TILL_CHECK(check_weighed(plan, g));
  return {};
}

}  // namespace till::loyalty
