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

// ---- the driver ----

void SimRegister::later(std::int64_t us, std::function<void()> run) {
  world_.after(us, life_, [this, was = driver_life_, run = std::move(run)] {
    if (driver_life_ == was) run();
  });
}

void SimRegister::submit(Operation operation) {
  if (!driver_up()) {
    return world_.after(0, life_, [end = std::move(operation.end)] {
      end(Verdict::kRefused, Code::kRegisterOffline);
    });
  }
  asked_.push_back(std::move(operation));
  next_operation();
}

void SimRegister::next_operation() {
  if (running_ || asked_.empty()) return;
  running_ = true;
  asked_.front().begin();
}

void SimRegister::answer(std::int64_t after_us, std::function<void()> tell) {
  later(after_us, [this, tell = std::move(tell)] {
    running_ = false;
    asked_.pop_front();
    tell();
    next_operation();
  });
}

// How far the one that was running came nobody knows; the others never reached the driver.
std::int64_t SimRegister::driver_dies() {
  ++driver_life_;
  const auto next = driver_.on(supervisor::Event::kDied, world_.now(), world_.chance);
  const bool doubt = std::exchange(running_, false) && plant_ != Plant::kDeathIsRefusal;
  bool first = true;
  for (const auto& each : std::exchange(asked_, {})) {
    each.end(std::exchange(first, false) && doubt ? Verdict::kInDoubt : Verdict::kRefused,
             Code::kPluginDied);
  }
  return next.wait_us;
}

void SimRegister::driver_is_back() {
  driver_.on(supervisor::Event::kTimer, world_.now(), world_.chance);
  driver_.on(supervisor::Event::kReady, world_.now(), world_.chance);
}

// ---- what the desk asks ----

void SimRegister::prepare(const FiscalReceipt&, Then<Result<Baseline>> then) {
  const bool fails = world_.faults && world_.chance.percent(4);
  const auto begin = [this, fails, then] {
    answer(latency(), [this, fails, then] {
      if (model_.offline) return then(fail(Code::kRegisterOffline));
      if (fails) return then(fail(Code::kPaperOut));
      model_.document_open = false;
      then(Baseline{model_.fiscal_memory, static_cast<std::uint32_t>(model_.documents.size()), ""});
    });
  };
  submit({begin, [then](Verdict, Code why) { then(fail(why)); }});
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

void SimRegister::receipt(const AttemptKey&, const FiscalReceipt& receipt,
                          Then<RegisterOutcome> then) {
  const auto end = [then](Verdict verdict, Code why) { then({verdict, {}, {why, {}, {}}, false}); };
  if (model_.offline) {
    return world_.after(0, life_, [end] { end(Verdict::kRefused, Code::kRegisterOffline); });
  }
  submit({[this, receipt, then] { begin(receipt, then); }, end});
}

void SimRegister::begin(const FiscalReceipt& receipt, const Then<RegisterOutcome>& then) {
  if (model_.in_doubt(receipt.witness.substr(0, receipt.witness.find('/')))) ++model_.blind_retries;
  model_.doubted.insert(receipt.witness);
  const auto end = [&](std::int64_t us, RegisterOutcome outcome) {
    answer(us, [this, witness = receipt.witness, then, outcome = std::move(outcome)] {
      if (outcome.verdict == Verdict::kRefused && !outcome.dirty) model_.doubted.erase(witness);
      then(outcome);
    });
  };
  const auto us = latency();
  const int fate = world_.faults ? static_cast<int>(world_.chance.between(0, 99)) : 99;
  const Error lost{Code::kPortLost, {}, {}};
  if (fate < 5) {
    return end(us, {Verdict::kRefused, {}, {Code::kRegisterRefused, {}, {}}, false});
  }
  if (fate < 10) {
    model_.document_open = true;
    return end(us, {Verdict::kRefused, {}, {Code::kRegisterRefused, {}, {}}, true});
  }
  if (fate < 17) {  // lost before it was told everything
    model_.document_open = world_.chance.percent(50);
    return end(us, {Verdict::kInDoubt, {}, lost, false});
  }
  if (fate < 27) {  // lost after it was told everything; it may take its time
    execute(us + world_.chance.between(0, 4'000'000), receipt);
    return end(us, {Verdict::kInDoubt, {}, lost, false});
  }
  // Whoever dies before the last command leaves a document open; after it, one that comes.
  model_.document_open = true;
  later(us, [this, receipt, then] {
    const auto prints_us = latency();
    execute(prints_us, receipt);
    answer(prints_us + 1, [this, receipt, then] {
      model_.doubted.erase(receipt.witness);
      const auto at =
          std::ranges::find(model_.documents, receipt.witness, &PrintedDocument::witness);
      then({Verdict::kDone, document(*at), {}, false});
    });
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
  const auto begin = [this, lost, receipt, before, then] {
    // It answers when it is idle: what it was told before is done by then.
    const bool waits = plant_ != Plant::kTimeoutIsFailure;
    const auto us =
        latency() + (waits ? std::max<std::int64_t>(0, model_.busy_until - world_.now()) : 0);
    answer(us, [this, lost, receipt, before, then] {
      if (lost || model_.offline) return then(fail(Code::kPortLost));
      const auto result = walk(receipt, before);
      model_.doubted.erase(receipt.witness);
      if (result.verdict == ResolutionVerdict::kRefused) model_.document_open = false;
      then(result);
    });
  };
  submit({begin, [then](Verdict, Code why) { then(fail(why)); }});
}

void SimRegister::recover(Then<Result<void>> then) {
  const bool lost = world_.faults && world_.chance.percent(20);
  const auto begin = [this, lost, then] {
    const auto us = latency() + std::max<std::int64_t>(0, model_.busy_until - world_.now());
    answer(us, [this, lost, then] {
      if (lost || model_.offline) return then(fail(Code::kPortLost));
      model_.document_open = false;
      model_.doubted.clear();  // what was refused is cancelled and verified; one has the lock
      then({});
    });
  };
  submit({begin, [then](Verdict, Code why) { then(fail(why)); }});
}

}  // namespace till::sim
