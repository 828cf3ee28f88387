#include <array>

#include "gateway/base/json.h"
#include "gateway/base/limits.h"
#include "gateway/loyalty/loyalty.h"

namespace till::loyalty {
namespace {

constexpr int kSchema = 1;
constexpr Percent kWhole{kPercentScale};

struct RoundingName {
  Rounding rounding;
  std::string_view name;
};
constexpr std::array kRoundings{
    RoundingName{Rounding::kHalfUp, "half_up"}, RoundingName{Rounding::kDown, "down"},
    RoundingName{Rounding::kUp, "up"}, RoundingName{Rounding::kHalfEven, "half_even"}};

Result<Rounding> rounding(JsonObject& in, std::string_view field, Rounding otherwise) {
  const auto name = TILL_TRY(in.find<std::string>(field));
  if (!name) return otherwise;
  for (const auto& r : kRoundings) {
    if (r.name == *name) return r.rounding;
  }
  return fail(Code::kBadValue, in.path_of(field) + ": half_up, down, up or half_even");
}

std::string_view rounding_name(Rounding rounding) {
  for (const auto& r : kRoundings) {
    if (r.rounding == rounding) return r.name;
  }
  return "half_up";
}

Result<void> at_most_whole(Percent percent, const std::string& path) {
  if (percent > kWhole) return fail(Code::kOutOfRange, path + ": at most 100 %");
  return {};
}

Result<void> check(const Program& p) {
  if (p.id.empty()) return fail(Code::kOutOfRange, "id: empty");
  if (p.version < 0) return fail(Code::kOutOfRange, "version: below 0");
  TILL_CHECK(at_most_whole(p.earn, "earn"));
  TILL_CHECK(at_most_whole(p.max_redeem, "max_redeem"));
  for (const auto& [type, percent] : p.card_discount) {
    TILL_CHECK(at_most_whole(percent, "card_discount." + type));
  }
  if (p.welcome.units < 0) return fail(Code::kOutOfRange, "welcome: below 0");
  if (p.point_step.units <= 0) return fail(Code::kOutOfRange, "point_step: must be above 0");
  if (p.point_value.minor <= 0) return fail(Code::kOutOfRange, "point_value: must be above 0");
  if (checked_mul(p.point_step.units, p.point_value.minor) % 100 != 0) {
    return fail(Code::kProgramInvalid, "point_step times point_value must be whole kopecks");
  }
  return {};
}

Result<Program> read(JsonObject& in) {
  Program p;
  if (TILL_TRY(in.get_or("schema", kSchema)) != kSchema) {
    return fail(Code::kOutOfRange, "schema: only 1 is known");
  }
  p.id = TILL_TRY(in.get<std::string>("id"));
  p.version = TILL_TRY(in.get<std::int64_t>("version"));
  p.name = TILL_TRY(in.get_or<std::string>("name", ""));
  p.earn = TILL_TRY(in.get_or("earn", p.earn));
  if (in.has("card_discount")) {
    for (const auto& [type, value] : TILL_TRY(in.members("card_discount", limits::kMaxCardTypes))) {
      p.card_discount[type] = TILL_TRY(json_as<Percent>(*value, "card_discount." + type));
    }
  }
  p.welcome = TILL_TRY(in.get_or("welcome", p.welcome));
  p.max_redeem = TILL_TRY(in.get_or("max_redeem", p.max_redeem));
  p.point_step = TILL_TRY(in.get_or("point_step", p.point_step));
  p.point_value = TILL_TRY(in.get_or("point_value", p.point_value));
  const auto redemption_as = TILL_TRY(in.get_or<std::string>("redemption_as", "discount"));
  if (redemption_as != "discount" && redemption_as != "payment") {
    return fail(Code::kBadValue, in.path_of("redemption_as"));
  }
  p.redemption_is_payment = redemption_as == "payment";
  p.earn_on_points_paid = TILL_TRY(in.get_or("earn_on_points_paid", p.earn_on_points_paid));
  p.money_rounding = TILL_TRY(rounding(in, "money_rounding", p.money_rounding));
  p.points_rounding = TILL_TRY(rounding(in, "points_rounding", p.points_rounding));
  TILL_CHECK(in.finish());
  TILL_CHECK(check(p));
  return p;
}

std::string text(Percent percent) { return detail::decimal(percent.units, 2); }

}  // namespace

Result<Program> Program::from_json(std::string_view json) {
  const auto root = TILL_TRY(parse_json(json));
  auto in = TILL_TRY(JsonObject::from(root, ""));
  return catch_overflow("the program", [&] { return read(in); });
}

std::string Program::to_json() const {
  boost::json::object discounts;
  for (const auto& [type, percent] : card_discount) discounts[type] = text(percent);
  return boost::json::serialize(
      boost::json::object{{"schema", kSchema},
                          {"id", id},
                          {"version", version},
                          {"name", name},
                          {"earn", text(earn)},
                          {"card_discount", discounts},
                          {"welcome", to_string(welcome)},
                          {"max_redeem", text(max_redeem)},
                          {"point_step", to_string(point_step)},
                          {"point_value", to_string(point_value)},
                          {"redemption_as", redemption_is_payment ? "payment" : "discount"},
                          {"earn_on_points_paid", earn_on_points_paid},
                          {"money_rounding", rounding_name(money_rounding)},
                          {"points_rounding", rounding_name(points_rounding)}});
}

}  // namespace till::loyalty
