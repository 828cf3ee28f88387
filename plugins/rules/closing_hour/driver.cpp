// What would be stale tomorrow gets cheaper by the minute: from nothing at the beginning to the
// most at the end. Integers only; the same question always gives the same answer.
#include <tillbridge/sdk/kinds.h>

namespace till::closing_hour {
namespace {

constexpr std::int64_t kDayMinutes = 1440;
constexpr std::int64_t kWhole = 10'000;  // basis points

// "HH:MM" -> minutes.
Result<std::int64_t> minute_of(std::string_view text, const char* what) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) {
    return fail(Code::kBadValue, std::string(what) + ": HH:MM");
  }
  const auto number = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  const std::int64_t minute = number(0) * 60 + number(3);
  if (number(3) > 59 || minute > kDayMinutes) return fail(Code::kOutOfRange, what);
  return minute;
}

class ClosingHour final : public Rule {
 public:
  Result<void> activate(const json::object& settings) override {
    const auto text = [&](const char* name, const char* otherwise) {
      const auto* at = settings.if_contains(name);
      return at == nullptr ? std::string(otherwise) : json::value_to<std::string>(*at);
    };
    begin_ = TILL_TRY(minute_of(text("begin", "19:00"), "begin"));
    end_ = TILL_TRY(minute_of(text("end", "21:00"), "end"));
    category_ = text("category", "");
    if (const auto* most = settings.if_contains("most_percent")) most_ = most->to_number<int>();
    if (end_ <= begin_) return fail(Code::kOutOfRange, "end");
    return {};
  }

  Result<RuleAnswer> evaluate(const RuleQuestion& question) override {
    RuleAnswer answer;
    if (question.instant.size() < 16) return fail(Code::kBadValue, "instant");
    const auto now =
        TILL_TRY(minute_of(std::string_view(question.instant).substr(11, 5), "instant"));
    answer.holds = now >= begin_ && now < end_;
    if (!*answer.holds) return answer;
    const auto off = most_ * 100 * (now - begin_ + 1) / (end_ - begin_);
    for (const auto& line : question.lines) {
      if (!category_.empty() && line.category.value_or("") != category_) continue;
      const Money amount{mul_div(line.total.minor, off, kWhole, Rounding::kDown)};
      if (amount.minor > 0) {
        answer.discounts.push_back({line.line, amount, "−" + to_string(Percent{off})});
      }
    }
    return answer;
  }

 private:
  std::int64_t begin_ = 0, end_ = 0, most_ = 50;
  std::string category_;
};

}  // namespace
}  // namespace till::closing_hour

TILLBRIDGE_PLUGIN(till::closing_hour::ClosingHour)
