#include "gateway/loyalty/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "gateway/base/limits.h"

namespace till::loyalty {
namespace load {

Result<NameSet> Loader::names(JsonObject& in, std::string_view field, bool may_be_empty) {
  NameSet set;
  for (const auto& [path, value] : TILL_TRY(in.array(field, kMaxNames))) {
    const auto id = plan.names.add(TILL_TRY(json_as<std::string>(*value, path)));
    if (id == kNoName) return fail(Code::kBadValue, path + ": \"\"");
    if (set.has(id)) return fail(Code::kDuplicate, path);
    set.add(id);
  }
  if (set.empty() && !may_be_empty) {
    return invalid(in.path_of(field), "an empty list; leave the field out if all are meant");
  }
  return set;
}

Result<NameId> Loader::plugin(JsonObject& in, std::string_view field) {
  const auto id = TILL_TRY(in.get<std::string>(field));
  const auto at = std::ranges::find(plan.plugins, id, &PluginUse::id);
  if (at == plan.plugins.end()) return invalid(in.path_of(field), "not among the plugins");
  return at->key;
}

Result<std::size_t> word(JsonObject& in, std::string_view field,
                         std::initializer_list<std::string_view> words, std::size_t otherwise) {
  const auto text = TILL_TRY(in.find<std::string>(field));
  if (!text) return otherwise;
  const auto* at = std::ranges::find(words, *text);
  if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
  std::string choice;
  for (const auto w : words) {
    if (!w.empty()) choice.append(choice.empty() ? "" : ", ").append(w);
  }
  return fail(Code::kBadValue, in.path_of(field) + ": \"" + *text + "\" is none of " + choice);
}

Result<std::int64_t> whole(JsonObject& in, std::string_view field, std::int64_t otherwise,
                           std::int64_t low, std::int64_t high) {
  const auto value = TILL_TRY(in.get_or(field, otherwise));
  if (low <= value && value <= high) return value;
  const std::string_view least = low == 0 ? ": 0 to " : ": 1 to ";
  return fail(
      Code::kOutOfRange,
      in.path_of(field) + (high == kHighest ? ": below 0" : fmt::format("{}{}", least, high)));
}

namespace {
std::int64_t number(std::int64_t v) { return v; }
std::int64_t number(Money v) { return v.minor; }
std::int64_t number(Quantity v) { return v.units; }
}  // namespace

template <typename T>
Result<Span> span(JsonObject& outer, std::string_view field) {
  Span s;
  if (!outer.has(field)) return s;
  auto in = TILL_TRY(outer.object(field));
  if (in.has("min")) s.min = number(TILL_TRY(in.get<T>("min")));
  if (in.has("max")) s.max = number(TILL_TRY(in.get<T>("max")));
  if (s.open()) return invalid(outer.path_of(field), "needs min or max");
  if (s.min > s.max) return invalid(outer.path_of(field), "min is above max: nothing lies between");
  TILL_CHECK(in.finish());
  return s;
}
template Result<Span> span<Money>(JsonObject&, std::string_view);
template Result<Span> span<Quantity>(JsonObject&, std::string_view);
template Result<Span> span<std::int64_t>(JsonObject&, std::string_view);

Result<Calendar> validity(JsonObject& in) {
  Calendar c;
  if (const auto from = TILL_TRY(in.find<std::string>("from"))) {
    c.from = TILL_TRY(parse_local(*from, false, in.path_of("from")));
  }
  if (const auto until = TILL_TRY(in.find<std::string>("until"))) {
    c.until = TILL_TRY(parse_local(*until, true, in.path_of("until")));
    // Until 18:00 ends when that minute begins, as hours do.
    constexpr std::size_t kDayAndMinute = 16;
    if (until->size() == kDayAndMinute) --c.until;
  }
  if (c.from > c.until) return invalid(in.path_of("until"), "before from: it never holds");
  return c;
}

Result<std::array<std::string, 2>> words_of(JsonObject& in, std::string_view field) {
  if (!in.is_object(field)) {
    const auto text = TILL_TRY(in.get<std::string>(field));
    return std::array<std::string, 2>{text, text};
  }
  auto both = TILL_TRY(in.object(field));
  std::array<std::string, 2> out{TILL_TRY(both.get<std::string>("en")),
                                 TILL_TRY(both.get<std::string>("ru"))};
  TILL_CHECK(both.finish());
  return out;
}

bool counts_money(std::string_view counter) { return counter.starts_with("spent"); }

namespace {

using Section = Result<void> (*)(Loader&, JsonObject, const std::string&);

// Calls `read` for every element of a list of objects; the ids must differ.
Result<void> each(Loader& l, JsonObject& in, std::string_view field, std::size_t most,
                  Section read) {
  if (!in.has(field)) return {};
  std::set<std::string> seen;
  for (const auto& [path, value] : TILL_TRY(in.array(field, most))) {
    auto element = TILL_TRY(JsonObject::from(*value, path));
    const auto id = TILL_TRY(element.get<std::string>("id"));
    if (id.empty()) return fail(Code::kOutOfRange, element.path_of("id") + ": empty");
    if (!seen.insert(id).second) return fail(Code::kDuplicate, element.path_of("id"));
    TILL_CHECK(read(l, std::move(element), id));
  }
  return {};
}

Result<void> plugin(Loader& l, JsonObject in, const std::string& id) {
  PluginUse p;
  p.id = id;
  p.key = l.name(id);
  p.deadline_ms = TILL_TRY(whole(in, "deadline_ms", p.deadline_ms, 1, kMaxPluginMs));
  TILL_CHECK(in.finish());
  l.plan.plugins.push_back(std::move(p));
  return {};
}

Result<Rounding> rounding(JsonObject& in, std::string_view field, Rounding otherwise) {
  return static_cast<Rounding>(
      TILL_TRY(word(in, field, {"half_up", "down", "up", "half_even", "half_down"},
                    static_cast<std::size_t>(otherwise))));
}

Result<std::int64_t> utc_offset(JsonObject& in) {
  const auto text = TILL_TRY(in.get_or<std::string>("utc_offset", "+03:00"));
  const auto parsed = parse_zoned("2026-01-01T00:00:00" + text, in.path_of("utc_offset"));
  if (!parsed) return not_like(in.path_of("utc_offset"), text, "+03:00");
  return parsed->utc_offset_min;
}

Result<void> settings(Loader& l, JsonObject in) {
  auto& s = l.plan.settings;
  s.money = TILL_TRY(rounding(in, "money_rounding", s.money));
  s.points = TILL_TRY(rounding(in, "points_rounding", s.points));
  s.money_step = TILL_TRY(in.get_or("money_step", Money{1})).minor;
  s.points_step = TILL_TRY(in.get_or("points_step", Points{1})).units;
  for (const auto& [field, step] :
       {std::pair{"money_step", s.money_step}, {"points_step", s.points_step}}) {
    if (step < 1 || step > kMaxStep)
      return fail(Code::kOutOfRange, in.path_of(field) + ": 0.01 to 10000");
  }
  s.spread = static_cast<Spread>(TILL_TRY(
      word(in, "remainder",
           {"largest", "first_lines", "last_line", "nearest_first", "last_line_down"}, 0)));
  s.equal_shares = TILL_TRY(word(in, "allocate", {"proportional", "equal"}, 0)) == 1;
  s.tax_of_receipt = TILL_TRY(word(in, "tax_rounding", {"line", "receipt"}, 0)) == 1;
  s.before_tax = TILL_TRY(word(in, "discount_on", {"price_with_tax", "price_before_tax"}, 0)) == 1;
  s.percent_of_list = TILL_TRY(word(in, "percent_of", {"remaining", "list_price"}, 0)) == 1;
  if (const auto share = TILL_TRY(in.find<Percent>("max_discount_share"))) {
    s.max_discount_share = share->units;
  }
  if (const auto most = TILL_TRY(in.find<Money>("max_discount"))) s.max_discount = most->minor;
  if (s.max_discount_share > kPercentScale) {
    return fail(Code::kOutOfRange, in.path_of("max_discount_share") + ": 0 to 100");
  }
  if (in.has("max_discount") && s.max_discount < 0) {
    return fail(Code::kOutOfRange, in.path_of("max_discount") + ": below 0");
  }
  s.utc_offset_min = TILL_TRY(utc_offset(in));
  s.earn_on_points_paid = TILL_TRY(in.get_or("earn_on_points_paid", false));
  if (in.has("no_earning_on")) s.no_earning_on = TILL_TRY(l.names(in, "no_earning_on"));
  s.excludes = in.has("excluded");
  s.excluded = TILL_TRY(selector(l, in, "excluded"));
  if (s.excludes && s.excluded.all()) return invalid(in.path_of("excluded"), "excludes everything");
  return in.finish();
}

Result<void> purse(Loader& l, JsonObject in, const std::string& id) {
  Purse p;
  p.id = id;
  p.key = l.name(id);
  if (in.has("name")) p.name = TILL_TRY(words_of(in, "name"));
  p.same_receipt = TILL_TRY(in.get_or("same_receipt", false));
  p.activation_days = TILL_TRY(whole(in, "activation_days", 0, 0, kMaxActivationDays));
  p.expires_days = TILL_TRY(whole(in, "expires_days", 0, 0, kMaxExpiryDays));
  const auto end = TILL_TRY(word(in, "expires_end_of", {"", "month", "year"}, 0));
  p.expires_end = end == 0 ? "" : end == 1 ? "month" : "year";
  if (p.expires_days > 0 && p.expires_days <= p.activation_days) {
    return invalid(in.path_of("expires_days"), "expires before it becomes active");
  }
  TILL_CHECK(in.finish());
  if (id == "points") {
    l.plan.purses[0] = p;
  } else {
    l.plan.purses.push_back(p);
  }
  return {};
}

Result<void> group(Loader& l, JsonObject in, const std::string& id) {
  Group g;
  g.id = id;
  const auto choose = TILL_TRY(word(in, "choose", {"best", "first", "lowest"}, 0));
  g.best = choose != 1;
  g.lowest = choose == 2;
  g.per_line = TILL_TRY(word(in, "per", {"receipt", "line"}, 0)) == 1;
  g.most = TILL_TRY(in.get_or<std::int64_t>("most", 1));
  if (g.most < 1) return invalid(in.path_of("most"), "must be above 0");
  if (g.lowest && g.most != 1) return invalid(in.path_of("most"), "one, in a group of the lowest");
  if (g.per_line && g.most != 1) return invalid(in.path_of("most"), "one, in a group per line");
  TILL_CHECK(in.finish());
  l.plan.groups.push_back(std::move(g));
  return {};
}

Result<void> coupon(Loader& l, JsonObject in, const std::string& id) {
  CouponType c;
  c.id = id;
  c.key = l.name(id);
  if (in.has("name")) c.name = TILL_TRY(words_of(in, "name"));
  c.prefix = TILL_TRY(in.get_or<std::string>("prefix", ""));
  c.length = TILL_TRY(whole(in, "length", 0, 0, 64));
  c.check_symbol = TILL_TRY(in.get_or("check_symbol", false));
  c.uses = TILL_TRY(whole(in, "uses", 1, 0, kHighest));
  c.valid_days = TILL_TRY(whole(in, "valid_days", 0, 0, 36'600));
  c.partner = TILL_TRY(in.get_or<std::string>("partner", ""));
  if (c.length > 0 && c.prefix.size() >= static_cast<std::size_t>(c.length)) {
    return invalid(in.path_of("prefix"), "leaves no room in length");
  }
  if (c.check_symbol &&
      !std::ranges::all_of(c.prefix, [](char d) { return d >= '0' && d <= '9'; })) {
    return invalid(in.path_of("prefix"), "a check symbol needs digits only");
  }
  for (const auto& other : l.plan.coupons) {
    const bool overlap = !c.prefix.empty() && other.length == c.length &&
                         (other.prefix.starts_with(c.prefix) || c.prefix.starts_with(other.prefix));
    if (overlap) return invalid(in.path_of("prefix"), "a code could also be of " + other.id);
  }
  TILL_CHECK(in.finish());
  l.plan.coupons.push_back(std::move(c));
  return {};
}

Result<void> experiment(Loader& l, JsonObject in, const std::string& id) {
  Experiment e;
  e.id = id;
  e.key = l.name(id);
  e.pilot = TILL_TRY(in.get_or("pilot", Percent{})).units;
  e.control = TILL_TRY(in.get_or("control", Percent{})).units;
  if (e.pilot + e.control > kPercentScale || e.pilot + e.control == 0) {
    return fail(Code::kOutOfRange,
                in.path_of("pilot") + ": pilot and control are 0.01 to 100 % together");
  }
  TILL_CHECK(in.finish());
  l.plan.experiments.push_back(std::move(e));
  return {};
}

Result<void> card_type(Loader& l, JsonObject in, const std::string& id) {
  CardType c;
  c.id = id;
  c.key = l.name(id);
  c.name = TILL_TRY(in.get_or<std::string>("name", id));
  if (const auto goods = TILL_TRY(in.find<std::string>("sold_as"))) {
    if (goods->empty()) return fail(Code::kOutOfRange, in.path_of("sold_as") + ": empty");
    c.sku = l.name(*goods);
    l.plan.cards.add(c.sku);
  }
  c.activation = static_cast<std::int64_t>(TILL_TRY(
      word(in, "activation", {"issue", "sale", "first_purchase", "registration", "manual"}, 0)));
  if (kActivations[static_cast<std::size_t>(c.activation)] == "sale" && c.sku == kNoName) {
    return invalid(in.path_of("activation"), "a card that its sale activates needs sold_as");
  }
  if (in.has("promotions")) {  // rules are known later; until then their names
    const auto promotions = TILL_TRY(l.names(in, "promotions", true));
    c.promotions = promotions.ids();
  }
  TILL_CHECK(in.finish());
  l.plan.card_types.push_back(std::move(c));
  return {};
}

Result<void> returns(Loader& l, JsonObject in) {
  auto& r = l.plan.returns;
  r.forgive = TILL_TRY(word(in, "if_spent", {"owe", "forgive"}, 0)) == 1;
  r.grace_days = TILL_TRY(whole(in, "grace_days", r.grace_days, 0, 3660));
  return in.finish();
}

Result<void> tiers(Loader& l, JsonObject in) {
  Tiers t;
  const auto by = TILL_TRY(in.get_or<std::string>("by", "spent"));
  t.counter = l.name(by);
  t.money = counts_money(by);
  t.since = l.name("tier");
  t.this_too = TILL_TRY(in.get_or("this_receipt_too", false));
  t.downgrade = static_cast<Downgrade>(
      TILL_TRY(word(in, "downgrade", {"none", "one_down", "by_balance"}, 2)));
  t.window_days = TILL_TRY(whole(in, "window_days", 0, 0, 36'600));
  for (const auto& [path, value] : TILL_TRY(in.array("steps", kMaxParts))) {
    auto step = TILL_TRY(JsonObject::from(*value, path));
    Tier tier;
    tier.id = TILL_TRY(step.get<std::string>("id"));
    tier.key = l.name(tier.id);
    if (step.has("name")) tier.name = TILL_TRY(words_of(step, "name"));
    tier.from = t.money ? TILL_TRY(step.get<Money>("from")).minor
                        : TILL_TRY(step.get<std::int64_t>("from"));
    TILL_CHECK(step.finish());
    if (!t.steps.empty() && tier.from <= t.steps.back().from) {
      return invalid(path + ".from", "tiers overlap: not above the one before");
    }
    for (const auto& other : t.steps) {
      if (other.id == tier.id) return fail(Code::kDuplicate, path + ".id");
    }
    t.steps.push_back(std::move(tier));
  }
  if (t.steps.empty()) return invalid(in.path_of("steps"), "an empty list");
  TILL_CHECK(in.finish());
  l.plan.tiers = std::move(t);
  return {};
}

Result<std::vector<std::string>> rules(Loader& l, JsonObject& in) {
  std::vector<std::string> paths;
  std::set<std::string> seen;
  if (!in.has("rules")) return paths;
  for (const auto& [path, value] : TILL_TRY(in.array("rules", limits::kMaxRules))) {
    auto r = TILL_TRY(rule(l, *value, path));
    if (!seen.insert(r.id).second) return fail(Code::kDuplicate, path + ".id: " + r.id);
    l.plan.rules.push_back(std::move(r));
    paths.push_back(path);
  }
  return paths;
}

// Names of rules and groups become indexes; "not with" goes both ways.
Result<void> resolve(Plan& plan, const std::vector<std::string>& paths) {
  std::vector<std::int64_t> by_name(plan.names.size(), -1);
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    by_name[plan.rules[i].key] = static_cast<std::int64_t>(i);
  }
  std::vector<std::vector<std::uint32_t>> pairs(plan.rules.size());
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    for (const auto name : plan.rules[i].not_with) {
      if (name == plan.rules[i].key) return invalid(paths[i] + ".not_with", "the rule itself");
      bool found = false;
      const auto add = [&](std::size_t other) {
        found = true;
        if (other == i) return;
        pairs[i].push_back(static_cast<std::uint32_t>(other));
        pairs[other].push_back(static_cast<std::uint32_t>(i));
      };
      if (by_name[name] >= 0) add(static_cast<std::size_t>(by_name[name]));
      for (std::size_t k = 0; k < plan.rules.size(); ++k) {
        const auto g = plan.rules[k].group;
        if (g >= 0 && plan.groups[static_cast<std::size_t>(g)].id == plan.names.text(name)) add(k);
      }
      if (!found) {
        return invalid(paths[i] + ".not_with",
                       "no rule or group \"" + std::string(plan.names.text(name)) + "\"");
      }
    }
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    std::ranges::sort(pairs[i]);
    const auto tail = std::ranges::unique(pairs[i]);
    pairs[i].erase(tail.begin(), tail.end());
    // A rule that looks at one line at a time does not know what else the receipt got.
    if (plan.rules[i].local && !pairs[i].empty()) {
      plan.rules[i].local = false;
      plan.rules[i].stage = Stage::kReceipt;
      const bool percent = plan.rules[i].give.kind == Effect::Kind::kPercent;
      if (percent && !plan.rules[i].give.rounding_said) plan.rules[i].give.of_total = true;
    }
    plan.rules[i].not_with = std::move(pairs[i]);
  }
  // A group stands where its first member stands.
  std::vector<Stage> stages(plan.groups.size(), Stage::kEarn);
  for (const auto& r : plan.rules) {
    if (r.group >= 0) {
      auto& stage = stages[static_cast<std::size_t>(r.group)];
      stage = std::min(stage, r.stage);
    }
  }
  for (auto& r : plan.rules) {
    if (r.group >= 0 && !r.local) r.stage = stages[static_cast<std::size_t>(r.group)];
  }
  for (auto& type : plan.card_types) {
    for (auto& promotion : type.promotions) {
      if (by_name[promotion] < 0) {
        return invalid("card_types." + type.id + ".promotions",
                       "no rule \"" + std::string(plan.names.text(promotion)) + "\"");
      }
      promotion = static_cast<std::uint32_t>(by_name[promotion]);
    }
  }
  return {};
}

Result<Plan> read(JsonObject in) {
  Loader l;
  auto& p = l.plan;
  p.purses.emplace_back();
  p.purses[0].id = "points";
  p.purses[0].key = l.name("points");
  if (TILL_TRY(in.get_or("schema", 2)) != 2)
    return fail(Code::kOutOfRange, "schema: only 2 is known");
  p.id = TILL_TRY(in.get<std::string>("id"));
  p.version = TILL_TRY(in.get<std::int64_t>("version"));
  p.name = TILL_TRY(in.get_or<std::string>("name", ""));
  if (p.id.empty()) return fail(Code::kOutOfRange, "id: empty");
  if (p.version < 0) return fail(Code::kOutOfRange, "version: below 0");
  p.paused = TILL_TRY(in.get_or("paused", false));
  p.valid = TILL_TRY(validity(in));
  if (in.has("settings")) TILL_CHECK(settings(l, TILL_TRY(in.object("settings"))));
  TILL_CHECK(each(l, in, "purses", kMaxParts, purse));
  TILL_CHECK(each(l, in, "groups", limits::kMaxRules, group));
  TILL_CHECK(each(l, in, "coupons", limits::kMaxRules, coupon));
  TILL_CHECK(each(l, in, "experiments", kMaxParts, experiment));
  TILL_CHECK(each(l, in, "plugins", kMaxPlugins, plugin));
  TILL_CHECK(each(l, in, "card_types", limits::kMaxCardTypes, card_type));
  if (in.has("tiers")) TILL_CHECK(tiers(l, TILL_TRY(in.object("tiers"))));
  if (in.has("velocity")) TILL_CHECK(velocity(l, TILL_TRY(in.object("velocity"))));
  if (in.has("returns")) TILL_CHECK(returns(l, TILL_TRY(in.object("returns"))));
  if (in.has("redeem")) TILL_CHECK(redeem(l, TILL_TRY(in.object("redeem"))));
  const auto paths = TILL_TRY(rules(l, in));
  TILL_CHECK(in.finish());
  TILL_CHECK(resolve(p, paths));
  TILL_CHECK(check(p, paths));
  p.prepare();
  return std::move(p);
}

}  // namespace
}  // namespace load

Result<Plan> load_plan(std::string_view text) {
  const auto root = TILL_TRY(parse_json(text, {limits::kMaxProgramBytes, 24}));
  auto in = TILL_TRY(JsonObject::from(root, ""));
  auto plan = TILL_TRY(catch_overflow("the program", [&] { return load::read(std::move(in)); }));
  plan.source = boost::json::serialize(root);
  return plan;
}

}  // namespace till::loyalty
