#include "exports.h"

#include <gtest/gtest.h>

#include "gateway/base/limits.h"
#include "protocols/central/wire.h"

namespace till::app {
namespace {

namespace json = boost::json;

// A stream of so many entries and one exporter, answered by the test.
class ExportsTest : public testing::Test {
 protected:
  void add(std::uint64_t count) { last += count; }
  static journal::Entry entry(std::uint64_t n) {
    wire::SaleFact sale;
    sale.total = static_cast<std::int64_t>(n);
    sale.lines.push_back({"tea", {1000}, 2, 1, 0, 1, {}, {}});
    return {n, {}, {}, {}, wire::encode(wire::Fact{sale})};
  }
  Exports make() {
    Exports exports(
        {[this](std::uint64_t from, std::size_t most) {
           std::vector<journal::Entry> out;
           for (auto n = std::max(from, first); n <= last && out.size() < most; ++n) {
             out.push_back(entry(n));
           }
           return out;
         },
         [this] { return first; }, [this] { return last; },
         [this](const std::string&) { return position; },
         [this](const std::string&, std::uint64_t next) { position = next; }},
        [this](std::int64_t us, std::function<void()> f) {
          rests.push_back(us);
          after.push_back(std::move(f));
        },
        metrics);
    exports.add("erp", {[this] { return online; },
                        [this](const std::string& key, const json::value& batch,
                               std::function<void(const ipc::Outcome&)> then) {
                          keys.push_back(key);
                          batches.push_back(batch);
                          done = std::move(then);
                        }});
    return exports;
  }
  void answer(const ipc::Outcome& outcome) { std::exchange(done, {})(outcome); }
  void takes(std::uint64_t next) {
    answer(ipc::Outcome::done(json::serialize(json::object{{"next", next}})));
  }
  std::size_t count() const { return batches.back().at("records").as_array().size(); }

  std::uint64_t first = 1, last = 0, position = 0;
  bool online = true;
  std::vector<std::string> keys;
  std::vector<json::value> batches;
  std::vector<std::int64_t> rests;
  std::vector<std::function<void()>> after;
  std::function<void(const ipc::Outcome&)> done;
  Metrics metrics;
};

TEST_F(ExportsTest, GoesOnWhereItStandsInBatchesWithoutAGap) {
  add(120);
  auto exports = make();
  exports.look();
  EXPECT_EQ(batches.back().at("first"), 1);
  EXPECT_EQ(count(), 50U);
  exports.look();
  EXPECT_EQ(batches.size(), 1U) << "one batch at a time";
  takes(31);  // it need not take all of it
  EXPECT_EQ(position, 31U);
  EXPECT_EQ(batches.back().at("first"), 31);
  takes(81);
  takes(121);
  EXPECT_EQ(position, 121U);
  EXPECT_EQ(batches.size(), 3U) << "nothing is left";
  EXPECT_EQ(metrics.get("tillbridge_export_behind{device=\"erp\"}"), 0);
  add(1);
  exports.look();
  EXPECT_EQ(batches.back().at("records").at(0).at("total"), 121);
  auto next_start = make();
  next_start.look();
  EXPECT_EQ(batches.back().at("first"), 121) << "not taken, so it comes again";
}

TEST_F(ExportsTest, WhatIsNotTakenComesAgainLaterAndLater) {
  add(3);
  auto exports = make();
  exports.look();
  const Error error{Code::kTimeout, {}, {}};
  for (const auto& bad :
       {ipc::Outcome::refused(error), ipc::Outcome::in_doubt(error), ipc::Outcome::done("{}"),
        ipc::Outcome::done("no json"), ipc::Outcome::done(R"({"next":1})"),
        ipc::Outcome::done(R"({"next":5})"), ipc::Outcome::done(R"({"next":-1})")}) {
    answer(bad);
    EXPECT_EQ(position, 1U) << bad.body;
    exports.look();
    ASSERT_FALSE(done) << "it is given its rest";
    std::exchange(after.back(), {})();
    ASSERT_TRUE(done);
    EXPECT_EQ(batches.back(), batches.front());
    EXPECT_EQ(keys.back(), "export/1") << "the same batch, the same key";
  }
  EXPECT_EQ(rests.front(), 1'000'000);
  EXPECT_EQ(rests.back(), 60'000'000);
  EXPECT_EQ(metrics.get("tillbridge_export_failures_total{device=\"erp\"}"), 7);
  takes(4);
  EXPECT_EQ(position, 4U);
}

TEST_F(ExportsTest, AnExporterThatIsAwayHoldsTheEntriesAndNothingElse) {
  add(2);
  online = false;
  auto exports = make();
  exports.look();
  EXPECT_TRUE(batches.empty());
  EXPECT_EQ(exports.wanted(), 1U);
  EXPECT_EQ(metrics.get("tillbridge_export_behind{device=\"erp\"}"), 2);
  online = true;
  exports.look();
  takes(3);
  EXPECT_EQ(exports.wanted(), 3U);
}

TEST_F(ExportsTest, ANewOneBeginsWithWhatIsKept) {
  add(9);
  first = 5;
  make().look();
  EXPECT_EQ(batches.back().at("first"), 5);
}

TEST_F(ExportsTest, WhoStaysAwayTooLongLosesItsPlaceAndNobodyElseDoes) {
  add(5);
  online = false;
  auto exports = make();
  exports.look();
  EXPECT_EQ(position, 1U) << "it has its place before it has ever come";
  last = limits::kMaxExportBehind;
  EXPECT_EQ(exports.wanted(), 1U) << "as far behind as it may be";
  add(10);
  EXPECT_EQ(exports.wanted(), 11U);
  exports.look();
  EXPECT_FALSE(exports.lost("erp")) << "the journal has them still";
  first = 7;  // what the journal pruned: less than it might
  exports.look();
  ASSERT_TRUE(exports.lost("erp"));
  EXPECT_EQ(*exports.lost("erp"), (Error{Code::kExportLost, "1 to 6", {}}));
  EXPECT_FALSE(exports.lost("other"));
  first = 11;
  exports.look();
  exports.look();
  EXPECT_EQ(exports.lost("erp")->detail, "1 to 10");
  const std::string total = "tillbridge_export_lost_total{device=\"erp\"}";
  EXPECT_EQ(metrics.get(total), 10) << "each of them once";
  EXPECT_EQ(position, 1U);
  auto next_start = make();
  next_start.look();
  EXPECT_EQ(next_start.lost("erp")->detail, "1 to 10") << "a restart does not forget it";
  online = true;
  next_start.look();
  EXPECT_EQ(batches.back().at("first"), 11);
  EXPECT_TRUE(next_start.lost("erp")) << "it has not taken any yet";
  takes(61);
  EXPECT_FALSE(next_start.lost("erp"));
  EXPECT_EQ(position, 61U);
}

TEST(ExportRecord, KeepsThePlaceOfWhatItDoesNotKnow) {
  const auto record = export_record({7, {}, {}, {}, {0xff, 0xff}});
  EXPECT_EQ(record.at("sequence"), 7);
  EXPECT_EQ(record.at("kind"), "unknown");
}

}  // namespace
}  // namespace till::app
