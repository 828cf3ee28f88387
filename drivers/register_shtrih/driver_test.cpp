// The driver against a peer that speaks protocol 1 by a script: what exactly goes over the wire,
// and the corners of the protocol. Frames are typed by hand from the vendor's specification 1.17.
#include <gtest/gtest.h>

#include <functional>

#include "sdk/cpp/ru_ffd.h"
#include "sdk/testkit/fake_host.h"

namespace till {
namespace {

namespace json = boost::json;
using testkit::FakeHost;
using testkit::FakeOutcome;

std::string hex(std::string_view spaced) { return to_hex(from_hex(spaced)); }

Buffer frame_of(const std::string& payload_hex) {
  const Buffer payload = from_hex(payload_hex);
  Buffer frame{0x02, static_cast<std::uint8_t>(payload.size())};
  append(frame, payload);
  std::uint8_t lrc = 0;
  for (std::size_t i = 1; i < frame.size(); ++i) lrc ^= frame[i];
  frame.push_back(lrc);
  return frame;
}

const std::string kIdle = "10 00 1E 80 02 02 00 00 00 00 00 00 00 00 00 00";
const std::string kFn =
    "FF 01 00 03 00 00 01 00 1A 0B 16 0C 05 39 39 39 39 30 37 38 39 30 30 30 30 30 30 30 31 0A 00 "
    "00 00";

// 11h: 22.11.26 12:05:30, serial 1234.
const std::string kLong =
    "11 00 1E 43 31 00 00 01 01 26 01 00 00 80 02 02 00 00 00 00 00 00 00 00 00 16 0B 1A 0C 05 1E "
    "00 D2 04 00 00 00 00 00 00 01 00 FF FF FF FF FF FF 00 00";

struct Peer {
  explicit Peer(const json::object& settings = {}) {
    EXPECT_EQ(host.activate(settings).status, TILL_DONE);
    host.set_device([this](Bytes b) {
      for (const auto byte : b) take(byte);
    });
    answers[hex("10")] = kIdle;
    answers[hex("11")] = kLong;
    answers[hex("FF 01")] = kFn;
    answers[hex("FF 40")] = "FF 40 00 01 0C 00 05 00";
    answers[hex("FF 45")] = "FF 45 00 00 00 00 00 00 0B 00 00 00 44 33 22 11";
  }

  void take(std::uint8_t byte) {
    if (!frame.empty() || byte == 0x02) {
      frame.push_back(byte);
      if (frame.size() > 2 && frame.size() == frame[1] + 3U) command(std::exchange(frame, {}));
    } else if (byte == 0x05) {
      ++enquiries;
      host.device_says(Buffer{pending.empty() ? std::uint8_t{0x15} : std::uint8_t{0x06}});
      if (!pending.empty()) host.device_says(pending);
    } else if (byte == 0x06) {
      pending.clear();
      if (ff_after_ack) host.device_says(Buffer{0xff});
    }
  }
  void command(const Buffer& whole) {
    if (naks > 0) {
      --naks;
      host.device_says(Buffer{0x15});
      return;
    }
    const std::string payload = to_hex(Bytes(whole).subspan(2, whole[1]));
    log.push_back(payload);
    std::string answer = script ? script(payload) : "";
    for (const std::size_t n : {4U, 2U}) {
      const auto it = answers.find(payload.substr(0, n));
      if (answer.empty() && it != answers.end()) answer = it->second;
    }
    const bool two = payload.starts_with("ff");
    if (answer.empty()) answer = payload.substr(0, two ? 4 : 2) + (two ? "00" : "001e");
    pending = frame_of(answer);
    if (!lose_ack) host.device_says(Buffer{0x06});
    lose_ack = false;
    host.device_says(pending, 5);
  }
  // The commands that begin so, joined with a blank.
  std::string sent(std::string_view prefix) {
    const std::string wanted = hex(prefix);
    std::string all;
    for (const auto& p : log) {
      if (p.starts_with(wanted)) all += (all.empty() ? "" : " ") + p;
    }
    return all;
  }

  FakeHost host;
  std::map<std::string, std::string> answers;
  std::function<std::string(const std::string& payload)> script;  // "" = the usual answer
  Buffer frame, pending;
  std::vector<std::string> log;
  int enquiries = 0, naks = 0;
  bool ff_after_ack = false, lose_ack = false;
};

FiscalReceipt coffee() {
  FiscalReceipt r;
  r.witness = "A1/1";
  r.lines = {{.name = "Кофе",
              .price = {10000},
              .quantity = {2000},
              .sum = {20000},
              .tax = *ru_ffd::tax_of_1199(11)}};
  r.payments = {{Tender::kCash, {20000}}};
  r.total = {20000};
  return r;
}

FakeOutcome sell(Peer& peer, const FiscalReceipt& r) {
  return peer.host.perform("fiscal.receipt", {{"receipt", to_json(r)}});
}

TEST(ShtrihWire, ATypicalReceiptByteByByte) {
  Peer peer;
  auto r = coffee();
  r.cashier.name = "Анна";
  r.contact = "a@b.ru";
  r.ru_ffd.tax_system_1055 = 1;
  const auto out = sell(peer, r);
  ASSERT_EQ(out.status, TILL_DONE) << out.error.detail;
  EXPECT_EQ(peer.sent("8D"), hex("8D 1E 00 00 00 00"));
  EXPECT_EQ(peer.sent("FF 46"),
            hex("FF 46 1E 00 00 00 01 80 84 1E 00 00 00 10 27 00 00 00 20 4E 00 00 00 FF FF FF FF "
                "FF 01 01 04 01 CA EE F4 E5"));
  EXPECT_EQ(peer.sent("FF 0C"),
            hex("FF 0C 1E 00 00 00 FD 03 04 00 80 AD AD A0") + " " +
                hex("FF 0C 1E 00 00 00 3C 04 16 00 3D 04 0A 00") + to_hex(as_bytes("Tillbridge")) +
                hex("3E 04 04 00") + to_hex(as_bytes("A1/1")) + " " +
                hex("FF 0C 1E 00 00 00 F0 03 06 00") + to_hex(as_bytes("a@b.ru")));
  std::string close = hex("FF 45 1E 00 00 00 20 4E 00 00 00");
  close += std::string(150, '0') + "00" + std::string(60, '0') + "01";
  EXPECT_EQ(peer.sent("FF 45"), close);
  const auto d = document_from_json(out.body);
  ASSERT_TRUE(d);
  EXPECT_EQ(d->number, 11U);
  EXPECT_EQ(d->sign, 0x11223344U);
  EXPECT_EQ(d->fiscal_memory, "9999078900000001");
  EXPECT_EQ(d->shift, 12U);
  EXPECT_EQ(d->receipt, 6U);
  EXPECT_TRUE(peer.host.passed_no_return());
}

TEST(ShtrihWire, ReturnsAndThePassword) {
  Peer peer({{"password", 123456}});
  auto r = coffee();
  r.kind = FiscalKind::kSaleReturn;
  ASSERT_EQ(sell(peer, r).status, TILL_DONE);
  EXPECT_EQ(peer.sent("8D"), hex("8D 40 E2 01 00 02"));
  EXPECT_TRUE(peer.sent("FF 46").starts_with(hex("FF 46 40 E2 01 00 02 80 84 1E")));
}

TEST(ShtrihWire, TaxCodings) {
  struct Case {
    int tag_1199;
    std::uint8_t mask, ordinal, explicit_22;
  };
  const Case kCases[] = {{1, 0x01, 1, 0x01},  {2, 0x02, 2, 0x02}, {3, 0x10, 5, 0x10},
                         {4, 0x20, 6, 0x20},  {5, 0x04, 3, 0x04}, {6, 0x08, 4, 0x08},
                         {11, 0x01, 1, 0x0b}, {12, 0x10, 5, 0x0c}};
  const auto tax_of = [](const json::object& settings, int tag) {
    Peer peer(settings);
    auto r = coffee();
    r.lines[0].tax = *ru_ffd::tax_of_1199(tag);
    r.kind = FiscalKind::kSaleReturn;  // of a sale made when the rate was in force
    EXPECT_EQ(sell(peer, r).status, TILL_DONE);
    return static_cast<int>(from_hex(peer.sent("FF 46")).at(28));
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(tax_of({}, c.tag_1199), c.mask) << c.tag_1199;
    EXPECT_EQ(tax_of({{"tax_coding", "ordinal"}}, c.tag_1199), c.ordinal) << c.tag_1199;
    EXPECT_EQ(tax_of({{"explicit_22", true}}, c.tag_1199), c.explicit_22) << c.tag_1199;
  }
  Peer peer;
  auto r = coffee();
  r.lines[0].tax = {TaxKind::kRate, {1900}};
  const auto out = sell(peer, r);
  EXPECT_EQ(out.error.code, Code::kOutOfRange);
}

// A cutter that jams behind the document answers the closing with its own error; and whoever knows
// no baseline cannot tell.
TEST(ShtrihWire, ANoToTheClosingIsBelievedOnlyWhenNothingWasMade) {
  for (const bool made : {false, true}) {
    for (const bool baseline : {false, true}) {
      Peer peer;
      peer.script = [&](const std::string& payload) -> std::string {
        if (!payload.starts_with("ff45")) return "";
        std::string fn = kFn;
        if (made) peer.answers[hex("FF 01")] = fn.replace(fn.rfind("0A"), 2, "0B");
        return "ff4571";
      };
      if (baseline) peer.host.perform("fiscal.baseline");
      const auto out = sell(peer, coffee());
      const bool refused = baseline && !made;
      EXPECT_EQ(out.status, refused ? TILL_REFUSED : TILL_IN_DOUBT);
      EXPECT_EQ(out.error.code, refused ? Code::kPrinterError : Code::kTimeout);
      EXPECT_EQ(out.error.vendor, "71h");
    }
  }
}

TEST(ShtrihWire, PaymentsGoToTheirPlaces) {
  const std::pair<Tender, std::size_t> kPlaces[] = {{Tender::kCash, 0},
                                                    {Tender::kElectronic, 1},
                                                    {Tender::kPrepaid, 13},
                                                    {Tender::kCredit, 14},
                                                    {Tender::kCounterProvision, 15}};
  for (const auto& [tender, place] : kPlaces) {
    Peer peer;
    auto r = coffee();
    r.payments = {{tender, {15000}}, {tender, {5000}}};
    ASSERT_EQ(sell(peer, r).status, TILL_DONE);
    const Buffer close = from_hex(peer.sent("FF 45"));
    for (std::size_t i = 0; i < 16; ++i) {
      const std::string sum = to_hex(Bytes(close).subspan(6 + i * 5, 5));
      EXPECT_EQ(sum, i == place ? "204e000000" : "0000000000") << i;
    }
  }
  Peer peer({{"cashless_type", 5}});
  auto r = coffee();
  r.payments = {{Tender::kElectronic, {20000}}};
  ASSERT_EQ(sell(peer, r).status, TILL_DONE);
  EXPECT_EQ(to_hex(Bytes(from_hex(peer.sent("FF 45"))).subspan(26, 5)), "204e000000");
}

TEST(ShtrihWire, ShiftsAndReports) {
  Peer peer;
  peer.answers[hex("FF 40")] = "FF 40 00 00 0C 00 05 00";
  EXPECT_EQ(peer.host.perform("fiscal.open_shift", {{"cashier", to_json(Operator{"Анна"})}}).status,
            TILL_DONE);
  EXPECT_EQ(peer.host.perform("fiscal.x_report").status, TILL_DONE);
  peer.answers[hex("FF 40")] = "FF 40 00 01 0C 00 05 00";
  EXPECT_EQ(peer.host.perform("fiscal.open_shift").status, TILL_DONE);  // open already
  EXPECT_EQ(peer.host.perform("fiscal.close_shift", {{"cashier", to_json(Operator{})}}).status,
            TILL_DONE);
  std::erase_if(peer.log, [](const std::string& p) {
    return p.starts_with("10") || p.starts_with("ff40") || p.starts_with("ff01");  // questions
  });
  EXPECT_EQ(peer.log, (std::vector<std::string>{hex("FF 41 1E 00 00 00"),
                                                hex("FF 0C 1E 00 00 00 FD 03 04 00 80 AD AD A0"),
                                                hex("E0 1E 00 00 00"), hex("40 1E 00 00 00"),
                                                hex("FF 42 1E 00 00 00"), hex("41 1E 00 00 00")}));
}

TEST(ShtrihWire, DiscountsArePrintedOnce) {
  Peer peer;
  auto r = coffee();
  ASSERT_EQ(sell(peer, r).status, TILL_DONE);
  EXPECT_EQ(peer.sent("17"), "");
  r.lines[0].discount = {1250};
  r.lines.push_back(r.lines[0]);
  r.total = {40000};
  r.payments = {{Tender::kCash, {40000}}};
  ASSERT_EQ(sell(peer, r).status, TILL_DONE);
  EXPECT_EQ(peer.sent("17"),
            hex("17 1E 00 00 00 02 D1 CA C8 C4 CA C0 20 C2 20 D7 C5 CA C5 3A 20 32 35 "
                "2E 30 30") +
                std::string(40, '0'));
}

// The cash core wants a line's tags before the line, others behind it.
TEST(ShtrihWire, TagsOfALineStandWhereTheModelWantsThem) {
  for (const auto& [model, first] : {std::pair("FA", false), {"2D", true}, {"13", true}}) {
    Peer peer;
    peer.answers[hex("FC")] = std::string("FC 00 00 00 01 0E ") + model + " 00 D8";
    auto r = coffee();
    r.lines[0].ru_ffd.measure_2108 = 11;
    ASSERT_EQ(sell(peer, r).status, TILL_DONE);
    const auto at = [&](const char* prefix) {
      return std::ranges::find_if(peer.log,
                                  [&](const auto& p) { return p.starts_with(hex(prefix)); });
    };
    EXPECT_EQ(at("FF 4D") < at("FF 46"), first) << model;
    EXPECT_EQ(peer.sent("FF 4D"), hex("FF 4D 1E 00 00 00 3C 08 01 00 0B"));
    ASSERT_EQ(sell(peer, r).status, TILL_DONE);
    EXPECT_EQ(peer.sent("FC"), "fc") << "asked once in a life";
  }
}

TEST(ShtrihWire, ACorrectionOfFfd105IsOneTotal) {
  Peer peer({{"ffd", "1.05"}});
  peer.answers[hex("FF 4A")] = "FF 4A 00 07 00 0B 00 00 00 44 33 22 11";
  auto r = coffee();
  r.lines.push_back({.name = "Чай",
                     .price = {1100},
                     .quantity = {1000},
                     .sum = {1100},
                     .tax = *ru_ffd::tax_of_1199(6)});
  r.total = {21100};
  r.payments = {{Tender::kCash, {20000}}, {Tender::kElectronic, {1100}}};
  r.correction = Correction{true, "2026-11-20", "17"};
  const auto out = sell(peer, r);
  ASSERT_EQ(out.status, TILL_DONE) << out.error.detail;
  EXPECT_EQ(document_from_json(out.body)->number, 11U);
  EXPECT_EQ(peer.sent("FF 35"), hex("FF 35 1E 00 00 00"));
  EXPECT_EQ(peer.sent("8D") + peer.sent("FF 46") + peer.sent("FF 45"), "");
  // total 211.00, cash 200.00, electronic 11.00; 22 % within 200.00 is 36.07; untaxed 11.00
  EXPECT_EQ(peer.sent("FF 4A"),
            hex("FF 4A 1E 00 00 00 01 01 6C 52 00 00 00 20 4E 00 00 00 4C 04 00 00 00") +
                std::string(30, '0') + hex("17 0E 00 00 00") + std::string(20, '0') +
                hex("4C 04 00 00 00") + std::string(20, '0') + "00");
  r.kind = FiscalKind::kSaleReturn;
  EXPECT_EQ(sell(peer, r).error.detail, "kind");
  r.kind = FiscalKind::kSale;
  r.lines[1].tax = *ru_ffd::tax_of_1199(7);
  EXPECT_EQ(sell(peer, r).error.detail, "lines[1].tax");
}

TEST(ShtrihWire, PicturesTurnTheirBits) {
  Peer peer;
  const json::object picture{{"first_line", 7}, {"width", 16}, {"bits", "gAHw8A=="}};
  ASSERT_EQ(peer.host.perform("fiscal.load_picture", picture).status, TILL_DONE);
  EXPECT_EQ(peer.sent("C4"), hex("C4 1E 00 00 00 07 00 01 80") + std::string(76, '0') + " " +
                                 hex("C4 1E 00 00 00 08 00 0F 0F") + std::string(76, '0'));
  const json::object lines{{"first_line", 7}, {"last_line", 8}};
  ASSERT_EQ(peer.host.perform("fiscal.print_picture", lines).status, TILL_DONE);
  EXPECT_EQ(peer.sent("C3"), hex("C3 1E 00 00 00 07 00 08 00"));
  const std::pair<json::object, const char*> kWrong[] = {
      {{{"first_line", 0}, {"width", 16}, {"bits", "gAHw8A=="}}, "first_line"},
      {{{"first_line", 1}, {"width", 12}, {"bits", "gAHw8A=="}}, "width"},
      {{{"first_line", 1}, {"width", 328}, {"bits", std::string(164, 'A')}}, "width"},
      {{{"first_line", 1}, {"width", 16}, {"bits", "gAHw"}}, "bits"},
      {{{"first_line", 1}, {"width", 16}, {"bits", "?"}}, "bits"}};
  for (const auto& [body, field] : kWrong) {
    EXPECT_EQ(peer.host.perform("fiscal.load_picture", body).error.detail, field);
  }
}

TEST(ShtrihLink, APendingAnswerIsDrainedFirst) {
  Peer peer;
  peer.pending = frame_of("8D 00 1E");  // of somebody before us
  const auto out = peer.host.perform("fiscal.baseline");
  ASSERT_EQ(out.status, TILL_DONE);
  EXPECT_EQ(out.body.at("last_document"), 10);
  EXPECT_EQ(out.body.at("device_time"), "2026-11-22T12:05:30");
}

TEST(ShtrihLink, ANakIsRepeated) {
  for (const int naks : {1, 9}) {
    Peer peer;
    peer.naks = naks;
    EXPECT_EQ(peer.host.perform("fiscal.baseline").status, TILL_DONE);
    EXPECT_EQ(peer.log.size(), 2U);
  }
  Peer peer;
  peer.naks = 1000;
  const auto out = peer.host.perform("fiscal.baseline");
  EXPECT_EQ(out.status, TILL_REFUSED);
  EXPECT_EQ(out.error.code, Code::kBadFrame);
}

TEST(ShtrihLink, ALostAckDoesNotExecuteTwice) {
  Peer peer;
  peer.script = [&](const std::string& payload) {
    peer.lose_ack = payload.starts_with("8d") || payload.starts_with("ff46");
    return "";
  };
  EXPECT_EQ(sell(peer, coffee()).status, TILL_DONE);
  EXPECT_EQ(peer.sent("8D"), hex("8D 1E 00 00 00 00"));
  EXPECT_EQ(peer.sent("FF 46").find(' '), std::string::npos);
}

TEST(ShtrihLink, AByteFfAfterOurAckIsNoAnswer) {
  Peer peer;
  peer.ff_after_ack = true;
  EXPECT_EQ(sell(peer, coffee()).status, TILL_DONE);
}

TEST(ShtrihLink, NoiseAloneEndsWithAVerdict) {
  Peer peer;
  peer.host.set_device([&](Bytes) { peer.host.device_says(Buffer(400, 0xff)); });
  const auto out = peer.host.perform("fiscal.status");
  EXPECT_EQ(out.status, TILL_REFUSED);
  EXPECT_EQ(out.error.code, Code::kBadFrame) << "another device on this port";
  int asked = 0;  // noise on the line and nobody there
  peer.host.set_device([&](Bytes) {
    if (asked++ == 0) peer.host.device_says(Buffer(4, 0xaa));
  });
  EXPECT_EQ(peer.host.perform("fiscal.status").error.code, Code::kTimeout);
  peer.host.set_device([&](Bytes) {});
  EXPECT_EQ(peer.host.perform("fiscal.status").error.code, Code::kTimeout);
}

TEST(ShtrihLink, AnAnswerToAnotherCommandIsNotOurs) {
  Peer peer;
  peer.answers[hex("FF 01")] = "10 00 1E 00";
  EXPECT_EQ(peer.host.perform("fiscal.baseline").error.code, Code::kBadFrame);
}

TEST(ShtrihCommand, StillPrintingIsWaitedFor) {
  Peer peer;
  int busy = 3;
  peer.script = [&](const std::string& p) {
    return p.starts_with("8d") && busy-- > 0 ? "8D 50" : "";
  };
  const auto before = peer.host.now_us;
  EXPECT_EQ(sell(peer, coffee()).status, TILL_DONE);
  EXPECT_GT(peer.host.now_us - before, 3 * 330'000);
  peer.log.clear();
  busy = 1'000'000;  // it never ends: named, and the receipt is not said to be gone
  const auto out = sell(peer, coffee());
  EXPECT_EQ(out.status, TILL_REFUSED);
  EXPECT_TRUE(out.dirty);
}

TEST(ShtrihCommand, WaitingForContinueIsContinued) {
  Peer peer;
  bool waits = true;
  peer.script = [&](const std::string& p) {
    if (p.starts_with("b0")) waits = false;
    return p.starts_with("8d") && waits ? "8D 58" : "";
  };
  EXPECT_EQ(sell(peer, coffee()).status, TILL_DONE);
  EXPECT_EQ(peer.sent("B0"), hex("B0 1E 00 00 00"));
}

TEST(ShtrihCommand, DeviceErrorsByTheCatalogue) {
  const std::pair<const char*, Code> kErrors[] = {{"4F", Code::kRegisterPassword},
                                                  {"4E", Code::kShiftTooLong},
                                                  {"6B", Code::kPaperOut},
                                                  {"4A", Code::kDocumentOpen},
                                                  {"45", Code::kRegisterRefused}};
  for (const auto& [error, code] : kErrors) {
    Peer peer;
    peer.answers[hex("8D")] = std::string("8D ") + error;
    const auto out = sell(peer, coffee());
    EXPECT_EQ(out.status, TILL_REFUSED) << error;
    EXPECT_EQ(out.error.code, code) << error;
    EXPECT_EQ(out.error.vendor, std::string(error) + "h");
    EXPECT_FALSE(out.error.detail.empty());
    EXPECT_FALSE(peer.host.passed_no_return());
  }
}

TEST(ShtrihCommand, TheStateIsLookedAtBeforeAnythingIsOpened) {
  const std::pair<const char*, Code> kStates[] = {
      {"03 00", Code::kShiftTooLong}, {"04 00", Code::kShiftClosed},
      {"08 00", Code::kDocumentOpen}, {"02 01", Code::kPaperOut},
      {"02 02", Code::kPaperOut},     {"06 00", Code::kRegisterRefused}};
  for (const auto& [mode, code] : kStates) {
    Peer peer;
    peer.answers[hex("10")] = std::string("10 00 1E 80 02 ") + mode + " 00 00 00 00 00 00 00 00 00";
    EXPECT_EQ(sell(peer, coffee()).error.code, code) << mode;
    EXPECT_EQ(peer.sent("8D"), "");
  }
  Peer open_cover;
  open_cover.answers[hex("10")] = "10 00 1E 80 06 02 00 00 00 00 00 00 00 00 00 00";
  EXPECT_EQ(sell(open_cover, coffee()).error.code, Code::kCoverOpen);
}

TEST(ShtrihCommand, ARefusedCloseIsRefusedAndOpen) {
  Peer peer;
  peer.host.perform("fiscal.baseline");
  peer.script = [&](const std::string& payload) -> std::string {
    if (!payload.starts_with("ff45")) return "";
    peer.answers[hex("10")] = "10 00 1E 80 02 08 00 00 00 00 00 00 00 00 00 00";
    return "FF 45 45";
  };
  const auto out = sell(peer, coffee());
  EXPECT_EQ(out.status, TILL_REFUSED);
  EXPECT_TRUE(out.dirty);
  EXPECT_EQ(out.error.vendor, "45h");
}

TEST(ShtrihCommand, ACloseAnsweredTooShortIsInDoubt) {
  Peer peer;
  peer.answers[hex("FF 45")] = "FF 45 00 00 00";
  EXPECT_EQ(sell(peer, coffee()).status, TILL_IN_DOUBT);
}

TEST(ShtrihResolve, ADocumentShownInPartDoesNotProveTheOppositeOfAWitness) {
  Peer peer;
  peer.answers[hex("FF 0A")] =
      "FF 0A 00 03 00 1A 0B 16 0C 05 0A 00 00 00 44 33 22 11 01 20 4E 00 00 00";
  peer.answers[hex("FF 3A")] = "FF 3A 00 03 00 40 00";  // 64 bytes of TLV are promised …
  peer.answers[hex("FF 3B")] = "FF 3B 08";              // … and none comes
  const json::object before = {
      {"fiscal_memory", "9999078900000001"}, {"last_document", 9}, {"device_time", ""}};
  const auto out =
      peer.host.perform("fiscal.resolve", {{"receipt", to_json(coffee())}, {"baseline", before}});
  ASSERT_EQ(out.status, TILL_DONE);
  EXPECT_EQ(out.body.at("verdict"), "done");  // one document of the right kind and total
  // The same while a document stands open: it may be ours, so only a person can tell. It is
  // cancelled all the same.
  peer.log.clear();
  peer.answers[hex("10")] = "10 00 1E 80 02 08 00 00 00 00 00 00 00 00 00 00";
  peer.script = [&](const std::string& p) {
    if (p.starts_with("88")) peer.answers[hex("10")] = kIdle;
    return "";
  };
  const auto open =
      peer.host.perform("fiscal.resolve", {{"receipt", to_json(coffee())}, {"baseline", before}});
  EXPECT_EQ(open.body.at("verdict"), "needs_person");
  EXPECT_EQ(peer.sent("88"), hex("88 1E 00 00 00"));
}

// The printer is jammed behind the document: the memory can be read all the same.
TEST(ShtrihResolve, AJammedPrinterDoesNotHideTheDocument) {
  Peer peer;
  peer.answers[hex("10")] = "10 00 1E 80 02 02 03 00 00 00 00 00 00 00 00 00";
  peer.answers[hex("B0")] = "B0 C8";
  peer.answers[hex("FF 0A")] =
      "FF 0A 00 03 00 1A 0B 16 0C 05 0A 00 00 00 44 33 22 11 01 20 4E 00 00 00";
  peer.answers[hex("FF 3A")] = "FF 3A 00 03 00 40 00";
  peer.answers[hex("FF 3B")] = "FF 3B 08";
  const json::object before = {
      {"fiscal_memory", "9999078900000001"}, {"last_document", 9}, {"device_time", ""}};
  const auto out =
      peer.host.perform("fiscal.resolve", {{"receipt", to_json(coffee())}, {"baseline", before}});
  ASSERT_EQ(out.status, TILL_DONE) << out.error.detail;
  EXPECT_EQ(out.body.at("verdict"), "done");
  EXPECT_EQ(out.body.at("document").at("printed"), false);
}

TEST(ShtrihSettings, AreChecked) {
  FakeHost host;
  for (const json::object& bad : {json::object{{"password", -1}}, json::object{{"tax_coding", 1}},
                                  json::object{{"cashless_type", 1}}, json::object{{"x", 1}}}) {
    EXPECT_EQ(host.activate(bad).error.code, Code::kConfigInvalid);
  }
}

}  // namespace
}  // namespace till
