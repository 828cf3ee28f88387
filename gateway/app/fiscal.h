// The register as the desk sees it, on top of a device and the fiscal.* verbs.
#pragma once

#include <memory>

#include "gateway/checkout/ports.h"
#include "gateway/devices/device.h"

namespace till::app {

class Fiscal final : public checkout::RegisterPort {
 public:
  Fiscal(std::shared_ptr<devices::Device> device, bool auto_open_shift, int tax_system)
      : device_(std::move(device)), auto_open_shift_(auto_open_shift), tax_system_(tax_system) {}

  void lock(std::function<void()> then) override { device_->lock(std::move(then)); }
  void unlock() override { device_->unlock(); }
  [[nodiscard]] bool online() const override { return device_->online(); }
  void prepare(const std::string& cashier, checkout::Then<Result<Baseline>> then) override;
  void receipt(const AttemptKey& key, const FiscalReceipt& receipt,
               checkout::Then<checkout::RegisterOutcome> then) override;
  void resolve(const FiscalReceipt& receipt, const Baseline& before,
               checkout::Then<Result<Resolution>> then) override;
  void recover(checkout::Then<Result<void>> then) override;

  // Reports and questions of a person, in turn with the sales.
  void command(const std::string& verb, boost::json::object body,
               const checkout::Then<Result<boost::json::value>>& then);

 private:
  void on_status(const RegisterStatus& status, const std::string& cashier,
                 const checkout::Then<Result<Baseline>>& then);
  void read_baseline(const checkout::Then<Result<Baseline>>& then);

  std::shared_ptr<devices::Device> device_;
  bool auto_open_shift_;
  int tax_system_;
};

}  // namespace till::app
