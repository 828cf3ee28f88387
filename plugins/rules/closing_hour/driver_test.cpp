#include <gtest/gtest.h>

#include "sdk/testkit/fake_host.h"

namespace till {
namespace {

namespace json = boost::json;
using testkit::FakeHost;

json::object question(const char* instant, std::int64_t total = 10'000) {
  return {
      {"instant", instant},
      {"customer", ""},
      {"lines",
       {{{"line", 1}, {"goods", "rye"}, {"quantity", 1000}, {"price", total}, {"total", total}}}}};
}

std::int64_t off(FakeHost& host, const char* instant) {
  const auto out = host.perform("rule.evaluate", question(instant));
  EXPECT_EQ(out.status, TILL_DONE);
  const auto& discounts = out.body.at("discounts").as_array();
  return discounts.empty() ? 0 : discounts[0].at("amount").as_int64();
}

TEST(ClosingHour, GrowsByTheMinuteUpToTheMost) {
  FakeHost host;
  ASSERT_EQ(host.activate({{"begin", "19:00"}, {"end", "21:00"}, {"most_percent", 60}}).status,
            TILL_DONE);
  EXPECT_EQ(off(host, "2026-11-22T18:59:59"), 0);
  EXPECT_EQ(off(host, "2026-11-22T19:00:00"), 50);
  EXPECT_EQ(off(host, "2026-11-22T19:59:30"), 3000);
  EXPECT_EQ(off(host, "2026-11-22T20:59:59"), 6000);
  EXPECT_EQ(off(host, "2026-11-22T21:00:00"), 0);
}

TEST(ClosingHour, WrongTimesAreRefused) {
  FakeHost turned, no_time;
  EXPECT_EQ(turned.activate({{"begin", "21:00"}, {"end", "19:00"}}).status, TILL_REFUSED);
  EXPECT_EQ(no_time.activate({{"begin", "7 a.m"}}).status, TILL_REFUSED);
  FakeHost host;
  ASSERT_EQ(host.activate({}).status, TILL_DONE);
  EXPECT_EQ(host.perform("rule.evaluate", question("today")).status, TILL_REFUSED);
}

}  // namespace
}  // namespace till
