#include "driver.h"
#include "protocols/shtrih/errors.h"
#include "protocols/text/codepage.h"

namespace till::shtrih {

namespace {

constexpr std::uint8_t kLinesToCutter = 5;
constexpr std::uint8_t kPrinterFault = 2;  // ShortStatus::last_print

const char* phase_name(std::uint8_t bits) {
  if ((bits & 8) != 0) return "archive";
  if ((bits & 4) != 0) return "closed";
  return (bits & 2) != 0 ? "operating" : "ready";
}

std::string warning_of(std::uint8_t bits) {
  static constexpr const char* kTexts[] = {"replace at once", "replace within 30 days",
                                           "memory 90 % full", "no word from the tax operator"};
  std::string out;
  for (std::size_t i = 0; i < std::size(kTexts); ++i) {
    if ((bits >> i & 1) == 0) continue;
    out += out.empty() ? "" : "; ";
    out += kTexts[i];
  }
  return out;
}

}  // namespace

Result<RegisterStatus> ShtrihRegister::status(bool detail) {
  const auto s = TILL_TRY(short_status());
  const auto fn = TILL_TRY(fn_status());
  const auto shift = TILL_TRY(parse_shift_status(TILL_TRY(command(Command::kShiftStatus))));
  RegisterStatus out;
  out.fiscal_memory = fn.number;
  out.shift = s.mode == 3 ? "expired" : shift.open ? "open" : "closed";
  out.shift_number = shift.number;
  out.last_document = fn.last_document;
  out.paper = s.paper() && s.submode != 1 && s.submode != 2;
  out.cover_open = s.cover_open();
  out.cutter_fault = cutter_fault_;
  out.printer_fault = s.last_print == kPrinterFault;
  out.document_open = s.document_open() || fn.open_document != 0;
  out.waits_for_continue = s.submode == 3;
  out.device_time = fn.time;
  if (detail) TILL_CHECK(add_detail(out, fn));
  return out;
}

// Each question is one the device may not know: then the member stays absent.
Result<void> ShtrihRegister::add_detail(RegisterStatus& out, const FnStatus& fn) {
  const auto lost = [](const Result<Buffer>& r) { return !r && is_loss(r.error().code); };
  out.memory_phase = phase_name(fn.phase);
  if (fn.warnings != 0) out.memory_warning = warning_of(fn.warnings);
  const auto type = command(device_type());
  if (lost(type)) return std::unexpected(type.error());
  if (const auto device = type ? parse_device(*type) : fail(Code::kBadFrame)) {
    out.model = device->name;
  }
  const auto state = command(Command::kLongStatus);
  if (lost(state)) return std::unexpected(state.error());
  if (const auto parsed = state ? parse_long_status(*state) : fail(Code::kBadFrame)) {
    out.device_time = parsed->device_time;
    out.serial = parsed->serial;
    out.paper_near_end = (parsed->flags & 2) == 0;
  }
  const auto expiry = command(Command::kFnExpiry);
  if (lost(expiry)) return std::unexpected(expiry.error());
  if (const auto day = expiry ? parse_fn_expiry(*expiry) : fail(Code::kBadFrame)) {
    out.memory_expires = *day;
  }
  const auto space = command(Command::kFnSpace);
  if (lost(space)) return std::unexpected(space.error());
  if (const auto left = space ? parse_fn_space(*space) : fail(Code::kBadFrame)) {
    out.documents_left = *left;
  }
  const auto exchange = command(Command::kExchange);
  if (lost(exchange)) return std::unexpected(exchange.error());
  if (const auto e = exchange ? parse_exchange(*exchange) : fail(Code::kBadFrame)) {
    out.unsent_documents = e->queue;
    if (e->queue > 0) out.oldest_unsent = e->first_time;
  }
  const auto cash = command(cash_register(password_));
  if (lost(cash)) return std::unexpected(cash.error());
  if (const auto sum = cash ? parse_cash_register(*cash) : fail(Code::kBadFrame)) {
    out.cash_in_drawer = *sum;
  }
  return {};
}

Result<void> ShtrihRegister::send_cashier(const Operator& cashier) {
  if (cashier.name.empty()) return {};
  TILL_CHECK(command(send_tlv(password_, cashier_tags(cashier))));
  return {};
}

// A document of the fiscal memory that is no receipt: begun, told its cashier, made. Refused in the
// middle it is taken back, and the refusal is believed once the memory has no such document.
Result<void> ShtrihRegister::make(Command begin, const Operator& cashier, Command end) {
  const auto before = TILL_TRY(fn_status()).last_document;
  TILL_CHECK(command(begin));
  const auto finish = [&]() -> Result<void> {
    TILL_CHECK(send_cashier(cashier));
    port().point_of_no_return();
    TILL_CHECK(command(end));
    return {};
  };
  if (const auto made = finish(); !made) {
    if (is_loss(made.error().code)) return made;
    TILL_CHECK(cancel());
    if (TILL_TRY(fn_status()).last_document == before) return made;
  }
  TILL_CHECK(wait_printed(kPrintPatienceMs));
  return {};
}

Result<void> ShtrihRegister::open_shift(const Operator& cashier) {
  // A person asks again after a loss: what is done already is done.
  TILL_TRY(settle());
  if (TILL_TRY(parse_shift_status(TILL_TRY(command(Command::kShiftStatus)))).open) return {};
  return make(Command::kBeginShiftOpen, cashier, Command::kOpenShift);
}

Result<void> ShtrihRegister::x_report() {
  TILL_CHECK(command(Command::kXReport));
  TILL_CHECK(wait_printed(kPrintPatienceMs));
  return {};
}

Result<void> ShtrihRegister::close_shift(const Operator& cashier) {
  TILL_TRY(settle());
  if (!TILL_TRY(parse_shift_status(TILL_TRY(command(Command::kShiftStatus)))).open) return {};
  return make(Command::kBeginShiftClose, cashier, Command::kZReport);
}

Result<void> ShtrihRegister::continue_printing() {
  const auto s = TILL_TRY(short_status());
  if (s.submode == 1 || s.submode == 2) return fail(Code::kPaperOut);
  TILL_CHECK(wait_printed(kPrintPatienceMs));
  return {};
}

Result<void> ShtrihRegister::settlement_report() {
  return make(Command::kBeginSettlement, {}, Command::kSettlement);
}

Result<void> ShtrihRegister::copy() {
  TILL_CHECK(command(Command::kCopy));
  TILL_CHECK(wait_printed(kPrintPatienceMs));
  return {};
}

Result<void> ShtrihRegister::cash(bool in, Money amount, const Operator& /*cashier*/) {
  const Buffer move = TILL_TRY(cash_move(password_, in, amount));
  port().point_of_no_return();
  TILL_CHECK(command(move));
  TILL_CHECK(wait_printed(kPrintPatienceMs));
  return {};
}

Result<void> ShtrihRegister::set_clock(const std::string& local_time) {
  const auto commands = TILL_TRY(shtrih::set_clock(password_, local_time));
  // The register would only say that the mode is wrong.
  if (TILL_TRY(parse_shift_status(TILL_TRY(command(Command::kShiftStatus)))).open) {
    return fail(Code::kShiftOpen);
  }
  TILL_CHECK(command(commands.date));
  TILL_CHECK(command(commands.confirm));
  TILL_CHECK(command(commands.time));
  return {};
}

Result<void> ShtrihRegister::open_drawer() {
  TILL_CHECK(command(shtrih::open_drawer(password_)));
  return {};
}

Result<void> ShtrihRegister::load_picture(std::uint32_t first_line, std::uint32_t width,
                                          Bytes bits) {
  const std::size_t row = width / 8, lines = bits.size() / row;
  if (row > kPictureBytes) return fail(Code::kOutOfRange, "width");
  if (first_line == 0 || first_line + lines - 1 > std::numeric_limits<std::uint16_t>::max()) {
    return fail(Code::kOutOfRange, "first_line");
  }
  for (std::size_t i = 0; i < lines; ++i) {
    const auto line = static_cast<std::uint16_t>(first_line + i);
    TILL_CHECK(command(load_picture_line(password_, line, bits.subspan(i * row, row))));
  }
  return {};
}

Result<void> ShtrihRegister::print_picture(std::uint32_t first_line, std::uint32_t last_line) {
  if (last_line > std::numeric_limits<std::uint16_t>::max()) {
    return fail(Code::kOutOfRange, "last_line");
  }
  TILL_CHECK(command(shtrih::print_picture(password_, static_cast<std::uint16_t>(first_line),
                                           static_cast<std::uint16_t>(last_line))));
  TILL_CHECK(wait_printed(kPrintPatienceMs));
  return cut();
}

// Documents are cut by the device itself; a model without a cutter does not know the command.
Result<void> ShtrihRegister::cut() {
  TILL_CHECK(command(feed(password_, kLinesToCutter)));
  const auto done = command(shtrih::cut(password_));
  constexpr std::uint8_t kUnknownCommand = 0x37;
  if (done || done.error().vendor == to_error(kUnknownCommand).vendor) return {};
  return std::unexpected(done.error());
}

Result<Field> ShtrihRegister::field_of(const Setting& at) const {
  if (at.table > 255 || at.row > 65535 || at.field > 255) return fail(Code::kOutOfRange, "table");
  return Field{static_cast<std::uint8_t>(at.table), static_cast<std::uint16_t>(at.row),
               static_cast<std::uint8_t>(at.field)};
}

Result<std::string> ShtrihRegister::read_setting(const Setting& at) {
  const auto field = TILL_TRY(field_of(at));
  const auto shape = TILL_TRY(parse_field_shape(TILL_TRY(command(field_shape(password_, field)))));
  return field_text(shape, TILL_TRY(command(read_field(password_, field))));
}

Result<void> ShtrihRegister::write_setting(const Setting& at, const std::string& value) {
  const auto field = TILL_TRY(field_of(at));
  const auto shape = TILL_TRY(parse_field_shape(TILL_TRY(command(field_shape(password_, field)))));
  TILL_CHECK(command(TILL_TRY(write_field(password_, field, shape, value))));
  return {};
}

}  // namespace till::shtrih
