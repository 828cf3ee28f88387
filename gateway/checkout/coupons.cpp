// The desk's coupons: taken into a sale, used up with its receipt, handed out with it.
#include <algorithm>

#include "desk.h"
#include "gateway/base/utf8.h"

namespace till::checkout {

std::vector<std::string> limited_coupons(const Sale& sale) {
  std::vector<std::string> out;
  if (sale.is_return || !sale.quote || !sale.quote->effects) return out;
  for (const auto& code : sale.quote->effects->codes) {
    if (code.used && code.uses > 0) out.push_back(code.code);
  }
  return out;
}

Points points_to_spend(const Sale& sale) {
  if (!sale.quote) return {};
  auto points = sale.quote->redeemed;
  if (!sale.quote->effects) return points;
  for (const auto& entry : sale.quote->effects->purses) {
    if (entry.purse == "points" && entry.to.empty()) {
      points.units += sale.is_return ? entry.amount : -entry.amount;
    }
  }
  return points;
}

// Another till may have used it since it was quoted.
Result<void> Desk::check_coupons(const Sale& sale) const {
  if (sale.is_return || !sale.quote->effects) return {};
  for (const auto& code : sale.quote->effects->codes) {
    if (code.used && code.uses > 0 && coupon_uses(code.code, sale.id) >= code.uses) {
      return fail(Code::kCouponRefused, code.code + ": the coupon has been used");
    }
  }
  return {};
}

// By what is on the disk here, and by payments of this store that are under way.
std::int64_t Desk::coupon_uses(const std::string& code, const Uuid& but_of) const {
  auto uses = journal_.coupon_uses(code);
  for (const auto& [id, live] : live_) {
    if (id == but_of || !is_paying(live->sale.state) || live->sale.is_return || !live->sale.quote)
      continue;
    const auto& effects = live->sale.quote->effects;
    if (!effects) continue;
    uses += std::ranges::count_if(effects->codes,
                                  [&](const auto& c) { return c.used && c.code == code; });
  }
  return uses;
}

Result<void> Desk::add_code(const Uuid& id, const std::string& code,
                            const std::optional<loyalty::CouponFact>& known) {
  Live* live = TILL_TRY(editable(id));
  Sale& sale = live->sale;
  if (sale.fixed()) return fail(Code::kSaleState, "fixed");
  if (code.empty() || code.size() > limits::kMaxCodeBytes || !printable(code)) {
    return fail(Code::kBadValue, "code");
  }
  if (!sale.circumstances) sale.circumstances.emplace();
  if (sale.circumstances->codes.size() >= limits::kMaxCodes) {
    return fail(Code::kOutOfRange, "codes");
  }
  auto fact = known.value_or(loyalty::CouponFact{});
  fact.code = code;
  const auto here = coupon_uses(code, id);
  fact.used = fact.used > INT64_MAX - here ? INT64_MAX : fact.used + here;
  auto basket = basket_of(sale, clock_.unix_us());
  std::erase_if(basket.coupons, [&](const auto& c) { return c.code == code; });
  basket.codes.push_back(code);
  basket.coupons.push_back(fact);
  const auto seen = loyalty::look_at_code(program_, basket, code);
  if (!seen.used) return fail(Code::kCouponRefused, code + ": " + seen.en);
  sale.circumstances->codes = std::move(basket.codes);
  sale.circumstances->coupons = std::move(basket.coupons);
  edited(*live, "code");
  return {};
}

Result<void> Desk::remove_code(const Uuid& id, const std::string& code) {
  Live* live = TILL_TRY(editable(id));
  auto& around = live->sale.circumstances;
  if (!around || std::erase(around->codes, code) == 0) return fail(Code::kBadValue, "code");
  std::erase_if(around->coupons, [&](const auto& c) { return c.code == code; });
  edited(*live, "code_out");
  return {};
}

// Central knows of another use: the next quote is without it.
void Desk::used_elsewhere(Sale& sale, const std::string& code) {
  sale.quote_id.clear();  // what was shown is not to be had any more
  for (auto& fact : sale.circumstances->coupons) {
    if (code == fact.code || code.starts_with(fact.code + ":")) fact.used = INT64_MAX;
  }
}

// Coupons get their codes when the receipt is on paper, never before.
void Desk::issue_coupons(Sale& sale) {
  if (sale.is_return || sale.issued || !sale.quote || !sale.quote->effects) return;
  for (const auto& handed : sale.quote->effects->handed) {
    for (std::int64_t i = 0; handed.coupon && i < handed.count; ++i) {
      const Uuid chance = new_uuid(clock_, random_);
      std::uint64_t number = 0;
      for (std::size_t b = 8; b < 16; ++b) number = number << 8 | chance.bytes[b];
      const auto offset =
          sale.circumstances ? sale.circumstances->utc_offset_min : std::optional<std::int64_t>{};
      if (!sale.issued) sale.issued.emplace();
      sale.issued->push_back(
          {loyalty::coupon_code(program_, handed.what, number), handed.what,
           loyalty::coupon_until(program_, handed.what, sale.closed_us, offset)});
    }
  }
}

}  // namespace till::checkout
