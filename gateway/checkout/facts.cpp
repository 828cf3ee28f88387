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
  if (fact.kind == FactKind::kSettledOtherwise || fact.kind == FactKind::kSoldTwice) {
    const auto& found = sale.extra      ? *sale.extra
                        : sale.document ? *sale.document
                                        : FiscalDocument{};
    const bool twice = fact.kind == FactKind::kSoldTwice;
    return wire::encode(wire::Fact{
        wire::RegisterNotice{twice ? Code::kSoldTwice : Code::kSettledOtherwise,
                             {found.fiscal_memory, found.number, found.sign},
                             sale.doubted ? AttemptKey{sale.id, sale.doubted->number} : sale.key(),
                             sale.rechecked.value_or("")}});
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
  if (sale.plain) out.document_kind = kind_name(*sale.plain);
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
