#include "gateway/goods/goods.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>

#include "gateway/base/instant.h"
#include "gateway/base/json.h"
#include "gateway/base/limits.h"
#include "gateway/base/utf8.h"
#include "gateway/goods/csv.h"
#include "gateway/goods/tax.h"

namespace till::goods {
namespace {

constexpr int kSchema = 1;
constexpr int kHighestPaymentObject = 33;  // FFD tag 1212

struct ClassName {
  LegalClass legal;
  std::string_view name;
};
constexpr std::array kClasses{
    ClassName{LegalClass::kNone, "none"},          ClassName{LegalClass::kTobacco, "tobacco"},
    ClassName{LegalClass::kAlcohol, "alcohol"},    ClassName{LegalClass::kMedicine, "medicine"},
    ClassName{LegalClass::kGiftCard, "gift_card"}, ClassName{LegalClass::kLottery, "lottery"},
};

Result<LegalClass> legal_class(std::string_view name) {
  for (const auto& c : kClasses) {
    if (c.name == name) return c.legal;
  }
  return fail(Code::kBadValue, "legal: " + std::string(name) +
                                   " (none, tobacco, alcohol, medicine, gift_card, lottery)");
}

std::string_view class_name(LegalClass legal) {
  const auto* at = std::ranges::find(kClasses, legal, &ClassName::legal);
  return at == kClasses.end() ? "none" : at->name;
}

bool money_like(LegalClass c) { return c == LegalClass::kGiftCard || c == LegalClass::kLottery; }

std::unexpected<Error> range(std::string_view what) {
  return fail(Code::kOutOfRange, std::string(what));
}

// What both formats must hold; sorts the tax rates.
Result<void> check(Item& item) {
  if (item.code.empty() || item.code.size() > limits::kMaxGoodsCodeBytes || !printable(item.code) ||
      !utf8_length(item.code)) {
    return range("code: 1 to 64 bytes without control characters");
  }
  const auto length = utf8_length(item.name);
  if (!length) return fail(Code::kBadValue, "name: not UTF-8");
  if (*length == 0 || *length > limits::kMaxNameCharacters || !printable(item.name)) {
    return range("name: 1 to 128 characters without control characters");
  }
  if (item.price.minor < 0) return range("price: below 0");
  if (item.min_price.minor < 0) return range("min_price: below 0");
  if (item.payment_object < 1 || item.payment_object > kHighestPaymentObject) {
    return range("payment_object: 1 to 33 (FFD tag 1212)");
  }
  if (item.tax.empty()) return fail(Code::kMissingField, "tax");
  if (item.tax.size() > limits::kMaxTaxRates) return fail(Code::kTooLarge, "tax: at most 64 rates");
  std::ranges::sort(item.tax, {}, &TaxRate::from_us);
  for (std::size_t i = 0; i < item.tax.size(); ++i) {
    if (i > 0 && item.tax[i].from_us == item.tax[i - 1].from_us) {
      return fail(Code::kDuplicate, "tax: two rates from the same instant");
    }
  }
  return {};
}

Result<Currency> currency_of(int number) {
  switch (const auto c = static_cast<Currency>(number)) {
    case Currency::kRub:
    case Currency::kKzt:
    case Currency::kByn:
    case Currency::kEur:
    case Currency::kUsd:
      return c;
  }
  return range("currency: 643, 398, 933, 978 or 840 (ISO 4217)");
}

Result<Tax> tax_of(const boost::json::value& value, Currency money, const std::string& path) {
  if (value.is_string()) return parse_tax(value.get_string(), money, path);
  return parse_tax(std::to_string(TILL_TRY(json_as<int>(value, path))), money, path);
}

// One that always holds, or [{"from":"2026-01-01","rate":"22%"}, …].
Result<std::vector<TaxRate>> json_tax(JsonObject& in, Currency money) {
  const auto* single = in.raw("tax");
  if (single == nullptr) return fail(Code::kMissingField, in.path_of("tax"));
  if (!single->is_array()) {
    return std::vector{TaxRate{.tax = TILL_TRY(tax_of(*single, money, in.path_of("tax")))}};
  }
  std::vector<TaxRate> rates;
  for (const auto& [path, value] : TILL_TRY(in.array("tax", limits::kMaxTaxRates))) {
    auto rate = TILL_TRY(JsonObject::from(*value, path));
    TaxRate read;
    if (const auto from = TILL_TRY(rate.find<std::string>("from"))) {
      read.from_us = TILL_TRY(parse_instant(*from, rate.path_of("from")));
    }
    const auto* tax = rate.raw("rate");
    if (tax == nullptr) return fail(Code::kMissingField, rate.path_of("rate"));
    read.tax = TILL_TRY(tax_of(*tax, money, rate.path_of("rate")));
    TILL_CHECK(rate.finish());
    rates.push_back(read);
  }
  return rates;
}

Result<Item> json_item(JsonObject& in, Currency money) {
  Item item;
  item.code = TILL_TRY(in.get<std::string>("code"));
  item.name = TILL_TRY(in.get<std::string>("name"));
  item.price = TILL_TRY(in.get<Money>("price"));
  item.tax = TILL_TRY(json_tax(in, money));
  item.payment_object = TILL_TRY(in.get_or("payment_object", 1));
  item.min_price = TILL_TRY(in.get_or("min_price", Money{}));
  const auto legal = TILL_TRY(in.get_or<std::string>("legal", "none"));
  item.legal = TILL_TRY(legal_class(legal));
  item.is_card = TILL_TRY(in.get_or("is_card", false));
  item.category = TILL_TRY(in.get_or<std::string>("category", ""));
  TILL_CHECK(in.finish());
  TILL_CHECK(check(item));
  return item;
}

std::unexpected<Error> about(Error error, const std::string& place, std::string_view code) {
  // A path from the JSON reader says the place already.
  std::string head = error.detail.starts_with(place) ? "" : place + ": ";
  error.detail = head + error.detail;
  if (!code.empty()) error.detail.append(" (item ").append(code).append(")");
  return std::unexpected(std::move(error));
}

// Columns of a CSV file by name; the order of this list is the order of `Cells`.
constexpr std::array<std::string_view, 10> kColumns{
    "code",      "name",  "price",   "tax",      "payment_object",
    "min_price", "legal", "is_card", "category", "currency"};
using Cells = std::array<std::string, kColumns.size()>;
constexpr std::size_t kRequired = 4;

Result<std::vector<std::size_t>> csv_columns(const CsvRow& header) {
  std::vector<std::size_t> columns;
  for (const auto& name : header.cells) {
    const auto* at = std::ranges::find(kColumns, name);
    if (at == kColumns.end()) return fail(Code::kUnknownField, "column " + name);
    const auto index = static_cast<std::size_t>(std::distance(kColumns.begin(), at));
    if (std::ranges::find(columns, index) != columns.end()) {
      return fail(Code::kDuplicate, "column " + name);
    }
    columns.push_back(index);
  }
  for (std::size_t i = 0; i < kRequired; ++i) {
    if (std::ranges::find(columns, i) == columns.end()) {
      return fail(Code::kMissingField, "column " + std::string(kColumns.at(i)));
    }
  }
  return columns;
}

Result<Money> csv_money(std::string text, char separator, std::string_view what) {
  // Russian spreadsheets write 123,45; where ';' separates, that is not ambiguous.
  if (separator == ';') std::ranges::replace(text, ',', '.');
  return Money{TILL_TRY(parse_decimal(text, 2, what))};
}

Result<int> csv_int(std::string_view text, std::string_view what) {
  const auto number = TILL_TRY(parse_decimal(text, 0, what));
  if (!std::in_range<int>(number)) return range(what);
  return static_cast<int>(number);
}

// "22%", or "20%|2026-01-01=22%": the one that holds first, then each with its instant.
Result<std::vector<TaxRate>> csv_tax(std::string_view text, Currency money) {
  std::vector<TaxRate> rates;
  while (true) {
    const auto part = text.substr(0, text.find('|'));
    const auto equals = part.find('=');
    TaxRate rate;
    if (equals != std::string_view::npos) {
      rate.from_us = TILL_TRY(parse_instant(part.substr(0, equals), "tax"));
    }
    const auto written = part.substr(equals == std::string_view::npos ? 0 : equals + 1);
    rate.tax = TILL_TRY(parse_tax(written, money, "tax"));
    rates.push_back(rate);
    if (part.size() == text.size()) return rates;
    text.remove_prefix(part.size() + 1);
  }
}

Result<Currency> csv_currency(const Cells& cells) {
  const int number = cells[9].empty() ? 643 : TILL_TRY(csv_int(cells[9], "currency"));
  return currency_of(number);
}

Result<Item> csv_item(const Cells& cells, char separator) {
  Item item;
  item.code = cells[0];
  item.name = cells[1];
  item.price = TILL_TRY(csv_money(cells[2], separator, "price"));
  item.tax = TILL_TRY(csv_tax(cells[3], TILL_TRY(csv_currency(cells))));
  if (!cells[4].empty()) item.payment_object = TILL_TRY(csv_int(cells[4], "payment_object"));
  if (!cells[5].empty()) item.min_price = TILL_TRY(csv_money(cells[5], separator, "min_price"));
  if (!cells[6].empty()) item.legal = TILL_TRY(legal_class(cells[6]));
  if (cells[7] != "" && cells[7] != "true" && cells[7] != "false") {
    return fail(Code::kBadValue, "is_card: true or false");
  }
  item.is_card = cells[7] == "true";
  item.category = cells[8];
  TILL_CHECK(check(item));
  return item;
}

}  // namespace

bool may_discount(LegalClass c) { return c != LegalClass::kTobacco && !money_like(c); }
bool may_accrue(LegalClass c) { return c != LegalClass::kTobacco && !money_like(c); }

Tax Item::tax_at(std::int64_t unix_us) const {
  const auto later = std::ranges::upper_bound(tax, unix_us, {}, &TaxRate::from_us);
  // Before the first rate begins, the first is the best known.
  return later == tax.begin() ? tax.front().tax : std::prev(later)->tax;
}

const Item* Catalogue::find(std::string_view code) const {
  const auto at = items_.find(code);
  return at == items_.end() ? nullptr : &at->second;
}

Result<Catalogue> Catalogue::from_json(std::string_view text) {
  const auto root = TILL_TRY(parse_json(text, {.bytes = limits::kMaxGoodsBytes}));
  auto in = TILL_TRY(JsonObject::from(root, ""));
  if (TILL_TRY(in.get<int>("schema")) != kSchema) return range("schema: only 1 is known");
  const int number = TILL_TRY(in.get_or("currency", 643));
  const auto money = TILL_TRY(currency_of(number));
  Catalogue goods;
  goods.currency_ = money;
  for (const auto& [path, value] : TILL_TRY(in.array("items", limits::kMaxGoodsItems))) {
    auto object = TILL_TRY(JsonObject::from(*value, path));
    auto item = json_item(object, money);
    const auto code = object.get<std::string>("code").value_or("");
    if (!item) return about(std::move(item).error(), path, code);
    if (!goods.items_.try_emplace(code, *std::move(item)).second) {
      return about({Code::kDuplicate, "code", ""}, path, code);
    }
  }
  TILL_CHECK(in.finish());
  return goods;
}

Result<Catalogue> Catalogue::from_csv(std::string_view text) {
  if (text.size() > limits::kMaxGoodsBytes) return fail(Code::kTooLarge, "the goods file");
  const auto file = TILL_TRY(parse_csv(text));
  if (file.rows.empty()) return fail(Code::kBadFile, "line 1: no columns");
  if (file.rows.size() > limits::kMaxGoodsItems + 1) return fail(Code::kTooLarge, "the goods file");
  const auto columns = TILL_TRY(csv_columns(file.rows[0]));
  Catalogue goods;
  for (const auto& row : std::span(file.rows).subspan(1)) {
    const auto place = "line " + std::to_string(row.line);
    if (row.cells.size() != columns.size()) {
      return fail(Code::kBadFile, place + ": " + std::to_string(row.cells.size()) + " cells, " +
                                      std::to_string(columns.size()) + " columns are named");
    }
    Cells cells;
    for (std::size_t i = 0; i < columns.size(); ++i) cells.at(columns[i]) = row.cells[i];
    auto item = csv_item(cells, file.separator);
    if (!item) return about(std::move(item).error(), place, cells[0]);
    const auto money = TILL_TRY(csv_currency(cells));
    if (!goods.items_.empty() && goods.currency_ != money) {
      return about({Code::kBadValue, "currency: one for the whole file", ""}, place, cells[0]);
    }
    goods.currency_ = money;
    if (!goods.items_.try_emplace(cells[0], *std::move(item)).second) {
      return about({Code::kDuplicate, "code", ""}, place, cells[0]);
    }
  }
  return goods;
}

std::string Catalogue::to_json() const {
  boost::json::array items;
  for (const auto& [code, item] : items_) {
    boost::json::array tax;
    for (const auto& rate : item.tax) {
      tax.push_back({{"from", format_instant(rate.from_us)}, {"rate", tax_text(rate.tax)}});
    }
    items.push_back({{"code", code},
                     {"name", item.name},
                     {"price", to_string(item.price)},
                     {"tax", tax},
                     {"payment_object", item.payment_object},
                     {"min_price", to_string(item.min_price)},
                     {"legal", class_name(item.legal)},
                     {"is_card", item.is_card},
                     {"category", item.category}});
  }
  return boost::json::serialize(boost::json::object{
      {"schema", kSchema}, {"currency", static_cast<int>(currency_)}, {"items", items}});
}

}  // namespace till::goods
