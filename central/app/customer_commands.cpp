// Customers, coupons and events by hand: history, segments, the coupon book.
#include "central/app/commands.h"
#include "central/ledger/limits.h"
#include "gateway/base/utf8.h"
#include "gateway/loyalty/calendar.h"

namespace till::central {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

Result<std::string> plain_text(JsonObject& in, std::string_view field) {
  auto text = TILL_TRY(in.get_or<std::string>(field, ""));
  if (text.size() > limits::kMaxTextBytes) return fail(Code::kTooLarge, std::string(field));
  if (!printable(text)) return fail(Code::kBadValue, std::string(field));
  return text;
}

}  // namespace

// One thing at a time: a segment (in or out), a date by name, who recommended her.
Result<value> Commands::customers_set(JsonObject& in) {
  const CustomerId id{TILL_TRY(in.get<std::string>("customer"))};
  const auto segment = TILL_TRY(plain_text(in, "segment"));
  const bool out = TILL_TRY(in.get_or("out", false));
  const auto date = TILL_TRY(plain_text(in, "date"));
  const auto day = TILL_TRY(plain_text(in, "day"));
  const auto referrer = TILL_TRY(plain_text(in, "referrer"));
  TILL_CHECK(in.finish());
  if (!central_.directory.record(id)) return fail(Code::kUnknownCard, id.value);
  if (!segment.empty()) central_.profiles.set_segment(id, segment, !out);
  if (!date.empty()) {
    central_.profiles.set_date(id, date, TILL_TRY(loyalty::parse_day(day, date)));
  }
  if (!referrer.empty()) {
    if (!central_.directory.record({referrer})) return fail(Code::kUnknownCard, referrer);
    if (central_.directory.resolve({referrer}) == central_.directory.resolve(id)) {
      return fail(Code::kBadValue, "referrer: " + referrer + " = customer");
    }
    central_.profiles.set_referrer(id, referrer);
  }
  return object{{"customer", id.value}};
}

Result<value> Commands::customers_add_card(JsonObject& in) {
  const CustomerId id{TILL_TRY(in.get<std::string>("customer"))};
  wire::Enrol more;
  more.card_hash = TILL_TRY(plain_text(in, "card_hash"));
  more.phone_hash = TILL_TRY(plain_text(in, "phone_hash"));
  const auto hash_key = TILL_TRY(in.get_or<std::string>("hash_key", "chain"));
  TILL_CHECK(in.finish());
  TILL_CHECK(central_.directory.add(id, hash_key, more));
  return object{{"customer", id.value}};
}

Result<value> Commands::customers_activate(JsonObject& in) {
  const CustomerId id{TILL_TRY(in.get<std::string>("customer"))};
  TILL_CHECK(in.finish());
  TILL_CHECK(central_.cards.activate(id));
  return object{{"customer", id.value}};
}

Result<value> Commands::customers_block(JsonObject& in) {
  const CustomerId id{TILL_TRY(in.get<std::string>("customer"))};
  const bool blocked = TILL_TRY(in.get<bool>("blocked"));
  TILL_CHECK(in.finish());
  TILL_CHECK(central_.directory.block(id, blocked));
  return object{{"customer", id.value}};
}

Result<value> Commands::customers_replace_card(JsonObject& in) {
  const auto old_hash = TILL_TRY(plain_text(in, "card_hash"));
  const auto new_hash = TILL_TRY(plain_text(in, "new_hash"));
  const auto hash_key = TILL_TRY(in.get_or<std::string>("hash_key", "chain"));
  TILL_CHECK(in.finish());
  const auto id = TILL_TRY(central_.directory.replace_card(hash_key, old_hash, new_hash));
  return object{{"customer", id.value}};
}

// With `into` and `from`: merges; with the key alone: undoes that.
Result<value> Commands::customers_merge(JsonObject& in) {
  const auto key = TILL_TRY(plain_text(in, "key"));
  const CustomerId into{TILL_TRY(plain_text(in, "into"))};
  const CustomerId from{TILL_TRY(plain_text(in, "from"))};
  TILL_CHECK(in.finish());
  if (into.value.empty() && from.value.empty()) {
    TILL_CHECK(central_.merges.split(key));
    return object{{"key", key}};
  }
  for (const auto& id : {into, from}) {
    if (!central_.directory.record(id)) return fail(Code::kUnknownCard, id.value);
  }
  if (central_.directory.resolve(into) != into) return fail(Code::kDuplicate, into.value);
  TILL_CHECK(central_.merges.merge(key, into, from));
  return object{{"customer", into.value}, {"key", key}};
}

Result<value> Commands::coupons_add(JsonObject& in) {
  wire::Coupon coupon;
  coupon.code = TILL_TRY(plain_text(in, "code"));
  coupon.type = TILL_TRY(plain_text(in, "type"));
  coupon.customer = TILL_TRY(plain_text(in, "customer"));
  const auto until = TILL_TRY(plain_text(in, "until"));
  TILL_CHECK(in.finish());
  if (coupon.code.empty()) return fail(Code::kMissingField, "code");
  if (!until.empty()) coupon.until = TILL_TRY(loyalty::parse_day(until, "until"));
  if (!coupon.customer.empty() && !central_.directory.record({coupon.customer})) {
    return fail(Code::kUnknownCard, coupon.customer);
  }
  TILL_CHECK(central_.coupons.issue(coupon));
  return object{{"code", coupon.code}};
}

Result<value> Commands::coupons_list(JsonObject& in) {
  const auto after = TILL_TRY(plain_text(in, "after"));
  TILL_CHECK(in.finish());
  auto rows = central_.db.query(
      "SELECT code, type, customer, store, issued, coalesce(until, 9223372036854775807), void, "
      "(SELECT count(*) FROM coupon_uses u WHERE u.code=coupons.code AND NOT returned) "
      "FROM coupons WHERE code>? ORDER BY code LIMIT ?",
      after, static_cast<int>(limits::kMaxRows));
  array out;
  while (rows.next()) {
    const auto until = rows.integer(5);
    out.push_back(object{{"code", rows.text(0)},
                         {"type", rows.text(1)},
                         {"customer", rows.text(2)},
                         {"store", rows.text(3)},
                         {"issued", rows.integer(4)},
                         {"until", until == INT64_MAX ? "" : loyalty::format_day(until)},
                         {"void", rows.integer(6) != 0},
                         {"used", rows.integer(7)}});
  }
  return out;
}

Result<value> Commands::coupons_void(JsonObject& in) {
  const auto code = TILL_TRY(plain_text(in, "code"));
  const bool restore = TILL_TRY(in.get_or("restore", false));
  TILL_CHECK(in.finish());
  TILL_CHECK(central_.coupons.set_void(code, !restore));
  return object{{"code", code}};
}

// Without a key each is a new one; the answer names it.
Result<value> Commands::events_add(JsonObject& in) {
  Event event;
  event.name = TILL_TRY(plain_text(in, "event"));
  event.customer = TILL_TRY(plain_text(in, "customer"));
  event.cashier = TILL_TRY(plain_text(in, "seller"));
  event.store.value = TILL_TRY(plain_text(in, "store"));
  event.note = TILL_TRY(plain_text(in, "note"));
  event.at = central_.clock.unix_us();
  auto key = TILL_TRY(plain_text(in, "key"));
  TILL_CHECK(in.finish());
  if (!event.store.value.empty() &&
      !central_.db.query("SELECT 1 FROM stores WHERE store=?", event.store.value).next()) {
    return fail(Code::kStoreUnknown, event.store.value);
  }
  if (key.empty()) key = to_string(new_uuid(central_.clock, central_.random));
  auto given = TILL_TRY(central_.events.told(key, event));
  given["key"] = key;
  return given;
}

Result<value> Commands::events_list(JsonObject& in) {
  const auto after = TILL_TRY(in.get_or<std::int64_t>("after", 0));
  const auto name = TILL_TRY(plain_text(in, "event"));
  TILL_CHECK(in.finish());
  auto rows = central_.db.query(
      "SELECT n, at, name, customer, cashier, store, note, given FROM events "
      "WHERE n>?1 AND (?2='' OR name=?2) ORDER BY n LIMIT ?3",
      after, name, static_cast<int>(limits::kMaxRows));
  array out;
  while (rows.next()) {
    out.push_back(object{{"n", rows.integer(0)},
                         {"at", rows.integer(1)},
                         {"event", rows.text(2)},
                         {"customer", rows.text(3)},
                         {"seller", rows.text(4)},
                         {"store", rows.text(5)},
                         {"note", rows.text(6)},
                         {"given", TILL_TRY(parse_json(rows.text(7)))}});
  }
  return out;
}

}  // namespace till::central
