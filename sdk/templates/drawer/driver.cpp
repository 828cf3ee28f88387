// A cash drawer on a serial line: "O\n" opens it, "K\n" is its yes, "E\n" its no.
#include <tillbridge/sdk/kinds.h>

namespace {

class Drawer final : public till::Drawer {
  till::Result<void> open(std::uint32_t) override {
    port().discard_input();
    port().point_of_no_return();  // from here on, silence means in doubt
    TILL_CHECK(port().write(till::as_bytes("O\n")));
    const auto answer = TILL_TRY(port().read_exactly(2, 2000));
    if (till::as_text(answer) == "K\n") return {};
    if (till::as_text(answer) == "E\n") return till::fail(till::Code::kPrinterError, "drawer", "E");
    return till::fail(till::Code::kBadFrame, "drawer");
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(Drawer)
