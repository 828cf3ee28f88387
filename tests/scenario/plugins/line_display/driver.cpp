// A customer display on a line: "1TEXT\n" and "2TEXT\n" write its two rows.
#include <tillbridge/sdk/kinds.h>

namespace {

class LineDisplay final : public till::Display {
  till::Result<void> show(const std::vector<std::string>& lines) override {
    if (lines.size() > 2) return till::fail(till::Code::kOutOfRange, "lines: 2");
    std::string bytes;
    for (std::size_t row = 0; row < 2; ++row) {
      bytes += std::to_string(row + 1) + (row < lines.size() ? lines[row] : "") + "\n";
    }
    return port().write(till::as_bytes(bytes));
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(LineDisplay)
