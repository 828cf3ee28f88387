// The virtual printer by its wire: frames typed by hand from the vendor's interface description.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "sim/datecs/device.h"

namespace till::sim::datecs {
namespace {

constexpr const char* kUnp = "DT000600-OP01-0000001";

struct World : RegisterWorld {
  FiscalVerdict fiscal_moment(bool after) override {
    return std::exchange(after ? after_it : before_it, {});
  }
  void print(const Slip& slip) override { slips.push_back(slip); }
  FiscalVerdict before_it, after_it;
  std::vector<Slip> slips;
};

Bytes frame_of(uint8_t seq, uint8_t command, const std::string& data) {
  Bytes f{0x01, static_cast<uint8_t>(0x24 + data.size()), seq, command};
  append(f, view_of(data));
  f.push_back(0x05);
  unsigned sum = 0;
  for (size_t i = 1; i < f.size(); ++i) sum += f[i];
  for (const int shift : {12, 8, 4, 0})
    f.push_back(static_cast<uint8_t>(0x30 + (sum >> shift & 15)));
  f.push_back(0x03);
  return f;
}

struct Bench {
  // The reply's data, or "!code" of command 20h when it was refused.
  std::string ask(uint8_t command, const std::string& data = "") {
    std::string told = once(command, data);
    const bool refused = (status[0] & 0x03) != 0 || (status[1] & 0x03) != 0 ||
                         (told.empty() && (status[2] & 0x01) != 0);
    if (!refused || command == 0x20) return told;
    const std::array<uint8_t, 6> kept = status;
    const std::string error = split(once(0x20, ""), ',').at(1);
    status = kept;
    return "!" + error;
  }
  std::string once(uint8_t command, const std::string& data) {
    seq = seq == 0x7F ? 0x20 : static_cast<uint8_t>(seq + 1);
    device.receive(now, frame_of(seq, command, data));
    Bytes out;
    for (int i = 0; i < 100000 && out.size() < 17; ++i) {
      now += 1;
      device.tick(now);
      Bytes more = device.take_output();
      std::erase(more, 0x16);
      append(out, more);
      if (out == Bytes{0x15}) return "NAK";
      if (!device.state(now).power) return "dark";
    }
    if (out.size() < 17 || out[2] != seq || out[3] != command) return "none";
    std::copy(out.end() - 12, out.end() - 6, status.begin());
    return {out.begin() + 4, out.end() - 13};
  }
  void open(const std::string& unp = kUnp) { EXPECT_EQ(ask(0x30, "1,0000,1," + unp).size(), 9U); }
  void sell(const std::string& unp = kUnp) {
    open(unp);
    EXPECT_EQ(ask(0x31, "Tea\tB2.05*2.000"), "");
    EXPECT_EQ(ask(0x35, "\tP5.00"), "R90");
    EXPECT_EQ(ask(0x38).size(), 9U);
  }

  RamMemory memory;
  World world;
  Ms now = 1795348800000;  // 2026-11-22T12:00:00
  Device device{{}, memory, world, now};
  uint8_t seq = 0x20;
  std::array<uint8_t, 6> status{};
};

TEST(DatecsWire, FramesOfTheVendor) {
  Wire wire;
  std::optional<Frame> frame;
  const Bytes said = *from_hex("16 FF 01 25 20 4A 58 05 30 30 3E 3C 03");
  for (const uint8_t b : said) {
    if (auto f = wire.receive(b)) frame = f;
  }
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->command, 0x4A);
  EXPECT_EQ(frame->data, bytes_of("X"));
  wire.reply({0x20, 0x3E, {}}, view_of("01-02-25 10:11:12"), {0x80, 0x80, 0x80, 0x80, 0x86, 0x9A});
  const std::string reply = "013C203E30312D30322D32352031303A31313A31320480808080869A053037303103";
  EXPECT_EQ(to_hex(wire.take_output()), reply);
  EXPECT_TRUE(wire.repeated(0x20));
  EXPECT_EQ(to_hex(wire.take_output()), reply);
  EXPECT_FALSE(wire.repeated(0x21));
}

TEST(DatecsWire, BrokenFramesGetANak) {
  Wire wire;
  Bytes good = *from_hex("01 25 20 4A 58 05 30 30 3E 3C 03");
  for (size_t i = 2; i + 1 < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x40;
    for (const uint8_t b : bad) EXPECT_FALSE(wire.receive(b));
    EXPECT_EQ(wire.take_output(), Bytes{0x15}) << i;
  }
  // Cut short, the next one is not taken for its rest.
  for (size_t i = 0; i < 5; ++i) EXPECT_FALSE(wire.receive(good[i]));
  bool whole = false;
  for (const uint8_t b : good) whole = wire.receive(b).has_value() || whole;
  EXPECT_TRUE(whole);
}

TEST(DatecsDevice, SellsAndRemembers) {
  Bench b;
  EXPECT_EQ(b.ask(0x30), "");  // no sale number yet
  b.open();
  EXPECT_EQ(b.status[2] & 0x08, 0x08);
  EXPECT_EQ(b.ask(0x31, "Tea\tB2.05*2.000"), "");
  EXPECT_EQ(b.ask(0x31, "\xD5\xEB\xFF\xE1\tA0.5"), "");
  EXPECT_EQ(b.ask(0x36, "witness"), "");
  EXPECT_EQ(b.ask(0x33, "00"), "460,50,410,0,0,0,0,0,0");
  EXPECT_EQ(b.ask(0x35, "\tD1.00"), "D360");
  EXPECT_EQ(b.ask(0x4C, "T"), "1,0002,+00000460,+00000100");
  EXPECT_EQ(b.ask(0x35, "\t"), "R0");
  EXPECT_EQ(b.ask(0x38), "0001,0001");
  EXPECT_EQ(b.ask(0x71), "0000002");
  EXPECT_EQ(b.ask(0x30), "0000001");
  EXPECT_EQ(b.ask(0x30, "*"), std::string("2,") + kUnp);
  const Document& d = b.memory.documents().back();
  EXPECT_EQ(d.kind, Kind::kSale);
  EXPECT_EQ(d.total, 460);
  ASSERT_EQ(d.items.size(), 2U);
  EXPECT_EQ(d.items[1].name, "Хляб");
  EXPECT_EQ(b.ask(0x46), "P,360,0,0");
  b.now += 1000;
  b.device.tick(b.now);
  ASSERT_EQ(b.world.slips.size(), 2U);
  EXPECT_NE(std::ranges::find(b.world.slips[1].lines, "#witness#"), b.world.slips[1].lines.end());
}

TEST(DatecsDevice, TheJournalShowsPaperAndRecords) {
  Bench b;
  b.sell();
  EXPECT_EQ(b.ask(0x77, "W,2"), std::string("U,") + kUnp + ",1,1,0,2");
  std::string records;
  for (std::string r = b.ask(0x77, "w"); r != "F"; r = b.ask(0x77, "w")) records += r + "\n";
  EXPECT_NE(records.find("R,2,20.00,2.05,2.000,0.00,4.10,Tea\n"), std::string::npos);
  EXPECT_NE(records.find("T,0,0.00,0,0.00,0,0.00,1,4.10,0.00,4.10,"), std::string::npos);
  EXPECT_TRUE(records.ends_with("*,\n"));
  EXPECT_EQ(b.ask(0x77, "W,1"), "F");  // no receipt
  EXPECT_TRUE(b.ask(0x77, "R,1").starts_with("P,"));
  EXPECT_EQ(b.ask(0x77, "R,3"), "F");
  EXPECT_EQ(b.ask(0x77, "R,x"), "!-150001");
  b.device.options().journal_shows_paper = false;
  EXPECT_EQ(b.ask(0x77, "R,2"), "!-150209");
}

TEST(DatecsDevice, RefusesWhatTheVendorSays) {
  Bench b;
  EXPECT_EQ(b.ask(0x99), "!-150002");
  EXPECT_EQ(b.status[0] & 0x22, 0x22);
  EXPECT_EQ(b.ask(0x31, "Tea\tB1"), "!-150201");
  EXPECT_EQ(b.ask(0x38), "!-150201");
  EXPECT_EQ(b.ask(0x30, "1,0000,1"), "!-150113");
  EXPECT_EQ(b.ask(0x30, "1,0000,1,X"), "!-150001");
  EXPECT_EQ(b.ask(0x30, "17,0000,1"), "!-150001");
  b.open();
  EXPECT_EQ(b.ask(0x30, "1,0000,1"), "!-150200");
  EXPECT_EQ(b.ask(0x35, "\tP1.00"), "!-150003");
  EXPECT_EQ(b.ask(0x38), "!-150412");
  for (const auto& [sale, error] :
       std::initializer_list<std::pair<const char*, const char*>>{{"Tea", "!-150001"},
                                                                  {"Tea\tB", "!-150001"},
                                                                  {"Tea\tB1.234", "!-150001"},
                                                                  {"Tea\tI1", "!-150402"},
                                                                  {"Tea\tE1", "!-150403"},
                                                                  {"Tea\tB0", "!-150431"},
                                                                  {"Tea\tB-1", "!-150406"},
                                                                  {"Tea\tB9999999", "!-150103"},
                                                                  {"Tea\tB1*0", "!-150431"},
                                                                  {" Tea\tB1 ", "!-150001"}}) {
    EXPECT_EQ(b.ask(0x31, sale), error) << sale;
  }
  EXPECT_EQ(b.ask(0x31, "Tea\tB1"), "");
  EXPECT_EQ(b.ask(0x35, "\tC2.00"), "!-150415");
  EXPECT_EQ(b.ask(0x35, "\tZ1.00"), "!-150410");
  EXPECT_EQ(b.ask(0x35, "\tP0.40"), "D60");
  EXPECT_EQ(b.ask(0x31, "Tea\tB1"), "!-150409");
  EXPECT_EQ(b.ask(0x3C), "!-150409");
  EXPECT_EQ(b.ask(0x38), "!-150412");
  EXPECT_EQ(b.ask(0x35, "\tP0.60"), "R0");
  EXPECT_EQ(b.ask(0x35, "\tP0.60"), "!-150411");
  EXPECT_EQ(b.ask(0x38), "0001,0001");
  EXPECT_EQ(b.ask(0x30, std::string("1,0000,1,") + kUnp), "!-150115");
}

TEST(DatecsDevice, TheSameNumberIsAnsweredAndNotExecutedAgain) {
  Bench b;
  b.open();
  b.ask(0x31, "Tea\tB1");
  for (int i = 0; i < 3; ++i) {
    b.device.receive(b.now, frame_of(b.seq, 0x31, "Tea\tB1"));
    EXPECT_GT(b.device.take_output().size(), 16U);
  }
  EXPECT_EQ(b.device.state(b.now).items, 1U);
}

TEST(DatecsDevice, SaysSynWhileBusyAndTakesTheNextCommandAfterwards) {
  Bench b;
  b.sell();
  b.world.before_it.delay = 600;
  b.device.receive(b.now, frame_of(0x70, 0x45, "0"));
  Bytes out;
  for (int i = 0; i < 300; ++i) {
    b.device.tick(++b.now);
    append(out, b.device.take_output());
  }
  EXPECT_EQ(out, Bytes(5, 0x16));
  b.device.receive(b.now, frame_of(0x70, 0x45, "0"));  // the same again: ignored
  b.device.receive(b.now, frame_of(0x71, 0x71, ""));
  for (int i = 0; i < 600; ++i) {
    b.device.tick(++b.now);
    append(out, b.device.take_output());
  }
  EXPECT_EQ(std::ranges::count(out, 0x03), 2);
  EXPECT_EQ(b.memory.documents().back().kind, Kind::kZ);
  EXPECT_EQ(b.memory.documents().back().number, 3U);
}

TEST(DatecsDevice, AnOpenReceiptSurvivesAPowerCut) {
  Bench b;
  b.open();
  b.ask(0x31, "Tea\tB1");
  b.ask(0x35, "\tP1.00");
  b.world.before_it.power_off = true;
  EXPECT_EQ(b.once(0x38, ""), "dark");
  EXPECT_EQ(b.memory.documents().size(), 1U);
  b.device.power(b.now, true);
  EXPECT_EQ(b.ask(0x4C, "T"), "1,0001,+00000100,+00000100");
  b.world.after_it.power_off = true;
  EXPECT_EQ(b.once(0x38, ""), "dark");
  EXPECT_EQ(b.memory.documents().size(), 2U);
  b.device.power(b.now, true);
  EXPECT_EQ(b.ask(0x4C, "T"), "0,0001,+00000100,+00000100");
}

TEST(DatecsDevice, ThreeWrongPasswordsBlockItUntilItIsSwitchedOff) {
  Bench b;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(b.ask(0x30, std::string("1,1111,1,") + kUnp), "!-150104");
  }
  EXPECT_EQ(b.ask(0x30, std::string("1,0000,1,") + kUnp), "!-150010");
  EXPECT_TRUE(b.device.state(b.now).blocked);
  b.device.power(b.now, false);
  b.device.power(b.now, true);
  b.open();
}

TEST(DatecsDevice, WithoutPaperNothingIsExecuted) {
  Bench b;
  b.open();
  b.ask(0x31, "Tea\tB1");
  b.device.set_paper(b.now, false);
  EXPECT_EQ(b.ask(0x31, "Tea\tB1"), "!-150101");
  EXPECT_EQ(b.ask(0x3C), "!-150101");
  b.device.set_paper(b.now, true);
  b.ask(0x35, "\tP1.00");
  b.device.run_out_while_printing();
  EXPECT_EQ(b.ask(0x38), "0001,0001");  // fiscal, and its paper waits
  EXPECT_EQ(b.status[2] & 0x01, 0x01);
  EXPECT_NE(b.ask(0x4A, "L"), "0");
  b.now += 10000;
  b.device.tick(b.now);
  EXPECT_EQ(b.world.slips.size(), 1U);
  b.device.set_paper(b.now, true);
  b.now += 10000;
  b.device.tick(b.now);
  EXPECT_EQ(b.ask(0x4A, "L"), "0");
  EXPECT_EQ(b.world.slips.size(), 2U);
  b.device.set_cover(true);
  EXPECT_EQ(b.ask(0x45, "2"), "!-150101");
  EXPECT_EQ(b.status[0] & 0x40, 0x40);
}

// Four lines of head, two of each sale: the roll ends within the open receipt.
TEST(DatecsDevice, PaperEndsAtALineOfTheReceipt) {
  Bench b;
  b.now += 10000;
  b.device.tick(b.now);
  b.device.run_out_while_printing(7);
  b.open();
  b.ask(0x31, "Tea\tB1");
  b.now += 10000;
  b.device.tick(b.now);
  EXPECT_TRUE(b.device.state(b.now).paper);
  b.ask(0x31, "Tea\tB1");
  b.now += 10000;
  b.device.tick(b.now);
  EXPECT_FALSE(b.device.state(b.now).paper);
  EXPECT_EQ(b.device.state(b.now).pending_lines, 1U);
  EXPECT_EQ(b.ask(0x31, "Tea\tB1"), "!-150101");
  b.device.set_paper(b.now, true);
  b.ask(0x35, "\tP2.00");
  EXPECT_EQ(b.ask(0x38), "0001,0001");
}

TEST(DatecsDevice, TheDayEndsWithAZReport) {
  Bench b;
  b.sell();
  EXPECT_EQ(b.ask(0x40), "F");
  b.now += 24L * 3600 * 1000;
  EXPECT_EQ(b.ask(0x30, "1,0000,1"), "!-150204");
  EXPECT_TRUE(b.ask(0x45, "2").starts_with("0001,"));
  EXPECT_TRUE(b.ask(0x45, "0").starts_with("0001,+00000000000,+00000000000,+00000000410,"));
  EXPECT_TRUE(b.ask(0x40).starts_with("P,0001,"));
  EXPECT_EQ(b.ask(0x30, "1,0000,1"), "0001,0001");  // numbered by itself
  EXPECT_EQ(b.ask(0x3C), "");
  EXPECT_EQ(b.memory.documents().back().kind, Kind::kCancelled);
  EXPECT_EQ(b.ask(0x46, "5.00"), "P,500,500,0");
  EXPECT_EQ(b.ask(0x46, "-6.00"), "F,500,500,0");
  EXPECT_EQ(b.ask(0x46, "-1"), "P,400,500,100");
}

TEST(DatecsDevice, AFullMemoryAndAJammedCutter) {
  Bench b;
  b.device.options().cutter_jams = true;
  b.open();
  EXPECT_EQ(b.ask(0x31, "Tea\tB2.05*2.000"), "");
  EXPECT_EQ(b.ask(0x35, "\tP5.00"), "R90");
  EXPECT_EQ(b.ask(0x38), "!-150109");
  EXPECT_EQ(b.memory.documents().back().kind, Kind::kSale);  // it was made all the same
  EXPECT_FALSE(b.device.state(b.now).receipt_open);
  b.device.options() = {.memory_holds = 2};
  EXPECT_EQ(b.ask(0x71), "0000002");
  EXPECT_EQ(b.status[4] & 0x38, 0x38);
  EXPECT_EQ(b.ask(0x30, "1,0000,1"), "!-150003");
  EXPECT_EQ(b.ask(0x45, "0"), "!-150003");
  b.device.options() = {.memory_holds = 51};  // 49 more
  b.ask(0x71);
  EXPECT_EQ(b.status[4] & 0x38, 0x08);
  b.device.options() = {.memory_holds = 52};
  b.ask(0x71);
  EXPECT_EQ(b.status[4] & 0x38, 0);
}

TEST(DatecsDevice, ReturnsNameWhatTheyUndo) {
  Bench b;
  b.sell();
  const std::string who = "1,0000,1,DT000600-OP01-0000002,";
  EXPECT_EQ(b.ask(0x2E, who + "R2"), "!-150001");
  EXPECT_EQ(b.ask(0x2E, who + std::string("R2,") + kUnp + ",221126235959,02000600"), "!-150430");
  EXPECT_EQ(b.ask(0x2E, who + std::string("X2,") + kUnp + ",221126120000,02000600"), "!-150001");
  EXPECT_EQ(b.ask(0x2E, who + std::string("R2,") + kUnp + ",221126120000,02000600"), "0001,0001");
  EXPECT_EQ(b.status[1] & 0x10, 0x10);
  b.ask(0x31, "Tea\tB2.05*3");
  EXPECT_EQ(b.ask(0x35, "\tP6.15"), "!-150413");
  EXPECT_EQ(b.ask(0x3C), "");
  b.ask(0x2E, std::string("1,0000,1,DT000600-OP01-0000003,R2,") + kUnp + ",221126120000,02000600");
  b.ask(0x31, "Tea\tB2.05");
  EXPECT_EQ(b.ask(0x35, "\tP2.05"), "R0");
  EXPECT_EQ(b.ask(0x38), "0003,0001");
  EXPECT_EQ(b.memory.documents().back().undone->document, 2U);
  EXPECT_EQ(b.ask(0x46), "P,205,0,0");
  EXPECT_EQ(b.ask(0x30, "*"), std::string("4,DT000600-OP01-0000003,") + kUnp);
}

TEST(DatecsDevice, ThingsHappenWithoutItsHost) {
  Bench b;
  b.sell();
  EXPECT_EQ(b.device.foreign_receipt(b.now, false, {{'B', 205, 2000, 410, "Tea"}}), 0);
  EXPECT_EQ(b.ask(0x30), "0000002");
  EXPECT_EQ(b.device.z_report(b.now), 0);
  b.open("DT000600-OP01-0000009");
  EXPECT_EQ(b.device.foreign_receipt(b.now, false, {{'B', 205, 2000, 410, "Tea"}}),
            err::kReceiptOpen);
  EXPECT_EQ(b.device.z_report(b.now), err::kReceiptOpen);
  EXPECT_EQ(b.device.replace(b.now), 0);
  EXPECT_EQ(b.ask(0x71), "0000001");
  EXPECT_TRUE(b.ask(0x5A, "0").ends_with(",DT000600,02000601"));
  EXPECT_EQ(b.status[2] & 0x08, 0);
  EXPECT_EQ(b.ask(0x3D, "21-11-26 12:00"), "!-150206");
  EXPECT_EQ(b.ask(0x3D, "23-11-26 08:30:15"), "");
  EXPECT_EQ(b.ask(0x3E), "23-11-26 08:30:15");
}

TEST(DatecsMemory, OutlivesTheProgram) {
  const std::string path = testing::TempDir() + "till_datecs_" + std::to_string(::getpid());
  std::filesystem::remove(path);
  Document d{.fm = "02000600", .number = 7, .kind = Kind::kReturn, .seconds = 1795348800};
  d.unp = kUnp;
  d.items = {{'D', 205, 2000, 410, "Чай"}};
  d.payments = {{'C', 410}};
  d.undone = Undone{'R', 3, 1795348000, kUnp, "02000600"};
  d.total = 410;
  d.paper = {"ред"};
  {
    const auto memory = FileMemory::open(path);
    ASSERT_TRUE(memory) << memory.error();
    ASSERT_TRUE((*memory)->append(d));
  }
  std::ofstream(path, std::ios::app) << R"({"fm":"0200)";  // power lost while writing
  const auto memory = FileMemory::open(path);
  ASSERT_TRUE(memory) << memory.error();
  ASSERT_EQ((*memory)->documents().size(), 1U);
  const Document& read = (*memory)->documents()[0];
  EXPECT_EQ(read.kind, Kind::kReturn);
  EXPECT_EQ(read.items[0].name, "Чай");
  EXPECT_EQ(read.payments[0].mode, 'C');
  EXPECT_EQ(read.undone->document, 3U);
  EXPECT_EQ(read.paper, d.paper);
  std::ofstream(path, std::ios::app) << "nonsense\n";
  EXPECT_FALSE(FileMemory::open(path));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace till::sim::datecs
