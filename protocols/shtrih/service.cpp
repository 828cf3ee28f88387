#include "service.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "fields.h"
#include "protocols/text/codepage.h"

namespace till::shtrih {
namespace {

constexpr std::uint8_t kCashRegister = 241;
constexpr std::size_t kMaxMark = 200;  // of 255 bytes of a command

}  // namespace

Result<std::string> parse_fn_expiry(Bytes data) {
  if (data.size() < 3) return too_short("FN expiry");
  return fmt::format("{:04}-{:02}-{:02}", 2000 + data[0], data[1], data[2]);
}

Result<Exchange> parse_exchange(Bytes data) {
  if (data.size() < 13) return too_short("exchange status");
  Exchange e;
  e.queue = static_cast<std::uint16_t>(get(data, 2, 2));
  e.first_document = static_cast<std::uint32_t>(get(data, 4, 4));
  if (e.queue > 0) {
    e.first_time = time5(data, 8);
  }
  return e;
}

Result<LongStatus> parse_long_status(Bytes data) {
  if (data.size() < 46) return too_short("long status");
  LongStatus s;
  s.flags = static_cast<std::uint16_t>(get(data, 11, 2));
  s.device_time = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", 2000 + data[25], data[24],
                              data[23], data[26], data[27], data[28]);
  const std::uint64_t high = data.size() >= 48 ? get(data, 46, 2) : 0;
  s.serial = std::to_string(high << 32 | get(data, 30, 4));
  return s;
}

Result<Device> parse_device(Bytes data) {
  if (data.size() < 6) return too_short("device type");
  return Device{data[4], text::decode(data.subspan(6), text::CodePage::kCp1251)};
}

bool tags_precede_line(std::uint8_t model) {
  static constexpr std::uint8_t kModels[] = {16, 19, 20, 21, 45, 46};
  return std::ranges::find(kModels, model) != std::end(kModels);
}

Result<std::uint32_t> parse_fn_space(Bytes data) {
  if (data.size() < 8) return too_short("FN space");
  return static_cast<std::uint32_t>(get(data, 0, 4));
}

Result<Buffer> cash_move(std::uint32_t password, bool in, Money amount) {
  if (amount.minor == 0) return fail(Code::kOutOfRange, "amount");
  Buffer out = plain(in ? Command::kCashIn : Command::kCashOut, password);
  TILL_CHECK(put_money(out, amount, "amount"));
  return out;
}

Buffer cash_register(std::uint32_t password) {
  Buffer out = plain(Command::kMoneyRegister, password);
  out.push_back(kCashRegister);
  return out;
}

Result<Money> parse_cash_register(Bytes data) {
  if (data.size() < 7) return too_short("money register");
  return Money{static_cast<std::int64_t>(get(data, 1, 6))};
}

Result<ClockCommands> set_clock(std::uint32_t password, const std::string& time) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const int n = std::sscanf(time.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &year, &month, &day, &hour,
                            &minute, &second);
  const bool good = n == 6 && year >= 2000 && year < 2100 && month >= 1 && month <= 12 &&
                    day >= 1 && day <= 31 && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 &&
                    second >= 0 && second < 60;
  if (!good) return fail(Code::kBadValue, "time");
  ClockCommands out{plain(Command::kSetDate, password), plain(Command::kConfirmDate, password),
                    plain(Command::kSetTime, password)};
  for (auto* command : {&out.date, &out.confirm}) {
    for (const int part : {day, month, year - 2000}) {
      command->push_back(static_cast<std::uint8_t>(part));
    }
  }
  for (const int part : {hour, minute, second}) out.time.push_back(static_cast<std::uint8_t>(part));
  return out;
}

Buffer field_shape(std::uint32_t password, const Field& field) {
  Buffer out = plain(Command::kFieldShape, password);
  out.push_back(field.table);
  out.push_back(field.number);
  return out;
}

Result<FieldShape> parse_field_shape(Bytes data) {
  if (data.size() < 42) return too_short("field structure");
  return FieldShape{data[40] == 1, data[41]};
}

Buffer read_field(std::uint32_t password, const Field& field) {
  Buffer out = plain(Command::kReadTable, password);
  out.push_back(field.table);
  put(out, field.row, 2);
  out.push_back(field.number);
  return out;
}

Result<Buffer> write_field(std::uint32_t password, const Field& field, const FieldShape& shape,
                           const std::string& value) {
  Buffer out = read_field(password, field);
  out[0] = static_cast<std::uint8_t>(Command::kWriteTable);
  if (shape.text) {
    std::string bytes = text::encode(value, text::CodePage::kCp1251);
    if (bytes.size() > shape.size) return fail(Code::kTooLarge, "value");
    bytes.resize(shape.size, '\0');
    append(out, as_bytes(bytes));
    return out;
  }
  std::uint64_t number = 0;
  const auto [end, wrong] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (wrong != std::errc() || end != value.data() + value.size() || shape.size > 8) {
    return fail(Code::kBadValue, "value");
  }
  if (shape.size < 8 && number >> (8 * shape.size) != 0) return fail(Code::kOutOfRange, "value");
  put(out, number, shape.size);
  return out;
}

std::string field_text(const FieldShape& shape, Bytes value) {
  if (!shape.text) return std::to_string(get(value, 0, std::min<std::size_t>(value.size(), 8)));
  const auto end = std::ranges::find(value, 0);
  return text::decode(value.first(static_cast<std::size_t>(end - value.begin())),
                      text::CodePage::kCp1251);
}

Buffer load_picture_line(std::uint32_t password, std::uint16_t line, Bytes bits) {
  Buffer out = plain(Command::kLoadPicture, password);
  put(out, line, 2);
  for (std::size_t i = 0; i < kPictureBytes; ++i) {
    std::uint8_t turned = 0;
    for (int bit = 0; i < bits.size() && bit < 8; ++bit) {
      turned = static_cast<std::uint8_t>(turned | (bits[i] >> bit & 1) << (7 - bit));
    }
    out.push_back(turned);
  }
  return out;
}

Buffer print_picture(std::uint32_t password, std::uint16_t first, std::uint16_t last) {
  Buffer out = plain(Command::kPrintPicture, password);
  put(out, first, 2);
  put(out, last, 2);
  return out;
}

Buffer feed(std::uint32_t password, std::uint8_t lines) {
  constexpr std::uint8_t kReceiptRoll = 2;
  Buffer out = plain(Command::kFeed, password);
  append(out, Buffer{kReceiptRoll, lines});
  return out;
}

Buffer cut(std::uint32_t password) {
  constexpr std::uint8_t kPartial = 1;
  Buffer out = plain(Command::kCut, password);
  out.push_back(kPartial);
  return out;
}

Buffer open_drawer(std::uint32_t password) {
  Buffer out = plain(Command::kDrawer, password);
  out.push_back(0);
  return out;
}

Result<Buffer> check_mark(std::uint32_t password, bool is_return, const std::string& code) {
  if (code.empty() || code.size() > kMaxMark) return fail(Code::kOutOfRange, "marking_code");
  Buffer out = plain(Command::kCheckMark, password);
  out.push_back(is_return ? 3 : 1);  // tag 2003: a piece comes back, or is sold
  out.push_back(0);                  // tag 2102
  out.push_back(static_cast<std::uint8_t>(code.size()));
  out.push_back(0);  // no TLV: whole pieces
  append(out, as_bytes(code));
  return out;
}

Buffer accept_mark(std::uint32_t password, bool accept) {
  Buffer out = plain(Command::kAcceptMark, password);
  out.push_back(accept ? 1 : 0);
  return out;
}

Buffer bind_mark(std::uint32_t password, const std::string& code) {
  Buffer out = plain(Command::kBindMark, password);
  out.push_back(static_cast<std::uint8_t>(code.size()));
  append(out, as_bytes(code));
  return out;
}

Buffer line_tags(std::uint32_t password, Bytes tlv) {
  Buffer out = plain(Command::kLineTags, password);
  append(out, tlv);
  return out;
}

}  // namespace till::shtrih
