// Reading a program from JSON, strictly: every refusal names the place and the reason.
#pragma once

#include <string>
#include <string_view>

#include "gateway/base/json.h"
#include "gateway/loyalty/plan.h"

namespace till::loyalty {

// Errors are those of JsonObject and kProgramInvalid for what reads well but cannot mean anything:
// an empty range, overlapping steps, a rule that can never apply.
Result<Plan> load_plan(std::string_view text);

namespace load {

// What the parts of the loader share.
struct Loader {
  Plan plan;

  Result<NameSet> names(JsonObject& in, std::string_view field, bool may_be_empty = false);
  NameId name(std::string_view text) { return plan.names.add(text); }
  // One of the program's plugins.
  Result<NameId> plugin(JsonObject& in, std::string_view field);
};

inline constexpr std::size_t kMaxNames = 20'000;  // of one list in a rule
inline constexpr std::size_t kMaxParts = 64;      // conditions, steps, limits, set parts of a rule
inline constexpr std::size_t kMaxPlugins = 8;     // asked for every quote
inline constexpr std::int64_t kMaxPluginMs = 2000;  // somebody stands at the till
inline constexpr std::size_t kMaxCombined = 12;     // rules whose subsets are searched for the best
inline constexpr std::int64_t kMaxStep =
    1'000'000;  // sums and points are rounded to multiples of it
inline constexpr std::int64_t kMaxActivationDays = 3660, kMaxExpiryDays = 36'600;
inline constexpr std::int64_t kMaxHanded = 100;  // coupons that a rule hands out at once
inline constexpr int kMaxNesting = 8;            // all / any / not inside each other

inline auto invalid(const std::string& where, std::string_view why) {
  return fail(Code::kProgramInvalid, where + ": " + std::string(why));
}

// One of the given words, as its index.
Result<std::size_t> word(JsonObject& in, std::string_view field,
                         std::initializer_list<std::string_view> words, std::size_t otherwise);

// A whole number from `low` (0 or 1) to `high`, `otherwise` if it is left out.
Result<std::int64_t> whole(JsonObject& in, std::string_view field, std::int64_t otherwise,
                           std::int64_t low, std::int64_t high);

// {"min": …, "max": …}, either may be absent; kProgramInvalid when nothing lies between.
template <typename T>
Result<Span> span(JsonObject& in, std::string_view field);

// How a value is kept: as it reads, or as a factor x 10 000.
std::int64_t same(std::int64_t v);
std::int64_t factor(std::int64_t v);
// A number, or {"by": …, "steps": […]}.
Result<Value> value(Loader& l, JsonObject& in, std::string_view field, bool money,
                    std::int64_t (*read)(std::int64_t) = same);
std::int64_t highest(const Value& v);

Result<Selector> selector(Loader& l, JsonObject& in, std::string_view field);
Result<Condition> condition(Loader& l, JsonObject in, int depth);
Result<Effect> effect(Loader& l, JsonObject in);
Result<Rule> rule(Loader& l, const boost::json::value& value, const std::string& path);
Result<Calendar> validity(JsonObject& in);
// How often one customer may earn and pay with points.
Result<void> velocity(Loader& l, JsonObject in);
Result<void> redeem(Loader& l, JsonObject in);
// A text, or {"en": …, "ru": …}.
Result<std::array<std::string, 2>> words_of(JsonObject& in, std::string_view field);
// The counters whose name begins with "spent" are money; the others count.
bool counts_money(std::string_view counter);

// What only shows when everything has been read; `paths` by rule.
Result<void> check(const Plan& plan, const std::vector<std::string>& paths);

}  // namespace load
}  // namespace till::loyalty
