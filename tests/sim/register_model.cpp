#include "register_model.h"

#include <algorithm>

namespace till::sim {

using checkout::RegisterOutcome;
using checkout::Then;
using checkout::Verdict;

void SimRegister::lock(std::function<void()> then) {
  waiting_.push_back(std::move(then));
  if (locked_) return;
  locked_ = true;
  auto first = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  world_.after(0, life_, std::move(first));
}

void SimRegister::unlock() {
  locked_ = false;
  if (waiting_.empty()) return;
  auto next = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  locked_ = true;
  world_.after(0, life_, std::move(next));
}

void SimRegister::prepare(const FiscalReceipt&, Then<Result<Baseline>> then) {
  const bool fails = world_.faults && world_.chance.percent(4);
  world_.after(latency(), life_, [this, fails, then] {
    if (model_.offline) return then(fail(Code::kRegisterOffline));
    if (fails) return then(fail(Code::kPaperOut));
    model_.document_open = false;
    then(Baseline{model_.fiscal_memory, static_cast<std::uint32_t>(model_.documents.size()), ""});
  });
}

// The device's own doing: no gateway's death stops it.
void SimRegister::execute(std::int64_t after_us, const FiscalReceipt& receipt) {
  model_.busy_until = std::max(model_.busy_until, world_.now() + after_us);
  world_.after(after_us, [&model = model_, receipt] {
    model.print(receipt.witness, receipt.kind, receipt.total);
  });
}

FiscalDocument SimRegister::document(const PrintedDocument& p) const {
  FiscalDocument d{
      model_.fiscal_memory, p.number, p.number * 7919, 1, p.number, "", p.total, p.witness};
  return d;
}

void SimRegister::receipt(const AttemptKey& key, const FiscalReceipt& receipt,
                          Then<RegisterOutcome> then) {
  const std::string sale = to_string(key.sale);
  if (model_.offline) {
    world_.after(0, life_, [then] {
      then({Verdict::kRefused, {}, {Code::kRegisterOffline, {}, {}}, false});
    });
    return;
  }
  if (model_.in_doubt(sale)) ++model_.blind_retries;
  model_.doubted.insert(receipt.witness);
  const auto answer = [&](std::int64_t us, RegisterOutcome outcome) {
    world_.after(us, life_, [this, witness = receipt.witness, then, outcome = std::move(outcome)] {
      if (outcome.verdict == Verdict::kRefused && !outcome.dirty) model_.doubted.erase(witness);
      then(outcome);
    });
  };
  const auto us = latency();
  const int fate = world_.faults ? static_cast<int>(world_.chance.between(0, 99)) : 99;
  const Error lost{Code::kPortLost, {}, {}};
  if (fate < 5) {
    return answer(us, {Verdict::kRefused, {}, {Code::kRegisterRefused, {}, {}}, false});
  }
  if (fate < 10) {
    model_.document_open = true;
    return answer(us, {Verdict::kRefused, {}, {Code::kRegisterRefused, {}, {}}, true});
  }
  if (fate < 17) {  // lost before it was told everything
    model_.document_open = world_.chance.percent(50);
    return answer(us, {Verdict::kInDoubt, {}, lost, false});
  }
  if (fate < 27) {  // lost after it was told everything; it may take its time
    execute(us + world_.chance.between(0, 4'000'000), receipt);
    return answer(us, {Verdict::kInDoubt, {}, lost, false});
  }
  execute(us, receipt);
  world_.after(us + 1, life_, [this, receipt, then] {
    model_.doubted.erase(receipt.witness);
    const auto at = std::ranges::find(model_.documents, receipt.witness, &PrintedDocument::witness);
    then({Verdict::kDone, document(*at), {}, false});
  });
}

Resolution SimRegister::walk(const FiscalReceipt& receipt, const Baseline& before) {
  if (plant_ == Plant::kBelievesSenior && model_.settled.contains(receipt.witness)) {
    return {ResolutionVerdict::kRefused, {}, {}, {}};
  }
  if (plant_ == Plant::kLastDocumentOnly && !model_.documents.empty()) {
    const auto& last = model_.documents.back();
    if (last.number > before.last_document && last.witness == receipt.witness) {
      return {ResolutionVerdict::kDone, document(last), {}, {}};
    }
    return {ResolutionVerdict::kRefused, {}, {}, {}};
  }
  // Now and then it can't be read: a person looks at the paper, and a recheck comes to nothing.
  if (world_.faults && world_.chance.percent(10)) {
    return {ResolutionVerdict::kNeedsPerson, {}, "the register can not tell", {}};
  }
  for (const auto& d : model_.documents) {
    if (d.number > before.last_document && d.witness == receipt.witness) {
      return {ResolutionVerdict::kDone, document(d), {}, {}};
    }
  }
  return {ResolutionVerdict::kRefused, {}, {}, {}};
}

void SimRegister::resolve(const FiscalReceipt& receipt, const Baseline& before,
                          Then<Result<Resolution>> then) {
  const bool lost = world_.faults && world_.chance.percent(20);
  // It answers when it is idle: what it was told before is done by then.
  const bool waits = plant_ != Plant::kTimeoutIsFailure;
  const auto us =
      latency() + (waits ? std::max<std::int64_t>(0, model_.busy_until - world_.now()) : 0);
  world_.after(us, life_, [this, lost, receipt, before, then] {
    if (lost || model_.offline) return then(fail(Code::kPortLost));
    const auto result = walk(receipt, before);
    model_.doubted.erase(receipt.witness);
    if (result.verdict == ResolutionVerdict::kRefused) model_.document_open = false;
    then(result);
  });
}

void SimRegister::recover(Then<Result<void>> then) {
  const bool lost = world_.faults && world_.chance.percent(20);
  const auto us = latency() + std::max<std::int64_t>(0, model_.busy_until - world_.now());
  world_.after(us, life_, [this, lost, then] {
    if (lost || model_.offline) return then(fail(Code::kPortLost));
    model_.document_open = false;
    model_.doubted.clear();  // what was refused is cancelled and verified; one has the lock
    then({});
  });
}

}  // namespace till::sim
