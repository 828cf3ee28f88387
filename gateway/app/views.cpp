// What a till sees of a sale and of an error.
#include "gateway/checkout/slip.h"
#include "gateway/loyalty/calendar.h"
#include "store.h"
#include "words.h"

namespace till::app {
namespace {

namespace json = boost::json;

json::object view(const FiscalDocument& d, Language language) {
  json::array notes;
  for (const auto& note : d.notes) notes.push_back(json::string(in_words(note, language)));
  return {{"fiscal_memory", d.fiscal_memory},
          {"number", d.number},
          {"sign", d.sign},
          {"shift", d.shift},
          {"receipt", d.receipt},
          {"time", d.time},
          {"printed", d.printed},
          {"total", to_string(d.total)},
          {"notes", std::move(notes)}};
}

// Codes and their fate, what is handed over, stamps and the like.
void put_effects(json::object& out, const checkout::Sale& sale, Language language) {
  const bool ru = language == Language::kRu;
  json::array codes, gifts, purses, coupons;
  const auto* effects = sale.quote && sale.quote->effects ? &*sale.quote->effects : nullptr;
  const auto& entered = sale.circumstances ? sale.circumstances->codes : std::vector<std::string>{};
  for (const auto& code : entered) {
    json::object view{{"code", code}};
    for (const auto& c :
         effects != nullptr ? effects->codes : std::vector<loyalty::CodeOutcome>{}) {
      if (c.code != code) continue;
      view["used"] = c.used;
      view["why"] = c.why;
      view["text"] = ru ? c.ru : c.en;
    }
    codes.push_back(std::move(view));
  }
  for (const auto& h : effects != nullptr ? effects->handed : std::vector<loyalty::Handed>{}) {
    if (h.coupon) continue;
    gifts.push_back({{"sku", h.what}, {"quantity", to_string(Quantity{h.count})}});
  }
  for (const auto& p : effects != nullptr ? effects->purses : std::vector<loyalty::PurseEntry>{}) {
    purses.push_back({{"purse", p.purse}, {"to", p.to}, {"amount", to_string(Points{p.amount})}});
  }
  for (const auto& c : sale.issued.value_or(std::vector<checkout::IssuedCoupon>{})) {
    json::object view{{"code", c.code}, {"type", c.type}};
    if (c.until != INT64_MAX) view["until"] = loyalty::format_day(c.until);
    coupons.push_back(std::move(view));
  }
  if (!codes.empty()) out["codes"] = std::move(codes);
  if (!gifts.empty()) out["gifts"] = std::move(gifts);
  if (!purses.empty()) out["purses"] = std::move(purses);
  if (!coupons.empty()) out[sale.is_return ? "void_coupons" : "coupons"] = std::move(coupons);
}

// Whether the customer gets the money: a return, and a purchase from her.
bool pays_back(const checkout::Sale& sale) {
  if (!sale.plain) return sale.is_return;
  return sale.plain->kind == FiscalKind::kSaleReturn || sale.plain->kind == FiscalKind::kPurchase;
}

std::string kind_of(const checkout::Sale& sale) {
  if (sale.plain) return kind_name(*sale.plain);
  return sale.is_return ? "sale_return" : "sale";
}

json::array view_lines(const checkout::Sale& sale) {
  json::array lines;
  for (std::size_t i = 0; i < sale.lines.size(); ++i) {
    const auto& line = sale.lines[i];
    json::object out{{"id", line.id},
                     {"goods", line.goods},
                     {"name", line.name},
                     {"price", to_string(line.price)},
                     {"quantity", to_string(line.quantity)}};
    if (!line.marking_code.empty()) out["marked"] = true;
    if (sale.quote && i < sale.quote->lines.size()) {
      const auto& q = sale.quote->lines[i];
      out["gross"] = to_string(q.gross);
      out["discount"] = to_string(q.discount);
      out["by_points"] = to_string(q.by_points);
      out["total"] = to_string(q.total);
      out["accrued"] = to_string(q.accrued);
    }
    lines.push_back(std::move(out));
  }
  return lines;
}

}  // namespace

json::object error_view(const Error& error, Language language) {
  const auto& entry = catalogue(error.code);
  const auto& text = language == Language::kRu ? entry.ru : entry.en;
  const bool of_sale = error.code == Code::kSaleState || error.code == Code::kNotSettleable;
  return {
      {"code", code_name(error.code)},
      {"class", name(entry.error_class)},
      {"retryable", entry.retryable},
      {"who", name(entry.actor)},
      {"what", text.what},
      {"why", text.why},
      {"next", text.next},
      {"detail", of_sale ? sale_word(error.detail, language) : in_words(error.detail, language)},
      {"vendor", error.vendor}};
}

json::object sale_view(const checkout::Sale& sale, Language language) {
  json::object out{{"id", to_string(sale.id)},        {"till", sale.till.value},
                   {"number", sale.till_number},      {"state", name(sale.state)},
                   {"kind", kind_of(sale)},           {"return", pays_back(sale)},
                   {"attempt", sale.attempt.number},  {"lines", view_lines(sale)},
                   {"points", to_string(sale.redeem)}};
  if (sale.is_return) out["returned_sale"] = to_string(sale.returned_sale);
  if (const auto& c = sale.customer) {
    json::object customer{
        {"label", c->label}, {"by", c->by}, {"card_type", c->card_type}, {"verified", c->verified}};
    if (c->inactive.value_or(false)) customer["inactive"] = true;
    // A return knows the customer from the sale, not what is there now.
    if (!sale.is_return) customer["available"] = to_string(c->available);
    if (const auto& s = c->standing; s && !sale.is_return) {
      if (s->welcome.units > 0) customer["welcome"] = to_string(s->welcome);
      if (s->pending.units > 0) customer["pending"] = to_string(s->pending);
      if (s->expiring.units > 0) {
        customer["expiring"] = to_string(s->expiring);
        customer["expires_after"] = loyalty::format_day(s->expires_day);
      }
    }
    out["customer"] = std::move(customer);
  }
  if (const auto& q = sale.quote) {
    json::array why;
    for (const auto& w : q->why) {
      why.push_back({{"line", w.line},
                     {"text", language == Language::kRu ? w.ru : w.en},
                     {"level", w.level.value_or(0)}});
    }
    out["quote"] = {{"id", sale.quote_id},
                    {"gross", to_string(q->gross)},
                    {"discount", to_string(q->discount)},
                    {"by_points", to_string(q->by_points)},
                    {"total", to_string(q->total)},
                    {"redeemed", to_string(q->redeemed)},
                    {"redeemable", to_string(q->redeemable)},
                    {"accrued", to_string(q->accrued)},
                    {"why", std::move(why)},
                    {"cashier", json::value_from(checkout::cashier_lines(sale, language))}};
  }
  put_effects(out, sale, language);
  if (sale.document) out["document"] = view(*sale.document, language);
  const auto* settled = sale.foremost_settlement();
  if (settled != nullptr && (settled->by != checkout::kTillsWord || settled->found)) {
    out["recheck"] = in_words(settled->rechecked.value_or("due"), language);
    // A document that is nobody's sale: the return receipt for it is one call away.
    const auto* const extra = sale.extra_of(*settled);
    if (extra != nullptr) out["extra_document"] = view(*extra, language);
    if (extra != nullptr && !settled->undone_by.is_nil()) {
      out["undone_by"] = to_string(settled->undone_by);
    } else if (extra != nullptr) {
      out["propose"] = "POST /v1/sales/" + to_string(sale.id) + "/undo";
    }
  }
  if (!sale.candidates.empty()) {
    json::array seen;
    for (const auto& each : sale.candidates) seen.push_back(view(each, language));
    out["candidates"] = std::move(seen);
  }
  if (sale.trouble != 0) {
    out["trouble"] = error_view(sale.trouble_error(), language);
  }
  return out;
}

}  // namespace till::app
