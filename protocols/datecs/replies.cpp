#include "replies.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "protocols/text/codepage.h"

namespace till::datecs {
namespace {

constexpr std::size_t kMaxFields = 64;

std::unexpected<Error> bad(const char* what) { return fail(Code::kBadFrame, what); }

std::vector<std::string_view> fields_of(Bytes data) {
  std::string_view rest = as_text(data);
  std::vector<std::string_view> fields;
  while (fields.size() < kMaxFields) {
    const std::size_t comma = rest.find(',');
    fields.push_back(rest.substr(0, comma));
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return fields;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

template <typename T>
std::optional<T> whole(std::string_view text) {
  text = trimmed(text);
  T value{};
  const char* const begin = text.data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
  const char* const end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<Money> amount(std::string_view text) {
  text = trimmed(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits(text);
  if (const std::size_t point = digits.find('.'); point != std::string::npos) {
    if (point == 0 || digits.size() != point + 3) return std::nullopt;
    digits.erase(point, 1);
  }
  const auto units = whole<std::uint64_t>(digits);
  if (!units || *units > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  const auto minor = static_cast<std::int64_t>(*units);
  return Money{negative ? -minor : minor};
}

// "22-11-26 12:05:30", "22-11-2026 12:05:30", seconds and their colon may be missing.
std::optional<std::string> moment(std::string_view text) {
  text = trimmed(text);
  const std::size_t blank = text.find(' ');
  if (blank != 8 && blank != 10) return std::nullopt;
  const std::string_view date = text.substr(0, blank), time = text.substr(blank + 1);
  const auto digits = [](std::string_view of, std::size_t at, std::size_t n) {
    return of.size() >= at + n &&
           std::ranges::all_of(of.substr(at, n), [](char c) { return c >= '0' && c <= '9'; });
  };
  const std::size_t year = date.size() - 6;
  if (!digits(date, 0, 2) || !digits(date, 3, 2) || !digits(date, 6, year) || !digits(time, 0, 2) ||
      !digits(time, 3, 2) || (time.size() != 5 && time.size() != 8) ||
      (time.size() == 8 && !digits(time, 6, 2))) {
    return std::nullopt;
  }
  return fmt::format("{}{}-{}-{}T{}:{}:{}", year == 2 ? "20" : "", date.substr(6),
                     date.substr(3, 2), date.substr(0, 2), time.substr(0, 2), time.substr(3, 2),
                     time.size() == 8 ? time.substr(6, 2) : "00");
}

Result<JournalPart> take_receipt(JournalDocument& d, const std::vector<std::string_view>& f) {
  const auto type = f.size() > 5 ? whole<int>(f[4]) : std::nullopt;
  const auto number = f.size() > 5 ? whole<std::uint32_t>(f[5]) : std::nullopt;
  if (!type || !number) return bad("journal record U");
  using Kind = JournalDocument::Kind;
  static constexpr Kind kKinds[] = {Kind::kSale, Kind::kSale, Kind::kReturn, Kind::kReturn,
                                    Kind::kCancelled};
  d.kind = *type >= 0 && *type <= 4 ? kKinds[*type] : Kind::kOther;
  d.unp = std::string(f[1]);
  d.number = *number;
  return JournalPart::kLine;
}

Result<JournalPart> take_daily(JournalDocument& d, const std::vector<std::string_view>& f) {
  const auto number = f.size() > 5 ? whole<std::uint32_t>(f[2]) : std::nullopt;
  const auto time = f.size() > 5 ? moment(f[4]) : std::nullopt;
  const auto total = f.size() > 5 ? amount(f[5]) : std::nullopt;
  if (!number || !time || !total) return bad("journal record Z");
  d.kind = JournalDocument::Kind::kDailyReport;
  d.number = *number;
  d.time = *time;
  d.total = *total;
  return JournalPart::kLine;
}

}  // namespace

Result<std::int32_t> parse_last_error(Bytes data) {
  const auto f = fields_of(data);
  const auto code = f.size() > 1 ? whole<std::int32_t>(f[1]) : std::nullopt;
  if (!code) return bad("last error");
  return *code;
}

std::uint32_t parse_last_sale_number(Bytes data) {
  return whole<std::uint32_t>(as_text(data)).value_or(0);
}

Result<LastFiscal> parse_last_fiscal(Bytes data) {
  const auto f = fields_of(data);
  const auto number = whole<std::uint32_t>(f[0]);
  if (f.size() < 2 || !number) return bad("last fiscal document");
  return LastFiscal{*number, std::string(trimmed(f[1]))};
}

Result<Money> parse_subtotal(Bytes data) {
  const auto sum = amount(fields_of(data)[0]);
  if (!sum) return bad("subtotal");
  return *sum;
}

Result<Paid> parse_payment(Bytes data) {
  const std::string_view text = as_text(data);
  if (text.empty() || std::string_view("FEDRI").find(text[0]) == std::string_view::npos) {
    return bad("payment");
  }
  const auto rest = amount(text.substr(1));
  if (!rest && text[0] != 'F') return bad("payment");
  return Paid{text[0], rest.value_or(Money{})};
}

Result<Closed> parse_closed(Bytes data) {
  const auto f = fields_of(data);
  const auto all = whole<std::uint32_t>(f[0]);
  const auto fiscal = f.size() > 1 ? whole<std::uint32_t>(f[1]) : std::nullopt;
  if (!all || !fiscal) return bad("receipt counters");
  return Closed{*all, *fiscal};
}

Result<ReceiptState> parse_receipt_state(Bytes data) {
  const auto f = fields_of(data);
  if (f.size() < 4 || (f[0] != "0" && f[0] != "1")) return bad("receipt state");
  const auto total = amount(f[2]), tendered = amount(f[3]);
  if (!total || !tendered) return bad("receipt state");
  return ReceiptState{f[0] == "1", *total, *tendered};
}

Result<Diagnostics> parse_diagnostics(Bytes data) {
  const auto f = fields_of(data);
  if (f.size() < 6 || trimmed(f[4]).empty() || trimmed(f[5]).empty()) return bad("diagnostics");
  return Diagnostics{std::string(trimmed(f[0])), std::string(f[1]), std::string(trimmed(f[4])),
                     std::string(trimmed(f[5]))};
}

Result<std::uint32_t> parse_number(Bytes data) {
  const auto number = whole<std::uint32_t>(as_text(data));
  if (!number) return bad("number");
  return *number;
}

// "Multiplier,Decimals,Currency,EnabledT,TaxA,…"; a rate as "20.00" or "20".
Result<std::map<char, Percent>> parse_rates(Bytes data) {
  constexpr std::size_t kGroups = 8, kFirst = 4;
  const auto f = fields_of(data);
  if (f.size() < kFirst + kGroups || f[3].size() != kGroups) return bad("tax rates");
  std::map<char, Percent> rates;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (f[3][i] != '0' && f[3][i] != '1') return bad("tax rates");
    if (f[3][i] == '0') continue;
    const auto text = trimmed(f[kFirst + i]);
    const bool pointed = text.find('.') != std::string_view::npos;
    const auto value = pointed ? amount(text) : std::nullopt;
    const auto percent = pointed ? std::nullopt : whole<std::int64_t>(text);
    if ((!value && !percent) || percent.value_or(0) > 100) return bad("tax rates");
    rates[static_cast<char>('A' + i)] = Percent{value ? value->minor : *percent * 100};
  }
  return rates;
}

Result<std::uint32_t> parse_last_record(Bytes data) {
  const auto f = fields_of(data);
  if (f[0] == "F") return 0U;
  const auto number = f.size() > 1 ? whole<std::uint32_t>(f[1]) : std::nullopt;
  if (f[0] != "P" || !number) return bad("last fiscal record");
  return *number;
}

Result<std::string> parse_clock(Bytes data) {
  auto time = moment(as_text(data));
  if (!time) return bad("clock");
  return *time;
}

Result<Cash> parse_cash(Bytes data) {
  const auto f = fields_of(data);
  if (f[0] == "F") return Cash{};
  const auto sum = f.size() > 1 ? amount(f[1]) : std::nullopt;
  if (f[0] != "P" || !sum) return bad("cash");
  return Cash{true, *sum};
}

Result<JournalLine> parse_journal_line(Bytes data) {
  const std::string_view text = as_text(data);
  if (text == "F") return JournalLine{};
  if (text.starts_with('*')) return JournalLine{JournalPart::kEndOfDocument, {}};
  if (!text.starts_with("P,")) return bad("journal line");
  return JournalLine{JournalPart::kLine, text::decode(data.subspan(2), text::CodePage::kCp1251)};
}

Result<JournalPart> add_record(JournalDocument& d, Bytes data) {
  const auto f = fields_of(data);
  if (f[0] == "F") return JournalPart::kNoData;
  if (f[0] == "*") return JournalPart::kEndOfDocument;
  if (f[0] == "U") return take_receipt(d, f);
  if (f[0] == "Z") return take_daily(d, f);
  if (f[0] == "T") {
    const auto total = f.size() > 8 ? amount(f[8]) : std::nullopt;
    if (!total) return bad("journal record T");
    d.total = *total;
  } else if (f[0] == "D") {
    const auto time = f.size() > 1 ? moment(f[1]) : std::nullopt;
    if (!time) return bad("journal record D");
    d.time = *time;
  } else if (f[0].size() != 1) {
    return bad("journal record");
  }
  return JournalPart::kLine;
}

}  // namespace till::datecs
