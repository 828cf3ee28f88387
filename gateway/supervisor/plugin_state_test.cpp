#include "plugin_state.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace till::supervisor {
namespace {

namespace fs = std::filesystem;

struct PluginStateTest : testing::Test {
  PluginStateTest() : folder(fs::path(testing::TempDir()) / "plugin_state") {
    fs::remove_all(folder);
  }
  PluginState open(const std::string& device = "drawer", const std::string& plugin = "org.acme") {
    return {folder.string(), device, plugin};
  }
  static std::string said(PluginState& state, const std::string& request) {
    auto change = state.handle(request);
    if (change.write) {
      const auto written = change.write();
      change.outcome = written ? ipc::Outcome::done({}) : ipc::Outcome::refused(written.error());
      if (written) state.keep(std::move(*change.next));
    }
    const auto o = change.outcome;
    return o.verdict == ipc::Verdict::kDone ? o.body : code_name(o.error.code);
  }
  fs::path folder;
};

TEST_F(PluginStateTest, IsThereAgainAfterARestart) {
  auto first = open();
  EXPECT_EQ(said(first, "get\tlast\n"), "TB-2019");
  const std::string bytes("7\n\0\xff", 4);
  EXPECT_EQ(said(first, "set\tlast\n" + bytes), "");
  EXPECT_EQ(said(first, "set\tother\nx"), "");
  EXPECT_EQ(said(first, "remove\tother\n"), "");
  EXPECT_EQ(said(first, "remove\tnever\n"), "");
  auto second = open();
  EXPECT_EQ(said(second, "get\tlast\n"), bytes);
  EXPECT_EQ(said(second, "get\tother\n"), "TB-2019");
}

TEST_F(PluginStateTest, BelongsToTheDeviceAndThePlugin) {
  auto mine = open();
  said(mine, "set\ta\n1");
  auto next_door = open("../drawer");  // also a name that would lead elsewhere
  EXPECT_EQ(said(next_door, "get\ta\n"), "TB-2019");
  EXPECT_EQ(said(next_door, "set\ta\n2"), "");
  auto another = open("drawer", "org.other");
  EXPECT_EQ(said(another, "get\ta\n"), "TB-2019");
  auto again = open();
  EXPECT_EQ(said(again, "get\ta\n"), "1");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 2);
}

TEST_F(PluginStateTest, HasLimitsAndKeepsWhatItHadWhenOneIsReached) {
  auto s = open();
  EXPECT_EQ(said(s, "set\t\nx"), "TB-1012");
  EXPECT_EQ(said(s, "set\tBad\nx"), "TB-1012");
  EXPECT_EQ(said(s, "set\t" + std::string(65, 'k') + "\nx"), "TB-1012");
  EXPECT_EQ(said(s, "dance\ta\nx"), "TB-2006");
  EXPECT_EQ(said(s, "set\ta\nbefore"), "");
  EXPECT_EQ(said(s, "set\ta\n" + std::string(4097, 'x')), "TB-2020");
  EXPECT_EQ(said(s, "get\ta\n"), "before");
  int kept = 0;
  while (said(s, "set\tk" + std::to_string(kept) + "\n" + std::string(4000, 'x')).empty()) ++kept;
  EXPECT_EQ(kept, 16);
  EXPECT_EQ(said(s, "set\tk0\n" + std::string(4010, 'x')), "") << "a value may be exchanged";
}

TEST_F(PluginStateTest, AFileNobodyCanReadIsSetAside) {
  auto first = open();
  said(first, "set\ta\n1");
  std::ofstream(folder / "drawer.json") << "{\"plugin\":\"org.acme\",\"values\":{\"a\":7}}";
  auto second = open();
  EXPECT_EQ(said(second, "get\ta\n"), "TB-2019");
  EXPECT_TRUE(fs::exists(folder / "drawer.json.bad"));
  EXPECT_EQ(said(second, "set\ta\n2"), "");
}

TEST_F(PluginStateTest, AFullDiskChangesNothing) {
  auto s = open();
  said(s, "set\ta\n1");
  fs::remove_all(folder);
  std::ofstream(folder.string()) << "a file where the folder should be";
  EXPECT_EQ(said(s, "set\ta\n2"), "TB-1008");
  EXPECT_EQ(said(s, "get\ta\n"), "1");
  fs::remove(folder);
}

}  // namespace
}  // namespace till::supervisor
