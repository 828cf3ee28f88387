// A scale on a serial line: "W\n" is answered "000734S\n" (grams; S it is stable, M it moves) or
// "OVERLOAD"; "0\n" makes zero and is answered "K\n". What it sends by itself was confirmed with
// its key.
#include <tillbridge/sdk/kinds.h>
#include <tillbridge/sdk/scanner.h>

namespace {

constexpr std::size_t kDigits = 6, kLine = 8;
constexpr std::uint32_t kWaitMs = 1000;

till::Result<till::Weighing> parsed(std::string_view line) {
  if (line == "OVERLOAD") return till::fail(till::Code::kOutOfRange, "weight", "OVERLOAD");
  const bool stable = line.ends_with('S');
  if (line.size() != kDigits + 1 || (!stable && !line.ends_with('M')) ||
      line.find_first_not_of("0123456789") != kDigits) {
    return till::fail(till::Code::kBadFrame, "weight");
  }
  std::int64_t grams = 0;
  for (const char c : line.substr(0, kDigits)) grams = grams * 10 + (c - '0');
  return till::Weighing{{grams}, {}, stable};  // thousandths of a kilogram
}

class Scale final : public till::Scale {
  till::LineSplitter lines_{'\n', kLine};

  till::Result<till::Weighing> weigh() override { return parsed(TILL_TRY(ask("W\n"))); }

  till::Result<void> zero() override {
    if (TILL_TRY(ask("0\n")) == "K") return {};
    return till::fail(till::Code::kBadFrame, "zero");
  }

  till::Result<std::string> ask(std::string_view command) {
    port().discard_input();
    TILL_CHECK(port().write(till::as_bytes(command)));
    std::string line;
    for (;;) {
      const char c = static_cast<char>(TILL_TRY(port().read_byte(kWaitMs)));
      if (c == '\n') return line;
      if (line.size() == kLine) return till::fail(till::Code::kBadFrame, "a line without end");
      line += c;
    }
  }

  void on_input(till::Bytes chunk) override {
    for (const auto& line : lines_.feed(chunk)) {
      if (const auto weighing = parsed(line)) tell("weight", *weighing);
    }
  }
  // Half a weight from before the cable was pulled is no weight.
  void on_port(bool) override { lines_.clear(); }
};

}  // namespace

TILLBRIDGE_PLUGIN(Scale)
