#include "central/ledger/coupons.h"

#include "central/ledger/alarms.h"

namespace till::central {

std::int64_t Coupons::used_elsewhere(const std::string& code, const StoreId& by) {
  auto row = db_.query(
      "SELECT (SELECT count(*) FROM coupon_uses WHERE code=?1 AND NOT returned AND store<>?2) + "
      "(SELECT count(*) FROM hold_coupons WHERE code=?1 AND store<>?2)",
      code, by.value);
  row.next();
  return row.integer(0);
}

wire::Coupon Coupons::look_up(const std::string& code, const StoreId& by) {
  wire::Coupon out;
  out.code = code;
  out.used = used_elsewhere(code, by);
  auto row = db_.query(
      "SELECT type, customer, coalesce(until, 9223372036854775807), void FROM coupons WHERE code=?",
      code);
  if (!row.next()) return out;
  out.type = row.text(0);
  out.customer = row.text(1);
  out.until = row.integer(2);
  if (row.integer(3) != 0) out.used = INT64_MAX;
  return out;
}

Result<void> Coupons::reserve(const HoldId& hold, const std::vector<std::string>& codes) {
  for (const auto& code : codes) {
    const auto known = look_up(code, hold.store);
    const auto kind = programs_.coupon_kind(code, known.type);
    if ((kind.uses > 0 && known.used >= kind.uses) || known.used == INT64_MAX) {
      return fail(Code::kCouponRefused, code + ": the coupon has been used");
    }
    db_.run("INSERT OR IGNORE INTO hold_coupons VALUES (?,?,?)", hold.store.value, hold.id, code);
  }
  return {};
}

void Coupons::release(const HoldId& hold) {
  db_.run("DELETE FROM hold_coupons WHERE store=? AND hold=?", hold.store.value, hold.id);
}

void Coupons::use(const wire::Coupon& coupon, const wire::SaleFact& fact, const StoreId& store) {
  db_.run("INSERT OR IGNORE INTO coupons VALUES (?,?,'',?,zeroblob(16),?,NULL,0)", coupon.code,
          coupon.type, store.value, fact.at);
  db_.run("INSERT OR IGNORE INTO coupon_uses VALUES (?,?,?,?,?,0)", coupon.code, fact.key.sale,
          fact.key.attempt, store.value, fact.at);
  const auto kind = programs_.coupon_kind(coupon.code, coupon.type);
  auto row =
      db_.query("SELECT count(*) FROM coupon_uses WHERE code=? AND NOT returned", coupon.code);
  row.next();
  if (kind.uses == 0 || row.integer(0) <= kind.uses) return;
  raise_alarm(db_, clock_.unix_us(), Code::kCouponRefused, store, to_string(fact.key),
              "the coupon was used more often than it may be: " + coupon.code);
}

void Coupons::book(const wire::SaleFact& fact, const CustomerId& customer, const StoreId& store) {
  for (const auto& coupon : fact.coupons) {
    if (!fact.is_return) {
      use(coupon, fact, store);
    } else {
      db_.run("UPDATE coupon_uses SET returned=1 WHERE code=? AND sale=?", coupon.code,
              fact.returned_sale);
    }
  }
  for (const auto& coupon : fact.issued) {
    if (fact.is_return) {
      db_.run("UPDATE coupons SET void=1 WHERE code=? AND sale=?", coupon.code, fact.returned_sale);
    } else {
      db_.run("INSERT OR IGNORE INTO coupons VALUES (?,?,?,?,?,?,nullif(?,9223372036854775807),0)",
              coupon.code, coupon.type, customer.value, store.value, fact.key.sale, fact.at,
              coupon.until);
    }
  }
}

Result<void> Coupons::issue(const wire::Coupon& coupon) {
  const auto kind = programs_.coupon_kind(coupon.code, coupon.type);
  if (kind.type != coupon.type || coupon.type.empty())
    return fail(Code::kBadValue, "type: " + coupon.type);
  if (db_.run("INSERT INTO coupons VALUES (?,?,?,'',zeroblob(16),?,nullif(?,9223372036854775807),0)"
              " ON CONFLICT DO NOTHING",
              coupon.code, coupon.type, coupon.customer, clock_.unix_us(), coupon.until) != 1) {
    return fail(Code::kDuplicate, coupon.code);
  }
  return {};
}

Result<void> Coupons::set_void(const std::string& code, bool is_void) {
  if (db_.run("UPDATE coupons SET void=? WHERE code=?", is_void, code) == 0) {
    return fail(Code::kNotFound, code);
  }
  return {};
}

}  // namespace till::central
