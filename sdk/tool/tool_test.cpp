#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "elf.h"
#include "kit.h"
#include "live_host.h"
#include "package.h"

namespace till::kit {
namespace {

namespace fs = std::filesystem;

TEST(Elf, ReadsAPluginWithoutLoadingIt) {
  const auto elf = read_elf(read_file(TILL_SAMPLES "/good.so"));
  ASSERT_TRUE(elf) << elf.error().detail;
  EXPECT_EQ(elf->exported, std::vector<std::string>{"tillbridge_entry"});
  EXPECT_TRUE(elf->relro);
  EXPECT_TRUE(elf->bind_now);
  EXPECT_FALSE(elf->executable_stack);
  EXPECT_EQ(elf->run_path, "");
  const auto bent = read_elf(read_file(TILL_SAMPLES "/package.needed.so"));
  ASSERT_TRUE(bent);
  EXPECT_EQ(bent->run_path, "/opt/vendor");
}

TEST(Elf, SurvivesEveryCutAndManyBrokenBytes) {
  const std::string whole = read_file(TILL_SAMPLES "/good.so");
  for (std::size_t n = 0; n < whole.size(); n += 7) {
    const auto ignored = read_elf(std::string_view(whole).substr(0, n));
    EXPECT_TRUE(ignored || !ignored.error().detail.empty());
  }
  Seed seed(7);
  for (int round = 0; round < 2000; ++round) {
    std::string bad = whole;
    for (int i = 0; i < 8; ++i) bad[seed.below(2048)] = static_cast<char>(seed.next());
    const auto ignored = read_elf(bad);
    EXPECT_TRUE(ignored || !ignored.error().detail.empty());
  }
}

struct PackageTest : testing::Test {
  PackageTest() : folder(fs::path(testing::TempDir()) / "package"), key(folder.string() + ".key") {
    fs::remove_all(folder);
    fs::remove(key);
    fs::create_directories(folder / "recordings");
    write("manifest.json", "{}");
    write("it.so", "code");
    write("recordings/one.json", "{}");
    EXPECT_TRUE(make_key(key));
    EXPECT_TRUE(sign_package(folder, key));
  }
  void write(const char* name, const char* text) { std::ofstream(folder / name) << text; }
  std::string said() {
    const auto verdict = verify_package(folder);
    return verdict ? (verdict->empty() ? "unsigned" : "good") : verdict.error().detail;
  }
  fs::path folder;
  std::string key;
};

TEST_F(PackageTest, ASignatureCoversEveryFile) {
  EXPECT_EQ(said(), "good");
  write("it.so", "other code");
  EXPECT_EQ(said(), "it.so was changed after signing");
  write("it.so", "code");
  write("recordings/two.json", "{}");
  EXPECT_EQ(said(), "recordings/two.json was added after signing");
  fs::remove(folder / "recordings/two.json");
  fs::remove(folder / "manifest.json");
  EXPECT_EQ(said(), "manifest.json is missing");
  write("manifest.json", "{}");
  EXPECT_EQ(said(), "good");
  fs::create_symlink("/etc/passwd", folder / "link");
  EXPECT_EQ(said(), "link is a link");
}

TEST_F(PackageTest, ASignatureOfAnotherKeyIsNone) {
  const std::string text = read_file((folder / "signature.json").string());
  auto root = json::parse(text).as_object();
  const std::string other = key + "2";
  fs::remove(other);
  root["key"] = json::string(*make_key(other));
  std::ofstream(folder / "signature.json") << json::serialize(root);
  EXPECT_EQ(said(), "the signature is not by its key");
  std::ofstream(folder / "signature.json") << text.substr(0, text.size() / 2);
  EXPECT_EQ(said(), "signature.json can not be read");
  fs::remove(folder / "signature.json");
  EXPECT_EQ(said(), "unsigned");
}

TEST_F(PackageTest, AKeyIsItsOwnersAndNeverOverwritten) {
  EXPECT_EQ(fs::status(key).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_FALSE(make_key(key));
  EXPECT_FALSE(sign_package(folder, (folder / "manifest.json").string()));
}

TEST(Masking, ADeviceSaysNothingPersonal) {
  EXPECT_EQ(without_personal("5536913871234569\r", false), "5536910000000000\r") << "ISO 7812";
  EXPECT_EQ(without_personal("5536913871234561\r", false), "5536913871234561\r") << "no card";
  EXPECT_EQ(without_personal("5536913871234561\r", true), "5536910000000000\r");
  EXPECT_EQ(without_personal("4601234567893\r\n", false), "4601234567893\r\n") << "EAN-13";
  EXPECT_EQ(without_personal("0104601234567893", false), "0104601234567893") << "GS1";
  EXPECT_EQ(without_personal("tel +79261234571!", false), "tel +00000000000!");
  EXPECT_EQ(without_personal("ivan.p@example.com", false), "xxxx.x@xxxxxxx.xxx");
  EXPECT_EQ(without_personal("%B5536913871234561^IVANOV/IVAN^2512", true),
            "%B5536910000000000^xxxxxx/xxxx^2512");
}

}  // namespace
}  // namespace till::kit
