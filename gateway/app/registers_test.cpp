#include "registers.h"

#include <gtest/gtest.h>

namespace till::app {
namespace {

using api::Role;

std::string trouble(const std::vector<RegisterPlace>& registers,
                    const std::vector<api::Access>& tills) {
  const auto checked = check_registers(registers, tills);
  return checked ? "" : checked.error().detail;
}

TEST(Registers, EveryTillThatSellsHasOne) {
  const std::vector<api::Access> tills = {
      {"1", "", Role::kCashier}, {"2", "", Role::kCashier}, {"senior", "", Role::kSenior}};
  EXPECT_EQ(trouble({}, tills), "");
  EXPECT_EQ(trouble({{"a", ""}}, tills), "");
  EXPECT_EQ(trouble({{"a", "1"}, {"b", "2"}}, tills), "");
  EXPECT_EQ(trouble({{"a", ""}, {"b", "2"}}, tills), "");
  EXPECT_EQ(trouble({{"a", "1"}}, tills),
            "till 2 has no register: none is its own, none is everybody's");
  EXPECT_EQ(trouble({{"a", "1"}, {"b", "1"}}, tills), "registers a and b are both of till 1");
  EXPECT_EQ(trouble({{"a", ""}, {"b", ""}}, tills),
            "registers a and b are both everybody's (its till is not named)");
}

}  // namespace
}  // namespace till::app
