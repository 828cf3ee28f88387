#include "rule_plugins.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/base/limits.h"
#include "gateway/base/utf8.h"
#include "gateway/loyalty/calendar.h"
#include "sdk/cpp/described_json.h"
#include "sdk/cpp/verbs.h"

namespace till::checkout {
namespace {

std::string local_text(std::int64_t unix_us, std::int64_t utc_offset_min) {
  const auto t = loyalty::local_time(unix_us, utc_offset_min);
  return fmt::format("{}T{:02}:{:02}:{:02}", loyalty::format_day(t.day), t.minute / 60,
                     t.minute % 60, t.seconds % 60);
}

bool can_be_shown(const std::string& text) {
  const auto length = utf8_length(text);
  return length && *length <= limits::kMaxPluginReason && printable(text);
}

}  // namespace

boost::json::object question_of(const Sale& sale, std::int64_t utc_offset_min) {
  RuleQuestion q;
  q.instant = local_text(sale.opened_us, utc_offset_min);
  if (sale.circumstances) q.store = sale.circumstances->store;
  if (const auto& who = sale.customer) {
    q.customer = who->card_type.empty() ? "customer" : who->card_type;
    if (who->profile) q.segments = who->profile->segments;
  }
  for (const auto& line : sale.lines) {
    q.lines.push_back({static_cast<std::uint32_t>(q.lines.size() + 1), line.goods, line.quantity,
                       line.price, line.price * line.quantity, line.category});
  }
  return described::to_value(q).get_object();
}

namespace {

// Nothing when they can not be used.
std::optional<std::vector<loyalty::PluginPoints>> points_of(const Sale& sale,
                                                            const std::vector<RulePoints>& given) {
  std::vector<loyalty::PluginPoints> out;
  for (const auto& p : given) {
    if (p.line > sale.lines.size()) return {};
    const auto id = p.line == 0 ? std::string() : sale.lines[p.line - 1].id;
    const bool twice =
        std::ranges::any_of(out, [&](const auto& other) { return other.line == id; });
    if (twice || p.points.units < 0 || p.points.units > limits::kMaxPluginPoints ||
        !can_be_shown(p.reason)) {
      return {};
    }
    out.push_back({id, p.points, p.reason});
  }
  return out;
}

}  // namespace

loyalty::PluginAnswer answer_of(const std::string& plugin, const Sale& sale,
                                std::string_view result) {
  const auto invalid = [&] { return loyalty::PluginAnswer{plugin, false, {}, "invalid"}; };
  boost::system::error_code bad;
  const auto json = boost::json::parse(result, bad);
  if (bad) return invalid();
  const auto answer = described::parsed<RuleAnswer>(json, "result");
  if (!answer || answer->discounts.size() > sale.lines.size()) return invalid();
  const bool gives = !answer->discounts.empty() || (answer->points && !answer->points->empty());
  loyalty::PluginAnswer out{plugin, answer->holds.value_or(gives), {}, {}};
  for (const auto& d : answer->discounts) {
    if (d.line < 1 || d.line > sale.lines.size()) return invalid();
    const auto& line = sale.lines[d.line - 1];
    const bool twice = std::ranges::any_of(
        out.discounts, [&](const auto& other) { return other.line == line.id; });
    const auto most = (line.price * line.quantity).minor;
    if (twice || d.amount.minor < 0 || d.amount.minor > most || !can_be_shown(d.reason)) {
      return invalid();
    }
    out.discounts.push_back({line.id, d.amount, d.reason});
  }
  if (answer->points) {
    out.points = points_of(sale, *answer->points);
    if (!out.points) return invalid();
  }
  return out;
}

}  // namespace till::checkout
