// What a person settles, and what the register says of it once it answers again: she may have
// misread the paper, and a document may turn up that nobody knew of.
#include <algorithm>

#include "desk.h"

namespace till::checkout {
namespace {

constexpr std::int64_t kRecheckMostUs = 600'000'000;

// Holds what was settled against the register's word; what it shows becomes the sale's document
// where the person misread hers, and is an extra one elsewhere.
void compare(Sale& sale, Settlement& settled, const Resolution& found) {
  // The sale stands on what she entered for this attempt.
  const bool stands =
      settled.document && sale.document && settled.attempt.number == sale.attempt.number;
  if (found.verdict == ResolutionVerdict::kRefused) {
    settled.rechecked = stands ? "the register has no such document" : "agrees";
    return;
  }
  settled.found = found.document;
  const auto number = std::to_string(found.document.number);
  if (sale.extra_of(settled) == nullptr &&
      (!stands || sale.document->sign == found.document.sign)) {
    settled.rechecked = "agrees";
  } else if (stands) {
    settled.rechecked = "it is document " + number;
    sale.document = found.document;
  } else {
    settled.rechecked = "document " + number + " exists";
  }
}

// What she would get now is what that attempt printed.
bool is_the_same_receipt(const Sale& sale, const Settlement& settled) {
  FiscalReceipt now = receipt_of(sale);
  now.witness = settled.attempt.receipt.witness;
  now.contact = settled.attempt.receipt.contact;
  return to_json(now) == to_json(settled.attempt.receipt);
}

std::vector<std::uint32_t> with_extra(const Sale& sale) {
  std::vector<std::uint32_t> out;
  for (const Settlement& each : sale.settlements) {
    if (sale.extra_of(each) != nullptr) out.push_back(each.attempt.number);
  }
  return out;
}

// A document taken away from one attempt may make it another's extra one.
std::vector<Fact> contradiction(Sale& sale, const Settlement& settled,
                                const std::vector<std::uint32_t>& extra_before) {
  std::vector<Fact> facts;
  const auto attempt = settled.attempt.number;
  if (settled.rechecked != "agrees") {
    if (!is_final(sale.state)) {
      sale.set_trouble({Code::kSettledOtherwise, *settled.rechecked, {}});
    }
    const bool twice = sale.document && sale.extra_of(settled) != nullptr;
    const auto kind = twice ? FactKind::kSoldTwice : FactKind::kSettledOtherwise;
    facts.push_back({.kind = kind, .attempt = attempt});
  }
  for (const auto other : with_extra(sale)) {
    if (other == attempt || std::ranges::find(extra_before, other) != extra_before.end()) continue;
    facts.push_back({.kind = FactKind::kSoldTwice, .attempt = other});
  }
  return facts;
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
    TILL_CHECK(check_document(sale, sale.attempt, *document));
    const auto& seen = sale.candidates;
    const bool named = std::ranges::any_of(seen, [&](auto& d) { return is_same(d, *document); });
    if (!seen.empty() && !named) return fail(Code::kOutOfRange, "number");
    document->total = sale.attempt.receipt.total;
    document->kind = kind_name(sale.attempt.receipt);
    document->witness = sale.attempt.receipt.witness;
  }
  recheck_wait_us_ = kRecheckFirstUs;
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
  sale.attempt.drop_hold();
  journal_.hard(sale, "settled_none", std::move(facts), [this, id] {
    Live& now = *live_.at(id);
    unlock(now);
    if (Settlement* const printed = printed_already(now.sale)) {
      commit_found(now, *printed, {});
    } else {
      rest(now);
    }
    recheck_settled();
  });
  return {};
}

// Of a till's own register nobody but the till will ever tell: what it refused may be on paper.
void Desk::remember_refused(Sale& sale) const {
  const bool sent = !sale.attempt.receipt.witness.empty();
  if (!config_.till_prints || !sent || sale.settlement(sale.attempt.number) != nullptr) return;
  sale.settlements.push_back({.attempt = sale.attempt, .by = kTillsWord, .rechecked = "agrees"});
  sale.settlements.back().attempt.receipt.contact.clear();
}

Result<void> Desk::found_by_till(const AttemptKey& key, const FiscalDocument& document) {
  std::optional<Sale> kept;
  Sale* const sale = config_.till_prints ? anywhere(key.sale, kept) : nullptr;
  if (sale == nullptr) return fail(Code::kSaleState, "attempt");
  const bool paid = is_paying(sale->state) || sale->document.has_value();
  if (key.attempt == sale->attempt.number && !paid) {
    remember_refused(*sale);
    if (kept) journal_.soft(*sale, "refused_before");  // where what follows looks for it
  }
  const Settlement* const settled = sale->settlement(key.attempt);
  if (settled == nullptr || settled->found) return fail(Code::kSaleState, "attempt");
  on_compared(key, {ResolutionVerdict::kDone, document, {}, {}});
  return {};
}

// Could it be that attempt's document?
Result<void> Desk::check_document(const Sale& sale, const Attempt& attempt,
                                  const FiscalDocument& document) {
  const Baseline& before = attempt.baseline;
  if (document.number == 0) return fail(Code::kOutOfRange, "number");
  if (!before.fiscal_memory.empty()) {  // where the till prints nobody reads one
    if (document.fiscal_memory != before.fiscal_memory) {
      return fail(Code::kBadValue, "fiscal_memory");
    }
    if (document.number <= before.last_document) return fail(Code::kOutOfRange, "number");
  }
  // Of another attempt, which gives it back or is sold by it.
  for (const Settlement& each : sale.settlements) {
    const bool another = each.attempt.number != attempt.number;
    if (another && each.found && is_same(*each.found, document)) {
      return fail(Code::kDocumentTaken, sale.till_number + ", " + to_string(sale.id));
    }
  }
  const auto other = owner_of(document, sale.id);
  if (other) return fail(Code::kDocumentTaken, other->till_number + ", " + to_string(other->id));
  return {};
}

// A person's word that nobody has confirmed takes a document from nobody.
std::optional<Sale> Desk::owner_of(const FiscalDocument& document, const Uuid& but) {
  const auto id = journal_.sale_of(document.fiscal_memory, document.number);
  if (!id || *id == but) return std::nullopt;
  auto sale = find(*id);
  const auto* const settled = sale ? sale->settlement(sale->attempt.number) : nullptr;
  if (settled != nullptr && settled->document && settled->rechecked != "agrees")
    return std::nullopt;
  return sale;
}

// An earlier attempt's document that is the receipt she is about to get, and nobody gives it back.
Settlement* Desk::printed_already(Sale& sale) {
  for (Settlement& each : sale.settlements) {
    const bool kept = sale.extra_of(each) != nullptr && each.undone_by.is_nil();
    if (kept && is_the_same_receipt(sale, each)) return &each;
  }
  return nullptr;
}

// Its return receipt is not on paper yet.
bool Desk::is_extra_still(const Sale& sale, const Settlement& settled) {
  if (sale.extra_of(settled) == nullptr) return false;
  if (settled.undone_by.is_nil()) return true;
  const auto undo = find(settled.undone_by);
  return !undo || !is_final(undo->state);  // a cancelled one is not named any more
}

// Before anything is printed, what earlier attempts left on paper is reckoned with. True: the
// attempt has ended by it.
bool Desk::ends_by_earlier(Live& live) {
  if (Settlement* const printed = printed_already(live.sale)) {
    commit_found(live, *printed, {});
    return true;
  }
  for (const Settlement& each : live.sale.settlements) {
    if (!is_extra_still(live.sale, each)) continue;
    const auto number = std::to_string(each.found->number);
    refused(live, {Code::kSettledOtherwise, "document " + number + " exists", {}});
    return true;
  }
  return false;
}

void Desk::recheck_settled() {
  if (config_.till_prints) {  // asked of each at once: it may never answer of one
    for (const AttemptKey& key : std::vector(to_recheck_)) recheck(registers_({}, {}), key);
    return;
  }
  to_ask_ = to_recheck_;
  ask_next_settled();
}

// Not answered though the line is there: nothing else would ask again.
void Desk::recheck_later() {
  hooks_.after(recheck_wait_us_, [this, n = ++recheck_timer_] {
    if (n != recheck_timer_) return;
    recheck_wait_us_ = std::min(recheck_wait_us_ * 2, kRecheckMostUs);
    recheck_settled();
  });
}

// Each one once for every time it is asked for: one that stays open does not hold up the others.
void Desk::ask_next_settled() {
  std::erase_if(to_ask_, [this](const AttemptKey& key) {
    if (std::ranges::find(to_recheck_, key) == to_recheck_.end()) return true;
    const auto sale = find(key.sale);
    const Settlement* const settled = sale ? sale->settlement(key.attempt) : nullptr;
    RegisterPort& port = settled ? register_of(*sale, settled->attempt) : registers_({}, {});
    if (!port.online() || !rechecking_.try_emplace(&port, key).second) return false;
    port.lock([this, key, &port] { recheck(port, key); });
    return true;
  });
}

// The register is being asked whether it has the document a person saw none of: that answer comes
// before another attempt.
bool Desk::is_rechecked_now(const Sale& sale) const {
  return rechecking_.contains(&registers_(sale.till, {})) &&
         std::ranges::find(to_recheck_, sale.id, &AttemptKey::sale) != to_recheck_.end();
}

Sale* Desk::anywhere(const Uuid& id, std::optional<Sale>& kept) {
  if (const auto live = live_.find(id); live != live_.end()) return &live->second->sale;
  kept = journal_.load(id);
  return kept ? &*kept : nullptr;
}

void Desk::recheck(RegisterPort& port, const AttemptKey& key) {
  const auto sale = find(key.sale);
  const Settlement* const settled = sale ? sale->settlement(key.attempt) : nullptr;
  if (settled == nullptr) return on_rechecked(port, key, fail(Code::kNoSuchSale));
  port.resolve(settled->attempt.receipt, settled->attempt.baseline,
               [this, key, &port](const Result<Resolution>& r) { on_rechecked(port, key, r); });
}

void Desk::on_rechecked(RegisterPort& port, const AttemptKey& key, Result<Resolution> result) {
  if (!config_.till_prints) port.unlock();
  rechecking_.erase(&port);
  if (std::erase(to_recheck_, key) == 0) return ask_next_settled();  // an attempt asked meanwhile
  const bool gone = !result && result.error().code == Code::kNoSuchSale;
  const bool open = result ? result->verdict == ResolutionVerdict::kNeedsPerson : !gone;
  if (open) {
    to_recheck_.push_back(key);  // behind the others, for the next time
    if (!config_.till_prints) recheck_later();
    if (!result && is_loss(result.error().code)) return;
  } else if (result) {
    on_compared(key, *std::move(result));
  }
  ask_next_settled();
}

void Desk::on_compared(const AttemptKey& key, Resolution found) {
  // Where contents cannot be read another sale's document looks like ours.
  const bool done = found.verdict == ResolutionVerdict::kDone;
  if (done && owner_of(found.document, key.sale)) found.verdict = ResolutionVerdict::kRefused;
  const auto live = live_.find(key.sale);
  std::optional<Sale> kept;
  Sale* const sale = anywhere(key.sale, kept);
  Settlement* const settled = sale == nullptr ? nullptr : sale->settlement(key.attempt);
  if (settled == nullptr) return;
  const auto extra_before = with_extra(*sale);
  compare(*sale, *settled, found);
  const bool unsold = live != live_.end() && sale->state == State::kQuoted;
  if (unsold && sale->extra_of(*settled) != nullptr && is_the_same_receipt(*sale, *settled)) {
    return commit_found(
        *live->second, *settled,
        {{.kind = FactKind::kSettledOtherwise, .attempt = settled->attempt.number}});
  }
  auto facts = contradiction(*sale, *settled, extra_before);
  journal_.hard(*sale, facts.empty() ? "confirmed" : "contradicted", std::move(facts), [] {});
  hooks_.rechecked(*sale, *settled);
}

// The register has what the senior did not see, and the sale stands as it did then: it is sold.
void Desk::commit_found(Live& live, Settlement& settled, std::vector<Fact> facts) {
  Sale& sale = live.sale;
  const FiscalDocument document = *settled.found;
  for (const Fact& fact : release_facts(sale)) facts.push_back(fact);  // it was to print it again
  if (sale.attempt.by_allowance && !others_have(sale.attempt.hold, sale.id)) {
    facts.push_back({FactKind::kHoldReleased, sale.attempt.hold});
  }
  sale.attempt = settled.attempt;
  sale.attempt.drop_hold();  // released when she said there was none; a fact is posted anyway
  outcome(live, Event::kDone);
  close(sale, document);
  const auto sold = sold_facts(sale);
  facts.insert(facts.begin(), sold.begin(), sold.end());
  const auto attempt = settled.attempt.number;
  journal_.hard(sale, "found", std::move(facts), [this, id = sale.id, attempt] {
    Live& found = *live_.at(id);
    unlock(found);
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
    if (sale->extra_of(each) == nullptr) continue;
    todo = &each;
    if (is_extra_still(*sale, each)) break;
  }
  if (todo == nullptr) return fail(Code::kSaleState, "undo");
  if (!todo->undone_by.is_nil()) return todo->undone_by;  // begun, or all are undone
  FiscalReceipt receipt = todo->attempt.receipt;
  receipt.kind = reverse_of(receipt.kind);
  std::erase_if(receipt.payments, [](auto& p) { return p.tender != Tender::kCounterProvision; });
  receipt.returned = ReturnedDocument{todo->found->fiscal_memory, todo->found->number};
  const Uuid id = TILL_TRY(open_fixed(till, number, cashier, std::move(receipt)));
  const auto undo = live_.find(id);
  if (undo == live_.end()) return fail(Code::kKeyConflict, number);  // of one that was cancelled
  undo->second->sale.undoes = sold;
  journal_.soft(undo->second->sale, "undoes");
  todo->undone_by = id;
  journal_.soft(*sale, "undo");
  return id;
}

// Something is still to be given back by it.
bool Desk::undoes_something(const Sale& undo) {
  const auto sale = find(undo.undoes);
  return sale && std::ranges::any_of(sale->settlements, [&](const Settlement& each) {
           return each.undone_by == undo.id && sale->extra_of(each) != nullptr;
         });
}

// Nothing gives the extra document back any more: it is to be proposed again.
void Desk::undo_is_cancelled(const Sale& undo) {
  std::optional<Sale> kept;
  Sale* const sale = undo.undoes.is_nil() ? nullptr : anywhere(undo.undoes, kept);
  if (sale == nullptr) return;
  for (Settlement& each : sale->settlements) {
    if (each.undone_by == undo.id) each.undone_by = {};
  }
  journal_.soft(*sale, "undo_cancelled");
  hooks_.changed(*sale);
}

}  // namespace till::checkout
