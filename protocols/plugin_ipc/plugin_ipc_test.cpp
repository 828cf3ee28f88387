#include "plugin_ipc.h"

#include <gtest/gtest.h>

namespace till::ipc {
namespace {

TEST(PluginIpc, GoldenFrame) {
  const Frame frame{Type::kPortIn, 0, 7, 0x0102030405060708, 2, "hi"};
  const Buffer bytes = encode(frame);
  EXPECT_EQ(to_hex(bytes), "54424c310c000000020000000700000008070605040302016869");
  EXPECT_EQ(decode(bytes), frame);
}

TEST(PluginIpc, ABigBodyStaysOutside) {
  Frame frame{.type = Type::kSubmit, .body = std::string(kInlineBody + 1, 'x')};
  const Buffer bytes = encode(frame);
  ASSERT_EQ(bytes.size(), kHeader);
  const auto back = decode(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->flags, kFlagMemfd);
  EXPECT_EQ(back->length, kInlineBody + 1);
}

TEST(PluginIpc, RefusesWhatIsNotAFrame) {
  const Buffer good = encode({.type = Type::kPing, .body = "abc"});
  for (std::size_t n = 0; n < good.size(); ++n) {
    EXPECT_FALSE(decode(Bytes(good).first(n))) << n;
  }
  for (const auto& [at, value] :
       {std::pair<std::size_t, std::uint8_t>{0, 0}, {4, 0}, {4, 99}, {6, 2}, {8, 4}, {6, 1}}) {
    Buffer bad = good;
    bad[at] = value;
    EXPECT_FALSE(decode(bad)) << at;
  }
}

TEST(PluginIpc, OutcomesSurviveTheTrip) {
  for (const Outcome& o :
       {Outcome::done("{\"a\":1}"), Outcome::refused({Code::kPaperOut, "no\npaper", "6B"}),
        Outcome::in_doubt({Code::kTimeout, "", ""})}) {
    EXPECT_EQ(decode_outcome(encode_outcome(o)), o);
  }
  for (const char* bad :
       {"", "0 0 0 0 0", "3 0 0 0 0\n", "0 2 0 0 0\n", "0 0 0 1 0\n", "0 0 0 0 5\nabcd", "a\n",
        "0 0 0 0 0 \n", "0 0 10000 0 0\n", "0 0 0 18446744073709551615 1\n"}) {
    EXPECT_FALSE(decode_outcome(bad)) << bad;
  }
}

}  // namespace
}  // namespace till::ipc
