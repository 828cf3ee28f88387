// Whatever is lost between the driver and the register, a sale is fiscal exactly once and the
// driver knows it: the line is cut at every call and every HTTP exchange, and the register's own
// memory is the judge.
#include <gtest/gtest.h>

#include <functional>

#include "tests/faults/verdict.h"

namespace till::faults {
namespace {

namespace json = boost::json;

constexpr const char* kWitness = "t1-000042/1";

FiscalReceipt two_coffees() {
  FiscalReceipt r;
  r.witness = kWitness;
  r.lines = {{.name = "Кофе", .price = {10000}, .quantity = {2000}, .sum = {20000}},
             {.name = "Сахар", .price = {550}, .quantity = {1000}, .sum = {550}}};
  r.payments = {{Tender::kElectronic, {20550}}};
  r.total = {20550};
  r.cashier.name = "Иванова А. А.";
  return r;
}

struct Shop : RigShop {
  explicit Shop(const std::string& variant) : RigShop(variant, two_coffees()) {}
};

using Step = std::function<void(Shop&)>;
void nothing(Shop&) {}

class Cut : public testing::TestWithParam<std::tuple<std::string, Where>> {
 protected:
  // Sells with the line cut at every position. Returns how many there were.
  static std::size_t everywhere(const Step& before, const Step& meanwhile,
                                const Step& judge = expect_true_verdict<Shop>) {
    const auto& [variant, where] = GetParam();
    for (std::size_t at = 0;; ++at) {
      SCOPED_TRACE(variant + " cut " + std::to_string(static_cast<int>(where)) + " at " +
                   std::to_string(at));
      Shop shop(variant);
      before(shop);
      shop.sell_with_cut(where, at);
      const bool was_cut = shop.rig->was_cut();
      shop.rig->reconnect(100);
      meanwhile(shop);
      judge(shop);
      if (!was_cut || HasFatalFailure()) return at;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Atol, Cut,
                         testing::Combine(testing::ValuesIn(variants()),
                                          testing::Values(Where::kToDevice, Where::kAnswer,
                                                          Where::kLate)));

TEST_P(Cut, AtEveryPositionTheVerdictIsWhatTheMemorySays) {
  const auto signs = [](Shop& s) {
    expect_true_verdict(s);
    for (const auto& kept : s.ours()) EXPECT_NE(kept.sign, 0U);
  };
  EXPECT_GE(everywhere(nothing, nothing, signs), 4U);
}

TEST_P(Cut, ExecutedLate) {
  for (const std::uint32_t late : {700U, 15000U}) {
    everywhere([&](Shop& s) { EXPECT_TRUE(s.rig->late(late)); }, nothing);
  }
}

TEST_P(Cut, EqualReceiptOfAnotherTillMeanwhile) {
  std::size_t foreign = 0;
  everywhere(nothing, [&](Shop& s) { foreign += s.rig->foreign(two_coffees()) ? 1 : 0; });
  EXPECT_GT(foreign, 3U);
}

TEST_P(Cut, AutomaticShiftCloseMeanwhile) {
  std::size_t closed = 0;
  everywhere(nothing, [&](Shop& s) {
    s.rig->host.pass_ms(3000);
    closed += s.rig->automatic_z() ? 1 : 0;
    s.rig->foreign(two_coffees());
  });
  EXPECT_GT(closed, 3U);
}

TEST_P(Cut, PowerLostBeforeAndAfterTheFiscalMoment) {
  for (const bool after : {false, true}) {
    everywhere([&](Shop& s) { s.rig->power_fails(after); }, [](Shop& s) { s.rig->power_on(); },
               [](Shop& s) {
                 s.rig->power_on();
                 expect_true_verdict(s);
               });
  }
}

TEST_P(Cut, PaperOutAtClosingIsFiscalAndPrintedLater) {
  std::size_t unprinted = 0;
  everywhere([](Shop& s) { s.rig->paper_ends(true); }, nothing,
             [&](Shop& s) {
               expect_true_verdict(s);
               if (s.ours().empty()) return;
               ++unprinted;
               EXPECT_FALSE(s.resolve().body.at("document").at("printed").as_bool());
               EXPECT_EQ(s.rig->host.perform("fiscal.continue_printing").error.code,
                         Code::kPaperOut);
               s.rig->paper_back();
               EXPECT_EQ(s.rig->host.perform("fiscal.continue_printing").status, TILL_DONE);
               EXPECT_TRUE(s.resolve().body.at("document").at("printed").as_bool());
               EXPECT_EQ(s.ours().size(), 1U);
             });
  EXPECT_GT(unprinted, 0U);
}

TEST_P(Cut, PaperOutInBetween) {
  everywhere(nothing, [](Shop& s) { s.rig->paper_ends(false); });
}

TEST_P(Cut, AnotherFiscalMemoryNeedsAPerson) {
  everywhere(
      nothing, [](Shop& s) { EXPECT_TRUE(s.rig->replace_memory()); },
      [](Shop& s) {
        for (int i = 0; i < 2; ++i) {
          const auto out = s.resolve();
          ASSERT_EQ(out.status, TILL_DONE) << out.error.detail;
          EXPECT_EQ(out.body.at("verdict"), "needs_person");
        }
      });
}

TEST_P(Cut, UnreadableWitness) {
  everywhere(nothing, [](Shop& s) { s.rig->hide_witness(); });
}

TEST_P(Cut, UnreadableWitnessAndAnEqualReceiptNeedAPerson) {
  std::size_t undecided = 0;
  everywhere(
      nothing,
      [](Shop& s) {
        s.rig->hide_witness();
        s.rig->host.pass_ms(3000);
        s.rig->foreign(two_coffees());
      },
      [&](Shop& s) {
        const auto out = s.resolve();
        ASSERT_EQ(out.status, TILL_DONE) << out.error.detail;
        if (s.ours().empty()) return;
        ++undecided;
        EXPECT_EQ(out.body.at("verdict"), "needs_person");
        EXPECT_EQ(out.body.at("candidates").as_array().size(), 2U);
      });
  EXPECT_GT(undecided, 0U);
}

// The line is cut again while the doubt is resolved; asked once more it still tells the truth.
TEST_P(Cut, TheResolveItself) {
  const auto& [variant, where] = GetParam();
  for (std::size_t sale_cut = 0; sale_cut < 12; ++sale_cut) {
    bool reached = false;
    for (std::size_t at = 0; !reached; ++at) {
      SCOPED_TRACE(variant + " sale cut at " + std::to_string(sale_cut) + ", resolve at " +
                   std::to_string(at));
      Shop shop(variant);
      shop.rig->cut(where, sale_cut);
      shop.sell();
      shop.rig->reconnect(100);
      shop.rig->cut(where, at);
      const auto short_cut = shop.resolve();
      reached = !shop.rig->was_cut();
      EXPECT_TRUE(short_cut.status != TILL_DONE || shop.ours().size() <= 1U);
      shop.rig->reconnect(100);
      expect_true_verdict(shop);
      ASSERT_FALSE(HasFatalFailure());
    }
  }
}

class Variant : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Atol, Variant, testing::ValuesIn(variants()));

// Refused and proven so: the same key may be asked for again, and sells once.
TEST_P(Variant, AfterARefusedVerdictTheSameKeySells) {
  Shop shop(GetParam());
  for (int i = 0; i < 3; ++i) {
    shop.rig->cut(Where::kToDevice, 0);
    EXPECT_NE(shop.sell().status, TILL_DONE);
    shop.rig->reconnect(100);
    expect_true_verdict(shop);
  }
  const auto sold = shop.sell();
  EXPECT_EQ(sold.status, TILL_DONE) << sold.error.detail;
  EXPECT_EQ(shop.ours().size(), 1U);
  expect_true_verdict(shop);
}

TEST_P(Variant, TheFirstSaleDoesNotAnswerForTheSecond) {
  Shop shop(GetParam());
  ASSERT_TRUE(shop.rig->foreign(two_coffees()));
  shop.baseline = shop.rig->host.perform("fiscal.baseline").body;
  shop.rig->cut(Where::kToDevice, 2);
  EXPECT_NE(shop.sell().status, TILL_DONE);
  shop.rig->reconnect(100);
  expect_true_verdict(shop);
  EXPECT_TRUE(shop.ours().empty());
}

// A task that waits longer than anybody's patience: no verdict while it can still be executed.
TEST_P(Variant, NoVerdictWhileItCanStillBeExecuted) {
  Shop shop(GetParam());
  ASSERT_TRUE(shop.rig->late(300000));
  EXPECT_EQ(shop.sell().status, TILL_IN_DOUBT);
  for (int i = 0; i < 6; ++i) {
    const auto out = shop.resolve();
    if (out.status != TILL_DONE) continue;
    const bool sold = !shop.ours().empty();
    EXPECT_EQ(out.body.at("verdict"), sold ? "done" : "refused");
    shop.rig->host.pass_ms(400000);
    EXPECT_EQ(!shop.ours().empty(), sold) << "executed after the verdict";
    return;
  }
  shop.rig->host.pass_ms(400000);
  expect_true_verdict(shop);
}

}  // namespace
}  // namespace till::faults
