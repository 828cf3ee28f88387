#include "plugin_result.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sdk/testkit/schema.h"

namespace till::devices {
namespace {

namespace json = boost::json;

// Every published verb: what its schema allows is taken, what it forbids is not.
TEST(PluginResult, IsWhatThePublishedSchemaSays) {
  testkit::Seed seed(4);
  int verbs = 0, spoilt = 0;
  for (const auto& file : std::filesystem::directory_iterator(TILL_SCHEMA_DIR)) {
    const std::string verb = file.path().stem();
    if (file.path().extension() != ".json" || verb == "manifest" || verb.starts_with("event.")) {
      continue;
    }
    std::stringstream text;
    text << std::ifstream(file.path()).rdbuf();
    const json::value all = json::parse(text.str());
    const json::object& schema = all.at("properties").at("result").as_object();
    ++verbs;
    for (int i = 0; i < 100; ++i) {
      const auto good = testkit::sample_of(schema, seed);
      const auto taken = check_result(verb, json::serialize(good));
      ASSERT_TRUE(taken) << verb << " " << good << " " << taken.error().detail;
      const auto bad = testkit::spoilt_sample_of(schema, seed);
      if (testkit::check_schema(schema, bad)) continue;  // it forbids nothing
      ++spoilt;
      const auto refused = check_result(verb, json::serialize(bad));
      ASSERT_FALSE(refused) << verb << " " << bad;
      const auto told = testkit::check_schema(schema, bad).error().detail;
      EXPECT_EQ(refused.error().detail.substr(0, refused.error().detail.find_first_of(".[")),
                told.substr(0, told.find_first_of(".[")))
          << verb << " " << bad;
    }
  }
  EXPECT_GE(verbs, 30);
  EXPECT_GE(spoilt, 1000);
}

TEST(PluginResult, NamesTheMemberByItsPath) {
  const auto refused =
      check_result("rule.evaluate",
                   R"({"discounts":[{"line":1,"amount":5,"reason":""},{"line":2,"amount":"5"}]})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), (Error{Code::kWrongType, "discounts[1].amount", {}}));
  EXPECT_EQ(check_result("message.send", "[]").error().detail, "result");
  EXPECT_EQ(check_result("message.send", "{").error().code, Code::kBadJson);
  EXPECT_EQ(check_result("drawer.open", "17").error().detail, "result");
  EXPECT_TRUE(check_result("org.acme.beep", R"({"any":1})"));
  const std::string long_id = R"({"id":")" + std::string(2 << 20, 'x') + R"("})";
  EXPECT_EQ(check_result("message.send", long_id).error().code, Code::kTooLarge);
  EXPECT_TRUE(check_result("message.send", R"({"id":"1","later":true})")) << "of a later version";
}

}  // namespace
}  // namespace till::devices
