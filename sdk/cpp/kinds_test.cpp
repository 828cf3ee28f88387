#include "kinds.h"

#include <gtest/gtest.h>

namespace till {
namespace {

const till_host kEmptyHost{
    sizeof(till_host), TILL_ABI_MAJOR, TILL_ABI_MINOR, nullptr,
    [](const till_host*, const char*) noexcept -> const void* { return nullptr; }};

class TestScale : public Scale {
 public:
  TestScale() { attach(&kEmptyHost); }
  Result<Weighing> weigh() override { return Weighing{{1250}, {50}, true}; }
  Result<void> tare(std::optional<Quantity> tare) override {
    tared = tare;
    return {};
  }
  std::optional<Quantity> tared;
};

class HalfPrice : public Rule {
 public:
  HalfPrice() { attach(&kEmptyHost); }
  Result<RuleAnswer> evaluate(const RuleQuestion& q) override {
    RuleAnswer answer;
    for (const auto& line : q.lines) {
      answer.discounts.push_back({line.line, {line.total.minor / 2}, "half"});
    }
    return answer;
  }
};

OperationResult ask(Plugin& plugin, const char* verb, const json::object& body = {}) {
  return plugin.perform({verb, "", body, 1000});
}

TEST(Kinds, ATypedAnswerIsJson) {
  TestScale scale;
  const auto weighed = ask(scale, "scale.weigh");
  EXPECT_EQ(weighed.status, TILL_DONE);
  EXPECT_EQ(json::serialize(weighed.body), R"({"weight":1250,"tare":50,"stable":true})");
  EXPECT_EQ(ask(scale, "scale.tare", {{"tare", 70}}).status, TILL_DONE);
  EXPECT_EQ(scale.tared, Quantity{70});
  EXPECT_EQ(ask(scale, "scale.tare").status, TILL_DONE);
  EXPECT_EQ(scale.tared, std::nullopt);
}

TEST(Kinds, WhatIsNotThereIsRefusedByName) {
  TestScale scale;
  EXPECT_EQ(ask(scale, "scale.zero").error.code, Code::kVerbUnsupported);
  EXPECT_EQ(ask(scale, "scale.fly").error.code, Code::kVerbUnsupported);
  const auto wrong = ask(scale, "scale.tare", {{"tare", "seventy"}});
  EXPECT_EQ(wrong.status, TILL_REFUSED);
  EXPECT_EQ(wrong.error.code, Code::kWrongType);
  EXPECT_EQ(wrong.error.detail, "tare");
}

TEST(Kinds, ARuleSeesLinesAndGivesDiscounts) {
  HalfPrice rule;
  const json::value question = json::parse(
      R"({"instant":"2026-11-22T12:00:00","customer":"","lines":[
          {"line":1,"goods":"a","quantity":1000,"price":999,"total":999}]})");
  const auto answer = ask(rule, "rule.evaluate", question.as_object());
  EXPECT_EQ(
      json::serialize(answer.body),
      R"({"discounts":[{"line":1,"amount":499,"reason":"half"}],"holds":null,"points":null})");
}

}  // namespace
}  // namespace till
