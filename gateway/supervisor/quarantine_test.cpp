#include "quarantine.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace till::supervisor {
namespace {

struct QuarantineTest : testing::Test {
  QuarantineTest() { std::remove(file.c_str()); }
  std::string file = testing::TempDir() + "/quarantine.json";
};

TEST_F(QuarantineTest, IsKeptOverARestartByBuildAndDevice) {
  {
    Quarantine q(file);
    ASSERT_TRUE(q.load());
    EXPECT_FALSE(q.holds("aa", "scanner"));
    ASSERT_TRUE(q.add("aa", "scanner", false));
  }
  Quarantine q(file);
  ASSERT_TRUE(q.load());
  EXPECT_TRUE(q.holds("aa", "scanner"));
  EXPECT_FALSE(q.holds("aa", "other")) << "it may be the device's fault";
  EXPECT_FALSE(q.holds("bb", "scanner")) << "a new build is tried again";
}

TEST_F(QuarantineTest, ABuildThatFailsEarlyOrTwiceIsSetAsideEverywhere) {
  Quarantine q(file);
  ASSERT_TRUE(q.add("early", "scanner", true));
  EXPECT_TRUE(q.holds("early", "reader"));
  ASSERT_TRUE(q.add("twice", "scanner", false));
  ASSERT_TRUE(q.add("twice", "scanner", false));
  EXPECT_FALSE(q.holds("twice", "reader"));
  ASSERT_TRUE(q.add("twice", "printer", false));
  EXPECT_TRUE(q.holds("twice", "reader"));
}

TEST_F(QuarantineTest, APersonTakesItOut) {
  Quarantine q(file);
  ASSERT_TRUE(q.add("aa", "scanner", true));
  ASSERT_TRUE(q.release("aa", "scanner"));
  Quarantine again(file);
  ASSERT_TRUE(again.load());
  EXPECT_FALSE(again.holds("aa", "scanner"));
  ASSERT_TRUE(again.add("aa", "scanner", false));
  EXPECT_TRUE(again.holds("aa", "scanner")) << "it died again";
}

TEST_F(QuarantineTest, AReleaseAtOneDeviceLeavesTheOthersAsTheyAre) {
  Quarantine q(file);
  ASSERT_TRUE(q.add("aa", "first", false));
  ASSERT_TRUE(q.add("aa", "second", false));
  ASSERT_TRUE(q.release("aa", "third"));
  EXPECT_FALSE(q.holds("aa", "third"));
  EXPECT_TRUE(q.holds("aa", "fourth"));
  ASSERT_TRUE(q.release("aa", "first"));
  EXPECT_FALSE(q.holds("aa", "first"));
  EXPECT_TRUE(q.holds("aa", "second"));
  EXPECT_FALSE(q.holds("aa", "fourth")) << "one device is left where it failed";
}

TEST_F(QuarantineTest, ReadsWhatAnEarlierVersionWrote) {
  std::ofstream(file) << R"({"plugins":[{"hash":"aa","device":""},{"hash":"bb","device":"one"}]})";
  Quarantine q(file);
  ASSERT_TRUE(q.load());
  EXPECT_TRUE(q.holds("aa", "any"));
  EXPECT_TRUE(q.holds("bb", "one"));
  EXPECT_FALSE(q.holds("bb", "two"));
}

TEST_F(QuarantineTest, ADamagedFileIsToldAndDoesNotStopTheStore) {
  std::ofstream(file) << "{\"plugins\":[{\"hash\":1}]}";
  Quarantine q(file);
  EXPECT_FALSE(q.load());
  EXPECT_FALSE(q.holds("aa", "scanner"));
  ASSERT_TRUE(q.add("aa", "scanner", false));
  ASSERT_TRUE(q.load());
}

TEST(FileHash, IsSha256) {
  const std::string path = testing::TempDir() + "/hashed";
  std::ofstream(path) << "abc";
  EXPECT_EQ(file_hash(path), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(file_hash(path + ".gone"), "");
}

}  // namespace
}  // namespace till::supervisor
