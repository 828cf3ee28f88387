// What a person settled is compared with the register once it answers again: she may have misread
// the paper, and a document may turn up that nobody knew of.
#include <algorithm>

#include "desk.h"

namespace till::checkout {
namespace {

// What the register says against what was settled; "agrees" or the contradiction in words.
std::string compare(const Sale& sale, const Resolution& found) {
  const AttemptKey settled{sale.id, sale.doubted->number};
  const bool same_attempt = sale.attempt.number == settled.attempt;
  const bool said_document = same_attempt && sale.document.has_value();
  if (found.verdict == ResolutionVerdict::kRefused) {
    return said_document ? "the register has no such document" : "agrees";
  }
  if (!said_document) return "document " + std::to_string(found.document.number) + " exists";
  const bool same = sale.document->number == found.document.number &&
                    sale.document->fiscal_memory == found.document.fiscal_memory &&
                    sale.document->sign == found.document.sign;
  return same ? "agrees" : "it is document " + std::to_string(found.document.number);
}

}  // namespace

void Desk::recheck_settled() {
  if (rechecking_ || to_recheck_.empty() || !register_.online()) return;
  rechecking_ = true;
  const Uuid id = to_recheck_.front();
  register_.lock([this, id] { recheck(id); });
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
  // No verdict yet (lost, or the memory in question is elsewhere): at the next return of it.
  if (!result && result.error().code != Code::kNoSuchSale) return;
  if (result && result->verdict == ResolutionVerdict::kNeedsPerson) return;
  std::erase(to_recheck_, id);
  const auto live = live_.find(id);
  auto kept = live == live_.end() ? journal_.load(id) : std::nullopt;
  Sale* sale = live != live_.end() ? &live->second->sale : kept ? &*kept : nullptr;
  if (result && sale != nullptr && sale->doubted) {
    sale->rechecked = compare(*sale, *result);
    const bool agrees = *sale->rechecked == "agrees";
    std::vector<Fact> facts;
    if (!agrees) {
      const bool found = result->verdict == ResolutionVerdict::kDone;
      if (found) sale->extra = result->document;
      const bool other_attempt = sale->attempt.number != sale->doubted->number;
      const bool twice = found && other_attempt && sale->document.has_value();
      facts.push_back({twice ? FactKind::kSoldTwice : FactKind::kSettledOtherwise});
    }
    journal_.hard(*sale, agrees ? "confirmed" : "contradicted", std::move(facts), [] {});
    hooks_.rechecked(*sale);
  }
  recheck_settled();
}

}  // namespace till::checkout
