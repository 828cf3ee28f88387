// For the benchmark: answers with what it was asked, or writes as much as it is told.
#include <tillbridge/sdk/scanner.h>

namespace {

class BenchDevice final : public till::Scanner {
 public:
  till::OperationResult perform(const till::Operation& operation) override {
    if (operation.verb == "test.echo") return {TILL_DONE, operation.body, {}, false};
    const till::Buffer all(static_cast<std::size_t>(operation.body.at("bytes").as_int64()), 'w');
    return conclude(pumped(all));
  }

 private:
  till::LineSplitter lines_{'\r', till::kMaxScanBytes};

  till::Result<till::json::value> pumped(till::Bytes all) {
    TILL_CHECK(port().write(all, 60'000));
    return till::json::object{};
  }
  void on_input(till::Bytes chunk) override {
    for (const auto& line : lines_.feed(chunk)) emit(till::Scan{.raw = line});
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(BenchDevice)
