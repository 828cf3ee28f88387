#include "civil.h"

#include <gtest/gtest.h>

namespace till {
namespace {

TEST(Civil, SecondsOfAClock) {
  EXPECT_EQ(civil_seconds("1970-01-01"), 0);
  EXPECT_EQ(civil_seconds("1970-01-02T01:02"), 86400 + 3720);
  EXPECT_EQ(civil_seconds("2026-11-22T09:00:30"), 1795338030);  // date -u -d … +%s
  EXPECT_EQ(civil_seconds("2028-02-29"), 1835395200);
  for (const char* none : {"", "2026-11-2", "2026-13-01", "2026-02-29", "2026-11-22 09:00",
                           "2026-11-22T24:00", "2026-11-22T09:60", "2026-11-22T09:00:",
                           "2026-1a-22", "+026-11-22", "2026-11-22T09:00:30Z"}) {
    EXPECT_FALSE(civil_seconds(none)) << none;
  }
}

TEST(Civil, MinutesAsText) {
  EXPECT_EQ(civil_minute(1795338030), "2026-11-22T09:00");
  EXPECT_EQ(civil_minute(*civil_seconds("2026-03-01T00:00") - 86400), "2026-02-28T00:00");
  EXPECT_EQ(civil_minute(-60), "1969-12-31T23:59");
}

}  // namespace
}  // namespace till
