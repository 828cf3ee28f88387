// The virtual register, spoken to in bytes written by hand.
#include "sim/register/register.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sim/base/civil.h"
#include "sim/base/codepage.h"
#include "sim/register/codes.h"
#include "sim/register/tlv.h"

namespace till::sim {
namespace {

std::string zeros(int n) {
  std::string hex;
  for (int i = 0; i < n; ++i) hex += "00";
  return hex;
}

const char* const kOpenShift = "02 05 E0 1E 00 00 00 FB";
const char* const kCloseShift = "02 05 41 1E 00 00 00 5A";
const char* const kOpenSale = "02 06 8D 1E 00 00 00 00 95";
const char* const kOpenReturn = "02 06 8D 1E 00 00 00 02 97";
// Кофе, 2.000000 × 100.00 = 200.00, 20 %
const char* const kCoffee =
    "02 24 FF 46 1E 00 00 00 01 80 84 1E 00 00 00 10 27 00 00 00 20 4E 00 00 00 FF FF FF FF FF 01 "
    "01 04 01 CA EE F4 E5 0E";
// Кофе, a return of one
const char* const kCoffeeBack =
    "02 24 FF 46 1E 00 00 00 02 40 42 0F 00 00 00 10 27 00 00 00 FF FF FF FF FF FF FF FF FF FF 01 "
    "01 04 01 CA EE F4 E5 8B";
// Чай, 0.333000 × 99.99, the sum left to the register, 10 %
const char* const kTea =
    "02 23 FF 46 1E 00 00 00 01 C8 14 05 00 00 00 0F 27 00 00 00 FF FF FF FF FF FF FF FF FF FF 02 "
    "01 04 01 D7 E0 E9 AC";
// FF0C: 1084 {1085 "Продажа", 1086 "A1/1"}
const char* const kWitness =
    "02 1D FF 0C 1E 00 00 00 3C 04 13 00 3D 04 07 00 8F E0 AE A4 A0 A6 A0 3E 04 04 00 41 31 2F 31 "
    "76";
const std::string kPay250Cash =
    "02 76 FF 45 1E 00 00 00 A8 61 00 00 00" + zeros(75) + "00" + zeros(30) + "01 1A";
const std::string kPay199Cash =
    "02 76 FF 45 1E 00 00 00 1F 4E 00 00 00" + zeros(75) + "00" + zeros(30) + "01 82";
const std::string kPay200Card = "02 76 FF 45 1E 00 00 00" + zeros(5) + "20 4E 00 00 00" +
                                zeros(70) + "00" + zeros(30) + "01 BD";
const std::string kPay20001Card = "02 76 FF 45 1E 00 00 00" + zeros(5) + "21 4E 00 00 00" +
                                  zeros(70) + "00" + zeros(30) + "01 BC";
const char* const kStatus = "02 05 10 1E 00 00 00 0B";
const char* const kFnStatus = "02 06 FF 01 1E 00 00 00 E6";
const char* const kCancel = "02 05 88 1E 00 00 00 93";
const char* const kContinue = "02 05 B0 1E 00 00 00 AB";

struct World : RegisterWorld {
  FiscalVerdict fiscal_moment(bool after) override {
    ++(after ? afters : befores);
    return std::exchange(after ? next_after : next_before, {});
  }
  void print(const Slip& slip) override { slips.push_back(slip); }

  FiscalVerdict next_before, next_after;
  int befores = 0, afters = 0;
  std::vector<Slip> slips;
};

struct RegisterTest : testing::Test {
  Bytes raw(const std::string& hex) {
    fr.receive(now, from_hex(hex).value());
    return fr.take_output();
  }

  // ENQ, NAK, the frame, ACK, the answer, ACK; gives the answer's payload in hex.
  std::string ask(const std::string& frame) {
    EXPECT_EQ(to_hex(raw("05")), "15");
    EXPECT_EQ(to_hex(raw(frame)), "06");
    return answer();
  }
  std::string answer() {
    Bytes out;
    for (int i = 0; i < 20 && out.empty(); ++i) {
      fr.tick(now += 10);
      out = fr.take_output();
    }
    EXPECT_GE(out.size(), 4U);
    if (out.size() < 4) return "none";
    EXPECT_EQ(to_hex(raw("06")), "");
    return to_hex(View(out).subspan(2, out[1]));
  }
  void wait_for_paper() {
    now += 100;
    fr.tick(now);
  }
  void open_shift() {
    EXPECT_EQ(ask(kOpenShift), "E0001E");
    wait_for_paper();
  }
  std::string sell_coffee() {
    EXPECT_EQ(ask(kOpenSale), "8D001E");
    EXPECT_EQ(ask(kCoffee), "FF4600");
    return ask(kPay250Cash);
  }
  std::string paper() const {
    std::string all;
    for (const std::string& line : world.slips.back().lines) all += line + "\n";
    return all;
  }

  Ms now = seconds_of({2026, 11, 22, 12, 0, 0}).value() * 1000;
  World world;
  RamFiscalMemory memory;
  Register fr{{}, memory, world, now};
};

TEST_F(RegisterTest, AnswersAsTheLiveOneDid) {
  open_shift();
  EXPECT_EQ(ask(kStatus), "10001E92020200009FE5180100920800");
  EXPECT_EQ(to_hex(raw("05")), "15");
  raw(kStatus);
  fr.tick(now += 10);
  EXPECT_EQ(to_hex(fr.take_output()), "021010001E92020200009FE518010092080075");
  raw("06");
  ask(kOpenSale);
  ask(kCoffee);
  fr.options().floating = {0x8B, 0x02, 0x00};
  raw("05");
  raw(kStatus);
  fr.tick(now += 10);
  EXPECT_EQ(to_hex(fr.take_output()), "021010001E92020800019FE51801008B02006D");
  raw("06");
  EXPECT_EQ(ask(kCancel), "88001E");
  EXPECT_EQ(ask("02 01 FC FD"),
            "FC00000001"
            "0EFA00"
            "D8D2D0C8D52DCC2D3032D4");
}

struct Preloaded : testing::Test {
  std::string ask(Register& fr, const std::string& frame) {
    fr.receive(now, from_hex("05" + frame).value());
    fr.tick(now += 10);
    const Bytes out = fr.take_output();
    fr.receive(now, Bytes{6});
    return to_hex(View(out).subspan(2));
  }
  Ms now = seconds_of({2026, 11, 22, 12, 0, 0}).value() * 1000;
  World world;
  RamFiscalMemory memory;
};

TEST_F(Preloaded, StatusOfTheMemory) {
  memory.append({.fn = "9287440301120991",
                 .fd = 425,
                 .type = 3,
                 .op = 1,
                 .seconds = seconds_of({2021, 7, 29, 11, 29, 0}).value(),
                 .shift = 3,
                 .receipt = 1,
                 .total = 1,
                 .tlv = {}});
  Register fr({}, memory, world, now);
  EXPECT_EQ(ask(fr, kFnStatus),
            "0221FF0100030000010015071D0B1D39323837343430333031313230393931A901000068");
}

TEST_F(Preloaded, FoundDocuments) {
  memory.append({.fn = "9999078900002270",
                 .fd = 3,
                 .type = 2,
                 .seconds = seconds_of({2017, 7, 6, 2, 53, 0}).value(),
                 .fpd = 0xD0AEE15B,
                 .shift = 1,
                 .tlv = {}});
  memory.append({.fn = "9999078900002270",
                 .fd = 163,
                 .type = 3,
                 .op = 1,
                 .seconds = seconds_of({2017, 3, 24, 20, 53, 0}).value(),
                 .fpd = 0x2E4BEAEB,
                 .shift = 1,
                 .receipt = 2,
                 .total = 20000,
                 .tlv = {}});
  Register fr({}, memory, world, now);
  const auto body = [](const std::string& hex) { return hex.substr(4, hex.size() - 6); };
  EXPECT_EQ(body(ask(fr, "02 0A FF 0A 1E 00 00 00 A3 00 00 00 42")),
            "FF0A000300110318"
            "1435A3000000EBEA4B2E01204E000000");
  EXPECT_EQ(body(ask(fr, "02 0A FF 0A 1E 00 00 00 03 00 00 00 E2")),
            "FF0A0002001107060235030000005BE1AED00100");
  EXPECT_EQ(body(ask(fr, "02 09 FF 0E 1E 00 00 00 F0 11 04 03")),
            "FF0E001104100039393939303738393030303032323730");
}

TEST_F(RegisterTest, SellsAndKeepsTheDocument) {
  open_shift();
  EXPECT_EQ(ask(kOpenSale), "8D001E");
  EXPECT_EQ(ask(kCoffee), "FF4600");
  EXPECT_EQ(ask("02 0B FF 4D 1E 00 00 00 A7 04 01 00 78 7D"), "FF4D00");
  EXPECT_EQ(ask(kWitness), "FF0C00");
  EXPECT_EQ(ask("02 05 89 1E 00 00 00 92"), "89001E204E000000");
  const std::string closed = ask(kPay250Cash);
  ASSERT_EQ(memory.documents().size(), 3U);
  const FiscalDocument& d = memory.documents().back();
  EXPECT_EQ(d.fd, 3U);
  EXPECT_EQ(d.total, 20000);
  EXPECT_EQ(d.receipt, 1);
  Bytes expected{0xFF, 0x45, 0, 0x88, 0x13, 0, 0, 0, 3, 0, 0, 0};  // change 50.00, FD 3
  put_le(expected, d.fpd, 4);
  EXPECT_EQ(closed, to_hex(expected));

  EXPECT_EQ(find_tag(d.tlv, 1084).value().size(), 0x13U);
  EXPECT_EQ(get_le(find_tag(d.tlv, 1020).value()), 20000U);
  EXPECT_EQ(get_le(find_tag(d.tlv, 1031).value()), 20000U);
  EXPECT_EQ(get_le(find_tag(d.tlv, 1102).value()), 3607U);  // 22/122 since 2026
  const View item = find_tag(d.tlv, 1059).value();
  EXPECT_EQ(decode(Codepage::kCp866, find_tag(item, 1030).value()), "Кофе");
  EXPECT_EQ(to_hex(find_tag(item, 1023).value()), "0680841E");
  EXPECT_EQ(find_tag(item, 1199).value()[0], 11);
  EXPECT_EQ(find_tag(item, 1191).value()[0], 'x');

  EXPECT_EQ(ask("02 06 FF 40 1E 00 00 00 A7"), "FF40000101000100");
  wait_for_paper();
  EXPECT_NE(paper().find("КАССОВЫЙ ЧЕК"), std::string::npos);
  EXPECT_NE(paper().find("Продажа: A1/1"), std::string::npos);
  EXPECT_NE(paper().find("2.000 x 100.00"), std::string::npos);
  EXPECT_NE(paper().find("СДАЧА"), std::string::npos);
  EXPECT_EQ(world.slips.back().fd, 3U);
  EXPECT_TRUE(
      world.slips.back().qr.starts_with("t=20261122T1200&s=200.00&fn=9999078900000001&i=3&fp="));
}

TEST_F(RegisterTest, ReadsTheDocumentBackInBlocks) {
  open_shift();
  sell_coffee();
  const Bytes& tlv = memory.documents().back().tlv;
  Bytes head{0xFF, 0x3A, 0, 3, 0};
  put_le(head, tlv.size(), 2);
  EXPECT_EQ(ask("02 0A FF 3A 1E 00 00 00 03 00 00 00 D2"), to_hex(head));
  std::string all;
  for (int i = 0; i < 10; ++i) {
    const std::string block = ask("02 06 FF 3B 1E 00 00 00 DC");
    if (block == "FF3B08") break;
    all += block.substr(6);
  }
  EXPECT_EQ(all, to_hex(tlv));
  EXPECT_GT(tlv.size(), 240U);
  EXPECT_EQ(ask("02 0A FF 0A 1E 00 00 00 63 00 00 00 82"), "FF0A08");
}

TEST_F(RegisterTest, RoundsHalfUpAndChecksSums) {
  open_shift();
  ask(kOpenSale);
  EXPECT_EQ(ask(kTea), "FF4600");  // 33.29667 → 33.30
  EXPECT_EQ(ask("02 05 89 1E 00 00 00 92"), "89001E020D000000");
  // 100.02 for 1 × 100.00
  EXPECT_EQ(ask("02 24 FF 46 1E 00 00 00 01 40 42 0F 00 00 00 10 27 00 00 00 12 27 00 00 00 FF FF "
                "FF FF FF 01 01 04 01 CA EE F4 E5 42"),
            "FF4633");
  // tax 3 is no mask
  EXPECT_EQ(ask("02 24 FF 46 1E 00 00 00 01 40 42 0F 00 00 00 64 00 00 00 00 FF FF FF FF FF FF FF "
                "FF FF FF 03 01 04 01 CA EE F4 E5 D9"),
            "FF4633");
  EXPECT_EQ(ask(kCoffeeBack), "FF4649");
}

TEST_F(RegisterTest, ChecksPayments) {
  open_shift();
  ask(kOpenSale);
  EXPECT_EQ(ask(kPay250Cash), "FF458E");
  ask(kCoffee);
  EXPECT_EQ(ask(kPay199Cash), "FF4545");
  EXPECT_EQ(ask(kPay20001Card), "FF454D");
  EXPECT_EQ(memory.documents().size(), 2U);
  EXPECT_EQ(world.befores, 1);  // the shift only: a refused command is no fiscal moment
  EXPECT_EQ(ask(kPay200Card).substr(0, 6), "FF4500");
  EXPECT_EQ(get_le(find_tag(memory.documents().back().tlv, 1081).value()), 20000U);
}

TEST_F(RegisterTest, ReturnsAndTheShortClose) {
  open_shift();
  EXPECT_EQ(ask(kOpenReturn), "8D001E");
  EXPECT_EQ(ask(kStatus).substr(10, 2), "28");
  EXPECT_EQ(ask(kCoffeeBack), "FF4600");
  EXPECT_EQ(ask("02 1F 85 1E 00 00 00 20 4E 00 00 00" + zeros(15) + "00 00 00 00 00 00 EA"),
            "85001E1027000000");
  EXPECT_EQ(memory.documents().back().op, 2);
}

TEST_F(RegisterTest, ShiftsHaveTheirDocumentsAndModes) {
  EXPECT_EQ(ask(kStatus).substr(10, 2), "04");
  EXPECT_EQ(ask(kOpenSale), "8D73");
  EXPECT_EQ(ask("02 06 FF 41 1E 00 00 00 A6"), "FF4100");
  // 1021 "Петрова"
  EXPECT_EQ(ask("02 11 FF 0C 1E 00 00 00 FD 03 07 00 8F A5 E2 E0 AE A2 A0 81"), "FF0C00");
  open_shift();
  EXPECT_EQ(decode(Codepage::kCp866, find_tag(memory.documents().back().tlv, 1021).value()),
            "Петрова");
  EXPECT_EQ(ask(kOpenShift), "E073");
  now += Ms{25} * 3600 * 1000;
  EXPECT_EQ(ask(kStatus).substr(10, 2), "03");
  EXPECT_EQ(ask(kOpenSale), "8D4E");
  EXPECT_EQ(ask(kCloseShift), "41001E");
  EXPECT_EQ(memory.documents().back().type, 5);
  EXPECT_EQ(get_le(find_tag(memory.documents().back().tlv, 1118).value()), 0U);
}

TEST_F(RegisterTest, PasswordsAndTables) {
  EXPECT_EQ(ask("02 05 10 63 00 00 00 76"), "104F");
  EXPECT_EQ(ask("02 05 7F 1E 00 00 00 64"), "7F37");
  EXPECT_EQ(ask("02 10 1E 1E 00 00 00 02 01 00 02 C8 E2 E0 ED EE E2 E0 DA"), "1E00");
  EXPECT_EQ(ask("02 09 1F 1E 00 00 00 02 01 00 02 09").substr(4, 16), "C8E2E0EDEEE2E000");
  EXPECT_EQ(ask("02 09 1F 1E 00 00 00 09 01 00 01 01"), "1F5D");
  EXPECT_EQ(ask("02 02 6B 4F 26"), "6B00CDE5E2E5F0EDFBE920EFE0F0EEEBFC");
}

TEST_F(RegisterTest, RefusesBadFramesAndUnaskedOnes) {
  EXPECT_EQ(to_hex(raw(kStatus)), "15");  // without ENQ
  EXPECT_EQ(to_hex(raw("05")), "15");
  EXPECT_EQ(to_hex(raw("02 05 10 1E 00 00 00 0C")), "15");  // LRC
  EXPECT_EQ(to_hex(raw(kStatus)), "15");                    // ENQ is spent
  EXPECT_EQ(to_hex(raw("05 02 05 10")), "15");
  now += 200;  // the byte timeout: the rest is noise
  EXPECT_EQ(to_hex(raw("1E 00 00 00 0B")), "");
  fr.nak_next_frame();
  EXPECT_EQ(to_hex(raw("05")), "15");
  EXPECT_EQ(to_hex(raw(kStatus)), "15");
  EXPECT_EQ(ask(kStatus).substr(0, 4), "1000");
}

TEST_F(RegisterTest, KeepsTheAnswerUntilItIsAcknowledged) {
  open_shift();
  ask(kOpenSale);
  ask(kCoffee);
  raw("05");
  raw(kPay250Cash);                    // and here the cable is cut; the command goes on
  EXPECT_EQ(to_hex(raw("05")), "06");  // still executing
  fr.tick(now += 5);
  EXPECT_EQ(to_hex(fr.take_output()), "");
  fr.tick(now += 100);
  const std::string first = to_hex(fr.take_output());  // into the void
  EXPECT_EQ(first.substr(0, 8), "0210FF45");
  EXPECT_EQ(memory.documents().size(), 3U);
  EXPECT_EQ(to_hex(raw("15")), "");  // NAK alone repeats nothing
  EXPECT_EQ(to_hex(raw("05")), "06" + first);
  now += 1000;
  EXPECT_EQ(to_hex(raw("06")), "");  // too late
  EXPECT_EQ(to_hex(raw("05")), "06" + first);
  raw("06");
  EXPECT_EQ(to_hex(raw("05")), "15");
  EXPECT_EQ(memory.documents().size(), 3U);
}

TEST_F(RegisterTest, PaperOutWhilePrintingAFiscalDocument) {
  open_shift();
  fr.run_out_while_printing();
  EXPECT_EQ(sell_coffee().substr(0, 6), "FF4500");
  EXPECT_EQ(memory.documents().size(), 3U);
  EXPECT_EQ(ask(kStatus).substr(6, 8), "10020202");  // no paper bits, mode 2, submode 2
  EXPECT_EQ(ask(kOpenSale), "8D6B");
  const size_t printed = world.slips.size();
  fr.set_paper(now, true);
  EXPECT_EQ(ask(kStatus).substr(10, 4), "0203");
  EXPECT_EQ(ask(kOpenSale), "8D58");
  EXPECT_EQ(world.slips.size(), printed);
  EXPECT_EQ(ask(kContinue), "B0001E");
  EXPECT_EQ(ask(kStatus).substr(10, 4), "0205");
  wait_for_paper();
  EXPECT_EQ(world.slips.size(), printed + 1);
  EXPECT_EQ(ask(kStatus).substr(10, 4), "0200");
  EXPECT_EQ(memory.documents().size(), 3U);
  EXPECT_EQ(ask(kContinue), "B072");
}

TEST_F(RegisterTest, PaperEndsAtALineOfTheDocument) {
  open_shift();
  fr.run_out_while_printing(5);
  EXPECT_EQ(sell_coffee().substr(0, 6), "FF4500");
  EXPECT_EQ(ask(kStatus).substr(10, 4), "0205");  // it prints, and does not know yet
  EXPECT_EQ(fr.state(now).printed_lines, 0U);
  const size_t printed = world.slips.size();
  wait_for_paper();
  EXPECT_EQ(ask(kStatus).substr(10, 4), "0202");
  EXPECT_EQ(fr.state(now).printed_lines, 5U);
  EXPECT_EQ(world.slips.size(), printed);
  fr.set_paper(now, true);
  EXPECT_EQ(ask(kContinue), "B0001E");
  wait_for_paper();
  EXPECT_EQ(world.slips.size(), printed + 1);
}

// A shorter document leaves the rest of the roll to the next one.
TEST_F(RegisterTest, PaperEndsInTheDocumentAfter) {
  open_shift();
  sell_coffee();
  wait_for_paper();
  const size_t lines = world.slips.back().lines.size();
  fr.run_out_while_printing(lines + 3);
  sell_coffee();
  wait_for_paper();
  EXPECT_EQ(fr.state(now).submode, 0);
  sell_coffee();
  wait_for_paper();
  EXPECT_EQ(fr.state(now).submode, 2);
  EXPECT_EQ(fr.state(now).printed_lines, 3U);
}

TEST_F(RegisterTest, IsBusyWhilePrintingAndPassiveWithoutPaper) {
  open_shift();
  sell_coffee();
  EXPECT_EQ(ask(kOpenSale), "8D50");
  wait_for_paper();
  fr.set_paper(now, false);
  EXPECT_EQ(ask(kStatus).substr(10, 4), "0201");
  EXPECT_EQ(ask(kOpenSale), "8D6B");
  fr.set_paper(now, true);
  EXPECT_EQ(ask(kOpenSale), "8D001E");
}

TEST_F(RegisterTest, ForeignDocumentsStandBetweenOurs) {
  Receipt foreign;
  foreign.items.push_back(
      {.quantity = 1000000, .price = 12345, .sum = 12345, .name = "Чужое", .tags = {}});
  EXPECT_EQ(fr.foreign_sale(now, foreign), 0);  // opens the shift by itself
  ASSERT_EQ(memory.documents().size(), 3U);
  EXPECT_EQ(memory.documents()[1].type, 2);
  EXPECT_EQ(memory.documents()[2].total, 12345);
  EXPECT_FALSE(find_tag(memory.documents()[2].tlv, 1084));
  EXPECT_EQ(fr.close_shift(now), 0);
  EXPECT_EQ(memory.documents().back().type, 5);
  EXPECT_EQ(fr.close_shift(now), err::kWrongMode);
  wait_for_paper();
  open_shift();
  ask(kOpenSale);
  EXPECT_EQ(fr.foreign_sale(now, foreign), err::kReceiptOpen);
}

TEST_F(RegisterTest, FaultsAtTheFiscalMoment) {
  open_shift();
  ask(kOpenSale);
  ask(kCoffee);
  world.next_before = {.delay = 3000};
  raw("05");
  raw(kPay250Cash);
  for (int i = 0; i < 29; ++i) fr.tick(now += 100);
  EXPECT_EQ(memory.documents().size(), 2U);
  fr.tick(now += 300);
  EXPECT_EQ(memory.documents().size(), 3U);
  EXPECT_EQ(to_hex(fr.take_output()).substr(0, 10), "0210FF4500");
  raw("06");
  wait_for_paper();

  ask(kOpenSale);
  ask(kCoffee);
  world.next_before = {.power_off = true};
  raw("05");
  raw(kPay250Cash);
  fr.tick(now += 100);
  EXPECT_EQ(memory.documents().size(), 3U);
  EXPECT_EQ(to_hex(raw("05")), "");
  fr.power(now, true);
  EXPECT_EQ(to_hex(raw("05")), "15");
  EXPECT_EQ(ask(kStatus).substr(10, 4), "0200");  // the open receipt is gone

  ask(kOpenSale);
  ask(kCoffee);
  world.next_after = {.power_off = true};
  raw("05");
  raw(kPay250Cash);
  fr.tick(now += 100);
  EXPECT_EQ(memory.documents().size(), 4U);
  fr.power(now, true);
  EXPECT_EQ(to_hex(raw("05")), "15");  // the answer is lost for ever
}

TEST_F(RegisterTest, TheClockMayNotRunBackwards) {
  open_shift();
  sell_coffee();
  wait_for_paper();
  fr.set_clock_offset(-3600);
  EXPECT_EQ(sell_coffee(), "FF4507");
  fr.set_clock_offset(60);
  EXPECT_EQ(ask(kPay250Cash).substr(0, 6), "FF4500");
}

TEST_F(RegisterTest, AnotherMemoryBeginsAnew) {
  open_shift();
  sell_coffee();
  EXPECT_EQ(fr.replace(now), 0);
  EXPECT_EQ(fr.state(now).fn, "9999078900000002");
  EXPECT_EQ(fr.state(now).last_fd, 1U);
  EXPECT_EQ(ask("02 0A FF 0A 1E 00 00 00 03 00 00 00 E2"), "FF0A08");
  EXPECT_EQ(ask(kStatus).substr(10, 2), "04");
}

TEST_F(RegisterTest, SurvivesNoise) {
  uint32_t seed = 7;
  Bytes noise;
  for (int i = 0; i < 20000; ++i) {
    seed = seed * 1664525 + 1013904223;
    noise.push_back(static_cast<uint8_t>(seed >> 24));
  }
  fr.receive(now, noise);
  fr.tick(now += 1000);
  fr.take_output();
  raw("06");
  EXPECT_EQ(ask(kStatus).substr(0, 4), "1000");
}

// Every command with a good frame and random parameters: an error is fine, a crash is not.
TEST_F(RegisterTest, SurvivesRandomParameters) {
  uint32_t seed = 11;
  const auto next = [&seed] { return static_cast<uint8_t>((seed = seed * 1664525 + 12345) >> 24); };
  const int codes[] = {0x10, 0x11, 0x17, 0x1E, 0x1F, 0x21, 0x22, 0x23, 0x25,
                       0x28, 0x29, 0x2D, 0x2F, 0x40, 0x41, 0x6B, 0x85, 0x88,
                       0x89, 0x8C, 0x8D, 0x8E, 0xB0, 0xE0, 0xF7, 0xFC, 0xFF};
  for (int i = 0; i < 4000; ++i) {
    Bytes body{static_cast<uint8_t>(codes[next() % std::size(codes)])};
    if (body[0] == 0xFF) body.push_back(next() % 0x50);
    append(body, Bytes{0x1E, 0, 0, 0});
    for (int n = next() % 4 == 0 ? next() % 200 : next() % 8; n > 0; --n) body.push_back(next());
    Bytes frame{0x05, 0x02, static_cast<uint8_t>(body.size())};
    append(frame, body);
    uint8_t lrc = 0;
    for (size_t k = 2; k < frame.size(); ++k) lrc ^= frame[k];
    frame.push_back(lrc);
    fr.receive(now, frame);
    fr.tick(now += 200);
    fr.tick(now += 200);
    ASSERT_GE(fr.take_output().size(), 6U) << to_hex(body);
    raw("06");
  }
}

struct FileMemory : testing::Test {
  void SetUp() override {
    path = testing::TempDir() + "till_sim_memory_" + std::to_string(::getpid()) + ".jsonl";
    std::filesystem::remove(path);
  }
  void TearDown() override { std::filesystem::remove(path); }
  std::string path;
};

TEST_F(FileMemory, IsLoadedAgain) {
  World world;
  const Ms now = seconds_of({2026, 11, 22, 12, 0, 0}).value() * 1000;
  FiscalDocument last;
  {
    auto memory = FileFiscalMemory::open(path).value();
    Register fr({}, *memory, world, now);
    Receipt foreign;
    foreign.items.push_back(
        {.quantity = 1000000, .price = 777, .sum = 777, .name = "Хлеб", .tags = {}});
    ASSERT_EQ(fr.foreign_sale(now, foreign), 0);
    last = memory->documents().back();
  }
  std::ofstream(path, std::ios::app) << R"({"fn":"torn)";
  auto memory = FileFiscalMemory::open(path).value();
  ASSERT_EQ(memory->documents().size(), 3U);
  const FiscalDocument& read = memory->documents().back();
  EXPECT_EQ(read.tlv, last.tlv);
  EXPECT_EQ(read.fpd, last.fpd);
  EXPECT_EQ(read.seconds, last.seconds);
  Register fr({}, *memory, world, now);
  EXPECT_EQ(fr.state(now).last_fd, 3U);
  EXPECT_TRUE(fr.state(now).shift_open);
  EXPECT_EQ(fr.state(now).receipt, 1);
  EXPECT_EQ(fr.close_shift(now), 0);
  EXPECT_EQ(FileFiscalMemory::open(path).value()->documents().size(), 4U);
}

TEST_F(FileMemory, DamageIsNamed) {
  std::ofstream(path) << "{}\n";
  const auto memory = FileFiscalMemory::open(path);
  ASSERT_FALSE(memory);
  EXPECT_NE(memory.error().find("line 1"), std::string::npos);
}

}  // namespace
}  // namespace till::sim
