// The names of the matrix's cases.
#include <algorithm>
#include <array>
#include <charconv>

#include "tests/faults/matrix.h"

namespace till::faults {
namespace {

constexpr std::array kNoise = {
    "quiet",       "twins",         "foreign",      "foreign_before", "z",
    "away",        "late",          "later",        "latest",         "power_before",
    "power_after", "power_twin",    "paper_at_end", "paper",          "memory",
    "hidden",      "hidden_twin",   "expired",      "full",           "clock_back",
    "cutter",      "hidden_before", "hidden_other", "hidden_later",   "paper_line"};
constexpr std::array<std::string_view, 6> kActs = {"shift_open", "shift_close", "settlement",
                                                   "cash",       "x_report",    "copy"};
// What a driver set to FFD 1.05 does otherwise, and a sale beside it. The format corrects no
// return.
constexpr std::array<std::string_view, 3> kFfd105 = {"sale", "sale_correction",
                                                     "purchase_correction"};
constexpr std::array kWhere = {"device", "answer", "late"};
}  // namespace

std::vector<Noise> all_noise() {
  std::vector<Noise> out;
  out.reserve(kNoise.size());
  for (std::size_t i = 0; i < kNoise.size(); ++i) out.push_back(static_cast<Noise>(i));
  return out;
}

std::vector<std::string> all_kinds() {
  std::vector<std::string> out;
  for (const char* kind : {"sale", "sale_return", "purchase", "purchase_return"}) {
    out.emplace_back(kind);
    out.push_back(std::string(kind) + "_correction");
  }
  out.emplace_back("sale_rich");
  for (const std::string_view act : kActs) out.emplace_back(act);
  return out;
}

bool is_receipt(const std::string& kind) { return std::ranges::find(kActs, kind) == kActs.end(); }

bool is_side(const Case& c) { return c.kind == "sale_rich" || c.variant.ends_with("ffd105"); }

bool is_played(const Case& c) {
  if (!is_side(c)) return true;
  const bool known = c.kind == "sale_rich" || std::ranges::find(kFfd105, c.kind) != kFfd105.end();
  return known && c.noise == Noise::kQuiet && !c.second &&
         !(c.kind == "sale_rich" && c.variant.ends_with("ffd105"));
}

std::string to_string(const Case& c) {
  std::string out = c.variant + "/" + c.kind + "/" + kNoise[static_cast<std::size_t>(c.noise)];
  for (const auto* cut : {&c.first, &c.second}) {
    if (!*cut) continue;
    out += std::string("/") + kWhere[static_cast<std::size_t>((*cut)->where)] + ":" +
           std::to_string((*cut)->at);
  }
  return out;
}

std::optional<Case> parse_case(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '/') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (parts.size() < 3 || parts.size() > 5) return std::nullopt;
  Case out{parts[0], parts[1], {}, {}, {}};
  const auto* const noise = std::ranges::find(kNoise, parts[2]);
  if (noise == kNoise.end()) return std::nullopt;
  out.noise = static_cast<Noise>(noise - kNoise.begin());
  for (std::size_t i = 3; i < parts.size(); ++i) {
    const auto colon = parts[i].find(':');
    const auto* const where = std::ranges::find(kWhere, parts[i].substr(0, colon));
    if (colon == std::string::npos || where == kWhere.end()) return std::nullopt;
    Cut cut{static_cast<Where>(where - kWhere.begin()), 0};
    const char* const end = parts[i].data() + parts[i].size();
    const auto [stop, error] = std::from_chars(parts[i].data() + colon + 1, end, cut.at);
    if (error != std::errc() || stop != end) return std::nullopt;
    (i == 3 ? out.first : out.second) = cut;
  }
  return out;
}

}  // namespace till::faults
