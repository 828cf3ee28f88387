#include "atol_register.h"

#include <fmt/core.h>

#include "protocols/atol/errors.h"
#include "protocols/atol/tasks.h"
#include "protocols/text/codepage.h"
#include "tillbridge/sdk/base/civil.h"
#include "tillbridge/sdk/ru_ffd.h"

namespace till::atol {
namespace {

// A shift expires 24 hours after it was opened: "2026-11-23T09:00" -> "2026-11-22T09:00".
std::optional<std::string> day_before(const std::string& minute) {
  constexpr std::int64_t kDayS = 86400;
  const auto seconds = civil_seconds(minute);
  return seconds ? std::optional(civil_minute(*seconds - kDayS)) : std::nullopt;
}

template <typename T>
std::optional<T> if_any(T text) {
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

// A sale is one of its witness in one fiscal memory.
std::string key_of(const std::string& witness, const std::string& fiscal_memory) {
  return witness + " " + fiscal_memory;
}

bool is_paper(Code code) {
  return code == Code::kPaperOut || code == Code::kCoverOpen || code == Code::kPrinterError;
}

// The vendor's driver takes any text; what the fiscal memory's code page does not have it replaces
// by itself, and tells nobody.
struct Loss {
  std::string field;
  std::size_t characters;
};
std::vector<Loss> losses(const FiscalReceipt& r) {
  std::vector<Loss> found;
  const auto look = [&](const std::string& field, const std::string& value) {
    std::size_t lost = 0, changed = 0;
    text::encode(value, text::CodePage::kCp866, &lost, &changed);
    if (lost + changed > 0) found.push_back({field, lost + changed});
  };
  for (std::size_t i = 0; i < r.lines.size(); ++i) {
    look("lines[" + std::to_string(i) + "].name", r.lines[i].name);
  }
  look("cashier.name", r.cashier.name);
  return found;
}

}  // namespace

bool AtolRegister::take_unprintable(std::string_view key, const json::value& value) {
  if (key != "unprintable" || (value != "replace" && value != "refuse")) return false;
  refuse_unprintable_ = value == "refuse";
  return true;
}

Result<json::object> AtolRegister::ask(std::string_view type) {
  return std::move(TILL_TRY(run({task(type)})).front());
}

// Its key is its own: nobody asks for it a second time.
Result<void> AtolRegister::act(const std::string& task) {
  port().point_of_no_return();
  const std::string key = fmt::format("act {} {}", unix_us(), ++acts_);
  const auto done = run_once(task, key);
  remember_cutter(done);
  if (done) return {};
  if (is_loss(done.error().code)) unended_ = key;
  return std::unexpected(done.error());
}

// The JSON status names paper and cover only: a cutter's fault is told once, by the task that met
// it (150, LIBFPTR_ERROR_CUTTER_FAULT), and is over when a task prints again.
void AtolRegister::remember_cutter(const Result<json::object>& done) {
  constexpr int kCutterFault = 150;
  if (done) {
    cutter_fault_ = false;
  } else if (done.error().vendor == to_error(kCutterFault).vendor) {
    cutter_fault_ = true;
  }
}

// Before anybody looks what a lost command has done, it can do nothing more.
Result<void> AtolRegister::end_act() {
  if (unended_.empty()) return {};
  TILL_CHECK(await(unended_));
  TILL_CHECK(close_off(unended_));
  unended_.clear();
  return {};
}

Result<MemoryState> AtolRegister::memory() {
  const auto results = TILL_TRY(run({task("getFnInfo"), task("getFnStatus")}));
  const auto info = TILL_TRY(read_fn_info(results[0]));
  const auto last = TILL_TRY(read_fn_status(results[1]));
  return MemoryState{info.serial, last, TILL_TRY(is_document_open())};
}

Result<Baseline> AtolRegister::baseline() {
  const auto results =
      TILL_TRY(run({task("getFnInfo"), task("getFnStatus"), task("getDeviceStatus")}));
  const auto info = TILL_TRY(read_fn_info(results[0]));
  const auto last = TILL_TRY(read_fn_status(results[1]));
  return Baseline{info.serial, last, TILL_TRY(read_device_status(results[2])).time};
}

// What the memory holds, when the next document may be a receipt.
Result<MemoryState> AtolRegister::ready_for_receipt() {
  const auto results =
      TILL_TRY(run({task("getDeviceStatus"), task("getFnInfo"), task("getFnStatus")}));
  const auto device = TILL_TRY(read_device_status(results[0]));
  if (device.cover_open) return fail(Code::kCoverOpen);
  if (!device.paper) return fail(Code::kPaperOut);
  if (device.shift == "expired") return fail(Code::kShiftTooLong);
  if (device.shift == "closed") return fail(Code::kShiftClosed);
  if (!device.memory_present) return std::unexpected(to_error(166));
  if (device.blocked) return fail(Code::kPrinterError, "the register is blocked");
  if (TILL_TRY(is_document_open())) {
    document_open(true);
    return fail(Code::kDocumentOpen);
  }
  const auto info = TILL_TRY(read_fn_info(results[1]));
  return MemoryState{info.serial, TILL_TRY(read_fn_status(results[2])), false};
}

Result<void> AtolRegister::check_receipt(const FiscalReceipt& r) {
  TILL_CHECK(ru_ffd::check(r, ru_ffd::local_day(unix_us())));
  TILL_TRY(receipt_task(r));
  if (!refuse_unprintable_) return {};
  const auto replaced = losses(r);
  if (!replaced.empty()) return fail(Code::kUnencodable, replaced.front().field);
  return {};
}

Result<FiscalDocument> AtolRegister::receipt(const FiscalReceipt& r) {
  const std::string selling = TILL_TRY(receipt_task(r));
  const auto before = TILL_TRY(ready_for_receipt());
  key_ = key_of(r.witness, before.fiscal_memory);
  port().point_of_no_return();
  document_open(leaves_open());
  const auto answer = run_once(selling, key_);
  remember_cutter(answer);
  if (!answer) return std::unexpected(answer.error());
  auto d = TILL_TRY(read_fiscal(*answer));
  document_open(false);
  d.witness = r.witness;
  d.kind = kind_name(r);
  d.total = r.total;
  for (const auto& loss : losses(r)) {
    d.notes.push_back(loss.field + ": " + std::to_string(loss.characters) +
                      " characters outside the register's code page");
  }
  return d;
}

// The walk is the proof; the transport's own record of the key only tells when to begin.
Result<Resolution> AtolRegister::resolve(const FiscalReceipt& r, const Baseline& before) {
  key_ = key_of(r.witness, before.fiscal_memory);
  return resolve_by_walk(*this, r, before);
}

Result<bool> AtolRegister::settle() {
  TILL_CHECK(await(key_));
  return finish_paper();
}

Result<bool> AtolRegister::finish_paper() {
  const auto printed = ask("continuePrint");
  if (printed) return true;
  if (is_paper(printed.error().code)) return false;
  if (is_loss(printed.error().code)) return std::unexpected(printed.error());
  // Other registers refuse when there is nothing to continue.
  const auto device = TILL_TRY(read_device_status(TILL_TRY(ask("getDeviceStatus"))));
  return device.paper && !device.cover_open && !device.blocked;
}

Result<FiscalDocument> AtolRegister::document(std::uint32_t number) {
  const auto results = TILL_TRY(run({document_task(number)}));
  return read_document(results[0], number);
}

Result<void> AtolRegister::cancel() {
  TILL_CHECK(await(key_));
  TILL_CHECK(close_off(key_));
  if (TILL_TRY(left_open())) return fail(Code::kDocumentOpen);
  document_open(false);
  return {};
}

Result<RegisterStatus> AtolRegister::status(bool detail) {
  TILL_CHECK(end_act());
  const auto results =
      TILL_TRY(run({task("getDeviceInfo"), task("getDeviceStatus"), task("getShiftStatus"),
                    task("getFnInfo"), task("getFnStatus")}));
  const auto info = TILL_TRY(read_device_info(results[0]));
  const auto device = TILL_TRY(read_device_status(results[1]));
  const auto shift = TILL_TRY(read_shift_status(results[2]));
  const auto memory = TILL_TRY(read_fn_info(results[3]));
  RegisterStatus out;
  out.model = info.model;
  out.serial = info.serial;
  out.fiscal_memory = memory.serial;
  out.memory_phase = if_any(memory.phase);
  out.memory_expires = if_any(memory.expires);
  out.memory_warning = if_any(memory.warning);
  out.shift = shift.state;
  out.shift_number = shift.number;
  if (shift.state != "closed") out.shift_opened = day_before(shift.expires);
  out.last_document = TILL_TRY(read_fn_status(results[4]));
  out.paper = device.paper;
  out.cover_open = device.cover_open;
  out.printer_fault = device.blocked;
  out.cutter_fault = cutter_fault_;
  out.device_time = device.time;
  out.document_open = TILL_TRY(is_document_open());
  if (detail) add_detail(out);
  return out;
}

// Not every register and version answers these; what is not told is absent.
void AtolRegister::add_detail(RegisterStatus& out) {
  if (const auto sent = ask("ofdExchangeStatus")) {
    if (const auto ofd = read_ofd_status(*sent)) {
      out.unsent_documents = ofd->unsent;
      out.oldest_unsent = if_any(ofd->oldest);
    }
  }
  if (const auto totals = ask("getShiftTotals")) {
    if (const auto sum = read_cash(*totals)) out.cash_in_drawer = *sum;
  }
}

// A shift that is as wanted is no error: the answer to an earlier wish may have been lost. Each
// shift is turned under one key, so that a wish which arrives late is not carried out a second
// time.
Result<void> AtolRegister::turn_shift(bool open, const Operator& cashier) {
  TILL_CHECK(await(key_));
  const auto memory_now = TILL_TRY(memory());
  const auto number = TILL_TRY(read_shift_status(TILL_TRY(ask("getShiftStatus")))).number;
  const std::string key =
      key_of(fmt::format("{} {}", open ? "open" : "close", number), memory_now.fiscal_memory);
  TILL_CHECK(await(key));
  const auto shift = TILL_TRY(read_shift_status(TILL_TRY(ask("getShiftStatus"))));
  if (shift.state == (open ? "open" : "closed")) return {};
  port().point_of_no_return();
  TILL_CHECK(run_once(operator_task(open ? "openShift" : "closeShift", cashier), key));
  return {};
}

Result<void> AtolRegister::open_shift(const Operator& cashier) { return turn_shift(true, cashier); }

Result<void> AtolRegister::close_shift(const Operator& cashier) {
  return turn_shift(false, cashier);
}

Result<void> AtolRegister::x_report() { return act(operator_task("reportX", {})); }

Result<void> AtolRegister::settlement_report() {
  return act(operator_task("reportOfdExchangeStatus", {}));
}

Result<void> AtolRegister::copy() { return act(task("printLastReceiptCopy")); }

Result<void> AtolRegister::open_drawer() { return act(task("openCashDrawer")); }

Result<void> AtolRegister::cash(bool in, Money amount, const Operator& cashier) {
  return act(cash_task(in, amount, cashier));
}

Result<void> AtolRegister::set_clock(const std::string& local_time) {
  return act(TILL_TRY(clock_task(local_time)));
}

Result<void> AtolRegister::continue_printing() {
  if (TILL_TRY(finish_paper())) return {};
  const auto device = TILL_TRY(read_device_status(TILL_TRY(ask("getDeviceStatus"))));
  return fail(device.cover_open ? Code::kCoverOpen
              : device.paper    ? Code::kPrinterError
                                : Code::kPaperOut);
}

}  // namespace till::atol
