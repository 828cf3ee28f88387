#include "cores.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace till::supervisor {
namespace {

namespace fs = std::filesystem;

TEST(Cores, NoneUnlessTheyAreWanted) {
  const Cores cores("", "register");
  EXPECT_EQ(cores.prepare(), "");
  EXPECT_EQ(cores.collect("1"), "");
}

TEST(Cores, TheNewestFewAreKept) {
  const auto folder = fs::path(testing::TempDir()) / "cores";
  fs::remove_all(folder);
  const Cores cores(folder, "../register");
  EXPECT_EQ(cores.prepare(), (folder / "___register").string());
  EXPECT_EQ(fs::status(cores.prepare()).permissions(), fs::perms::owner_all);
  EXPECT_EQ(cores.collect("0"), "") << "it died without one";
  for (const char* stamp : {"1", "2", "3", "4", "5"}) {
    std::ofstream(folder / "___register" / (stamp[0] % 2 == 0 ? "core" : "core.4711")) << stamp;
    EXPECT_EQ(cores.collect(stamp), (folder / "___register" / stamp).string() + ".core");
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "___register"), {}), kMaxCores);
  EXPECT_TRUE(fs::exists(folder / "___register" / "5.core"));
  EXPECT_FALSE(fs::exists(folder / "___register" / "2.core"));
}

TEST(Cores, ASystemThatSendsThemElsewhereIsTold) {
  const auto file = fs::path(testing::TempDir()) / "core_pattern";
  std::ofstream(file) << "core\n";
  EXPECT_EQ(cores_go_elsewhere(file), "");
  std::ofstream(file) << "|/usr/lib/systemd/systemd-coredump %P\n";
  EXPECT_EQ(cores_go_elsewhere(file), "|/usr/lib/systemd/systemd-coredump %P");
}

}  // namespace
}  // namespace till::supervisor
