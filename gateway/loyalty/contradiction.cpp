// Conditions that can not hold together: every part of `when` must, so two that bar each other make
// a rule that never applies. What is not certain is let pass.
#include <algorithm>
#include <bitset>
#include <optional>

#include "gateway/loyalty/reach.h"

namespace till::loyalty {
namespace {

using Kind = Condition::Kind;
using Parts = std::vector<const Condition*>;

constexpr int kDayMinutes = 1440;
constexpr std::int64_t kManyDays = 28LL * 366;  // weekdays and leap years come round within them

void flatten(const Condition& c, Parts& out) {
  if (c.kind != Kind::kAll) return out.push_back(&c);
  for (const auto& part : c.parts) flatten(part, out);
}

bool meet(const NameSet& a, const NameSet& b) { return a.has_any(b.ids()); }

bool meet(const Span& a, const Span& b) { return std::max(a.min, b.min) <= std::min(a.max, b.max); }

// A receipt has one of these.
bool single(Kind kind) {
  return kind == Kind::kStore || kind == Kind::kTill || kind == Kind::kTier ||
         kind == Kind::kCardType;
}

std::string_view field(Kind kind) {
  switch (kind) {
    case Kind::kStore:
      return "stores";
    case Kind::kTill:
      return "tills";
    case Kind::kTier:
      return "tiers";
    case Kind::kCardType:
      return "card_types";
    case Kind::kBasket:
      return "basket";
    case Kind::kCounter:
      return "counter";
    case Kind::kDate:
      return "date";
    case Kind::kAttribute:
      return "attribute";
    case Kind::kExperiment:
      return "experiment";
    default:
      return "conditions";
  }
}

bool bars(const Condition& a, const Condition& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kKnown:
      return a.want != b.want;
    case Kind::kBasket:
      return a.select.all() && b.select.all() &&
             ((a.basis == b.basis && !meet(a.span, b.span)) || !meet(a.count, b.count) ||
              !meet(a.lines, b.lines));
    case Kind::kCounter:
      return a.name == b.name && a.plus == b.plus && !meet(a.span, b.span);
    case Kind::kDate:
      return a.name == b.name && a.yearly == b.yearly && !meet(a.span, b.span);
    case Kind::kExperiment:
      return a.name == b.name && !meet(a.span, b.span);
    case Kind::kAttribute:
      return a.name == b.name && a.span.open() && b.span.open() && !meet(a.names, b.names);
    default:
      return single(a.kind) && !meet(a.names, b.names);
  }
}

// Whoever meets `c` meets `other` too.
bool implies(const Condition& c, const Condition& other) {
  if (other.kind == Kind::kKnown && other.want) {
    return (c.kind == Kind::kKnown && c.want) || c.kind == Kind::kVerified ||
           c.kind == Kind::kCardType || c.kind == Kind::kSegment || c.kind == Kind::kTier;
  }
  if (c.kind != other.kind) return false;
  const bool named = single(c.kind) || c.kind == Kind::kSegment || c.kind == Kind::kPayment ||
                     c.kind == Kind::kCode || (c.kind == Kind::kCoupon && other.every == 0);
  if (named) {
    return std::ranges::all_of(c.names.ids(), [&](NameId id) { return other.names.has(id); });
  }
  if (c.kind == Kind::kKnown) return c.want == other.want;
  return c.kind == Kind::kVerified || c.kind == Kind::kCardPromotion ||
         (c.kind == Kind::kPlugin && c.name == other.name);
}

// "not": all of what it names holds because of the other parts.
bool refuted(const Condition& no, const Parts& parts) {
  Parts named;
  flatten(no.parts[0], named);
  return std::ranges::all_of(named, [&](const Condition* n) {
    return std::ranges::any_of(parts, [&](const Condition* p) { return implies(*p, *n); });
  });
}

bool never(const Condition& counter) {
  if (counter.every == 0) return false;
  const auto least = std::max<std::int64_t>(counter.span.min, 1);
  const auto first = (least - 1) / counter.every + 1;
  return first > kHighest / counter.every || first * counter.every > counter.span.max;
}

// Some day and some minute that all of the calendars have. An offer over midnight counts its small
// hours to the day before: of such ones only the dates are looked at.
bool some_time(const std::vector<const Calendar*>& calendars) {
  std::bitset<kDayMinutes> minutes;
  minutes.set();
  std::int64_t from = INT64_MIN, until = INT64_MAX;
  for (const auto* c : calendars) {
    from = std::max(from, c->from);
    until = std::min(until, c->until);
    for (int m = 0; m < kDayMinutes; ++m) {
      const bool in = c->minute_from > c->minute_until ? m >= c->minute_from || m < c->minute_until
                                                       : m >= c->minute_from && m < c->minute_until;
      if (!in) minutes.reset(static_cast<std::size_t>(m));
    }
  }
  if (minutes.none() || from > until) return false;
  const auto over_midnight = [](const Calendar* c) { return c->minute_from > c->minute_until; };
  if (std::ranges::any_of(calendars, over_midnight)) return true;
  const auto floor_day = [](std::int64_t seconds) {
    return seconds / kDaySeconds - (seconds % kDaySeconds < 0 ? 1 : 0);
  };
  const auto first =
      from == INT64_MIN ? (until == INT64_MAX ? 0 : floor_day(until) - kManyDays) : floor_day(from);
  const auto last = until == INT64_MAX ? first + kManyDays : floor_day(until);
  for (auto day = first; day <= std::min(last, first + kManyDays); ++day) {
    const auto t = local_time(day * kDaySeconds * kMicrosecond, 0);
    const bool all = std::ranges::all_of(calendars, [&](const Calendar* c) {
      return (c->months == 0 || (c->months >> (t.month - 1) & 1) != 0) &&
             (c->weekdays >> t.weekday & 1) != 0 &&
             (c->month_days == 0 || (c->month_days >> (t.day_of_month - 1) & 1) != 0);
    });
    if (all) return true;
  }
  return false;
}

std::string clash(const Plan& plan, const Rule& rule, const Parts& parts) {
  std::vector<const Calendar*> calendars{&plan.valid, &rule.valid};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto& c = *parts[i];
    if (c.kind == Kind::kTime) calendars.push_back(&c.calendar);
    if (c.kind == Kind::kCounter && never(c)) return "no multiple of every lies within is";
    if (c.kind == Kind::kNot && refuted(c, parts)) return "not takes away what the others ask for";
    const auto other = std::find_if(parts.begin() + static_cast<std::ptrdiff_t>(i) + 1, parts.end(),
                                    [&](const Condition* p) { return bars(c, *p); });
    if (other != parts.end())
      return "two " + std::string(field(c.kind)) + " that exclude each other";
  }
  if (!some_time(calendars)) return "there is no such time";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i]->kind != Kind::kAny) continue;
    std::string why;
    const bool none = std::ranges::all_of(parts[i]->parts, [&](const Condition& way) {
      Parts with(parts);
      with.erase(with.begin() + static_cast<std::ptrdiff_t>(i));
      flatten(way, with);
      why = clash(plan, rule, with);
      return !why.empty();
    });
    if (none) return why;
  }
  return {};
}

bool apart(const NameSet& a, const NameSet& b) { return !a.empty() && !b.empty() && !meet(a, b); }

bool left_out(const NameSet& wanted, const NameSet& unwanted) {
  return !wanted.empty() &&
         std::ranges::all_of(wanted.ids(), [&](NameId id) { return unwanted.has(id); });
}

bool apart(const std::optional<bool>& a, const std::optional<bool>& b) {
  return a && b && *a != *b;
}

// No goods are chosen by both.
bool apart(const Selector& a, const Selector& b) {
  const auto excluded = [](const Selector& x, const Selector& y) {
    return left_out(x.skus, y.not_skus) || left_out(x.categories, y.not_categories) ||
           left_out(x.tags, y.not_tags);
  };
  return apart(a.skus, b.skus) || apart(a.categories, b.categories) || excluded(a, b) ||
         excluded(b, a) || !meet(a.price, b.price) || !meet(a.quantity, b.quantity) ||
         apart(a.discounted, b.discounted) || apart(a.weighed, b.weighed);
}

}  // namespace

std::string contradiction(const Plan& plan, const Rule& rule) {
  Parts parts;
  flatten(rule.when, parts);
  return clash(plan, rule, parts);
}

std::string never_together(const Plan& plan, const Rule& a, const Rule& b) {
  if (!a.sets && !b.sets && apart(a.select, b.select)) return "no goods are of both";
  Parts parts;
  flatten(a.when, parts);
  flatten(b.when, parts);
  Condition dates;
  dates.kind = Kind::kTime;
  dates.calendar = b.valid;
  parts.push_back(&dates);
  return clash(plan, a, parts);
}

}  // namespace till::loyalty
