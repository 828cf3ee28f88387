// Barcode scanners on a serial line. What a code means is the daemon's business; here are frames,
// the AIM identifier and the check digit of retail numbers, which catches a damaged transmission.
#include <optional>

#include "framer.h"
#include "protocols/gs1/aim.h"
#include "protocols/gs1/check_digit.h"

namespace till::scanner_serial {
namespace {

enum class Aim { kAuto, kRequired, kNone };

constexpr std::size_t kAimLength = 3;

// UPC-E may come with 6, 7 or 8 digits; 8 carry a check digit of their own kind.
bool right_retail_number(std::string_view digits) {
  return gs1::valid_gtin(digits) || (digits.size() == 8 && gs1::expand_upc_e(digits).has_value());
}

bool short_upc_e(std::string_view data) {
  return gs1::all_digits(data) && (data.size() == 6 || data.size() == 7);
}

// Without an identifier only the length tells; other symbologies may hold any digits.
bool check_digit_right(const std::optional<gs1::AimScan>& aim, std::string_view data) {
  if (aim && aim->symbology == gs1::Symbology::kEan8) {
    return data.size() == 8 && gs1::valid_gtin(data);
  }
  if (aim && aim->symbology == gs1::Symbology::kEan13 && aim->modifier == '0') {
    return right_retail_number(data) || short_upc_e(data);
  }
  const bool looks_retail = !aim && gs1::all_digits(data) &&
                            (data.size() == 8 || (data.size() >= 12 && data.size() <= 14));
  return !looks_retail || right_retail_number(data);
}

class SerialScanner final : public Scanner {
 public:
  Result<void> activate(const json::object& settings) override;
  void on_input(Bytes chunk) override { tell(framer_.feed(chunk)); }
  void on_quiet(std::uint32_t) override { tell(framer_.gap()); }
  void on_port(bool) override { framer_.reset(); }

 private:
  void tell(const std::vector<Framed>& framed);
  void line(std::string_view text);

  Framer framer_{Suffix::kCr};
  std::string prefix_;
  Aim aim_ = Aim::kAuto;
};

template <typename E, std::size_t N>
std::optional<E> by_name(const json::value& value, const char* const (&names)[N]) {
  for (std::size_t i = 0; i < N; ++i) {
    if (value.is_string() && value.get_string() == names[i]) return static_cast<E>(i);
  }
  return std::nullopt;
}

Result<void> SerialScanner::activate(const json::object& settings) {
  for (const auto& [key, value] : settings) {
    if (key == "suffix") {
      const auto suffix = by_name<Suffix>(value, {"cr", "lf", "crlf", "tab", "none"});
      if (!suffix) return fail(Code::kConfigInvalid, "suffix");
      framer_ = Framer(*suffix);
    } else if (key == "aim") {
      const auto aim = by_name<Aim>(value, {"auto", "required", "none"});
      if (!aim) return fail(Code::kConfigInvalid, "aim");
      aim_ = *aim;
    } else if (key == "prefix" && value.is_string()) {
      prefix_ = json::value_to<std::string>(value);
    } else {
      return fail(Code::kConfigInvalid, std::string(key));
    }
  }
  return {};
}

void SerialScanner::tell(const std::vector<Framed>& framed) {
  for (const auto& f : framed) {
    if (const auto* code = std::get_if<Code>(&f)) {
      emit_error({*code, {}, {}});
    } else {
      line(std::get<std::string>(f));
    }
  }
}

void SerialScanner::line(std::string_view text) {
  if (!text.starts_with(prefix_)) return emit_error({Code::kGarbage, "no prefix", {}});
  text.remove_prefix(prefix_.size());
  const auto aim = aim_ == Aim::kNone ? std::nullopt : gs1::parse_aim(text);
  if (!aim && aim_ == Aim::kRequired) return emit_error({Code::kGarbage, "no AIM identifier", {}});
  const std::string_view data = aim ? aim->data : text;
  if (data.empty()) return emit_error({Code::kGarbage, "an empty code", {}});
  if (!check_digit_right(aim, data)) {
    return emit_error({Code::kCheckDigit, std::string(data.substr(0, 32)), {}});
  }
  emit(Scan{std::string(data), aim ? std::string(text.substr(0, kAimLength)) : ""});
}

}  // namespace
}  // namespace till::scanner_serial

TILLBRIDGE_PLUGIN(till::scanner_serial::SerialScanner)
