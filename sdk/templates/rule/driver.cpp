// Ten per cent off for regular customers. Money is in kopecks; never floating point.
#include <tillbridge/sdk/kinds.h>

namespace {

class Rule final : public till::Rule {
  till::Result<till::RuleAnswer> evaluate(const till::RuleQuestion& question) override {
    till::RuleAnswer answer;
    if (question.customer != "regular") return answer;
    for (const auto& line : question.lines) {
      answer.discounts.push_back({line.line, {line.total.minor / 10}, "Regular customer, 10 %"});
    }
    return answer;
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(Rule)
