#include "gateway/loyalty/why_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "gateway/loyalty/called.h"

namespace till::loyalty {
namespace {

using Kind = Condition::Kind;

// What a rule asks for, and what it asks not to be.
struct Leaves {
  std::vector<const Condition*> wanted, unwanted;
};

void collect(const Condition& c, Leaves& out) {
  if (c.kind == Kind::kAll || c.kind == Kind::kAny) {
    for (const auto& part : c.parts) collect(part, out);
  } else if (c.kind == Kind::kNot) {
    const auto* what = &c.parts[0];
    while (what->kind == Kind::kAll && what->parts.size() == 1) what = &what->parts[0];
    if (what->kind == Kind::kNot) {
      collect(what->parts[0], out);
    } else if (what->parts.empty()) {
      out.unwanted.push_back(what);
    }
  } else {
    out.wanted.push_back(&c);
  }
}

// The only one of its kind, or none: of two nobody knows which one the reason means.
const Condition* only(const std::vector<const Condition*>& list, Kind kind, NameId name = kNoName) {
  const Condition* found = nullptr;
  for (const auto* c : list) {
    if (c->kind != kind || (name != kNoName && c->name != name)) continue;
    if (found != nullptr) return nullptr;
    found = c;
  }
  return found;
}

// "a, b or c"; of many the first few.
std::string listed(const std::vector<std::string>& names, bool russian) {
  constexpr std::size_t kMost = 5;
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) {
    const bool last = i + 1 == names.size();
    if (i > 0) out += last ? (russian ? " или " : " or ") : ", ";
    out += names[i];
  }
  return names.size() > kMost ? out + (russian ? " и другие" : " and others") : out;
}

std::vector<std::string> names_of(const Plan& plan, const NameSet& set, bool quoted) {
  std::vector<std::string> out;
  for (const auto id : set.ids()) {
    const auto text = plan.names.text(id);
    out.push_back(quoted ? fmt::format("«{}»", text) : std::string(text));
  }
  return out;
}

std::string payments(const Plan& plan, const NameSet& set, bool russian) {
  struct Known {
    std::string_view id, en, ru;
  };
  constexpr std::array<Known, 4> kKnown{{{"cash", "cash", "наличные"},
                                         {"card", "card", "карта"},
                                         {"sbp", "SBP", "СБП"},
                                         {"gift_card", "gift card", "подарочная карта"}}};
  std::vector<std::string> names;
  for (const auto id : set.ids()) {
    const auto text = plan.names.text(id);
    const auto at = std::ranges::find(kKnown, text, &Known::id);
    names.emplace_back(at == kKnown.end() ? text : russian ? at->ru : at->en);
  }
  return listed(names, russian);
}

// "Mon–Fri, Sun": days that follow each other are one stretch.
std::string stretches(unsigned bits, const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if ((bits >> i & 1) == 0) continue;
    auto end = i;
    while (end + 1 < names.size() && (bits >> (end + 1) & 1) != 0) ++end;
    out += (out.empty() ? "" : ", ") + names[i];
    if (end > i) out += (end == i + 1 ? ", " : "–") + names[end];
    i = end;
  }
  return out;
}

std::string clock(int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); }

// "on Mon–Fri from 08:00 to 10:00".
std::string time_words(const Calendar& c, bool russian) {
  static const std::vector<std::string> kDays[2] = {
      {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
      {"пн", "вт", "ср", "чт", "пт", "сб", "вс"}};
  static const std::vector<std::string> kMonths[2] = {
      {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
      {"янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"}};
  const auto language = static_cast<std::size_t>(russian);
  std::string out;
  const auto add = [&](const std::string& part) {
    if (!part.empty()) out += (out.empty() ? "" : " ") + part;
  };
  if (c.weekdays != 0x7f) add((russian ? "" : "on ") + stretches(c.weekdays, kDays[language]));
  if (c.month_days != 0) {
    std::vector<std::string> numbers;
    for (int day = 1; day <= 31; ++day) numbers.push_back(std::to_string(day));
    const auto days = stretches(c.month_days, numbers);
    add(russian ? days + " числа" : "on day " + days + " of the month");
  }
  if (c.months != 0) add((russian ? "" : "in ") + stretches(c.months, kMonths[language]));
  if (c.minute_from != 0 || c.minute_until != 1440) {
    add(fmt::format(fmt::runtime(russian ? "с {} до {}" : "from {} to {}"), clock(c.minute_from),
                    clock(c.minute_until)));
  }
  add(days_between(c, russian));
  return out;
}

std::string span_words(const Span& s, int decimals, bool russian) {
  std::string out;
  if (s.min != kLowest) out = (russian ? "от " : "from ") + detail::decimal(s.min, decimals);
  if (s.max != kHighest) {
    out += (out.empty() ? "" : " ") + std::string(russian ? "до " : "up to ") +
           detail::decimal(s.max, decimals);
  }
  return out;
}

std::string attribute_words(const Plan& plan, const Condition& c, bool russian) {
  auto values = names_of(plan, c.names, false);
  if (!c.span.open()) values.push_back(span_words(c.span, 0, russian));
  return fmt::format(fmt::runtime(russian ? "там, где {} — {}" : "where {} is {}"),
                     plan.names.text(c.name), listed(values, russian));
}

// Some of these goods, or a whole receipt of such an amount; "" for what takes more words.
std::string basket_words(const Plan& plan, const Condition& c, bool russian) {
  const auto& s = c.select;
  const bool some = c.span.open() && c.lines.open() && c.count.max == kHighest && c.count.min <= 1;
  if (s.all() && c.lines.open() && c.count.open()) {
    return (russian ? "для чеков " : "for receipts ") + span_words(c.span, 2, russian);
  }
  const int lists =
      (s.skus.empty() ? 0 : 1) + (s.categories.empty() ? 0 : 1) + (s.tags.empty() ? 0 : 1);
  const bool named = lists == 1 && s.not_skus.empty() && s.not_categories.empty() &&
                     s.not_tags.empty() && s.price.open() && s.quantity.open() && !s.discounted &&
                     !s.weighed;
  if (!some || !named) return {};
  const auto& set = !s.skus.empty() ? s.skus : !s.categories.empty() ? s.categories : s.tags;
  return fmt::format(fmt::runtime(russian ? "с {} в чеке" : "with {} on the receipt"),
                     listed(names_of(plan, set, russian), russian));
}

std::string levels(const Plan& plan, const NameSet& set, bool russian) {
  std::vector<std::string> names;
  for (const auto id : set.ids()) {
    const auto name = called(plan, id, russian);
    names.push_back(russian ? "«" + name + "»" : name);
  }
  return (russian ? "для уровня " : "for level ") + listed(names, russian);
}

// What a condition asks for, as it stands behind "only" and "not"; "" = no few words say it.
std::string asked(const Plan& plan, const Condition& c, bool russian) {
  switch (c.kind) {
    case Kind::kPayment:
      return (russian ? "при оплате: " : "when paid by ") + payments(plan, c.names, russian);
    case Kind::kTime:
      return time_words(c.calendar, russian);
    case Kind::kTier:
      return levels(plan, c.names, russian);
    case Kind::kAttribute:
      return attribute_words(plan, c, russian);
    case Kind::kBasket:
      return basket_words(plan, c, russian);
    default:
      return {};
  }
}

std::optional<Words> asked(const Plan& plan, const Condition* c, bool no) {
  if (c == nullptr) return {};
  Words w{asked(plan, *c, false), asked(plan, *c, true)};
  if (w.en.empty()) return {};
  w.en.insert(0, no ? "not " : "only ");
  w.ru.insert(0, !no ? "только " : c->kind == Kind::kTime ? "не действует: " : "не действует ");
  return w;
}

enum class Counts { kPurchases, kSpending, kPurse, kOther };

Counts counts(const Plan& plan, NameId counter) {
  if (plan.purse(counter) != nullptr) return Counts::kPurse;
  const auto name = plan.names.text(counter);
  return name.starts_with("spent")       ? Counts::kSpending
         : name.starts_with("purchases") ? Counts::kPurchases
                                         : Counts::kOther;
}

std::string so_often(std::int64_t purchases, bool russian, bool of = false) {
  return fmt::format("{} {}", purchases,
                     form_of(russian ? "покупка|покупки|покупок" : "purchase|purchases",
                             checked_mul(purchases, 100), russian, of));
}

// The first step of a ladder that gives something, if all above it do too.
const Value::Step* lowest_step(const Value& v) {
  const auto gives = [](const Value::Step& s) { return s.value > 0; };
  const auto first = std::ranges::find_if(v.steps, gives);
  return first != v.steps.end() && std::all_of(first, v.steps.end(), gives) ? &*first : nullptr;
}

// A purse is compared in whole ones, so what is missing may be less than the reason says: here it
// is said where it begins.
std::optional<Words> purse_short(const Plan& plan, const Rule& rule, const Leaves& leaves,
                                 NameId purse) {
  const auto* c = only(leaves.wanted, Kind::kCounter, purse);
  const bool asks = std::ranges::any_of(leaves.wanted, [&](const Condition* leaf) {
    return leaf->kind == Kind::kCounter && leaf->name == purse;
  });
  const auto& v = rule.give.value;
  const bool ladder = v.by == Value::By::kCounter && v.counter == purse;
  const auto* step = ladder ? lowest_step(v) : nullptr;
  auto least = kLowest;
  if (c != nullptr && !ladder) {
    if (c->every > 0) {
      const auto every = checked_mul(c->every, 100);
      return Words{"only at every " + so_many(plan, purse, every, false),
                   "только на каждые " + so_many(plan, purse, every, true)};
    }
    least = c->span.min;
  } else if (!asks && step != nullptr) {
    least = step->from;
  }
  if (least == kLowest) {
    return Words{fmt::format("not yet ({})", form_of(called(plan, purse, false), 500, false)),
                 fmt::format("ещё рано ({})", form_of(called(plan, purse, true), 200, true))};
  }
  least = checked_mul(least, 100);
  return Words{"from " + so_many(plan, purse, least, false) + " on",
               "от " + so_many(plan, purse, least, true, true)};
}

std::optional<Words> counter_short(const Plan& plan, const Rule& rule, const Leaves& leaves,
                                   const Reason& r) {
  const auto counter = static_cast<NameId>(r.b);
  switch (counts(plan, counter)) {
    case Counts::kPurchases:
      return Words{fmt::format("not yet, {} more {}", r.a,
                               form_of("purchase|purchases", checked_mul(r.a, 100), false)),
                   "не хватает " + so_often(r.a, true, true)};
    case Counts::kSpending:
      return Words{fmt::format("not yet, {} more to spend", detail::decimal(r.a, 2)),
                   "не хватает покупок на " + detail::decimal(r.a, 2)};
    case Counts::kPurse:
      return purse_short(plan, rule, leaves, counter);
    case Counts::kOther:
      break;
  }
  return {};
}

std::optional<Words> counter_past(const Plan& plan, const Condition* c) {
  if (c == nullptr || c->span.max == kHighest) return {};
  const auto most = c->span.max;
  switch (counts(plan, c->name)) {
    case Counts::kPurchases: {
      const auto last = c->plus != 0 ? most : checked_add(most, 1);  // this one is among them
      if (last < 1) return {};
      if (last == 1) return Words{"only for the first purchase", "только для первой покупки"};
      return Words{"only for the first " + so_often(last, false),
                   "только для первых " + so_often(last, true, true)};
    }
    case Counts::kSpending:
      return Words{
          fmt::format("only up to {} of spending", detail::decimal(most, 2)),
          fmt::format("только пока покупок не больше чем на {}", detail::decimal(most, 2))};
    case Counts::kPurse: {
      const auto beyond = checked_mul(checked_add(most, 1), 100);
      return Words{"only below " + so_many(plan, c->name, beyond, false),
                   "только меньше " + so_many(plan, c->name, beyond, true, true)};
    }
    case Counts::kOther:
      break;
  }
  return {};
}

// Days that begin with a purchase begin anew with the one being paid, so it does not help to wait
// for them.
std::optional<Words> date_words(const Plan& plan, const Condition* c, bool early) {
  if (c == nullptr || c->yearly) return {};
  struct Known {
    std::string_view id, en, ru;
  };
  constexpr std::array<Known, 3> kKnown{
      {{"joined", "joining", "вступления"},
       {"first_purchase", "the first purchase", "первой покупки"},
       {"last_purchase", "the last purchase", "последней покупки"}}};
  const auto at = std::ranges::find(kKnown, plan.names.text(c->name), &Known::id);
  if (at == kKnown.end()) return {};
  const auto days = [](std::int64_t n, bool russian) {
    return fmt::format(
        "{} {}", n,
        form_of(russian ? "день|дня|дней" : "day|days", checked_mul(n, 100), russian, true));
  };
  if (early) {
    if (at->id != "last_purchase") return {};
    return Words{fmt::format("after {} without a purchase", days(c->span.min, false)),
                 fmt::format("после {} без покупок", days(c->span.min, true))};
  }
  if (c->span.max == kHighest || c->span.max < 0) return {};
  if (c->span.max == 0) {
    return Words{fmt::format("only on the day of {}", at->en),
                 fmt::format("только в день {}", at->ru)};
  }
  return Words{fmt::format("only within {} of {}", days(c->span.max, false), at->en),
               fmt::format("только в течение {} после {}", days(c->span.max, true), at->ru)};
}

std::optional<Words> level_words(const Plan& plan, const Rule& rule, const Leaves& leaves,
                                 const Reason& r) {
  if (r.b != 0) return {};  // it names the level itself
  const auto* c = only(leaves.wanted, Kind::kTier);
  if (rule.give.value.by != Value::By::kTier) return asked(plan, c, false);
  const auto* step = lowest_step(rule.give.value);
  if (step == nullptr || std::ranges::any_of(leaves.wanted, [](const Condition* leaf) {
        return leaf->kind == Kind::kTier;
      })) {
    return {};
  }
  const auto level = plan.tiers->steps[static_cast<std::size_t>(step->from)].key;
  return Words{fmt::format("from level {} on", called(plan, level, false)),
               fmt::format("с уровня «{}»", called(plan, level, true))};
}

std::optional<Words> next_step(const Plan& plan, const Rule& rule, const Reason& r) {
  const auto& v = rule.give.value;
  if (v.by != Value::By::kCounter) return {};
  const std::array<std::string, 2> step{step_text(plan, rule.give, r.b, false),
                                        step_text(plan, rule.give, r.b, true)};
  switch (counts(plan, v.counter)) {
    case Counts::kPurchases:
      return Words{
          fmt::format("{} more {} and it is {}", r.a,
                      form_of("purchase|purchases", checked_mul(r.a, 100), false), step[0]),
          fmt::format("ещё {}, и будет {}", so_often(r.a, true), step[1])};
    case Counts::kSpending:
      return Words{fmt::format("{} more to spend and it is {}", detail::decimal(r.a, 2), step[0]),
                   fmt::format("ещё покупок на {}, и будет {}", detail::decimal(r.a, 2), step[1])};
    case Counts::kPurse: {
      const auto at = std::ranges::find(v.steps, r.b, &Value::Step::value);
      const auto from = at == v.steps.end() ? 0 : checked_mul(at->from, 100);
      return Words{
          fmt::format("from {} on it is {}", so_many(plan, v.counter, from, false), step[0]),
          fmt::format("от {} будет {}", so_many(plan, v.counter, from, true, true), step[1])};
    }
    case Counts::kOther:
      break;
  }
  return {};
}

}  // namespace

std::string step_text(const Plan& plan, const Effect& give, std::int64_t value, bool russian) {
  using Earn = Effect::Earn;
  if (give.kind == Effect::Kind::kPercent) return percent_text({value});
  if (give.kind != Effect::Kind::kEarn) return detail::decimal(value, 2);
  if (give.earn == Earn::kPercent) return percent_text({value});
  if (give.earn == Earn::kMultiply) return "× " + trimmed(detail::decimal(value, 4));
  return so_many(plan, give.purse, value, russian);
}

std::optional<Words> words_of_conditions(const Plan& plan, const Reason& r) {
  if (r.rule < 0) return {};
  const auto& rule = plan.rules[static_cast<std::size_t>(r.rule)];
  Leaves leaves;
  collect(rule.when, leaves);
  const auto name = static_cast<NameId>(r.b);
  switch (r.why) {
    case Why::kPayment:
      return asked(plan, only(leaves.wanted, Kind::kPayment), false);
    case Why::kTime:
      return asked(plan, only(leaves.wanted, Kind::kTime), false);
    case Why::kAttribute:
      return asked(plan, only(leaves.wanted, Kind::kAttribute), false);
    case Why::kTier:
      return level_words(plan, rule, leaves, r);
    case Why::kExcept:
      return asked(plan, only(leaves.unwanted, static_cast<Kind>(r.a)), true);
    case Why::kCounter:
      return counter_short(plan, rule, leaves, r);
    case Why::kCounterPast:
      return counter_past(plan, only(leaves.wanted, Kind::kCounter, name));
    case Why::kDate:
      return date_words(plan, only(leaves.wanted, Kind::kDate, name), r.a > 0);
    case Why::kNextStep:
      return next_step(plan, rule, r);
    default:
      return {};
  }
}

}  // namespace till::loyalty
