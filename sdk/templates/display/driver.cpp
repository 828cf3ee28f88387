// A customer display on a serial line: "1TEXT\n" and "2TEXT\n" write its two rows. It never
// answers, so that all bytes have left is all there is to know.
#include <tillbridge/sdk/kinds.h>

namespace {

constexpr std::size_t kRows = 2, kColumns = 20;

class Display final : public till::Display {
  till::Result<void> show(const std::vector<std::string>& lines) override {
    if (lines.size() > kRows) return till::fail(till::Code::kOutOfRange, "lines: 2");
    std::string bytes;
    for (std::size_t row = 0; row < kRows; ++row) {
      bytes += std::to_string(row + 1) + (row < lines.size() ? fitting(lines[row]) : "") + "\n";
    }
    return port().write(till::as_bytes(bytes));
  }

  // One row of it: no control character reaches the device, too long is cut between characters.
  static std::string fitting(const std::string& utf8) {
    std::string row;
    std::size_t columns = 0;
    for (const char c : utf8) {
      if ((c & 0xc0) != 0x80 && ++columns > kColumns) break;
      row += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    }
    return row;
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(Display)
