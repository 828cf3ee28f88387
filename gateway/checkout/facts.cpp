#include "facts.h"

#include <algorithm>

#include "protocols/central/wire.h"

namespace till::checkout {

Buffer encode(const Sale& sale, const Fact& fact) {
  if (fact.kind == FactKind::kHoldReleased) {
    return wire::encode(wire::Fact{wire::HoldReleased{fact.hold}});
  }
  if (fact.kind == FactKind::kSettled) {
    return wire::encode(wire::Fact{wire::Settled{sale.key(), sale.settled_by, fact.document}});
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
    out.card_hash = sale.customer->card_hash;
  }
  out.total = sale.quote->total.minor;
  out.redeemed = sale.quote->redeemed;
  out.accrued = sale.quote->accrued;
  out.hold = sale.attempt.hold;
  out.fiscal = {sale.document->fiscal_memory, sale.document->number, sale.document->sign};
  out.program_version = sale.quote->program_version;
  out.evaluation_revision = loyalty::kEvaluationRevision;
  for (const auto& quoted : sale.quote->lines) {
    const auto line = std::ranges::find(sale.lines, quoted.id, &SaleLine::id);
    if (line == sale.lines.end()) continue;
    out.lines.push_back({line->goods, line->quantity, quoted.gross.minor, quoted.discount.minor,
                         quoted.by_points.minor, quoted.total.minor, quoted.accrued,
                         quoted.redeemed});
  }
  return wire::encode(wire::Fact{std::move(out)});
}

}  // namespace till::checkout
