#include "slip.h"

#include <algorithm>

#include "gateway/loyalty/calendar.h"

namespace till::checkout {
namespace {

std::string in_words(const Sale& sale, const loyalty::Explanation& why, bool ru) {
  const auto& words = ru ? why.ru : why.en;
  const auto line = std::ranges::find(sale.lines, why.line, &SaleLine::id);
  return line == sale.lines.end() ? words : line->name + ": " + words;
}

}  // namespace

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
    out.push_back({(ru ? (sale.is_return ? "Снято начисление: " : "Начислено баллов: ")
                       : (sale.is_return ? "Accrual taken back: " : "Points earned: ")) +
                       to_string(quote.accrued),
                   true});
    // Of a return `available` is what was there when it was sold.
    const Points left = sale.customer->available - quote.redeemed + quote.accrued;
    if (!sale.is_return && sale.customer->verified && left.units != 0) {
      out.push_back(
          {(ru ? "Баллов после чека: " : "Points after this receipt: ") + to_string(left), true});
    }
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
