#include "till_register.h"

namespace till::app {
namespace {

constexpr std::int64_t kSilenceUs = 120'000'000;

}  // namespace

using checkout::Then;
using checkout::Verdict;

// The register is the till's: nothing stands between its word and the intent.
void TillRegister::prepare(const FiscalReceipt& /*receipt*/, Then<Result<Baseline>> then) {
  post_([then] { then(Baseline{}); });
}

void TillRegister::receipt(const AttemptKey& /*key*/, const FiscalReceipt& receipt,
                           Then<checkout::RegisterOutcome> then) {
  printing_[receipt.witness] = {receipt, std::move(then)};
  ask_(receipt.witness, "print", receipt);
  // A till that says nothing leaves a doubt, which a senior may end.
  after_(kSilenceUs, [this, witness = receipt.witness] {
    if (printing_.contains(witness)) (void)told(witness, Verdict::kInDoubt, {}, "");
  });
}

// Nobody but the till knows; it is asked, and the doubt lasts until it answers or a senior does.
void TillRegister::resolve(const FiscalReceipt& receipt, const Baseline& /*before*/,
                           Then<Result<Resolution>> then) {
  resolving_[receipt.witness] = {receipt, std::move(then)};
  ask_(receipt.witness, "resolve", receipt);
}

void TillRegister::recover(Then<Result<void>> then) {
  post_([then] { then({}); });
}

Result<void> TillRegister::told(const std::string& witness, Verdict verdict,
                                const FiscalDocument& document, const std::string& reason) {
  if (const auto at = printing_.find(witness); at != printing_.end()) {
    const auto then = std::exchange(at->second.then, nullptr);
    printing_.erase(at);
    checkout::RegisterOutcome outcome{
        verdict, document, {Code::kRegisterRefused, reason, {}}, false};
    post_([then, outcome] { then(outcome); });
    return {};
  }
  const auto at = resolving_.find(witness);
  if (at == resolving_.end()) return fail(Code::kSaleState, "attempt");
  if (verdict == Verdict::kInDoubt) return {};  // it will say when it knows
  const auto then = std::exchange(at->second.then, nullptr);
  resolving_.erase(at);
  Resolution resolution;
  resolution.verdict =
      verdict == Verdict::kDone ? ResolutionVerdict::kDone : ResolutionVerdict::kRefused;
  resolution.document = document;
  resolution.reason = reason;
  post_([then, resolution] { then(resolution); });
  return {};
}

void TillRegister::ask_again() {
  // It may be printing, or has not heard of it: both are asked what became of it.
  for (const auto& [witness, question] : printing_) ask_(witness, "resolve", question.receipt);
  for (const auto& [witness, question] : resolving_) ask_(witness, "resolve", question.receipt);
}

}  // namespace till::app
