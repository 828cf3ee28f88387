#include <gtest/gtest.h>

#include "ids.h"
#include "result.h"
#include "values.h"

namespace till {
namespace {

TEST(Checked, RefusesToWrapAround) {
  EXPECT_THROW((void)(Money{INT64_MAX} + Money{1}), Overflow);
  EXPECT_THROW((void)(Points{INT64_MIN} - Points{1}), Overflow);
  EXPECT_THROW((void)(-Money{INT64_MIN}), Overflow);
  EXPECT_THROW((void)(Money{INT64_MAX} * Quantity{2000}), Overflow);
  EXPECT_EQ((Money{INT64_MAX} * Quantity{1000}).minor, INT64_MAX);  // 128 bits in between
}

TEST(Checked, RoundsOnceByTheNamedRule) {
  struct Case {
    std::int64_t a, b, c;
    Rounding rounding;
    std::int64_t want;
  };
  for (const Case& t : {Case{5, 1, 2, Rounding::kHalfUp, 3},
                        {-5, 1, 2, Rounding::kHalfUp, -3},
                        {5, 1, 2, Rounding::kDown, 2},
                        {-5, 1, 2, Rounding::kDown, -2},
                        {5, 1, 2, Rounding::kHalfEven, 2},
                        {7, 1, 2, Rounding::kHalfEven, 4},
                        {5, 1, 2, Rounding::kHalfDown, 2},
                        {-5, 1, 2, Rounding::kHalfDown, -2},
                        {51, 1, 20, Rounding::kHalfDown, 3},
                        {-51, 1, 20, Rounding::kHalfDown, -3},
                        {1, 1, 3, Rounding::kUp, 1},
                        {4, 1, -2, Rounding::kUp, -2}}) {
    EXPECT_EQ(mul_div(t.a, t.b, t.c, t.rounding), t.want) << t.a << "/" << t.c;
  }
  EXPECT_THROW((void)mul_div(1, 1, 0, Rounding::kDown), Overflow);
}

TEST(Values, PrintAsPeopleWriteThem) {
  EXPECT_EQ(to_string(Money{-5}), "-0.05");
  EXPECT_EQ(to_string(Money{120500}), "1205.00");
  EXPECT_EQ(to_string(Quantity{1500}), "1.500");
  EXPECT_EQ(to_string(Percent{750}), "7.50 %");
  EXPECT_EQ(share(Money{999}, Percent{1000}).minor, 100);
}

TEST(Uuid, IsVersion7AndSortsByTime) {
  const std::array<std::uint8_t, 10> ones{255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  // RFC 9562, appendix A.6: Unix time 0x017F22E279B0
  const Uuid id =
      make_uuid7(0x017F22E279B0, {0xCC, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F});
  EXPECT_EQ(to_string(id), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  EXPECT_EQ(parse_uuid(to_string(id)), id);
  EXPECT_LT(make_uuid7(1000, ones), make_uuid7(1001, {}));
  EXPECT_FALSE(parse_uuid("017f22e2-79b0-7cc3-98c4-dc0c0c07398"));
  EXPECT_FALSE(parse_uuid("017f22e279b0-7cc3-98c4-dc0c0c07398f-"));
  EXPECT_EQ(parse_attempt(to_string(AttemptKey{id, 12})), (AttemptKey{id, 12}));
  for (const char* const bad : {"", "/1", "1"}) EXPECT_FALSE(parse_attempt(bad)) << bad;
  for (const char* const bad : {"", "/", "/x", "/1x", "/-1", "/4294967296"}) {
    EXPECT_FALSE(parse_attempt(to_string(id) + bad)) << bad;
  }
}

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Code::kBadValue, "odd");
  return n / 2;
}
Result<int> quarter(int n) { return half(TILL_TRY(half(n))); }

TEST(Result, TryPassesTheErrorOn) {
  EXPECT_EQ(quarter(8), 2);
  EXPECT_EQ(quarter(6).error(), (Error{Code::kBadValue, "odd", ""}));
  EXPECT_EQ(code_name(Code::kCheckDigit), "TB-2102");
}

TEST(Bytes, HexBothWays) {
  EXPECT_EQ(to_hex(from_hex("02 05 FF")), "0205ff");
  EXPECT_TRUE(from_hex("0").empty());
  EXPECT_TRUE(from_hex("zz").empty());
}

}  // namespace
}  // namespace till
