// "Done" means printed, "refused" means that nothing of the job reached the paper: the ESC/POS
// driver against the virtual printer, with the cable cut at every byte.
#include <gtest/gtest.h>

#include "sdk/testkit/fake_host.h"
#include "sim/printer/printer.h"

namespace till {
namespace {

namespace json = boost::json;
using testkit::FakeHost;
using testkit::FakeOutcome;

struct Counter {
  explicit Counter(const json::object& settings = {}) {
    EXPECT_EQ(host.activate(settings).status, TILL_DONE);
    host.set_device([this](Bytes b) {
      printer.receive(b);
      deliver();
    });
  }
  void deliver() {
    const auto out = printer.take_output();
    if (!out.empty()) host.device_says(out, 1);
  }
  FakeOutcome print() {
    json::array items = {json::object{{"text", "Спасибо за покупку"}, {"bold", true}},
                         json::object{{"ean13", "4601234567893"}},
                         json::object{{"qr", "https://example.com/r/1"}},
                         json::object{{"drawer", 0}}, json::object{{"cut", "partial"}}};
    return host.perform("printer.print", {{"items", std::move(items)}});
  }
  FakeHost host;
  sim::Printer printer{{}};
};

TEST(PrinterFaults, TheJobIsWhatTheVirtualPrinterPrints) {
  for (const char* page : {"cp866", "cp1251"}) {
    Counter counter({{"code_page", page}});
    ASSERT_EQ(counter.print().status, TILL_DONE);
    const auto receipts = counter.printer.take_receipts();
    ASSERT_EQ(receipts.size(), 1U);
    EXPECT_NE(receipts[0].text.find("Спасибо за покупку"), std::string::npos) << receipts[0].text;
    EXPECT_EQ(receipts[0].trouble, "");
    EXPECT_EQ(counter.printer.unknown_commands(), 0);
    EXPECT_EQ(counter.printer.drawer_pulses(), 1);
  }
}

TEST(PrinterFaults, CutAtEveryByte) {
  for (const bool reading : {false, true}) {
    std::size_t at = 1;
    for (bool done = false; !done; ++at) {
      Counter counter;
      if (reading) {
        counter.host.cut_after_read(at);
      } else {
        counter.host.cut_after_written(at);
      }
      const auto out = counter.print();
      const auto receipts = counter.printer.take_receipts();
      done = out.status == TILL_DONE;
      if (done) {
        EXPECT_EQ(receipts.size(), 1U) << at;
      }
      if (out.status == TILL_REFUSED) {
        EXPECT_TRUE(receipts.empty()) << at;
        EXPECT_EQ(counter.printer.drawer_pulses(), 0) << at;
      }
    }
    EXPECT_GT(at, reading ? 8U : 100U);
  }
}

TEST(PrinterFaults, TroubleIsNamed) {
  Counter counter;
  counter.printer.set_paper(sim::Printer::Paper::kOut);
  counter.printer.take_output();
  EXPECT_EQ(counter.print().error.code, Code::kPaperOut);
  counter.printer.set_paper(sim::Printer::Paper::kOk);
  counter.printer.set_cover(true);
  counter.printer.take_output();
  EXPECT_EQ(counter.print().error.code, Code::kCoverOpen);
  counter.printer.set_cover(false);
  counter.printer.take_output();
  EXPECT_TRUE(counter.printer.take_receipts().empty());
  EXPECT_EQ(counter.print().status, TILL_DONE);
}

// The roll ends while the job runs: in doubt, and the reason is told.
TEST(PrinterFaults, PaperOutInTheMiddle) {
  Counter counter;
  std::size_t seen = 0;
  counter.host.set_device([&](Bytes b) {
    for (const auto byte : b) {
      if (++seen == 60) counter.printer.set_paper(sim::Printer::Paper::kOut);
      counter.printer.receive(sim::View(&byte, 1));
    }
    counter.deliver();
  });
  const auto out = counter.print();
  EXPECT_EQ(out.status, TILL_IN_DOUBT);
  EXPECT_EQ(out.error.code, Code::kPaperOut);
  EXPECT_TRUE(counter.printer.take_receipts().empty());
}

}  // namespace
}  // namespace till
