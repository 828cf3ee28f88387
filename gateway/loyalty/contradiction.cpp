// Conditions that can not hold together: every part of `when` must, so two that bar each other make
// a rule that never applies. What is not certain is let pass.
#include <algorithm>
#include <bitset>
#include <optional>
#include <tuple>

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

// What the counter may be at while the customer has this level. She may keep one while the counter
// falls back, but is never held below the one it has reached.
Span counter_of(const Tiers& tiers, std::size_t level) {
  Span span;
  if (tiers.downgrade == Downgrade::kBalance) span.min = tiers.steps[level].from;
  if (level + 1 < tiers.steps.size()) span.max = tiers.steps[level + 1].from - 1;
  return span;
}

// A condition on levels, and one on the very counter they go by.
bool level_bars(const Plan& plan, const Condition& level, const Condition& counter) {
  if (level.kind != Kind::kTier || counter.kind != Kind::kCounter || !plan.tiers) return false;
  const auto& tiers = *plan.tiers;
  // With this receipt in only one of them they are two numbers.
  if (counter.name != tiers.counter || (counter.plus != 0) != tiers.this_too) return false;
  for (std::size_t i = 0; i < tiers.steps.size(); ++i) {
    if (level.names.has(tiers.steps[i].key) && meet(counter_of(tiers, i), counter.span)) {
      return false;
    }
  }
  return true;
}

// No multiple of `every` lies within the counter's own span and that one.
bool never(const Condition& counter, const Span& within = {}) {
  if (counter.every == 0) return false;
  const auto least = std::max({counter.span.min, within.min, std::int64_t{1}});
  const auto first = (least - 1) / counter.every + 1;
  return first > kHighest / counter.every ||
         first * counter.every > std::min(counter.span.max, within.max);
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
      return a.name == b.name && a.plus == b.plus &&
             (!meet(a.span, b.span) || never(a, b.span) || never(b, a.span));
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

// One of its ways is open to every customer.
bool of_everybody(const Condition& c) {
  if (c.kind == Kind::kAll && c.parts.size() == 1) return of_everybody(c.parts[0]);
  if (c.kind != Kind::kAny) return false;
  const auto has = [&](bool known) {
    return std::ranges::any_of(c.parts, [&](const Condition& part) {
      const auto* p = &part;
      while (p->kind == Kind::kAll && p->parts.size() == 1) p = &p->parts[0];
      return p->kind == Kind::kKnown && p->want == known;
    });
  };
  return has(true) && has(false);
}

// Why a condition can not hold, whatever the others say; "" = it can. None of some goods is a
// condition, fewer than none is a slip. An amount, a purse and what returns are taken off may well
// be below 0.
std::string impossible(const Plan& plan, const Condition& c) {
  if (c.kind == Kind::kNot && of_everybody(c.parts[0])) return "not takes away every customer";
  if (c.kind == Kind::kDate && !c.yearly && c.span.max < 0) {
    const auto of = plan.names.text(c.name);
    if (of == "last_purchase" || of == "first_purchase" || of == "birthday") {
      return "no purchase and no birth lies in the future";
    }
  }
  if (c.kind == Kind::kCounter && never(c)) return "no multiple of every lies within is";
  if (c.kind == Kind::kBasket && (c.count.max < 0 || c.lines.max < 0)) {
    return "there are never fewer goods than none";
  }
  if (c.kind == Kind::kAttribute && c.names.empty() && c.span.max < 0) {
    return "a number of an attribute is never below 0";
  }
  return {};
}

// The two of `parts` that bar each other, the first of them being at that place; "" = none does.
std::string barred(const Plan& plan, const Parts& parts, std::size_t at) {
  const auto& c = *parts[at];
  for (auto i = at + 1; i < parts.size(); ++i) {
    const auto& other = *parts[i];
    if (bars(c, other)) {
      return "two conditions on " + std::string(field(c.kind)) + " that exclude each other";
    }
    if (level_bars(plan, c, other) || level_bars(plan, other, c)) {
      return "conditions on tiers and on their counter that exclude each other";
    }
  }
  return {};
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
    if (auto why = impossible(plan, c); !why.empty()) return why;
    if (c.kind == Kind::kNot && refuted(c, parts)) return "not takes away what the others ask for";
    if (auto why = barred(plan, parts, i); !why.empty()) return why;
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

bool same(const Span& a, const Span& b) { return a.min == b.min && a.max == b.max; }

bool same(const Calendar& a, const Calendar& b) {
  const auto all = [](const Calendar& c) {
    return std::tie(c.from, c.until, c.weekdays, c.month_days, c.months, c.minute_from,
                    c.minute_until);
  };
  return all(a) == all(b);
}

// A condition on the card's promotions asks for each rule whether they name it.
bool same(const Condition& a, const Condition& b) {
  const auto plain = [](const Condition& c) {
    return std::tie(c.kind, c.name, c.names.ids(), c.basis, c.every, c.plus, c.yearly, c.want);
  };
  return a.kind != Kind::kCardPromotion && plain(a) == plain(b) && same(a.span, b.span) &&
         same(a.count, b.count) && same(a.lines, b.lines) && same_goods(a.select, b.select) &&
         same(a.calendar, b.calendar) &&
         std::ranges::equal(a.parts, b.parts,
                            [](const auto& x, const auto& y) { return same(x, y); });
}

}  // namespace

bool same_goods(const Selector& a, const Selector& b) {
  const auto plain = [](const Selector& s) {
    return std::tie(s.skus.ids(), s.categories.ids(), s.tags.ids(), s.not_skus.ids(),
                    s.not_categories.ids(), s.not_tags.ids(), s.discounted, s.weighed);
  };
  return plain(a) == plain(b) && same(a.price, b.price) && same(a.quantity, b.quantity);
}

bool alike(const Rule& r, const Rule& other) {
  return same(r.when, other.when) && !r.sets && !other.sets && same_goods(r.select, other.select) &&
         r.valid.from <= other.valid.from && r.valid.until >= other.valid.until;
}

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
