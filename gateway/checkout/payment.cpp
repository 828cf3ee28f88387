// The desk's other half: hold, intent, outcome, resolve, commit. The order of writes and calls is
// the promise: nothing reaches the register before its intent is on the disk, nothing is told to
// anybody before its outcome is.
#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "desk.h"
#include "slip.h"

namespace till::checkout {
namespace {

constexpr std::int64_t kResolveFirstUs = 500'000;
constexpr std::int64_t kResolveMostUs = 15'000'000;
// A question that took so long without an answer is not asked for ever: each begins anew.
constexpr std::int64_t kLongQuestionUs = 600'000'000;
constexpr int kLongQuestions = 2;

// FNV-1a over the receipt's JSON: tells "the same key, another payload" apart, nothing more.
std::string payload_hash(const FiscalReceipt& receipt) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : boost::json::serialize(to_json(receipt))) {
    hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211U;
  }
  Buffer bytes;
  for (int i = 7; i >= 0; --i) bytes.push_back(static_cast<std::uint8_t>(hash >> (8 * i)));
  return to_hex(bytes);
}

Result<void> check_payments(const Sale& sale, const std::vector<FiscalPayment>& payments) {
  Money paid, cashless;
  for (const FiscalPayment& p : payments) {
    if (p.amount.minor < 0) return fail(Code::kOutOfRange, "payment");
    paid += p.amount;
    if (p.tender != Tender::kCash) cashless += p.amount;
  }
  const Money total = sale.quote->total;
  if (paid < total) return fail(Code::kPaymentShort, to_string(total - paid));
  if (cashless > total) return fail(Code::kOutOfRange, "payments: cashless above the total");
  if (sale.is_return && paid != total) return fail(Code::kOutOfRange, "a return pays its total");
  return {};
}

// What is sold, discounts and points as a discount taken off, costs no less than the law allows:
// programs keep to it, but the goods file itself may be wrong. A return gives back what was paid.
Result<void> check_floors(const Sale& sale) {
  if (sale.is_return || sale.fixed()) return {};
  for (std::size_t i = 0; i < sale.lines.size(); ++i) {
    const auto& line = sale.lines[i];
    const auto& quoted = sale.quote->lines[i];
    const auto price = quoted.total + (sale.quote->points_are_payment ? quoted.by_points : Money{});
    if (price >= line.min_price * line.quantity) continue;
    return fail(Code::kOutOfRange, "lines[" + std::to_string(i) + "].price: below its minimum " +
                                       to_string(line.min_price) + " (" + line.goods + ")");
  }
  return {};
}

// Where rules asked how it will be paid, it is paid so.
bool as_announced(const Sale& sale, const std::vector<FiscalPayment>& payments) {
  if (!sale.circumstances || sale.circumstances->payments.empty()) return true;
  const auto& said = sale.circumstances->payments;
  const bool cash_said = std::ranges::any_of(said, [](const auto& p) { return p.kind == "cash"; });
  const bool other_said = std::ranges::any_of(said, [](const auto& p) { return p.kind != "cash"; });
  bool cash = false, other = false;
  for (const auto& p : payments) (p.tender == Tender::kCash ? cash : other) |= p.amount.minor > 0;
  return (!cash || cash_said) && (!other || other_said);
}

}  // namespace

Result<void> Desk::pay(const Uuid& id, const std::string& quote_id,
                       std::vector<FiscalPayment> payments, Then<const Sale&> then,
                       const std::string& request) {
  Live* live = TILL_TRY(live_sale(id));
  Sale& sale = live->sale;
  if (sale.state != State::kQuoted) return fail(Code::kSaleState, std::string(name(sale.state)));
  if (is_rechecked_now(sale)) return fail(Code::kDeviceBusy, "register");
  // What is fixed is never worked out again, so it does not grow old.
  const bool old = !sale.fixed() && clock_.unix_us() - sale.quoted_us > config_.quote_life_us;
  const bool stale = quote_id != sale.quote_id || old;
  if (stale) return fail(Code::kQuoteStale);
  if (!as_announced(sale, payments)) return fail(Code::kQuoteStale, "payments");
  TILL_CHECK(check_floors(sale));
  TILL_CHECK(check_payments(sale, payments));
  TILL_CHECK(check_coupons(sale));
  TILL_CHECK(check_caps(sale));
  if (!sale.undoes.is_nil() && !undoes_something(sale)) return fail(Code::kSaleState, "undo");
  sale.payments = std::move(payments);
  sale.clear_trouble();
  live->tries = live->answers = live->long_questions = 0;  // a doubt of this attempt is a new one
  live->last_answer = {};
  remember_refused(sale);
  const auto number = sale.attempt.number + 1;
  sale.attempt = {};
  sale.attempt.number = number;
  sale.attempt.request = request;
  live->waiting.push_back(std::move(then));
  const bool holds = points_to_spend(sale).units > 0 || !limited_coupons(sale).empty();
  if (holds && !sale.is_return) {
    sale.attempt.hold = new_uuid(clock_, random_);
    step(*live, Event::kPayWithHold);
    // The hold's id is on the disk before central hears of it: a restart can release it.
    journal_.hard(sale, "hold", {}, [this, id] { ask_hold(id); });
  } else {
    step(*live, Event::kPay);
    fiscalise(id);
  }
  hooks_.changed(sale);
  return {};
}

void Desk::ask_hold(const Uuid& id) {
  const Sale& sale = live_.at(id)->sale;
  points_.hold({sale.attempt.hold, sale.customer ? sale.customer->customer : CustomerId{},
                points_to_spend(sale), limited_coupons(sale), sale.key()},
               [this, id](const Result<void>& result) { on_hold(id, result); });
}

// No answer from central: a hold it granted ahead can stand in for the one that is unknown.
bool Desk::use_allowance(Live& live) {
  Sale& sale = live.sale;
  if (!sale.customer) return false;
  const Identity& who = *sale.customer;
  if (who.allowance.is_nil() || who.allowance_points < points_to_spend(sale) ||
      who.allowance_expires_us <= clock_.unix_us() || journal_.allowance_used(who.allowance)) {
    return false;
  }
  const Uuid unknown = sale.attempt.hold;
  sale.attempt.hold = who.allowance;
  sale.attempt.by_allowance = true;
  const Uuid id = sale.id;
  journal_.hard(sale, "allowance", {{FactKind::kHoldReleased, unknown}}, [this, id] {
    step(*live_.at(id), Event::kHeld);
    fiscalise(id);
  });
  return true;
}

void Desk::on_hold(const Uuid& id, const Result<void>& result) {
  Live& live = *live_.at(id);
  Sale& sale = live.sale;
  if (result) {
    step(live, Event::kHeld);
    hooks_.changed(sale);
    return fiscalise(id);
  }
  if (result.error().code != Code::kCentralOffline) {
    step(live, Event::kHoldRefused);
    sale.set_trouble(result.error());
    if (result.error().code == Code::kCouponRefused) used_elsewhere(sale, result.error().detail);
    journal_.soft(sale, "hold_refused");
    return rest(live);
  }
  // A coupon alone waits for nobody: this store knows its own uses, and a second use elsewhere is
  // named by central. The hold may stand there; it ends with the sale.
  if (points_to_spend(sale).units <= 0) {
    step(live, Event::kHeld);
    return fiscalise(id);
  }
  if (use_allowance(live)) return;
  outcome(live, Event::kHoldLost);
  const Uuid hold = sale.attempt.hold;
  step(live, Event::kReleased);
  sale.set_trouble({Code::kPointsOffline, {}, {}});
  journal_.hard(sale, "hold_unknown", {{FactKind::kHoldReleased, hold}},
                [this, id] { rest(*live_.at(id)); });
}

RegisterPort& Desk::register_of(const Sale& sale, const Attempt& attempt) const {
  return registers_(sale.till, attempt.baseline.fiscal_memory);
}

void Desk::fiscalise(const Uuid& id) {
  const Sale& sale = live_.at(id)->sale;
  const std::uint32_t attempt = sale.attempt.number;
  RegisterPort& port = registers_(sale.till, {});
  const auto give_up = [this, id, attempt](Code why) { give_up_waiting(id, attempt, why); };
  if (!port.online()) {
    return hooks_.after(0, [give_up] { give_up(Code::kRegisterOffline); });
  }
  hooks_.after(config_.register_wait_us, [give_up] { give_up(Code::kDeviceBusy); });
  port.lock([this, id, attempt, &port] {
    const auto at = live_.find(id);
    const bool waits = at != live_.end() && at->second->sale.state == State::kFiscalising &&
                       at->second->sale.attempt.number == attempt;
    if (!waits) return port.unlock();
    at->second->port = &port;
    ask_of_earlier(id, 0);
  });
}

// What a person said of earlier attempts may not have been held against the register yet: that
// comes first, whoever prints. When the question is lost nothing is printed; when the register can
// not tell, her word stands.
void Desk::ask_of_earlier(const Uuid& id, std::size_t unanswered) {
  Live& live = *live_.at(id);
  if (ends_by_earlier(live)) return;
  std::vector<AttemptKey> due;
  std::ranges::copy_if(to_recheck_, std::back_inserter(due), [&](auto& k) { return k.sale == id; });
  if (config_.till_prints || unanswered >= due.size()) {
    return live.port->prepare(receipt_of(live.sale),
                              [this, id](const Result<Baseline>& b) { on_prepared(id, b); });
  }
  std::ranges::sort(due);
  const AttemptKey key = due[unanswered];
  const auto& attempt = live.sale.settlement(key.attempt)->attempt;
  live.port->resolve(attempt.receipt, attempt.baseline,
                     [this, id, key, unanswered](const Result<Resolution>& found) {
                       if (!found && is_loss(found.error().code)) {
                         return refused(*live_.at(id), found.error());
                       }
                       if (!found || found->verdict == ResolutionVerdict::kNeedsPerson) {
                         return ask_of_earlier(id, unanswered + 1);
                       }
                       std::erase(to_recheck_, key);
                       on_compared(key, *found);
                       ask_of_earlier(id, unanswered);
                     });
}

// Nothing of the attempt has been sent: the customer need not stand there until another sale's
// doubt is over, and a register that comes back later prints nothing for her.
void Desk::give_up_waiting(const Uuid& id, std::uint32_t attempt, Code why) {
  const auto at = live_.find(id);
  if (at == live_.end() || at->second->port != nullptr) return;
  const Sale& sale = at->second->sale;
  if (sale.state != State::kFiscalising || sale.attempt.number != attempt) return;
  refused(*at->second, {why, "register", {}});
}

void Desk::on_prepared(const Uuid& id, const Result<Baseline>& baseline) {
  Live& live = *live_.at(id);
  if (!baseline) return refused(live, baseline.error());
  paper_is_finished(*live.port);  // the register would not be ready otherwise
  Sale& sale = live.sale;
  // A recheck may have put what that sale stands on right since the return was opened.
  if (const auto sold = sale.is_return ? find(sale.returned_sale) : std::nullopt;
      sold && sold->document) {
    sale.returned_document = {sold->document->fiscal_memory, sold->document->number};
  }
  sale.attempt.baseline = *baseline;
  sale.attempt.receipt = receipt_of(sale);
  sale.attempt.payload_hash = payload_hash(sale.attempt.receipt);
  journal_.hard(sale, "intent", {}, [this, id] {
    const Live& now = *live_.at(id);
    now.port->receipt(now.sale.key(), now.sale.attempt.receipt,
                      [this, id](const RegisterOutcome& o) { on_outcome(id, o); });
  });
}

void Desk::on_outcome(const Uuid& id, const RegisterOutcome& outcome) {
  Live& live = *live_.at(id);
  switch (outcome.verdict) {
    case Verdict::kDone:
      return commit(live, outcome.document);
    case Verdict::kRefused:
      if (!outcome.dirty) return refused(live, outcome.error);
      step(live, Event::kDirty);
      live.sale.set_trouble(outcome.error);
      journal_.soft(live.sale, "refused_dirty");
      return recover_dirty(id);
    case Verdict::kInDoubt:
      step(live, Event::kLost);
      live.sale.set_trouble({Code::kRegisterInDoubt, {}, {}});
      journal_.soft(live.sale, "in_doubt");
      rest(live);
      return resolve(id);
  }
}

// Cancels in the register what is still open there, and only then calls it refused.
void Desk::recover_dirty(const Uuid& id) {
  live_.at(id)->port->recover([this, id](const Result<void>& result) {
    Live& live = *live_.at(id);
    if (result) {
      return refused(live, live.sale.trouble_error());
    }
    step(live, Event::kLost);  // the walk finds out; it cancels too
    live.sale.set_trouble({Code::kRegisterInDoubt, {}, {}});
    journal_.soft(live.sale, "in_doubt");
    rest(live);
    resolve(id);
  });
}

void Desk::resolve(const Uuid& id) {
  const auto at = live_.find(id);
  if (at == live_.end() || at->second->sale.state != State::kInDoubt || at->second->resolving) {
    return;
  }
  Live& live = *at->second;
  if (!live.port->online()) return retry_resolve(id);
  live.resolving = true;
  live.asked_us = clock_.monotonic_us();
  const Attempt& attempt = live.sale.attempt;
  live.port->resolve(attempt.receipt, attempt.baseline,
                     [this, id, attempt = attempt.number](const Result<Resolution>& r) {
                       on_resolved(id, attempt, r);
                     });
}

void Desk::retry_resolve(const Uuid& id) {
  Live& live = *live_.at(id);
  const auto wait = std::min(kResolveFirstUs << std::min(live.tries++, 10), kResolveMostUs);
  wait_and_resolve(live, wait);
}

// One wait at a time: a cable that comes and goes must not add another.
void Desk::wait_and_resolve(Live& live, std::int64_t us) {
  hooks_.after(us, [this, id = live.sale.id, n = ++live.timer] {
    const auto at = live_.find(id);
    if (at != live_.end() && at->second->timer == n) resolve(id);
  });
}

void Desk::on_resolved(const Uuid& id, std::uint32_t attempt, const Result<Resolution>& result) {
  const auto at = live_.find(id);
  if (at == live_.end() || at->second->sale.state != State::kInDoubt) return;  // a person was first
  Live& live = *at->second;
  if (live.sale.attempt.number != attempt) return;  // … and it was paid again since
  live.resolving = false;
  if (!result) {
    // The doubt stays; what somebody can do about it (paper, cover) is said.
    const Error& error = result.error();
    const bool again = live.last_answer == error.code;
    live.last_answer = error.code;
    if (!is_loss(error.code) && !again) {
      live.sale.set_trouble(error);
      hooks_.changed(live.sale);
    }
    live.answers = again ? live.answers + 1 : 1;
    if (clock_.monotonic_us() - live.asked_us >= kLongQuestionUs) ++live.long_questions;
    // The register answers, and will not answer otherwise by being asked for ever.
    const auto most = most_of_the_same(error.code);
    if ((most > 0 && live.answers >= most) || live.long_questions >= kLongQuestions) {
      const auto word = code_name(error.code) + " " + error.detail;
      return needs_person(live, {ResolutionVerdict::kNeedsPerson, {}, word, {}}, error.vendor);
    }
    return retry_resolve(id);
  }
  switch (result->verdict) {
    case ResolutionVerdict::kDone:
      return commit(live, result->document);
    case ResolutionVerdict::kRefused:
      return refused(live, {Code::kNothingPrinted, result->reason, {}});
    case ResolutionVerdict::kNeedsPerson:
      return needs_person(live, *result);
  }
}

std::vector<Fact> Desk::release_facts(const Sale& sale) const {
  std::vector<Fact> facts;
  if (!sale.attempt.hold.is_nil() && !sale.attempt.by_allowance) {
    facts.push_back({FactKind::kHoldReleased, sale.attempt.hold});
  }
  return facts;
}

bool Desk::others_have(const Uuid& allowance, const Uuid& but) const {
  return std::ranges::any_of(live_, [&](const auto& entry) {
    const auto& other = entry.second->sale;
    return entry.first != but && other.customer && other.customer->allowance == allowance;
  });
}

std::vector<Fact> Desk::allowance_facts(const Sale& sale) const {
  if (!sale.customer || sale.customer->allowance.is_nil() || sale.is_return) return {};
  const Uuid& allowance = sale.customer->allowance;
  if (others_have(allowance, sale.id)) return {};
  if (sale.attempt.by_allowance || journal_.allowance_used(allowance)) return {};
  return {{FactKind::kHoldReleased, allowance}};
}

void Desk::close(Sale& sale, const FiscalDocument& document) {
  sale.document = document;
  sale.closed_us = clock_.unix_us();
  sale.contact.clear();  // it has served; nobody needs to find it in the journal
  sale.attempt.receipt.contact.clear();
  if (sale.plain) sale.plain->contact.clear();
  issue_coupons(sale);
  sale.earned = earned_terms(program_, sale);
  sale.clear_trouble();
  if (document.printed) return;
  sale.set_trouble({Code::kNotPrinted, {}, {}});
  unprinted_.push_back(sale.id);
}

void Desk::paper_is_finished(const RegisterPort& there) {
  for (const Uuid& id : std::exchange(unprinted_, {})) {
    auto sale = journal_.load(id);
    if (!sale || !sale->document) continue;
    if (&registers_(sale->till, sale->document->fiscal_memory) != &there) {
      unprinted_.push_back(id);
      continue;
    }
    sale->document->printed = true;
    if (sale->trouble == static_cast<std::int32_t>(Code::kNotPrinted)) sale->clear_trouble();
    journal_.soft(*sale, "printed");
    hooks_.changed(*sale);
  }
}

std::vector<Fact> Desk::sold_facts(const Sale& sale) {
  std::vector<Fact> facts{{FactKind::kSale}};
  for (const Fact& fact : allowance_facts(sale)) facts.push_back(fact);
  for (const Settlement& settled : sale.settlements) {
    if (!is_extra_still(sale, settled)) continue;
    facts.push_back({.kind = FactKind::kSoldTwice, .attempt = settled.attempt.number});
  }
  return facts;
}

// The document, the posting's entry and the state: one transaction.
void Desk::commit(Live& live, const FiscalDocument& document) {
  Sale& sale = live.sale;
  outcome(live, Event::kDone);
  close(sale, document);
  auto facts = sold_facts(sale);
  const Uuid id = sale.id;
  journal_.hard(sale, "commit", std::move(facts), [this, id] {
    unlock(*live_.at(id));
    rest(*live_.at(id));
    live_.erase(id);
  });
}

void Desk::refused(Live& live, const Error& error) {
  Sale& sale = live.sale;
  outcome(live, Event::kRefused);
  if (Settlement* const printed = printed_already(sale)) return commit_found(live, *printed, {});
  sale.set_trouble(error);
  auto facts = release_facts(sale);
  sale.attempt.drop_hold();
  const Uuid id = sale.id;
  const auto then = [this, id] {
    unlock(*live_.at(id));
    rest(*live_.at(id));
  };
  if (!facts.empty()) return journal_.hard(sale, "refused", std::move(facts), then);
  journal_.soft(sale, "refused");
  then();
}

void Desk::needs_person(Live& live, const Resolution& resolution, const std::string& vendor) {
  outcome(live, Event::kUnresolved);
  live.sale.set_trouble({Code::kNeedsPerson, resolution.reason, vendor});
  live.sale.candidates = resolution.candidates;
  const Uuid id = live.sale.id;
  journal_.hard(live.sale, "needs_person", {}, [this, id] {
    unlock(*live_.at(id));
    rest(*live_.at(id));
  });
}

// A step whose result is shown only once it is on the disk; rest() shows it.
void Desk::outcome(Live& live, Event event) {
  if (!live.shown) live.shown = live.sale.state;
  step(live, event);
}

// The sale rests: everybody who waited hears of it.
void Desk::rest(Live& live) {
  live.shown.reset();
  const auto waiting = std::exchange(live.waiting, {});
  hooks_.changed(live.sale);
  for (const auto& then : waiting) then(live.sale);
}

void Desk::unlock(Live& live) {
  if (auto* const port = std::exchange(live.port, nullptr)) port->unlock();
}

void Desk::register_online() {
  recheck_wait_us_ = kRecheckFirstUs;
  recheck_settled();
  for (auto& [id, live] : live_) {
    if (live->sale.state != State::kInDoubt || live->port == nullptr) continue;
    live->tries = 0;
    wait_and_resolve(*live, 0);
  }
}

}  // namespace till::checkout
