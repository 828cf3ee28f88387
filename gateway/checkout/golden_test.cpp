// Golden receipts: what the cashier and the customer read, for every receipt of the examples of
// docs/users/programs.md, byte by byte. After a change, renew them and look at the difference:
//   TILL_WRITE_GOLDEN=1 build/dev/bin/golden_test && git diff gateway/checkout/golden
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "gateway/base/json.h"
#include "gateway/checkout/slip.h"
#include "gateway/loyalty/basket_json.h"
#include "gateway/loyalty/calendar.h"

namespace till::checkout {
namespace {

namespace fs = std::filesystem;
namespace js = boost::json;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The basket as a sale that is on paper.
Sale sale_of(const loyalty::Program& program, const loyalty::Basket& basket) {
  Sale sale;
  for (const auto& line : basket.lines) {
    sale.lines.push_back({line.id, line.sku, line.sku.empty() ? line.id : line.sku, line.price,
                          line.quantity, line.min_price});
  }
  if (basket.customer) {
    sale.customer.emplace();
    sale.customer->label = basket.customer->id.value.empty() ? "••••" : basket.customer->id.value;
    sale.customer->card_type = basket.customer->card_type;
    sale.customer->available = basket.customer->available;
    sale.customer->by = "card";
  }
  sale.quote = loyalty::quote(program, basket);
  sale.closed_us = basket.instant_us;
  sale.earned = earned_terms(program, sale);
  std::uint64_t number = 0;
  const auto effects = sale.quote->effects.value_or(loyalty::Effects{});
  for (const auto& handed : effects.handed) {
    for (std::int64_t i = 0; handed.coupon && i < handed.count; ++i) {
      if (!sale.issued) sale.issued.emplace();
      sale.issued->push_back(
          {loyalty::coupon_code(program, handed.what, ++number), handed.what,
           loyalty::coupon_until(program, handed.what, basket.instant_us, basket.utc_offset_min)});
    }
  }
  return sale;
}

void put_basket(std::ostream& out, const Sale& sale, const loyalty::Basket& basket,
                const js::value& json) {
  for (const auto* field : {"time", "store", "till", "event"}) {
    if (const auto* text = json.get_object().if_contains(field)) {
      out << field << " " << text->as_string().c_str() << "\n";
    }
  }
  if (sale.customer) {
    out << "customer " << sale.customer->label;
    if (!sale.customer->card_type.empty()) out << ", " << sale.customer->card_type;
    if (sale.customer->available.units != 0)
      out << ", points " << to_string(sale.customer->available);
    out << "\n";
  }
  for (const auto& code : basket.codes) out << "code " << code << "\n";
  for (std::size_t i = 0; i < sale.lines.size(); ++i) {
    const auto& q = sale.quote->lines[i];
    out << "  " << sale.lines[i].name << "  " << to_string(q.gross);
    if (sale.lines[i].quantity.units != kQuantityScale) {
      out << " = " << to_string(sale.lines[i].quantity) << " x " << to_string(sale.lines[i].price);
    }
    if (q.total != q.gross) out << "  ->  " << to_string(q.total);
    out << "\n";
  }
  const auto& q = *sale.quote;
  out << "to pay " << to_string(q.total) << ", off " << to_string(q.discount) << ", by points "
      << to_string(q.by_points) << ", points earned " << to_string(q.accrued) << "\n";
}

void put_words(std::ostream& out, const Sale& sale) {
  for (const auto& [language, cashier, slip] :
       {std::tuple{Language::kEn, "CASHIER", "SLIP"}, {Language::kRu, "КАССИР", "СЛИП"}}) {
    out << "\n" << cashier << "\n";
    for (const auto& line : cashier_lines(sale, language)) out << "  " << line << "\n";
    out << slip << "\n";
    for (const auto& line : slip_lines(sale, language)) {
      out << (line.bold ? "* " : "  ") << line.text << "\n";
    }
  }
}

std::string golden(const loyalty::Program& program, const js::object& test) {
  std::ostringstream out;
  out << test.at("name").as_string().c_str() << "\n\n";
  const auto basket = loyalty::basket_from_json(test.at("basket"));
  if (!basket) {
    out << describe(basket.error(), Language::kEn) << "\n"
        << describe(basket.error(), Language::kRu) << "\n";
    return out.str();
  }
  const auto sale = sale_of(program, *basket);
  put_basket(out, sale, *basket, test.at("basket"));
  put_words(out, sale);
  if (sale.lines.empty()) return out.str();
  // One of the first line comes back.
  const auto one = std::min(sale.lines[0].quantity, Quantity{kQuantityScale});
  auto back = loyalty::quote_return(*sale.quote, {}, {{sale.lines[0].id, one}});
  EXPECT_TRUE(back);
  Sale returned = sale;
  returned.is_return = true;
  returned.quote = std::move(*back);
  out << "\nRETURN of " << to_string(one) << " x " << sale.lines[0].name << "\n";
  for (const auto language : {Language::kEn, Language::kRu}) {
    for (const auto& line : slip_lines(returned, language)) {
      out << (line.bold ? "* " : "  ") << line.text << "\n";
    }
  }
  return out.str();
}

TEST(Golden, EveryReceiptReadsAsItDid) {
  const bool write = std::getenv("TILL_WRITE_GOLDEN") != nullptr;
  const fs::path folder = TILL_GOLDEN_DIR;
  std::set<fs::path> expected;
  for (const auto& file : fs::directory_iterator(TILL_EXAMPLES_DIR)) {
    const auto json = parse_json(read(file.path()), {4U << 20, 24}).value();
    const auto program = loyalty::Program::from_json(js::serialize(json.at("program"))).value();
    int number = 0;
    for (const auto& test : json.at("tests").as_array()) {
      const auto path =
          folder / (file.path().stem().string() + "." + std::to_string(++number) + ".txt");
      expected.insert(path);
      const auto text = golden(program, test.as_object());
      if (write) std::ofstream(path, std::ios::binary) << text;
      EXPECT_EQ(read(path), text) << path;
    }
  }
  for (const auto& file : fs::directory_iterator(folder)) {
    if (expected.contains(file.path())) continue;
    if (write) fs::remove(file.path());
    EXPECT_TRUE(write) << file.path() << " is of no example";
  }
  EXPECT_GE(expected.size(), 60U);
}

}  // namespace
}  // namespace till::checkout
