#include "manifest.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace till::supervisor {
namespace {

const std::string kGood = R"({"schema":1,"id":"a.b","kind":"scanner","name":"A","version":"1.0.0",
  "library":"a.so","abi":{"major":1,"minor_required":0},"verbs":["x.y"],"events":[],
  "config_schema":{"type":"object","required":["n"],"properties":{
    "n":{"type":"integer","minimum":1,"maximum":9},
    "mode":{"enum":["a","b"],"default":"a"}, "s":{"type":"string","maxLength":3}}}})";

std::string with(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST(Manifest, ReadsWhatIsThere) {
  const auto m = parse_manifest(kGood);
  ASSERT_TRUE(m) << m.error().detail;
  EXPECT_EQ(m->id, "a.b");
  EXPECT_EQ(m->verbs, std::vector<std::string>{"x.y"});
}

TEST(Manifest, RefusesBeforeAnyCodeRuns) {
  EXPECT_EQ(parse_manifest("{").error().code, Code::kManifestInvalid);
  EXPECT_EQ(parse_manifest(with("\"id\":\"a.b\",", "")).error().code, Code::kManifestInvalid);
  EXPECT_EQ(parse_manifest(with("\"a.so\"", "\"../a.so\"")).error().code, Code::kManifestInvalid);
  EXPECT_EQ(parse_manifest(with("\"name\"", "\"nmae\"")).error().code, Code::kManifestInvalid);
  EXPECT_EQ(parse_manifest(with("{\"schema\"", "{\"evil\":1,\"schema\"")).error().detail,
            "TB-1003 evil");
  for (const auto& [from, to] :
       {std::pair("\"scanner\"", "\"toaster\""),
        {"\"A\"", "\"A\\n\""},
        {"\"events\":[]", "\"events\":[],\"access\":\"root\""},
        {"\"events\":[]", "\"events\":[],\"limits\":{\"memory_mb\":4}"},
        {"\"events\":[]", "\"events\":[],\"limits\":{\"memroy_mb\":40}"}}) {
    EXPECT_EQ(parse_manifest(with(from, to)).error().code, Code::kManifestInvalid) << to;
  }
  EXPECT_EQ(parse_manifest(with("\"major\":1", "\"major\":2")).error().code, Code::kPluginAbi);
}

// The daemon goes by it at every start; each of these would have thrown there.
TEST(Manifest, AWrongConfigSchemaIsRefusedWithItsPlace) {
  for (const auto& [schema, place] :
       {std::pair(R"({"properties":{"x":5}})", "properties.x"),
        {R"({"properties":[]})", "properties"},
        {R"({"required":"x"})", "required"},
        {R"({"required":[5]})", "required"},
        {R"({"properties":{"x":{"type":5}}})", "properties.x.type"},
        {R"({"properties":{"x":{"enum":5}}})", "properties.x.enum"},
        {R"({"properties":{"x":{"minimum":"a"}}})", "properties.x.minimum"},
        {R"({"properties":{"x":{"maximum":1e300}}})", "properties.x.maximum"},
        {R"({"properties":{"x":{"maxLength":-1}}})", "properties.x.maxLength"}}) {
    const auto m =
        parse_manifest(kGood.substr(0, kGood.find("{\"type\":\"object\"")) + schema + "}");
    ASSERT_FALSE(m) << schema;
    EXPECT_EQ(m.error().detail, "TB-1005 config_schema." + std::string(place));
  }
}

TEST(Manifest, OnlyAFileOfItsSizeIsRead) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "manifest_test";
  std::filesystem::create_directories(folder);
  const auto path = folder / "manifest.json";
  std::filesystem::remove(path);
  EXPECT_EQ(load_manifest(folder).error().code, Code::kPluginNotFound);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(load_manifest(folder).error().code, Code::kPluginNotFound) << "nobody waits for a pipe";
  std::filesystem::remove(path);
  std::ofstream(path) << kGood;
  EXPECT_TRUE(load_manifest(folder));
  std::filesystem::resize_file(path, 1 << 30);  // sparse
  EXPECT_EQ(load_manifest(folder).error().code, Code::kManifestInvalid);
  std::filesystem::remove_all(folder);
}

TEST(Manifest, SettingsAreCheckedAndDefaulted) {
  const auto m = *parse_manifest(kGood);
  const auto good = check_settings(m, {{"n", 5}});
  ASSERT_TRUE(good);
  EXPECT_EQ(good->at("mode").as_string(), "a");
  for (const boost::json::object& bad : {boost::json::object{},
                                         {{"n", 0}},
                                         {{"n", 10}},
                                         {{"n", "5"}},
                                         {{"n", 5}, {"x", 1}},
                                         {{"n", 5}, {"mode", "c"}},
                                         {{"n", 5}, {"s", "long"}}}) {
    EXPECT_EQ(check_settings(m, bad).error().code, Code::kConfigInvalid) << bad;
  }
}

}  // namespace
}  // namespace till::supervisor
