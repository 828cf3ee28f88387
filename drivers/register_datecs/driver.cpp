// Datecs fiscal printers of group A (Bulgaria), "ISL" protocol. The command flow follows the
// vendor's interface description 1.00BG.
//
// The country has no shifts: a Z report ends the day, and after 24 hours the register sells no more
// without one. A document is fiscal when its receipt is closed (38h). Until the first payment (35h)
// a receipt can be cancelled; a paid one can only be closed.
#include "driver.h"

#include <cstdlib>

namespace till::datecs {
namespace {

constexpr std::uint32_t kPrintPatienceMs = 20000;
constexpr std::uint32_t kPrintPollMs = 300;
constexpr int kMaxRecords = 3000;  // of one document in the journal: 512 sales and their paper
constexpr std::uint32_t kLastSaleNumber = 9999999;

// Commands that put something on paper: without paper they are not executed.
bool prints(Command c) {
  switch (c) {
    case Command::kOpenReceipt:
    case Command::kOpenStorno:
    case Command::kSale:
    case Command::kPayment:
    case Command::kText:
    case Command::kCloseReceipt:
    case Command::kCancelReceipt:
    case Command::kDailyReport:
    case Command::kCash:
    case Command::kCopy:
    case Command::kCloseService:
      return true;
    default:
      return false;
  }
}

std::string kind_of(JournalDocument::Kind kind) {
  switch (kind) {
    case JournalDocument::Kind::kSale:
      return "sale";
    case JournalDocument::Kind::kReturn:
      return "sale_return";
    case JournalDocument::Kind::kDailyReport:
      return "shift_close";
    default:
      return "other";
  }
}

std::unexpected<Error> memory_ended() {
  return fail(Code::kMemoryEnded, "fiscal memory is full", "S4.4");
}

// A refusal that must not be told as one: the receipt is or will be fiscal. As a loss it is looked
// into.
std::unexpected<Error> doubt(const char* why, Error error) {
  if (is_loss(error.code)) return std::unexpected(std::move(error));
  return fail(Code::kTimeout, why + error.detail, error.vendor);
}

}  // namespace

Result<Reply> DatecsRegister::command(const Request& request, Patience patience) {
  auto reply = TILL_TRY(link().exchange(request, patience));
  // With paper at its end while printing, an executed command still answers with its data.
  const bool no_paper = prints(request.command) &&
                        (reply.status.paper_out() || reply.status.cover_open()) &&
                        reply.data.empty();
  if (!reply.status.refused() && !no_paper) return reply;
  return std::unexpected(refusal(reply));
}

// Why the last command was refused, as far as the device tells.
Error DatecsRegister::refusal(const Reply& reply) {
  if (reply.status.paper_out() || reply.status.cover_open()) return to_error(reply.status);
  const auto told = link().exchange(plain(Command::kLastError), kUsual);
  const auto code = told ? parse_last_error(told->data) : fail(Code::kTimeout);
  const Error error = code && *code != 0 ? to_error(*code) : to_error(reply.status);
  // The device only says "not permitted".
  const bool ended = error.code == Code::kRegisterRefused && reply.status.not_allowed();
  if (ended && reply.status.memory_full()) return memory_ended().error();
  if (error.code == Code::kShiftTooLong) expired_ = true;
  if (error.code == Code::kRegisterPassword) wrong_password_ = true;
  return error;
}

Result<Baseline> DatecsRegister::baseline() {
  const auto state = TILL_TRY(memory());
  return Baseline{state.fiscal_memory, state.last_document,
                  TILL_TRY(parse_clock(TILL_TRY(ask(plain(Command::kClock)))))};
}

Result<void> DatecsRegister::check_receipt(const FiscalReceipt& receipt) {
  TILL_TRY(plan_of(receipt, settings_));
  if (!rates_) {
    const auto told = ask(plain(Command::kRates));
    if (!told && is_loss(told.error().code)) return std::unexpected(told.error());
    const auto rates = told ? parse_rates(*told) : std::unexpected(told.error());
    rates_ = rates.value_or(std::map<char, Percent>());
  }
  if (rates_->empty()) return {};
  auto agrees = check_rates(receipt, settings_, *rates_);
  if (!agrees) rates_.reset();  // somebody sees to it: asked again
  return agrees;
}

Result<void> DatecsRegister::ready_for_receipt() {
  // The third wrong one blocks the printer until it is switched off.
  if (wrong_password_) return fail(Code::kRegisterPassword, "not tried again before a restart");
  const auto s = TILL_TRY(device_status());
  if (s.paper_out() || s.cover_open() || s.printer_fault()) return std::unexpected(to_error(s));
  if (s.document_open()) {
    document_open(true);
    return fail(Code::kDocumentOpen);
  }
  // In training mode the paper looks like a receipt and is none.
  if (!s.fiscal_mode()) return fail(Code::kRegisterRefused, "not in fiscal mode");
  if (s.memory_full()) return memory_ended();
  if (s.clock_not_set()) return fail(Code::kRegisterRefused, "the clock is not set");
  return {};
}

Result<Request> DatecsRegister::opening(const FiscalReceipt& r, const Diagnostics& d,
                                        const std::string& unp) {
  if (r.kind == FiscalKind::kSale) return open_sale(settings_.access, unp);
  if (r.returned->fiscal_memory != d.fiscal_memory) {
    return fail(Code::kOutOfRange, "returned.fiscal_memory: sold by another register");
  }
  const auto sold = TILL_TRY(journal_document(r.returned->number));
  if (sold.kind != JournalDocument::Kind::kSale) return fail(Code::kBadValue, "returned.number");
  return open_return(settings_.access, unp,
                     {r.returned->number, sold.unp, sold.time, d.fiscal_memory});
}

// `due` is what the device must say is left to pay, or its change, step by step.
Result<void> DatecsRegister::pay(const std::vector<PlannedPayment>& payments, Money due) {
  for (const auto& p : payments) {
    const auto paid = TILL_TRY(parse_payment(TILL_TRY(ask(payment(p.mode, p.amount)))));
    due.minor -= p.amount.minor;
    const bool more = due.minor > 0;
    if (paid.code != 'D' && paid.code != 'R') {
      return fail(Code::kRegisterRefused, "payment", std::string(1, paid.code));
    }
    if ((paid.code == 'D') != more && paid.amount.minor != 0) {
      return fail(Code::kRegisterRefused, "payment: the register counts otherwise");
    }
    if (paid.amount.minor != std::abs(due.minor)) {
      return fail(Code::kRegisterRefused, "payment: " + to_string(paid.amount) + " left");
    }
  }
  return {};
}

// After the first payment a receipt can't be cancelled any more: a refusal is one only while
// nothing is paid. All else is a doubt, for the receipt may still become fiscal.
Error DatecsRegister::cannot_be_undone(Error error) {
  if (is_loss(error.code)) return error;
  const auto state = receipt_state();
  if (state && state->open && state->tendered.minor == 0) return error;
  if (!state && is_loss(state.error().code)) return state.error();
  return doubt("paid, but not closed: ", std::move(error)).error();
}

Result<FiscalDocument> DatecsRegister::receipt(const FiscalReceipt& r) {
  auto plan = TILL_TRY(plan_of(r, settings_));
  TILL_CHECK(ready_for_receipt());
  const auto d = TILL_TRY(diagnostics());
  const auto sale_number = parse_last_sale_number(TILL_TRY(ask(plain(Command::kOpenReceipt)))) + 1;
  if (sale_number > kLastSaleNumber) return fail(Code::kOutOfRange, "unique sale number");
  const auto unp = unique_sale_number(d.serial, settings_.operator_code, sale_number);
  const auto open = TILL_TRY(opening(r, d, unp));

  document_open(true);
  TILL_CHECK(command(open));
  for (const auto& sale : plan.sales) TILL_CHECK(command(sale));
  for (const auto& text : plan.texts) TILL_CHECK(command(text));
  const auto sum = TILL_TRY(parse_subtotal(TILL_TRY(ask(with_option(Command::kSubtotal, "00")))));
  if (std::abs(sum.minor) != r.total.minor) {
    return fail(Code::kRegisterRefused, "the register counts " + to_string(sum));
  }

  port().point_of_no_return();
  if (auto paid = pay(plan.payments, r.total); !paid) {
    return std::unexpected(cannot_be_undone(std::move(paid).error()));
  }
  auto reply = ask(plain(Command::kCloseReceipt));
  if (!reply) return std::unexpected(cannot_be_undone(std::move(reply).error()));
  document_open(false);
  expired_ = false;
  auto out = closed_document(*reply, d, unp);
  if (!out) return doubt("closed, but not read back: ", std::move(out).error());
  out->total = r.total;
  out->witness = r.witness;
  out->kind = kind_name(r);
  out->notes = std::move(plan.notes);
  // The document is fiscal now; whatever the paper does, it is only not printed yet.
  out->printed = wait_printed().value_or(false);
  return out;
}

// The document just closed, known by its unique sale number.
Result<FiscalDocument> DatecsRegister::closed_document(Bytes close_reply, const Diagnostics& d,
                                                       const std::string& unp) {
  FiscalDocument out{.fiscal_memory = d.fiscal_memory,
                     .receipt = TILL_TRY(parse_closed(close_reply)).fiscal_receipts};
  const auto last =
      TILL_TRY(parse_last_fiscal(TILL_TRY(ask(with_option(Command::kOpenReceipt, "*")))));
  if (last.unp != unp) return fail(Code::kBadValue, "another document came between");
  out.number = last.document;
  out.time = TILL_TRY(parse_clock(TILL_TRY(ask(plain(Command::kClock)))));
  return out;
}

// True when all is on paper, false when it is out of paper or the time is over.
Result<bool> DatecsRegister::wait_printed() {
  for (std::uint32_t waited = 0; waited <= kPrintPatienceMs; waited += kPrintPollMs) {
    const auto reply = TILL_TRY(command(with_option(Command::kStatus, "L")));
    if (TILL_TRY(parse_number(reply.data)) == 0) return true;
    if (reply.status.paper_out() || reply.status.cover_open()) return false;
    if (!sleep(kPrintPollMs)) return fail(Code::kCancelled);
  }
  return false;
}

Result<bool> DatecsRegister::settle() {
  // An answer to a new number comes after everything before it is executed.
  TILL_CHECK(device_status(kSettle));
  return wait_printed();
}

Result<MemoryState> DatecsRegister::memory() {
  MemoryState state{TILL_TRY(diagnostics()).fiscal_memory, 0, false};
  const auto reply = TILL_TRY(command(plain(Command::kLastDocument)));
  state.last_document = TILL_TRY(parse_number(reply.data));
  state.document_open = reply.status.document_open();
  // Firmware may number a receipt when it opens: a last number without a receipt behind it is not
  // counted then. Looking at one document twice does no harm.
  if (state.document_open && state.last_document > counted_) {
    const auto last = journal_document(state.last_document);
    if (!last && is_loss(last.error().code)) return std::unexpected(last.error());
    if (!last || last->kind == JournalDocument::Kind::kOther) --state.last_document;
  }
  return state;
}

// The document's lines of paper.
Result<std::vector<std::string>> DatecsRegister::paper_of(std::uint32_t number) {
  std::vector<std::string> paper;
  for (int i = 0; i < kMaxRecords; ++i) {
    const auto request = i == 0 ? journal_lines(number) : with_option(Command::kJournal, "N");
    auto line = TILL_TRY(parse_journal_line(TILL_TRY(ask(request))));
    if (line.part != JournalPart::kLine) return paper;
    paper.push_back(std::move(line.text));
  }
  return fail(Code::kTooLarge, "journal document");
}

// A document without structured records is no receipt; without paper too it is none at all. Where
// the paper can't be shown it is taken for granted.
Result<void> DatecsRegister::known_by_paper(std::uint32_t number) {
  const auto paper = paper_of(number);
  if (paper && paper->empty()) return fail(Code::kNoSuchDocument);
  if (!paper && (is_loss(paper.error().code) || paper.error().code == Code::kNoSuchDocument)) {
    return std::unexpected(paper.error());
  }
  return {};
}

Result<JournalDocument> DatecsRegister::journal_document(std::uint32_t number) {
  JournalDocument d;
  for (int i = 0; i < kMaxRecords; ++i) {
    const auto request = i == 0 ? journal_records(number) : with_option(Command::kJournal, "w");
    const auto reply = ask(request);
    const bool unknown = !reply && reply.error().code == Code::kNoSuchDocument;
    if (!reply && !unknown) return std::unexpected(reply.error());
    const auto part = unknown ? Result<JournalPart>(JournalPart::kNoData) : add_record(d, *reply);
    if (TILL_TRY(part) == JournalPart::kLine) continue;
    if (i == 0) TILL_CHECK(known_by_paper(number));
    if (d.number != number && d.kind != JournalDocument::Kind::kOther) {
      return fail(Code::kBadValue, "the journal shows another document");
    }
    return d;
  }
  return fail(Code::kTooLarge, "journal document");
}

Result<FiscalDocument> DatecsRegister::document(std::uint32_t number) {
  FiscalDocument out{.number = number};
  const auto d = TILL_TRY(journal_document(number));
  out.time = d.time;
  out.total = {std::abs(d.total.minor)};
  out.kind = kind_of(d.kind);
  if (d.kind == JournalDocument::Kind::kSale || d.kind == JournalDocument::Kind::kReturn) {
    const auto paper = paper_of(number);
    if (!paper && is_loss(paper.error().code)) return std::unexpected(paper.error());
    out.witness_readable = paper.has_value();
    if (paper) out.witness = witness_of(*paper);
  }
  return out;
}

Result<Resolution> DatecsRegister::resolve(const FiscalReceipt& receipt, const Baseline& before) {
  resolving_ = &receipt;
  counted_ = before.last_document;
  auto resolution = resolve_by_walk(*this, receipt, before);
  resolving_ = nullptr;
  counted_ = 0;
  return resolution;
}

// A paid receipt has one way out: the rest of its payments as planned, else in cash, and closing.
Result<void> DatecsRegister::complete_paid() {
  const auto state = TILL_TRY(receipt_state());
  const Money tendered{std::abs(state.tendered.minor)};
  const Money due{std::abs(state.amount.minor) - tendered.minor};
  if (due.minor > 0) {
    std::vector<PlannedPayment> rest{{'P', due}};
    const auto plan = resolving_ ? plan_of(*resolving_, settings_) : fail(Code::kInternal);
    if (plan && resolving_->total.minor == std::abs(state.amount.minor)) {
      rest = payments_after(plan->payments, tendered);
    }
    TILL_CHECK(pay(rest, due));
  }
  TILL_CHECK(command(plain(Command::kCloseReceipt)));
  return {};
}

Result<void> DatecsRegister::cancel() {
  TILL_CHECK(settle());
  const auto before = TILL_TRY(device_status());
  if (before.service_open()) TILL_CHECK(command(plain(Command::kCloseService)));
  if (before.fiscal_open()) {
    if (const auto cancelled = command(plain(Command::kCancelReceipt)); !cancelled) {
      if (is_loss(cancelled.error().code)) return std::unexpected(cancelled.error());
      const auto state = TILL_TRY(receipt_state());
      if (!state.open || state.tendered.minor == 0) return std::unexpected(cancelled.error());
      TILL_CHECK(complete_paid());
    }
  }
  if (TILL_TRY(device_status()).document_open()) return fail(Code::kDocumentOpen);
  document_open(false);
  return {};
}

}  // namespace till::datecs

TILLBRIDGE_PLUGIN(till::datecs::DatecsRegister)
