// A scale behind a vendor's blocking library. The library is opened at run time and never linked:
// the shop installs it, and without it this plugin says so.
#include <dlfcn.h>
#include <tillbridge/sdk/kinds.h>

#include <functional>
#include <memory>
#include <string>
#include <type_traits>

#include "vendor/acme_scale.h"
#include "vendor_thread.h"

namespace {

namespace json = till::json;
using std::chrono::milliseconds;

// The vendor's functions by name; all there, or none is used.
struct Acme {
  decltype(&acme_open) open = nullptr;
  decltype(&acme_close) close = nullptr;
  decltype(&acme_weigh) weigh = nullptr;
  decltype(&acme_zero) zero = nullptr;
  decltype(&acme_abort) abort = nullptr;

  static till::Result<Acme> load(const std::string& path) {
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays until the process ends
    if (library == nullptr) return till::fail(till::Code::kConfigInvalid, "library: not found");
    Acme acme;
    const auto find = [&](auto& function, const char* name) {
      function =
          reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
      return function != nullptr;
    };
    if (find(acme.open, "acme_open") && find(acme.close, "acme_close") &&
        find(acme.weigh, "acme_weigh") && find(acme.zero, "acme_zero") &&
        find(acme.abort, "acme_abort")) {
      return acme;
    }
    return till::fail(till::Code::kConfigInvalid, "library: another version");
  }
};

class VendorScale final : public till::Scale {
 public:
  ~VendorScale() override { VendorScale::deactivate(); }

 private:
  Acme acme_;
  std::string port_name_;
  milliseconds most_{2000};
  acme_scale* scale_ = nullptr;
  std::unique_ptr<VendorThread> thread_;

  till::Result<void> activate(const json::object& settings) override {
    for (const auto& [key, value] : settings) {
      if (key == "library" && value.is_string()) {
        acme_ = TILL_TRY(Acme::load(json::value_to<std::string>(value)));
      } else if (key == "port" && value.is_string()) {
        port_name_ = json::value_to<std::string>(value);
      } else if (key == "timeout_ms" && value.is_int64()) {
        most_ = milliseconds(value.as_int64());
      } else {
        return till::fail(till::Code::kConfigInvalid, std::string(key));
      }
    }
    if (acme_.open == nullptr || port_name_.empty()) {
      return till::fail(till::Code::kConfigInvalid, "library, port");
    }
    thread_ = std::make_unique<VendorThread>([this] { acme_.abort(scale_); });
    return {};
  }

  // The thread goes first: nothing may be in the library when the scale is closed.
  void deactivate() override {
    thread_.reset();
    if (scale_ != nullptr) acme_.close(scale_);
    scale_ = nullptr;
  }

  // A scale that is not there yet, or no more, is looked for again each time.
  till::Result<void> found() {
    if (scale_ == nullptr) scale_ = acme_.open(port_name_.c_str());
    if (scale_ == nullptr) return till::fail(till::Code::kPortLost, port_name_);
    return {};
  }

  till::Result<void> run(const std::function<int()>& work) {
    TILL_CHECK(found());
    const auto code = thread_->call(work, most_);
    if (!code) return till::fail(till::Code::kTimeout, "the weight moves");
    if (*code == ACME_OK) return {};
    return till::fail(till::Code::kPrinterError, "scale", std::to_string(*code));
  }

  till::Result<till::Weighing> weigh() override {
    long grams = 0;
    TILL_CHECK(run([&] { return acme_.weigh(scale_, &grams); }));
    return till::Weighing{{grams}, {}, true};
  }
  till::Result<void> zero() override {
    return run([this] { return acme_.zero(scale_); });
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(VendorScale)
