#include "gateway/base/errors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

namespace till {
namespace {

std::string codes_header() {
  std::ifstream in(TILL_CODES_H);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Name -> number of every "kName = 1234," in codes.h.
std::map<std::string, int> declared_codes(const std::string& header) {
  std::map<std::string, int> codes;
  std::istringstream lines(header);
  for (std::string name, equals, number; lines >> name;) {
    if (name.size() < 2 || name[0] != 'k' || !(lines >> equals) || equals != "=") continue;
    if (lines >> number) codes[name] = std::stoi(number);
  }
  return codes;
}

// Everything that is wrong with a catalogue, in words.
std::vector<std::string> faults(std::span<const CatalogueEntry> entries,
                                const std::map<std::string, int>& codes) {
  std::vector<std::string> wrong;
  std::multiset<int> have;
  for (const auto& e : entries) {
    have.insert(static_cast<int>(e.code));
    for (const auto* text : {&e.en, &e.ru}) {
      for (const auto part : {text->what, text->why, text->next}) {
        if (part.size() < 5) wrong.push_back("empty text " + code_name(e.code));
      }
      if (text->what.ends_with('.') || !text->why.ends_with('.') || !text->next.ends_with('.')) {
        wrong.push_back("full stops " + code_name(e.code));
      }
    }
    const auto cyrillic = [](char c) { return (c & '\x80') != 0; };
    if (std::ranges::any_of(e.en.what, cyrillic)) wrong.push_back("en " + code_name(e.code));
    if (std::ranges::none_of(e.ru.what, cyrillic)) wrong.push_back("ru " + code_name(e.code));
    if (e.http < 400 || e.http > 599) wrong.push_back("http " + code_name(e.code));
  }
  for (const auto& [name, number] : codes) {
    if (have.count(number) != 1) wrong.push_back(name);
    have.erase(number);
  }
  for (const int number : have) wrong.push_back("undeclared " + std::to_string(number));
  return wrong;
}

TEST(Errors, EveryCodeHasOneWholeEntry) {
  const auto codes = declared_codes(codes_header());
  EXPECT_GT(codes.size(), 90U);
  EXPECT_EQ(codes.at("kOverflow"), 1001);
  EXPECT_EQ(codes.at("kNotRunning"), 9005);
  EXPECT_EQ(faults(all_errors(), codes), std::vector<std::string>{});
}

TEST(Errors, TheCheckSeesPlantedFaults) {
  const auto codes = declared_codes(codes_header());
  std::vector<CatalogueEntry> planted(all_errors().begin(), all_errors().end());
  planted.pop_back();
  EXPECT_EQ(faults(planted, codes), std::vector<std::string>{"kNotRunning"});
  planted.push_back(catalogue(Code::kNotRunning));
  planted.push_back(catalogue(Code::kOverflow));
  EXPECT_EQ(faults(planted, codes), std::vector<std::string>{"kOverflow"});
  planted.pop_back();
  planted[3].ru.next = "";
  EXPECT_FALSE(faults(planted, codes).empty());
  EXPECT_EQ(declared_codes(codes_header() + "\n kPlanted = 9999,\n").count("kPlanted"), 1U);
}

TEST(Errors, DescribesForPeople) {
  const Error error{Code::kRegisterRefused, "receipt 17", "0x54"};
  EXPECT_EQ(describe(error, Language::kEn),
            "The fiscal register said no: receipt 17 (device code 0x54). It gave the reason named "
            "here; nothing was printed as a receipt. Correct the cause and try again. [TB-3001]");
  EXPECT_EQ(describe({Code::kPaperOut, "", ""}, Language::kRu),
            "В принтере нет бумаги. Рулон закончился или не виден датчику. "
            "Вставьте новый рулон и закройте крышку. [TB-2201]");
}

TEST(Errors, KnowsWhoActsAndTheHttpStatus) {
  EXPECT_EQ(http_status(Code::kUnauthorised), 401);
  EXPECT_EQ(http_status(Code::kBodyTooLarge), 413);
  EXPECT_EQ(catalogue(Code::kPaperOut).actor, Actor::kCashier);
  EXPECT_TRUE(catalogue(Code::kDeviceBusy).retryable);
  EXPECT_FALSE(catalogue(Code::kRegisterInDoubt).retryable);  // never blindly
  EXPECT_EQ(catalogue(static_cast<Code>(4242)).code, Code::kInternal);
  EXPECT_EQ(name(ErrorClass::kSecurity), "security");
  EXPECT_EQ(name(Actor::kSupport), "support");
}

}  // namespace
}  // namespace till
