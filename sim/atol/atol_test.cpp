#include <fmt/core.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "sim/atol/control.h"
#include "sim/atol/receipt_task.h"
#include "sim/register/tlv.h"

namespace till::sim::atol {
namespace {

constexpr Ms kNoon = 1'795'780'800'000;

json::object parsed(const std::string& text) { return json::parse(text).as_object(); }

json::object sale(const std::string& witness = "A/1", const std::string& total = "205.50") {
  return parsed(R"({"type":"sell","taxationType":"osn","items":[{"type":"position","name":"Кофе",)"
                R"("price":)" +
                total + R"(,"quantity":1.000,"amount":)" + total +
                R"(,"measurementUnit":0,"paymentMethod":"fullPayment","paymentObject":1,)"
                R"("tax":{"type":"vat22"}},{"type":"userAttribute","name":"Tillbridge","value":")" +
                witness + R"("}],"payments":[{"type":"cash","sum":)" + total + R"(}],"total":)" +
                total + "}");
}

struct Shop {
  Shop() { EXPECT_EQ(printer.open_shift(now), 0); }
  Outcome run(const json::object& task) { return printer.run(now, task); }
  Outcome run(const std::string& type) { return printer.run(now, {{"type", type}}); }
  json::object obey(const std::string& text) {
    return atol::obey(printer, &web, now, parsed(text));
  }
  WebServer::Answer post(const std::string& uuid, const json::object& task) {
    return web.http(now, "POST", "/api/v2/requests",
                    json::serialize(json::object{{"uuid", uuid}, {"request", json::array{task}}}));
  }
  std::string status(const std::string& uuid) {
    const auto answer = web.http(now, "GET", "/api/v2/requests/" + uuid, "");
    if (answer.status != 200) return std::to_string(answer.status);
    return json::value_to<std::string>(json::parse(answer.body).at("results").at(0).at("status"));
  }

  Ms now = kNoon;
  RamFiscalMemory memory;
  std::vector<Slip> slips;
  FiscalPrinter printer{memory, kNoon, [this](const Slip& s) { slips.push_back(s); }};
  WebServer web{printer};
};

TEST(Printer, SellsAndShowsWhatItSold) {
  Shop shop;
  const auto out = shop.run(sale());
  ASSERT_EQ(out.error, 0);
  const auto& p = out.result.at("fiscalParams").as_object();
  EXPECT_EQ(p.at("fiscalDocumentNumber"), 3);
  EXPECT_EQ(p.at("total").as_double(), 205.5);
  EXPECT_EQ(p.at("fiscalReceiptNumber"), 1);
  EXPECT_EQ(out.result.at("warnings").at("notPrinted"), false);
  ASSERT_EQ(shop.slips.size(), 2U);
  EXPECT_EQ(shop.slips[1].fd, 3U);
  const auto read =
      shop.run({{"type", "getFnDocument"}, {"fiscalDocumentNumber", 3}, {"withRawData", true}});
  const auto& tlv = read.result.at("documentTLV").as_object();
  EXPECT_EQ(tlv.at("fiscalDocumentType"), "receipt");
  EXPECT_EQ(tlv.at("1084").at(0).at("1086"), "A/1");
  EXPECT_EQ(tlv.at("1020").as_double(), 205.5);
  EXPECT_TRUE(read.result.contains("rawData"));
  EXPECT_EQ(shop.run({{"type", "getFnDocument"}, {"fiscalDocumentNumber", 9}}).error,
            kFnNoMoreData);
}

TEST(Printer, RefusesWhatIsWrong) {
  Shop shop;
  auto bad = sale();
  bad["total"] = 1;
  EXPECT_EQ(shop.run(bad).error, kInvalidTotal);
  bad = sale();
  bad.at("payments").at(0).as_object()["sum"] = 100;
  EXPECT_EQ(shop.run(bad).error, kNotFullyPaid);
  bad = sale();
  bad.at("items").at(0).as_object()["amount"] = 200;
  EXPECT_EQ(shop.run(bad).error, kInvalidSum);
  bad = sale();
  bad.at("items").at(0).at("tax").as_object()["type"] = "vat13";
  EXPECT_EQ(shop.run(bad).error, kInvalidTaxType);
  EXPECT_EQ(shop.run("makeCoffee").error, kParseError);
  EXPECT_EQ(shop.run("openShift").error, kDeniedInOpenedShift);
  EXPECT_EQ(shop.run({{"type", "cashOut"}, {"cashSum", 10}}).error, kNoCash);
  EXPECT_EQ(shop.memory.documents().size(), 2U);
  shop.now += Ms{25} * 3600 * 1000;
  EXPECT_EQ(shop.run(sale()).error, kShiftExpired);
  EXPECT_EQ(shop.run("closeShift").error, 0);
  EXPECT_EQ(shop.run(sale()).error, kDeniedInClosedShift);
}

TEST(Printer, FiscalWithoutPaperIsPrintedLater) {
  Shop shop;
  shop.obey(R"({"do":"paper","state":"out","during":"print"})");
  const auto out = shop.run(sale());
  EXPECT_EQ(out.error, 0);
  EXPECT_EQ(out.result.at("warnings").at("notPrinted"), true);
  EXPECT_EQ(shop.slips.size(), 1U);
  EXPECT_EQ(shop.run("continuePrint").error, kNoPaper);
  EXPECT_EQ(shop.run(sale("A/2")).error, kNoPaper);
  shop.obey(R"({"do":"paper","state":"ok"})");
  EXPECT_EQ(shop.run("continuePrint").error, 0);
  ASSERT_EQ(shop.slips.size(), 2U);
  EXPECT_EQ(shop.slips[1].fd, 3U);
}

TEST(Printer, PaperEndsAtALineOfTheDocument) {
  Shop shop;
  shop.obey(R"({"do":"paper","state":"out","during":"print","line":5})");
  EXPECT_EQ(shop.run(sale()).result.at("warnings").at("notPrinted"), true);
  EXPECT_EQ(shop.obey(R"({"do":"state"})").at("printed_lines"), 5);
  EXPECT_EQ(shop.obey(R"({"do":"state"})").at("paper"), "out");
  shop.obey(R"({"do":"paper","state":"ok"})");
  EXPECT_EQ(shop.run("continuePrint").error, 0);
  const auto lines = shop.slips.back().lines.size();
  shop.obey(R"({"do":"paper","state":"out","during":"print","line":)" + std::to_string(lines) +
            "}");
  EXPECT_EQ(shop.run(sale("A/2")).result.at("warnings").at("notPrinted"), false);  // just enough
  EXPECT_EQ(shop.run(sale("A/3")).result.at("warnings").at("notPrinted"), true);
  EXPECT_THROW(shop.obey(R"({"do":"paper","state":"out","line":5})"), std::invalid_argument);
}

TEST(Printer, AFullMemoryAndATimeBeforeItsLastDocument) {
  Shop shop;
  EXPECT_EQ(shop.run(sale()).error, 0);
  shop.obey(R"({"do":"clock","offset_s":-3600})");
  EXPECT_EQ(shop.run(sale("A/2")).error, kFnBadTime);
  shop.obey(R"({"do":"clock","offset_s":0})");
  shop.obey(R"({"do":"config","memory_holds":3})");
  EXPECT_EQ(shop.run(sale("A/2")).error, kFnArchiveFull);
  EXPECT_EQ(shop.obey(R"({"do":"state"})").at("last_fd"), 3);
  EXPECT_EQ(shop.obey(R"({"do":"state"})").at("document_open"), false);
  shop.obey(R"({"do":"config","memory_holds":4})");
  EXPECT_EQ(shop.run(sale("A/2")).error, 0);
}

TEST(Printer, AMemoryTellsBeforeItEnds) {
  Shop shop;
  EXPECT_EQ(shop.run(sale()).error, 0);
  const auto told = [&](const char* warning) {
    const auto info = shop.run({{"type", "getFnInfo"}}).result;
    return info.at("fnInfo").at("warnings").at(warning).as_bool();
  };
  EXPECT_FALSE(told("memoryOverflow"));
  shop.obey(R"({"do":"config","memory_holds":3})");
  EXPECT_TRUE(told("memoryOverflow"));
  EXPECT_FALSE(told("resourceExhausted"));
  shop.obey(fmt::format(R"({{"do":"clock","offset_s":{}}})", 421 * 86400));
  EXPECT_TRUE(told("resourceExhausted"));
  EXPECT_FALSE(told("needReplacement"));
  shop.obey(fmt::format(R"({{"do":"clock","offset_s":{}}})", 448 * 86400));
  EXPECT_TRUE(told("needReplacement"));
}

TEST(Printer, AJammedCutterAnswersForWhatWasMade) {
  Shop shop;
  shop.obey(R"({"do":"config","cutter_jams":"yes"})");
  EXPECT_EQ(shop.run(sale()).error, kCutterFault);
  EXPECT_EQ(shop.printer.last_fd(), 3U);
  EXPECT_FALSE(shop.printer.document_open());
  shop.obey(R"({"do":"config","cutter_jams":"no"})");
  EXPECT_EQ(shop.run(sale("A/2")).error, 0);
}

TEST(Printer, PowerAndLateness) {
  for (const bool after : {false, true}) {
    Shop shop;
    shop.printer.power_fails_next(after);
    EXPECT_EQ(shop.run(sale()).error, kConnectionLost);
    EXPECT_EQ(shop.run("getFnStatus").error, kNoConnection);
    shop.printer.power(shop.now, true);
    EXPECT_EQ(shop.printer.last_fd(), after ? 3U : 2U);
    EXPECT_FALSE(shop.printer.document_open());
    EXPECT_EQ(shop.slips.size(), after ? 2U : 1U);
  }
  Shop shop;
  shop.printer.late_next(5000);
  EXPECT_EQ(shop.run(sale()).error, kConnectionLost);
  EXPECT_EQ(shop.run("getFnStatus").error, kBusy);
  shop.now += 5000;
  EXPECT_EQ(shop.run("getFnStatus").result.at("fnStatus").at("fiscalDocumentNumber"), 3);
}

TEST(Printer, AnInterruptedCloseStaysOpenUntilCancelled) {
  Shop shop;
  shop.printer.interrupt_next_close();
  EXPECT_EQ(shop.run(sale()).error, kCloseInterrupted);
  EXPECT_EQ(shop.run(sale()).error, kDeniedInOpenedReceipt);
  int type = 0;
  EXPECT_EQ(shop.printer.receipt_type(shop.now, type), 0);
  EXPECT_EQ(type, 1);
  EXPECT_EQ(shop.printer.cancel_receipt(shop.now), 0);
  EXPECT_EQ(shop.run(sale()).error, 0);
}

TEST(Printer, TheMemoryOutlivesTheProgram) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("sim_atol_" + std::to_string(::getpid()) + ".jsonl");
  std::filesystem::remove(path);
  for (const uint32_t before : {2U, 3U}) {
    auto memory = FileFiscalMemory::open(path.string());
    ASSERT_TRUE(memory) << memory.error();
    FiscalPrinter printer(**memory, kNoon);
    if (before == 2) {
      EXPECT_EQ(printer.open_shift(kNoon), 0);
    }
    EXPECT_EQ(printer.last_fd(), before);
    EXPECT_TRUE(printer.shift_open());
    EXPECT_EQ(printer.run(kNoon, sale()).error, 0);
  }
  std::filesystem::remove(path);
}

TEST(Web, ExecutesInItsOwnTime) {
  Shop shop;
  EXPECT_EQ(shop.post("u1", sale()).status, 201);
  EXPECT_EQ(shop.post("u1", sale()).status, 409);
  EXPECT_EQ(shop.status("u1"), "wait");
  shop.now += 30;
  EXPECT_EQ(shop.status("u1"), "inProgress");
  EXPECT_EQ(shop.printer.last_fd(), 2U);
  shop.now += 200;
  EXPECT_EQ(shop.status("u1"), "ready");
  EXPECT_EQ(shop.printer.last_fd(), 3U);
  EXPECT_EQ(shop.status("u2"), "404");
  EXPECT_EQ(shop.web.http(shop.now, "POST", "/api/v2/requests", "{").status, 400);
  EXPECT_EQ(shop.web.http(shop.now, "PUT", "/api/v2/requests/u1", "").status, 405);
}

TEST(Web, AWaitingRequestCanBeCancelled) {
  Shop shop;
  shop.obey(R"({"do":"hold","ms":60000})");
  shop.post("u1", sale());
  shop.post("u2", {{"type", "getFnStatus"}});
  shop.now += 1000;
  EXPECT_EQ(shop.status("u2"), "wait");  // behind it
  EXPECT_EQ(shop.web.http(shop.now, "DELETE", "/api/v2/requests/u1", "").status, 200);
  EXPECT_EQ(shop.status("u1"), "canceled");
  shop.now += 1000;
  EXPECT_EQ(shop.status("u2"), "ready");
  shop.now += 100000;
  EXPECT_EQ(shop.status("u1"), "canceled");
  EXPECT_EQ(shop.printer.last_fd(), 2U);
}

TEST(Web, AnErrorInterruptsTheRest) {
  Shop shop;
  const json::array two = {json::object{{"type", "openShift"}}, sale()};
  shop.web.http(shop.now, "POST", "/api/v2/requests",
                json::serialize(json::object{{"uuid", "u"}, {"request", two}}));
  shop.now += 1000;
  const auto body = json::parse(shop.web.http(shop.now, "GET", "/api/v2/requests/u", "").body);
  EXPECT_EQ(body.at("results").at(0).at("status"), "error");
  EXPECT_EQ(body.at("results").at(0).at("error").at("code"), kDeniedInOpenedShift);
  EXPECT_EQ(body.at("results").at(1).at("status"), "interrupted");
}

TEST(Web, ALostDocumentBlocksTheQueueUntilItsFateIsKnown) {
  for (const bool after : {false, true}) {
    Shop shop;
    shop.printer.power_fails_next(after);
    shop.post("u1", sale());
    shop.now += 5000;
    EXPECT_EQ(shop.status("u1"), "blocked");
    shop.printer.power(shop.now, true);
    shop.now += 1000;
    EXPECT_EQ(shop.status("u1"), after ? "ready" : "error");
    EXPECT_EQ(shop.printer.last_fd(), after ? 3U : 2U);
  }
}

TEST(Control, SaysWhatItDoesNotUnderstand) {
  Shop shop;
  for (const char* bad : {R"({"do":"dance"})", R"({"do":"paper","state":"wet"})",
                          R"({"do":"foreign","total":-1})", R"({})", R"({"do":"late","ms":0})"}) {
    EXPECT_THROW(shop.obey(bad), std::invalid_argument) << bad;
  }
  EXPECT_EQ(shop.obey(R"({"do":"foreign","total":20550})").at("fd"), 3);
  EXPECT_EQ(shop.obey(R"({"do":"documents"})").at("documents").as_array().size(), 3U);
  EXPECT_EQ(shop.obey(R"({"do":"state"})").at("last_fd"), 3);
  shop.obey(R"({"do":"z"})");
  shop.obey(R"({"do":"replace"})");
  EXPECT_EQ(shop.obey(R"({"do":"state"})").at("fn"), "9999078900005489");
  EXPECT_EQ(shop.obey(R"({"do":"state"})").at("last_fd"), 1);
}

}  // namespace
}  // namespace till::sim::atol
