#include "plugin_event.h"

#include <gtest/gtest.h>

namespace till::devices {
namespace {

TEST(PluginEvent, TakesWhatTheSchemaNames) {
  for (const auto& [type, text] :
       {std::pair("scan", R"({"raw":"4601234567893","aim":"]E0"})"),
        {"card", R"({"track1":"","track2":"2900000000018=9912","track3":""})"},
        {"input_error", R"({"code":2103,"detail":"no code"})"},
        {"weight", R"({"weight":734,"tare":0,"stable":true})"},
        {"of_a_later_version", R"({"any":1})"}}) {
    const auto event = check_event(type, text);
    ASSERT_TRUE(event) << type << " " << event.error().detail;
    EXPECT_EQ(*event, boost::json::parse(text)) << type;
  }
}

// A weight that calls itself a sale of the register stays a weight.
TEST(PluginEvent, WhatTheSchemaDoesNotNameIsLeftOut) {
  const auto event = check_event(
      "weight", R"({"type":"sale","device":"register","weight":1,"tare":0,"stable":true})");
  ASSERT_TRUE(event);
  EXPECT_EQ(*event, boost::json::parse(R"({"weight":1,"tare":0,"stable":true})"));
}

TEST(PluginEvent, RefusesEverythingElse) {
  for (const auto& [type, text] :
       {std::pair<const char*, std::string>("weight", R"({"weight":"1","tare":0,"stable":true})"),
        {"scan", R"({"raw":1,"aim":""})"},
        {"scan", R"({"raw":")" + std::string(5000, '1') + R"(","aim":""})"},
        {"card", R"({"track1":")" + std::string(300, '1') + R"(","track2":""})"},
        {"input_error", R"({"code":99999,"detail":""})"},
        {"input_error", R"({"code":-1,"detail":""})"},
        {"input_error", R"({"code":2103,"detail":"x\u0000y"})"},
        {"scan", "[]"},
        {"scan", "{"},
        {"of_a_later_version", "1"}}) {
    EXPECT_FALSE(check_event(type, text)) << type << " " << text.substr(0, 80);
  }
}

}  // namespace
}  // namespace till::devices
