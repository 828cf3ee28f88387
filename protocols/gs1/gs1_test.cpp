#include <gtest/gtest.h>

#include "protocols/gs1/aim.h"
#include "protocols/gs1/check_digit.h"

namespace till::gs1 {
namespace {

TEST(Gs1, AMarkingCodeNamesItsGoods) {
  const std::string_view code =
      "010460123456789321abc\x1d"
      "93dGVz";
  EXPECT_EQ(gtin_of_elements(code), "04601234567893");
  EXPECT_EQ(gtin_of_elements("\x1d" + std::string(code)), "04601234567893");
  EXPECT_FALSE(gtin_of_elements("010460123456789421abc"));  // its check digit
  EXPECT_FALSE(gtin_of_elements("0104601234567893"));       // a GTIN alone marks nothing
  EXPECT_FALSE(gtin_of_elements("2104601234567893"));
  EXPECT_FALSE(gtin_of_elements(""));
}

TEST(CheckDigit, PublishedNumbers) {
  // GS1 General Specifications, 7.9.1; the others stand on goods.
  EXPECT_EQ(check_digit("629104150021"), '3');
  EXPECT_EQ(check_digit("211234567890"), '0');
  for (const char* good : {"6291041500213", "2112345678900", "4006381333931", "96385074",
                           "036000291452", "00012345600012", "10614141000415"}) {
    EXPECT_TRUE(valid_gtin(good)) << good;
  }
  for (const char* bad : {"6291041500214", "", "1", "629104150021", "62910415002l3", "963850741",
                          "-6385074", "629104150021300"}) {
    EXPECT_FALSE(valid_gtin(bad)) << bad;
  }
  EXPECT_EQ(check_digit(""), '\0');
  EXPECT_EQ(check_digit("12a"), '\0');
}

TEST(CheckDigit, FindsEverySingleWrongDigit) {
  const std::string good = "4006381333931";
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (char c = '0'; c <= '9'; ++c) {
      auto text = good;
      text[i] = c;
      EXPECT_EQ(valid_gtin(text), c == good[i]) << text;
    }
  }
}

TEST(CheckDigit, WidensToFourteen) {
  EXPECT_EQ(to_gtin14("96385074"), "00000096385074");
  EXPECT_EQ(to_gtin14("6291041500213"), "06291041500213");
  EXPECT_FALSE(to_gtin14("6291041500214"));
}

TEST(UpcE, ExpandsByItsLastDigit) {
  struct Case {
    const char* upc_e;
    const char* upc_a;
  };
  for (const Case& t : {Case{"01234505", "012000003455"},
                        {"123451", "012100003454"},
                        {"0123453", "012300000451"},
                        {"123454", "012340000053"},
                        {"0123455", "012345000058"},
                        {"425261", "042100005264"},
                        {"1123450", "112000003452"},
                        {"04252614", "042100005264"}}) {
    EXPECT_EQ(expand_upc_e(t.upc_e), t.upc_a) << t.upc_e;
  }
  for (const char* bad : {"01234506", "2123450", "12345", "123456789", "12345x", ""}) {
    EXPECT_FALSE(expand_upc_e(bad)) << bad;
  }
}

TEST(Luhn, KnowsTheTestNumbers) {
  EXPECT_TRUE(valid_luhn("4111111111111111"));
  EXPECT_TRUE(valid_luhn("79927398713"));
  EXPECT_FALSE(valid_luhn("79927398710"));
  EXPECT_FALSE(valid_luhn("0"));
  EXPECT_FALSE(valid_luhn("4111 1111"));
}

TEST(Aim, TakesThePrefixOff) {
  const auto scan = parse_aim(
      "]d2011231231231231233310ABC123\x1d"
      "99TESTING");
  ASSERT_TRUE(scan);
  EXPECT_EQ(scan->symbology, Symbology::kGs1DataMatrix);
  EXPECT_EQ(scan->modifier, '2');
  EXPECT_EQ(scan->data,
            "011231231231231233310ABC123\x1d"
            "99TESTING");
  EXPECT_TRUE(is_gs1(scan->symbology));
}

TEST(Aim, NamesTheSymbology) {
  struct Case {
    const char* text;
    Symbology symbology;
  };
  for (const Case& t : {Case{"]E04006381333931", Symbology::kEan13},
                        {"]E496385074", Symbology::kEan8},
                        {"]E112", Symbology::kEanAddOn},
                        {"]C0x", Symbology::kCode128},
                        {"]C1x", Symbology::kGs1_128},
                        {"]A0x", Symbology::kCode39},
                        {"]I1x", Symbology::kItf},
                        {"]d1x", Symbology::kDataMatrix},
                        {"]d5x", Symbology::kGs1DataMatrix},
                        {"]Q1x", Symbology::kQr},
                        {"]Q3x", Symbology::kGs1Qr},
                        {"]L2x", Symbology::kPdf417},
                        {"]z0x", Symbology::kAztec},
                        {"]zBx", Symbology::kAztec},
                        {"]e0x", Symbology::kDataBar},
                        {"]X0x", Symbology::kUnknown}}) {
    ASSERT_TRUE(parse_aim(t.text)) << t.text;
    EXPECT_EQ(parse_aim(t.text)->symbology, t.symbology) << t.text;
  }
  for (const char* bad : {"", "]", "]E", "E04006381333931", "]00x", "]E-x", "]]]"}) {
    EXPECT_FALSE(parse_aim(bad)) << bad;
  }
  EXPECT_EQ(name(Symbology::kGs1Qr), "GS1 QR Code");
  EXPECT_FALSE(is_gs1(Symbology::kQr));
}

}  // namespace
}  // namespace till::gs1
