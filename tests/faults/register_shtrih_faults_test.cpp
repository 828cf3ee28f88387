// The promise of the product: whatever happens to the cable, a sale is on fiscal paper exactly
// once and the driver knows it. The driver runs against the virtual register, which shares no code
// with it; the register's fiscal memory is the judge. The cable is cut at every byte.
#include <gtest/gtest.h>

#include <functional>

#include "sdk/cpp/fiscal.h"
#include "sdk/testkit/fake_host.h"
#include "sim/base/civil.h"
#include "sim/register/codes.h"
#include "sim/register/register.h"
#include "sim/register/tlv.h"

namespace till {
namespace {

namespace json = boost::json;
using testkit::FakeHost;
using testkit::FakeOutcome;

constexpr const char* kWitness = "t1-000042/1";

struct World : sim::RegisterWorld {
  sim::FiscalVerdict fiscal_moment(bool after) override {
    return std::exchange(after ? next_after : next_before, {});
  }
  void print(const sim::Slip& slip) override { slips.push_back(slip); }
  sim::FiscalVerdict next_before, next_after;
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

// One byte of a direction is lost or flipped.
struct Noise {
  void spoil(Buffer& bytes) {
    const std::size_t begin = seen;
    seen += bytes.size();
    if (!armed || at < begin || at >= seen) return;
    const auto it = bytes.begin() + static_cast<std::ptrdiff_t>(at - begin);
    if (drop) {
      bytes.erase(it);
    } else {
      *it ^= 0x41;
    }
    armed = false;
  }
  void arm(std::size_t position, bool lose) {
    seen = 0;
    at = position;
    drop = lose;
    armed = true;
  }
  std::size_t seen = 0, at = 0;
  bool armed = false, drop = false;
};

// One register, one driver and the cable between them.
struct Shop {
  Shop() {
    reg.open_shift(ms());
    host.set_device([this](Bytes b) {
      Buffer bytes = to_buffer(b);
      if (hide_witness) misread(bytes);
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
  // A register that cannot show a document's content: FF3A asks for one that is not there.
  static void misread(Buffer& frame) {
    if (frame.size() != 13 || frame[2] != 0xff || frame[3] != 0x3a) return;
    for (std::size_t i = 8; i < 12; ++i) frame[i] = 0xff;
    frame[12] = 0;
    for (std::size_t i = 1; i < 12; ++i) frame[12] ^= frame[i];
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

  sim::RamFiscalMemory memory;
  World world;
  FakeHost host;
  sim::Register reg{{}, memory, world, ms()};
  json::value baseline;
  bool hide_witness = false;
  Noise to_device, to_driver;
};

enum class Where { kWritten, kAfterRead, kBeforeRead };

void cut(Shop& shop, Where where, std::size_t at) {
  if (where == Where::kWritten) shop.host.cut_after_written(at);
  if (where == Where::kAfterRead) shop.host.cut_after_read(at);
  if (where == Where::kBeforeRead) shop.host.cut_before_read(at);
}

void expect_same_document(const json::value& told, const sim::FiscalDocument& kept) {
  const auto d = document_from_json(told);
  ASSERT_TRUE(d);
  EXPECT_EQ(d->number, kept.fd);
  EXPECT_EQ(d->sign, kept.fpd);
  EXPECT_EQ(d->fiscal_memory, kept.fn);
  EXPECT_EQ(d->total.minor, kept.total);
  EXPECT_EQ(d->kind, "sale");
}

// The verdict of resolve against the fiscal memory, now, asked again and a minute later.
void expect_true_verdict(Shop& shop) {
  std::string first;
  for (int i = 0; i < 2; ++i) {
    const auto out = shop.resolve();
    ASSERT_EQ(out.status, TILL_DONE) << code_name(out.error.code) << " " << out.error.detail;
    const auto ours = shop.ours();
    ASSERT_LE(ours.size(), 1U) << "sold twice";
    const auto r = resolution_from_json(out.body);
    ASSERT_TRUE(r);
    if (ours.empty()) {
      ASSERT_EQ(r->verdict, ResolutionVerdict::kRefused) << r->reason;
    } else {
      ASSERT_EQ(r->verdict, ResolutionVerdict::kDone) << r->reason;
      expect_same_document(out.body.at("document"), ours[0]);
    }
    EXPECT_FALSE(shop.reg.state(shop.ms()).receipt_open);
    if (i == 0) first = json::serialize(out.body);
    EXPECT_EQ(json::serialize(out.body), first) << "asked again, answered otherwise";
    shop.host.pass_ms(60000);
    ASSERT_EQ(shop.ours().size(), ours.size()) << "executed after the verdict";
  }
}

using Step = std::function<void(Shop&)>;
void nothing(Shop&) {}

// Sells with the cable cut at every position; `before` prepares the shop, `meanwhile` happens
// while the cable is out, `judge` looks at the end. Returns how many positions there were.
std::size_t cut_everywhere(Where where, const Step& before, const Step& meanwhile,
                           const Step& judge = expect_true_verdict,
                           std::uint32_t reconnect_after_ms = 100) {
  for (std::size_t at = where == Where::kWritten ? 1 : 0;; ++at) {
    Shop shop;
    before(shop);
    cut(shop, where, at);
    const auto sold = shop.sell();
    const bool was_cut = !shop.host.connected();
    SCOPED_TRACE("cut " + std::to_string(static_cast<int>(where)) + " at " + std::to_string(at));
    if (sold.status == TILL_DONE) {
      EXPECT_EQ(shop.ours().size(), 1U);
      expect_same_document(sold.body, shop.ours().at(0));
    } else if (sold.status == TILL_REFUSED) {
      EXPECT_TRUE(shop.ours().empty()) << "refused and sold";
      EXPECT_TRUE(sold.dirty || !shop.reg.state(shop.ms()).receipt_open) << "open and not said so";
    }
    shop.reconnect(reconnect_after_ms);
    meanwhile(shop);
    judge(shop);
    if (!was_cut || testing::Test::HasFatalFailure()) return at;
  }
}

class Cut : public testing::TestWithParam<Where> {};
INSTANTIATE_TEST_SUITE_P(Cable, Cut,
                         testing::Values(Where::kWritten, Where::kAfterRead, Where::kBeforeRead));

TEST_P(Cut, AtEveryByteTheVerdictIsWhatTheFiscalMemorySays) {
  EXPECT_GT(cut_everywhere(GetParam(), nothing, nothing), 150U);
}

TEST_P(Cut, ExecutedLate) {
  for (const sim::Ms late : {700, 15000}) {
    EXPECT_GT(cut_everywhere(
                  GetParam(), [&](Shop& s) { s.world.next_before.delay = late; }, nothing),
              150U);
  }
}

TEST_P(Cut, EqualReceiptOfAnotherTillMeanwhile) {
  std::size_t foreign = 0;
  cut_everywhere(GetParam(), nothing, [&](Shop& s) {
    s.host.pass_ms(2000);
    foreign += s.reg.foreign_sale(s.ms(), equal_sale()) == 0 ? 1 : 0;
  });
  EXPECT_GT(foreign, 20U);
}

TEST_P(Cut, AutomaticShiftCloseMeanwhile) {
  std::size_t closed = 0;
  cut_everywhere(GetParam(), nothing, [&](Shop& s) {
    s.host.pass_ms(2000);
    closed += s.reg.close_shift(s.ms()) == 0 ? 1 : 0;
    s.host.pass_ms(2000);
    s.reg.foreign_sale(s.ms(), equal_sale());
  });
  EXPECT_GT(closed, 20U);
}

TEST_P(Cut, PaperOutAtClosing) {
  cut_everywhere(
      GetParam(), [](Shop& s) { s.reg.run_out_while_printing(); }, nothing,
      [](Shop& s) {
        expect_true_verdict(s);
        if (s.ours().empty()) return;
        // Fiscal without paper: never registered again, only printed to the end.
        EXPECT_FALSE(s.resolve().body.at("document").at("printed").as_bool());
        EXPECT_EQ(s.host.perform("fiscal.continue_printing").error.code, Code::kPaperOut);
        s.reg.set_paper(s.ms(), true);
        EXPECT_EQ(s.host.perform("fiscal.continue_printing").status, TILL_DONE);
        s.host.pass_ms(1000);
        ASSERT_FALSE(s.world.slips.empty());
        EXPECT_EQ(s.world.slips.back().fd, s.ours()[0].fd);
        EXPECT_TRUE(s.resolve().body.at("document").at("printed").as_bool());
        EXPECT_EQ(s.ours().size(), 1U);
      });
}

TEST_P(Cut, PaperOutInBetween) {
  cut_everywhere(GetParam(), nothing, [](Shop& s) { s.reg.set_paper(s.ms(), false); });
}

TEST_P(Cut, PowerLostBeforeTheFiscalMoment) {
  cut_everywhere(
      GetParam(), [](Shop& s) { s.world.next_before.power_off = true; },
      [](Shop& s) { s.reg.power(s.ms(), true); });
}

TEST_P(Cut, PowerLostAfterTheFiscalMoment) {
  cut_everywhere(
      GetParam(), [](Shop& s) { s.world.next_after.power_off = true; },
      [](Shop& s) { s.reg.power(s.ms(), true); });
}

TEST_P(Cut, AnotherFiscalMemoryNeedsAPerson) {
  cut_everywhere(
      GetParam(), nothing, [](Shop& s) { EXPECT_EQ(s.reg.replace(s.ms()), 0); },
      [](Shop& s) {
        for (int i = 0; i < 2; ++i) {
          const auto out = s.resolve();
          ASSERT_EQ(out.status, TILL_DONE);
          EXPECT_EQ(out.body.at("verdict"), "needs_person");
        }
      });
}

// With no witness to read, a single document of the right kind and total is ours.
TEST_P(Cut, UnreadableWitness) {
  cut_everywhere(GetParam(), nothing, [](Shop& s) { s.hide_witness = true; });
}

// Two that fit: only a person can tell.
TEST_P(Cut, UnreadableWitnessAndAnEqualReceipt) {
  std::size_t undecided = 0;
  cut_everywhere(
      GetParam(), nothing,
      [](Shop& s) {
        s.hide_witness = true;
        s.host.pass_ms(2000);
        s.reg.foreign_sale(s.ms(), equal_sale());
      },
      [&](Shop& s) {
        const std::size_t fitting = s.memory.documents().size() - 2;  // registration, shift
        const auto out = s.resolve();
        ASSERT_EQ(out.status, TILL_DONE);
        ASSERT_EQ(json::serialize(s.resolve().body), json::serialize(out.body));
        const auto r = resolution_from_json(out.body);
        ASSERT_TRUE(r);
        if (fitting == 2) {
          ++undecided;
          EXPECT_EQ(r->verdict, ResolutionVerdict::kNeedsPerson);
          EXPECT_EQ(r->candidates.size(), 2U);
        } else if (fitting == 0) {
          EXPECT_EQ(r->verdict, ResolutionVerdict::kRefused);
        } else if (!s.ours().empty()) {
          EXPECT_EQ(r->verdict, ResolutionVerdict::kDone);
        }
      });
  EXPECT_GT(undecided, 5U);
}

// The second cut falls into the resolve; asked again it still tells the truth.
TEST(Resolve, CutItself) {
  for (std::size_t sale_cut = 40; sale_cut < 460; sale_cut += 30) {
    bool reached = false;
    for (std::size_t at = 1; !reached; at += 3) {
      SCOPED_TRACE("sale cut at " + std::to_string(sale_cut) + ", resolve at " +
                   std::to_string(at));
      Shop shop;
      shop.host.cut_after_written(sale_cut);
      shop.sell();
      shop.reconnect();
      shop.host.cut_after_written(at);
      const auto cut_short = shop.resolve();
      reached = shop.host.connected();
      EXPECT_TRUE(reached || cut_short.status != TILL_DONE || shop.ours().size() <= 1);
      shop.reconnect();
      expect_true_verdict(shop);
      ASSERT_FALSE(HasFatalFailure());
    }
  }
}

// Any single byte lost or flipped, either way: the frame is repeated, the sale is done once.
TEST(Noise, AnySingleByte) {
  for (const int kind : {0, 1, 2, 3}) {
    const bool drop = kind % 2 == 1;
    std::size_t at = 0;
    for (bool reached = true; reached; ++at) {
      SCOPED_TRACE("noise " + std::to_string(kind) + " at " + std::to_string(at));
      Shop shop;
      Noise& noise = kind < 2 ? shop.to_device : shop.to_driver;
      noise.arm(at, drop);
      const auto sold = shop.sell();
      reached = !noise.armed;
      EXPECT_EQ(sold.status, TILL_DONE) << code_name(sold.error.code) << sold.error.detail;
      shop.reconnect();
      expect_true_verdict(shop);
      EXPECT_EQ(shop.ours().size(), sold.status == TILL_DONE ? 1U : shop.ours().size());
      ASSERT_FALSE(HasFatalFailure());
    }
    EXPECT_GT(at, 150U);
  }
}

// The close is in, the cable is back at once, the register still works on it for longer than a
// resolve waits: no verdict at all is given before it is idle.
TEST(Late, NoVerdictWhileTheRegisterExecutes) {
  Shop shop;
  shop.world.next_before.delay = 120000;
  const auto sold = shop.sell();
  ASSERT_EQ(sold.status, TILL_IN_DOUBT) << code_name(sold.error.code);
  shop.reconnect();
  const auto early = shop.resolve();
  EXPECT_TRUE(!shop.ours().empty() || early.status != TILL_DONE);
  shop.host.pass_ms(120000);
  expect_true_verdict(shop);
  EXPECT_EQ(shop.ours().size(), 1U);
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
  expect_true_verdict(shop);
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

}  // namespace
}  // namespace till
