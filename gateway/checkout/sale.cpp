#include "sale.h"

#include "sdk/cpp/fiscal_described.h"
#include "sdk/cpp/ru_ffd.h"

namespace till::loyalty {
BOOST_DESCRIBE_STRUCT(Explanation, (), (line, en, ru))
BOOST_DESCRIBE_STRUCT(UnitShare, (), (quantity, total, discount, by_points, redeemed, accrued))
BOOST_DESCRIBE_STRUCT(LineQuote, (),
                      (id, gross, discount, by_points, total, redeemed, accrued, units))
BOOST_DESCRIBE_STRUCT(Quote, (),
                      (program_version, lines, gross, discount, by_points, total, redeemed,
                       redeemable, accrued, why))
}  // namespace till::loyalty

namespace till::checkout {
BOOST_DESCRIBE_STRUCT(SaleLine, (),
                      (id, goods, name, price, quantity, min_price, tax_1199, payment_object, legal,
                       is_card))
BOOST_DESCRIBE_STRUCT(Identity, (),
                      (customer, card_hash, card_type, label, by, available, verified, code_highest,
                       code_until_us, allowance, allowance_points, allowance_expires_us))
BOOST_DESCRIBE_STRUCT(Attempt, (),
                      (number, hold, by_allowance, payload_hash, request, baseline, receipt))
BOOST_DESCRIBE_STRUCT(Sale, (),
                      (id, till, till_number, state, is_return, returned_sale, returned,
                       returned_document, cashier, lines, customer, redeem, quote, quote_id,
                       quoted_us, payments, attempt, document, plain, settled_by, doubted,
                       rechecked, extra, trouble, trouble_detail, opened_us, closed_us))
}  // namespace till::checkout

namespace till::described {
template <>
struct Names<goods::LegalClass> {
  static constexpr Name kAll[] = {{"none"},     {"tobacco"},   {"alcohol"},
                                  {"medicine"}, {"gift_card"}, {"lottery"}};
};
template <>
struct Names<checkout::State> {
  static constexpr Name kAll[] = {{"open"},
                                  {"quoted"},
                                  {"parked"},
                                  {"holding"},
                                  {"hold_unknown"},
                                  {"fiscalising"},
                                  {"refused_dirty"},
                                  {"in_doubt"},
                                  {"needs_person"},
                                  {"committed"},
                                  {"settled_by_person"},
                                  {"cancelled"}};
};
}  // namespace till::described

namespace till::checkout {

boost::json::value to_json(const Sale& sale) { return described::to_value(sale); }

std::string to_json_text(const Sale& sale) {
  std::string text;
  text.reserve(4096);
  described::append_json(text, sale);
  return text;
}

Result<Sale> sale_from_json(const boost::json::value& value) {
  return described::parsed<Sale>(value, "sale");
}

loyalty::Basket basket_of(const Sale& sale, std::int64_t instant_us) {
  loyalty::Basket basket;
  basket.instant_us = instant_us;
  basket.redeem = sale.redeem;
  basket.lines.reserve(sale.lines.size());
  for (const SaleLine& l : sale.lines) {
    basket.lines.push_back({l.id, l.price, l.quantity, l.min_price, l.legal, l.is_card});
  }
  if (const auto& c = sale.customer) {
    basket.customer = loyalty::Customer{c->customer, c->card_type, c->available, c->verified};
  }
  return basket;
}

namespace {

// Units of one line whose price comes out the same share one fiscal line; a unit whose total is
// not price x quantity to the kopeck stands alone, as one piece at its own price.
void put_fiscal_lines(const SaleLine& line, const loyalty::LineQuote& quoted,
                      std::vector<FiscalLine>& out) {
  const Tax tax = ru_ffd::tax_of_1199(line.tax_1199).value_or(Tax{});
  const auto piece = [&](Money price, Quantity quantity, Money sum) {
    if (!out.empty() && out.back().price == price && out.back().name == line.name &&
        quantity.units % kQuantityScale == 0 && out.back().quantity.units % kQuantityScale == 0 &&
        out.back().tax == tax) {
      out.back().quantity += quantity;
      out.back().sum += sum;
      return;
    }
    out.push_back({.name = line.name,
                   .price = price,
                   .quantity = quantity,
                   .sum = sum,
                   .tax = tax,
                   .ru_ffd = {.payment_object_1212 = line.payment_object}});
  };
  for (const loyalty::UnitShare& unit : quoted.units) {
    const Money price{
        mul_div(unit.total.minor, kQuantityScale, unit.quantity.units, Rounding::kHalfUp)};
    piece(price, unit.quantity, unit.total);
  }
}

}  // namespace

FiscalReceipt receipt_of(const Sale& sale) {
  if (sale.plain) {
    FiscalReceipt receipt = *sale.plain;
    receipt.witness = to_string(sale.key());
    receipt.cashier = {sale.cashier, ""};
    receipt.payments = sale.payments;
    return receipt;
  }
  FiscalReceipt receipt;
  receipt.kind = sale.is_return ? FiscalKind::kSaleReturn : FiscalKind::kSale;
  receipt.witness = to_string(sale.key());
  receipt.cashier = {sale.cashier, ""};
  receipt.returned = sale.returned_document;
  receipt.payments = sale.payments;
  receipt.total = sale.quote->total;
  std::size_t at = 0;
  for (const loyalty::LineQuote& quoted : sale.quote->lines) {
    while (at < sale.lines.size() && sale.lines[at].id != quoted.id) ++at;
    if (at == sale.lines.size()) break;
    put_fiscal_lines(sale.lines[at], quoted, receipt.lines);
  }
  return receipt;
}

}  // namespace till::checkout
