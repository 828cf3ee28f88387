#include "slip.h"

#include <algorithm>

#include "gateway/loyalty/accounts.h"
#include "gateway/loyalty/calendar.h"
#include "gateway/loyalty/plan.h"

namespace till::checkout {
namespace {

std::string in_words(const Sale& sale, const loyalty::Explanation& why, bool ru) {
  const auto& words = ru ? why.ru : why.en;
  const auto line = std::ranges::find(sale.lines, why.line, &SaleLine::id);
  return line == sale.lines.end() ? words : line->name + ": " + words;
}

// " (from 2026-12-01, until 2027-01-31)"
std::string days(std::optional<std::int64_t> from, std::optional<std::int64_t> until, bool ru) {
  std::string out;
  if (from) out = (ru ? "с " : "from ") + loyalty::format_day(*from);
  if (until) {
    out += (out.empty() ? "" : ", ") + (ru ? std::string("по ") : std::string("until ")) +
           loyalty::format_day(*until);
  }
  return out.empty() ? "" : " (" + out + ")";
}

// What is earned, and what of it lives otherwise.
void put_earned(const Sale& sale, bool ru, std::vector<SlipLine>& out) {
  const auto terms = sale.earned.value_or(EarnedTerms{});
  const auto all = sale.quote->accrued;
  const auto rest = all.units > 0 ? days(terms.from, terms.until, ru) : "";
  out.push_back({(ru ? "Начислено баллов: " : "Points earned: ") + to_string(all) + rest, true});
  for (const auto& part : terms.parts.value_or(std::vector<EarnedPart>{})) {
    out.push_back({(ru ? "  из них " : "  of these ") + to_string(part.points) +
                   days(part.from, part.until, ru)});
  }
}

// Of what is earned, what can not be spent yet.
Points waiting(const Sale& sale) {
  const auto terms = sale.earned.value_or(EarnedTerms{});
  Points rest = sale.quote->accrued, out;
  for (const auto& part : terms.parts.value_or(std::vector<EarnedPart>{})) {
    rest -= part.points;
    if (part.from) out += part.points;
  }
  return terms.from ? out + rest : out;
}

// Her points when she goes: what can be spent at once, what waits, what goes first.
void put_standing(const Sale& sale, bool ru, std::vector<SlipLine>& out) {
  const auto& quote = *sale.quote;
  const auto waits = waiting(sale);
  const auto standing = sale.customer->standing.value_or(PointsStanding{});
  const auto add = [&](const char* en, const char* in_russian, Points points,
                       const std::string& more) {
    if (points.units > 0) out.push_back({(ru ? in_russian : en) + to_string(points) + more, true});
  };
  add("Welcome points: ", "Приветственные баллы: ", standing.welcome, "");
  add("Points after this receipt: ", "Баллов после чека: ",
      sale.customer->available - quote.redeemed + quote.accrued - waits, "");
  add("Points that wait: ", "Ещё не действуют: ", standing.pending + waits, "");
  add("Expire first: ", "Сгорят раньше всех: ", standing.expiring - quote.redeemed,
      (ru ? ", после " : ", after ") + loyalty::format_day(standing.expires_day));
}

}  // namespace

std::optional<EarnedTerms> earned_terms(const loyalty::Program& program, const Sale& sale) {
  if (sale.is_return || !sale.quote || sale.quote->accrued.units <= 0) return std::nullopt;
  const auto& plan = program.plan();
  const auto offset =
      sale.circumstances ? sale.circumstances->utc_offset_min.value_or(plan.settings.utc_offset_min)
                         : plan.settings.utc_offset_min;
  const auto set = [&](const loyalty::Life& life, auto& to) {
    const auto lot = loyalty::new_lot(life, {}, 0, sale.closed_us, offset);
    if (lot.active_from > sale.closed_us)
      to.from = loyalty::local_time(lot.active_from, offset).day;
    if (lot.expires != INT64_MAX) to.until = loyalty::local_time(lot.expires - 1, offset).day;
  };
  EarnedTerms out;
  auto rest = sale.quote->accrued;
  const auto effects = sale.quote->effects.value_or(loyalty::Effects{});
  for (const auto& lot : effects.lots.value_or(std::vector<loyalty::PointsLot>{})) {
    if (!out.parts) out.parts.emplace();
    set({lot.activation_days, lot.expires_days, lot.expires_end},
        out.parts->emplace_back(lot.points));
    rest -= lot.points;
  }
  if (rest.units > 0) set(plan.purses[0], out);
  if (!out.from && !out.until && !out.parts) return std::nullopt;
  return out;
}

std::vector<std::string> cashier_lines(const Sale& sale, Language language) {
  std::vector<std::string> out;
  if (!sale.quote) return out;
  const bool ru = language == Language::kRu;
  if (sale.quote->effects) {
    for (const auto& code : sale.quote->effects->codes) {
      out.push_back((ru ? "купон " : "coupon ") + code.code + ": " + (ru ? code.ru : code.en));
    }
  }
  for (const auto& why : sale.quote->why) {
    if (why.level.value_or(0) <= 1) out.push_back(in_words(sale, why, ru));
  }
  return out;
}

std::vector<SlipLine> slip_lines(const Sale& sale, Language language) {
  const bool ru = language == Language::kRu;
  std::vector<SlipLine> out;
  const auto coupons = sale.issued.value_or(std::vector<IssuedCoupon>{});
  if (!sale.quote || (!sale.customer && (coupons.empty() || sale.is_return))) return out;
  const auto& quote = *sale.quote;
  if (sale.customer) {
    const bool phone = sale.customer->by == "phone";
    out.push_back({ru ? "БАЛЛЫ" : "POINTS", true, true});
    out.push_back({(ru ? (phone ? "Телефон: " : "Карта: ") : (phone ? "Phone: " : "Card: ")) +
                   sale.customer->label});
  }
  for (const auto& why : quote.why) {
    if (why.level.value_or(0) == 0) out.push_back({in_words(sale, why, ru)});
  }
  if (sale.customer) {
    out.push_back({(ru ? (sale.is_return ? "Возвращено баллов: " : "Списано баллов: ")
                       : (sale.is_return ? "Points given back: " : "Points spent: ")) +
                       to_string(quote.redeemed),
                   true});
    if (sale.is_return) {
      out.push_back(
          {(ru ? "Снято начисление: " : "Accrual taken back: ") + to_string(quote.accrued), true});
    } else {
      put_earned(sale, ru, out);
    }
    // Of a return `available` is what was there when it was sold.
    if (!sale.is_return && sale.customer->verified) put_standing(sale, ru, out);
  }
  for (const auto& coupon : coupons) {
    if (sale.is_return) break;
    out.push_back({(ru ? "Купон " : "Coupon ") + coupon.code, true});
    if (coupon.until == INT64_MAX) continue;
    out.push_back({(ru ? "действует до " : "until ") + loyalty::format_day(coupon.until)});
  }
  return out;
}

}  // namespace till::checkout
