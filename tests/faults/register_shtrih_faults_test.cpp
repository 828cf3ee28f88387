// The promise of the product: whatever happens to the cable, a sale is on fiscal paper exactly
// once and the driver knows it. The driver runs against the virtual register, which shares no code
// with it; the register's fiscal memory is the judge. Cuts are the matrix's (matrix.cpp); here
// are noise, what a person asks of the register, and receipts of all shapes.
#include <gtest/gtest.h>

#include <functional>

#include "sdk/cpp/base/base64.h"
#include "sdk/cpp/fiscal.h"
#include "sdk/testkit/fake_host.h"
#include "sim/register/register.h"
#include "sim/register/tlv.h"
#include "tests/faults/verdict.h"

namespace till {
namespace {

namespace json = boost::json;
using testkit::FakeHost;
using testkit::FakeOutcome;

constexpr const char* kWitness = "t1-000042/1";

struct World : sim::RegisterWorld {
  sim::FiscalVerdict fiscal_moment(bool /*after*/) override { return {}; }
  void print(const sim::Slip& slip) override { slips.push_back(slip); }
  std::vector<sim::Slip> slips;
};

FiscalReceipt two_coffees() {
  FiscalReceipt r;
  r.witness = kWitness;
  r.lines = {{.name = "Кофе", .price = {10000}, .quantity = {2000}, .sum = {20000}, .ru_ffd = {}},
             {.name = "Сахар", .price = {550}, .quantity = {1000}, .sum = {550}, .ru_ffd = {}}};
  r.payments = {{Tender::kElectronic, {20550}}};
  r.total = {20550};
  r.cashier.name = "Иванова А. А.";
  r.contact = "+79161234567";
  return r;
}

// Another till's sale with the same total.
sim::Receipt equal_sale() {
  sim::Receipt r;
  r.items.emplace_back();
  r.items[0].quantity = 1000000;
  r.items[0].price = r.items[0].sum = 20550;
  r.items[0].name = "Кофе";
  return r;
}

// What happens to one byte of a direction; the last: the answer to another command comes before it.
enum class Spoil { kFlip, kDrop, kDouble, kOtherAnswer };
struct Noise {
  void spoil(Buffer& bytes) {
    const std::size_t begin = seen;
    seen += bytes.size();
    if (!armed || at < begin || at >= seen) return;
    const auto it = bytes.begin() + static_cast<std::ptrdiff_t>(at - begin);
    if (what == Spoil::kDrop) bytes.erase(it);
    if (what == Spoil::kFlip) *it ^= 0x41;
    if (what == Spoil::kDouble) bytes.insert(it, *it);
    if (what == Spoil::kOtherAnswer) bytes.insert(it, {0x06, 0x02, 0x03, 0x13, 0x00, 0x1e, 0x0e});
    armed = false;
  }
  void arm(std::size_t position, Spoil how) {
    seen = 0;
    at = position;
    what = how;
    armed = true;
  }
  std::size_t seen = 0, at = 0;
  bool armed = false;
  Spoil what = Spoil::kFlip;
};

// One register, one driver and the cable between them.
struct Shop {
  Shop() {
    reg.open_shift(ms());
    host.set_device([this](Bytes b) {
      Buffer bytes = to_buffer(b);
      to_device.spoil(bytes);
      reg.receive(ms(), bytes);
      deliver();
    });
    host.set_clock([this](std::int64_t) {
      reg.tick(ms());
      deliver();
      const auto due = reg.next_due();
      return due ? std::optional(*due * 1000) : std::nullopt;
    });
    EXPECT_EQ(host.activate({}).status, TILL_DONE);
    host.pass_ms(1000);  // the opening report is printed
    const auto read = host.perform("fiscal.baseline");
    EXPECT_EQ(read.status, TILL_DONE);
    baseline = read.body;
  }

  [[nodiscard]] sim::Ms ms() const { return host.now_us / 1000; }
  void deliver() {
    Buffer out = reg.take_output();
    to_driver.spoil(out);
    if (!out.empty() && host.connected()) host.device_says(out);
  }
  void reconnect(std::uint32_t after_ms = 100) {
    host.set_connected(false);
    host.pass_ms(after_ms);
    host.set_connected(true);
  }
  FakeOutcome sell() {
    return host.perform("fiscal.receipt", {{"receipt", to_json(two_coffees())}});
  }
  FakeOutcome resolve() {
    return host.perform("fiscal.resolve",
                        {{"receipt", to_json(two_coffees())}, {"baseline", baseline}});
  }
  // What the fiscal memory says, read by other code than the driver's.
  [[nodiscard]] std::vector<sim::FiscalDocument> ours() const {
    std::vector<sim::FiscalDocument> found;
    for (const auto& d : memory.documents()) {
      const auto extra = d.type == 3 ? sim::find_tag(d.tlv, 1084) : std::nullopt;
      const auto value = extra ? sim::find_tag(*extra, 1086) : std::nullopt;
      if (value && sim::to_hex(*value) == sim::to_hex(sim::view_of(kWitness))) found.push_back(d);
    }
    return found;
  }

  static void expect_same_document(const json::value& told, const sim::FiscalDocument& kept) {
    const auto d = document_from_json(told);
    ASSERT_TRUE(d);
    EXPECT_EQ(d->number, kept.fd);
    EXPECT_EQ(d->sign, kept.fpd);
    EXPECT_EQ(d->fiscal_memory, kept.fn);
    EXPECT_EQ(d->total.minor, kept.total);
    EXPECT_EQ(d->kind, "sale");
  }
  bool document_open() { return reg.state(ms()).receipt_open; }
  void pass_ms(std::uint32_t pause) { host.pass_ms(pause); }

  sim::RamFiscalMemory memory;
  World world;
  FakeHost host;
  sim::Register reg{{}, memory, world, ms()};
  json::value baseline;
  Noise to_device, to_driver;
};

// Any single byte lost, flipped or doubled, either way: what is broken is repeated, the sale done
// once.
TEST(Noise, AnySingleByte) {
  for (const int kind : {0, 1, 2, 3, 4, 5}) {
    const auto how = static_cast<Spoil>(kind % 3);
    std::size_t at = 0;
    for (bool reached = true; reached; ++at) {
      SCOPED_TRACE("noise " + std::to_string(kind) + " at " + std::to_string(at));
      Shop shop;
      Noise& noise = kind < 3 ? shop.to_device : shop.to_driver;
      noise.arm(at, how);
      const auto sold = shop.sell();
      reached = !noise.armed;
      // A byte of ours that arrives twice may be an answer asked for twice: then the driver may
      // give up, and its word is true all the same.
      if (kind != 2) {
        EXPECT_EQ(sold.status, TILL_DONE) << code_name(sold.error.code) << sold.error.detail;
      }
      shop.reconnect();
      faults::expect_true_verdict(shop);
      EXPECT_EQ(shop.ours().size(), sold.status == TILL_DONE ? 1U : shop.ours().size());
      ASSERT_FALSE(HasFatalFailure());
    }
    EXPECT_GT(at, 150U);
  }
}

// The whole answer of another command in front of any byte of ours: whatever the driver makes of
// it, its word is the memory's.
TEST(Noise, AnAnswerToAnotherCommandAnywhere) {
  std::size_t at = 0;
  for (bool reached = true; reached; ++at) {
    SCOPED_TRACE(at);
    Shop shop;
    shop.to_driver.arm(at, Spoil::kOtherAnswer);
    const auto sold = shop.sell();
    reached = !shop.to_driver.armed;
    if (sold.status == TILL_REFUSED) {
      EXPECT_TRUE(shop.ours().empty());
      EXPECT_TRUE(sold.dirty || !shop.document_open());
    }
    if (sold.status == TILL_DONE) {
      EXPECT_EQ(shop.ours().size(), 1U);
    }
    shop.reconnect();
    faults::expect_true_verdict(shop);
    ASSERT_FALSE(HasFatalFailure());
  }
  EXPECT_GT(at, 150U);
}

// Two equal sales of ours in a row: the second one's doubt is not answered by the first.
TEST(Twins, TheFirstSaleDoesNotAnswerForTheSecond) {
  Shop shop;
  ASSERT_EQ(shop.reg.foreign_sale(shop.ms(), equal_sale()), 0);
  shop.host.pass_ms(1000);
  shop.baseline = shop.host.perform("fiscal.baseline").body;
  shop.host.cut_after_written(40);
  EXPECT_NE(shop.sell().status, TILL_DONE);
  shop.reconnect();
  faults::expect_true_verdict(shop);
  EXPECT_TRUE(shop.ours().empty());
  // And the register is free for the next attempt.
  EXPECT_EQ(shop.sell().status, TILL_DONE);
  EXPECT_EQ(shop.ours().size(), 1U);
}

TEST(Recover, ClosesWhatARefusedSaleLeftOpen) {
  Shop shop;
  shop.host.cut_after_written(180);
  const auto sold = shop.sell();
  ASSERT_EQ(sold.status, TILL_REFUSED);
  ASSERT_TRUE(sold.dirty);
  shop.reconnect();
  ASSERT_TRUE(shop.reg.state(shop.ms()).receipt_open);
  EXPECT_EQ(shop.host.perform("fiscal.recover").status, TILL_DONE);
  EXPECT_FALSE(shop.reg.state(shop.ms()).receipt_open);
  EXPECT_TRUE(shop.ours().empty());
}

// ---- what a person asks ----

RegisterStatus status_of(Shop& shop) {
  const auto out = shop.host.perform("fiscal.status", {{"detail", true}});
  EXPECT_EQ(out.status, TILL_DONE) << out.error.detail;
  return status_from_json(out.body).value_or(RegisterStatus{});
}

TEST(Service, TheWholeState) {
  Shop shop;
  const auto s = status_of(shop);
  EXPECT_EQ(s.model, "ШТРИХ-М-02Ф");
  EXPECT_EQ(s.fiscal_memory, "9999078900000001");
  EXPECT_EQ(s.memory_phase, "operating");
  EXPECT_EQ(s.shift, "open");
  EXPECT_EQ(s.unsent_documents, 2U);
  EXPECT_TRUE(s.oldest_unsent);
  EXPECT_EQ(s.memory_expires->size(), 10U);
  EXPECT_EQ(s.device_time.substr(0, 10), "2027-01-15");
  EXPECT_FALSE(s.memory_warning);
  EXPECT_EQ(s.documents_left, 229'998U);
}

TEST(Service, CashInAndOut) {
  Shop shop;
  const auto move = [&](const char* direction, std::int64_t amount) {
    shop.host.pass_ms(1000);
    return shop.host.perform("fiscal.cash", {{"direction", direction}, {"amount", amount}});
  };
  EXPECT_EQ(move("in", 50000).status, TILL_DONE);
  EXPECT_EQ(move("out", 20000).status, TILL_DONE);
  EXPECT_EQ(status_of(shop).cash_in_drawer, Money{30000});
  EXPECT_EQ(move("out", 40000).status, TILL_REFUSED);
  EXPECT_EQ(move("in", -1).error.code, Code::kOutOfRange);
  EXPECT_EQ(move("up", 1).error.code, Code::kBadValue);
}

TEST(Service, SettingsAreReadAndWritten) {
  Shop shop;
  const json::object name{{"table", 2}, {"row", 1}, {"field", 2}};
  EXPECT_EQ(shop.host.perform("fiscal.read_setting", name).body.at("value"), "ОПЕРАТОР1");
  json::object change = name;
  change["value"] = "Анна";
  const auto out = shop.host.perform("fiscal.write_setting", change);
  EXPECT_EQ(out.body, (json::value{{"before", "ОПЕРАТОР1"}, {"value", "Анна"}}));
  const json::object flag{{"table", 17}, {"row", 1}, {"field", 71}};
  EXPECT_EQ(shop.host.perform("fiscal.read_setting", flag).body.at("value"), "1");
  json::object wide = flag;
  wide["value"] = "256";
  EXPECT_EQ(shop.host.perform("fiscal.write_setting", wide).error.code, Code::kOutOfRange);
  wide["value"] = "x";
  EXPECT_EQ(shop.host.perform("fiscal.write_setting", wide).error.code, Code::kBadValue);
  EXPECT_EQ(
      shop.host.perform("fiscal.read_setting", {{"table", 99}, {"row", 1}, {"field", 1}}).status,
      TILL_REFUSED);
}

TEST(Service, SettlementReportAndCopy) {
  Shop shop;
  EXPECT_EQ(shop.host.perform("fiscal.settlement_report").status, TILL_DONE);
  EXPECT_EQ(shop.memory.documents().back().type, 21);
  EXPECT_EQ(shop.sell().status, TILL_DONE);
  EXPECT_EQ(shop.host.perform("fiscal.copy").status, TILL_DONE);
  EXPECT_EQ(shop.world.slips.back().lines.front(), "КОПИЯ ДОКУМЕНТА");
  EXPECT_EQ(shop.host.perform("drawer.open").status, TILL_DONE);
  EXPECT_EQ(shop.reg.state(shop.ms()).drawer_pulses, 1U);
}

TEST(Service, TheClockIsSetInAClosedShift) {
  Shop shop;
  const json::object time{{"time", "2027-02-03T04:05:06"}};
  EXPECT_EQ(shop.host.perform("fiscal.set_clock", time).status, TILL_REFUSED);
  EXPECT_EQ(shop.host.perform("fiscal.close_shift").status, TILL_DONE);
  EXPECT_EQ(shop.host.perform("fiscal.set_clock", time).status, TILL_DONE);
  EXPECT_EQ(status_of(shop).device_time.substr(0, 16), "2027-02-03T04:05");
  EXPECT_EQ(shop.host.perform("fiscal.set_clock", {{"time", "tomorrow"}}).error.code,
            Code::kBadValue);
}

// ---- receipts of all shapes ----

TEST(Receipt, AMarkingCodeStandsInTheDocument) {
  Shop shop;
  auto r = two_coffees();
  r.lines[0].quantity = {1000};
  r.lines[0].price = {20000};
  r.lines[0].marking_code =
      "010460123456789321abc\x1d"
      "93dGVz";
  r.lines[1].ru_ffd.measure_2108 = 11;
  const auto out = shop.host.perform("fiscal.receipt", {{"receipt", to_json(r)}});
  ASSERT_EQ(out.status, TILL_DONE) << out.error.detail;
  const auto item = sim::find_tag(shop.memory.documents().back().tlv, 1059);
  ASSERT_TRUE(item);
  const auto mark = sim::find_tag(*item, 2000);
  ASSERT_TRUE(mark);
  EXPECT_EQ(std::string(mark->begin(), mark->end()), r.lines[0].marking_code);
}

TEST(Receipt, CharactersItCannotPrintAreTold) {
  Shop shop;
  auto r = two_coffees();
  r.cashier.name = "Ли 李 «Анна»";
  r.lines[1].name = "Чай 茶 «зелёный»";
  const auto out = shop.host.perform("fiscal.receipt", {{"receipt", to_json(r)}});
  ASSERT_EQ(out.status, TILL_DONE);
  EXPECT_EQ(
      document_from_json(out.body)->notes,
      (std::vector<std::string>{"lines[1].name: 1 characters printed as ?",
                                "cashier.name: 1 characters printed as ?, 2 as look-alikes"}));
  Shop strict;
  ASSERT_EQ(strict.host.activate({{"unprintable", "refuse"}}).status, TILL_DONE);
  const auto refused = strict.host.perform("fiscal.receipt", {{"receipt", to_json(r)}});
  EXPECT_EQ(refused.error.code, Code::kUnencodable);
  EXPECT_EQ(refused.error.detail, "lines[1].name");
  EXPECT_FALSE(refused.dirty);
}

// A correction of FFD 1.05 carries no witness; its kind and total find it, wherever the line broke.
TEST(Receipt, ACorrectionOfFfd105CutAnywhere) {
  for (const bool to_device : {true, false}) {
    std::size_t at = 0;
    for (bool reached = true; reached; ++at) {
      SCOPED_TRACE(std::string(to_device ? "to the device" : "answer") + " cut at " +
                   std::to_string(at));
      Shop shop;
      ASSERT_EQ(shop.host.activate({{"ffd", "1.05"}}).status, TILL_DONE);
      auto r = two_coffees();
      r.correction = Correction{true, "2026-11-20", "17"};
      r.ru_ffd.tax_system_1055 = 1;  // the format knows no usual one
      if (to_device) {
        shop.host.cut_after_written(at);
      } else {
        shop.host.cut_after_read(at);
      }
      auto out = shop.host.perform("fiscal.receipt", {{"receipt", to_json(r)}});
      reached = !shop.host.connected();
      shop.reconnect();
      const auto made = [&] {
        return std::ranges::count(shop.memory.documents(), 31, &sim::FiscalDocument::type);
      };
      if (!reached) {
        EXPECT_EQ(out.status, TILL_DONE) << out.error.detail;
      }
      if (out.status == TILL_REFUSED && !out.dirty) {
        EXPECT_EQ(made(), 0);
        continue;
      }
      if (out.status != TILL_DONE) {
        out = shop.host.perform("fiscal.resolve",
                                {{"receipt", to_json(r)}, {"baseline", shop.baseline}});
        ASSERT_EQ(out.status, TILL_DONE) << out.error.detail;
        const auto found = resolution_from_json(out.body);
        EXPECT_EQ(found->verdict,
                  made() == 1 ? ResolutionVerdict::kDone : ResolutionVerdict::kRefused)
            << found->reason;
      }
      shop.host.pass_ms(60000);
      EXPECT_LE(made(), 1);
      EXPECT_EQ(shop.host.perform("fiscal.status").body.at("document_open"), false);
      EXPECT_EQ(shop.sell().status, TILL_DONE) << "the register is free again";
    }
    EXPECT_GT(at, 100U);
  }
}

TEST(Receipt, AFullMemoryRefusesAndNothingStaysOpen) {
  Shop shop;
  shop.reg.options().memory_holds = shop.memory.documents().size();
  EXPECT_EQ(status_of(shop).documents_left, 0U);
  const auto out = shop.sell();
  EXPECT_EQ(out.status, TILL_REFUSED);
  EXPECT_EQ(out.error.vendor, "14h");
  ASSERT_TRUE(out.dirty);
  EXPECT_EQ(shop.host.perform("fiscal.recover").status, TILL_DONE);
  EXPECT_FALSE(shop.document_open());
  EXPECT_TRUE(shop.ours().empty());
}

TEST(Service, PicturesAreKeptAndPrinted) {
  Shop shop;
  // A black square of sixteen dots beside a white one.
  Buffer square;
  for (int i = 0; i < 16; ++i) append(square, Buffer{0xff, 0xff, 0, 0});
  const json::object picture{{"first_line", 1}, {"width", 32}, {"bits", to_base64(square)}};
  ASSERT_EQ(shop.host.perform("fiscal.load_picture", picture).status, TILL_DONE);
  const json::object lines{{"first_line", 1}, {"last_line", 16}};
  ASSERT_EQ(shop.host.perform("fiscal.print_picture", lines).status, TILL_DONE);
  EXPECT_EQ(shop.world.slips.back().lines, std::vector{"##" + std::string(38, ' ')});
}

TEST(Service, ACutterThatJamsIsToldUntilItCutsAgain) {
  Shop shop;
  const json::object lines{{"first_line", 1}, {"last_line", 16}};
  const auto fault = [&] {
    return shop.host.perform("fiscal.status").body.at("cutter_fault").as_bool();
  };
  EXPECT_FALSE(fault());
  shop.reg.options().cutter_jams = true;
  EXPECT_EQ(shop.host.perform("fiscal.print_picture", lines).status, TILL_REFUSED);
  EXPECT_TRUE(fault());
  shop.reg.options().cutter_jams = false;
  EXPECT_EQ(shop.host.perform("fiscal.print_picture", lines).status, TILL_DONE);
  EXPECT_FALSE(fault());
}

// All paid by points: the line costs nothing, and so does the receipt.
TEST(Receipt, PaidByPointsAltogether) {
  Shop shop;
  auto r = two_coffees();
  for (auto& line : r.lines) line.price = line.sum = {};
  r.total = {};
  r.payments = {{Tender::kCounterProvision, {}}};
  EXPECT_EQ(shop.host.perform("fiscal.receipt", {{"receipt", to_json(r)}}).status, TILL_DONE);
  EXPECT_EQ(shop.memory.documents().back().total, 0);
}

TEST(Receipt, FiveHundredLinesAndNoMore) {
  Shop shop;
  auto r = two_coffees();
  r.lines.resize(1);
  r.lines.resize(500, r.lines[0]);
  r.total = {std::int64_t{500} * 20000};
  r.payments[0].amount = r.total;
  const auto out = shop.host.perform("fiscal.receipt", {{"receipt", to_json(r)}});
  // This register's buffer is full before that: refused, with nothing left open.
  EXPECT_EQ(out.status, TILL_REFUSED);
  EXPECT_TRUE(out.dirty);
  EXPECT_EQ(shop.host.perform("fiscal.recover").status, TILL_DONE);
  EXPECT_FALSE(shop.reg.state(shop.ms()).receipt_open);
  r.lines.push_back(r.lines[0]);
  const auto many = shop.host.perform("fiscal.receipt", {{"receipt", to_json(r)}});
  EXPECT_EQ(many.error.code, Code::kTooManyLines);
  EXPECT_FALSE(many.dirty);
}

// Nothing is sent of a receipt that cannot be right; the error names the field.
TEST(Receipt, WrongOnesAreRefusedBeforeAnythingIsSent) {
  struct Wrong {
    std::function<void(FiscalReceipt&)> make;
    Code code;
    const char* field;
  };
  const Wrong kWrongs[] = {
      {[](auto& r) { r.lines[1].sum = {-1}; }, Code::kOutOfRange, "lines[1].sum"},
      {[](auto& r) { r.lines[0].sum = {20001}; }, Code::kBadValue, "lines[0].sum"},
      {[](auto& r) { r.lines[0].quantity = {}; }, Code::kOutOfRange, "lines[0].quantity"},
      {[](auto& r) { r.lines[0].price = {INT64_MAX}; }, Code::kOutOfRange, "lines[0].price"},
      {[](auto& r) { r.lines[0].tax = {TaxKind::kRate, {1900}}; }, Code::kOutOfRange,
       "lines[0].tax 19.00"},
      {[](auto& r) { r.lines[1].tax = {TaxKind::kRate, {2000}}; }, Code::kBadValue,
       "lines[1].tax 20.00 %: not in force"},
      {[](auto& r) { r.lines[0].ru_ffd.payment_object_1212 = 99999; }, Code::kOutOfRange,
       "lines[0].ru_ffd.payment_object_1212"},
      {[](auto& r) { r.lines[0].ru_ffd.payment_method_1214 = 8; }, Code::kOutOfRange,
       "lines[0].ru_ffd.payment_method_1214"},
      {[](auto& r) { r.lines[0].ru_ffd.measure_2108 = 300; }, Code::kOutOfRange,
       "lines[0].ru_ffd.measure_2108"},
      {[](auto& r) { r.ru_ffd.tax_system_1055 = 3; }, Code::kOutOfRange, "ru_ffd.tax_system_1055"},
      {[](auto& r) { r.contact = std::string(65, 'a'); }, Code::kTooLarge, "contact"},
      {[](auto& r) { r.cashier.name = std::string(65, 'a'); }, Code::kTooLarge, "cashier.name"},
      {[](auto& r) { r.cashier.tax_number = "77-1"; }, Code::kBadValue, "cashier.tax_number"},
      {[](auto& r) { r.correction = Correction{false, "2026-02-30", ""}; }, Code::kBadValue,
       "correction.date"},
      {[](auto& r) { r.correction = Correction{true, "2026-02-20", std::string(33, '7')}; },
       Code::kTooLarge, "correction.number"},
      {[](auto& r) { r.lines[0].name = std::string(129, 'x'); }, Code::kTooLarge, "lines[0].name"},
      {[](auto& r) { r.total = {20549}; }, Code::kBadValue, "total"},
      {[](auto& r) { r.payments[0].amount = {100}; }, Code::kPaymentShort, "204.50"},
      {[](auto& r) { r.payments[0].amount = {30000}; }, Code::kOutOfRange, "payments"},
      {[](auto& r) { r.witness.clear(); }, Code::kMissingField, "witness"},
      {[](auto& r) { r.correction = Correction{false, "yesterday", ""}; }, Code::kBadValue,
       "correction.date"},
      {[](auto& r) { r.lines[0].marking_code = std::string(192, 'x'); }, Code::kTooLarge,
       "lines[0].marking_code"},
      {[](auto& r) { r.lines[0].marking_code = "x"; }, Code::kOutOfRange, "lines[0].quantity"},
      {[](auto& r) { r.lines[1].ru_ffd.payment_object_1212 = 33; }, Code::kMissingField,
       "lines[1].marking_code"},
      {[](auto& r) {
         r.lines[1].marking_code = "x";
         r.lines[1].ru_ffd.payment_object_1212 = 32;
       },
       Code::kBadValue, "lines[1].ru_ffd.payment_object_1212"},
  };
  for (const auto& wrong : kWrongs) {
    Shop shop;
    auto r = two_coffees();
    wrong.make(r);
    const auto before = shop.reg.state(shop.ms()).last_fd;
    const auto out = shop.host.perform("fiscal.receipt", {{"receipt", to_json(r)}});
    EXPECT_EQ(out.status, TILL_REFUSED) << wrong.field;
    EXPECT_EQ(out.error.code, wrong.code) << wrong.field << " " << out.error.detail;
    EXPECT_NE(out.error.detail.find(wrong.field), std::string::npos) << out.error.detail;
    EXPECT_FALSE(out.dirty);
    EXPECT_EQ(shop.reg.state(shop.ms()).last_fd, before);
    EXPECT_FALSE(shop.reg.state(shop.ms()).receipt_open);
  }
}

TEST(Receipt, AWrongPasswordLeavesNothingOpen) {
  Shop shop;
  ASSERT_EQ(shop.host.activate({{"password", 999}}).status, TILL_DONE);
  const auto out = shop.sell();
  EXPECT_EQ(out.status, TILL_REFUSED);
  EXPECT_EQ(out.error.code, Code::kRegisterPassword);
  EXPECT_FALSE(out.error.vendor.empty());
  EXPECT_FALSE(shop.reg.state(shop.ms()).receipt_open);
}

}  // namespace
}  // namespace till
