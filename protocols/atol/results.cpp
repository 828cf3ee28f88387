#include "results.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "protocols/shtrih/tlv.h"
#include "protocols/text/codepage.h"
#include "sdk/cpp/base/base64.h"

namespace till::atol {
namespace {

using shtrih::Tlv;

constexpr std::size_t kMaxAnswer = std::size_t{1} << 20;
constexpr double kMostRoubles = 1e12;  // a double holds every kopeck below

std::unexpected<Error> missing(std::string_view name) {
  return fail(Code::kBadFrame, "answer without " + std::string(name));
}

Result<const json::object*> object(const json::object& in, std::string_view name) {
  const auto* at = in.if_contains(name);
  if (at == nullptr || !at->is_object()) return missing(name);
  return &at->get_object();
}

Result<std::string> text(const json::object& in, std::string_view name) {
  const auto* at = in.if_contains(name);
  if (at == nullptr || !at->is_string()) return missing(name);
  return json::value_to<std::string>(*at);
}

std::string text_or_none(const json::object& in, std::string_view name) {
  return text(in, name).value_or("");
}

bool flag(const json::object& in, std::string_view name, bool otherwise = false) {
  const auto* at = in.if_contains(name);
  return at != nullptr && at->is_bool() ? at->get_bool() : otherwise;
}

template <typename T>
std::optional<T> digits(std::string_view text) {
  T value = 0;
  const char* const begin = text.data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
  const char* const end = begin + text.size();
  const auto [stop, bad] = std::from_chars(begin, end, value);
  return bad == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

// The driver writes numbers sometimes as such and sometimes as text.
template <typename T>
std::optional<T> number_of(const json::value& v) {
  if (v.is_string()) return digits<T>(v.get_string());
  boost::system::error_code bad;
  const T value = v.to_number<T>(bad);
  return bad ? std::nullopt : std::optional(value);
}

template <typename T>
Result<T> number(const json::object& in, std::string_view name) {
  const auto* at = in.if_contains(name);
  const auto value = at == nullptr ? std::nullopt : number_of<T>(*at);
  if (!value) return missing(name);
  return *value;
}

// "205.50" or 205.5: roubles.
std::optional<Money> roubles(const json::value& v) {
  double value = 0;
  if (v.is_string()) {
    const auto parsed = digits<double>(v.get_string());
    if (!parsed) return std::nullopt;
    value = *parsed;
  } else {
    boost::system::error_code bad;
    value = v.to_number<double>(bad);
    if (bad) return std::nullopt;
  }
  if (!(std::abs(value) < kMostRoubles)) return std::nullopt;
  return Money{std::llround(value * 100)};
}

Result<Money> money(const json::object& in, std::string_view name) {
  const auto* at = in.if_contains(name);
  const auto value = at == nullptr ? std::nullopt : roubles(*at);
  if (!value) return missing(name);
  return *value;
}

// "2026-11-22T12:05:30+03:00" -> "2026-11-22T12:05": the register's local time, to the minute.
std::string minute(std::string_view iso) {
  if (iso.size() < 16 || iso[4] != '-' || iso[7] != '-' || iso[10] != 'T') return "";
  return std::string(iso.substr(0, 16));
}

// "20261122T1205" of a QR code -> "2026-11-22T12:05"
std::string minute_of_qr(std::string_view t) {
  if (t.size() < 13 || t[8] != 'T') return "";
  const auto part = [&](std::size_t at, std::size_t n) { return std::string(t.substr(at, n)); };
  return part(0, 4) + "-" + part(4, 2) + "-" + part(6, 2) + "T" + part(9, 2) + ":" + part(11, 2);
}

// "s" of "t=…&s=205.50&fn=…"
std::string_view qr_part(std::string_view qr, std::string_view name) {
  while (!qr.empty()) {
    const auto end = qr.find('&');
    const auto part = qr.substr(0, end);
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=') {
      return part.substr(name.size() + 1);
    }
    if (end == std::string_view::npos) break;
    qr.remove_prefix(end + 1);
  }
  return {};
}

std::string shift_state(const std::string& state) { return state == "opened" ? "open" : state; }

std::string warnings_of(const json::object& info) {
  static constexpr std::array<std::pair<const char*, const char*>, 5> kWords = {{
      {"criticalError", "critical error"},
      {"needReplacement", "must be replaced at once"},
      {"resourceExhausted", "less than 30 days left"},
      {"memoryOverflow", "memory is nearly full"},
      {"ofdTimeout", "the OFD has not answered for long"},
  }};
  const auto* warnings = info.if_contains("warnings");
  std::string out;
  if (warnings == nullptr || !warnings->is_object()) return out;
  for (const auto& [name, words] : kWords) {
    if (flag(warnings->get_object(), name)) out += (out.empty() ? "" : ", ") + std::string(words);
  }
  return out;
}

// The document's own bytes: the tags of its first level, without the wrapping type tag.
std::optional<std::vector<Tlv>> tags_of(const json::object& result) {
  const auto* raw = result.if_contains("rawData");
  if (raw == nullptr || !raw->is_string()) return std::nullopt;
  const auto bytes = from_base64(raw->get_string());
  if (!bytes) return std::nullopt;
  auto tags = shtrih::parse_tlv(*bytes);
  if (tags && tags->size() == 1 && tags->front().tag < 1000) {
    tags = shtrih::parse_tlv(tags->front().value);
  }
  if (!tags || tags->empty()) return std::nullopt;
  return std::move(*tags);
}

const Tlv* find(const std::vector<Tlv>& tags, std::uint16_t tag) {
  for (const Tlv& t : tags) {
    if (t.tag == tag) return &t;
  }
  return nullptr;
}

std::optional<std::uint64_t> little_endian(const std::vector<Tlv>& tags, std::uint16_t tag) {
  const Tlv* t = find(tags, tag);
  if (t == nullptr || t->value.empty() || t->value.size() > 8) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = t->value.size(); i-- > 0;) value = value << 8 | t->value[i];
  return value;
}

// 1084 as the driver renders it: an object, or a list of one.
std::optional<std::string> rendered_witness(const json::object& tlv) {
  const auto* at = tlv.if_contains("1084");
  if (at != nullptr && at->is_array() && !at->get_array().empty()) at = &at->get_array()[0];
  if (at == nullptr || !at->is_object()) return std::nullopt;
  const auto value = text(at->get_object(), "1086");
  return value ? std::optional(*value) : std::nullopt;
}

// False: the bytes do not show it.
bool witness_of_bytes(const std::vector<Tlv>& tags, std::string& witness) {
  const Tlv* extra = find(tags, shtrih::kTagExtra);
  if (extra == nullptr) return true;  // all there, and no 1084 among it
  const auto inside = shtrih::parse_tlv(extra->value);
  if (!inside) return false;
  if (const Tlv* value = find(*inside, shtrih::kTagExtraValue)) {
    witness = text::decode(value->value, text::CodePage::kCp866);
  }
  return true;
}

std::string kind_of(const std::string& type, int operation) {
  static constexpr std::array kOperations = {"sale", "sale_return", "purchase", "purchase_return"};
  if (type == "openShift") return "shift_open";
  if (type == "closeShift") return "shift_close";
  const bool receipt = type == "receipt" || type == "bso";
  const bool correction = type == "receiptCorrection" || type == "bsoCorrection";
  if ((!receipt && !correction) || operation < 1 || operation > 4) return "other";
  return kOperations[static_cast<std::size_t>(operation - 1)] +
         std::string(correction ? "_correction" : "");
}

// What the document's bytes tell better than the driver's rendering.
void take_bytes(const std::vector<Tlv>& tags, FiscalDocument& d) {
  if (const auto v = little_endian(tags, 1020)) d.total = {static_cast<std::int64_t>(*v)};
  if (const auto v = little_endian(tags, 1038)) d.shift = static_cast<std::uint32_t>(*v);
  if (const auto v = little_endian(tags, 1042)) d.receipt = static_cast<std::uint32_t>(*v);
  if (const Tlv* sign = find(tags, 1077); sign != nullptr && sign->value.size() == 6) {
    d.sign = 0;  // two bytes of reserve, four of the sign, the high one first
    for (std::size_t i = 2; i < 6; ++i) d.sign = d.sign << 8 | sign->value[i];
  }
  if (const Tlv* memory = find(tags, 1041)) {
    d.fiscal_memory = std::string(as_text(memory->value));
    while (d.fiscal_memory.ends_with(' ')) d.fiscal_memory.pop_back();
  }
}

}  // namespace

Result<json::object> parse_object(std::string_view text) {
  boost::system::error_code bad;
  if (text.size() > kMaxAnswer) return fail(Code::kBadFrame, "answer too long");
  json::value value = json::parse(text, bad);
  if (bad || !value.is_object()) return fail(Code::kBadFrame, "answer is no JSON object");
  return std::move(value.get_object());
}

Result<ShiftStatus> read_shift_status(const json::object& result) {
  const auto& s = *TILL_TRY(object(result, "shiftStatus"));
  return ShiftStatus{shift_state(TILL_TRY(text(s, "state"))),
                     TILL_TRY(number<std::uint32_t>(s, "number")),
                     minute(text_or_none(s, "expiredTime"))};
}

Result<DeviceStatus> read_device_status(const json::object& result) {
  const auto& s = *TILL_TRY(object(result, "deviceStatus"));
  return DeviceStatus{minute(text_or_none(s, "currentDateTime")),
                      shift_state(TILL_TRY(text(s, "shift"))),
                      flag(s, "blocked"),
                      flag(s, "coverOpened"),
                      flag(s, "paperPresent", true),
                      flag(s, "fiscal", true),
                      flag(s, "fnPresent", true)};
}

Result<MemoryInfo> read_fn_info(const json::object& result) {
  const auto& info = *TILL_TRY(object(result, "fnInfo"));
  const std::string phase = text_or_none(info, "livePhase");
  return MemoryInfo{TILL_TRY(text(info, "serial")),
                    phase == "init" || phase == "configured" ? "ready"
                    : phase == "fiscalMode"                  ? "operating"
                    : phase == "postFiscalMode"              ? "closed"
                    : phase == "accessArchive"               ? "archive"
                                                             : "",
                    minute(text_or_none(info, "validityDate")).substr(0, 10), warnings_of(info)};
}

Result<std::uint32_t> read_fn_status(const json::object& result) {
  return number<std::uint32_t>(*TILL_TRY(object(result, "fnStatus")), "fiscalDocumentNumber");
}

Result<OfdStatus> read_ofd_status(const json::object& result) {
  const auto& s = *TILL_TRY(object(result, "status"));
  OfdStatus out{TILL_TRY(number<std::uint32_t>(s, "notSentCount")), {}};
  if (out.unsent > 0) out.oldest = minute(text_or_none(s, "notSentFirstDocDateTime"));
  return out;
}

Result<DeviceInfo> read_device_info(const json::object& result) {
  const auto& info = *TILL_TRY(object(result, "deviceInfo"));
  return DeviceInfo{TILL_TRY(text(info, "modelName")), TILL_TRY(text(info, "serial"))};
}

Result<Money> read_cash(const json::object& result) {
  const auto& totals = *TILL_TRY(object(result, "shiftTotals"));
  return money(*TILL_TRY(object(totals, "cashDrawer")), "sum");
}

Result<FiscalDocument> read_fiscal(const json::object& result) {
  const auto& p = *TILL_TRY(object(result, "fiscalParams"));
  FiscalDocument d;
  d.fiscal_memory = TILL_TRY(text(p, "fnNumber"));
  d.number = TILL_TRY(number<std::uint32_t>(p, "fiscalDocumentNumber"));
  d.sign = TILL_TRY(number<std::uint32_t>(p, "fiscalDocumentSign"));
  d.shift = TILL_TRY(number<std::uint32_t>(p, "shiftNumber"));
  d.receipt = number<std::uint32_t>(p, "fiscalReceiptNumber").value_or(0);
  d.time = minute(text_or_none(p, "fiscalDocumentDateTime"));
  d.total = money(p, "total").value_or(Money{});
  const auto* warnings = result.if_contains("warnings");
  d.printed =
      warnings == nullptr || !warnings->is_object() || !flag(warnings->get_object(), "notPrinted");
  return d;
}

Result<FiscalDocument> read_document(const json::object& result, std::uint32_t wanted) {
  const auto& tlv = *TILL_TRY(object(result, "documentTLV"));
  const std::string qr = text_or_none(tlv, "qr");
  const auto part = [&](std::string_view name) { return qr_part(qr, name); };
  const auto bytes = tags_of(result);
  FiscalDocument d;
  d.number = number<std::uint32_t>(tlv, "1040").value_or(wanted);
  // An answer about another document would prove the wrong thing.
  if (d.number != wanted) return fail(Code::kBadFrame, "another document");
  d.fiscal_memory = text(tlv, "1041").value_or(std::string(part("fn")));
  d.sign = digits<std::uint32_t>(part("fp")).value_or(0);
  d.shift = number<std::uint32_t>(tlv, "1038").value_or(0);
  d.receipt = number<std::uint32_t>(tlv, "1042").value_or(0);
  d.time = minute(text_or_none(tlv, "1012"));
  if (d.time.empty()) d.time = minute_of_qr(part("t"));
  d.total = money(tlv, "1020").value_or(Money{});
  // The rendering's unit is not documented; the code's is, and the bytes' too.
  if (const auto sum = roubles(json::value(part("s")))) d.total = *sum;
  auto operation = number<int>(tlv, "1054").value_or(digits<int>(part("n")).value_or(0));
  if (bytes) {
    take_bytes(*bytes, d);
    if (const auto v = little_endian(*bytes, 1054)) operation = static_cast<int>(*v & 0xff);
  }
  d.kind = kind_of(TILL_TRY(text(tlv, "fiscalDocumentType")), operation);
  const bool whole = !flag(tlv, "short");
  if (whole && bytes) {
    d.witness_readable = witness_of_bytes(*bytes, d.witness);
  } else {
    const auto rendered = rendered_witness(tlv);
    d.witness_readable = rendered.has_value();
    d.witness = rendered.value_or("");
  }
  return d;
}

}  // namespace till::atol
