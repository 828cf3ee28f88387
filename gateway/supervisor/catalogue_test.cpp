#include "catalogue.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <filesystem>
#include <fstream>

#include "install.h"
#include "sdk/tool/archive.h"
#include "sdk/tool/package.h"

namespace till::supervisor {
namespace {

namespace fs = std::filesystem;

std::string manifest(const std::string& id, const std::string& version) {
  return R"({"schema":1,"id":")" + id + R"(","kind":"scanner","name":"n","version":")" + version +
         R"(","library":"it.so","abi":{"major":1,"minor_required":0},"verbs":[],"events":[]})";
}

class CatalogueTest : public testing::Test {
 protected:
  CatalogueTest() : root(fs::path(testing::TempDir()) / "catalogue") {
    EXPECT_GE(sodium_init(), 0);
    fs::remove_all(root);
    fs::create_directories(root / "plugins");
    fs::create_directories(root / "own");
    trust.own = root / "own";
    ours = *kit::make_key(root / "ours.key");
    theirs = *kit::make_key(root / "theirs.key");
    trust.keys = {ours};
  }
  void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  // A plugin's folder; `key` = "ours", "theirs" or "" for unsigned.
  fs::path plugin(const fs::path& at, const std::string& key, const std::string& id = "org.acme.it",
                  const std::string& version = "1.0.0") {
    fs::remove_all(at);
    write(at / "manifest.json", manifest(id, version));
    write(at / "it.so", "these are words, nobody can load them");
    if (!key.empty()) {
      EXPECT_TRUE(kit::sign_package(at, root / (key + ".key")));
    }
    return at;
  }
  std::string pack(const fs::path& folder) {
    const std::string file = root / "it.tbp";
    write(file, *kit::make_archive(*kit::read_folder(folder)));
    return file;
  }
  std::string trusted(const fs::path& folder) {
    const auto origin = check_trust(trust, folder);
    return origin ? std::string(name(*origin)) : code_name(origin.error().code);
  }
  std::string installed(const std::string& file, bool replace = false) {
    const auto done = install_plugin(file, root / "plugins", trust, replace);
    return done ? done->version + " " + std::string(name(done->origin)) + " " + done->before
                : code_name(done.error().code);
  }
  std::size_t in_plugins() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(root / "plugins"), fs::directory_iterator()));
  }
  fs::path root;
  Trust trust;
  std::string ours, theirs;
};

TEST_F(CatalogueTest, OnlyWhatSomebodyAnswersForMayRun) {
  EXPECT_EQ(trusted(plugin(root / "own" / "it", "")), "own");
  EXPECT_EQ(trusted(plugin(root / "plugins" / "it", "ours")), "signed");
  write(root / "plugins" / "it" / "more.txt", "x");
  EXPECT_EQ(trusted(root / "plugins" / "it"), "TB-2015");
  EXPECT_EQ(trusted(plugin(root / "plugins" / "it", "theirs")), "TB-2017");
  EXPECT_EQ(trusted(plugin(root / "plugins" / "it", "")), "TB-2016");
  trust.keys.clear();
  EXPECT_EQ(trusted(root / "plugins" / "it"), "TB-2016") << "without keys too";
  trust.unsigned_plugins = {"it"};
  EXPECT_EQ(trusted(root / "plugins" / "it"), "named");
  EXPECT_EQ(trusted(plugin(root / "plugins" / "it", "theirs")), "named");
  write(root / "plugins" / "it" / "it.so", "changed");
  EXPECT_EQ(trusted(root / "plugins" / "it"), "TB-2015") << "what is signed must fit";
  EXPECT_EQ(trusted(root / "plugins" / "gone"), "TB-2007");
  // A link into the gateway's own folder is what it points at; one out of it is not.
  fs::create_directory_symlink(root / "own" / "it", root / "plugins" / "link");
  EXPECT_EQ(trusted(root / "plugins" / "link"), "own");
  fs::create_directory_symlink(plugin(root / "elsewhere", ""), root / "own" / "out");
  EXPECT_EQ(trusted(root / "own" / "out"), "TB-2016");
}

TEST_F(CatalogueTest, IsReadAgainOnlyWhereSomethingChanged) {
  plugin(root / "plugins" / "a", "ours");
  plugin(root / "plugins" / "b", "");
  plugin(root / "own" / "c", "");
  plugin(root / "own" / "a", "");  // hidden by the installed one
  fs::create_directories(root / "plugins" / "no_plugin");
  fs::create_directories(root / "plugins" / ".install-1");
  Catalogue catalogue({root / "plugins", root / "own"}, trust);
  auto all = catalogue.scan();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name, "a");
  EXPECT_EQ(name(*all[0].trust), "signed");
  EXPECT_EQ(all[1].trust.error().code, Code::kPackageUnsigned);
  EXPECT_EQ(name(*all[2].trust), "own");
  EXPECT_EQ(catalogue.reads(), 3U);
  catalogue.scan();
  EXPECT_EQ(catalogue.reads(), 3U);

  write(root / "plugins" / "b" / "manifest.json", manifest("org.acme.it", "2.0.0"));
  all = catalogue.scan();
  EXPECT_EQ(catalogue.reads(), 4U);
  EXPECT_EQ(all[1].manifest->version, "2.0.0");
  write(root / "plugins" / "b" / "manifest.json", "{");
  EXPECT_EQ(catalogue.scan()[1].manifest.error().code, Code::kManifestInvalid);
  write(root / "plugins" / "a" / "it.so", "these are others, of the same length!");
  EXPECT_EQ(catalogue.scan()[0].trust.error().code, Code::kPackageBroken);
  fs::remove_all(root / "plugins" / "a");
  EXPECT_EQ(name(*catalogue.scan()[0].trust), "own") << "what it hid is seen";
}

TEST_F(CatalogueTest, ASignedPackageOfAKnownKeyIsInstalled) {
  const std::string file = pack(plugin(root / "work", "ours"));
  EXPECT_EQ(installed(file), "1.0.0 signed ");
  EXPECT_EQ(trusted(root / "plugins" / "it"), "signed");
  EXPECT_EQ(load_manifest(root / "plugins" / "it")->id, "org.acme.it");
  EXPECT_EQ(in_plugins(), 1U) << "nothing is left lying about";
  EXPECT_EQ(installed(file), "TB-2018");
  const std::string next = pack(plugin(root / "work", "ours", "org.acme.it", "1.1.0"));
  EXPECT_EQ(installed(next), "TB-2018");
  EXPECT_EQ(installed(next, true), "1.1.0 signed 1.0.0");
  EXPECT_EQ(load_manifest(root / "plugins" / "it")->version, "1.1.0");
  const std::string another = pack(plugin(root / "work", "ours", "org.other.it"));
  EXPECT_EQ(installed(another, true), "TB-2018") << "another plugin's place";
  EXPECT_EQ(load_manifest(root / "plugins" / "it")->id, "org.acme.it");
  EXPECT_EQ(in_plugins(), 1U);
}

TEST_F(CatalogueTest, NothingElseIsInstalled) {
  EXPECT_EQ(installed(pack(plugin(root / "work", "theirs"))), "TB-2017");
  EXPECT_EQ(installed(pack(plugin(root / "work", ""))), "TB-2016");
  const auto work = plugin(root / "work", "ours");
  write(work / "it.so", "something else");
  EXPECT_EQ(installed(pack(work)), "TB-2015");
  fs::remove(plugin(work, "") / "it.so");
  EXPECT_TRUE(kit::sign_package(work, root / "ours.key"));
  EXPECT_EQ(installed(pack(work)), "TB-2015");
  plugin(work, "");
  write(work / "manifest.json", "{}");
  EXPECT_EQ(installed(pack(work)), "TB-2012");
  EXPECT_EQ(installed(pack(plugin(work, "ours", "org.acme.."))), "TB-2012");
  write(root / "words", "words");
  EXPECT_EQ(installed(root / "words"), "TB-2015");
  EXPECT_EQ(installed(root / "gone"), "TB-1008");
  EXPECT_EQ(in_plugins(), 0U);
  const auto own = install_plugin(pack(plugin(work, "ours")), root / "own", trust, false);
  EXPECT_EQ(own.error().code, Code::kConfigInvalid);
}

TEST_F(CatalogueTest, AnUnsignedPackageIsInstalledWhenItIsNamed) {
  trust.unsigned_plugins = {"it"};
  EXPECT_EQ(installed(pack(plugin(root / "work", ""))), "1.0.0 named ");
}

}  // namespace
}  // namespace till::supervisor
