#include "poison.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace till::supervisor {
namespace {

struct PoisonTest : testing::Test {
  PoisonTest() { std::remove(file.c_str()); }
  std::string file = testing::TempDir() + "/poison.json";
  const std::string receipt = Poison::name_of("fiscal.receipt", R"({"total":1})");
};

TEST_F(PoisonTest, TwiceIsEnoughAndIsKeptOverARestart) {
  Poison before(file);
  ASSERT_TRUE(before.killed("aa", "register", receipt, false, 1));
  EXPECT_FALSE(before.refuses("aa", "register", receipt, 2));
  Poison after(file);
  ASSERT_TRUE(after.load());
  ASSERT_TRUE(after.killed("aa", "register", receipt, false, 3));
  Poison last(file);
  ASSERT_TRUE(last.load());
  EXPECT_TRUE(last.refuses("aa", "register", receipt, 4));
  EXPECT_FALSE(last.refuses("bb", "register", receipt, 4)) << "a new build is tried again";
  EXPECT_FALSE(last.refuses("aa", "other", receipt, 4));
  EXPECT_FALSE(last.refuses("aa", "register", Poison::name_of("fiscal.receipt", "{}"), 4));
}

TEST_F(PoisonTest, IsForgottenAQuestionSooner) {
  Poison p(file);
  const auto status = Poison::name_of("fiscal.status", "{}");
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(p.killed("aa", "register", receipt, false, 0));
    ASSERT_TRUE(p.killed("aa", "register", status, true, 0));
  }
  EXPECT_TRUE(p.refuses("aa", "register", status, Poison::kForgetQuestionUs - 1));
  EXPECT_FALSE(p.refuses("aa", "register", status, Poison::kForgetQuestionUs));
  EXPECT_TRUE(p.refuses("aa", "register", receipt, Poison::kForgetUs - 1));
  EXPECT_FALSE(p.refuses("aa", "register", receipt, Poison::kForgetUs));
}

TEST_F(PoisonTest, APassOrAPersonTakesItBack) {
  Poison p(file);
  ASSERT_TRUE(p.killed("aa", "register", receipt, false, 0));
  ASSERT_TRUE(p.passed("register", receipt));
  ASSERT_TRUE(p.killed("aa", "register", receipt, false, 1));
  EXPECT_FALSE(p.refuses("aa", "register", receipt, 2));
  ASSERT_TRUE(p.killed("aa", "register", receipt, false, 2));
  EXPECT_TRUE(p.refuses("aa", "register", receipt, 3));
  EXPECT_FALSE(*p.release("other"));
  EXPECT_TRUE(*p.release("register"));
  EXPECT_FALSE(p.refuses("aa", "register", receipt, 3));
}

}  // namespace
}  // namespace till::supervisor
