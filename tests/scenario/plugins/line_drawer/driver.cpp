// A cash drawer on a line: "O\n" opens it and is answered "K\n".
#include <tillbridge/sdk/kinds.h>

namespace {

class LineDrawer final : public till::Drawer {
  till::Result<void> open(std::uint32_t) override {
    port().discard_input();
    port().point_of_no_return();
    TILL_CHECK(port().write(till::as_bytes("O\n")));
    const auto answer = TILL_TRY(port().read_exactly(2, 2000));
    if (till::as_text(answer) != "K\n") return till::fail(till::Code::kBadFrame, "drawer");
    return {};
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(LineDrawer)
