#include "archive.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace till::kit {
namespace {

namespace fs = std::filesystem;

const PackageFiles kFiles = {{"manifest.json", "{}"},
                             {"it.so", std::string("\0code", 5)},
                             {"empty", ""},
                             {"recordings/one.json", std::string(512, 'x')}};

std::string said(std::string_view bytes) {
  const auto files = read_archive(bytes);
  return files ? "good" : files.error().detail;
}

// The header of the first member with its field changed, and a checksum that fits.
std::string with(std::string bytes, std::size_t at, std::string_view text) {
  bytes.replace(at, text.size(), text);
  bytes.replace(148, 8, "        ");
  std::size_t sum = 0;
  for (int i = 0; i < 512; ++i) sum += static_cast<unsigned char>(bytes[static_cast<size_t>(i)]);
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06zo", sum);
  return bytes.replace(148, 7, std::string_view(digits, 7));
}

TEST(Archive, ComesBackAsItWas) {
  const auto bytes = make_archive(kFiles);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->size() % 512, 0U);
  const auto files = read_archive(*bytes);
  ASSERT_TRUE(files) << files.error().detail;
  EXPECT_EQ(*files, kFiles);
  EXPECT_EQ(*make_archive(*files), *bytes);
}

TEST(Archive, TarReadsIt) {
  const auto folder = fs::path(testing::TempDir()) / "archive";
  fs::remove_all(folder);
  fs::create_directories(folder);
  std::ofstream(folder / "it.tar", std::ios::binary) << *make_archive(kFiles);
  const std::string command = "cd " + folder.string() + " && tar xf it.tar && rm it.tar";
  ASSERT_EQ(std::system(command.c_str()), 0);  // NOLINT: a fixed command
  const auto files = read_folder(folder);
  ASSERT_TRUE(files);
  EXPECT_EQ(*files, kFiles);
  const std::string pack =
      "cd " + folder.string() + " && tar cf it.tar --format=ustar empty recordings";
  ASSERT_EQ(std::system(pack.c_str()), 0);  // NOLINT: a fixed command
  std::ifstream in(folder / "it.tar", std::ios::binary);
  const std::string theirs{std::istreambuf_iterator<char>(in), {}};
  const auto again = read_archive(theirs);
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(*again, (PackageFiles{{"empty", ""}, {"recordings/one.json", std::string(512, 'x')}}));
}

TEST(Archive, WhatCouldLeaveTheFolderIsRefused) {
  const std::string good = *make_archive({{"file", "x"}});
  for (const std::string name : {"/etc/x", "../x", "a/../x", "a//b", "a/", ".", "a b"}) {
    EXPECT_FALSE(make_archive({{name, "x"}})) << name;
    EXPECT_EQ(said(with(good, 0, name + std::string(1, '\0'))), "a name: " + name);
  }
  EXPECT_EQ(said(with(good, 156, "2")), "file is no regular file");  // a symbolic link
  EXPECT_EQ(said(with(good, 156, "5")), "file is no regular file");  // a folder
  EXPECT_EQ(said(with(good, 345, "etc")), "a name: file");           // a prefix
}

TEST(Archive, IsNotBelieved) {
  const std::string good = *make_archive({{"file", "x"}});
  EXPECT_EQ(said(good), "good");
  EXPECT_EQ(said(with(good, 0, "file")), "good");
  EXPECT_EQ(said(with(good, 124, "77777777777")), "file is too large");
  EXPECT_EQ(said(with(good, 124, "00000100000")), "file is cut short");
  EXPECT_EQ(said(with(good, 124, "0000000000x")), "file is too large");
  EXPECT_EQ(said(with(good, 257, "gnutar")), "it is no ustar archive");
  EXPECT_EQ(said(good.substr(0, 1024) + good), "file is there twice");
  EXPECT_EQ(said("words"), "it is cut short");
  EXPECT_EQ(said(""), "it is cut short");
  std::string bent = good;
  bent[3] = 'x';
  EXPECT_EQ(said(bent), "a header's checksum is wrong");
  for (std::size_t n = 0; n < good.size() - 512; n += 13)
    EXPECT_NE(said(good.substr(0, n)), "good");
}

}  // namespace
}  // namespace till::kit
