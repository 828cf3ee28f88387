#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "protocols/escpos/encode.h"
#include "sdk/testkit/fake_host.h"

namespace till {
namespace {

namespace json = boost::json;
using testkit::FakeHost;
using testkit::FakeOutcome;

// A printer by the manual: DLE EOT at once, GS r when it can print.
struct Bench {
  explicit Bench(const json::object& settings = {}) {
    EXPECT_EQ(host.activate(settings).status, TILL_DONE);
    host.set_device([this](Bytes b) {
      for (const auto byte : b) take(byte);
    });
  }
  void take(std::uint8_t byte) {
    got.push_back(byte);
    const std::size_t n = got.size();
    if (n < 3 || silent) return;
    const bool question = got[n - 3] == 0x10 && got[n - 2] == 0x04;
    const bool barrier = got[n - 3] == 0x1d && got[n - 2] == 0x72;
    if (question) {
      const std::uint8_t answer = status.at(got[n - 1] - 1U);
      got.resize(n - 3);
      host.device_says(Buffer{answer});
    } else if (barrier) {
      status = status_after;
      if (prints) host.device_says(Buffer{0x00}, print_ms);
    }
  }
  FakeOutcome print(json::array items) {
    return host.perform("printer.print", {{"items", std::move(items)}});
  }
  std::string printed() { return to_hex(std::exchange(got, {})); }

  FakeHost host;
  Buffer got;
  std::array<std::uint8_t, 4> status = {0x12, 0x12, 0x12, 0x12}, status_after = status;
  bool prints = true, silent = false;
  std::uint32_t print_ms = 700;
};

std::string hex(std::string_view spaced) { return to_hex(from_hex(spaced)); }
json::array hello() { return {{{"text", "Привет"}}, {{"cut", "partial"}}}; }

TEST(EscposPrinter, GoldenJob) {
  Bench bench;
  EXPECT_EQ(bench.print(hello()).status, TILL_DONE);
  EXPECT_EQ(bench.printed(), hex("1B 40 1C 2E 1B 74 11  1B 61 00 1B 45 00 1D 21 00 8F E0 A8 A2 A5 "
                                 "E2 0A  1D 56 42 00  1D 72 31"));
  Bench clone({{"profile", "xprinter"}, {"code_page", "cp1251"}, {"columns", 32}});
  EXPECT_EQ(clone
                .print({{{"text", "Привет"}, {"bold", true}, {"width", 2}, {"align", "centre"}},
                        {{"ean13", "4601234567893"}},
                        {{"feed", 2}},
                        {{"drawer", 1}}})
                .status,
            TILL_DONE);
  EXPECT_EQ(
      clone.printed(),
      hex("1B 40 1C 2E 1B 74 17  1B 61 01 1B 45 01 1D 21 10 CF F0 E8 E2 E5 F2 0A  1B 61 01 1D "
          "48 02 1D 68 50 1D 77 03 1D 6B 43 0D 34 36 30 31 32 33 34 35 36 37 38 39 33  1B 64 "
          "02  1B 70 01 19 FA  1D 72 31"));
}

TEST(EscposPrinter, LongLinesAreWrappedByTheColumnsOfTheirWidth) {
  Bench bench({{"columns", 32}, {"status", "none"}});
  bench.print({{{"text", std::string(40, 'a')}, {"width", 2}}});
  const auto bytes = bench.printed();
  EXPECT_EQ(bytes, hex("1B 40 1C 2E 1B 74 11 1B 61 00 1B 45 00 1D 21 10") +
                       to_hex(as_bytes(std::string(16, 'a') + "\n" + std::string(16, 'a') + "\n" +
                                       std::string(8, 'a') + "\n")));
}

TEST(EscposPrinter, Drawer) {
  Bench bench({{"drawer_pulse", 100}});
  EXPECT_EQ(bench.host.perform("drawer.open", {{"drawer", 0}}).status, TILL_DONE);
  EXPECT_EQ(bench.printed(), hex("1B 40 1C 2E 1B 74 11 1B 70 00 32 FA 1D 72 31"));
}

TEST(EscposPrinter, TroubleBeforeTheJobIsRefusedAndNothingIsPrinted) {
  const std::pair<std::array<std::uint8_t, 4>, Code> kTroubles[] = {
      {{0x1a, 0x16, 0x12, 0x12}, Code::kCoverOpen},
      {{0x1a, 0x32, 0x12, 0x72}, Code::kPaperOut},
      {{0x12, 0x12, 0x12, 0x72}, Code::kPaperOut},
      {{0x1a, 0x52, 0x1a, 0x12}, Code::kPrinterError},
      {{0x1a, 0x12, 0x12, 0x12}, Code::kPrinterError}};
  for (const auto& [status, code] : kTroubles) {
    Bench bench;
    bench.status = status;
    const auto out = bench.print(hello());
    EXPECT_EQ(out.status, TILL_REFUSED);
    EXPECT_EQ(out.error.code, code);
    EXPECT_EQ(bench.printed(), "");
    EXPECT_FALSE(bench.host.passed_no_return());
  }
}

TEST(EscposPrinter, SilenceBeforeTheJobIsRefused) {
  Bench bench;
  bench.silent = true;
  const auto out = bench.print(hello());
  EXPECT_EQ(out.status, TILL_REFUSED);
  EXPECT_EQ(out.error.code, Code::kTimeout);
}

TEST(EscposPrinter, TroubleDuringTheJobIsInDoubtAndNamed) {
  for (const bool answers_the_barrier : {false, true}) {
    Bench bench;
    bench.prints = answers_the_barrier;
    bench.status_after = {0x1a, 0x32, 0x12, 0x72};
    const auto out = bench.print(hello());
    EXPECT_EQ(out.status, TILL_IN_DOUBT);
    EXPECT_EQ(out.error.code, Code::kPaperOut);
  }
  Bench stuck;  // on-line, yet it never finishes
  stuck.prints = false;
  const auto out = stuck.print(hello());
  EXPECT_EQ(out.status, TILL_IN_DOUBT);
  EXPECT_EQ(out.error.code, Code::kTimeout);
}

TEST(EscposPrinter, CutAtEveryByte) {
  for (const bool reading : {false, true}) {
    for (std::size_t at = 1;; ++at) {
      Bench bench;
      if (reading) {
        bench.host.cut_after_read(at);
      } else {
        bench.host.cut_after_written(at);
      }
      const auto out = bench.print(hello());
      if (out.status == TILL_DONE) {
        // Four answers before, four after, the barrier's; the job and eight questions.
        EXPECT_EQ(at, reading ? 9U : 55U);
        break;
      }
      // Refused: not one byte of the job went out.
      if (out.status == TILL_REFUSED) {
        EXPECT_EQ(bench.printed().find("1b40"), std::string::npos);
      }
      EXPECT_EQ(out.error.code, Code::kPortLost);
      bench.host.set_connected(true);
      bench.got.clear();
      EXPECT_EQ(bench.print(hello()).status, TILL_DONE) << at;
    }
  }
}

TEST(EscposPrinter, NoiseBetweenTheAnswersIsSkipped) {
  Bench bench;
  bench.host.device_says(from_hex("11 13 FF 10 00 00 0F"));
  EXPECT_EQ(bench.print(hello()).status, TILL_DONE);
  // A stream of nonsense ends with the deadline, not never.
  Bench mad;
  mad.silent = true;
  mad.host.set_device([&](Bytes) { mad.host.device_says(Buffer(5000, 0x00)); });
  EXPECT_EQ(mad.print(hello()).error.code, Code::kTimeout);
}

TEST(EscposPrinter, Status) {
  Bench bench;
  bench.status = {0x1e, 0x16, 0x1a, 0x1e};
  const auto body = bench.host.perform("printer.status").body;
  EXPECT_EQ(
      json::serialize(body),
      R"({"online":false,"paper":"near_end","cover_open":true,"error":true,"drawer_open":true})");
  Bench blind({{"status", "none"}});
  EXPECT_EQ(blind.host.perform("printer.status").body.at("paper"), "unknown");
  EXPECT_EQ(blind.print(hello()).status, TILL_DONE);
}

TEST(EscposPrinter, BadItemsAreRefusedByName) {
  Bench bench;
  const auto refused = [&](json::array items) {
    const auto out = bench.print(std::move(items));
    EXPECT_EQ(out.status, TILL_REFUSED);
    EXPECT_EQ(bench.printed(), "");
    return code_name(out.error.code) + " " + out.error.detail;
  };
  EXPECT_EQ(refused({{{"feed", 1}}, {{"ean13", "4601234567894"}}}), "TB-2102 items[1]: ean13");
  EXPECT_EQ(refused({{{"qr", std::string(998, 'x')}}}), "TB-1009 items[0]: qr");
  EXPECT_EQ(refused({{{"text", "漢字"}}}), "TB-2204 items[0]: 2 characters");
  EXPECT_EQ(refused({{{"text", std::string(300000, 'x')}}}), "TB-1009 items");
  EXPECT_EQ(bench.host.perform("printer.dance").error.code, Code::kVerbUnsupported);
}

TEST(EscposPrinter, Settings) {
  const auto error = [](const json::object& settings) {
    FakeHost host;
    return host.activate(settings).error.detail;
  };
  EXPECT_EQ(error({{"profile", "citizen"}, {"code_page", "cp1251"}}),
            "code_page: citizen has none such");
  EXPECT_EQ(error({{"profile", "teapot"}}), "profile");
  EXPECT_EQ(error({{"columns", 40}}), "columns");
  EXPECT_EQ(error({{"drawer_pulse", 5}}), "drawer_pulse");
}

TEST(EscposPrinter, ModelsFileSaysWhatIsCompiledIn) {
  std::ifstream file(TILL_MODELS_JSON);
  std::stringstream text;
  text << file.rdbuf();
  const auto models = json::parse(text.str()).at("models").as_array();
  ASSERT_EQ(models.size(), escpos::profiles().size());
  for (const auto& m : models) {
    const auto* p = escpos::find_profile(m.at("profile").as_string());
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(p->cp866, m.at("cp866").as_int64());
    EXPECT_EQ(p->cp1251, m.at("cp1251").as_int64());
  }
}

}  // namespace
}  // namespace till
