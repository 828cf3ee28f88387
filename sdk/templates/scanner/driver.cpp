// A scanner that ends every code with a carriage return.
#include <tillbridge/sdk/scanner.h>

namespace {

class Scanner final : public till::Scanner {
  till::LineSplitter lines_{'\r', till::kMaxScanBytes};

  void on_input(till::Bytes chunk) override {
    for (const auto& line : lines_.feed(chunk)) {
      if (line.empty()) {
        emit_error({till::Code::kGarbage, "an empty code", {}});
      } else {
        emit(till::Scan{.raw = line});
      }
    }
    if (lines_.take_dropped() > 0) emit_error({till::Code::kBarcodeTooLong, {}, {}});
  }
  // Half a code from before the cable was pulled is no code.
  void on_port(bool) override { lines_.clear(); }
};

}  // namespace

TILLBRIDGE_PLUGIN(Scanner)
