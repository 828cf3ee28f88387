#include "encode.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "protocols/gs1/check_digit.h"

namespace till::escpos {
namespace {

constexpr std::uint8_t kEsc = 0x1b, kFs = 0x1c, kGs = 0x1d, kLf = 0x0a;
constexpr std::uint8_t kBarHeight = 80, kBarModule = 3;  // dots
constexpr std::uint8_t kEan13FormB = 67;
constexpr std::uint8_t kModel2 = 0x32, kLevelM = 0x31;
constexpr int kPulseUnitMs = 2;
constexpr std::uint8_t kPulseOff = 250;  // half a second of rest for the coil

constexpr std::array kProfiles = {
    Profile{"epson", 17, 46},       Profile{"epson_tm_t88iii", 17, 6},
    Profile{"bixolon", 17, 28},     Profile{"citizen", 7, -1},
    Profile{"star_escpos", 17, -1}, Profile{"xprinter", 17, 23},
    Profile{"pos5890", 17, 73},     Profile{"mpt", 7, 6},
    Profile{"hp", 7, 13},
};

void put(Buffer& out, std::initializer_list<std::uint8_t> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// GS ( k for QR codes: cn 49, a function and its parameters.
void qr_function(Buffer& out, std::uint8_t function, std::initializer_list<std::uint8_t> head,
                 std::string_view data = {}) {
  const std::size_t size = 2 + head.size() + data.size();
  put(out, {kGs, '(', 'k', static_cast<std::uint8_t>(size), static_cast<std::uint8_t>(size >> 8),
            49, function});
  put(out, head);
  append(out, as_bytes(data));
}

// Dots a module, so that the symbol and its quiet zone stay within 384 dots. Bytes: what versions
// 4, 10 and 15 hold at level M.
std::uint8_t qr_module(std::size_t bytes) {
  return bytes <= 62 ? 6 : bytes <= 213 ? 5 : bytes <= 412 ? 4 : 3;
}

bool is_control(char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f; }

// One paragraph into lines.
void wrap_paragraph(std::string_view text, std::size_t columns, std::vector<std::string>& out) {
  while (text.size() > columns) {
    // The blank may be the first character that does not fit.
    auto at = text.rfind(' ', columns);
    if (at == std::string_view::npos || at == 0) at = columns;
    out.emplace_back(text.substr(0, at));
    text.remove_prefix(at);
    while (text.starts_with(' ')) text.remove_prefix(1);
    if (text.empty()) return;
  }
  out.emplace_back(text);
}

}  // namespace

std::span<const Profile> profiles() { return kProfiles; }

const Profile* find_profile(std::string_view name) {
  const auto it = std::ranges::find(kProfiles, name, &Profile::name);
  return it == kProfiles.end() ? nullptr : &*it;
}

void begin(Buffer& out, std::uint8_t code_table) {
  put(out, {kEsc, '@', kFs, '.', kEsc, 't', code_table});
}

void justify(Buffer& out, Justify where) {
  put(out, {kEsc, 'a', static_cast<std::uint8_t>(where)});
}

void style(Buffer& out, bool bold, int width, int height) {
  put(out, {kEsc, 'E', static_cast<std::uint8_t>(bold ? 1 : 0)});
  put(out, {kGs, '!', static_cast<std::uint8_t>(((width - 1) & 7) << 4 | ((height - 1) & 7))});
}

void line(Buffer& out, std::string_view encoded) {
  append(out, as_bytes(encoded));
  out.push_back(kLf);
}

Result<void> ean13(Buffer& out, std::string_view digits) {
  if (!gs1::all_digits(digits) || (digits.size() != 12 && digits.size() != 13)) {
    return fail(Code::kBadValue, "ean13");
  }
  const char check = gs1::check_digit(digits.substr(0, 12));
  if (digits.size() == 13 && digits.back() != check) return fail(Code::kCheckDigit, "ean13");
  put(out, {kGs, 'H', 2, kGs, 'h', kBarHeight, kGs, 'w', kBarModule, kGs, 'k', kEan13FormB, 13});
  append(out, as_bytes(digits.substr(0, 12)));
  out.push_back(static_cast<std::uint8_t>(check));
  return {};
}

Result<void> qr(Buffer& out, std::string_view data) {
  if (data.empty() || std::ranges::any_of(data, is_control)) return fail(Code::kBadValue, "qr");
  if (data.size() > kMaxQrBytes) return fail(Code::kTooLarge, "qr");
  qr_function(out, 65, {kModel2, 0});
  qr_function(out, 67, {qr_module(data.size())});
  qr_function(out, 69, {kLevelM});
  qr_function(out, 80, {0x30}, data);
  qr_function(out, 81, {0x30});
  return {};
}

void feed(Buffer& out, int lines) {
  put(out, {kEsc, 'd', static_cast<std::uint8_t>(std::clamp(lines, 0, 255))});
}

void cut(Buffer& out, bool partial) {
  put(out, {kGs, 'V', static_cast<std::uint8_t>(partial ? 66 : 65), 0});
}

void drawer(Buffer& out, int connector, int pulse_ms) {
  const auto on = static_cast<std::uint8_t>(std::clamp(pulse_ms / kPulseUnitMs, 1, 255));
  put(out, {kEsc, 'p', static_cast<std::uint8_t>(connector == 0 ? 0 : 1), on, kPulseOff});
}

void barrier(Buffer& out) { put(out, {kGs, 'r', '1'}); }

std::vector<std::string> wrap(std::string_view encoded, std::size_t columns) {
  std::vector<std::string> lines;
  columns = std::max<std::size_t>(columns, 1);
  for (;;) {
    const auto end = std::min(encoded.find('\n'), encoded.size());
    std::string paragraph(encoded.substr(0, end));
    std::ranges::replace_if(paragraph, is_control, ' ');
    wrap_paragraph(paragraph, columns, lines);
    if (end == encoded.size()) return lines;
    encoded.remove_prefix(end + 1);
  }
}

}  // namespace till::escpos
