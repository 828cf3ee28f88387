// Worked cases of other systems, each a program, a basket and what must come out.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "gateway/base/json.h"
#include "gateway/loyalty/basket_json.h"
#include "gateway/loyalty/expect.h"

namespace till::loyalty {
namespace {

namespace js = boost::json;

std::string text_of(const std::string& name) {
  std::ifstream in(TILL_CASES_DIR "/" + name);
  return {std::istreambuf_iterator<char>(in), {}};
}

void expect_case(const js::value& c) {
  SCOPED_TRACE(c.at("id").as_string().c_str());
  EXPECT_GT(c.at("source").as_string().size(), 10U);
  ASSERT_FALSE(c.at("expect").as_object().empty());
  const auto program = Program::from_json(js::serialize(c.at("program")));
  ASSERT_TRUE(program) << program.error().detail;
  const auto result = evaluate_json(*program, c.at("basket"));
  ASSERT_TRUE(result) << result.error().detail;
  for (const auto& difference : differences(c.at("expect"), *result)) ADD_FAILURE() << difference;
}

TEST(Cases, OfOtherSystems) {
  std::set<std::string> seen;
  const auto root = parse_json(text_of("cases.json"), {4U << 20, 24}).value();
  for (const auto& c : root.as_array()) {
    EXPECT_TRUE(seen.insert(c.at("id").as_string().c_str()).second);
    expect_case(c);
  }
  EXPECT_EQ(seen.size(), 73U);  // the three others are about accounts: accounts_test.cpp
}

}  // namespace
}  // namespace till::loyalty
