// Conditions and selectors.
#include <fmt/format.h>

#include <algorithm>

#include "gateway/base/limits.h"
#include "gateway/loyalty/load.h"

namespace till::loyalty::load {
namespace {

using Kind = Condition::Kind;

Result<std::array<std::int64_t, 2>> hours(JsonObject& in) {
  std::array<std::int64_t, 2> out{0, 1440};
  const auto list = TILL_TRY(in.array("hours", 2));
  if (list.size() != 2) return invalid(in.path_of("hours"), "two times, [\"18:00\", \"22:00\"]");
  for (std::size_t i = 0; i < 2; ++i) {
    const auto text = TILL_TRY(json_as<std::string>(*list[i].second, list[i].first));
    const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
    if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) {
      return not_like(list[i].first, text, "18:00");
    }
    out[i] = ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0';
    if (out[i] > 1440 || text[3] > '5') return not_like(list[i].first, text, "18:00");
  }
  if (out[0] == out[1]) return invalid(in.path_of("hours"), "an empty span of time");
  return out;
}

Result<unsigned> weekdays(JsonObject& in) {
  constexpr std::array<std::string_view, 7> kDays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  unsigned bits = 0;
  for (const auto& [path, value] : TILL_TRY(in.array("weekdays", 7))) {
    const auto text = TILL_TRY(json_as<std::string>(*value, path));
    const auto at = std::ranges::find(kDays, text);
    if (at == kDays.end())
      return fail(
          Code::kBadValue,
          fmt::format("{}: \"{}\" is none of mon, tue, wed, thu, fri, sat, sun", path, text));
    const auto bit = 1U << (at - kDays.begin());
    if ((bits & bit) != 0) return fail(Code::kDuplicate, path);
    bits |= bit;
  }
  if (bits == 0) return invalid(in.path_of("weekdays"), "an empty list means never");
  return bits;
}

Result<std::uint32_t> numbers(JsonObject& in, std::string_view field, std::int64_t most) {
  std::uint32_t bits = 0;
  for (const auto& [path, value] : TILL_TRY(in.array(field, 31))) {
    const auto n = TILL_TRY(json_as<std::int64_t>(*value, path));
    if (n < 1 || n > most) return fail(Code::kOutOfRange, path + ": 1 to " + std::to_string(most));
    const auto bit = 1U << (n - 1);
    if ((bits & bit) != 0) return fail(Code::kDuplicate, path);
    bits |= bit;
  }
  if (bits == 0) return invalid(in.path_of(field), "an empty list means never");
  return bits;
}

Result<Condition> calendar_condition(JsonObject in) {
  Condition c;
  c.kind = Kind::kTime;
  c.calendar = TILL_TRY(validity(in));
  if (in.has("weekdays")) c.calendar.weekdays = TILL_TRY(weekdays(in));
  if (in.has("days_of_month")) c.calendar.month_days = TILL_TRY(numbers(in, "days_of_month", 31));
  if (in.has("months")) c.calendar.months = TILL_TRY(numbers(in, "months", 12));
  if (in.has("hours")) {
    const auto h = TILL_TRY(hours(in));
    c.calendar.minute_from = static_cast<int>(h[0]);
    c.calendar.minute_until = static_cast<int>(h[1]);
  }
  TILL_CHECK(in.finish());
  return c;
}

Result<Condition> basket(Loader& l, JsonObject in) {
  Condition c;
  c.kind = Kind::kBasket;
  c.select = TILL_TRY(selector(l, in, "select"));
  c.span = TILL_TRY(span<Money>(in, "amount"));
  c.count = TILL_TRY(span<Quantity>(in, "quantity"));
  c.lines = TILL_TRY(span<std::int64_t>(in, "lines"));
  c.basis = static_cast<Basis>(TILL_TRY(word(in, "basis", {"remaining", "list", "before_tax"}, 0)));
  if (c.span.open() && c.count.open() && c.lines.open()) c.count.min = 1;  // some of it
  TILL_CHECK(in.finish());
  return c;
}

Result<Condition> counter(Loader& l, JsonObject in) {
  Condition c;
  c.kind = Kind::kCounter;
  const auto name = TILL_TRY(in.get<std::string>("name"));
  c.name = l.name(name);
  c.span =
      counts_money(name) ? TILL_TRY(span<Money>(in, "is")) : TILL_TRY(span<std::int64_t>(in, "is"));
  c.every = TILL_TRY(in.get_or<std::int64_t>("every", 0));
  if (c.every < 0) return fail(Code::kOutOfRange, in.path_of("every") + ": below 0");
  c.plus = TILL_TRY(in.get_or("this_receipt_too", false)) ? 1 : 0;
  c.on_basket = c.plus != 0 && counts_money(name);
  if (c.span.open() && c.every == 0) {
    return in.has("every") ? invalid(in.path_of("every"), "must be above 0")
                           : invalid(in.path_of("is"), "needs min, max or every");
  }
  TILL_CHECK(in.finish());
  return c;
}

Result<Condition> date(Loader& l, JsonObject in) {
  Condition c;
  c.kind = Kind::kDate;
  c.name = l.name(TILL_TRY(in.get<std::string>("of")));
  c.yearly = TILL_TRY(in.get_or("yearly", false));
  if (c.yearly) {
    const auto before = TILL_TRY(whole(in, "days_before", 0, 0, 180));
    const auto after = TILL_TRY(whole(in, "days_after", 0, 0, 180));
    c.span = {-before, after};
  } else {
    c.span = TILL_TRY(span<std::int64_t>(in, "days_ago"));
    if (c.span.open()) return invalid(in.path_of("days_ago"), "needs min or max");
  }
  TILL_CHECK(in.finish());
  return c;
}

Result<Condition> attribute(Loader& l, JsonObject in) {
  Condition c;
  c.kind = Kind::kAttribute;
  c.name = l.name(TILL_TRY(in.get<std::string>("name")));
  if (in.has("in")) c.names = TILL_TRY(l.names(in, "in"));
  c.span = TILL_TRY(span<std::int64_t>(in, "is"));
  if (c.names.empty() && c.span.open()) return invalid(in.path_of("in"), "needs in or is");
  TILL_CHECK(in.finish());
  return c;
}

Result<Condition> experiment(Loader& l, JsonObject in) {
  Condition c;
  c.kind = Kind::kExperiment;
  const auto id = TILL_TRY(in.get<std::string>("id"));
  const auto at = std::ranges::find(l.plan.experiments, id, &Experiment::id);
  if (at == l.plan.experiments.end()) return invalid(in.path_of("id"), "no such experiment");
  c.name = at->key;
  const auto group = TILL_TRY(word(in, "group", {"pilot", "control", "rest"}, 0));
  const auto middle = at->pilot + at->control;
  c.span = group == 0   ? Span{0, at->pilot - 1}
           : group == 1 ? Span{at->pilot, middle - 1}
                        : Span{middle, kPercentScale - 1};
  if (c.span.min > c.span.max) return invalid(in.path_of("group"), "nobody is in this group");
  TILL_CHECK(in.finish());
  return c;
}

struct NamedKind {
  std::string_view field;
  Kind kind;
  bool empty_means_all;
};
constexpr NamedKind kNamed[] = {
    NamedKind{"codes", Kind::kCode, false},         {"coupons", Kind::kCoupon, false},
    NamedKind{"card_types", Kind::kCardType, true}, {"segments", Kind::kSegment, false},
    NamedKind{"tiers", Kind::kTier, false},         {"stores", Kind::kStore, false},
    NamedKind{"tills", Kind::kTill, false},         {"payments", Kind::kPayment, false},
};

Result<void> known_names(const Loader& l, Kind kind, const NameSet& names,
                         const std::string& path) {
  const auto in = [](const auto& list, NameId key) {
    return std::ranges::any_of(list, [&](const auto& e) { return e.key == key; });
  };
  for (const auto id : names.ids()) {
    const bool known = kind == Kind::kTier     ? l.plan.tiers && in(l.plan.tiers->steps, id)
                       : kind == Kind::kCoupon ? in(l.plan.coupons, id)
                       : kind == Kind::kCardType && !l.plan.card_types.empty()
                           ? in(l.plan.card_types, id)
                           : true;
    if (!known)
      return invalid(path, "\"" + std::string(l.plan.names.text(id)) + "\" is not defined");
  }
  return {};
}

// {"type": …, "count": …}: so many coupons of one type, which are used up.
Result<void> counted_coupons(Loader& l, JsonObject in, std::vector<Condition>& parts) {
  Condition c;
  c.kind = Kind::kCoupon;
  c.name = l.name(TILL_TRY(in.get<std::string>("type")));
  c.names.add(c.name);
  TILL_CHECK(known_names(l, c.kind, c.names, in.path_of("type")));
  c.every = TILL_TRY(in.get<std::int64_t>("count"));
  if (c.every < 1 || c.every > static_cast<std::int64_t>(limits::kMaxCodes)) {
    return fail(Code::kOutOfRange,
                in.path_of("count") + ": 1 to " + std::to_string(limits::kMaxCodes));
  }
  TILL_CHECK(in.finish());
  parts.push_back(std::move(c));
  return {};
}

Result<void> named_conditions(Loader& l, JsonObject& in, std::vector<Condition>& parts) {
  for (const auto& n : kNamed) {
    if (!in.has(n.field)) continue;
    if (n.kind == Kind::kCoupon && in.is_object(n.field)) {
      TILL_CHECK(counted_coupons(l, TILL_TRY(in.object(n.field)), parts));
      continue;
    }
    Condition c;
    c.kind = n.kind;
    c.names = TILL_TRY(l.names(in, n.field, n.empty_means_all));
    TILL_CHECK(known_names(l, n.kind, c.names, in.path_of(n.field)));
    c.on_basket = n.kind == Kind::kTier && l.plan.tiers->this_too;
    if (c.names.empty()) {  // every card, but a card
      c = {};
      c.kind = Kind::kKnown;
    }
    parts.push_back(std::move(c));
  }
  return {};
}

Result<void> simple_conditions(Loader& l, JsonObject& in, std::vector<Condition>& parts) {
  if (in.has("customer")) {
    const auto who = TILL_TRY(word(in, "customer", {"known", "unknown", "verified"}, 0));
    Condition c;
    c.kind = who == 2 ? Kind::kVerified : Kind::kKnown;
    c.want = who != 1;
    parts.push_back(std::move(c));
  }
  if (in.has("card_promotion")) {
    Condition c;
    c.kind = Kind::kCardPromotion;
    if (!TILL_TRY(in.get<bool>("card_promotion"))) {
      return invalid(in.path_of("card_promotion"), "true, or leave it out");
    }
    parts.push_back(std::move(c));
  }
  if (in.has("plugin")) {
    Condition c;
    c.kind = Kind::kPlugin;
    c.name = TILL_TRY(l.plugin(in, "plugin"));
    parts.push_back(std::move(c));
  }
  return {};
}

Result<void> combined(Loader& l, JsonObject& in, int depth, std::vector<Condition>& parts) {
  for (const auto& [field, kind] : {std::pair{"all", Kind::kAll}, std::pair{"any", Kind::kAny}}) {
    if (!in.has(field)) continue;
    Condition c;
    c.kind = kind;
    for (const auto& [path, value] : TILL_TRY(in.array(field, kMaxParts))) {
      c.parts.push_back(
          TILL_TRY(condition(l, TILL_TRY(JsonObject::from(*value, path)), depth + 1)));
    }
    if (c.parts.empty()) return invalid(in.path_of(field), "an empty list");
    parts.push_back(std::move(c));
  }
  if (in.has("not")) {
    Condition c;
    c.kind = Kind::kNot;
    c.parts.push_back(TILL_TRY(condition(l, TILL_TRY(in.object("not")), depth + 1)));
    if (c.parts[0].parts.empty()) return invalid(in.path_of("not"), "nothing to exclude");
    parts.push_back(std::move(c));
  }
  return {};
}

}  // namespace

Result<Selector> selector(Loader& l, JsonObject& outer, std::string_view field) {
  Selector s;
  if (!outer.has(field)) return s;
  auto in = TILL_TRY(outer.object(field));
  if (in.has("skus")) s.skus = TILL_TRY(l.names(in, "skus"));
  if (in.has("categories")) s.categories = TILL_TRY(l.names(in, "categories"));
  if (in.has("tags")) s.tags = TILL_TRY(l.names(in, "tags"));
  if (in.has("not_skus")) s.not_skus = TILL_TRY(l.names(in, "not_skus"));
  if (in.has("not_categories")) s.not_categories = TILL_TRY(l.names(in, "not_categories"));
  if (in.has("not_tags")) s.not_tags = TILL_TRY(l.names(in, "not_tags"));
  s.price = TILL_TRY(span<Money>(in, "price"));
  s.quantity = TILL_TRY(span<Quantity>(in, "quantity"));
  s.discounted = TILL_TRY(in.find<bool>("discounted"));
  s.weighed = TILL_TRY(in.find<bool>("weighed"));
  const auto swallowed = [](const NameSet& wanted, const NameSet& unwanted) {
    return !wanted.empty() &&
           std::ranges::all_of(wanted.ids(), [&](NameId id) { return unwanted.has(id); });
  };
  if (swallowed(s.skus, s.not_skus) || swallowed(s.categories, s.not_categories) ||
      swallowed(s.tags, s.not_tags)) {
    return invalid(outer.path_of(field), "selects nothing: what it wants is excluded again");
  }
  TILL_CHECK(in.finish());
  return s;
}

Result<Condition> condition(Loader& l, JsonObject in, int depth) {
  if (depth > kMaxNesting) return invalid(in.path_of("all"), "nested too deeply");
  Condition c;
  TILL_CHECK(simple_conditions(l, in, c.parts));
  TILL_CHECK(named_conditions(l, in, c.parts));
  if (in.has("time")) c.parts.push_back(TILL_TRY(calendar_condition(TILL_TRY(in.object("time")))));
  if (in.has("counter")) c.parts.push_back(TILL_TRY(counter(l, TILL_TRY(in.object("counter")))));
  if (in.has("date")) c.parts.push_back(TILL_TRY(date(l, TILL_TRY(in.object("date")))));
  if (in.has("attribute")) {
    c.parts.push_back(TILL_TRY(attribute(l, TILL_TRY(in.object("attribute")))));
  }
  if (in.has("experiment")) {
    c.parts.push_back(TILL_TRY(experiment(l, TILL_TRY(in.object("experiment")))));
  }
  TILL_CHECK(combined(l, in, depth, c.parts));
  if (in.has("basket")) c.parts.push_back(TILL_TRY(basket(l, TILL_TRY(in.object("basket")))));
  TILL_CHECK(in.finish());
  return c;
}

}  // namespace till::loyalty::load
