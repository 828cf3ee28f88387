#include "marking.h"

#include <gtest/gtest.h>

namespace till::app {
namespace {

struct StoppedClock final : Clock {
  std::int64_t now = 1'000'000;
  std::int64_t unix_us() override { return now; }
  std::int64_t monotonic_us() override { return now; }
};

class MarkingTest : public testing::Test {
 protected:
  MarkingTest() { make(true); }
  void make(bool sell_unchecked) {
    marking = std::make_unique<Marking>(
        [this](const std::string& code, std::function<void(const ipc::Outcome&)> done) {
          asked[code] = std::move(done);
        },
        [this](std::int64_t, std::function<void()> f) { time_is_over = std::move(f); }, clock,
        metrics, sell_unchecked);
  }
  static checkout::Sale sale(const std::vector<std::string>& codes) {
    checkout::Sale out;
    for (const auto& code : codes) {
      checkout::SaleLine line;
      line.id = std::to_string(out.lines.size() + 1);
      line.marking_code = code;
      out.lines.push_back(line);
    }
    return out;
  }
  void check(const checkout::Sale& of) {
    verdicts.clear();
    asked.clear();
    marking->check(of, [this](const Result<void>& r) { verdicts.push_back(r); });
  }
  void say(const std::string& code, const std::string& verdict, const std::string& reason = "") {
    asked.at(code)(ipc::Outcome::done(R"({"verdict":")" + verdict + R"(","reason":")" + reason +
                                      R"(","request_id":""})"));
  }
  Error error() const {
    EXPECT_EQ(verdicts.size(), 1U);
    return verdicts.size() == 1 && !verdicts[0] ? verdicts[0].error() : Error{};
  }

  StoppedClock clock;
  Metrics metrics;
  std::unique_ptr<Marking> marking;
  std::map<std::string, std::function<void(const ipc::Outcome&)>> asked;
  std::function<void()> time_is_over;
  std::vector<Result<void>> verdicts;
};

TEST_F(MarkingTest, AsksOnceForEachMarkedPieceAndRemembersWhatIsAllowed) {
  const auto basket = sale({"a", "", "b"});
  EXPECT_FALSE(marking->passed(basket));
  EXPECT_TRUE(marking->passed(sale({"", ""})));
  check(basket);
  EXPECT_EQ(asked.size(), 2U);
  say("a", "allowed");
  EXPECT_TRUE(verdicts.empty());
  say("b", "allowed");
  ASSERT_EQ(verdicts.size(), 1U);
  EXPECT_TRUE(verdicts[0]);
  time_is_over();
  EXPECT_EQ(verdicts.size(), 1U) << "it ends once";
  EXPECT_TRUE(marking->passed(basket));
  check(sale({"a", "c"}));
  EXPECT_EQ(asked.size(), 1U) << "a has passed";
  clock.now += 900'000'000;
  EXPECT_FALSE(marking->passed(basket)) << "a word does not hold for ever";
}

TEST_F(MarkingTest, AForbiddenPieceIsNamedByItsLineNotItsCode) {
  check(sale({"good", "0104601234567893215secret"}));
  say("good", "allowed");
  say("0104601234567893215secret", "forbidden", "withdrawn");
  EXPECT_EQ(error().code, Code::kMarkForbidden);
  EXPECT_EQ(error().detail, "line 2: withdrawn");
  EXPECT_FALSE(marking->passed(sale({"0104601234567893215secret"}))) << "it is asked for again";
}

TEST_F(MarkingTest, WhatNobodyCanTellOfGoesByTheShopsRule) {
  for (const bool sell : {true, false}) {
    make(sell);
    for (const std::string how : {"away", "unknown", "late", "nonsense"}) {
      check(sale({how}));
      const auto done = asked.at(how);
      if (how == "away") done(ipc::Outcome::refused({Code::kPortLost, {}, {}}));
      if (how == "unknown") say(how, "unknown");
      if (how == "late") time_is_over();
      if (how == "nonsense") done(ipc::Outcome::done("{}"));
      ASSERT_EQ(verdicts.size(), 1U) << how;
      EXPECT_EQ(verdicts[0].has_value(), sell) << how;
      EXPECT_EQ(marking->passed(sale({how})), sell) << how;
      if (!sell) {
        EXPECT_EQ(error().code, Code::kMarkUnchecked);
        EXPECT_EQ(error().detail, "line 1");
      }
    }
  }
  EXPECT_EQ(metrics.get("tillbridge_marking_unchecked_total"), 8);
}

TEST_F(MarkingTest, ALateAnswerCountsForTheNextQuestion) {
  make(false);
  check(sale({"a"}));
  const auto late = asked.at("a");
  time_is_over();
  EXPECT_EQ(error().code, Code::kMarkUnchecked);
  late(ipc::Outcome::done(R"({"verdict":"allowed","reason":"","request_id":""})"));
  EXPECT_EQ(verdicts.size(), 1U);
  EXPECT_TRUE(marking->passed(sale({"a"})));
}

TEST_F(MarkingTest, AnAnswerFromInsideTheQuestionIsAnAnswer) {
  Marking at_once(
      [](const std::string&, const std::function<void(const ipc::Outcome&)>& done) {
        done(ipc::Outcome::refused({Code::kPortLost, {}, {}}));
      },
      [](std::int64_t, const std::function<void()>&) {}, clock, metrics, false);
  at_once.check(sale({"a", "b"}), [this](const Result<void>& r) { verdicts.push_back(r); });
  EXPECT_EQ(error().detail, "line 1");
}

TEST_F(MarkingTest, WhatComesBackIsNotAskedAbout) {
  auto back = sale({"a"});
  back.is_return = true;
  EXPECT_TRUE(marking->passed(back));
}

}  // namespace
}  // namespace till::app
