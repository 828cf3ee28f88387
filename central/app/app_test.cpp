#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "central/app/commands.h"
#include "central/app/report.h"
#include "central/intake/test_world.h"
#include "gateway/loyalty/calendar.h"

namespace till::central {
namespace {

using boost::json::object;

struct Folder : testing::Test {
  std::string path = (std::filesystem::temp_directory_path() / "till_central_XXXXXX").string();
  void SetUp() override { ASSERT_NE(mkdtemp(path.data()), nullptr); }
  void TearDown() override { std::filesystem::remove_all(path); }
};

TEST_F(Folder, IsLockedOnce) {
  const auto lock = lock_folder(path + "/data");
  ASSERT_TRUE(lock);
  EXPECT_EQ(lock_folder(path + "/data").error().code, Code::kStoreLocked);
}

TEST_F(Folder, KeysAreMadeOnceAndAreTheOwnersOnly) {
  const auto keys = server_keys(path);
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->public_key.size(), 40U);
  EXPECT_EQ(server_keys(path)->secret_key, keys->secret_key);
  struct stat file{};
  ASSERT_EQ(stat((path + "/central.key").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
  std::ofstream(path + "/central.key") << "{";
  EXPECT_EQ(server_keys(path).error().code, Code::kBadFile);
}

TEST_F(Folder, EndpointsAreReadBack) {
  EXPECT_EQ(read_endpoints(path).tell, Endpoints{}.tell);
  ASSERT_TRUE(write_endpoints(path, {"tcp://127.0.0.1:1", "tcp://127.0.0.1:2"}, "key"));
  EXPECT_EQ(read_endpoints(path).ask, "tcp://127.0.0.1:2");
}

struct Managing : testing::Test {
  TestClock clock;
  TestRandom random;
  Central central{":memory:", clock, random};
  Commands commands{central, "server", {}};

  boost::json::value run(const object& request) {
    const auto result = commands.execute(request);
    EXPECT_TRUE(result) << (result ? "" : result.error().detail);
    return result.value_or(boost::json::value());
  }
  Code refuse(const object& request) {
    const auto result = commands.execute(request);
    return result ? Code{} : result.error().code;
  }
};

TEST_F(Managing, AStoreIsAddedOnce) {
  const auto store = run({{"command", "store.add"}, {"name", "shop-1"}});
  EXPECT_EQ(store.at("server_key").as_string(), "server");
  EXPECT_EQ(store.at("secret_key").as_string().size(), 40U);
  EXPECT_EQ(refuse({{"command", "store.add"}, {"name", "shop-1"}}), Code::kDuplicate);
  EXPECT_EQ(refuse({{"command", "store.add"}, {"name", "../x"}}), Code::kBadValue);
  EXPECT_EQ(refuse({{"command", "store.add"}, {"nam", "x"}}), Code::kUnknownField);
  EXPECT_EQ(refuse({{"command", "stare"}}), Code::kNotFound);
  EXPECT_EQ(refuse({{"command", "prove"}, {"much", true}}), Code::kUnknownField);
  EXPECT_EQ(run({{"command", "store.list"}}).as_array().size(), 1U);
}

TEST_F(Managing, TheReportHasSalesAndReturns) {
  const auto id = std::string(run({{"command", "customers.add"},
                                   {"card_hash", "ab"},
                                   {"card_label", "1234"},
                                   {"points", "100.50"}})
                                  .at("customer")
                                  .as_string());
  const Store store{{"shop-1"}, "chain"};
  auto sale = test_sale(1, id, 500, 10'000);
  ASSERT_TRUE(central.facts.apply(wire::encode(wire::Fact(sale)), store, {1, 1}));
  auto back = test_sale(2, id, 500, 10'000);
  back.is_return = true;
  back.returned_sale = sale.key.sale;
  ASSERT_TRUE(central.facts.apply(wire::encode(wire::Fact(back)), store, {1, 2}));
  ASSERT_TRUE(central.facts.apply(wire::encode(wire::Fact(test_sale(3, "", 0))), store, {1, 3}));
  const auto all = run({{"command", "purchases"}}).as_array();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].at("card").as_string(), "••••1234");
  EXPECT_EQ(all[0].at("outlet").as_string(), "shop-1");
  EXPECT_EQ(all[0].at("sum").as_string(), "100.00");
  EXPECT_EQ(all[0].at("written_off").as_string(), "100.00");
  EXPECT_EQ(all[1].at("accrued").as_string(), "-5.00");
  EXPECT_EQ(run({{"command", "purchases"}, {"customer", id}}).as_array().size(), 2U);
  EXPECT_EQ(run({{"command", "purchases"}, {"after", all[1].at("n")}}).as_array().size(), 1U);
  EXPECT_EQ(run({{"command", "balance"}, {"customer", id}}).at("balance").as_string(), "100.50");
  EXPECT_TRUE(run({{"command", "prove"}}).at("differences").as_array().empty());
}

TEST_F(Managing, TheAccountOfASellerIsShown) {
  run({{"command", "program.set"},
       {"body", R"({"id":"p","version":1,"purses":[{"id":"bounty"}],"rules":[]})"}});
  auto sale = test_sale(1, "", 0);
  sale.cashier = "anna";
  sale.purses = {{"bounty", "cashier", 4500, "sell"}};
  const Store store{{"shop-1"}, "chain"};
  ASSERT_TRUE(central.facts.apply(wire::encode(wire::Fact(sale)), store, {1, 1}));
  const auto anna = run({{"command", "balance"}, {"customer", "cashier:anna"}});
  EXPECT_EQ(anna.at("purses").at("bounty").as_string(), "45.00");
  EXPECT_EQ(anna.at("balance").as_string(), "0.00");
  EXPECT_EQ(refuse({{"command", "balance"}, {"customer", "anna"}}), Code::kUnknownCard);
}

TEST_F(Managing, EventsGiveOnceAKeyAndAreListed) {
  run({{"command", "store.add"}, {"name", "shop-1"}});
  run({{"command", "program.set"}, {"body", R"({"id":"p","version":1,"rules":[
           {"id":"r","on":"visit","give":{"earn":{"fixed":"5","to":"cashier"}}}]})"}});
  const boost::json::object visit{{"command", "events.add"}, {"event", "visit"}, {"seller", "anna"},
                                  {"store", "shop-1"},       {"note", "polite"}, {"key", "k"}};
  EXPECT_EQ(run(visit), run(visit));
  run({{"command", "events.add"}, {"event", "visit"}, {"seller", "anna"}, {"store", "shop-1"}});
  const auto anna = run({{"command", "balance"}, {"seller", "anna"}, {"store", "shop-1"}});
  EXPECT_EQ(anna.at("balance").as_string(), "10.00");
  const auto all = run({{"command", "events.list"}}).as_array();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].at("note").as_string(), "polite");
  EXPECT_EQ(all[0].at("given").at("credits").at(0).at("account").as_string(),
            "cashier:" + wire::seller_key("shop-1", "anna"));
  EXPECT_EQ(refuse({{"command", "events.add"}, {"event", "visit"}, {"seller", "a"}}),
            Code::kMissingField);
  EXPECT_EQ(run({{"command", "events.list"}, {"event", "x"}}).as_array().size(), 0U);
  EXPECT_EQ(
      refuse({{"command", "events.add"}, {"event", "visit"}, {"seller", "a"}, {"store", "x"}}),
      Code::kStoreUnknown);
}

TEST_F(Managing, TheBalanceSaysWhatIsSetAsideAndEndsByTheProgramsClock) {
  run({{"command", "program.set"},
       {"body", R"({"id":"p","version":1,"settings":{"utc_offset":"+03:00"},
                    "purses":[{"id":"points","expires_days":10}]})"}});
  const CustomerId id{std::string(
      run({{"command", "customers.add"}, {"card_hash", "ab"}}).at("customer").as_string())};
  auto sale = test_sale(1, id.value, 10000);
  sale.utc_offset_min = 180;
  ASSERT_TRUE(central.facts.apply(wire::encode(wire::Fact(sale)), {{"shop-1"}, "chain"}, {1, 1}));
  ASSERT_TRUE(central.holds.grant(
      {"shop-2"}, {test_id(1, 3), id, Points{3000}, {test_id(2, 1), 1}, 1'000'000}));
  central.holds.allow(id, {"shop-1"});
  const auto told = run({{"command", "balance"}, {"customer", id.value}});
  EXPECT_EQ(told.at("held").as_string(), "30.00");
  EXPECT_EQ(told.at("allowances").as_string(), "70.00");
  EXPECT_EQ(told.at("expires_local").as_string(),
            loyalty::format_minute(told.at("expires").as_int64(), 180));
  EXPECT_TRUE(told.at("expires_local").as_string().ends_with(" 00:00")) << told.at("expires_local");
}

TEST_F(Managing, AProgramIsCheckedAndItsVersionGrows) {
  const auto set = [](const char* body) {
    return object{{"command", "program.set"}, {"body", body}};
  };
  EXPECT_EQ(refuse(set(R"({"id":"p","version":1,"rules":[{"id":"r","give":{"percent":"-5"}}]})")),
            Code::kNegativePercent);
  EXPECT_EQ(refuse(set(R"({"id":"p","version":1})")), Code{});
  EXPECT_EQ(refuse(set(R"({"id":"p","version":1})")), Code::kDuplicate);
  EXPECT_EQ(refuse(set(R"({"id":"p","version":2})")), Code{});
}

TEST_F(Managing, CardsAreCountedByType) {
  EXPECT_EQ(
      refuse({{"command", "program.set"},
              {"body", R"({"id":"p","version":1,"card_types":[{"id":"gold","name":"Gold card"},
                        {"id":"silver"}]})"}}),
      Code{});
  for (const auto* hash : {"ab", "cd"}) {
    run({{"command", "customers.add"}, {"card_hash", hash}, {"card_type", "gold"}});
  }
  const auto types = run({{"command", "customers.types"}}).as_array();
  ASSERT_EQ(types.size(), 2U);
  EXPECT_EQ(types[0].at("name"), "Gold card");
  EXPECT_EQ(types[0].at("cards"), 2);
  EXPECT_EQ(types[1].at("cards"), 0);
}

TEST_F(Managing, LinesComeAndGoAsJson) {
  const auto good = parse_answer(commands.execute_line(R"({"command":"store.list"})"));
  ASSERT_TRUE(good);
  EXPECT_TRUE(good->is_array());
  EXPECT_EQ(parse_answer(commands.execute_line("{")).error().code, Code::kBadJson);
  EXPECT_EQ(parse_answer(commands.execute_line(R"({"command":"x"})")).error(),
            (Error{Code::kNotFound, "x", ""}));
  EXPECT_EQ(parse_answer("7").error().code, Code::kBadJson);
}

TEST(Report, TablesAlignCharactersAndCsvQuotes) {
  const std::vector<Column> columns{{"Card", "Карта", "card", 8}, {"Sum", "Сумма", "sum", 8, true}};
  EXPECT_EQ(table_header(columns, Language::kRu), "Карта        Сумма\n");
  EXPECT_EQ(table_line(columns, {"••••1234", "5.00"}), "••••1234      5.00\n");
  EXPECT_EQ(csv_header(columns), "card,sum\r\n");
  EXPECT_EQ(csv_line({"a,b", "say \"x\"", ""}), "\"a,b\",\"say \"\"x\"\"\",\r\n");
}

}  // namespace
}  // namespace till::central
