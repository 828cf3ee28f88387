#include "sale.h"

#include <algorithm>
#include <utility>

#include "gateway/loyalty/calendar.h"
#include "sdk/cpp/fiscal_described.h"

namespace till::loyalty {
BOOST_DESCRIBE_STRUCT(Explanation, (), (line, en, ru, level))
BOOST_DESCRIBE_STRUCT(UnitShare, (), (quantity, total, discount, by_points, redeemed, accrued))
BOOST_DESCRIBE_STRUCT(LineQuote, (),
                      (id, gross, discount, by_points, total, redeemed, accrued, units, uncounted))
BOOST_DESCRIBE_STRUCT(CodeOutcome, (), (code, type, used, uses, why, en, ru))
BOOST_DESCRIBE_STRUCT(PurseEntry, (), (rule, purse, to, amount))
BOOST_DESCRIBE_STRUCT(Handed, (), (rule, what, count, coupon))
BOOST_DESCRIBE_STRUCT(PointsLot, (), (rule, points, activation_days, expires_days, expires_end))
BOOST_DESCRIBE_STRUCT(RuleUse, (), (rule, times, amount, funded_by))
BOOST_DESCRIBE_STRUCT(Effects, (), (codes, purses, handed, rules, lots))
BOOST_DESCRIBE_STRUCT(Quote, (),
                      (program_version, lines, gross, discount, by_points, total, redeemed,
                       redeemable, accrued, points_are_payment, why, effects))
BOOST_DESCRIBE_STRUCT(Used, (), (rule, scope, period, times, amount))
BOOST_DESCRIBE_STRUCT(CouponFact, (), (code, type, used, expires, customer))
BOOST_DESCRIBE_STRUCT(Payment, (), (kind, amount))
BOOST_DESCRIBE_STRUCT(PluginDiscount, (), (line, amount, reason))
BOOST_DESCRIBE_STRUCT(GoodsFact, (), (sku, legal, min_price))
BOOST_DESCRIBE_STRUCT(PluginPoints, (), (line, points, reason))
BOOST_DESCRIBE_STRUCT(PluginAnswer, (), (plugin, holds, discounts, failed, points))
}  // namespace till::loyalty

namespace till::checkout {
BOOST_DESCRIBE_STRUCT(SaleLine, (),
                      (id, goods, name, price, quantity, min_price, tax, payment_object, legal,
                       is_card, marking_code, category))
BOOST_DESCRIBE_STRUCT(Profile, (), (purses, counters, dates, segments, tier, referrer, used))
BOOST_DESCRIBE_STRUCT(Circumstances, (),
                      (store, utc_offset_min, codes, coupons, payments, plugins, used, goods))
BOOST_DESCRIBE_STRUCT(IssuedCoupon, (), (code, type, until))
BOOST_DESCRIBE_STRUCT(Identity, (),
                      (customer, card_hash, card_type, label, by, available, verified, code_highest,
                       code_until_us, allowance, allowance_points, allowance_expires_us, profile,
                       inactive, standing))
BOOST_DESCRIBE_STRUCT(PointsStanding, (), (welcome, pending, expiring, expires_day))
BOOST_DESCRIBE_STRUCT(EarnedPart, (), (points, from, until))
BOOST_DESCRIBE_STRUCT(EarnedTerms, (), (from, until, parts))
BOOST_DESCRIBE_STRUCT(Attempt, (),
                      (number, hold, by_allowance, payload_hash, request, baseline, receipt))
BOOST_DESCRIBE_STRUCT(Settlement, (), (attempt, by, document, rechecked, found, undone_by))
BOOST_DESCRIBE_STRUCT(Sale, (),
                      (id, till, till_number, state, is_return, returned_sale, returned,
                       returned_document, cashier, contact, lines, customer, redeem, circumstances,
                       quote, issued, earned, quote_id, quoted_us, payments, attempt, document,
                       plain, settlements, undoes, candidates, trouble, trouble_detail,
                       trouble_vendor, opened_us, closed_us))
}  // namespace till::checkout

namespace till::described {
template <>
struct Names<goods::LegalClass> {
  static constexpr Name kAll[] = {{"none"},     {"tobacco"},   {"alcohol"},
                                  {"medicine"}, {"gift_card"}, {"lottery"}};
};
template <>
struct Names<checkout::State> {
  static constexpr Name kAll[] = {{"open"},
                                  {"quoted"},
                                  {"parked"},
                                  {"holding"},
                                  {"hold_unknown"},
                                  {"fiscalising"},
                                  {"refused_dirty"},
                                  {"in_doubt"},
                                  {"needs_person"},
                                  {"committed"},
                                  {"settled_by_person"},
                                  {"cancelled"}};
};
}  // namespace till::described

namespace till::checkout {

boost::json::value to_json(const Sale& sale) { return described::to_value(sale); }

std::string to_json_text(const Sale& sale) {
  std::string text;
  text.reserve(4096);
  described::append_json(text, sale);
  return text;
}

Result<Sale> sale_from_json(const boost::json::value& value) {
  return described::parsed<Sale>(value, "sale");
}

bool is_same(const FiscalDocument& a, const FiscalDocument& b) {
  return a.fiscal_memory == b.fiscal_memory && a.number == b.number;
}

const Settlement* Sale::settlement(std::uint32_t number) const {
  const auto at = std::ranges::find(settlements, number, [](auto& s) { return s.attempt.number; });
  return at == settlements.end() ? nullptr : &*at;
}

Settlement* Sale::settlement(std::uint32_t number) {
  return const_cast<Settlement*>(std::as_const(*this).settlement(number));
}

const Settlement* Sale::foremost_settlement() const {
  const auto todo = [this](const Settlement& s) {
    return extra_of(s) != nullptr && s.undone_by.is_nil();
  };
  const auto begun = [this](const Settlement& s) { return extra_of(s) != nullptr; };
  auto at = std::ranges::find_if(settlements, todo);
  if (at == settlements.end()) at = std::ranges::find_if(settlements, begun);
  if (at != settlements.end()) return &*at;
  return settlements.empty() ? nullptr : &settlements.back();
}

const FiscalDocument* Sale::extra_of(const Settlement& settled) const {
  if (!settled.found || (document && is_same(*document, *settled.found))) return nullptr;
  return &*settled.found;
}

const Attempt* Sale::attempt_of(std::uint32_t number) const {
  if (number == attempt.number) return &attempt;
  const Settlement* const settled = settlement(number);
  return settled == nullptr ? nullptr : &settled->attempt;
}

bool accounts_for(const Sale& sale, const FiscalDocument& document) {
  const auto same = [&](const std::optional<FiscalDocument>& own) {
    return own && is_same(*own, document);
  };
  if (same(sale.document)) return true;
  if (is_open_doubt(sale.state) && document.witness == to_string(sale.key())) return true;
  return std::ranges::any_of(sale.settlements, [&](const Settlement& s) {
    const bool due =
        !s.rechecked && document.witness == to_string(AttemptKey{sale.id, s.attempt.number});
    return due || same(s.found);
  });
}

std::string customer_key(const Sale& sale) {
  if (!sale.customer) return {};
  const auto& who = *sale.customer;
  if (!who.customer.value.empty() || who.card_hash.empty()) return who.customer.value;
  return card_key(who.card_hash);
}

std::string card_key(const std::string& hash) { return "card:" + hash; }

std::int64_t local_day(const Sale& sale) {
  const auto offset =
      sale.circumstances ? sale.circumstances->utc_offset_min : std::optional<std::int64_t>{};
  return loyalty::local_time(sale.closed_us, offset.value_or(0)).day;
}

loyalty::Basket basket_of(const Sale& sale, std::int64_t instant_us) {
  loyalty::Basket basket;
  basket.instant_us = instant_us;
  basket.redeem = sale.redeem;
  basket.lines.reserve(sale.lines.size());
  for (const SaleLine& l : sale.lines) {
    basket.lines.push_back(
        {l.id, l.price, l.quantity, l.min_price, l.legal, l.is_card, l.goods, l.category});
  }
  basket.till = sale.till.value;
  basket.cashier = sale.cashier;
  if (const auto& c = sale.customer) {
    basket.customer = loyalty::Customer{c->customer, c->card_type, c->available, c->verified};
    basket.customer->active = !c->inactive.value_or(false);
    if (const auto& p = c->profile) {
      auto& who = *basket.customer;
      who.purses = p->purses;
      who.counters = p->counters;
      who.dates = p->dates;
      who.segments = p->segments;
      who.tier = p->tier;
      who.referrer = p->referrer;
      basket.used = p->used;
    }
  }
  if (const auto& c = sale.circumstances) {
    basket.store = c->store;
    basket.utc_offset_min = c->utc_offset_min;
    basket.codes = c->codes;
    basket.coupons = c->coupons;
    basket.payments = c->payments;
    if (c->goods) basket.goods = *c->goods;
    if (c->plugins) basket.plugins = *c->plugins;
    if (c->used) basket.used.insert(basket.used.end(), c->used->begin(), c->used->end());
  }
  return basket;
}

namespace {

// Units of one line whose price comes out the same share one fiscal line; a unit whose total is
// not price x quantity to the kopeck is split.
void put_fiscal_lines(const SaleLine& line, const loyalty::LineQuote& quoted, bool with_points,
                      std::vector<FiscalLine>& out) {
  const auto whole = [](Quantity q) { return q.units % kQuantityScale == 0; };
  for (const loyalty::UnitShare& unit : quoted.units) {
    const Money total = with_points ? unit.total + unit.by_points : unit.total;
    for (const FiscalPiece& piece : fiscal_pieces(total, unit.quantity)) {
      const bool same = !out.empty() && line.marking_code.empty() &&
                        out.back().marking_code.empty() && out.back().price == piece.price &&
                        out.back().name == line.name && whole(piece.quantity) &&
                        whole(out.back().quantity) && out.back().tax == line.tax;
      if (same) {
        out.back().quantity += piece.quantity;
        out.back().sum += piece.sum;
      } else {
        out.push_back({.name = line.name,
                       .price = piece.price,
                       .quantity = piece.quantity,
                       .sum = piece.sum,
                       .tax = line.tax,
                       .marking_code = line.marking_code,
                       .ru_ffd = {.payment_object_1212 = line.payment_object}});
      }
      const Money listed = line.price * piece.quantity;
      if (listed > piece.sum) out.back().discount += listed - piece.sum;
    }
  }
}

}  // namespace

std::vector<FiscalPiece> fiscal_pieces(Money total, Quantity quantity) {
  const auto price_of = [&](Rounding rounding) {
    return Money{mul_div(total.minor, kQuantityScale, quantity.units, rounding)};
  };
  for (const Rounding rounding : {Rounding::kHalfUp, Rounding::kDown}) {
    const Money price = price_of(rounding);
    if (price * quantity == total) return {{price, quantity, total}};
  }
  // A part of it costs one minor unit more: about a whole unit for each one that is missing.
  const Money low = price_of(Rounding::kDown), high{low.minor + 1};
  const std::int64_t about = (total - low * quantity).minor * kQuantityScale;
  for (std::int64_t step = 0; step <= kQuantityScale; ++step) {
    for (const std::int64_t units : {about + step, about - step}) {
      if (units <= 0 || units >= quantity.units) continue;
      const Quantity dear{units}, cheap = quantity - dear;
      const Money first = low * cheap, second = high * dear;
      if (first + second == total) return {{low, cheap, first}, {high, dear, second}};
    }
  }
  return {{price_of(Rounding::kHalfUp), quantity, total}};  // the register's check names it
}

FiscalReceipt receipt_of(const Sale& sale) {
  if (sale.plain) {
    FiscalReceipt receipt = *sale.plain;
    receipt.witness = to_string(sale.key());
    receipt.cashier = {sale.cashier, ""};
    receipt.payments.insert(receipt.payments.begin(), sale.payments.begin(), sale.payments.end());
    return receipt;
  }
  FiscalReceipt receipt;
  receipt.kind = sale.is_return ? FiscalKind::kSaleReturn : FiscalKind::kSale;
  receipt.witness = to_string(sale.key());
  receipt.cashier = {sale.cashier, ""};
  receipt.contact = sale.contact;
  receipt.returned = sale.returned_document;
  receipt.payments = sale.payments;
  // Points are in the prices, or stand beside the money.
  const bool beside = sale.quote->points_are_payment && sale.quote->by_points.minor > 0;
  receipt.total = beside ? sale.quote->total + sale.quote->by_points : sale.quote->total;
  const bool nothing_left = receipt.total.minor == 0 && sale.quote->redeemed.units > 0;
  if (beside || nothing_left) {
    receipt.payments.push_back(
        {Tender::kCounterProvision, beside ? sale.quote->by_points : receipt.total});
  }
  std::size_t at = 0;
  for (const loyalty::LineQuote& quoted : sale.quote->lines) {
    while (at < sale.lines.size() && sale.lines[at].id != quoted.id) ++at;
    if (at == sale.lines.size()) break;
    put_fiscal_lines(sale.lines[at], quoted, beside, receipt.lines);
  }
  return receipt;
}

}  // namespace till::checkout
