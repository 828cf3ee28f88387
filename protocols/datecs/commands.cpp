#include "commands.h"

#include <fmt/core.h>

#include <algorithm>

#include "protocols/text/codepage.h"

namespace till::datecs {
namespace {

// Control characters are syntax here: a name may hold none.
std::string wire_text(std::string_view utf8) {
  std::string bytes = text::encode(utf8, text::CodePage::kCp1251);
  std::ranges::replace_if(bytes, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return bytes;
}

Request request(Command command, std::string_view data) {
  return {command, to_buffer(as_bytes(data))};
}

struct Moment {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

Result<Moment> moment_of(std::string_view text) {
  static constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  if (text.size() != kForm.size()) return fail(Code::kBadValue, "time");
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == 'd' ? !digit : text[i] != kForm[i]) return fail(Code::kBadValue, "time");
  }
  const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + text[at + 1] - '0'; };
  const Moment m{two(0) * 100 + two(2), two(5), two(8), two(11), two(14), two(17)};
  const bool fits = m.year >= 2000 && m.year <= 2099 && m.month >= 1 && m.month <= 12 &&
                    m.day >= 1 && m.day <= 31 && m.hour < 24 && m.minute < 60 && m.second < 60;
  if (!fits) return fail(Code::kBadValue, "time");
  return m;
}

}  // namespace

std::string unique_sale_number(std::string_view serial, std::string_view operator_code,
                               std::uint32_t number) {
  return fmt::format("{}-{}-{:07}", serial, operator_code, number);
}

Request with_option(Command command, std::string_view option) { return request(command, option); }

Request open_sale(const Access& who, std::string_view unp) {
  return request(Command::kOpenReceipt, fmt::format("{},{},{},{}", who.operator_number,
                                                    who.password, who.till_number, unp));
}

Result<Request> open_return(const Access& who, std::string_view unp, const Undone& undone) {
  const auto t = TILL_TRY(moment_of(undone.time));
  return request(
      Command::kOpenStorno,
      fmt::format("{},{},{},{},R{},{},{:02}{:02}{:02}{:02}{:02}{:02},{}", who.operator_number,
                  who.password, who.till_number, unp, undone.document, undone.unp, t.day, t.month,
                  t.year % 100, t.hour, t.minute, t.second, undone.fiscal_memory));
}

Result<Request> sale(const SaleLine& line) {
  if (line.group < 'A' || line.group > 'H') return fail(Code::kOutOfRange, "tax");
  if (line.price.minor < 0 || line.price.minor > kMaxPriceMinor) {
    return fail(Code::kOutOfRange, "price");
  }
  if (line.quantity.units <= 0 || line.quantity.units > kMaxQuantity) {
    return fail(Code::kOutOfRange, "quantity");
  }
  std::string name = wire_text(line.name);
  if (name.size() > 2 * kMaxNameLine) return fail(Code::kTooLarge, "name");
  if (name.size() > kMaxNameLine) name.insert(kMaxNameLine, 1, '\n');
  return request(Command::kSale, fmt::format("{}\t{}{}*{}", name, line.group, to_string(line.price),
                                             to_string(line.quantity)));
}

Request text(std::string_view utf8) { return request(Command::kText, wire_text(utf8)); }

Request payment(char mode, Money amount) {
  return request(Command::kPayment, fmt::format("\t{}{}", mode, to_string(amount)));
}

Request cash(bool in, Money amount) {
  return request(Command::kCash, to_string(in ? amount : -amount));
}

Result<Request> set_clock(std::string_view local_time) {
  const auto t = TILL_TRY(moment_of(local_time));
  return request(Command::kSetClock,
                 fmt::format("{:02}-{:02}-{:02} {:02}:{:02}:{:02}", t.day, t.month, t.year % 100,
                             t.hour, t.minute, t.second));
}

Request journal_records(std::uint32_t document) {
  return request(Command::kJournal, fmt::format("W,{}", document));
}

Request journal_lines(std::uint32_t document) {
  return request(Command::kJournal, fmt::format("R,{}", document));
}

}  // namespace till::datecs
