// Worked cases of other systems, as far as the first program can express them.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "gateway/base/json.h"
#include "gateway/loyalty/loyalty.h"
#include "gateway/loyalty/units.h"

namespace till::loyalty {
namespace {

namespace js = boost::json;

// The whole list, so that no case can get lost between the two files.
constexpr const char* kAllCases[] = {
    "PN-005",  "PN-006",  "PN-007",   "PN-008",   "PN-009",  "PN-012",  "PN-013",  "PN-016",
    "PN-019",  "PN-025",  "PN-028",   "PN-029",   "PN-031",  "PN-039",  "PN-047",  "PN-051",
    "PN-054",  "PN-055",  "PN-056",   "SL-001",   "SL-007",  "SL-008",  "SL-009",  "SL-010",
    "SL-011",  "SL-017",  "SL-019",   "PP-007",   "PF-001",  "PF-002",  "PF-003",  "PF-004",
    "DF-002",  "DF-007",  "DF-010",   "FP-001",   "FP-002",  "VP-004",  "VP-005",  "VP-010",
    "SYI-005", "SYP-002", "SYM-003",  "SYF-001",  "SYF-008", "SYF-012", "SYF-024", "SYF-025",
    "SYF-026", "SYF-029", "SYF-032",  "SYF-038",  "SYF-040", "SYF-041", "SYF-044", "SYF-046",
    "SO-001",  "SAR-002", "SAA-003",  "VO-003",   "VO-007",  "VO-011",  "MD-007",  "MD-008",
    "MD-009",  "MD-011",  "SQ-003",   "SQ-004",   "ER-004",  "ER-005",  "WC-003",  "WC-006",
    "TB-002",  "TB-006",  "SEED-001", "SEED-002",
};

std::string text_of(const std::string& name) {
  std::ifstream in(TILL_CASES_DIR "/" + name);
  return {std::istreambuf_iterator<char>(in), {}};
}

js::object cases() { return parse_json(text_of("cases.json")).value().as_object(); }

std::vector<std::int64_t> numbers(const js::value& list) {
  return js::value_to<std::vector<std::int64_t>>(list);
}

Line line_of(const js::value& value, std::size_t index) {
  Line line;
  line.id = std::to_string(index);
  line.price.minor = value.at("price").as_int64();
  line.quantity.units = value.at("quantity").as_int64() * kQuantityScale;
  line.min_price.minor = value.at("min_price").as_int64();
  return line;
}

TEST(Cases, EveryOneIsUsedOrListedAsNotYet) {
  std::multiset<std::string> used;
  const auto all = cases();
  for (const auto* kind : {"allocate", "quote"}) {
    for (const auto& c : all.at(kind).as_array()) {
      used.insert(std::string(c.at("id").as_string()));
      EXPECT_GT(c.at("source").as_string().size(), 10U);
    }
  }
  const auto not_yet = text_of("NOT_YET.md");
  for (const std::string id : kAllCases) {
    const bool listed = not_yet.find("| " + id + " | ") != std::string::npos;
    EXPECT_EQ(used.count(id) + (listed ? 1 : 0), 1U) << id;
  }
  EXPECT_EQ(std::size(kAllCases), 76U);
  EXPECT_EQ(used.size() + static_cast<std::size_t>(std::ranges::count(not_yet, '\n')) - 6, 76U);
}

void expect_units(const js::value& c, const std::vector<std::int64_t>& shares) {
  const auto& lines = c.at("lines").as_array();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto line = line_of(lines[i], i);
    LineQuote q;
    q.gross = line.price * line.quantity;
    q.discount.minor = shares[i];
    q.total = q.gross - q.discount;
    std::vector<std::int64_t> units;
    for (const auto& share : split_units(line, q, false)) units.push_back(share.discount.minor);
    EXPECT_EQ(units, numbers(c.at("units").at(i)));
  }
}

TEST(Cases, Allocation) {
  const auto all = cases();
  for (const auto& c : all.at("allocate").as_array()) {
    SCOPED_TRACE(c.at("id").as_string().c_str());
    const auto weights = numbers(c.at("weights"));
    const auto shares = allocate(c.at("amount").as_int64(), weights, numbers(c.at("caps")));
    const auto& o = c.as_object();
    ASSERT_TRUE(o.contains("shares") || o.contains("total"));
    if (o.contains("shares")) {
      EXPECT_EQ(shares, numbers(o.at("shares")));
    }
    if (o.contains("total")) {
      std::int64_t total = 0;
      for (std::size_t i = 0; i < shares.size(); ++i) total += weights[i] - shares[i];
      EXPECT_EQ(total, o.at("total").as_int64());
    }
    if (o.contains("units")) expect_units(c, shares);
  }
}

Quote quoted(const js::value& c) {
  const auto program = Program::from_json(js::serialize(c.at("program")));
  EXPECT_TRUE(program) << program.error().detail;
  Basket basket;
  for (const auto& l : c.at("lines").as_array()) {
    basket.lines.push_back(line_of(l, basket.lines.size()));
  }
  auto in = JsonObject::from(c, "").value();
  basket.customer = Customer{CustomerId{"c"}, "card", in.get_or("points", Points{}).value(), true};
  basket.redeem = in.get_or("redeem", Points{}).value();
  return quote(*program, basket);
}

TEST(Cases, Quotes) {
  const auto all = cases();
  for (const auto& c : all.at("quote").as_array()) {
    SCOPED_TRACE(c.at("id").as_string().c_str());
    const auto q = quoted(c);
    const auto& expect = c.at("expect").as_object();
    ASSERT_FALSE(expect.empty());
    for (const auto& [name, value] : expect) {
      if (name == "total") {
        EXPECT_EQ(q.total.minor, value.as_int64());
      } else if (name == "discount") {
        EXPECT_EQ(q.discount.minor, value.as_int64());
      } else if (name == "accrued") {
        EXPECT_EQ(q.accrued, json_as<Points>(value, "accrued"));
      } else if (name == "redeemed") {
        EXPECT_EQ(q.redeemed, json_as<Points>(value, "redeemed"));
      } else {
        ASSERT_EQ(name, "discounts");
        std::vector<std::int64_t> discounts;
        discounts.reserve(q.lines.size());
        for (const auto& line : q.lines) discounts.push_back(line.discount.minor);
        EXPECT_EQ(discounts, numbers(value));
      }
    }
  }
}

}  // namespace
}  // namespace till::loyalty
