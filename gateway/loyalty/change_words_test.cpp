// What `program diff` says of nested values: sentences, not fields.
#include "gateway/loyalty/change_words.h"

#include <gtest/gtest.h>

#include "gateway/base/json.h"

namespace till::loyalty {
namespace {

std::string words(const std::string& json, std::string_view field, bool russian) {
  const auto v = parse_json(json).value();
  return value_words(&v, field, russian);
}

TEST(ChangeWords, LaddersSayWhatTheyGoBy) {
  const std::string price =
      R"({"by":"selected_quantity","steps":[{"from":"10","value":"8"},{"from":"20","value":"7"}]})";
  EXPECT_EQ(words(price, "give.price", true),
            "по количеству её товаров, ступени: от 10 — 8; от 20 — 7");
  EXPECT_EQ(words(price, "give.price", false),
            "by the quantity of its goods, steps: from 10 — 8; from 20 — 7");
  EXPECT_EQ(words(R"({"by":"spent","steps":[{"id":"gold","from":"500"}]})", "tiers", true),
            "по сумме покупок, ступени: gold от 500");
  EXPECT_EQ(words(R"({"by":"stamps"})", "percent", true), "по «stamps»");
}

}  // namespace
}  // namespace till::loyalty
