#include "sim/printer/printer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>

namespace till::sim {
namespace {

struct PrinterTest : testing::Test {
  std::string send(const std::string& hex) {
    printer.receive(from_hex(hex).value());
    return to_hex(printer.take_output());
  }
  CutReceipt cut() {
    send("1D 56 00");
    auto receipts = printer.take_receipts();
    EXPECT_EQ(receipts.size(), 1U);
    return receipts.empty() ? CutReceipt{} : receipts.back();
  }
  // What ZXingReader reads in the picture of the receipt.
  std::string decoded(const CutReceipt& receipt) {
    const std::string path =
        testing::TempDir() + "till_sim_printer_" + std::to_string(::getpid()) + ".png";
    EXPECT_TRUE(write_png(path, receipt.blocks, 576));
    const std::string command = "ZXingReader -1 " + path + " 2>&1";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::string out;
    std::array<char, 256> part{};
    while (std::fgets(part.data(), part.size(), pipe.get()) != nullptr) out += part.data();
    std::filesystem::remove(path);
    return out;
  }
  static bool reader_absent() {
    return !std::filesystem::exists("/usr/bin/ZXingReader") &&
           !std::filesystem::exists("/usr/local/bin/ZXingReader");
  }

  Printer printer{{}};
};

TEST_F(PrinterTest, PrintsCyrillicTextOfBothTables) {
  send("1B 40 1B 74 11 8F E0 A8 A2 A5 E2 0A 1B 74 2E CF F0 E8 E2 E5 F2 0A");
  const CutReceipt receipt = cut();
  EXPECT_EQ(receipt.text, "Привет\nПривет\n");
  EXPECT_EQ(receipt.trouble, "");
}

TEST_F(PrinterTest, KeepsStylesAndAlignment) {
  send("1B 61 01 1B 45 01 1D 21 11 41 42 1B 45 00 1D 21 00 43 0A 1B 61 00 44 1B 64 02");
  const CutReceipt receipt = cut();
  ASSERT_EQ(receipt.blocks.size(), 3U);
  const auto& line = std::get<TextLine>(receipt.blocks[0]);
  EXPECT_EQ(line.align, Align::kCentre);
  ASSERT_EQ(line.spans.size(), 2U);
  EXPECT_EQ(line.spans[0].text, "AB");
  EXPECT_TRUE(line.spans[0].bold);
  EXPECT_EQ(line.spans[0].width, 2);
  EXPECT_FALSE(line.spans[1].bold);
  EXPECT_EQ(std::get<TextLine>(receipt.blocks[1]).align, Align::kLeft);
  EXPECT_EQ(std::get<Feed>(receipt.blocks[2]).dots, 60);
}

TEST_F(PrinterTest, WrapsAtTheWidthOfThePaper) {
  for (int i = 0; i < 50; ++i) send("41");
  EXPECT_EQ(cut().text, std::string(48, 'A') + "\nAA\n");
}

TEST_F(PrinterTest, AnswersStatusOutOfBandAndReportsInOrder) {
  EXPECT_EQ(send("10 04 01"), "12");
  EXPECT_EQ(send("1D 72 01"), "00");
  printer.set_paper(Printer::Paper::kOut);
  EXPECT_EQ(send("41 0A 1D 72 01 10 04 01 10 04 02 10 04 04"), "1A327E");  // GS r waits
  printer.set_paper(Printer::Paper::kNearEnd);
  EXPECT_EQ(to_hex(printer.take_output()), "03");
  EXPECT_EQ(send("10 04 04"), "1E");
  printer.set_cover(true);
  EXPECT_EQ(send("10 04 02"), "16");
  printer.set_cover(false);
  EXPECT_EQ(cut().text, "A\n");
}

TEST_F(PrinterTest, SendsAutomaticStatus) {
  EXPECT_EQ(send("1D 61 FF"), "10000000");
  printer.set_cover(true);
  EXPECT_EQ(to_hex(printer.take_output()), "38000000");
  printer.set_cover(false);
  printer.take_output();
  printer.set_paper(Printer::Paper::kOut);
  EXPECT_EQ(to_hex(printer.take_output()), "18000F00");
}

TEST_F(PrinterTest, BarrierIdentityAndClearing) {
  EXPECT_EQ(send("1D 28 48 06 00 30 30 41 42 43 44"), "37224142434400");
  EXPECT_EQ(send("1D 49 42"), "5F54494C4C42524944474500");
  EXPECT_EQ(send("1D 49 02"), "02");
  printer.set_paper(Printer::Paper::kOut);
  send("41 42 43");
  EXPECT_EQ(printer.buffered(), 3U);
  EXPECT_EQ(send("10 14 08 01 03 14 01 06 02 08"), "372500");
  EXPECT_EQ(printer.buffered(), 0U);
}

TEST_F(PrinterTest, CountsDrawerPulses) {
  send("1B 70 00 19 FA");
  send("10 14 01 00 02");
  EXPECT_EQ(printer.drawer_pulses(), 2);
}

TEST_F(PrinterTest, CountsUnknownCommandsAndGoesOn) {
  send("1D 7A 41 0A");
  EXPECT_EQ(printer.unknown_commands(), 1);
  const CutReceipt receipt = cut();
  EXPECT_EQ(receipt.text, "A\n");
  EXPECT_EQ(receipt.trouble, "unknown command 1D7A");
}

TEST_F(PrinterTest, ReadsPairsUntilTold) {
  Printer chinese({.starts_multibyte = true});
  chinese.receive(from_hex("1B 40 1B 74 11 8F E0 1C 2E 8F E0 1D 56 00").value());
  EXPECT_EQ(chinese.take_receipts().at(0).text, "\u25A1\u25A1Пр\n");
}

TEST_F(PrinterTest, DrawsRasters) {
  send("1D 76 30 00 01 00 02 00 80 01");
  const CutReceipt receipt = cut();
  const Bitmap& image = std::get<ImageBlock>(receipt.blocks.at(0)).bitmap;
  EXPECT_EQ(image.width, 8);
  EXPECT_EQ(image.pixels, (std::vector<uint8_t>{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
}

TEST_F(PrinterTest, CommandsMayComeInPieces) {
  const Bytes all = from_hex(
                        "1B 40 1B 61 01 1D 76 30 00 01 00 02 00 80 01 1D 6B 43 0C 34 36 30 "
                        "31 32 33 34 35 36 37 38 39 41 0A 1D 56 42 00")
                        .value();
  for (const uint8_t byte : all) printer.receive({&byte, 1});
  const auto receipts = printer.take_receipts();
  ASSERT_EQ(receipts.size(), 1U);
  EXPECT_EQ(receipts[0].blocks.size(), 3U);
  EXPECT_EQ(receipts[0].trouble, "");
}

TEST_F(PrinterTest, IsBounded) {
  send("1D 76 30 00 FF FF FF FF");
  EXPECT_EQ(printer.unknown_commands(), 1);
  printer.set_paper(Printer::Paper::kOut);
  EXPECT_EQ(printer.receive(Bytes(Printer::kBufferBytes + 1, 'A')), Printer::kBufferBytes);
  EXPECT_EQ(printer.room(), 0U);
}

TEST_F(PrinterTest, SurvivesNoise) {
  uint32_t seed = 3;
  for (int round = 0; round < 200; ++round) {
    Bytes noise;
    for (int i = 0; i < 300; ++i) {
      seed = seed * 1664525 + 1013904223;
      static constexpr uint8_t kLead[] = {0x1B, 0x1D, 0x1C, 0x10};
      const auto byte = static_cast<uint8_t>(seed >> 24);
      noise.push_back(seed >> 16 & 3 ? byte : kLead[byte & 3]);
    }
    Printer one({});
    one.receive(noise);
    one.take_output();
  }
}

TEST_F(PrinterTest, AReaderDecodesTheBarCodes) {
  if (reader_absent()) GTEST_SKIP() << "ZXingReader is not installed";
  send("1D 68 3C 1D 77 03 1D 48 02 1D 6B 02 34 36 30 31 32 33 34 35 36 37 38 39 33 00");
  EXPECT_NE(decoded(cut()).find("4601234567893"), std::string::npos);
  send("1B 61 01 1D 77 02 1D 6B 49 0A 7B 42 4E 6F 2E 7B 43 0C 22 38");
  EXPECT_NE(decoded(cut()).find("No.123456"), std::string::npos);
  send(
      "1B 61 01 1D 28 6B 04 00 31 41 32 00 1D 28 6B 03 00 31 43 06 1D 28 6B 03 00 31 45 31 "
      "1D 28 6B 07 00 31 50 30 54 45 53 54 1D 28 6B 03 00 31 51 30");
  const std::string qr = decoded(cut());
  EXPECT_NE(qr.find("TEST"), std::string::npos) << qr;
}

}  // namespace
}  // namespace till::sim
