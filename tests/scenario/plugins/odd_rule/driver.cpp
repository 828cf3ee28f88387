// A rule plugin at its worst: the goods' code tells how it misbehaves.
#include <tillbridge/sdk/kinds.h>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace {

class OddRule final : public till::Rule {
  till::Result<till::RuleAnswer> evaluate(const till::RuleQuestion& question) override {
    till::RuleAnswer answer;
    for (const auto& line : question.lines) {
      if (line.goods == "4607000000014") std::this_thread::sleep_for(std::chrono::seconds(1));
      if (line.goods == "4607000000021") std::abort();
      if (line.goods == "4607000000045") return till::fail(till::Code::kBadValue, "no vodka");
      // More than all of it for one kind of goods; else more than a floor allows.
      const bool too_much = line.goods == "4607000000052";
      answer.discounts.push_back(
          {line.line, {too_much ? line.total.minor + 1 : line.total.minor}, "odd"});
    }
    return answer;
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(OddRule)
