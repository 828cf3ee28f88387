// Shtrih-M commands for what is no receipt: state, clock, cash, tables. Pure.
#pragma once

#include "protocols/shtrih/commands.h"

namespace till::shtrih {

// FF03: "2028-03-01".
Result<std::string> parse_fn_expiry(Bytes data);

struct Exchange {  // FF39, with the tax operator's server
  std::uint16_t queue = 0;
  std::uint32_t first_document = 0;
  std::string first_time;
};
Result<Exchange> parse_exchange(Bytes data);

struct LongStatus {         // 11h
  std::string device_time;  // "2026-11-22T12:05:30"
  std::string serial;
  std::uint16_t flags = 0;
};
Result<LongStatus> parse_long_status(Bytes data);
struct Device {  // FCh
  std::uint8_t model = 0;
  std::string name;
};
Result<Device> parse_device(Bytes data);
// Models of the "cash core" and the mobile one want a line's tags before the line, all others
// behind it (the vendor's Java driver).
bool tags_precede_line(std::uint8_t model);
// FF63: how many documents fit yet.
Result<std::uint32_t> parse_fn_space(Bytes data);

Result<Buffer> cash_move(std::uint32_t password, bool in, Money amount);
// The register that counts the drawer's cash: number 241, "cash total" in the vendor's OPOS driver.
Buffer cash_register(std::uint32_t password);
Result<Money> parse_cash_register(Bytes data);

// 21h sets the time; 22h and 23h set and confirm the date. `time` as in LongStatus.
struct ClockCommands {
  Buffer date, confirm, time;
};
Result<ClockCommands> set_clock(std::uint32_t password, const std::string& time);

struct Field {
  std::uint8_t table = 0;
  std::uint16_t row = 0;
  std::uint8_t number = 0;
};
struct FieldShape {  // 2Eh
  bool text = false;
  std::uint8_t size = 0;
};
Buffer field_shape(std::uint32_t password, const Field& field);
Result<FieldShape> parse_field_shape(Bytes data);
Buffer read_field(std::uint32_t password, const Field& field);
// A number is written in decimal; text in the device's code page, padded with zeros.
Result<Buffer> write_field(std::uint32_t password, const Field& field, const FieldShape& shape,
                           const std::string& value);
std::string field_text(const FieldShape& shape, Bytes value);

// Pictures: lines of up to 320 dots, numbered from 1. `bits`: the first dot is the highest bit, 1
// is black (as in PBM); the device wants it lowest.
inline constexpr std::size_t kPictureBytes = 40;
Buffer load_picture_line(std::uint32_t password, std::uint16_t line, Bytes bits);
Buffer print_picture(std::uint32_t password, std::uint16_t first, std::uint16_t last);

Buffer feed(std::uint32_t password, std::uint8_t lines);  // of the receipt's roll
Buffer cut(std::uint32_t password);                       // leaves the paper hanging by a point
Buffer open_drawer(std::uint32_t password);

// Marking (FFD 1.2): FF61 checks a code in the fiscal memory, FF69 accepts what it said, FF67 ties
// the code to the line sent last.
Result<Buffer> check_mark(std::uint32_t password, bool is_return, const std::string& code);
Buffer accept_mark(std::uint32_t password, bool accept);
Buffer bind_mark(std::uint32_t password, const std::string& code);
// FF4D: tags of the line sent last, or sent next; see tags_precede_line.
Buffer line_tags(std::uint32_t password, Bytes tlv);

}  // namespace till::shtrih
