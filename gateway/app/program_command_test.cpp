// What the owner of a program reads when something is wrong with her files.
#include "gateway/app/program_command.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>

namespace till::app {
namespace {

class ProgramCommandTest : public testing::Test {
 protected:
  ProgramCommandTest() : folder(testing::TempDir() + "program_" + std::to_string(::getpid())) {
    std::filesystem::create_directories(folder);
    write("club.json", R"({"id":"club","version":1,"rules":[{"id":"a","give":{"percent":"5"}}]})");
  }
  ~ProgramCommandTest() override { std::filesystem::remove_all(folder); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
    return folder / name;
  }
  // What it prints on both streams.
  static std::string said(const std::vector<std::string>& words, int code,
                          Language language = Language::kEn) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const auto done = program_command(words, language);
    std::cout.flush();  // what many baskets came to is not written piece by piece
    auto text = testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
    EXPECT_EQ(done, code) << text;
    return text;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  std::filesystem::path folder;
};

TEST_F(ProgramCommandTest, AFileOfTestsIsNoProgram) {
  const std::string points = TILL_EXAMPLES_DIR "/points.json";
  const auto basket = write("basket.json", R"({"lines":[{"price":"1"}]})");
  const std::string hint =
      points + ": a program and its tests; `tillbridge program test` runs them";
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"check", points}, {"evaluate", points, basket}}) {
    EXPECT_TRUE(has(said(words, 1), hint)) << words[0];
  }
  EXPECT_TRUE(has(said({"check", points}, 1, Language::kRu), "программа и её тесты; их выполняет"));
  EXPECT_TRUE(has(said({"check", TILL_EXAMPLES_DIR "/../accounts/points-expire.json"}, 1),
                  "a test of an account; `tillbridge program test` runs it"));
  EXPECT_TRUE(has(said({"test", points}, 0), "3 ok, 0 failed"));
  EXPECT_TRUE(has(said({"check", basket}, 1), "basket.json: id")) << "any other file is as it was";
}

TEST_F(ProgramCommandTest, ABadBasketIsNamedByItsLineOfTheFile) {
  const auto club = (folder / "club.json").string();
  const auto baskets = write("baskets.jsonl",
                             "{\"lines\":[{\"price\":\"1\"}]}\n\n"
                             "{\"lines\":[{\"price\":\"x\"}]}\n{\"lines\":\n"
                             "{\"id\":1,\"id\":2}\n");
  const auto results = said({"evaluate", club, baskets}, 1);
  EXPECT_TRUE(has(results, R"("line":3,"detail":"line 3: lines[0].price: write digits)"))
      << results;
  EXPECT_TRUE(has(results, R"("line":4,"detail":"line 4, column 10: incomplete)")) << results;
  EXPECT_TRUE(has(results, R"("line":5,"detail":"line 5, column 10: id)")) << results;
  EXPECT_FALSE(has(results, "line 1")) << results;
  const auto both = said({"what-if", club, club, baskets}, 1);
  EXPECT_TRUE(has(both, baskets + ": line 3: lines[0].price")) << both;
  EXPECT_TRUE(has(both, baskets + ": line 4, column 10")) << both;
  EXPECT_TRUE(has(said({"what-if", club, club, baskets}, 1, Language::kRu),
                  baskets + ": строка 3: lines[0].price"));
  EXPECT_TRUE(has(said({"what-if", club, club, baskets, "csv"}, 1), "\n1,,0.95,0.95,"));
  EXPECT_TRUE(has(said({"what-if", club, club, baskets, "csv"}, 1, Language::kRu),
                  "чек,покупатель,к оплате сейчас,"));
}

// Every kind is an example with its tests; what is printed can be put in force as it stands.
TEST_F(ProgramCommandTest, EveryKindIsAProgramToBeginWith) {
  const auto kinds = said({"new"}, 0);
  EXPECT_TRUE(has(said({"new"}, 0, Language::kRu), "Набор товаров по одной цене")) << kinds;
  for (const std::string kind : {"fixed-discount",
                                 "cumulative-discount",
                                 "points",
                                 "points-rate",
                                 "points-by-goods",
                                 "cashback",
                                 "tiers",
                                 "stamps",
                                 "coupons",
                                 "next-purchase",
                                 "one-time-discount",
                                 "gifts",
                                 "buy-and-get",
                                 "cheapest-free",
                                 "bundle",
                                 "goods-for-points",
                                 "referral",
                                 "days-to-remember",
                                 "welcome",
                                 "card-types",
                                 "seller-bounty",
                                 "supplier-funded",
                                 "pilot",
                                 "happy-hours"}) {
    EXPECT_TRUE(has("\n" + kinds, "\n" + kind + " ")) << kind;
    const auto program = write(kind + ".json", said({"new", kind}, 0));
    EXPECT_TRUE(has(said({"check", program}, 0), ", version ")) << kind;
  }
  EXPECT_TRUE(has(said({"new", "bundles"}, 1), "There are: ")) << "a kind nobody knows";
}

}  // namespace
}  // namespace till::app
