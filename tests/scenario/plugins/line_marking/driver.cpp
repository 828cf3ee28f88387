// A marking service on a line: "CODE\n" with its group separators as '|' is answered "A\n" allowed,
// "F\n" forbidden or "U\n" unknown.
#include <tillbridge/sdk/kinds.h>

#include <algorithm>

namespace {

class LineMarking final : public till::Marking {
  till::Result<till::MarkingAnswer> check(const till::MarkingQuestion& question) override {
    std::string line = question.code + "\n";
    std::ranges::replace(line, '\x1d', '|');
    port().discard_input();
    TILL_CHECK(port().write(till::as_bytes(line)));
    const auto bytes = TILL_TRY(port().read_exactly(2, 2000));
    const auto answer = till::as_text(bytes);
    if (answer == "A\n") return till::MarkingAnswer{till::MarkingVerdict::kAllowed, "", "1"};
    if (answer == "F\n") {
      return till::MarkingAnswer{till::MarkingVerdict::kForbidden, "withdrawn from sale", "1"};
    }
    if (answer == "U\n") return till::MarkingAnswer{till::MarkingVerdict::kUnknown, "", "1"};
    return till::fail(till::Code::kBadFrame, "marking");
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(LineMarking)
