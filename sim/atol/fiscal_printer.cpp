#include "sim/atol/fiscal_printer.h"

#include <fmt/core.h>

#include <map>
#include <stdexcept>
#include <utility>

#include "sim/atol/receipt_task.h"
#include "sim/base/civil.h"
#include "sim/register/paper.h"
#include "sim/register/tlv.h"

namespace till::sim::atol {
namespace {

constexpr uint8_t kRegistration = 1, kShiftOpened = 2, kReceipt = 3, kShiftClosed = 5,
                  kSettlementReport = 21, kCorrection = 31;

std::string type_of(const json::object& task) {
  const auto* at = task.if_contains("type");
  return at != nullptr && at->is_string() ? json::value_to<std::string>(*at) : "";
}

// The number of the memory that comes after this one.
std::string next_number(const std::string& fn) {
  return fmt::format("{:016}", std::stoull(fn) + 1);
}

}  // namespace

std::string error_text(int code) {
  static const std::map<int, std::string> kTexts = {
      {kOk, "Ошибок нет"},
      {kNoConnection, "Нет связи"},
      {kNotSupported, "Не поддерживается в данной версии"},
      {kInvalidParam, "Некорректный параметр"},
      {kInvalidSum, "Некорректная цена (сумма)"},
      {kNoPaper, "Нет бумаги"},
      {kCoverOpened, "Открыта крышка"},
      {kNonCashTooMuch, "Сумма не наличных платежей превышает сумму чека"},
      {kBusy, "Предыдущая операция незавершена"},
      {kNotFullyPaid, "Вносимая безналичной оплатой сумма больше суммы чека"},
      {kShiftExpired, "Смена превысила 24 часа"},
      {kDeniedInClosedShift, "Смена закрыта - операция невозможна"},
      {kNoCash, "В ККТ нет денег для выплаты"},
      {kDeniedInOpenedReceipt, "Чек открыт - операция невозможна"},
      {kDeniedInOpenedShift, "Смена открыта - операция невозможна"},
      {kCutterFault, "Ошибка отрезчика"},
      {kFnNoMoreData, "Нет запрошенных данных"},
      {kInvalidTaxType, "Некорректный тип налога"},
      {kCloseInterrupted, "Прервалось закрытие чека"},
      {kInvalidTotal, "Некорректная сумма чека"},
      {kConnectionLost, "Соединение потеряно"},
      {kDocumentCancelled, "Документ отменен"},
      {kParseError, "Ошибка разбора задания"},
      {kInterruptedBefore, "Выполнение прервано из-за предыдущих ошибок"}};
  const auto at = kTexts.find(code);
  return at == kTexts.end() ? fmt::format("Ошибка {}", code) : at->second;
}

FiscalPrinter::FiscalPrinter(FiscalMemory& memory, Ms now, Print print, Options options)
    : memory_(memory), print_(std::move(print)), options_(std::move(options)) {
  if (memory_.documents().empty() && !register_memory(now, options_.first_fn)) {
    throw std::runtime_error("the fiscal memory takes no registration report");
  }
  load();
}

void FiscalPrinter::load() {
  const auto& all = memory_.documents();
  fn_ = all.back().fn;
  last_ = all.back();
  shift_ = receipt_number_ = 0;
  shift_open_ = false;
  for (const FiscalDocument& d : all) {
    if (d.fn != fn_) continue;
    if (d.type == kRegistration) registered_at_ = d.seconds;
    if (d.type == kShiftOpened) {
      shift_opened_at_ = d.seconds;
      receipt_number_ = 0;
    }
    if (d.type == kShiftOpened || d.type == kShiftClosed) shift_open_ = d.type == kShiftOpened;
    if (d.shift > 0) shift_ = d.shift;
    if (d.receipt > 0) receipt_number_ = d.receipt;
  }
}

DocumentHead FiscalPrinter::head(Ms now) const {
  return {.registration = options_.registration,
          .fn = fn_,
          .fd = last_.fd + 1,
          .seconds = seconds(now) / 60 * 60,
          .shift = shift_,
          .receipt = 0,
          .cashier = "СИСТ. АДМИНИСТРАТОР"};
}

int FiscalPrinter::keep(FiscalDocument d) {
  // A memory's own documents are numbered from 1.
  if (d.fd > options_.memory_holds) return kFnArchiveFull;
  if (d.fd > 1 && d.seconds < last_.seconds) return kFnBadTime;
  d.fpd = sign(d.fn, d.tlv);
  if (!memory_.append(d)) return kFnFault;
  last_ = std::move(d);
  return kOk;
}

bool FiscalPrinter::register_memory(Ms now, const std::string& fn) {
  fn_ = fn;
  last_ = {};
  DocumentHead h = head(now);
  h.fd = 1;
  h.shift = 0;
  return kOk == keep({.fn = fn,
                      .fd = 1,
                      .type = kRegistration,
                      .seconds = h.seconds,
                      .tlv = registration_tlv(h)});
}

ShiftCounts FiscalPrinter::counts() const {
  ShiftCounts c;
  for (const FiscalDocument& d : memory_.documents()) {
    if (d.fn != fn_) continue;
    ++c.unsent;
    if (d.shift != shift_) continue;
    ++c.documents;
    if (d.receipt > 0) ++c.receipts;
  }
  return c;
}

bool FiscalPrinter::expired(Ms now) const {
  return shift_open_ && seconds(now) - shift_opened_at_ > kShiftSeconds;
}

std::string FiscalPrinter::shift_state(Ms now) const {
  return expired(now) ? "expired" : shift_open_ ? "opened" : "closed";
}

std::string FiscalPrinter::iso(int64_t at) const {
  const Civil t = civil_of(at);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+03:00", t.year, t.month, t.day, t.hour,
                     t.minute, t.second);
}

void FiscalPrinter::finish(Slip slip) {
  last_slip_ = slip;
  printed_lines_ = 0;
  if (lines_left_ && *lines_left_ < slip.lines.size()) {
    printed_lines_ = *std::exchange(lines_left_, std::nullopt);
    paper_ = false;
  } else if (lines_left_) {
    *lines_left_ -= slip.lines.size();
  }
  if (!paper_ || cover_ || !powered_) {
    unfinished_ = std::move(slip);
  } else if (print_) {
    print_(slip);
  }
}

int FiscalPrinter::ready() const {
  if (!powered_) return kNoConnection;
  return late_ ? kBusy : kOk;
}

// Also prints to its end what the paper's end had stopped.
int FiscalPrinter::ready_to_print() {
  if (const int error = ready(); error != kOk) return error;
  if (cover_) return kCoverOpened;
  if (!paper_) return kNoPaper;
  if (unfinished_) {
    if (print_) print_(*unfinished_);
    unfinished_.reset();
  }
  return kOk;
}

int FiscalPrinter::continue_print(Ms now) {
  tick(now);
  if (!unfinished_) return ready();
  return ready_to_print();
}

int FiscalPrinter::check_document_closed(Ms now, bool& closed, bool& printed) {
  tick(now);
  closed = open_type_ == 0;
  printed = !unfinished_;
  return ready();
}

int FiscalPrinter::receipt_type(Ms now, int& type) {
  tick(now);
  type = open_type_;
  return ready();
}

int FiscalPrinter::cancel_receipt(Ms now) {
  tick(now);
  if (const int error = ready(); error != kOk) return error;
  open_type_ = 0;
  return kOk;
}

void FiscalPrinter::power(Ms now, bool on) {
  tick(now);
  powered_ = on;
  // What was not yet fiscal is gone; half-printed paper is finished when power is back.
  late_.reset();
  open_type_ = 0;
  if (on) {
    dark_before_ = dark_after_ = false;  // a failure that has not come is taken back
    ready_to_print();
  }
}

bool FiscalPrinter::replace(Ms now) {
  late_.reset();
  open_type_ = 0;
  powered_ = true;
  const bool done = register_memory(now, next_number(fn_));
  load();
  return done;
}

// --- Tasks

Outcome FiscalPrinter::run(Ms now, const json::object& task) {
  tick(now);
  if (const int error = ready(); error != kOk) return {error};
  const std::string type = type_of(task);
  bool correction = false;
  const bool sells = operation_of(type, correction) != 0;
  if (sells || type == "openShift" || type == "closeShift") {
    if (fail_with_ != 0) return {std::exchange(fail_with_, 0)};
    if (late_ms_ > 0) {
      late_ = Late{task, now + std::exchange(late_ms_, 0)};
      return {kConnectionLost};
    }
    return fiscal(now, task, false);
  }
  if (type == "continuePrint") return {continue_print(now)};
  if (type == "cashIn" || type == "cashOut") return cash(now, task, type == "cashIn");
  if (type == "reportOfdExchangeStatus") return settlement_report(now);
  if (type == "reportX" || type == "printLastReceiptCopy") {
    if (const int error = ready_to_print(); error != kOk) return {error};
    finish(type == "reportX" ? x_report_slip(head(now), counts(), 0) : last_slip_);
    return {};
  }
  if (type == "openCashDrawer") return {};
  if (type == "setDateTime") return shift_open_ ? Outcome{kDeniedInOpenedShift} : Outcome{};
  return query(now, type, task);
}

Outcome FiscalPrinter::fiscal(Ms now, const json::object& task, bool late) {
  bool correction = false;
  const std::string type = type_of(task);
  const int operation = operation_of(type, correction);
  Outcome out = operation != 0 ? receipt(now, task, operation, correction)
                               : shift_task(now, type == "openShift");
  if (late) return {};
  return out.error == kOk && cutter_jams_ ? Outcome{kCutterFault} : out;
}

Outcome FiscalPrinter::receipt(Ms now, const json::object& task, int operation, bool correction) {
  Sale sale = parse_sale(task, operation);
  if (sale.error != kOk) return {sale.error};
  if (open_type_ != 0) return {kDeniedInOpenedReceipt};
  if (!shift_open_) return {kDeniedInClosedShift};
  if (expired(now)) return {kShiftExpired};
  if (const int error = ready_to_print(); error != kOk) return {error};
  static constexpr int kOpenTypes[] = {1, 2, 4, 5};
  open_type_ = kOpenTypes[operation - 1];
  if (std::exchange(interrupt_close_, false)) return {kCloseInterrupted};
  if (std::exchange(dark_before_, false)) {
    power(now, false);
    return {kConnectionLost};
  }
  DocumentHead h = head(now);
  h.receipt = static_cast<uint16_t>(receipt_number_ + 1);
  open_type_ = 0;
  if (const int error = keep({.fn = fn_,
                              .fd = h.fd,
                              .type = correction ? kCorrection : kReceipt,
                              .op = static_cast<uint8_t>(operation),
                              .seconds = h.seconds,
                              .shift = shift_,
                              .receipt = h.receipt,
                              .total = sale.receipt.subtotal(),
                              .tlv = receipt_tlv(h, sale.receipt, sale.closing)});
      error != kOk) {
    return {error};
  }
  receipt_number_ = h.receipt;
  const int64_t cash = sale.closing.payments[0] - sale.closing.change;
  drawer_ += operation == 1 || operation == 4 ? cash : -cash;
  Slip slip = receipt_slip(h, last_.fpd, sale.receipt, sale.closing);
  if (std::exchange(dark_after_, false)) {
    unfinished_ = std::move(slip);
    powered_ = false;
    return {kConnectionLost};
  }
  finish(std::move(slip));
  return outcome_of(last_);
}

Outcome FiscalPrinter::shift_task(Ms now, bool open) {
  if (open_type_ != 0) return {kDeniedInOpenedReceipt};
  if (open && shift_open_) return {kDeniedInOpenedShift};
  if (!open && !shift_open_) return {kDeniedInClosedShift};
  if (const int error = ready_to_print(); error != kOk) return {error};
  const ShiftCounts before = counts();
  if (open) ++shift_;
  const DocumentHead h = head(now);
  if (const int error = keep({.fn = fn_,
                              .fd = h.fd,
                              .type = open ? kShiftOpened : kShiftClosed,
                              .seconds = h.seconds,
                              .shift = shift_,
                              .tlv = shift_tlv(h, open, {}, before)});
      error != kOk) {
    return {error};
  }
  shift_open_ = open;
  if (open) {
    shift_opened_at_ = seconds(now);
    receipt_number_ = 0;
  }
  finish(shift_slip(h, last_.fpd, open, before));
  return outcome_of(last_);
}

Outcome FiscalPrinter::settlement_report(Ms now) {
  if (open_type_ != 0) return {kDeniedInOpenedReceipt};
  if (const int error = ready_to_print(); error != kOk) return {error};
  const DocumentHead h = head(now);
  if (const int error = keep({.fn = fn_,
                              .fd = h.fd,
                              .type = kSettlementReport,
                              .seconds = h.seconds,
                              .shift = shift_,
                              .tlv = shift_tlv(h, false, {}, counts())});
      error != kOk) {
    return {error};
  }
  finish(settlement_slip(h, last_.fpd, counts()));
  return outcome_of(last_);
}

Outcome FiscalPrinter::outcome_of(const FiscalDocument& d) const {
  return {kOk,
          {{"fiscalParams", json::object{{"fiscalDocumentNumber", d.fd},
                                         {"fiscalDocumentSign", std::to_string(d.fpd)},
                                         {"fiscalDocumentDateTime", iso(d.seconds)},
                                         {"fiscalReceiptNumber", d.receipt},
                                         {"shiftNumber", d.shift},
                                         {"fnNumber", d.fn},
                                         {"registrationNumber", options_.registration.rnm},
                                         {"total", static_cast<double>(d.total) / 100},
                                         {"fnsUrl", "www.nalog.gov.ru"}}},
           {"warnings", json::object{{"notPrinted", unfinished_.has_value()}}}}};
}

// A receipt is recognised by its additional requisite, a shift's document by its kind.
Outcome FiscalPrinter::outcome_of(const json::object& task, uint32_t fd) const {
  bool correction = false;
  const std::string type = type_of(task);
  const int operation = operation_of(type, correction);
  const Sale sale = operation != 0 ? parse_sale(task, operation) : Sale{};
  const auto wanted = find_tag(sale.receipt.tags, 1084);
  for (const FiscalDocument& d : memory_.documents()) {
    if (d.fn != fn_ || d.fd <= fd) continue;
    const auto have = find_tag(d.tlv, 1084);
    const bool ours = operation != 0
                          ? d.receipt > 0 && wanted && have && to_hex(*wanted) == to_hex(*have)
                          : d.type == (type == "openShift" ? kShiftOpened : kShiftClosed);
    if (ours) return outcome_of(d);
  }
  return {kDocumentCancelled};
}

Outcome FiscalPrinter::cash(Ms now, const json::object& task, bool in) {
  const auto sum = kopecks(task.if_contains("cashSum"));
  if (!sum || *sum == 0) return {kInvalidSum};
  if (!shift_open_) return {kDeniedInClosedShift};
  if (!in && *sum > drawer_) return {kNoCash};
  if (const int error = ready_to_print(); error != kOk) return {error};
  drawer_ += in ? *sum : -*sum;
  Slip slip;
  slip.lines = {fmt::format("{} {}", in ? "ВНЕСЕНИЕ" : "ВЫПЛАТА", format_money(*sum))};
  slip.lines.push_back(iso(seconds(now)));
  finish(std::move(slip));
  return {kOk, {{"counters", json::object{{"cashSum", static_cast<double>(drawer_) / 100}}}}};
}

// --- Another host, and what a person does

int FiscalPrinter::foreign(Ms now, const Receipt& r) {
  tick(now);
  if (const int error = ready(); error != kOk) return error;
  if (open_type_ != 0) return kDeniedInOpenedReceipt;
  if (!shift_open_) {
    if (const int error = open_shift(now); error != kOk) return error;
  }
  if (expired(now)) return kShiftExpired;
  if (const int error = ready_to_print(); error != kOk) return error;
  DocumentHead h = head(now);
  h.receipt = static_cast<uint16_t>(receipt_number_ + 1);
  Closing closing;
  closing.payments[0] = r.subtotal();
  if (const int error = keep({.fn = fn_,
                              .fd = h.fd,
                              .type = kReceipt,
                              .op = r.op,
                              .seconds = h.seconds,
                              .shift = shift_,
                              .receipt = h.receipt,
                              .total = r.subtotal(),
                              .tlv = receipt_tlv(h, r, closing)});
      error != kOk) {
    return error;
  }
  receipt_number_ = h.receipt;
  finish(receipt_slip(h, last_.fpd, r, closing));
  return kOk;
}

int FiscalPrinter::open_shift(Ms now) {
  tick(now);
  const int error = ready();
  return error != kOk ? error : shift_task(now, true).error;
}

int FiscalPrinter::close_shift(Ms now) {
  tick(now);
  const int error = ready();
  return error != kOk ? error : shift_task(now, false).error;
}

void FiscalPrinter::tick(Ms now) {
  if (!late_ || late_->due > now || !powered_) return;
  const json::object task = std::exchange(late_, std::nullopt)->task;
  fiscal(now, task, true);
}

std::optional<Ms> FiscalPrinter::next_due() const {
  return late_ ? std::optional(late_->due) : std::nullopt;
}

}  // namespace till::sim::atol
