#include "magstripe.h"

#include <gtest/gtest.h>

namespace till::magstripe {
namespace {

// "2:12345" read, "2!E" unreadable, "2!M" malformed, "2!L" wrong LRC; "~n" for stray bytes.
std::string parse(std::string_view bytes, bool lrc = false) {
  Parser parser(lrc);
  std::string out;
  const auto add = [&](const std::optional<Track>& t) {
    if (!t) return;
    if (!out.empty()) out += ' ';
    out += std::to_string(t->number);
    out += t->state == TrackState::kRead         ? ":" + t->data
           : t->state == TrackState::kUnreadable ? "!E"
           : t->state == TrackState::kMalformed  ? "!M"
                                                 : "!L";
  };
  for (const char c : bytes) add(parser.push(static_cast<std::uint8_t>(c)));
  add(parser.finish());
  if (const auto n = parser.take_stray(); n > 0) out += "~" + std::to_string(n);
  return out;
}

TEST(Magstripe, TracksBySentinels) {
  EXPECT_EQ(parse("%CARD 42^X?;7005=1?+0123?\r"), "1:CARD 42^X 2:7005=1 3:0123");
  EXPECT_EQ(parse("\x02\x1b%A?;12?\x0d\x03"), "1:A 2:12");
  EXPECT_EQ(parse("%A?\r\n;12?\r\n"), "1:A 2:12");
  EXPECT_EQ(parse(";12?;34?"), "2:12 3:34");
  EXPECT_EQ(parse("%?;12?"), "2:12");
  EXPECT_EQ(parse("%A;B+C?"), "1:A;B+C");  // those letters belong to track 1's alphabet
}

TEST(Magstripe, ReadErrors) {
  EXPECT_EQ(parse("%E?;12?+E?"), "1!E 2:12 3!E");
  EXPECT_EQ(parse(";E?"), "2!E");
  EXPECT_EQ(parse("%EVA?"), "1:EVA");
  EXPECT_EQ(parse(";E1?"), "2!M");
}

TEST(Magstripe, MalformedTracks) {
  EXPECT_EQ(parse(";12"), "2!M");
  EXPECT_EQ(parse(";12\r;34?"), "2!M 3:34");
  EXPECT_EQ(parse(";1a2?"), "2!M");
  EXPECT_EQ(parse(";1\xb2?"), "2!M");
  EXPECT_EQ(parse("%small?"), "1!M");
  EXPECT_EQ(parse("%A%B?"), "1!M 1:B");
  EXPECT_EQ(parse(";1+2?"), "2!M 3:2");
  EXPECT_EQ(parse(";"), "2!M");
  EXPECT_EQ(parse(";" + std::string(37, '1') + "?"), "2:" + std::string(37, '1'));
  EXPECT_EQ(parse(";" + std::string(38, '1') + "?"), "2!M");
  EXPECT_EQ(parse("+" + std::string(105, '1') + "?"), "3!M");
  EXPECT_EQ(parse("%" + std::string(100000, '1') + "?;12?"), "1!M 2:12");
}

TEST(Magstripe, StrayBytesAreCounted) {
  EXPECT_EQ(parse("1234\r;12?0"), "2:12~5");
  EXPECT_EQ(parse("\x02\x03\r\n\x1b"), "");
}

TEST(Magstripe, LongitudinalCheck) {
  // By hand: ';' B, '1' 1, '2' 2, '?' F: B^1^2^F = 7.
  EXPECT_EQ(lrc_of(2, "12"), '7');
  // '%' 05, 'A' 21, '?' 1F: 05^21^1F = 3B -> '['.
  EXPECT_EQ(lrc_of(1, "A"), '[');
  EXPECT_EQ(parse("%A?[;12?7+12?7", true), "1:A 2:12 3:12");
  EXPECT_EQ(parse("%A?\\;12?7", true), "1!L 2:12");
  EXPECT_EQ(parse(";E?%A?[", true), "2!E 1:A");
  EXPECT_EQ(parse(";12?", true), "2!M");
  // Every single wrong character is caught.
  const std::string good = ";7005123456789?" + std::string(1, lrc_of(2, "7005123456789"));
  EXPECT_EQ(parse(good, true), "2:7005123456789");
  for (std::size_t i = 1; i + 2 < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>('0' + (bad[i] - '0' + 1) % 10);
    EXPECT_EQ(parse(bad, true), "2!L") << i;
  }
}

TEST(Magstripe, WipeLeavesNothingBehind) {
  std::string text = "4111111111111111 and more than a short string holds";
  const char* at = text.data();
  const std::size_t size = text.size();
  wipe(text);
  EXPECT_TRUE(text.empty());
  for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(at[i], 0);
}

}  // namespace
}  // namespace till::magstripe
