// What every register's fault test asserts: the driver's word against the register's own memory.
// A shop brings resolve(), ours(), document_open(), pass_ms() and, for one of ours(),
// expect_same_document(told, kept).
#pragma once

#include <gtest/gtest.h>

#include <utility>

#include "tests/faults/rig.h"

namespace till::faults {

// The verdict of resolve against the memory, now, asked again and a minute later.
template <typename Shop>
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
      shop.expect_same_document(out.body.at("document"), ours[0]);
    }
    EXPECT_FALSE(shop.document_open());
    if (i == 0) first = boost::json::serialize(out.body);
    EXPECT_EQ(boost::json::serialize(out.body), first) << "asked again, answered otherwise";
    shop.pass_ms(60000);
    ASSERT_EQ(shop.ours().size(), ours.size()) << "executed after the verdict";
  }
}

// A register behind its rig and the one receipt that is sold there.
struct RigShop {
  RigShop(const std::string& variant, FiscalReceipt sold)
      : rig(make_rig(variant)), receipt(std::move(sold)) {
    const auto read = rig->host.perform("fiscal.baseline");
    EXPECT_EQ(read.status, TILL_DONE) << read.error.detail;
    baseline = read.body;
  }

  testkit::FakeOutcome sell() { return sell(receipt); }
  testkit::FakeOutcome sell(const FiscalReceipt& r) {
    return rig->host.perform("fiscal.receipt", {{"receipt", to_json(r)}});
  }
  testkit::FakeOutcome resolve() {
    return rig->host.perform("fiscal.resolve",
                             {{"receipt", to_json(receipt)}, {"baseline", baseline}});
  }
  [[nodiscard]] std::vector<Kept> ours() const {
    auto all = rig->kept();
    std::erase_if(all, [this](const Kept& k) { return k.witness != receipt.witness; });
    return all;
  }
  [[nodiscard]] bool document_open() const { return rig->document_open(); }
  void pass_ms(std::uint32_t ms) const { rig->host.pass_ms(ms); }
  static void expect_same_document(const boost::json::value& told, const Kept& kept) {
    const auto d = document_from_json(told);
    ASSERT_TRUE(d);
    EXPECT_EQ(d->number, kept.number);
    EXPECT_EQ(d->fiscal_memory, kept.fiscal_memory);
    EXPECT_EQ(d->total, kept.total);
    EXPECT_EQ(d->kind, kept.kind);
    EXPECT_EQ(d->sign, kept.sign);
  }

  // Sells with the line cut there, and holds the answer against the memory.
  testkit::FakeOutcome sell_with_cut(Where where, std::size_t at) {
    rig->cut(where, at);
    auto sold = sell();
    if (sold.status == TILL_DONE) {
      EXPECT_EQ(ours().size(), 1U);
      expect_same_document(sold.body, ours().at(0));
    } else if (sold.status == TILL_REFUSED) {
      EXPECT_TRUE(ours().empty()) << "refused and sold";
      EXPECT_TRUE(sold.dirty || !document_open()) << "open and not said so";
    }
    return sold;
  }

  std::unique_ptr<Rig> rig;
  FiscalReceipt receipt;
  boost::json::value baseline;
};

}  // namespace till::faults
