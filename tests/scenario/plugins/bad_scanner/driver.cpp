// A driver for the isolation test: "spin" never returns, "crash" ends the process, anything else is
// a scan. Nobody ships it.
#include <tillbridge/sdk/scanner.h>

#include <csignal>

namespace {

class BadScanner final : public till::Scanner {
  till::LineSplitter lines_{'\r', till::kMaxScanBytes};

  void on_input(till::Bytes chunk) override {
    for (const auto& line : lines_.feed(chunk)) {
      if (line == "spin") {
        for (volatile bool forever = true; forever;) {
        }
      }
      if (line == "crash") std::raise(SIGSEGV);
      emit(till::Scan{.raw = line});
    }
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(BadScanner)
