#include "tlv.h"

#include <cstdio>

#include "protocols/text/codepage.h"

namespace till::shtrih {
namespace {

constexpr std::uint16_t kFirstFfdTag = 1000;  // below: types of documents

}  // namespace

void put_tlv(Buffer& out, std::uint16_t tag, Bytes value) {
  for (const std::size_t word : {std::size_t{tag}, value.size()}) {
    out.push_back(static_cast<std::uint8_t>(word));
    out.push_back(static_cast<std::uint8_t>(word >> 8));
  }
  append(out, value);
}

void put_string(Buffer& out, std::uint16_t tag, std::string_view utf8) {
  const std::string bytes = text::encode(utf8, text::CodePage::kCp866);
  put_tlv(out, tag, as_bytes(bytes));
}

Buffer extra_requisite(std::string_view name, std::string_view value) {
  Buffer inside;
  put_string(inside, kTagExtraName, name);
  put_string(inside, kTagExtraValue, value);
  Buffer out;
  put_tlv(out, kTagExtra, inside);
  return out;
}

namespace {

bool leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

// Days from 1970-01-01; nothing for a day that does not exist or is out of the format's range.
std::optional<std::uint32_t> day_number(std::string_view date) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year = 0, month = 0, day = 0;
  const std::string text(date);
  if (std::sscanf(text.c_str(), "%4d-%2d-%2d", &year, &month, &day) != 3) return std::nullopt;
  if (year < 1970 || year > 2105 || month < 1 || month > 12 || day < 1) return std::nullopt;
  const auto length = [&](int m) { return kDays[m - 1] + (m == 2 && leap(year) ? 1 : 0); };
  if (day > length(month)) return std::nullopt;
  int days = day - 1;
  for (int m = 1; m < month; ++m) days += length(m);
  for (int y = 1970; y < year; ++y) days += leap(y) ? 366 : 365;
  return static_cast<std::uint32_t>(days);
}

}  // namespace

Result<Buffer> correction_reason(bool by_order, std::string_view date, std::string_view number) {
  const auto days = day_number(date);
  if (!days) return fail(Code::kBadValue, "correction.date");
  const std::uint32_t seconds = *days * 86400;
  Buffer time, inside, out;
  for (int i = 0; i < 4; ++i) time.push_back(static_cast<std::uint8_t>(seconds >> (8 * i)));
  put_tlv(inside, kTagReasonDate, time);
  if (!number.empty()) put_string(inside, kTagReasonNumber, number);
  const std::uint8_t type = by_order ? 1 : 0;
  put_tlv(out, kTagCorrectionType, Bytes(&type, 1));
  put_tlv(out, kTagCorrectionReason, inside);
  return out;
}

Result<std::vector<Tlv>> parse_tlv(Bytes bytes) {
  std::vector<Tlv> out;
  while (!bytes.empty()) {
    if (bytes.size() < 4) return fail(Code::kBadFrame, "TLV header");
    const auto tag = static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8);
    const auto length = static_cast<std::size_t>(bytes[2] | bytes[3] << 8);
    if (length > bytes.size() - 4) return fail(Code::kBadFrame, "TLV length");
    out.push_back({tag, to_buffer(bytes.subspan(4, length))});
    bytes = bytes.subspan(4 + length);
  }
  return out;
}

std::optional<std::uint32_t> find_number(Bytes document, std::uint16_t tag) {
  const auto outer = parse_tlv(document);
  if (!outer) return std::nullopt;
  for (const Tlv& t : *outer) {
    // A device may wrap the whole document in its own type tag (3 = receipt …).
    if (t.tag < kFirstFfdTag) {
      if (const auto inside = find_number(t.value, tag)) return inside;
    }
    if (t.tag != tag || t.value.empty() || t.value.size() > 4) continue;
    std::uint32_t value = 0;
    for (auto at = t.value.rbegin(); at != t.value.rend(); ++at) value = value << 8 | *at;
    return value;
  }
  return std::nullopt;
}

std::optional<std::string> find_witness(Bytes document) {
  const auto outer = parse_tlv(document);
  if (!outer) return std::nullopt;
  for (const Tlv& t : *outer) {
    if (t.tag < kFirstFfdTag) {
      if (auto inside = find_witness(t.value)) return inside;
      continue;
    }
    if (t.tag != kTagExtra) continue;
    const auto inner = parse_tlv(t.value);
    if (!inner) return std::nullopt;
    for (const Tlv& i : *inner) {
      if (i.tag == kTagExtraValue) return text::decode(i.value, text::CodePage::kCp866);
    }
  }
  return std::nullopt;
}

}  // namespace till::shtrih
