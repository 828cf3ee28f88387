// Whatever happens to the cable, a sale is on fiscal paper exactly once and the driver knows it:
// the Datecs driver against the virtual printer, which shares no code with it. The cable is cut at
// every byte; the printer's memory is the judge.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/faults/verdict.h"

namespace till::faults {
namespace {

namespace json = boost::json;

constexpr const char* kWitness = "0190e5b6-8d2a-7cc1-9d3f-0123456789ab/1";

FiscalReceipt two_coffees() {
  FiscalReceipt r;
  r.witness = kWitness;
  r.lines = {{.name = "Кафе",
              .price = {205},
              .quantity = {2000},
              .sum = {410},
              .tax = {TaxKind::kRate, {2000}}},
             {.name = "Захар",
              .price = {55},
              .quantity = {1000},
              .sum = {55},
              .tax = {TaxKind::kRate, {900}}}};
  r.payments = {{Tender::kCash, {200}}, {Tender::kElectronic, {265}}};
  r.total = {465};
  r.cashier.name = "Иванова";
  return r;
}

struct Shop : RigShop {
  Shop() : RigShop(variants()[0], two_coffees()) {}
};

using Step = std::function<void(Shop&)>;
void nothing(Shop&) {}

struct Seen {
  std::size_t positions = 0, done = 0, refused = 0, in_doubt = 0, fiscal = 0;
};

// Sells with the cable cut at every position; `before` prepares the shop, `meanwhile`
// happens while the cable is out, `judge` looks at the end.
Seen cut_everywhere(Where where, const Step& before, const Step& meanwhile,
                    const Step& judge = expect_true_verdict<Shop>) {
  Seen seen;
  for (std::size_t at = where == Where::kToDevice ? 1 : 0;; ++at) {
    Shop shop;
    before(shop);
    SCOPED_TRACE("cut " + std::to_string(static_cast<int>(where)) + " at " + std::to_string(at));
    const auto sold = shop.sell_with_cut(where, at);
    const bool was_cut = shop.rig->was_cut();
    ++(sold.status == TILL_DONE      ? seen.done
       : sold.status == TILL_REFUSED ? seen.refused
                                     : seen.in_doubt);
    shop.rig->reconnect(100);
    meanwhile(shop);
    judge(shop);
    ++seen.positions;
    seen.fiscal += shop.ours().size();
    if (!was_cut || testing::Test::HasFatalFailure()) return seen;
  }
}

class Cut : public testing::TestWithParam<Where> {};
INSTANTIATE_TEST_SUITE_P(Cable, Cut,
                         testing::Values(Where::kToDevice, Where::kAnswer, Where::kLate));

TEST_P(Cut, AtEveryByteTheVerdictIsWhatTheMemorySays) {
  const auto seen = cut_everywhere(GetParam(), nothing, nothing);
  EXPECT_GT(seen.positions, 250U);
  EXPECT_GT(seen.in_doubt, 20U);
  EXPECT_GT(seen.refused, 100U);
  EXPECT_GT(seen.fiscal, seen.done);  // some receipts were closed by resolving
}

TEST_P(Cut, ExecutedLate) {
  for (const std::uint32_t late : {700U, 15000U}) {
    const auto seen = cut_everywhere(GetParam(), [&](Shop& s) { s.rig->late(late); }, nothing);
    EXPECT_GT(seen.positions, 250U);
  }
}

TEST_P(Cut, EqualReceiptOfAnotherTillMeanwhile) {
  std::size_t foreign = 0;
  cut_everywhere(
      GetParam(), nothing,
      [&](Shop& s) {
        s.rig->host.pass_ms(2000);
        foreign += s.rig->foreign(two_coffees()) ? 1 : 0;
      },
      expect_true_verdict<Shop>);
  EXPECT_GT(foreign, 20U);
}

TEST_P(Cut, AutomaticZMeanwhile) {
  std::size_t closed = 0;
  cut_everywhere(
      GetParam(), nothing,
      [&](Shop& s) {
        s.rig->host.pass_ms(2000);
        closed += s.rig->automatic_z() ? 1 : 0;
        s.rig->foreign(two_coffees());
      },
      expect_true_verdict<Shop>);
  EXPECT_GT(closed, 20U);
}

// The power goes with the answer; an open receipt waits in the printer, paid or not.
TEST_P(Cut, PowerLost) {
  std::size_t dark = 0;
  for (const bool after : {false, true}) {
    cut_everywhere(
        GetParam(), [&](Shop& s) { s.rig->power_fails(after); }, nothing,
        [&](Shop& s) {
          // It may also go while the resolve closes the receipt: asked again, the truth is there.
          if (s.resolve().status != TILL_DONE) {
            ++dark;
            s.rig->power_on();
            s.rig->reconnect(100);
          }
          expect_true_verdict(s);
        });
  }
  EXPECT_GT(dark, 20U);
}

TEST_P(Cut, PaperOutAtClosing) {
  cut_everywhere(
      GetParam(), [](Shop& s) { s.rig->paper_ends(true); }, nothing,
      [](Shop& s) {
        const auto first = s.resolve();
        if (first.status == TILL_DONE && first.body.at("verdict") == "done") {
          // Fiscal without paper: never registered again, only printed to the end.
          if (!first.body.at("document").at("printed").as_bool()) {
            EXPECT_EQ(s.rig->host.perform("fiscal.continue_printing").error.code, Code::kPaperOut);
          }
        }
        s.rig->paper_back();
        EXPECT_EQ(s.rig->host.perform("fiscal.continue_printing").status, TILL_DONE);
        expect_true_verdict(s);
      });
}

// Without paper a receipt can be neither cancelled nor closed: the doubt stays until it is back.
TEST_P(Cut, PaperOutInBetween) {
  std::size_t stuck = 0;
  cut_everywhere(
      GetParam(), nothing, [](Shop& s) { s.rig->paper_ends(false); },
      [&](Shop& s) {
        const auto without = s.resolve();
        if (without.status != TILL_DONE) {
          ++stuck;
          EXPECT_EQ(without.error.code, Code::kPaperOut);
        } else {
          EXPECT_EQ(without.body.at("verdict") == "done", s.ours().size() == 1);
        }
        s.rig->paper_back();
        s.rig->host.perform("fiscal.continue_printing");
        expect_true_verdict(s);
      });
  EXPECT_GT(stuck, 20U);
}

TEST_P(Cut, AnotherMemoryNeedsAPerson) {
  cut_everywhere(
      GetParam(), nothing,
      [](Shop& s) {
        s.rig->host.pass_ms(1000);
        EXPECT_TRUE(s.rig->replace_memory());
      },
      [](Shop& s) {
        for (int i = 0; i < 2; ++i) EXPECT_EQ(s.resolve().body.at("verdict"), "needs_person");
      });
}

TEST_P(Cut, UnreadablePaper) {
  cut_everywhere(GetParam(), nothing, [](Shop& s) { s.rig->hide_witness(); });
}

TEST_P(Cut, UnreadablePaperAndAnEqualReceipt) {
  std::size_t undecided = 0;
  cut_everywhere(
      GetParam(), nothing,
      [](Shop& s) {
        s.rig->hide_witness();
        s.rig->host.pass_ms(2000);
        s.rig->foreign(two_coffees());
      },
      [&](Shop& s) {
        const auto out = s.resolve();
        ASSERT_EQ(out.status, TILL_DONE);
        ASSERT_EQ(json::serialize(s.resolve().body), json::serialize(out.body));
        const auto sales = std::ranges::count(s.rig->kept(), "sale", &Kept::kind);
        if (sales == 2) {
          ++undecided;
          EXPECT_EQ(out.body.at("verdict"), "needs_person");
        } else if (!s.ours().empty()) {
          EXPECT_EQ(out.body.at("verdict"), "done");
        }
      });
  EXPECT_GT(undecided, 2U);
}

// The whole answer to another command before any byte of the printer's, and in the middle of its
// frames: it is not taken for ours, and the sale is done once.
TEST(Noise, AnAnswerToAnotherCommandAnywhere) {
  std::size_t at = 1;
  for (bool reached = true; reached; ++at) {
    SCOPED_TRACE(at);
    Shop shop;
    ASSERT_TRUE(shop.rig->other_answer(at));
    const auto sold = shop.sell();
    reached = shop.rig->other_came();
    EXPECT_EQ(sold.status, TILL_DONE) << code_name(sold.error.code) << sold.error.detail;
    expect_true_verdict(shop);
    EXPECT_EQ(shop.ours().size(), 1U);
    ASSERT_FALSE(HasFatalFailure());
  }
  EXPECT_GT(at, 250U);
}

// The second cut falls into the resolve; asked again it still tells the truth.
TEST(Resolve, CutItself) {
  for (std::size_t sale_cut = 100; sale_cut < 420; sale_cut += 40) {
    bool reached = false;
    for (std::size_t at = 1; !reached; at += 9) {
      SCOPED_TRACE("sale cut at " + std::to_string(sale_cut) + ", resolve at " +
                   std::to_string(at));
      Shop shop;
      shop.rig->cut(Where::kToDevice, sale_cut);
      shop.sell();
      shop.rig->reconnect(100);
      shop.rig->cut(Where::kToDevice, at);
      shop.resolve();
      reached = !shop.rig->was_cut();
      shop.rig->reconnect(100);
      expect_true_verdict(shop);
      ASSERT_FALSE(HasFatalFailure());
    }
  }
}

// A return is a storno of the receipt it names; the daily life around it.
TEST(Day, SaleReturnCashReportsRecover) {
  Shop shop;
  auto& host = shop.rig->host;
  const auto sold = shop.sell();
  ASSERT_EQ(sold.status, TILL_DONE) << sold.error.detail;
  auto back = two_coffees();
  back.kind = FiscalKind::kSaleReturn;
  back.witness = "back/1";
  const auto d = *document_from_json(sold.body);
  back.returned = {d.fiscal_memory, d.number};
  const auto poor = shop.sell(back);
  EXPECT_EQ(poor.status, TILL_DONE) << poor.error.detail;
  back.witness = "back/2";
  back.payments = {{Tender::kCash, {465}}};
  host.perform("fiscal.baseline");
  const auto unpaid = shop.sell(back);  // more than the drawer holds
  EXPECT_EQ(unpaid.status, TILL_REFUSED);
  EXPECT_TRUE(unpaid.dirty);
  EXPECT_EQ(host.perform("fiscal.recover").status, TILL_DONE);
  EXPECT_FALSE(shop.rig->document_open());
  EXPECT_EQ(host.perform("fiscal.cash", {{"direction", "in"}, {"amount", 10000}}).status,
            TILL_DONE);
  EXPECT_EQ(shop.sell(back).status, TILL_DONE);
  for (const char* verb : {"fiscal.x_report", "fiscal.copy", "fiscal.close_shift"}) {
    const auto out = host.perform(verb);
    EXPECT_EQ(out.status, TILL_DONE) << verb << " " << out.error.detail;
  }
  EXPECT_EQ(host.perform("fiscal.copy").status, TILL_REFUSED);
  EXPECT_EQ(host.perform("fiscal.close_shift").status, TILL_DONE);  // nothing since the last one
  std::vector<std::string> kinds;
  for (const auto& kept : shop.rig->kept()) kinds.push_back(kept.kind);
  EXPECT_EQ(kinds, (std::vector<std::string>{"other", "sale", "sale_return", "other", "other",
                                             "sale_return", "other", "other", "shift_close"}));
  const auto s = status_from_json(host.perform("fiscal.status", {{"detail", true}}).body);
  ASSERT_TRUE(s);
  EXPECT_EQ(s->shift_number, 2U);
  EXPECT_EQ(s->last_document, 9U);
  const auto z = host.perform("fiscal.document", {{"number", 9}});
  EXPECT_EQ(z.body.at("kind"), "shift_close");
  EXPECT_EQ(host.perform("fiscal.document", {{"number", 10}}).error.code, Code::kNoSuchDocument);
}

TEST(Day, After24HoursOnlyAZReportHelps) {
  Shop shop;
  ASSERT_EQ(shop.sell().status, TILL_DONE);
  shop.rig->host.pass_ms(24U * 3600 * 1000);
  EXPECT_EQ(shop.sell().error.code, Code::kShiftTooLong);
  EXPECT_EQ(shop.rig->host.perform("fiscal.status").body.at("shift"), "expired");
  EXPECT_EQ(shop.rig->host.perform("fiscal.close_shift").status, TILL_DONE);
  EXPECT_EQ(shop.sell().status, TILL_DONE);
}

}  // namespace
}  // namespace till::faults
