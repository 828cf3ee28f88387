// What a person settled is compared with the register once it answers again: she may have misread
// the paper, and a document may turn up that nobody knew of.
#include <algorithm>

#include "desk.h"

namespace till::checkout {
namespace {

bool is_same(const FiscalDocument& a, const FiscalDocument& b) {
  return a.number == b.number && a.fiscal_memory == b.fiscal_memory && a.sign == b.sign;
}

// Did the person settle the attempt the sale stands on, and with a document?
bool said_document(const Sale& sale) {
  return sale.document && sale.attempt.number == sale.doubted->number;
}

// Holds what was settled against the register's word; what it shows becomes the sale's document
// where the person misread hers, and is an extra one elsewhere.
void compare(Sale& sale, const Resolution& found) {
  const bool said = said_document(sale);
  if (found.verdict == ResolutionVerdict::kRefused) {
    sale.rechecked = said ? "the register has no such document" : "agrees";
  } else if (sale.document && is_same(*sale.document, found.document)) {
    sale.rechecked = "agrees";
  } else if (said) {
    sale.rechecked = "it is document " + std::to_string(found.document.number);
    sale.document = found.document;
  } else {
    sale.rechecked = "document " + std::to_string(found.document.number) + " exists";
    sale.extra = found.document;
  }
}

// Said to have no document, and neither sold, cancelled nor changed since.
bool is_unsold_since(const Sale& sale) {
  if (sale.state != State::kQuoted || sale.attempt.number != sale.doubted->number) return false;
  return to_json(receipt_of(sale)) == to_json(sale.doubted->receipt);
}

std::vector<Fact> contradiction(Sale& sale) {
  if (sale.rechecked == "agrees") return {};
  if (!is_final(sale.state)) {
    sale.set_trouble({Code::kSettledOtherwise, *sale.rechecked, {}});
  }
  const bool twice = sale.extra && sale.document;
  return {{twice ? FactKind::kSoldTwice : FactKind::kSettledOtherwise}};
}

FiscalKind reverse_of(FiscalKind kind) {
  switch (kind) {
    case FiscalKind::kSale:
      return FiscalKind::kSaleReturn;
    case FiscalKind::kSaleReturn:
      return FiscalKind::kSale;
    case FiscalKind::kPurchase:
      return FiscalKind::kPurchaseReturn;
    default:
      return FiscalKind::kPurchase;
  }
}

}  // namespace

void Desk::recheck_settled() {
  if (!rechecking_) to_ask_ = to_recheck_.size();
  ask_next_settled();
}

// Each one once for every time it is asked for: one that stays open does not hold up the others.
void Desk::ask_next_settled() {
  if (rechecking_ || to_ask_ == 0 || to_recheck_.empty() || !register_.online()) return;
  rechecking_ = true;
  --to_ask_;
  const Uuid id = to_recheck_.front();
  register_.lock([this, id] { recheck(id); });
}

// The register is being asked whether it has the document a person saw none of: that answer comes
// before another attempt. A till that prints itself may never answer.
bool Desk::is_rechecked_now(const Uuid& id) const {
  return rechecking_ && !config_.person_may_end_doubts &&
         std::ranges::find(to_recheck_, id) != to_recheck_.end();
}

Sale* Desk::anywhere(const Uuid& id, std::optional<Sale>& kept) {
  if (const auto live = live_.find(id); live != live_.end()) return &live->second->sale;
  kept = journal_.load(id);
  return kept ? &*kept : nullptr;
}

void Desk::recheck(const Uuid& id) {
  const auto sale = find(id);
  if (!sale || !sale->doubted) return on_rechecked(id, fail(Code::kNoSuchSale));
  register_.resolve(sale->doubted->receipt, sale->doubted->baseline,
                    [this, id](const Result<Resolution>& r) { on_rechecked(id, r); });
}

void Desk::on_rechecked(const Uuid& id, const Result<Resolution>& result) {
  register_.unlock();
  rechecking_ = false;
  // No verdict yet: lost, or the memory in question is elsewhere.
  if (!result && result.error().code != Code::kNoSuchSale) return;
  std::erase(to_recheck_, id);
  if (result && result->verdict == ResolutionVerdict::kNeedsPerson) {
    to_recheck_.push_back(id);
    return ask_next_settled();
  }
  const auto live = live_.find(id);
  std::optional<Sale> kept;
  Sale* const sale = anywhere(id, kept);
  if (result && sale != nullptr && sale->doubted) {
    compare(*sale, *result);
    if (live != live_.end() && is_unsold_since(*sale) && sale->extra) {
      commit_found(*live->second);
    } else {
      auto facts = contradiction(*sale);
      const bool agrees = facts.empty();
      journal_.hard(*sale, agrees ? "confirmed" : "contradicted", std::move(facts), [] {});
      hooks_.rechecked(*sale);
    }
  }
  ask_next_settled();
}

// The register has what the senior did not see, and the sale stands as it did then: it is sold.
void Desk::commit_found(Live& live) {
  Sale& sale = live.sale;
  const FiscalDocument document = *std::exchange(sale.extra, std::nullopt);
  sale.attempt = *sale.doubted;
  sale.attempt.hold = {};  // released when she said there was none; a fact is posted anyway
  sale.attempt.by_allowance = false;
  outcome(live, Event::kDone);
  close(sale, document);
  auto facts = sold_facts(sale);
  facts.push_back({FactKind::kSettledOtherwise});
  const Uuid id = sale.id;
  journal_.hard(sale, "found", std::move(facts), [this, id] {
    hooks_.rechecked(live_.at(id)->sale);
    rest(*live_.at(id));
    live_.erase(id);
  });
}

Result<Uuid> Desk::open_undo(const TillId& till, const std::string& number,
                             const std::string& cashier, const Uuid& sold) {
  std::optional<Sale> kept;
  Sale* const sale = anywhere(sold, kept);
  if (sale == nullptr) return fail(Code::kNoSuchSale);
  if (!sale->extra || !sale->doubted) return fail(Code::kSaleState, "undo");
  if (const auto before = find(sale->undone_by); before && before->state != State::kCancelled) {
    return sale->undone_by;
  }
  FiscalReceipt receipt = sale->doubted->receipt;
  receipt.kind = reverse_of(receipt.kind);
  receipt.returned = ReturnedDocument{sale->extra->fiscal_memory, sale->extra->number};
  sale->undone_by = TILL_TRY(open_document(till, number, cashier, std::move(receipt)));
  journal_.soft(*sale, "undo");
  return sale->undone_by;
}

}  // namespace till::checkout
