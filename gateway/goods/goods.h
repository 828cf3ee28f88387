// The goods file: what the store sells, at what price and tax, and what the law says about it.
// Floors and legal classes come only from here; no program may weaken them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/goods/currency.h"
#include "sdk/cpp/base/result.h"
#include "sdk/cpp/base/values.h"
#include "sdk/cpp/tax.h"

namespace till::goods {

enum class LegalClass { kNone, kTobacco, kAlcohol, kMedicine, kGiftCard, kLottery };

// Tobacco and nicotine may not be discounted in any way (law 15-FZ, article 16): no discount, no
// redemption, no accrual. Money-like goods (gift cards, lottery) neither.
[[nodiscard]] bool may_discount(LegalClass c);
[[nodiscard]] bool may_accrue(LegalClass c);

// A tax as data with dates: it holds from `from_us` (Unix µs) on.
struct TaxRate {
  std::int64_t from_us = 0;
  Tax tax;
};

struct Item {
  std::string code;  // EAN/UPC digits or the store's own code
  std::string name;  // UTF-8, at most 128 characters
  Money price;
  std::vector<TaxRate> tax;  // sorted by from_us, never empty
  int payment_object = 1;    // FFD tag 1212
  Money min_price;           // the legal minimum per unit (0 = none)
  LegalClass legal = LegalClass::kNone;
  std::string category;  // as the rules of a loyalty program name it, "" = none
  bool is_card = false;  // a loyalty card sold as goods: neither discounted nor accrued

  [[nodiscard]] Tax tax_at(std::int64_t unix_us) const;
};

class Catalogue {
 public:
  [[nodiscard]] const Item* find(std::string_view code) const;
  [[nodiscard]] Currency currency() const { return currency_; }
  [[nodiscard]] std::size_t size() const { return items_.size(); }

  // JSON: {"schema":1,"currency":643,"items":[{"code","name","price":"123.45","tax":…}]}.
  // A tax is written as in tax.h, or as a list of {"from":"2026-01-01","rate":"22%"}. Where the
  // currency is the rouble only rates of the FFD are taken. An unknown field, a negative price or a
  // code given twice is an error that names the item.
  static Result<Catalogue> from_json(std::string_view text);
  // CSV (UTF-8, ';' or ',', first line names the columns as in JSON; the column "currency" is 643
  // where it is left out and the same in every line). Taxes with dates: "20%|2026-01-01=22%".
  static Result<Catalogue> from_csv(std::string_view text);
  [[nodiscard]] std::string to_json() const;

 private:
  Currency currency_ = Currency::kRub;
  std::map<std::string, Item, std::less<>> items_;
};

}  // namespace till::goods
