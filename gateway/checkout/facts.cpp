#include "facts.h"

#include <algorithm>

#include "protocols/central/chain.h"
#include "protocols/central/wire.h"

namespace till::checkout {
namespace {

std::string seller_key(const Sale& sale) {
  return wire::seller_key(sale.circumstances ? sale.circumstances->store : "", sale.cashier);
}

void put_effects(const Sale& sale, wire::SaleFact& out) {
  if (sale.circumstances && sale.circumstances->utc_offset_min) {
    out.utc_offset_min = static_cast<std::int32_t>(*sale.circumstances->utc_offset_min);
  }
  for (const auto& coupon : sale.issued.value_or(std::vector<IssuedCoupon>{})) {
    out.issued.push_back({coupon.code, coupon.type, 0, coupon.until, {}});
  }
  out.whole = sale.is_return && sale.issued;
  if (!sale.quote->effects) return;
  const auto& effects = *sale.quote->effects;
  for (const auto& code : effects.codes) {
    if (code.used && !code.type.empty())
      out.coupons.push_back({code.code, code.type, 0, INT64_MAX, {}});
  }
  for (const auto& entry : effects.purses) {
    if (entry.purse == "points" && entry.to.empty()) continue;  // in redeemed
    out.purses.push_back({entry.purse, entry.to, entry.amount, entry.rule});
    if (entry.to == "cashier") out.cashier = seller_key(sale);
  }
  for (const auto& lot : effects.lots.value_or(std::vector<loyalty::PointsLot>{})) {
    out.lots.push_back(
        {lot.rule, lot.points, lot.activation_days, lot.expires_days, lot.expires_end});
  }
  for (const auto& use : effects.rules) {
    out.rules.push_back({use.rule, use.times, use.amount, use.funded_by});
  }
}

}  // namespace

Buffer encode(const Sale& sale, const Fact& fact) {
  if (fact.kind == FactKind::kHoldReleased) {
    return wire::encode(wire::Fact{wire::HoldReleased{fact.hold}});
  }
  if (fact.kind == FactKind::kSettled) {
    return wire::encode(
        wire::Fact{wire::Settled{sale.key(), sale.settlements.back().by, fact.document}});
  }
  if (fact.kind == FactKind::kSettledOtherwise || fact.kind == FactKind::kSoldTwice) {
    const Settlement& settled = *sale.settlement(fact.attempt);
    const FiscalDocument* const extra = sale.extra_of(settled);
    const auto& found = extra != nullptr ? *extra
                        : sale.document  ? *sale.document
                                         : FiscalDocument{};
    const bool twice = fact.kind == FactKind::kSoldTwice;
    return wire::encode(
        wire::Fact{wire::RegisterNotice{twice ? Code::kSoldTwice : Code::kSettledOtherwise,
                                        {found.fiscal_memory, found.number, found.sign},
                                        {sale.id, fact.attempt},
                                        settled.rechecked.value_or("")}});
  }
  wire::SaleFact out;
  out.key = sale.key();
  out.till = sale.till;
  out.till_number = sale.till_number;
  out.at = sale.closed_us;
  out.is_return = sale.is_return;
  out.returned_sale = sale.returned_sale;
  if (sale.customer) {
    out.customer = sale.customer->customer;
    if (out.customer.value.empty()) out.card_hash = sale.customer->card_hash;
  }
  out.total = sale.quote->total.minor;
  out.redeemed = points_to_spend(sale);
  out.accrued = sale.quote->accrued;
  out.hold = sale.attempt.hold;
  out.fiscal = {sale.document->fiscal_memory, sale.document->number, sale.document->sign};
  out.program_version = sale.quote->program_version;
  out.evaluation_revision = loyalty::kEvaluationRevision;
  if (sale.plain) out.document_kind = kind_name(*sale.plain);
  for (const auto& quoted : sale.quote->lines) {
    const auto line = std::ranges::find(sale.lines, quoted.id, &SaleLine::id);
    if (line == sale.lines.end()) continue;
    out.lines.push_back({line->goods, line->quantity, quoted.gross.minor, quoted.discount.minor,
                         quoted.by_points.minor, quoted.total.minor, quoted.accrued,
                         quoted.redeemed, quoted.uncounted.value_or(false)});
  }
  put_effects(sale, out);
  return wire::encode(wire::Fact{std::move(out)});
}

}  // namespace till::checkout
