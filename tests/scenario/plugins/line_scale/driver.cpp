// A scale on a line: "W\n" is answered "000734S\n", grams and S = stable or M = it moves. What it
// sends by itself is a weight the shop assistant has confirmed with its key.
#include <tillbridge/sdk/kinds.h>
#include <tillbridge/sdk/scanner.h>

namespace {

constexpr std::size_t kDigits = 6;

till::Result<till::Weighing> parsed(std::string_view line) {
  std::int64_t grams = 0;
  if (line.size() != kDigits + 1) return till::fail(till::Code::kBadFrame, "weight");
  for (const char c : line.substr(0, kDigits)) {
    if (c < '0' || c > '9') return till::fail(till::Code::kBadFrame, "weight");
    grams = grams * 10 + (c - '0');
  }
  return till::Weighing{{grams}, {}, line.back() == 'S'};
}

class LineScale final : public till::Scale {
  till::LineSplitter lines_{'\n', 32};

  till::Result<till::Weighing> weigh() override {
    port().discard_input();
    TILL_CHECK(port().write(till::as_bytes("W\n")));
    const auto answer = TILL_TRY(port().read_exactly(kDigits + 2, 1000));
    return parsed(till::as_text(answer).substr(0, kDigits + 1));
  }
  void on_input(till::Bytes chunk) override {
    for (const auto& line : lines_.feed(chunk)) {
      if (const auto weighing = parsed(line)) tell("weight", *weighing);
    }
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(LineScale)
