#include "gateway/loyalty/account_json.h"

#include "gateway/base/json.h"
#include "gateway/loyalty/accounts.h"
#include "gateway/loyalty/load.h"
#include "gateway/loyalty/refusal_words.h"

namespace till::loyalty {
namespace {

namespace js = boost::json;

constexpr std::size_t kMaxSteps = 100'000;
constexpr std::int64_t kDayUs = kDaySeconds * kMicrosecond;
constexpr std::int64_t kForEverUs = 36'500 * kDayUs;

struct World {
  Account account;
  Purse purse;
  std::int64_t now = 0;
  std::int64_t offset = 180;
  std::map<std::string, std::int64_t> held;  // to post the whole of a hold
  std::int64_t withheld = 0;
};

Result<std::int64_t> amount(JsonObject& in, std::string_view field = "amount") {
  return TILL_TRY(in.get<Points>(field)).units;
}

Result<std::string> key(JsonObject& in, std::string_view field, std::size_t step) {
  return in.get_or<std::string>(field, std::string(field) + std::to_string(step));
}

Result<Result<void>> advance(World& w, JsonObject& in) {
  const auto seconds = TILL_TRY(in.get_or<std::int64_t>("seconds", 0));
  const auto days = TILL_TRY(in.get_or<std::int64_t>("days", 0));
  if (seconds < 0 || days < 0) {
    return fail(Code::kOutOfRange, in.path_of(days < 0 ? "days" : "seconds") + ": below 0");
  }
  w.now = checked_add(w.now,
                      checked_add(checked_mul(seconds, kMicrosecond), checked_mul(days, kDayUs)));
  w.account.expire(w.now);
  return Result<void>();
}

Result<Result<void>> holding(World& w, JsonObject& in, const std::string& op, std::size_t at) {
  const auto id = TILL_TRY(key(in, "id", op == "hold" ? at : 0));
  if (op == "release") return w.account.release(id, w.now);
  if (op == "post") {
    const auto whole = w.held.contains(id) ? w.held[id] : 0;
    const auto part = TILL_TRY(in.get_or("amount", Points{whole})).units;
    return w.account.post(id, part, w.now);
  }
  const auto sum = TILL_TRY(amount(in));
  auto ttl = kForEverUs;
  if (in.has("timeout_s")) {
    ttl = checked_mul(TILL_TRY(in.get<std::int64_t>("timeout_s")), kMicrosecond);
  }
  auto answer = w.account.hold(id, sum, w.now, ttl);
  if (answer) w.held[id] = sum;
  return answer;
}

Result<Result<void>> returning(World& w, JsonObject& in, const std::string& op, std::size_t at) {
  const auto name = TILL_TRY(key(in, "key", at));
  if (op == "give_back") {
    const auto grace = TILL_TRY(in.get_or<std::int64_t>("grace_days", 0));
    return w.account.give_back(name, TILL_TRY(in.get<std::string>("posting")), TILL_TRY(amount(in)),
                               w.now, checked_mul(grace, kDayUs));
  }
  const auto policy =
      static_cast<IfSpent>(TILL_TRY(load::word(in, "if_spent", {"owe", "withhold", "forgive"}, 0)));
  const auto missing = w.account.take_back(name, TILL_TRY(in.get<std::string>("credit")),
                                           TILL_TRY(amount(in)), w.now, policy);
  if (!missing) return Result<void>(std::unexpected(missing.error()));
  if (policy == IfSpent::kWithhold) w.withheld = checked_add(w.withheld, *missing);
  return Result<void>();
}

Result<Result<void>> step(World& w, JsonObject& in, std::size_t at) {
  const auto op = TILL_TRY(in.get<std::string>("op"));
  if (op == "advance" || op == "advance_s") return advance(w, in);
  if (op == "hold" || op == "post" || op == "release") return holding(w, in, op, at);
  if (op == "give_back" || op == "take_back") return returning(w, in, op, at);
  if (op == "credit") {
    return w.account.credit(
        new_lot(w.purse, TILL_TRY(key(in, "key", at)), TILL_TRY(amount(in)), w.now, w.offset));
  }
  if (op == "fact") {
    return w.account.fact(TILL_TRY(key(in, "key", at)),
                          TILL_TRY(in.get_or<std::string>("hold", "")), TILL_TRY(amount(in)),
                          w.now);
  }
  return fail(Code::kBadValue, in.path_of("op") +
                                   ": credit, hold, post, release, fact, advance, give_back, "
                                   "take_back");
}

js::object standing(const World& w, const Result<void>& answer) {
  const auto s = w.account.standing(w.now);
  const auto text = [](std::int64_t units) { return detail::decimal(units, 2); };
  js::object o{{"answer", answer ? "ok" : code_name(answer.error().code)}};
  if (!answer) {
    o["detail"] = answer.error().detail;
    o["text"] = js::object{{"en", refusal_text(answer.error(), Language::kEn)},
                           {"ru", refusal_text(answer.error(), Language::kRu)}};
  }
  o["available"] = text(s.available);
  o["pending"] = text(s.pending);
  o["held"] = text(s.held);
  o["owed"] = text(s.owed);
  o["posted"] = text(w.account.posted());
  o["expired"] = text(w.account.expired());
  if (s.expires != INT64_MAX) {
    o["expiring"] = text(s.expiring);
    o["expires"] = format_day(local_time(s.expires, w.offset).day);
  }
  if (w.withheld != 0) o["withheld"] = text(w.withheld);
  return o;
}

Result<js::object> run(JsonObject in) {
  World w;
  if (const auto time = TILL_TRY(in.find<std::string>("time"))) {
    const auto zoned = TILL_TRY(parse_zoned(*time, "time"));
    w.now = zoned.unix_us;
    w.offset = zoned.utc_offset_min;
  }
  if (in.has("purse")) {
    auto purse = TILL_TRY(in.object("purse"));
    w.purse.activation_days = TILL_TRY(purse.get_or<std::int64_t>("activation_days", 0));
    w.purse.expires_days = TILL_TRY(purse.get_or<std::int64_t>("expires_days", 0));
    const auto end = TILL_TRY(load::word(purse, "expires_end_of", {"", "month", "year"}, 0));
    w.purse.expires_end = end == 0 ? "" : end == 1 ? "month" : "year";
    TILL_CHECK(purse.finish());
  }
  if (in.has("opening")) {
    Lot lot;
    lot.key = "opening";
    lot.remaining = TILL_TRY(amount(in, "opening"));
    TILL_CHECK(w.account.credit(std::move(lot)));
  }
  js::array steps;
  for (const auto& [path, value] : TILL_TRY(in.array("steps", kMaxSteps))) {
    auto one = TILL_TRY(JsonObject::from(*value, path));
    const auto answer = TILL_TRY(step(w, one, steps.size() + 1));
    TILL_CHECK(one.finish());
    steps.push_back(standing(w, answer));
    if (!w.account.proof()) return fail(Code::kInternal, path + ": the account does not add up");
  }
  TILL_CHECK(in.finish());
  return js::object{{"steps", std::move(steps)}};
}

}  // namespace

Result<js::object> run_account(const js::value& value) {
  auto in = TILL_TRY(JsonObject::from(value, ""));
  return catch_overflow("the account", [&] { return run(std::move(in)); });
}

}  // namespace till::loyalty
