#include "central/ledger/programs.h"

#include <algorithm>

#include "gateway/loyalty/accounts.h"
#include "gateway/loyalty/plan.h"

namespace till::central {

const loyalty::Program& Programs::current() {
  auto row = db_.query("SELECT n, body FROM programs ORDER BY n DESC LIMIT 1");
  if (!row.next() || row.integer(0) == n_) return program_;
  auto program = loyalty::Program::from_json(row.text(1));
  if (!program) return program_;  // it was checked when it was set; by an older release, perhaps
  n_ = row.integer(0);
  program_ = std::move(*program);
  return program_;
}

Terms Programs::terms(const std::string& purse, std::int64_t at, std::int64_t utc_offset_min) {
  const auto& purses = current().plan().purses;
  const auto found = std::ranges::find(purses, purse, &loyalty::Purse::id);
  if (found == purses.end()) return {};
  return terms(*found, at, utc_offset_min);
}

Terms Programs::terms(const loyalty::Life& life, std::int64_t at, std::int64_t utc_offset_min) {
  const auto lot = loyalty::new_lot(life, {}, 0, at, utc_offset_min);
  return {lot.active_from, lot.expires};
}

Programs::CouponKind Programs::coupon_kind(const std::string& code,
                                           const std::string& type_in_book) {
  loyalty::Basket basket;
  basket.codes = {code};
  if (!type_in_book.empty()) {
    loyalty::CouponFact fact;
    fact.code = code;
    fact.type = type_in_book;
    basket.coupons = {fact};
  }
  const auto seen = loyalty::look_at_code(current(), basket, code);
  return {seen.type, seen.uses};
}

}  // namespace till::central
