// A cash drawer behind a vendor's blocking library. The library is opened at run time and never
// linked: the shop installs it, and without it this plugin says so.
#include <dlfcn.h>
#include <tillbridge/sdk/kinds.h>

#include <string>

namespace {

namespace json = till::json;

// What the vendor's header would declare.
using OpenDrawer = int (*)(int timeout_ms);
constexpr int kVendorOk = 0, kVendorTimeout = -1;

class Drawer final : public till::Drawer {
  OpenDrawer open_ = nullptr;

  till::Result<void> activate(const json::object& settings) override {
    const auto* name = settings.if_contains("library");
    if (name == nullptr || !name->is_string())
      return till::fail(till::Code::kConfigInvalid, "library");
    const auto path = json::value_to<std::string>(*name);
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
      return till::fail(till::Code::kConfigInvalid, "library can not be opened");
    open_ = reinterpret_cast<OpenDrawer>(dlsym(library, "acme_open_drawer"));
    if (open_ == nullptr)
      return till::fail(till::Code::kConfigInvalid, "library has no acme_open_drawer");
    return {};
  }

  // Called on the device thread, so it may block; the gateway ends what hangs beyond its deadline.
  till::Result<void> open(std::uint32_t) override {
    port().point_of_no_return();  // from here on, silence means in doubt
    const int code = open_(2000);
    if (code == kVendorOk) return {};
    if (code == kVendorTimeout) return till::fail(till::Code::kTimeout, "drawer");
    return till::fail(till::Code::kPrinterError, "drawer", std::to_string(code));
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(Drawer)
