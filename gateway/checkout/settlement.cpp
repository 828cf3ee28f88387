// What a person settles, and what the register says of it once it answers again: she may have
// misread the paper, and a document may turn up that nobody knew of.
#include <algorithm>

#include "desk.h"

namespace till::checkout {
namespace {

bool is_same(const FiscalDocument& a, const FiscalDocument& b) {
  return a.number == b.number && a.fiscal_memory == b.fiscal_memory && a.sign == b.sign;
}

// Holds what was settled against the register's word; what it shows becomes the sale's document
// where the person misread hers, and is an extra one elsewhere.
void compare(Sale& sale, Settlement& settled, const Resolution& found) {
  if (found.verdict == ResolutionVerdict::kRefused) {
    settled.rechecked = settled.document ? "the register has no such document" : "agrees";
  } else if (sale.document && is_same(*sale.document, found.document)) {
    settled.rechecked = "agrees";
  } else if (settled.document) {
    settled.rechecked = "it is document " + std::to_string(found.document.number);
    sale.document = found.document;
  } else {
    settled.rechecked = "document " + std::to_string(found.document.number) + " exists";
    settled.extra = found.document;
  }
}

// Said to have no document, and neither sold, cancelled nor changed since.
bool is_unsold_since(const Sale& sale, const Settlement& settled) {
  if (sale.state != State::kQuoted) return false;
  FiscalReceipt now = receipt_of(sale);
  now.witness = settled.attempt.receipt.witness;
  now.contact = settled.attempt.receipt.contact;
  return to_json(now) == to_json(settled.attempt.receipt);
}

std::vector<Fact> contradiction(Sale& sale, const Settlement& settled) {
  if (settled.rechecked == "agrees") return {};
  if (!is_final(sale.state)) {
    sale.set_trouble({Code::kSettledOtherwise, *settled.rechecked, {}});
  }
  const bool twice = settled.extra && sale.document;
  return {{.kind = twice ? FactKind::kSoldTwice : FactKind::kSettledOtherwise,
           .attempt = settled.attempt.number}};
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

Result<void> Desk::settle(const Uuid& id, const std::string& by,
                          std::optional<FiscalDocument> document, Then<const Sale&> then) {
  Live* live = TILL_TRY(live_sale(id));
  Sale& sale = live->sale;
  const bool doubt = sale.state == State::kInDoubt && config_.till_prints;
  if (sale.state != State::kNeedsPerson && !doubt) {
    return fail(Code::kNotSettleable, std::string(name(sale.state)));
  }
  if (document) {
    const auto other = journal_.sale_of(document->fiscal_memory, document->number);
    if (other && *other != id) return fail(Code::kDuplicate, "document of " + to_string(*other));
  }
  live->waiting.push_back(std::move(then));
  live->resolving = false;  // whatever the question would still bring, it is settled
  ++live->timer;
  live->tries = live->answers = 0;
  sale.candidates.clear();
  sale.settlements.push_back({.attempt = sale.attempt, .by = by, .document = document.has_value()});
  sale.settlements.back().attempt.receipt.contact.clear();
  to_recheck_.push_back(sale.key());
  sale.clear_trouble();
  if (document) {
    outcome(*live, Event::kSettle);
    close(sale, *document);
    auto facts = sold_facts(sale);
    facts.push_back({.kind = FactKind::kSettled});
    journal_.hard(sale, "settled", std::move(facts), [this, id] {
      unlock(*live_.at(id));
      rest(*live_.at(id));
      live_.erase(id);
      recheck_settled();
    });
    return {};
  }
  outcome(*live, Event::kSettleNone);
  auto facts = release_facts(sale);
  facts.push_back({.kind = FactKind::kSettled, .document = false});
  sale.attempt.hold = {};
  journal_.hard(sale, "settled_none", std::move(facts), [this, id] {
    unlock(*live_.at(id));
    rest(*live_.at(id));
    recheck_settled();
  });
  return {};
}

void Desk::recheck_settled() {
  if (config_.till_prints) {  // asked of each at once: it may never answer of one
    for (const AttemptKey& key : std::vector(to_recheck_)) recheck(key);
    return;
  }
  if (!rechecking_) to_ask_ = to_recheck_.size();
  ask_next_settled();
}

// Each one once for every time it is asked for: one that stays open does not hold up the others.
void Desk::ask_next_settled() {
  if (rechecking_ || to_ask_ == 0 || to_recheck_.empty() || !register_.online()) return;
  rechecking_ = true;
  --to_ask_;
  register_.lock([this, key = to_recheck_.front()] { recheck(key); });
}

// The register is being asked whether it has the document a person saw none of: that answer comes
// before another attempt.
bool Desk::is_rechecked_now(const Uuid& id) const {
  return rechecking_ && std::ranges::find(to_recheck_, id, &AttemptKey::sale) != to_recheck_.end();
}

Sale* Desk::anywhere(const Uuid& id, std::optional<Sale>& kept) {
  if (const auto live = live_.find(id); live != live_.end()) return &live->second->sale;
  kept = journal_.load(id);
  return kept ? &*kept : nullptr;
}

void Desk::recheck(const AttemptKey& key) {
  const auto sale = find(key.sale);
  const Settlement* const settled = sale ? sale->settlement(key.attempt) : nullptr;
  if (settled == nullptr) return on_rechecked(key, fail(Code::kNoSuchSale));
  register_.resolve(settled->attempt.receipt, settled->attempt.baseline,
                    [this, key](const Result<Resolution>& r) { on_rechecked(key, r); });
}

void Desk::on_rechecked(const AttemptKey& key, Result<Resolution> result) {
  if (!config_.till_prints) register_.unlock();
  rechecking_ = false;
  if (std::erase(to_recheck_, key) == 0) return;
  const bool gone = !result && result.error().code == Code::kNoSuchSale;
  const bool open = result ? result->verdict == ResolutionVerdict::kNeedsPerson : !gone;
  if (open) {
    to_recheck_.push_back(key);  // behind the others, for the next time
    if (!result && is_loss(result.error().code)) return;
  } else if (result) {
    // Where contents cannot be read another sale's document looks like ours.
    const auto& document = result->document;
    const auto owner = result->verdict == ResolutionVerdict::kDone
                           ? journal_.sale_of(document.fiscal_memory, document.number)
                           : std::nullopt;
    if (owner && *owner != key.sale) result->verdict = ResolutionVerdict::kRefused;
    on_compared(key, *result);
  }
  ask_next_settled();
}

void Desk::on_compared(const AttemptKey& key, const Resolution& found) {
  const auto live = live_.find(key.sale);
  std::optional<Sale> kept;
  Sale* const sale = anywhere(key.sale, kept);
  Settlement* const settled = sale == nullptr ? nullptr : sale->settlement(key.attempt);
  if (settled == nullptr) return;
  compare(*sale, *settled, found);
  if (live != live_.end() && settled->extra && is_unsold_since(*sale, *settled)) {
    return commit_found(*live->second, *settled);
  }
  auto facts = contradiction(*sale, *settled);
  journal_.hard(*sale, facts.empty() ? "confirmed" : "contradicted", std::move(facts), [] {});
  hooks_.rechecked(*sale, *settled);
}

// The register has what the senior did not see, and the sale stands as it did then: it is sold.
void Desk::commit_found(Live& live, Settlement& settled) {
  Sale& sale = live.sale;
  const FiscalDocument document = *std::exchange(settled.extra, std::nullopt);
  sale.attempt = settled.attempt;
  sale.attempt.hold = {};  // released when she said there was none; a fact is posted anyway
  sale.attempt.by_allowance = false;
  outcome(live, Event::kDone);
  close(sale, document);
  auto facts = sold_facts(sale);
  const auto attempt = settled.attempt.number;
  facts.push_back({.kind = FactKind::kSettledOtherwise, .attempt = attempt});
  journal_.hard(sale, "found", std::move(facts), [this, id = sale.id, attempt] {
    Live& found = *live_.at(id);
    hooks_.rechecked(found.sale, *found.sale.settlement(attempt));
    rest(found);
    live_.erase(id);
  });
}

Result<Uuid> Desk::open_undo(const TillId& till, const std::string& number,
                             const std::string& cashier, const Uuid& sold) {
  std::optional<Sale> kept;
  Sale* const sale = anywhere(sold, kept);
  if (sale == nullptr) return fail(Code::kNoSuchSale);
  Settlement* todo = nullptr;
  for (Settlement& each : sale->settlements) {
    if (!each.extra) continue;
    todo = &each;
    const auto undo = find(each.undone_by);
    if (!undo || undo->state == State::kCancelled) break;  // not yet
    if (!is_final(undo->state)) return each.undone_by;
  }
  if (todo == nullptr) return fail(Code::kSaleState, "undo");
  if (const auto undo = find(todo->undone_by); undo && undo->state != State::kCancelled) {
    return todo->undone_by;  // all are
  }
  FiscalReceipt receipt = todo->attempt.receipt;
  receipt.kind = reverse_of(receipt.kind);
  std::erase_if(receipt.payments, [](auto& p) { return p.tender != Tender::kCounterProvision; });
  receipt.returned = ReturnedDocument{todo->extra->fiscal_memory, todo->extra->number};
  todo->undone_by = TILL_TRY(open_fixed(till, number, cashier, std::move(receipt)));
  const Uuid undone_by = todo->undone_by;
  journal_.soft(*sale, "undo");
  return undone_by;
}

}  // namespace till::checkout
