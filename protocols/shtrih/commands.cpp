#include "commands.h"

#include "fields.h"
#include "protocols/text/codepage.h"

namespace till::shtrih {
namespace {

Buffer begin(Command command) {
  const auto code = static_cast<std::uint16_t>(command);
  if (code > 0xff) return {0xff, static_cast<std::uint8_t>(code)};
  return {static_cast<std::uint8_t>(code)};
}

}  // namespace

std::uint32_t answer_timeout_ms(Command command) {
  switch (command) {
    case Command::kShortStatus:
    case Command::kLongStatus:
    case Command::kDeviceType:
      return 3000;
    case Command::kCheckMark:
    case Command::kBindMark:
      return 40000;
    case Command::kZReport:
      return 65000;
    case Command::kOpenShift:
      return 120000;
    default:
      return 30000;
  }
}

Result<std::uint8_t> tax_code(int ffd, TaxCoding coding, bool explicit_22) {
  if (ffd < 1 || ffd > 12) return fail(Code::kOutOfRange, "tax_1199");
  // By default the register itself turns its rate 1 (and 20/120) into 22 % after 1 January 2026.
  if (!explicit_22 && ffd == 11) ffd = 1;
  if (!explicit_22 && ffd == 12) ffd = 3;
  if (ffd >= 11) return static_cast<std::uint8_t>(ffd);
  static constexpr std::uint8_t kMask[] = {0x01, 0x02, 0x10, 0x20, 0x04,
                                           0x08, 0x81, 0x82, 0x84, 0x88};
  static constexpr std::uint8_t kOrdinal[] = {1, 2, 5, 6, 3, 4, 7, 8, 9, 10};
  const auto at = static_cast<std::size_t>(ffd - 1);
  return coding == TaxCoding::kMask ? kMask[at] : kOrdinal[at];
}

Buffer plain(Command command, std::uint32_t password) {
  Buffer out = begin(command);
  put(out, password, 4);
  return out;
}

Buffer device_type() { return begin(Command::kDeviceType); }

Buffer open_receipt(std::uint32_t password, int sign_1054, bool correction) {
  // 8Dh counts sale, purchase, sale return, purchase return.
  static constexpr std::uint8_t kTypes[] = {0, 2, 1, 3};
  Buffer out = plain(Command::kOpenReceipt, password);
  const auto type = kTypes[static_cast<std::size_t>(sign_1054 - 1) % 4];
  out.push_back(static_cast<std::uint8_t>(type | (correction ? 0x80 : 0)));
  return out;
}

Result<Buffer> operation(std::uint32_t password, const OperationLine& line) {
  constexpr std::size_t kMaxName = 128;
  constexpr std::uint64_t kNotGiven = 0xffffffffff;
  Buffer out = plain(Command::kOperation, password);
  out.push_back(static_cast<std::uint8_t>(line.sign_1054));
  if (line.quantity.units <= 0 || line.quantity.units >= std::int64_t{1} << 37) {
    return fail(Code::kOutOfRange, "quantity");
  }
  put(out, static_cast<std::uint64_t>(line.quantity.units) * 1000, 6);
  TILL_CHECK(put_money(out, line.price, "price"));
  TILL_CHECK(put_money(out, line.sum, "sum"));
  put(out, kNotGiven, 5);
  out.push_back(line.tax);
  out.push_back(1);  // department
  out.push_back(line.payment_method);
  out.push_back(line.payment_object);
  const std::string name = text::encode(line.name, text::CodePage::kCp1251);
  append(out, as_bytes(std::string_view(name).substr(0, kMaxName)));
  return out;
}

Result<Buffer> close_receipt(std::uint32_t password, const std::array<Money, 16>& payments,
                             std::uint8_t tax_system_bits) {
  Buffer out = plain(Command::kCloseReceipt, password);
  for (const Money& payment : payments) TILL_CHECK(put_money(out, payment, "payment"));
  out.push_back(0);                            // rounding, kopecks
  for (int i = 0; i < 6; ++i) put(out, 0, 5);  // taxes: the register works them out
  out.push_back(tax_system_bits);
  return out;
}

Result<Buffer> correction(std::uint32_t password, const CorrectionSums& sums) {
  Buffer out = plain(Command::kCorrection, password);
  out.push_back(sums.by_order ? 1 : 0);
  out.push_back(static_cast<std::uint8_t>(sums.sign_1054));
  TILL_CHECK(put_money(out, sums.total, "total"));
  for (const Money& payment : sums.payments) TILL_CHECK(put_money(out, payment, "payment"));
  for (const Money& tax : sums.taxes) TILL_CHECK(put_money(out, tax, "tax"));
  out.push_back(sums.tax_system_bits);
  return out;
}

Buffer print_line(std::uint32_t password, std::string_view line) {
  constexpr std::size_t kWidth = 40;
  constexpr std::uint8_t kReceiptRoll = 2;
  Buffer out = plain(Command::kPrintLine, password);
  out.push_back(kReceiptRoll);
  std::string bytes = text::encode(line, text::CodePage::kCp1251);
  bytes.resize(kWidth, '\0');
  append(out, as_bytes(bytes));
  return out;
}

Buffer send_tlv(std::uint32_t password, Bytes tlv) {
  Buffer out = plain(Command::kSendTlv, password);
  append(out, tlv);
  return out;
}

Buffer find_document(std::uint32_t password, std::uint32_t number) {
  Buffer out = plain(Command::kFindDocument, password);
  put(out, number, 4);
  return out;
}

Buffer start_tlv_read(std::uint32_t password, std::uint32_t number) {
  Buffer out = plain(Command::kStartTlvRead, password);
  put(out, number, 4);
  return out;
}

Result<Reply> parse_reply(Bytes payload) {
  if (payload.size() < 2) return too_short("reply");
  if (payload[0] != 0xff) {
    return Reply{static_cast<Command>(payload[0]), payload[1], to_buffer(payload.subspan(2))};
  }
  if (payload.size() == 2) return Reply{static_cast<Command>(0xff), payload[1], {}};
  return Reply{static_cast<Command>(0xff00 | payload[1]), payload[2],
               to_buffer(payload.subspan(3))};
}

Result<ShortStatus> parse_short_status(Bytes data) {
  if (data.size() < 14) return too_short("short status");
  ShortStatus s;
  s.flags = static_cast<std::uint16_t>(get(data, 1, 2));
  s.mode = data[3] & 0x0f;
  s.mode_status = data[3] >> 4;
  s.submode = data[4];
  if (data.size() > 14) s.last_print = data[14];
  return s;
}

Result<FnStatus> parse_fn_status(Bytes data) {
  if (data.size() < 30) return too_short("FN status");
  FnStatus s;
  s.phase = data[0];
  s.open_document = data[1];
  s.shift_open = data[3] == 1;
  s.warnings = data[4];
  s.time = time5(data, 5);
  s.number = std::string(as_text(data.subspan(10, 16)));
  s.last_document = static_cast<std::uint32_t>(get(data, 26, 4));
  return s;
}

Result<ShiftStatus> parse_shift_status(Bytes data) {
  if (data.size() < 5) return too_short("shift status");
  return ShiftStatus{data[0] == 1, static_cast<std::uint16_t>(get(data, 1, 2)),
                     static_cast<std::uint16_t>(get(data, 3, 2))};
}

Result<Closed> parse_close_receipt(Bytes data) {
  if (data.size() < 13) return too_short("close receipt");
  Closed c;
  c.change = {static_cast<std::int64_t>(get(data, 0, 5))};
  c.document = static_cast<std::uint32_t>(get(data, 5, 4));
  c.sign = static_cast<std::uint32_t>(get(data, 9, 4));
  if (data.size() >= 18) c.time = time5(data, 13);
  return c;
}

Result<Corrected> parse_correction(Bytes data) {
  if (data.size() < 10) return too_short("correction");
  Corrected c{
      static_cast<std::uint32_t>(get(data, 2, 4)), static_cast<std::uint32_t>(get(data, 6, 4)), {}};
  if (data.size() >= 15) c.time = time5(data, 10);
  return c;
}

Result<FoundDocument> parse_find_document(Bytes data) {
  if (data.size() < 15) return too_short("document");
  FoundDocument d;
  d.type = data[0];
  d.ticket = data[1] != 0;
  d.time = time5(data, 2);
  d.number = static_cast<std::uint32_t>(get(data, 7, 4));
  d.sign = static_cast<std::uint32_t>(get(data, 11, 4));
  const bool receipt = d.type == 3 || d.type == 4 || d.type == 31 || d.type == 41;
  if (receipt) {
    if (data.size() < 21) return too_short("receipt");
    d.operation = data[15];
    d.total = {static_cast<std::int64_t>(get(data, 16, 5))};
  }
  return d;
}

Result<std::uint16_t> parse_tlv_start(Bytes data) {
  if (data.size() < 4) return too_short("TLV start");
  return static_cast<std::uint16_t>(get(data, 2, 2));
}

}  // namespace till::shtrih
