// Test card numbers only: 4111…, 5555…4444 and 2200…0004 belong to nobody.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include "sdk/testkit/fake_host.h"

namespace till {
namespace {

namespace json = boost::json;
using testkit::FakeHost;

const std::vector<std::string> kTestPans = {"4111111111111111", "5555555555554444",
                                            "2200000000000004"};

struct Desk {
  explicit Desk(const json::object& settings = {}) {
    EXPECT_EQ(host.activate(settings).status, TILL_DONE);
  }
  // "t1|t2|t3" or "!code detail", one after the other.
  std::string seen() {
    std::string all;
    for (const auto& e : host.events()) {
      if (!all.empty()) all += ", ";
      const auto& b = e.body.as_object();
      const auto text = [&](const char* key) { return json::value_to<std::string>(b.at(key)); };
      if (e.type == "card") {
        all += text("track1") + "|" + text("track2") + "|" + text("track3");
      } else {
        all += "!" + std::to_string(b.at("code").to_number<int>());
        if (!text("detail").empty()) all += " " + text("detail");
      }
    }
    return all;
  }
  std::string swipe(std::string_view bytes) {
    host.clear();
    host.feed(as_bytes(bytes), true);
    return seen();
  }
  // Nothing that left the driver holds four digits in a row of the number.
  void expect_no_digits_of(const std::string& pan) {
    std::string left;
    for (const auto& e : host.events()) left.append(json::serialize(e.body)).append("\n");
    for (const auto& line : host.log()) left.append(line).append("\n");
    for (std::size_t i = 0; i + 5 <= pan.size(); ++i) {
      EXPECT_EQ(left.find(pan.substr(i, 5)), std::string::npos) << left;
    }
  }
  FakeHost host;
};

TEST(MagstripeReader, LoyaltyCards) {
  Desk desk;
  EXPECT_EQ(desk.swipe(";7005123456?\r"), "|7005123456|");
  EXPECT_EQ(desk.swipe("\x02%CLUB 42?;7005=99?+01?\r\x03"), "CLUB 42|7005=99|01");
  EXPECT_EQ(desk.swipe("%CLUB?\r\n;12?\r\n"), "CLUB|12|");
  // Two swipes without a gap.
  EXPECT_EQ(desk.swipe("%A?;1?\r%B?;2?\r"), "A|1|, B|2|");
}

TEST(MagstripeReader, ByteByByteAndCutAtEveryByte) {
  Desk desk;
  const std::string line = "%CLUB?;7005123456?\r";
  for (const char& c : line) desk.host.feed(as_bytes({&c, 1}), false);
  desk.host.feed({}, true);
  EXPECT_EQ(desk.seen(), "CLUB|7005123456|");
  for (std::size_t cut = 1; cut < line.size(); ++cut) {
    desk.host.clear();
    desk.host.feed(as_bytes(std::string_view(line).substr(0, cut)), false);
    desk.host.set_connected(false);
    desk.host.set_connected(true);
    EXPECT_EQ(desk.seen(), "") << cut;
    EXPECT_EQ(desk.swipe(line), "CLUB|7005123456|") << cut;
  }
}

TEST(MagstripeReader, BadTracksAreNamed) {
  Desk desk;
  EXPECT_EQ(desk.swipe("%E?;12?\r"), "!2105 track 1, the reader could not read it, |12|");
  EXPECT_EQ(desk.swipe(";E?\r"), "!2105 track 2, the reader could not read it");
  EXPECT_EQ(desk.swipe(";12\r"), "!2105 track 2, not complete");
  EXPECT_EQ(desk.swipe("123456\r"), "!2105 no start sentinel");
  EXPECT_EQ(desk.swipe("1\r"), "");  // a sensor's word
  EXPECT_EQ(desk.swipe(std::string(100000, '\xfe')), "!2105 no start sentinel");
  EXPECT_EQ(desk.swipe(";12?\r"), "|12|");
}

TEST(MagstripeReader, LongitudinalCheck) {
  Desk desk({{"lrc", "present"}});
  EXPECT_EQ(desk.swipe(";12?7\r"), "|12|");
  EXPECT_EQ(desk.swipe(";12?6\r"), "!2106 track 2");
  EXPECT_EQ(desk.swipe("%A?[;12?6\r"), "!2106 track 2, A||");
}

TEST(MagstripeReader, PaymentCardsAreRefusedWithoutADigit) {
  for (const auto& pan : kTestPans) {
    const auto t1 = fmt::format("%B{}^YATES/EUGENE^28121011234567890?", pan);
    const auto t2 = fmt::format(";{}=28121011234567890?", pan);
    std::string grouped = fmt::format("%B{}^X^2812101?", pan);
    grouped.insert(10, " ").insert(6, " ");
    const std::vector<std::string> swipes = {fmt::format("{}{}\r", t1, t2),
                                             t1,
                                             t2,
                                             fmt::format("{}\r{}\r", t1, t2),
                                             fmt::format(";{}?", pan),
                                             fmt::format("%{}?", pan),
                                             fmt::format(";{}==?", pan),
                                             fmt::format("+01{}=999?", pan),
                                             fmt::format("%CLUB?{}", t2),
                                             grouped,
                                             fmt::format("{};E?", t1),
                                             fmt::format("+{}?", pan),
                                             fmt::format(";={}?", pan)};
    for (const auto& swipe : swipes) {
      Desk desk;
      EXPECT_EQ(desk.swipe(swipe), "!2104") << swipe;
      desk.expect_no_digits_of(pan);
      EXPECT_EQ(desk.swipe(";12?\r"), "|12|");
    }
  }
}

// Read badly, dribbled, cut at every byte or with one byte wrong: still no digit leaves.
TEST(MagstripeReader, NoDigitLeavesABadlyReadPaymentCard) {
  for (const auto& pan : kTestPans) {
    const auto line = fmt::format("%B{0}^YATES/EUGENE^2812101123?;{0}=2812101123?\r", pan);
    Desk desk;
    for (const char& c : line) desk.host.feed(as_bytes({&c, 1}), false);
    desk.host.feed({}, true);
    EXPECT_EQ(desk.seen(), "!2104");
    for (std::size_t cut = 1; cut < line.size(); ++cut) {
      desk.swipe(line.substr(0, cut));
      desk.expect_no_digits_of(pan);
      desk.swipe(line.substr(cut));
      desk.expect_no_digits_of(pan);
      std::string spoilt = line;
      spoilt[cut] = '\x7f';
      desk.swipe(spoilt);
      desk.expect_no_digits_of(pan);
    }
    Desk checked({{"lrc", "present"}});
    checked.swipe(line);
    checked.expect_no_digits_of(pan);
  }
}

TEST(MagstripeReader, StructureAloneIsEnough) {
  Desk desk;
  const std::string not_luhn = "4111111111111112";
  EXPECT_EQ(desk.swipe(";" + not_luhn + "=2812101123?"), "!2104");
  EXPECT_EQ(desk.swipe("%B" + not_luhn + "^YATES/EUGENE^2812101?"), "!2104");
  // No expiry date that can be, or no service code: a card of somebody's own.
  EXPECT_EQ(desk.swipe(";" + not_luhn + "=2813101123?"), "|" + not_luhn + "=2813101123|");
  EXPECT_EQ(desk.swipe(";" + not_luhn + "=2812301123?"), "|" + not_luhn + "=2812301123|");
  EXPECT_EQ(desk.swipe(";" + not_luhn + "?"), "|" + not_luhn + "|");
}

TEST(MagstripeReader, AllowedPrefixesComeFirst) {
  Desk desk({{"allowed_prefixes", "41111, 2900"}});
  EXPECT_EQ(desk.swipe(";4111111111111111?"), "|4111111111111111|");
  EXPECT_EQ(desk.swipe(";5555555555554444?"), "!2104");
  // One track of ours does not open the door for another.
  EXPECT_EQ(desk.swipe("%4111111111111111?;5555555555554444?"), "!2104");
  for (const char* bad : {"4", "41x", "41,,42", ",41", "12345678901234567890"}) {
    FakeHost host;
    EXPECT_EQ(host.activate({{"allowed_prefixes", bad}}).error.code, Code::kConfigInvalid) << bad;
  }
}

}  // namespace
}  // namespace till
