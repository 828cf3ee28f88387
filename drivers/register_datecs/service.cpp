// The printer's state, its reports, the drawer and the clock.
#include "driver.h"

namespace till::datecs {

Result<RegisterStatus> DatecsRegister::status(bool detail) {
  const auto s = TILL_TRY(device_status());
  const auto d = TILL_TRY(diagnostics());
  RegisterStatus out;
  out.model = d.name;
  out.serial = d.serial;
  out.fiscal_memory = d.fiscal_memory;
  out.shift = expired_ ? "expired" : "open";
  out.last_document = TILL_TRY(parse_number(TILL_TRY(ask(plain(Command::kLastDocument)))));
  out.paper = !s.paper_out();
  out.paper_near_end = s.paper_low();
  out.cover_open = s.cover_open();
  out.printer_fault = s.printer_fault();
  out.document_open = s.document_open();
  out.memory_phase = s.fiscal_mode() ? "operating" : "ready";
  if (s.memory_full() || s.memory_error()) {
    out.memory_warning = s.memory_full() ? "fiscal memory is full" : "fiscal memory error";
  } else if (s.memory_near_end() || s.journal_near_end()) {
    out.memory_warning =
        s.memory_near_end() ? "less than 50 fiscal records left" : "end of the journal is near";
  }
  out.device_time = TILL_TRY(parse_clock(TILL_TRY(ask(plain(Command::kClock)))));
  if (!detail) return out;
  out.shift_number = TILL_TRY(parse_last_record(TILL_TRY(ask(plain(Command::kLastRecord))))) + 1;
  if (const auto drawer = TILL_TRY(parse_cash(TILL_TRY(ask(plain(Command::kCash))))); drawer.done) {
    out.cash_in_drawer = drawer.in_drawer;
  }
  return out;
}

Result<void> DatecsRegister::x_report() {
  TILL_CHECK(command(with_option(Command::kDailyReport, "2"), kReport));
  finish_printing();
  return {};
}

// Asked again after a loss it prints no second report: where the last document is one, nothing has
// happened since.
Result<void> DatecsRegister::close_shift(const Operator& /*cashier*/) {
  TILL_CHECK(device_status(kSettle));
  const auto number = TILL_TRY(parse_number(TILL_TRY(ask(plain(Command::kLastDocument)))));
  const auto last = journal_document(number);
  if (!last && is_loss(last.error().code)) return std::unexpected(last.error());
  if (last && last->kind == JournalDocument::Kind::kDailyReport) {
    expired_ = false;  // closed by hand, or by ours whose answer was lost
    return {};
  }
  port().point_of_no_return();
  TILL_CHECK(command(with_option(Command::kDailyReport, "0"), kReport));
  expired_ = false;
  rates_.reset();
  finish_printing();
  return {};
}

// The register prints on by itself once it has paper.
Result<void> DatecsRegister::continue_printing() {
  if (!TILL_TRY(wait_printed())) return fail(Code::kPaperOut);
  return {};
}

Result<void> DatecsRegister::copy() {
  port().point_of_no_return();
  TILL_CHECK(command(with_option(Command::kCopy, "1")));
  finish_printing();
  return {};
}

Result<void> DatecsRegister::cash(bool in, Money amount, const Operator& /*cashier*/) {
  port().point_of_no_return();
  const auto reply = TILL_TRY(command(datecs::cash(in, amount)));
  if (!TILL_TRY(parse_cash(reply.data)).done) {
    // It says no more than that; out of the drawer there is but one reason the vendor names.
    return fail(Code::kRegisterRefused, in ? "cash" : "not enough cash in the drawer", "F");
  }
  return {};
}

Result<void> DatecsRegister::open_drawer() {
  TILL_CHECK(command(plain(Command::kDrawer)));
  return {};
}

Result<void> DatecsRegister::set_clock(const std::string& local_time) {
  TILL_CHECK(command(TILL_TRY(datecs::set_clock(local_time))));
  return {};
}

}  // namespace till::datecs
