// The kernel's files as a folder of plain ones: what is written where, and what is said when it may
// not be. Real groups need a machine that has given us one.
#include "cgroups.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace till::supervisor {
namespace {

namespace fs = std::filesystem;

struct CgroupsTest : testing::Test {
  CgroupsTest() : root(fs::path(testing::TempDir()) / "cgroups"), own(root / "tillbridge.service") {
    fs::remove_all(root);
    fs::create_directories(own);
    write(root / "self", "12:pids:/old\n0::/tillbridge.service\n");
    write(own / "cgroup.controllers", "cpuset cpu io memory pids\n");
  }
  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  static std::string read(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Result<Cgroups> open() { return Cgroups::open(root, root / "self"); }
  std::string why() {
    const auto opened = open();
    return opened ? "" : opened.error().detail;
  }
  fs::path root, own;
};

TEST_F(CgroupsTest, EveryChildGetsItsLimits) {
  const auto groups = open();
  ASSERT_TRUE(groups) << groups.error().detail;
  EXPECT_EQ(read(own / "gateway" / "cgroup.procs"), std::to_string(getpid()));
  EXPECT_EQ(read(own / "cgroup.subtree_control"), "+cpu +memory +pids");
  ASSERT_TRUE(groups->hold("../register-1", 4711, 64));
  const fs::path group = own / "plugin-___register-1";
  EXPECT_EQ(read(group / "memory.max"), "104M");
  EXPECT_EQ(read(group / "cpu.weight"), "50");
  EXPECT_EQ(read(group / "pids.max"), "64");
  EXPECT_EQ(read(group / "cgroup.procs"), "4711");
  ASSERT_TRUE(groups->hold("../register-1", 4712, 64)) << "again after a restart";
}

TEST_F(CgroupsTest, SaysWhatIsMissingAndLeavesNothingBehind) {
  write(own / "cgroup.controllers", "cpu pids\n");
  EXPECT_EQ(why(), own.string() + " has no controller memory");
  EXPECT_FALSE(fs::exists(own / "gateway"));
  write(root / "self", "4:memory:/x\n");
  EXPECT_EQ(why(), "there are no control groups of version 2");
  write(root / "self", "0::/\n");
  EXPECT_EQ(why(), root.string() + " has no controller cpu");
}

TEST_F(CgroupsTest, AGroupWithOthersInItIsLeftAlone) {
  fs::create_directories(own / "cgroup.subtree_control");  // the kernel answers EBUSY
  EXPECT_NE(why().find("subtree_control"), std::string::npos);
  EXPECT_EQ(read(own / "cgroup.procs"), std::to_string(getpid())) << "back where it was";
}

}  // namespace
}  // namespace till::supervisor
