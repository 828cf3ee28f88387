#include "fiscal.h"

namespace till::app {
namespace {

namespace json = boost::json;
using checkout::Then;

constexpr std::uint32_t kAskMs = 15000;
constexpr std::uint32_t kReceiptMs = 120000;  // a long receipt on a slow printer
constexpr std::uint32_t kShiftMs = 150000;

// A done operation's body; anything else as its error.
Result<json::value> body_of(const ipc::Outcome& outcome) {
  if (outcome.verdict != ipc::Verdict::kDone) return std::unexpected(outcome.error);
  boost::system::error_code bad;
  json::value value = json::parse(outcome.body, bad);
  if (bad) return fail(Code::kBadFrame, "result");
  return value;
}

FiscalReceipt with_tax_system(FiscalReceipt receipt, int tax_system) {
  receipt.ru_ffd.tax_system_1055 = tax_system;
  return receipt;
}

}  // namespace

void Fiscal::prepare(const std::string& cashier, Then<Result<Baseline>> then) {
  device_->submit("fiscal.status", "", json::object{}, kAskMs, [=, this](const ipc::Outcome& o) {
    const auto body = body_of(o);
    if (!body) return then(std::unexpected(body.error()));
    const auto status = status_from_json(*body);
    if (!status) return then(std::unexpected(status.error()));
    on_status(*status, cashier, then);
  });
}

void Fiscal::on_status(const RegisterStatus& status, const std::string& cashier,
                       const Then<Result<Baseline>>& then) {
  if (!status.paper) return then(fail(Code::kPaperOut));
  if (status.cover_open) return then(fail(Code::kCoverOpen));
  if (status.shift == "expired") return then(fail(Code::kShiftTooLong));
  if (status.document_open) {
    // Nobody's sale holds the lock but ours, so what is open is a leftover.
    return recover([=, this](const Result<void>& recovered) {
      if (!recovered) return then(std::unexpected(recovered.error()));
      prepare(cashier, then);
    });
  }
  if (status.shift == "open") return read_baseline(then);
  if (!auto_open_shift_) return then(fail(Code::kShiftClosed));
  device_->submit("fiscal.open_shift", "",
                  json::object{{"cashier", to_json(Operator{cashier, ""})}}, kShiftMs,
                  [=, this](const ipc::Outcome& o) {
                    const auto body = body_of(o);
                    if (!body) return then(std::unexpected(body.error()));
                    read_baseline(then);
                  });
}

void Fiscal::read_baseline(const Then<Result<Baseline>>& then) {
  device_->submit("fiscal.baseline", "", json::object{}, kAskMs, [then](const ipc::Outcome& o) {
    const auto body = body_of(o);
    if (!body) return then(std::unexpected(body.error()));
    then(baseline_from_json(*body));
  });
}

void Fiscal::receipt(const AttemptKey& key, const FiscalReceipt& receipt,
                     Then<checkout::RegisterOutcome> then) {
  json::object body{{"receipt", to_json(with_tax_system(receipt, tax_system_))}};
  device_->submit("fiscal.receipt", to_string(key), std::move(body), kReceiptMs,
                  [then](const ipc::Outcome& o) {
                    checkout::RegisterOutcome outcome;
                    outcome.error = o.error;
                    outcome.dirty = o.dirty;
                    if (o.verdict == ipc::Verdict::kRefused) {
                      outcome.verdict = checkout::Verdict::kRefused;
                    } else if (const auto value = body_of(o)) {
                      // Done, but unreadable is as good as no verdict.
                      if (auto document = document_from_json(*value)) {
                        outcome.verdict = checkout::Verdict::kDone;
                        outcome.document = std::move(*document);
                      }
                    }
                    then(outcome);
                  });
}

void Fiscal::resolve(const FiscalReceipt& receipt, const Baseline& before,
                     Then<Result<Resolution>> then) {
  json::object body{{"receipt", to_json(with_tax_system(receipt, tax_system_))},
                    {"baseline", to_json(before)}};
  device_->submit("fiscal.resolve", "", std::move(body), kReceiptMs, [then](const ipc::Outcome& o) {
    const auto value = body_of(o);
    if (!value) return then(std::unexpected(value.error()));
    then(resolution_from_json(*value));
  });
}

void Fiscal::recover(Then<Result<void>> then) {
  device_->submit("fiscal.recover", "", json::object{}, kReceiptMs, [then](const ipc::Outcome& o) {
    const auto body = body_of(o);
    if (!body) return then(std::unexpected(body.error()));
    then({});
  });
}

void Fiscal::command(const std::string& verb, json::object body,
                     const Then<Result<json::value>>& then) {
  lock([this, verb, body = std::move(body), then] {
    device_->submit(verb, "", body, kShiftMs, [this, then](const ipc::Outcome& o) {
      unlock();
      then(body_of(o));
    });
  });
}

}  // namespace till::app
