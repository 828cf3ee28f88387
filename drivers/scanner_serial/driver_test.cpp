#include <gtest/gtest.h>

#include "sdk/testkit/fake_host.h"

namespace till {
namespace {

namespace json = boost::json;
using testkit::FakeHost;

struct Desk {
  explicit Desk(const json::object& settings = {}) {
    EXPECT_EQ(host.activate(settings).status, TILL_DONE);
  }
  // "raw", "aim|raw" or "!code detail", one after the other.
  std::string seen() {
    std::string all;
    for (const auto& e : host.events()) {
      if (!all.empty()) all += ", ";
      const auto& b = e.body.as_object();
      if (e.type == "scan") {
        const auto aim = json::value_to<std::string>(b.at("aim"));
        all += (aim.empty() ? "" : aim + "|") + json::value_to<std::string>(b.at("raw"));
      } else {
        const auto detail = json::value_to<std::string>(b.at("detail"));
        all += "!" + std::to_string(b.at("code").to_number<int>()) +
               (detail.empty() ? "" : " " + detail);
      }
    }
    host.clear();
    return all;
  }
  std::string scan(std::string_view bytes, bool quiet = true) {
    host.feed(as_bytes(bytes), quiet);
    return seen();
  }
  FakeHost host;
};

TEST(ScannerSerial, EverySuffixWholeAndByteByByte) {
  const std::pair<const char*, const char*> kSuffixes[] = {
      {"cr", "\r"}, {"lf", "\n"}, {"crlf", "\r\n"}, {"tab", "\t"}, {"none", ""}};
  for (const auto& [name, bytes] : kSuffixes) {
    SCOPED_TRACE(name);
    Desk desk({{"suffix", name}});
    const std::string line = std::string("4601234567893") + bytes;
    EXPECT_EQ(desk.scan(line), "4601234567893");
    for (const char& c : line) desk.host.feed(as_bytes({&c, 1}), false);
    desk.host.feed({}, true);
    EXPECT_EQ(desk.seen(), "4601234567893");
    // The same in two parts, at every place.
    for (std::size_t cut = 1; cut < line.size(); ++cut) {
      desk.host.feed(as_bytes(std::string_view(line).substr(0, cut)), false);
      desk.host.feed(as_bytes(std::string_view(line).substr(cut)), true);
      EXPECT_EQ(desk.seen(), "4601234567893") << cut;
    }
  }
}

TEST(ScannerSerial, TwoCodesInOneChunk) {
  Desk desk({{"suffix", "crlf"}});
  EXPECT_EQ(desk.scan("4601234567893\r\nABC\r\n"), "4601234567893, ABC");
}

TEST(ScannerSerial, PrefixIsCutOff) {
  Desk desk({{"prefix", "S1"}});
  EXPECT_EQ(desk.scan("S1ABC\r"), "ABC");
  EXPECT_EQ(desk.scan("ABC\r"), "!2103 no prefix");
}

TEST(ScannerSerial, AimIdentifierIsGivenBeside) {
  Desk desk;
  EXPECT_EQ(desk.scan("]E04601234567893\r"), "]E0|4601234567893");
  EXPECT_EQ(desk.scan("]E496385074\r"), "]E4|96385074");
  EXPECT_EQ(desk.scan("]C11101\r"), "]C1|1101");
  EXPECT_EQ(desk.scan("plain\r"), "plain");
  Desk strict({{"aim", "required"}});
  EXPECT_EQ(strict.scan("]E04601234567893\r"), "]E0|4601234567893");
  EXPECT_EQ(strict.scan("4601234567893\r"), "!2103 no AIM identifier");
  Desk blind({{"aim", "none"}});
  EXPECT_EQ(blind.scan("]E04601234567893\r"), "]E04601234567893");
}

TEST(ScannerSerial, CheckDigits) {
  Desk desk;
  EXPECT_EQ(desk.scan("4601234567894\r"), "!2102 4601234567894");
  EXPECT_EQ(desk.scan("]E04601234567894\r"), "!2102 4601234567894");
  EXPECT_EQ(desk.scan("]E496385075\r"), "!2102 96385075");
  EXPECT_EQ(desk.scan("036000291452\r"), "036000291452");
  EXPECT_EQ(desk.scan("036000291453\r"), "!2102 036000291453");
  EXPECT_EQ(desk.scan("14601234567890\r"), "14601234567890");
  EXPECT_EQ(desk.scan("14601234567891\r"), "!2102 14601234567891");
  // UPC-E is left as it is; other symbologies and lengths may hold any digits.
  EXPECT_EQ(desk.scan("04252614\r"), "04252614");
  EXPECT_EQ(desk.scan("]E0425261\r"), "]E0|425261");
  EXPECT_EQ(desk.scan("]C04601234567894\r"), "]C0|4601234567894");
  EXPECT_EQ(desk.scan("46012345678\r"), "46012345678");
  // Every single wrong digit is caught.
  const std::string good = "]E04601234567893\r";
  for (std::size_t i = 3; i < 16; ++i) {
    std::string bad = good;
    bad[i] = bad[i] == '9' ? '0' : static_cast<char>(bad[i] + 1);
    EXPECT_TRUE(desk.scan(bad).starts_with("!2102")) << i;
  }
}

TEST(ScannerSerial, GroupSeparatorIsKept) {
  Desk desk;
  const std::string marked =
      "0104680029460908215jcmHzLmkdPML\x1d"
      "938p9E";
  EXPECT_EQ(desk.scan("]d2" + marked + "\r"), "]d2|" + marked);
}

TEST(ScannerSerial, CutAtEveryByteThenTheNextScanWorks) {
  Desk desk;
  const std::string line = "]E04601234567893\r";
  for (std::size_t cut = 1; cut < line.size(); ++cut) {
    EXPECT_EQ(desk.scan(line.substr(0, cut)), "!2103") << cut;  // a part, then a gap
    EXPECT_EQ(desk.scan(line), "]E0|4601234567893") << cut;
    desk.host.feed(as_bytes(std::string_view(line).substr(0, cut)), false);
    desk.host.set_connected(false);
    desk.host.set_connected(true);
    EXPECT_EQ(desk.scan(line), "]E0|4601234567893") << cut;
  }
}

TEST(ScannerSerial, GarbageIsToldOnceABurst) {
  Desk desk;
  // Control characters before a code are dropped and the code is kept.
  EXPECT_EQ(desk.scan(std::string("\0\x01\x02\xff", 4) + "4601234567893\r"),
            "!2103, 4601234567893");
  // Inside a line nothing can be trusted.
  EXPECT_EQ(desk.scan("46012\x01"
                      "34567893\r46\x02\r\x03\x03\r"),
            "!2103");
  EXPECT_EQ(desk.scan("\x03\x03"), "!2103");
  std::string noise;
  for (int i = 0; i < 20000; ++i) noise += static_cast<char>(i % 7 == 0 ? '\r' : i * 37 % 31 + 128);
  EXPECT_EQ(desk.scan(noise), "!2103");
  EXPECT_EQ(desk.scan("4601234567893\r"), "4601234567893");
}

TEST(ScannerSerial, OtherEncodingsAreNoUtf8) {
  Desk desk;
  EXPECT_EQ(desk.scan("Кофе\r"), "Кофе");
  for (const char* bad : {"a\xca\xee\xf4\xe5\r", "a\xc0\xaf\r", "a\xed\xa0\x80\r", "a\xe2\x82\r"}) {
    EXPECT_EQ(desk.scan(bad), "!2103");
  }
}

TEST(ScannerSerial, TooLongIsToldOnceAndTheNextScanWorks) {
  for (const char* suffix : {"cr", "none"}) {
    Desk desk({{"suffix", suffix}});
    const std::string big(1000, '7');
    for (int i = 0; i < 100; ++i) desk.host.feed(as_bytes(big), false);
    desk.host.feed(as_bytes("\r"), true);
    EXPECT_EQ(desk.seen(), "!2101");
    EXPECT_EQ(desk.scan("4601234567893\r"), "4601234567893");
  }
}

TEST(ScannerSerial, WrongSettingsAreNamed) {
  FakeHost host;
  const auto out = host.activate({{"suffix", "x"}});
  EXPECT_EQ(out.error.code, Code::kConfigInvalid);
  EXPECT_EQ(out.error.detail, "suffix");
  EXPECT_EQ(host.activate({{"speed", 1}}).error.detail, "speed");
  EXPECT_EQ(host.perform("scanner.beep").error.code, Code::kVerbUnsupported);
}

}  // namespace
}  // namespace till
