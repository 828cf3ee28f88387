// Shtrih-M fiscal registers with fiscal storage (FN), protocol 1. The command flow follows the
// vendor's specification 1.17, section "typical receipt", and its own driver's retry rules.
#include <algorithm>
#include <array>

#include "driver.h"
#include "protocols/shtrih/errors.h"
#include "protocols/shtrih/tlv.h"
#include "protocols/text/codepage.h"
#include "tillbridge/sdk/fiscal_register.h"
#include "tillbridge/sdk/ru_ffd.h"

namespace till::shtrih {
namespace {

constexpr std::uint32_t kIdlePatienceMs = 40000;
constexpr std::uint32_t kPrintPollMs = 330;  // the vendor's pause after error 50h
constexpr std::size_t kMaxDocumentTlv = 65536;
constexpr const char* kWitnessName = "Tillbridge";
constexpr std::uint8_t kCorrectionType = 31;

std::string kind_of(const FoundDocument& d) {
  static constexpr const char* kOperations[] = {"sale", "sale_return", "purchase",
                                                "purchase_return"};
  if (d.type == 2) return "shift_open";
  if (d.type == 5) return "shift_close";
  const bool receipt = d.type == 3 || d.type == 4,
             correction = d.type == kCorrectionType || d.type == 41;
  if ((!receipt && !correction) || d.operation < 1 || d.operation > 4) return "other";
  return std::string(kOperations[d.operation - 1]) + (correction ? "_correction" : "");
}

}  // namespace

Buffer cashier_tags(const Operator& cashier) {
  Buffer tlv;
  put_string(tlv, kTagCashier, cashier.name);
  if (!cashier.tax_number.empty()) {
    std::string padded = cashier.tax_number;  // a fixed length of 12
    padded.resize(12, ' ');
    put_string(tlv, kTagCashierInn, padded);
  }
  return tlv;
}

Result<void> ShtrihRegister::activate(const json::object& settings) {
  for (const auto& [key, value] : settings) {
    if (key == "password" && value.is_int64() && value.get_int64() >= 0) {
      password_ = static_cast<std::uint32_t>(value.get_int64());
    } else if (key == "protocol" && (value == "auto" || value == "1" || value == "2")) {
      protocol_ = value == "auto" ? Protocol::kAuto
                  : value == "1"  ? Protocol::kStandard
                                  : Protocol::kNumbered;
    } else if (key == "tax_coding" && (value == "mask" || value == "ordinal")) {
      tax_coding_ = value == "mask" ? TaxCoding::kMask : TaxCoding::kOrdinal;
    } else if (key == "unprintable" && (value == "transliterate" || value == "refuse")) {
      refuse_unprintable_ = value == "refuse";
    } else if (key == "explicit_22" && value.is_bool()) {
      explicit_22_ = value.get_bool();
    } else if (key == "ffd" && (value == "1.05" || value == "1.1" || value == "1.2")) {
      ffd_105_ = value == "1.05";
    } else if (key == "cashless_type" && value.is_int64() && value.get_int64() >= 2 &&
               value.get_int64() <= 13) {
      cashless_type_ = static_cast<std::size_t>(value.get_int64());
    } else {
      return fail(Code::kConfigInvalid, std::string(key));
    }
  }
  return {};
}

// One command with what the device may want in between: patience while it prints (50h) and the
// command to go on (58h). Neither was executed, so repeating is safe.
Result<Buffer> ShtrihRegister::command(Bytes payload) {
  const auto code = payload[0] == 0xff ? static_cast<Command>(0xff00 | payload[1])
                                       : static_cast<Command>(payload[0]);
  Link* wire = TILL_TRY(link());
  for (std::uint32_t waited = 0;; waited += kPrintPollMs) {
    auto reply = TILL_TRY(wire->exchange(payload, answer_timeout_ms(code)));
    if (reply.command != code && static_cast<int>(reply.command) != 0xff) {
      return fail(Code::kBadFrame, "an answer to another command");
    }
    remember_cutter(code, reply.error);
    if (reply.error == 0) return std::move(reply.data);
    const bool printing = reply.error == 0x50;
    const bool paused = reply.error == 0x58 && code != Command::kContinuePrinting;
    if ((!printing && !paused) || waited >= kPrintPatienceMs) {
      return std::unexpected(to_error(reply.error));
    }
    if (paused) {
      TILL_CHECK(wire->exchange(plain(Command::kContinuePrinting, password_),
                                answer_timeout_ms(Command::kContinuePrinting)));
    }
    if (!sleep(kPrintPollMs)) return fail(Code::kCancelled);
  }
}

// No status names the cutter: its fault is told once, by the command that met it, and is over when
// something is cut again.
void ShtrihRegister::remember_cutter(Command code, std::uint8_t error) {
  constexpr std::uint8_t kCutterFault = 0x71;
  if (error == kCutterFault) cutter_fault_ = true;
  const bool cuts = code == Command::kCut || code == Command::kXReport ||
                    code == Command::kZReport || code == Command::kCloseReceipt;
  if (error == 0 && cuts) cutter_fault_ = false;
}

Result<Baseline> ShtrihRegister::baseline() {
  const auto fn = TILL_TRY(fn_status());
  // The fiscal memory tells the time of its last document only.
  const auto state = command(Command::kLongStatus);
  if (!state && is_loss(state.error().code)) return std::unexpected(state.error());
  const auto parsed = state ? parse_long_status(*state) : fail(Code::kBadFrame);
  return Baseline{fn.number, fn.last_document, parsed ? parsed->device_time : ""};
}

Result<void> ShtrihRegister::ready_for_receipt() {
  auto s = TILL_TRY(short_status());
  if (s.submode != 0) {
    TILL_CHECK(wait_printed(kPrintPatienceMs));
    s = TILL_TRY(short_status());
    if (s.submode == 3) return fail(Code::kPrinterError);
  }
  if (s.submode == 1 || s.submode == 2) return fail(Code::kPaperOut);
  if (s.cover_open()) return fail(Code::kCoverOpen);
  if (s.document_open()) {
    document_open(true);
    return fail(Code::kDocumentOpen);
  }
  if (s.mode == 3) return fail(Code::kShiftTooLong);
  if (s.mode == 4) return fail(Code::kShiftClosed);
  if (s.mode != 2) return fail(Code::kRegisterRefused, "mode " + std::to_string(s.mode));
  return {};
}

Result<bool> ShtrihRegister::tags_come_first() {
  if (!tags_first_) {
    const auto type = command(device_type());
    if (!type && is_loss(type.error().code)) return std::unexpected(type.error());
    const auto device = type ? parse_device(*type) : fail(Code::kBadFrame);
    tags_first_ = device && tags_precede_line(device->model);
  }
  return *tags_first_;
}

Result<std::vector<Buffer>> ShtrihRegister::lines_of(const FiscalReceipt& r,
                                                     bool tags_first) const {
  std::vector<Buffer> out;
  const bool back = r.kind == FiscalKind::kSaleReturn || r.kind == FiscalKind::kPurchase;
  for (const FiscalLine& line : r.lines) {
    if (!line.marking_code.empty()) {
      out.push_back(TILL_TRY(check_mark(password_, back, line.marking_code)));
      out.push_back(accept_mark(password_, true));
    }
    const auto tax =
        TILL_TRY(tax_code(TILL_TRY(ru_ffd::tax_1199(line.tax)), tax_coding_, explicit_22_));
    out.push_back(TILL_TRY(operation(
        password_, {.sign_1054 = ru_ffd::sign_1054(r.kind),
                    .quantity = line.quantity,
                    .price = line.price,
                    .sum = line.sum,
                    .tax = tax,
                    .payment_method = static_cast<std::uint8_t>(line.ru_ffd.payment_method_1214),
                    .payment_object = static_cast<std::uint8_t>(line.ru_ffd.payment_object_1212),
                    .name = line.name})));
    if (line.ru_ffd.measure_2108 != 0) {
      const auto measure = static_cast<std::uint8_t>(line.ru_ffd.measure_2108);
      Buffer tlv;
      put_tlv(tlv, kTagMeasure, Bytes(&measure, 1));
      out.push_back(line_tags(password_, tlv));
      if (tags_first) std::swap(out.back(), out[out.size() - 2]);
    }
    if (!line.marking_code.empty()) out.push_back(bind_mark(password_, line.marking_code));
  }
  return out;
}

Result<std::vector<Buffer>> ShtrihRegister::tags_of(const FiscalReceipt& r) const {
  std::vector<Buffer> out;
  if (!r.cashier.name.empty()) out.push_back(send_tlv(password_, cashier_tags(r.cashier)));
  if (r.correction) {
    out.push_back(
        send_tlv(password_, TILL_TRY(correction_reason(r.correction->by_order, r.correction->date,
                                                       r.correction->number))));
  }
  out.push_back(send_tlv(password_, extra_requisite(kWitnessName, r.witness)));
  if (!r.contact.empty()) {
    Buffer contact;
    put_string(contact, kTagContact, r.contact);
    out.push_back(send_tlv(password_, contact));
  }
  return out;
}

Result<std::array<Money, 16>> ShtrihRegister::payments_of(const FiscalReceipt& r) const {
  std::array<Money, 16> payments{};
  for (const FiscalPayment& p : r.payments) {
    const std::size_t type = p.tender == Tender::kCash         ? 1
                             : p.tender == Tender::kElectronic ? cashless_type_
                             : p.tender == Tender::kPrepaid    ? 14
                             : p.tender == Tender::kCredit     ? 15
                                                               : 16;
    payments[type - 1] += p.amount;
  }
  return payments;
}

// Characters the register can't print become look-alikes or '?', and it is told; or refused.
Result<std::vector<std::string>> ShtrihRegister::notes_of(const FiscalReceipt& r) const {
  std::vector<std::string> notes;
  const auto look = [&](const std::string& field, const std::string& value,
                        text::CodePage page) -> Result<void> {
    auto note = text::note_of_loss(field, value, page);
    if (note.empty()) return {};
    if (refuse_unprintable_) return fail(Code::kUnencodable, field);
    notes.push_back(std::move(note));
    return {};
  };
  for (std::size_t i = 0; i < r.lines.size(); ++i) {
    TILL_CHECK(
        look("lines[" + std::to_string(i) + "].name", r.lines[i].name, text::CodePage::kCp1251));
  }
  TILL_CHECK(look("cashier.name", r.cashier.name, text::CodePage::kCp866));
  TILL_CHECK(look("contact", r.contact, text::CodePage::kCp866));
  if (r.correction) {
    TILL_CHECK(look("correction.number", r.correction->number, text::CodePage::kCp866));
  }
  return notes;
}

Result<ShtrihRegister::Plan> ShtrihRegister::plan_of(const FiscalReceipt& r,
                                                     bool tags_first) const {
  Plan plan;
  plan.notes = TILL_TRY(notes_of(r));
  plan.commands.push_back(
      open_receipt(password_, ru_ffd::sign_1054(r.kind), r.correction.has_value()));
  for (auto& each : TILL_TRY(lines_of(r, tags_first))) plan.commands.push_back(std::move(each));
  for (auto& each : TILL_TRY(tags_of(r))) plan.commands.push_back(std::move(each));
  Money saved;
  for (const FiscalLine& line : r.lines) saved += line.discount;
  if (saved.minor > 0) {
    plan.commands.push_back(print_line(password_, "СКИДКА В ЧЕКЕ: " + to_string(saved)));
  }
  plan.close = TILL_TRY(close_receipt(password_, TILL_TRY(payments_of(r)),
                                      static_cast<std::uint8_t>(r.ru_ffd.tax_system_1055)));
  return plan;
}

Result<Closed> ShtrihRegister::close(const FiscalReceipt& r, const Buffer& closing) {
  const auto reply = TILL_TRY(command(closing));
  if (!is_old_correction(r)) return parse_close_receipt(reply);
  const auto c = TILL_TRY(parse_correction(reply));
  return Closed{{}, c.document, c.sign, c.time};
}

Result<void> ShtrihRegister::check_receipt(const FiscalReceipt& r) {
  TILL_CHECK(ru_ffd::check(r, ru_ffd::local_day(unix_us())));
  // Whether a line's tags go before it is the device's word; they are the same ones.
  TILL_TRY(is_old_correction(r) ? correction_plan(r) : plan_of(r, false));
  return {};
}

Result<FiscalDocument> ShtrihRegister::receipt(const FiscalReceipt& r) {
  const auto has_measure = [](const FiscalLine& l) { return l.ru_ffd.measure_2108 != 0; };
  const bool tags_first = std::ranges::any_of(r.lines, has_measure) && TILL_TRY(tags_come_first());
  auto plan = TILL_TRY(is_old_correction(r) ? correction_plan(r) : plan_of(r, tags_first));
  TILL_CHECK(ready_for_receipt());
  const auto fn = TILL_TRY(fn_status());
  const auto shift = TILL_TRY(parse_shift_status(TILL_TRY(command(Command::kShiftStatus))));
  document_open(true);
  for (const Buffer& each : plan.commands) TILL_CHECK(command(each));
  port().point_of_no_return();
  const Closed closed = TILL_TRY(close(r, plan.close));
  document_open(false);
  FiscalDocument d{fn.number,          closed.document, closed.sign, shift.number,
                   shift.receipt + 1U, closed.time,     r.total,     r.witness};
  d.kind = kind_name(r);
  d.notes = std::move(plan.notes);
  // The document is fiscal now; whatever the paper does, it is only not printed yet.
  d.printed = wait_printed(kPrintPatienceMs).value_or(false);
  return d;
}

// True when all is on paper, false when it is out of paper, jammed, or the time is over.
Result<bool> ShtrihRegister::wait_printed(std::uint32_t patience_ms) {
  for (std::uint32_t waited = 0; waited <= patience_ms; waited += kPrintPollMs) {
    const auto s = TILL_TRY(short_status());
    if (s.submode == 0) return true;
    if (s.submode == 1 || s.submode == 2) return false;
    if (s.submode == 3) {
      const auto going = command(Command::kContinuePrinting);
      // Jammed: somebody sees to it.
      if (!going && going.error().code == Code::kPrinterError) return false;
      TILL_TRY(going);
    }
    if (!sleep(s.submode == 3 ? 0 : kPrintPollMs)) return fail(Code::kCancelled);
  }
  return false;
}

Result<Buffer> ShtrihRegister::document_tlv(std::uint32_t number) {
  Buffer tlv;
  const auto size = TILL_TRY(parse_tlv_start(TILL_TRY(command(start_tlv_read(password_, number)))));
  for (;;) {
    auto block = command(Command::kNextTlv);
    if (!block && block.error().code == Code::kNoSuchDocument) {  // the end
      // A document shown in part proves nothing about the witness that is not in it.
      if (tlv.size() < size || !parse_tlv(tlv)) return fail(Code::kBadValue, "document TLV");
      return tlv;
    }
    if (!block) return block;
    if (block->empty() || tlv.size() + block->size() > kMaxDocumentTlv) {
      return fail(Code::kBadFrame, "document TLV");
    }
    append(tlv, *block);
  }
}

Result<FiscalDocument> ShtrihRegister::document(std::uint32_t number) {
  const auto found =
      TILL_TRY(parse_find_document(TILL_TRY(command(find_document(password_, number)))));
  FiscalDocument d{{}, found.number, found.sign, 0, 0, found.time, found.total};
  d.kind = kind_of(found);
  if (found.operation != 0) {  // a receipt or a correction
    const auto tlv = document_tlv(number);
    if (!tlv && is_loss(tlv.error().code)) return std::unexpected(tlv.error());
    d.witness_readable = tlv.has_value();
    if (tlv) {
      d.witness = find_witness(*tlv).value_or("");
      // A correction of FFD 1.05 has no room for it.
      if (ffd_105_ && found.type == kCorrectionType && d.witness.empty()) {
        d.witness_readable = false;
      }
      d.shift = find_number(*tlv, kTagShift).value_or(0);
      d.receipt = find_number(*tlv, kTagReceipt).value_or(0);
    }
  }
  return d;
}

Result<bool> ShtrihRegister::settle() {
  // Its answer to the lost command, if it still has one, is taken here.
  TILL_CHECK(TILL_TRY(link())->drain(kIdlePatienceMs));
  return wait_printed(kPrintPatienceMs);
}

Result<MemoryState> ShtrihRegister::memory() {
  const auto fn = TILL_TRY(fn_status());
  const auto s = TILL_TRY(short_status());
  return MemoryState{fn.number, fn.last_document, s.document_open() || fn.open_document != 0};
}

Result<void> ShtrihRegister::cancel() {
  TILL_TRY(settle());
  // Refused when nothing is open: that is an answer too, and the status below is the proof.
  if (const auto cancelled = command(Command::kCancelReceipt);
      !cancelled && is_loss(cancelled.error().code)) {
    return std::unexpected(cancelled.error());
  }
  if (const auto fn = TILL_TRY(fn_status()); fn.open_document != 0) {
    TILL_CHECK(command(Command::kFnCancelDocument));
  }
  TILL_CHECK(wait_printed(kPrintPatienceMs));
  if (TILL_TRY(short_status()).document_open()) return fail(Code::kDocumentOpen);
  document_open(false);
  return {};
}

}  // namespace till::shtrih

TILLBRIDGE_PLUGIN(till::shtrih::ShtrihRegister)
