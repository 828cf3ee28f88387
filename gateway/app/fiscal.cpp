#include "fiscal.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "gateway/base/log.h"

namespace till::app {
namespace {

namespace json = boost::json;
using checkout::Then;

constexpr std::uint32_t kAskMs = 15000;
constexpr std::uint32_t kReceiptMs = 120000;
constexpr std::uint32_t kLineMs = 3000;  // four commands of a slow register for a marked piece
constexpr std::uint32_t kShiftMs = 150000;
// The longest walk of a resolve, at what a slow register takes to show one document.
constexpr std::uint32_t kWalkMs = 1000 * 600;
constexpr int kLossTries = 20;
constexpr std::int64_t kLossRetryUs = 1'000'000;
constexpr std::int64_t kTurnUs = 20'000'000;  // a person waits no longer for her turn

using checkout::is_loss;

std::uint32_t receipt_ms(const FiscalReceipt& receipt) {
  return kReceiptMs + kLineMs * static_cast<std::uint32_t>(receipt.lines.size());
}

// A done operation's body; anything else as its error.
Result<json::value> body_of(const ipc::Outcome& outcome) {
  if (outcome.verdict != ipc::Verdict::kDone) return std::unexpected(outcome.error);
  boost::system::error_code bad;
  json::value value = json::parse(outcome.body, bad);
  if (bad) return fail(Code::kBadFrame, "result");
  return value;
}

}  // namespace

void Fiscal::ask(const std::string& verb, json::object body, std::uint32_t deadline_ms,
                 const Body& then) {
  device_->submit(verb, "", std::move(body), deadline_ms, [this, then](const ipc::Outcome& o) {
    const auto answer = body_of(o);
    heard(answer);
    then(answer);
  });
}

// A port that opens is no register yet: it may be switched off, or another device. A device that is
// offline says so itself.
void Fiscal::heard(const Result<json::value>& answer) {
  const bool lost = !answer && is_loss(answer.error().code);
  if (lost && online()) {
    if (!silence_) log_warning("{}: does not answer: {}", device_->id(), answer.error().detail);
    silence_ = answer.error();
  } else if (!lost && silence_) {
    silence_.reset();
    log_info("{}: answers again", device_->id());
  }
}

std::optional<Error> Fiscal::trouble() const {
  if (!online()) return problem().value_or(Error{Code::kRegisterOffline, {}, {}});
  return silence_;
}

void Fiscal::status(bool detail, const Then<Result<RegisterStatus>>& then) {
  ask("fiscal.status", {{"detail", detail}}, kAskMs, [then](const Result<json::value>& body) {
    if (!body) return then(std::unexpected(body.error()));
    then(status_from_json(*body));
  });
}

void Fiscal::prepare(const FiscalReceipt& receipt, Then<Result<Baseline>> then) {
  make_ready(std::make_shared<const FiscalReceipt>(receipt), false,
             [then = std::move(then)](Result<Baseline> baseline) {
               // Nothing was sent, and nobody cancelled it: the driver stopped waiting for its
               // device.
               if (!baseline && baseline.error().code == Code::kCancelled) {
                 baseline = fail(Code::kRegisterOffline, "register");
               }
               then(std::move(baseline));
             });
}

void Fiscal::make_ready(const Printable& receipt, bool recovered,
                        const Then<Result<Baseline>>& then) {
  status(false, [=, this](const Result<RegisterStatus>& s) {
    if (!s) return then(std::unexpected(s.error()));
    on_status(*s, receipt, recovered, then);
  });
}

void Fiscal::on_status(const RegisterStatus& status, const Printable& receipt, bool recovered,
                       const Then<Result<Baseline>>& then) {
  if (const auto admitted = watch_.admits(status); !admitted) {
    return then(std::unexpected(admitted.error()));
  }
  watch_.saw(status.fiscal_memory, status.last_document);
  if (!status.paper) return then(fail(Code::kPaperOut));
  if (status.cover_open) return then(fail(Code::kCoverOpen));
  if (status.shift == "expired") return then(fail(Code::kShiftTooLong));
  if (status.document_open) {
    // Nobody's sale holds the lock but ours, so what is open is a leftover.
    if (recovered) return then(fail(Code::kRegisterRefused, "a document stays open"));
    return recover([=, this](const Result<void>& done) {
      if (!done) return then(std::unexpected(done.error()));
      make_ready(receipt, true, then);
    });
  }
  if (status.shift == "open") return read_baseline(false, then);
  if (!auto_open_shift_) return then(fail(Code::kShiftClosed));
  // A shift is a document too: none is opened for a receipt that can not be printed. A driver that
  // can not tell finds out with the receipt.
  ask("fiscal.check", {{"receipt", to_json(completed(*receipt))}}, kAskMs,
      [=, this](const Result<json::value>& fit) {
        const bool unknown = !fit && fit.error().code == Code::kVerbUnsupported;
        if (!fit && !unknown) return then(std::unexpected(fit.error()));
        open_shift_for(receipt, then);
      });
}

void Fiscal::open_shift_for(const Printable& receipt, const Then<Result<Baseline>>& then) {
  watch_.expect("shift_open");
  const Operator cashier = operators_.named(receipt->cashier.name);
  ask("fiscal.open_shift", {{"cashier", to_json(cashier)}}, kShiftMs,
      [=, this](const Result<json::value>& body) {
        if (body || !is_loss(body.error().code)) watch_.answered("shift_open");
        if (!body) return then(std::unexpected(body.error()));
        read_baseline(true, then);
      });
}

void Fiscal::read_baseline(bool ours, const Then<Result<Baseline>>& then) {
  ask("fiscal.baseline", {}, kAskMs, [this, ours, then](const Result<json::value>& body) {
    if (!body) return then(std::unexpected(body.error()));
    auto baseline = baseline_from_json(*body);
    if (baseline && ours) watch_.ours_up_to(baseline->fiscal_memory, baseline->last_document);
    if (baseline && !ours) watch_.saw(baseline->fiscal_memory, baseline->last_document);
    then(std::move(baseline));
  });
}

// What only the store knows of a receipt: its tax system, and its operator's tax number.
FiscalReceipt Fiscal::completed(FiscalReceipt receipt) const {
  if (receipt.ru_ffd.tax_system_1055 == 0) receipt.ru_ffd.tax_system_1055 = tax_system_;
  receipt.cashier = operators_.named(receipt.cashier.name);
  return receipt;
}

void Fiscal::receipt(const AttemptKey& key, const FiscalReceipt& receipt,
                     Then<checkout::RegisterOutcome> then) {
  json::object body{{"receipt", to_json(completed(receipt))}};
  device_->submit("fiscal.receipt", to_string(key), std::move(body), receipt_ms(receipt),
                  [this, then](const ipc::Outcome& o) {
                    checkout::RegisterOutcome outcome;
                    outcome.error = o.error;
                    outcome.dirty = o.dirty;
                    if (o.verdict == ipc::Verdict::kRefused) {
                      outcome.verdict = checkout::Verdict::kRefused;
                    } else if (const auto value = body_of(o)) {
                      // Done, but unreadable is as good as no verdict.
                      if (auto document = document_from_json(*value)) {
                        outcome.verdict = checkout::Verdict::kDone;
                        watch_.ours(document->fiscal_memory, document->number);
                        outcome.document = std::move(*document);
                      }
                    }
                    then(outcome);
                  });
}

void Fiscal::resolve(const FiscalReceipt& receipt, const Baseline& before,
                     Then<Result<Resolution>> then) {
  json::object body{{"receipt", to_json(completed(receipt))}, {"baseline", to_json(before)}};
  watch_.expect("other");  // what it cancels may be numbered with the documents
  ask("fiscal.resolve", std::move(body), receipt_ms(receipt) + kWalkMs,
      [this, then](const Result<json::value>& value) {
        if (!value) return then(std::unexpected(value.error()));
        auto resolution = resolution_from_json(*value);
        if (resolution && resolution->verdict == ResolutionVerdict::kDone) {
          watch_.ours(resolution->document.fiscal_memory, resolution->document.number);
        }
        then(std::move(resolution));
      });
}

void Fiscal::recover(Then<Result<void>> then) {
  watch_.expect("other");
  ask("fiscal.recover", {}, kReceiptMs, [then](const Result<json::value>& body) {
    if (!body) return then(std::unexpected(body.error()));
    then({});
  });
}

// The register for a person's command: not behind a sale whose doubt may last. Whoever is served
// first takes `then` out: the other must not keep what hangs on it (the asker's connection).
void Fiscal::in_turn(const Then<Result<void>>& then, devices::Device::Turn kind) {
  if (!online()) return after_(0, [then] { then(fail(Code::kRegisterOffline)); });
  const auto waits = std::make_shared<Then<Result<void>>>(then);
  after_(kTurnUs, [waits] {
    if (const auto late = std::exchange(*waits, {})) late(fail(Code::kDeviceBusy, "register"));
  });
  const auto serve = [this, waits] {
    const auto served = std::exchange(*waits, {});
    if (!served) return unlock();
    served({});
  };
  device_->lock(serve, kind);
}

// The same with its state; `armed`: it has to be the one that was armed.
void Fiscal::in_turn_asked(bool armed, bool detail, const Then<Result<RegisterStatus>>& then) {
  in_turn([this, armed, detail, then](const Result<void>& turn) {
    if (!turn) return then(std::unexpected(turn.error()));
    status(detail, [this, armed, then](Result<RegisterStatus> s) {
      auto admitted = s ? Result<void>() : Result<void>(std::unexpected(s.error()));
      if (s && armed) admitted = watch_.admits(*s);
      if (admitted) return then(std::move(s));
      unlock();
      then(std::unexpected(admitted.error()));
    });
  });
}

Result<void> Fiscal::not_swapped(const RegisterStatus& status) {
  const auto admitted = watch_.admits(status);
  if (admitted || admitted.error().code != Code::kRegisterReplaced) return {};
  return admitted;
}

const Fiscal::Report* Fiscal::report_of(std::string_view verb) {
  static constexpr Report kReports[] = {{"fiscal.open_shift", "shift_open", true, true, true},
                                        {"fiscal.close_shift", "shift_close", true, true, true},
                                        {"fiscal.settlement_report", "other", false, true, true},
                                        {"fiscal.x_report", "other", false, false, false},
                                        {"fiscal.copy", "other", false, false, false}};
  const auto* const at = std::ranges::find_if(kReports, [&](auto& r) { return verb == r.verb; });
  return at == std::end(kReports) ? nullptr : at;
}

void Fiscal::command(const std::string& verb, json::object body, const Body& then) {
  const Report* const makes = report_of(verb);
  if (makes == nullptr) {
    const auto kind =
        verb == "fiscal.status" ? devices::Device::Turn::kLooks : devices::Device::Turn::kActs;
    const auto ask_it = [this, verb, body = std::move(body), then](const Result<void>& turn) {
      if (!turn) return then(std::unexpected(turn.error()));
      const auto end = [this, then](const Result<json::value>& result) {
        unlock();
        then(result);
      };
      if (verb != "fiscal.write_setting" && verb != "fiscal.load_picture") {
        return ask(verb, body, kShiftMs, end);
      }
      // Tables may be filled before the register is armed, but not another one's.
      status(false, [this, verb, body, end](const Result<RegisterStatus>& s) {
        const auto same = s ? not_swapped(*s) : Result<void>(std::unexpected(s.error()));
        if (!same) return end(std::unexpected(same.error()));
        ask(verb, body, kShiftMs, end);
      });
    };
    return in_turn(ask_it, kind);
  }
  in_turn_asked(makes->armed, false,
                [this, makes, body = std::move(body), then](const Result<RegisterStatus>& s) {
                  if (!s) return then(std::unexpected(s.error()));
                  watch_.saw(s->fiscal_memory, s->last_document);
                  report(*makes, body, s->last_document, then, kLossTries);
                });
}

// A shift is opened or closed once however often it is asked for (the drivers look first), so after
// a loss it is asked for again; what came up meanwhile is our own. Of another document of the
// fiscal memory it is asked whether it came up.
void Fiscal::report(const Report& what, const json::object& body, std::uint32_t before,
                    const Body& then, int tries) {
  watch_.expect(what.document);
  ask(what.verb, body, kShiftMs, [=, this](const Result<json::value>& result) {
    const bool lost = !result && is_loss(result.error().code);
    if (lost && what.repeatable && tries > 0) {
      return after_(kLossRetryUs, [=, this] { report(what, body, before, then, tries - 1); });
    }
    if (lost && what.repeatable) return end_command(fail(Code::kRegisterInDoubt, what.verb), then);
    if (lost && what.numbered) return was_made(what, before, result.error(), then, kLossTries);
    // A refusal after a loss says nothing of the document the loss may have left.
    if (result || (!lost && tries == kLossTries)) watch_.answered(what.document);
    end_command(result, then);
  });
}

// Nothing of ours is on its way any more once what is open is taken back; then the last document
// tells. Nobody else can have made one: the turn is ours.
void Fiscal::was_made(const Report& what, std::uint32_t before, const Error& loss, const Body& then,
                      int tries) {
  const auto again = [=, this] {
    if (tries == 0) return end_command(fail(Code::kRegisterInDoubt, what.verb), then);
    after_(kLossRetryUs, [=, this] { was_made(what, before, loss, then, tries - 1); });
  };
  ask("fiscal.recover", {}, kReceiptMs, [=, this](const Result<json::value>& settled) {
    if (!settled) return again();
    status(false, [=, this](const Result<RegisterStatus>& s) {
      if (!s) return again();
      watch_.answered(what.document);
      if (s->last_document > before) return end_command(json::object{}, then);
      end_command(std::unexpected(loss), then);  // nothing came of it
    });
  });
}

// What a command of ours made is ours.
void Fiscal::end_command(const Result<json::value>& result, const Body& then) {
  if (!result) {
    unlock();
    return then(result);
  }
  read_baseline(true, [this, then, result](const Result<Baseline>&) {
    unlock();
    then(result);
  });
}

// No fiscal document, so no walk can find it; the drawer's sum is its witness. Some registers
// number its slip with the documents.
void Fiscal::cash(bool in, Money amount, const std::string& cashier, const Body& then) {
  const json::object body{{"direction", in ? "in" : "out"},
                          {"amount", amount.minor},
                          {"cashier", to_json(operators_.named(cashier))}};
  const auto end = [this, then](const Result<json::value>& result) {
    const bool unknown = !result && result.error().code == Code::kRegisterInDoubt;
    if (!unknown) watch_.answered("other");
    end_command(result, then);
  };
  in_turn_asked(true, true, [=, this](const Result<RegisterStatus>& s) {
    if (!s) return then(std::unexpected(s.error()));
    const auto before = s->cash_in_drawer;
    watch_.saw(s->fiscal_memory, s->last_document);
    watch_.expect("other");
    device_->submit("fiscal.cash", "", body, kAskMs, [=, this](const ipc::Outcome& o) {
      if (o.verdict == ipc::Verdict::kInDoubt && !before) {
        return end(fail(Code::kRegisterInDoubt, "cash"));
      }
      if (o.verdict != ipc::Verdict::kInDoubt) return end(body_of(o));
      cash_was(*before, in, amount, end, kLossTries);
    });
  });
}

void Fiscal::cash_was(Money before, bool in, Money amount, const Body& then, int tries) {
  status(true, [=, this](const Result<RegisterStatus>& s) {
    if (!s && tries > 0) {
      return after_(kLossRetryUs, [=, this] { cash_was(before, in, amount, then, tries - 1); });
    }
    if (!s) return then(fail(Code::kRegisterInDoubt, "cash"));
    const Money done = in ? before + amount : before - amount;
    if (s->cash_in_drawer == done) return then(json::object{});
    if (s->cash_in_drawer == before) return then(fail(Code::kRegisterRefused, "cash"));
    then(fail(Code::kRegisterInDoubt, "cash"));
  });
}

void Fiscal::set_clock(const std::string& local_time, const Body& then) {
  in_turn([this, local_time, then](const Result<void>& turn) {
    if (!turn) return then(std::unexpected(turn.error()));
    status(false, [this, local_time, then](const Result<RegisterStatus>& s) {
      const auto end = [this, then](const Result<json::value>& result) {
        unlock();
        then(result);
      };
      if (!s) return end(std::unexpected(s.error()));
      if (const auto same = not_swapped(*s); !same) return end(std::unexpected(same.error()));
      ask("fiscal.set_clock", {{"time", local_time}}, kAskMs, end);
    });
  });
}

void Fiscal::arm(const std::string& number, const Then<Result<void>>& then) {
  in_turn([this, number, then](const Result<void>& turn) {
    if (!turn) return then(turn);
    status(false, [this, number, then](const Result<RegisterStatus>& s) {
      unlock();
      then(s ? watch_.arm(*s, number) : Result<void>(std::unexpected(s.error())));
    });
  });
}

void Fiscal::look(const std::function<std::string()>& local_now) {
  if (!online() || looks_) return;
  looks_ = true;  // in its turn: who asks often would otherwise keep it away for ever
  const auto read = [this, local_now] {
    looks_ = false;
    status(true, [this, local_now](const Result<RegisterStatus>& s) {
      if (!s) return unlock();
      watch_.state(*s, local_now());
      if (watch_.admits(*s)) watch_.saw(s->fiscal_memory, s->last_document);
      read_foreign(watch_.unread(), true);
    });
  };
  device_->lock(read, devices::Device::Turn::kLooks);
}

// One at a time, and a sale that waits goes first; but one is read each time, or a register that is
// asked for its state all day long would never be read.
void Fiscal::read_foreign(std::vector<std::uint32_t> numbers, bool first) {
  if (watch_.unread().empty()) watch_.answered("other");  // nobody works for us, and all is known
  if (numbers.empty() || (!first && device_->wanted())) return unlock();
  const auto number = numbers.back();
  numbers.pop_back();
  ask("fiscal.document", {{"number", number}}, kAskMs,
      [this, number, numbers = std::move(numbers)](const Result<json::value>& body) {
        const auto document = body ? document_from_json(*body) : fail(body.error().code);
        if (!document && checkout::is_silence(document.error().code)) return unlock();
        if (document) {
          watch_.read(*document);
        } else {  // holds up no other
          watch_.unreadable(number, document.error());
        }
        read_foreign(numbers, false);
      });
}

}  // namespace till::app
