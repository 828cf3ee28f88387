// A rig whose register hangs on a line of bytes: how such a virtual device is wired to the driver.
#pragma once

#include "sim/base/fault_script.h"
#include "sim/base/fiscal_world.h"
#include "tests/faults/rig.h"

namespace till::faults {

class LineRig : public Rig {
 public:
  explicit LineRig(sim::Framing framing) : script_(framing) {}

  void cut(Where where, std::size_t at) override {
    if (where == Where::kToDevice) host.cut_after_written(at);
    if (where == Where::kAnswer) host.cut_after_read(at);
    if (where == Where::kLate) host.cut_before_read(at);
  }
  [[nodiscard]] bool was_cut() const override { return !host.connected(); }
  void reconnect(std::uint32_t after_ms) override {
    host.set_connected(false);
    host.pass_ms(after_ms);
    host.set_connected(true);
  }
  bool other_answer(std::size_t at) override {
    const sim::Fault fault{.when = sim::Fault::When::kTx,
                           .at = static_cast<std::int64_t>(at),
                           .what = sim::Fault::What::kOther};
    return script_.add(fault);
  }
  [[nodiscard]] bool other_came() const override { return script_.pending() == 0; }
  bool late(std::uint32_t by_ms) override {
    world_.next_before.delay = by_ms;
    return true;
  }
  bool power_fails(bool after_fiscal) override {
    (after_fiscal ? world_.next_after : world_.next_before).power_off = true;
    return true;
  }

 protected:
  struct World : sim::RegisterWorld {
    sim::FiscalVerdict fiscal_moment(bool after) override {
      return std::exchange(after ? next_after : next_before, {});
    }
    void print(const sim::Slip&) override {}
    sim::FiscalVerdict next_before, next_after;
  };

  [[nodiscard]] sim::Ms ms() const { return host.now_us / 1000; }
  // The device's life follows the host's clock; what it says goes to the driver while connected.
  template <typename Device>
  void attach(Device& device) {
    host.set_device([this, &device](Bytes bytes) {
      device.receive(ms(), bytes);
      deliver(device);
    });
    host.set_clock([this, &device](std::int64_t) {
      device.tick(ms());
      deliver(device);
      const auto due = device.next_due();
      return due ? std::optional(*due * 1000) : std::nullopt;
    });
  }
  template <typename Device>
  bool switch_on(Device& device) {
    world_.next_before = world_.next_after = {};
    device.power(ms(), true);
    return true;
  }
  template <typename Device>
  bool end_paper(Device& device, bool at_next_document) {
    if (at_next_document) {
      device.run_out_while_printing();
    } else {
      device.set_paper(ms(), false);
    }
    return true;
  }

  World world_;

 private:
  template <typename Device>
  void deliver(Device& device) {
    Buffer out;
    for (const auto& step : script_.tx(device.take_output())) {
      out.insert(out.end(), step.bytes.begin(), step.bytes.end());
    }
    if (!out.empty() && host.connected()) host.device_says(out);
  }

  sim::FaultScript script_;
};

}  // namespace till::faults
