// The driver through dlopen against the stand-in for the vendor's library: what is asked of it,
// what its errors become, and what is done when it is not installed.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include "sdk/testkit/fake_host.h"
#include "tillbridge/sdk/fiscal.h"

namespace till {
namespace {

namespace json = boost::json;
using testkit::FakeHost;
using testkit::FakeOutcome;

struct Peer {
  Peer() {
    void* library = ::dlopen(TILL_FPTR_STANDIN, RTLD_NOW | RTLD_LOCAL);
    hand = reinterpret_cast<const char* (*)(const char*)>(::dlsym(library, "fptr_standin"));
    tell(R"({"do":"reset"})");
    EXPECT_EQ(host.activate({{"library", TILL_FPTR_STANDIN}}).status, TILL_DONE);
  }
  json::object tell(const std::string& verb) const {
    return json::parse(hand(verb.c_str())).as_object();
  }
  FakeOutcome open_shift() {
    return host.perform("fiscal.open_shift", {{"cashier", to_json(Operator{"Анна", ""})}});
  }
  FakeOutcome sell(const FiscalReceipt& r) {
    return host.perform("fiscal.receipt", {{"receipt", to_json(r)}});
  }
  const char* (*hand)(const char*) = nullptr;
  FakeHost host;
};

FiscalReceipt coffee() {
  FiscalReceipt r;
  r.witness = "A1/1";
  r.lines = {{.name = "Кофе", .price = {10000}, .quantity = {2000}, .sum = {20000}}};
  r.payments = {{Tender::kCash, {50000}}};
  r.total = {20000};
  return r;
}

TEST(AtolLibrary, ADayAtTheTill) {
  Peer peer;
  EXPECT_EQ(peer.sell(coffee()).error.code, Code::kShiftClosed);
  ASSERT_EQ(peer.open_shift().status, TILL_DONE);
  const auto before = peer.host.perform("fiscal.baseline");
  EXPECT_EQ(before.body.at("last_document"), 2);
  EXPECT_EQ(before.body.at("fiscal_memory"), "9999078900005488");
  const auto sold = peer.sell(coffee());
  ASSERT_EQ(sold.status, TILL_DONE) << sold.error.detail;
  EXPECT_TRUE(peer.host.passed_no_return());
  const auto d = document_from_json(sold.body);
  EXPECT_EQ(d->number, 3U);
  EXPECT_EQ(d->kind, "sale");
  EXPECT_EQ(d->receipt, 1U);
  EXPECT_TRUE(d->printed);
  const auto read = document_from_json(peer.host.perform("fiscal.document", {{"number", 3}}).body);
  EXPECT_EQ(read->witness, "A1/1");
  EXPECT_EQ(read->sign, d->sign);
  EXPECT_EQ(read->total.minor, 20000);
  EXPECT_EQ(peer.host.perform("fiscal.document", {{"number", 4}}).error.code,
            Code::kNoSuchDocument);
  const auto status = status_from_json(peer.host.perform("fiscal.status", {{"detail", true}}).body);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->model, "АТОЛ 30Ф");
  EXPECT_EQ(status->shift, "open");
  EXPECT_EQ(status->last_document, 3U);
  EXPECT_EQ(status->memory_phase, "operating");
  EXPECT_EQ(status->unsent_documents, 3U);
  EXPECT_EQ(status->cash_in_drawer->minor, 20000);
  EXPECT_EQ(status->shift_opened->size(), 16U);
  const json::object in = {{"direction", "in"}, {"amount", 5000}, {"cashier", to_json(Operator{})}};
  EXPECT_EQ(peer.host.perform("fiscal.cash", in).status, TILL_DONE);
  const json::object out = {
      {"direction", "out"}, {"amount", 500000}, {"cashier", to_json(Operator{})}};
  EXPECT_EQ(peer.host.perform("fiscal.cash", out).error.vendor, "80");
  for (const char* verb : {"fiscal.copy", "fiscal.x_report", "fiscal.settlement_report",
                           "fiscal.continue_printing", "fiscal.recover", "drawer.open"}) {
    EXPECT_EQ(peer.host.perform(verb).status, TILL_DONE) << verb;
  }
  const json::object time = {{"time", "2026-11-22T12:05:30"}};
  EXPECT_EQ(peer.host.perform("fiscal.set_clock", time).error.vendor, "83");
  EXPECT_EQ(peer.host.perform("fiscal.close_shift", {{"cashier", to_json(Operator{})}}).status,
            TILL_DONE);
  EXPECT_EQ(peer.host.perform("fiscal.set_clock", time).status, TILL_DONE);
}

TEST(AtolLibrary, WhatIsOutsideTheCodePageIsTold) {
  Peer peer;
  peer.open_shift();
  auto r = coffee();
  r.lines[0].name = "чай 日本";
  const auto out = peer.sell(r);
  ASSERT_EQ(out.status, TILL_DONE) << out.error.detail;
  EXPECT_EQ(out.body.at("notes").at(0),
            "lines[0].name: 2 characters outside the register's code page");
}

TEST(AtolLibrary, TheStateIsLookedAtFirst) {
  Peer peer;
  peer.open_shift();
  peer.tell(R"({"do":"cover","state":"open"})");
  EXPECT_EQ(peer.sell(coffee()).error.code, Code::kCoverOpen);
  peer.tell(R"({"do":"cover","state":"closed"})");
  peer.tell(R"({"do":"fail","error":150})");
  peer.host.perform("fiscal.baseline");
  EXPECT_EQ(peer.sell(coffee()).error.code, Code::kPrinterError);
  EXPECT_EQ(peer.host.perform("fiscal.status").body.at("cutter_fault"), true);
  peer.tell(R"({"do":"paper","state":"out"})");
  EXPECT_EQ(peer.sell(coffee()).error.code, Code::kPaperOut);
  EXPECT_FALSE(peer.host.passed_no_return());
  peer.tell(R"({"do":"paper","state":"ok"})");
  peer.tell(R"({"do":"clock","offset_s":90000})");
  EXPECT_EQ(peer.sell(coffee()).error.code, Code::kShiftTooLong);
  EXPECT_EQ(peer.host.perform("fiscal.status").body.at("shift"), "expired");
}

TEST(AtolLibrary, ARefusalIsProvenByTheMemory) {
  Peer peer;
  peer.open_shift();
  peer.tell(R"({"do":"fail","error":144})");
  peer.host.perform("fiscal.baseline");
  const auto out = peer.sell(coffee());
  EXPECT_EQ(out.status, TILL_REFUSED);
  EXPECT_EQ(out.error.code, Code::kRegisterRefused);
  EXPECT_EQ(out.error.vendor, "144");
  EXPECT_EQ(out.error.detail, "wrong tax rate");
  EXPECT_FALSE(out.dirty);
  EXPECT_EQ(peer.sell(coffee()).status, TILL_DONE);
}

TEST(AtolLibrary, AnInterruptedCloseIsInDoubtAndCancelled) {
  Peer peer;
  peer.open_shift();
  const auto before = peer.host.perform("fiscal.baseline").body;
  peer.tell(R"({"do":"interrupt"})");
  EXPECT_EQ(peer.sell(coffee()).status, TILL_IN_DOUBT);
  EXPECT_TRUE(peer.tell(R"({"do":"state"})").at("document_open").as_bool());
  auto other = coffee();
  other.witness = "A2/1";
  const auto next = peer.sell(other);
  EXPECT_EQ(next.error.code, Code::kDocumentOpen);
  EXPECT_TRUE(next.dirty);
  const auto verdict =
      peer.host.perform("fiscal.resolve", {{"receipt", to_json(coffee())}, {"baseline", before}});
  EXPECT_EQ(verdict.body.at("verdict"), "refused");
  EXPECT_FALSE(peer.tell(R"({"do":"state"})").at("document_open").as_bool());
  EXPECT_EQ(peer.sell(other).status, TILL_DONE);
}

TEST(AtolLibrary, ATaxTheFormatHasNotNeverReachesTheRegister) {
  Peer peer;
  peer.open_shift();
  auto r = coffee();
  r.lines[0].tax = {TaxKind::kRate, {1300}};
  EXPECT_EQ(peer.sell(r).error.code, Code::kOutOfRange);
  EXPECT_FALSE(peer.host.passed_no_return());
}

TEST(AtolLibrary, CorrectionsAndReturns) {
  Peer peer;
  peer.open_shift();
  auto r = coffee();
  r.kind = FiscalKind::kSaleReturn;
  r.payments = {{Tender::kElectronic, {20000}}};
  EXPECT_EQ(peer.sell(r).status, TILL_DONE);
  r.kind = FiscalKind::kSale;
  r.correction = Correction{false, "2026-11-20", ""};
  const auto out = peer.sell(r);
  ASSERT_EQ(out.status, TILL_DONE) << out.error.detail;
  EXPECT_EQ(out.body.at("kind"), "sale_correction");
  EXPECT_EQ(peer.host.perform("fiscal.document", {{"number", 4}}).body.at("kind"),
            "sale_correction");
}

TEST(AtolLibrary, NotInstalledIsSaidClearly) {
  FakeHost host;
  const auto out = host.activate({{"library", "libfptr10_is_not_here.so"}});
  EXPECT_EQ(out.status, TILL_REFUSED);
  EXPECT_EQ(out.error.code, Code::kPluginNotFound);
  EXPECT_NE(out.error.detail.find("libfptr10_is_not_here.so"), std::string::npos);
  FakeHost other;
  const auto wrong = other.activate({{"library", "libm.so.6"}});
  EXPECT_EQ(wrong.error.code, Code::kPluginNotFound);
  EXPECT_NE(wrong.error.detail.find("libfptr_create"), std::string::npos);
}

TEST(AtolLibrary, SettingsAreChecked) {
  for (const json::object& bad :
       {json::object{{"connection", "telepathy"}}, json::object{{"connection", "tcp"}},
        json::object{{"connection", "tcp"}, {"address", "192.168.1.10"}},
        json::object{{"connection", "serial"}}, json::object{{"baud", 0}},
        json::object{{"x", 1}}}) {
    FakeHost host;
    EXPECT_EQ(host.activate(bad).error.code, Code::kConfigInvalid) << json::serialize(bad);
  }
  FakeHost host;
  EXPECT_EQ(host.activate({{"library", TILL_FPTR_STANDIN},
                           {"connection", "tcp"},
                           {"address", "192.168.1.10:5555"}})
                .status,
            TILL_DONE);
}

}  // namespace
}  // namespace till
