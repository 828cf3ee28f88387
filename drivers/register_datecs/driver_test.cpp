// The driver against a peer that speaks the ISL protocol by a script: what exactly goes over the
// wire, and the corners of the protocol.
#include <gtest/gtest.h>

#include <functional>

#include "drivers/register_datecs/plan.h"
#include "sdk/cpp/fiscal.h"
#include "sdk/testkit/fake_host.h"

namespace till {
namespace {

namespace json = boost::json;
using testkit::FakeHost;
using testkit::FakeOutcome;

constexpr const char* kUnp = "DT000600-0001-0001001";

struct Said {
  std::string data;
  std::string status = "80 80 80 80 86 9A";
};

void put_sum(Buffer& frame) {
  unsigned sum = 0;
  for (std::size_t i = 1; i < frame.size(); ++i) sum += frame[i];
  for (const unsigned shift : {12U, 8U, 4U, 0U}) {
    frame.push_back(static_cast<std::uint8_t>(0x30 + (sum >> shift & 15)));
  }
  frame.push_back(0x03);
}

struct Peer {
  explicit Peer(const json::object& settings = {}) {
    EXPECT_EQ(host.activate(settings).status, TILL_DONE);
    host.set_device([this](Bytes b) {
      for (const auto byte : b) take(byte);
    });
    answers["4a L"] = {"0", open()};
    answers["5a 0"] = {"FP-800,1.00BG 01Feb19 1200,FFFF,00000000,DT000600,02000600"};
    answers["30 "] = {"0001000"};
    answers["30 *"] = {std::string("17,") + kUnp};
    answers["33 00"] = {"4.65,0.00,4.10,0.00,0.55"};
    answers["38 "] = {"0012,0010"};
    answers["3e "] = {"22-11-26 12:05:30"};
    answers["71 "] = {"0000016"};
    answers["40 "] = {"P,0003,0,0,0,0,0,0,0,0,221126"};
    answers["46 "] = {"P,12.05,0.00,0.00"};
    answers["4c T"] = {"1,0002,4.65,0.00"};
    answers["20 "] = {"48,-150003,22-11-26 12:05:30,Not permited"};
  }
  static std::string open() { return "80 80 80 80 86 9A"; }

  void take(std::uint8_t byte) {
    if (byte == 0x01) frame.clear();
    frame.push_back(byte);
    if (byte == 0x03 && frame.size() > 9) command(std::exchange(frame, {}));
  }
  void command(const Buffer& f) {
    ++frames;
    if (naks > 0) {
      --naks;
      return host.device_says(Buffer{0x15});
    }
    if (mute > 0) {
      --mute;
      return;
    }
    for (int i = 0; i < syns; ++i) host.device_says(Buffer{0x16}, 60U * static_cast<unsigned>(i));
    if (f[2] != last_seq) {
      last_seq = f[2];
      const Bytes data = Bytes(f).subspan(4, f.size() - 10);
      const std::string said = to_hex(Bytes(f).subspan(3, 1)) + " " + std::string(as_text(data));
      // Asked once, where it falls: what the log is compared with begins behind it.
      said == "53 " ? void(++rates_asked) : log.push_back(said);
      Said answer = script ? script(said) : Said{"\1"};
      if (answer.data == "\1") {
        const auto known = answers.find(said);
        answer = known == answers.end() ? Said{} : known->second;
        if (said.starts_with("35 ") && known == answers.end()) answer.data = "R0.00";
      }
      reply = {0x01, static_cast<std::uint8_t>(0x20 + 11 + answer.data.size()), f[2], f[3]};
      append(reply, as_bytes(answer.data));
      reply.push_back(0x04);
      append(reply, from_hex(answer.status));
      reply.push_back(0x05);
      put_sum(reply);
    }
    Buffer out = reply;
    if (frames == lose) return;
    if (frames == flip) out[static_cast<std::size_t>(flipped_byte) % out.size()] ^= 0x41;
    if (spoil > 0) {
      --spoil;
      out[out.size() / 2] ^= 1;
    }
    host.device_says(out, 60U * static_cast<unsigned>(syns));
  }

  FakeHost host;
  std::map<std::string, Said> answers;
  std::function<Said(const std::string& said)> script;  // "\1" = the usual answer
  Buffer frame, reply;
  std::vector<std::string> log;
  int lose = 0, flip = 0, flipped_byte = 0;  // the reply to that frame
  int frames = 0, naks = 0, mute = 0, spoil = 0, syns = 0;
  std::uint8_t last_seq = 0;
  int rates_asked = 0;
};

FiscalReceipt two_coffees() {
  FiscalReceipt r;
  r.witness = "A1/1";
  r.lines = {{.name = "Кафе",
              .price = {205},
              .quantity = {2000},
              .sum = {410},
              .tax = {TaxKind::kRate, {2000}}},
             {.name = "Sugar",
              .price = {55},
              .quantity = {1000},
              .sum = {55},
              .tax = {TaxKind::kRate, {900}}}};
  r.payments = {{Tender::kCash, {500}}};
  r.total = {465};
  return r;
}

FakeOutcome sell(Peer& peer, const FiscalReceipt& r) {
  peer.log.clear();
  return peer.host.perform("fiscal.receipt", {{"receipt", to_json(r)}});
}

TEST(DatecsWire, ATypicalReceiptCommandByCommand) {
  Peer peer;
  auto r = two_coffees();
  r.cashier.name = "Anna";
  peer.answers["35 \tP5.00"] = {"R0.35"};
  const auto out = sell(peer, r);
  ASSERT_EQ(out.status, TILL_DONE) << out.error.detail;
  EXPECT_EQ(peer.log, (std::vector<std::string>{
                          "4a X", "4a X", "5a 0", "30 ", "30 1,0000,1,DT000600-0001-0001001",
                          "31 \xCA\xE0\xF4\xE5\tB2.05*2.000", "31 Sugar\tD0.55*1.000", "36 Anna",
                          "36 TB1:A1/1", "33 00", "35 \tP5.00", "38 ", "30 *", "3e ", "4a L"}));
  const auto d = document_from_json(out.body);
  ASSERT_TRUE(d);
  EXPECT_EQ(d->number, 17U);
  EXPECT_EQ(d->fiscal_memory, "02000600");
  EXPECT_EQ(d->receipt, 10U);
  EXPECT_EQ(d->time, "2026-11-22T12:05:30");
  EXPECT_EQ(d->kind, "sale");
  EXPECT_TRUE(d->printed);
  EXPECT_TRUE(peer.host.passed_no_return());
}

TEST(DatecsWire, AReturnNamesWhatItUndoes) {
  Peer peer;
  auto r = two_coffees();
  r.kind = FiscalKind::kSaleReturn;
  r.payments = {{Tender::kCash, {465}}};
  EXPECT_EQ(sell(peer, r).error.detail, "returned");
  r.returned = {"02000601", 12};
  EXPECT_EQ(sell(peer, r).error.code, Code::kOutOfRange);
  r.returned = {"02000600", 12};
  peer.answers["77 W,12"] = {"U,DT000600-0001-0000900,1,1,0,12"};
  int record = 0;
  peer.script = [&](const std::string& said) -> Said {
    if (said != "77 w") return {"\1"};
    return {++record == 1 ? "D,21-11-2026 10:00:01,21-11-2026 10:00:02" : "*,"};
  };
  ASSERT_EQ(sell(peer, r).status, TILL_DONE);
  EXPECT_NE(std::ranges::find(peer.log,
                              "2e 1,0000,1,DT000600-0001-0001001,R12,DT000600-0001-0000900,"
                              "211126100001,02000600"),
            peer.log.end());
  record = 0;
  peer.answers["77 W,12"] = {"U,DT000600-0001-0000900,1,1,4,12"};  // it was cancelled
  EXPECT_EQ(sell(peer, r).error.detail, "returned.number");
}

TEST(DatecsWire, TaxesAndTendersBySettings) {
  Peer peer({{"tax_groups", {{"C", 2000}, {"E", 0}}},
             {"exempt_group", "H"},
             {"tenders", {{"electronic", "C"}, {"prepaid", "m"}}},
             {"password", "12345678"},
             {"till_number", 7},
             {"operator", 3},
             {"operator_code", "OP01"}});
  peer.answers["30 *"] = {"17,DT000600-OP01-0001001"};
  peer.answers["35 \tC1.00"] = {"D3.65"};
  peer.answers["35 \tm2.00"] = {"D165"};
  peer.answers["35 \tP1.65"] = {"R0"};
  auto r = two_coffees();
  r.lines[1].tax = {};
  r.payments = {{Tender::kCash, {165}}, {Tender::kElectronic, {100}}, {Tender::kPrepaid, {200}}};
  ASSERT_EQ(sell(peer, r).status, TILL_DONE);
  EXPECT_EQ(peer.log[4], "30 3,12345678,7,DT000600-OP01-0001001");
  EXPECT_EQ(peer.log[6], "31 Sugar\tH0.55*1.000");
  r.lines[1].tax = {TaxKind::kRate, {2200}};
  EXPECT_EQ(sell(peer, r).error.detail.substr(0, 12), "lines[1].tax");
  r.lines[1].tax = {};
  r.payments = {{Tender::kCredit, {465}}};
  EXPECT_EQ(sell(peer, r).error.detail, "payments[0].tender");
  EXPECT_TRUE(peer.log.empty());
}

TEST(DatecsWire, WhatTheCountryDoesNotKnowIsRefusedByName) {
  Peer peer;
  auto r = two_coffees();
  r.payments = {{Tender::kCash, {465}}};
  r.kind = FiscalKind::kPurchase;
  EXPECT_EQ(sell(peer, r).error.detail, "kind: purchase");
  r.kind = FiscalKind::kSale;
  r.correction = Correction{false, "2026-11-22", ""};
  const auto out = sell(peer, r);
  EXPECT_EQ(out.error.code, Code::kVerbUnsupported);
  EXPECT_EQ(out.error.detail, "correction");
  EXPECT_FALSE(out.dirty);
  EXPECT_TRUE(peer.log.empty());
}

TEST(DatecsWire, ALongWitnessTakesSeveralLines) {
  Peer peer({{"text_width", 20}});
  auto r = two_coffees();
  r.payments = {{Tender::kElectronic, {465}}};
  r.witness = "0190e5b6-8d2a-7cc1-9d3f-0123456789ab/1";
  ASSERT_EQ(sell(peer, r).status, TILL_DONE);
  EXPECT_EQ(peer.log[7], "36 TB1:0190e5b6-8d2a-");
  EXPECT_EQ(peer.log[8], "36 TB2:7cc1-9d3f-0123");
  EXPECT_EQ(peer.log[9], "36 TB3:456789ab/1");
  EXPECT_EQ(peer.log[11], "35 \tD4.65");
  r.witness = std::string(200, 'w');
  EXPECT_EQ(sell(peer, r).error.code, Code::kTooLarge);
}

// Read back from a printer that centres, fills up with blanks, or was told a line twice.
TEST(DatecsResolve, TheWitnessOnThePaper) {
  const json::object before = {
      {"fiscal_memory", "02000600"}, {"last_document", 15}, {"device_time", ""}};
  const auto verdict = [&](std::vector<std::string> paper) {
    Peer peer;
    paper.insert(paper.end(), {"*,", "F"});
    std::size_t line = 0;
    int record = 0;
    peer.script = [&](const std::string& said) -> Said {
      if (said == "77 W,16") return {"U,DT000600-0001-0000900,1,1,0,16"};
      if (said == "77 w") return {++record == 1 ? "T,0,0,0,0,0,0,2,4.65,0,4.10,0,0.55" : "*,"};
      if (said == "77 R,16" || said == "77 N") return {paper[line++]};
      return {"\1"};
    };
    const auto out = peer.host.perform("fiscal.resolve",
                                       {{"receipt", to_json(two_coffees())}, {"baseline", before}});
    return out.status == TILL_DONE ? json::value_to<std::string>(out.body.at("verdict")) : "error";
  };
  EXPECT_EQ(verdict({"P,Coffee 4.10", "P,#TB1:A1/1#"}), "done");
  EXPECT_EQ(verdict({"P,  #  TB1:A1/1        #  "}), "done");
  EXPECT_EQ(verdict({"P,#TB1:A#", "P,#TB1:A#", "P,#TB2:1/1#"}), "done");
  EXPECT_EQ(verdict({"P,#TB1:A1/10#"}), "refused");
  EXPECT_EQ(verdict({"P,TB1:A1/1"}), "refused");  // a name of goods, not fiscal text
  EXPECT_EQ(verdict({"P,#TB1#", "P,#", "P,##", "P,"}), "refused");
  EXPECT_EQ(verdict({"nonsense"}), "error");
}

TEST(DatecsWire, ReportsCashClockCopy) {
  Peer peer;
  peer.answers["46 -5.00"] = {"P,7.05,0.00,5.00"};
  peer.answers["46 99.00"] = {"F,0,0,0"};
  peer.answers["77 W,16"] = {"F"};
  peer.answers["77 R,16"] = {"P,X"};
  peer.answers["77 N"] = {"F"};
  EXPECT_EQ(peer.host.perform("fiscal.open_shift").status, TILL_DONE);
  EXPECT_TRUE(peer.log.empty());
  EXPECT_EQ(peer.host.perform("fiscal.x_report").status, TILL_DONE);
  EXPECT_EQ(peer.host.perform("fiscal.close_shift").status, TILL_DONE);
  EXPECT_EQ(peer.host.perform("fiscal.copy").status, TILL_DONE);
  EXPECT_EQ(peer.host.perform("fiscal.cash", {{"direction", "out"}, {"amount", 500}}).status,
            TILL_DONE);
  EXPECT_EQ(peer.host.perform("fiscal.cash", {{"direction", "in"}, {"amount", 9900}}).error.code,
            Code::kRegisterRefused);
  EXPECT_EQ(peer.host.perform("drawer.open").status, TILL_DONE);
  EXPECT_EQ(peer.host.perform("fiscal.set_clock", {{"time", "2026-11-22T12:05:30"}}).status,
            TILL_DONE);
  std::erase_if(peer.log, [](const std::string& said) {
    return said.starts_with("4a") || said.starts_with("7");
  });
  EXPECT_EQ(peer.log, (std::vector<std::string>{"45 2", "45 0", "6d 1", "46 -5.00", "46 99.00",
                                                "6a ", "3d 22-11-26 12:05:30"}));
}

TEST(DatecsWire, StatusInOurWords) {
  Peer peer;
  peer.answers["4a X"] = {"", "C0 80 9A 80 8E 9A"};
  const auto s = status_from_json(peer.host.perform("fiscal.status", {{"detail", true}}).body);
  ASSERT_TRUE(s);
  EXPECT_EQ(s->model, "FP-800");
  EXPECT_EQ(s->serial, "DT000600");
  EXPECT_EQ(s->shift, "open");
  EXPECT_EQ(s->shift_number, 4U);
  EXPECT_EQ(s->last_document, 16U);
  EXPECT_TRUE(s->cover_open);
  EXPECT_TRUE(s->paper);
  EXPECT_TRUE(s->paper_near_end);
  EXPECT_TRUE(s->document_open);
  EXPECT_EQ(s->memory_warning, "less than 50 fiscal records left");
  EXPECT_EQ(s->cash_in_drawer, Money{1205});
}

TEST(DatecsLink, ANakOrSilenceIsRepeatedUnderTheSameNumber) {
  for (const bool silent : {false, true}) {
    Peer peer;
    (silent ? peer.mute : peer.naks) = 4;
    EXPECT_EQ(peer.host.perform("fiscal.baseline").status, TILL_DONE);
    EXPECT_EQ(peer.log, (std::vector<std::string>{"4a X", "5a 0", "71 ", "3e "}));
    EXPECT_EQ(peer.frames, 8);
  }
  Peer refusing;
  refusing.naks = 1000;
  EXPECT_EQ(refusing.host.perform("fiscal.status").error.code, Code::kBadFrame);
  Peer dead;
  dead.mute = 1000;
  EXPECT_EQ(dead.host.perform("fiscal.status").error.code, Code::kTimeout);
}

TEST(DatecsLink, ASpoiledReplyIsAskedForAgainAndNothingIsDoneTwice) {
  Peer peer;
  int broken = 0;
  peer.script = [&](const std::string& said) -> Said {
    if (said.starts_with("35") || said.starts_with("31") || said.starts_with("38")) {
      peer.spoil = 1;
      ++broken;
    }
    return {"\1"};
  };
  auto r = two_coffees();
  r.payments = {{Tender::kCash, {465}}};
  EXPECT_EQ(sell(peer, r).status, TILL_DONE);
  EXPECT_EQ(broken, 4);
  EXPECT_EQ(peer.frames, static_cast<int>(peer.log.size()) + peer.rates_asked + broken);
}

TEST(DatecsLink, AnySingleReplyLostOrFlippedChangesNothing) {
  auto r = two_coffees();
  r.payments = {{Tender::kCash, {465}}};
  Peer quiet;
  ASSERT_EQ(sell(quiet, r).status, TILL_DONE);
  for (int n = 1; n <= quiet.frames; ++n) {
    for (int byte = -1; byte < 20; ++byte) {
      Peer peer;
      (byte < 0 ? peer.lose : peer.flip) = n;
      peer.flipped_byte = byte;
      const auto out = sell(peer, r);
      EXPECT_EQ(out.status, TILL_DONE) << n << " " << byte << " " << out.error.detail;
      EXPECT_EQ(peer.log, quiet.log);
    }
  }
}

TEST(DatecsLink, ABusyDeviceIsWaitedForWhileItSaysSo) {
  Peer peer;
  peer.syns = 100;  // 6 s
  EXPECT_EQ(peer.host.perform("fiscal.baseline").status, TILL_DONE);
  EXPECT_EQ(peer.frames, static_cast<int>(peer.log.size()));
  peer.syns = 1000;
  EXPECT_EQ(peer.host.perform("fiscal.baseline").error.code, Code::kTimeout);
}

TEST(DatecsLink, ARestartedDriverNeverTakesAnOldReplyForItsOwn) {
  for (int seq = 0x20; seq < 0x80; ++seq) {
    Peer peer;
    // What the device answered last, before us: 71h with the number we may use first.
    peer.last_seq = static_cast<std::uint8_t>(seq);
    peer.reply = {0x01, 0x32, peer.last_seq, 0x71};
    append(peer.reply, as_bytes("0000003"));
    append(peer.reply, from_hex("04 80 80 80 80 86 9A 05"));
    put_sum(peer.reply);
    const auto out = peer.host.perform("fiscal.baseline");
    ASSERT_EQ(out.status, TILL_DONE);
    EXPECT_EQ(out.body.at("last_document"), 16) << seq;
  }
}

TEST(DatecsCommand, ADeviceErrorIsToldInItsWords) {
  const std::pair<const char*, Code> kErrors[] = {{"-150104", Code::kRegisterPassword},
                                                  {"-150204", Code::kShiftTooLong},
                                                  {"-150200", Code::kDocumentOpen},
                                                  {"-150115", Code::kRegisterRefused}};
  for (const auto& [code, meaning] : kErrors) {
    Peer peer;
    peer.answers[std::string("30 1,0000,1,") + kUnp] = {"", "A0 82 80 80 86 9A"};
    peer.answers["20 "] = {std::string("48,") + code + ",22-11-26 12:05:30,text"};
    const auto out = sell(peer, two_coffees());
    EXPECT_EQ(out.status, TILL_REFUSED);
    EXPECT_EQ(out.error.code, meaning) << code;
    EXPECT_EQ(out.error.vendor, code);
    EXPECT_FALSE(peer.host.passed_no_return());
    const auto shift = peer.host.perform("fiscal.status").body.at("shift");
    EXPECT_EQ(shift, meaning == Code::kShiftTooLong ? "expired" : "open");
  }
}

TEST(DatecsCommand, WhatItCanNotPrintIsToldOrRefused) {
  auto r = two_coffees();
  r.lines[0].name = "чай 日本 €";
  datecs::Settings settings;
  const auto plan = datecs::plan_of(r, settings);
  ASSERT_TRUE(plan) << plan.error().detail;
  EXPECT_EQ(plan->notes.at(0), "lines[0].name: 2 characters printed as ?");
  settings.refuse_unprintable = true;
  EXPECT_EQ(datecs::plan_of(r, settings).error().code, Code::kUnencodable);
  EXPECT_EQ(datecs::plan_of(r, settings).error().detail, "lines[0].name");
}

TEST(DatecsCommand, AWrongPasswordIsSentOnce) {
  Peer peer;
  peer.answers[std::string("30 1,0000,1,") + kUnp] = {"", "A0 82 80 80 86 9A"};
  peer.answers["20 "] = {"48,-150104,22-11-26 12:05:30,text"};
  EXPECT_EQ(sell(peer, two_coffees()).error.code, Code::kRegisterPassword);
  const auto written = peer.host.written();
  EXPECT_EQ(sell(peer, two_coffees()).error.code, Code::kRegisterPassword);
  EXPECT_EQ(peer.host.written(), written);
}

TEST(DatecsCommand, TheStateIsLookedAtBeforeAnythingIsOpened) {
  const std::pair<const char*, Code> kStates[] = {
      {"A0 80 81 80 86 9A", Code::kPaperOut},     {"C0 80 80 80 86 9A", Code::kCoverOpen},
      {"80 80 88 80 86 9A", Code::kDocumentOpen}, {"80 80 A0 80 86 9A", Code::kDocumentOpen},
      {"80 80 80 80 B6 9A", Code::kMemoryEnded},  {"80 80 80 80 86 92", Code::kRegisterRefused}};
  for (const auto& [status, code] : kStates) {
    Peer peer;
    peer.answers["4a X"] = {"", status};
    EXPECT_EQ(sell(peer, two_coffees()).error.code, code) << status;
    EXPECT_EQ(peer.log.size(), 2U);
  }
}

TEST(DatecsCommand, AGroupOfAnotherRateInThePrinterSellsNothing) {
  Peer peer;
  peer.answers["53 "] = {"1,2,BGN,11110000,0.00,20.00,20.00,9.00,0.00,0.00,0.00,0.00"};
  peer.answers["35 \tP5.00"] = {"R0.35"};
  EXPECT_EQ(sell(peer, two_coffees()).status, TILL_DONE);
  EXPECT_EQ(sell(peer, two_coffees()).status, TILL_DONE);
  EXPECT_EQ(peer.rates_asked, 1);
  const std::pair<const char*, const char*> kOthers[] = {
      {"1,2,BGN,11110000,0.00,9.00,20.00,9.00,0,0,0,0",
       "tax_groups B: 20.00 %, the printer has 9.00 %"},
      {"1,2,BGN,10110000,0.00,20.00,20.00,9.00,0,0,0,0",
       "tax_groups B: not enabled in the printer"}};
  for (const auto& [rates, detail] : kOthers) {
    Peer other;
    other.answers["53 "] = {rates};
    const auto out = sell(other, two_coffees());
    EXPECT_EQ(out.error.code, Code::kConfigInvalid);
    EXPECT_EQ(out.error.detail, detail);
    EXPECT_EQ(out.status, TILL_REFUSED);
    EXPECT_FALSE(out.dirty);
    EXPECT_LE(other.log.size(), 1U) << "nothing was opened";
  }
}

TEST(DatecsCommand, AnotherSumIsRefusedWhileItCanBeCancelled) {
  Peer peer;
  peer.answers["33 00"] = {"8.75,0.00"};  // a line was counted twice
  const auto out = sell(peer, two_coffees());
  EXPECT_EQ(out.status, TILL_REFUSED);
  EXPECT_TRUE(out.dirty);
  EXPECT_FALSE(peer.host.passed_no_return());
}

TEST(DatecsCommand, ARefusalIsOneOnlyWhileNothingIsPaid) {
  const char* const kRefused = "A0 82 80 80 86 9A";
  Peer unpaid;
  unpaid.host.perform("fiscal.baseline");
  unpaid.answers["35 \tP5.00"] = {"", kRefused};
  EXPECT_EQ(sell(unpaid, two_coffees()).status, TILL_REFUSED);
  Peer paid;
  paid.answers["35 \tP5.00"] = {"R0.35"};
  paid.answers["38 "] = {"", kRefused};
  paid.answers["4c T"] = {"1,0002,4.65,5.00"};
  EXPECT_EQ(sell(paid, two_coffees()).status, TILL_IN_DOUBT);
  Peer closed;
  closed.answers["35 \tP5.00"] = {"R0.35"};
  closed.answers["30 *"] = {"", kRefused};
  EXPECT_EQ(sell(closed, two_coffees()).status, TILL_IN_DOUBT);
  // A power cut makes the device forget the number: what was executed is refused the second time.
  Peer flickered;
  flickered.answers["35 \tP5.00"] = {"", kRefused};
  flickered.answers["4c T"] = {"1,0002,4.65,5.00"};
  EXPECT_EQ(sell(flickered, two_coffees()).status, TILL_IN_DOUBT);
  flickered.answers["35 \tP5.00"] = {"R0.35"};
  flickered.answers["38 "] = {"", kRefused};
  flickered.answers["4c T"] = {"0,0002,4.65,4.65"};
  EXPECT_EQ(sell(flickered, two_coffees()).status, TILL_IN_DOUBT);
}

TEST(DatecsSettings, AreChecked) {
  FakeHost host;
  for (const json::object& bad :
       {json::object{{"operator", 0}}, json::object{{"operator", 17}},
        json::object{{"password", "12a4"}}, json::object{{"password", 1234}},
        json::object{{"till_number", 100000}}, json::object{{"operator_code", "abcd"}},
        json::object{{"tax_groups", json::object{{"I", 0}}}},
        json::object{{"tax_groups", json::object{}}},
        json::object{{"tax_groups", json::object{{"A", 10000}}}},
        json::object{{"exempt_group", "Z"}}, json::object{{"tenders", json::object{{"cash", "P"}}}},
        json::object{{"tenders", json::object{{"credit", "?"}}}}, json::object{{"text_width", 10}},
        json::object{{"x", 1}}}) {
    EXPECT_EQ(host.activate(bad).error.code, Code::kConfigInvalid) << json::serialize(bad);
  }
}

}  // namespace
}  // namespace till
