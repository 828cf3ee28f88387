#include <gtest/gtest.h>

#include "sim/base/civil.h"
#include "sim/base/codepage.h"
#include "sim/base/fault_script.h"

namespace till::sim {
namespace {

using Kind = FaultStep::Kind;

TEST(Codepage, ConvertsBothWays) {
  EXPECT_EQ(to_hex(encode(Codepage::kCp866, "Ёж№")), "F0A6FC");
  EXPECT_EQ(to_hex(encode(Codepage::kCp1251, "Ёж№")), "A8E6B9");
  EXPECT_EQ(to_hex(encode(Codepage::kCp866, "Мама")), "8CA0ACA0");
  for (const auto page : {Codepage::kCp866, Codepage::kCp1251}) {
    Bytes all;
    for (int b = 1; b < 256; ++b) {
      if (page == Codepage::kCp1251 && b == 0x98) continue;  // the one hole of CP1251
      all.push_back(static_cast<uint8_t>(b));
    }
    EXPECT_EQ(encode(page, decode(page, all)), all);
  }
  EXPECT_EQ(decode(Codepage::kAscii, Bytes{'a', 0x90}), "a\uFFFD");
  EXPECT_EQ(to_hex(encode(Codepage::kCp866, "€\xFFz")), "3F3F7A");
}

TEST(Civil, GoesThereAndBack) {
  const auto seconds = seconds_of({2018, 4, 2, 18, 16, 0});
  EXPECT_EQ(seconds, 0x5AC27360);
  EXPECT_EQ(civil_of(*seconds).hour, 18);
  EXPECT_FALSE(seconds_of({2026, 2, 29, 0, 0, 0}));
}

TEST(Hex, RefusesWhatIsNone) {
  EXPECT_EQ(from_hex("02 05"), (Bytes{2, 5}));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("zz"));
}

TEST(FaultScript, CutsBeforeAndAfterAByte) {
  FaultScript script;
  script.add({.when = Fault::When::kRx, .at = 3});
  script.add({.when = Fault::When::kRx, .at = 3, .after = true, .ms = 100});
  const Bytes five{1, 4, 7, 8, 9};
  auto steps = script.rx(five);
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].bytes, (Bytes{1, 4}));
  EXPECT_EQ(steps[1].kind, Kind::kCut);
  steps = script.rx(five);
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].bytes, (Bytes{1, 4, 7}));
  EXPECT_EQ(steps[1].kind, Kind::kCut);
  EXPECT_EQ(steps[1].ms, 100);
  steps = script.rx(five);
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].bytes, five);
}

TEST(FaultScript, CountsFromTheFrameOfACommandAcrossChunks) {
  FaultScript script;
  script.add({.when = Fault::When::kRx, .at = 2, .after = true, .skip = 1, .command = 0xFF45});
  const Bytes frame{2, 2, 0xFF, 0x45, 0xB8};
  const auto passed = script.rx(frame);
  ASSERT_EQ(passed.size(), 1U);
  EXPECT_EQ(passed[0].bytes, frame);
  EXPECT_TRUE(script.rx(Bytes{2, 2}).empty());  // held until the command is known
  EXPECT_TRUE(script.rx(Bytes{0xFF}).empty());
  const auto steps = script.rx(Bytes{0x45, 0xB8});
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].bytes, (Bytes{2, 2}));
  EXPECT_EQ(steps[1].kind, Kind::kCut);
}

TEST(FaultScript, OtherCommandsPass) {
  FaultScript script;
  script.add({.when = Fault::When::kRx, .command = 0xFF45});
  const Bytes status{5, 2, 5, 0x10, 0x1E, 0, 0, 0, 0x0B, 5};
  Bytes got;
  for (const uint8_t byte : status) {
    for (const auto& step : script.rx({&byte, 1})) append(got, step.bytes);
  }
  EXPECT_EQ(got, status);
  EXPECT_EQ(script.pending(), 1U);
}

TEST(FaultScript, KnowsTheCommandsOfIslFrames) {
  FaultScript script(Framing::kIsl);
  script.add({.when = Fault::When::kRx, .at = 5, .what = Fault::What::kCut, .command = 0x38});
  const Bytes other = *from_hex("01 25 38 4A 58 05 30 30 3E 3C 03");  // 38h is its number
  const auto passed = script.rx(other);
  ASSERT_FALSE(passed.empty());
  EXPECT_EQ(passed.back().kind, FaultStep::Kind::kPass);
  const auto steps = script.rx(*from_hex("01 24 20 38 05 30 30 38 31 03"));
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].bytes, *from_hex("01 24 20 38"));
  EXPECT_EQ(steps[1].kind, FaultStep::Kind::kCut);
}

// The same line speaks the register's other protocol: 8F, length, number, command, sum; stuffed.
TEST(FaultScript, KnowsTheCommandsOfNumberedPackets) {
  FaultScript script;
  script.add({.when = Fault::When::kRx, .at = 8, .what = Fault::What::kCut, .command = 0xFF45});
  const Bytes sync = {0x8F, 0, 0, 0x11, 0x22};
  const Bytes other = {0x8F, 4, 0, 0x9F, 0x81, 0, 0xFF, 0x46, 1, 2};  // number 8Fh
  EXPECT_EQ(script.rx(sync).at(0).bytes, sync);
  EXPECT_EQ(script.rx(other).at(0).bytes, other);
  const auto steps = script.rx(Bytes{0x8F, 4, 0, 0x9F, 0x83, 0, 0xFF, 0x45, 1, 2});
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].bytes, (Bytes{0x8F, 4, 0, 0x9F, 0x83, 0, 0xFF}));
  EXPECT_EQ(steps[1].kind, FaultStep::Kind::kCut);
  EXPECT_EQ(script.pending(), 0U);
}

TEST(FaultScript, SpoilsTheAnswer) {
  FaultScript script;
  script.add({.when = Fault::When::kTx, .at = 2, .what = Fault::What::kGarbage});
  script.add({.when = Fault::When::kTx, .at = 1, .what = Fault::What::kNak});
  auto steps = script.tx(Bytes{6, 2});
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(to_hex(steps[0].bytes), "06FF0055AA02");
  steps = script.tx(Bytes{6, 2, 3});
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(to_hex(steps[0].bytes), "15");
  script.add({.when = Fault::When::kTx, .at = 1, .what = Fault::What::kDouble});
  script.add({.when = Fault::When::kTx, .at = 1, .what = Fault::What::kOther});
  EXPECT_EQ(to_hex(script.tx(Bytes{6, 2})[0].bytes),
            "06060602031300"
            "1E0E02");
  EXPECT_EQ(script.pending(), 0U);
  FaultScript isl(Framing::kIsl);
  isl.add({.when = Fault::When::kTx, .at = 1, .what = Fault::What::kOther});
  EXPECT_EQ(to_hex(isl.tx(Bytes{1})[0].bytes),
            "012B204A04808080"
            "80869A0530333B3E0301");
}

TEST(FaultScript, KnowsTheFiscalMoment) {
  FaultScript script;
  script.add({.when = Fault::When::kFiscal,
              .after = true,
              .what = Fault::What::kLate,
              .ms = 70,
              .skip = 1});
  EXPECT_TRUE(script.fiscal(false).empty());
  EXPECT_TRUE(script.fiscal(true).empty());  // skipped
  EXPECT_TRUE(script.fiscal(false).empty());
  const auto steps = script.fiscal(true);
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0].kind, Kind::kLate);
  EXPECT_EQ(steps[0].ms, 70);
}

TEST(FaultScript, ABoundTransmitFaultWaitsForItsCommand) {
  FaultScript script;
  script.add({.when = Fault::When::kTx, .what = Fault::What::kSlow, .ms = 5, .command = 0x41});
  ASSERT_EQ(script.tx(Bytes{6}).size(), 1U);
  script.command_received(0x10);
  script.command_received(0x41);
  const auto steps = script.tx(Bytes{6});
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].kind, Kind::kSlow);
  EXPECT_EQ(steps[1].bytes, Bytes{6});
}

TEST(FaultScript, IsBounded) {
  FaultScript script;
  for (size_t i = 0; i < FaultScript::kMaxFaults; ++i) EXPECT_TRUE(script.add({}));
  EXPECT_FALSE(script.add({}));
  script.clear();
  EXPECT_EQ(script.pending(), 0U);
}

}  // namespace
}  // namespace till::sim
