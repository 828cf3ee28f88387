// The Shtrih driver, both protocols, against the virtual register.
#include <map>
#include <utility>

#include "sim/register/register.h"
#include "sim/register/tlv.h"
#include "tests/faults/rig.h"

namespace till::faults {
namespace {

struct World : sim::RegisterWorld {
  sim::FiscalVerdict fiscal_moment(bool after) override {
    return std::exchange(after ? next_after : next_before, {});
  }
  void print(const sim::Slip&) override {}
  sim::FiscalVerdict next_before, next_after;
};

class ShtrihRig final : public Rig {
 public:
  explicit ShtrihRig(bool numbered) {
    sim::RegisterOptions options;
    if (numbered) options.protocols = sim::Protocols::kNumbered;
    register_.emplace(options, memory_, world_, ms());
    register_->open_shift(ms());
    host.set_device([this](Bytes bytes) {
      register_->receive(ms(), bytes);
      deliver();
    });
    host.set_clock([this](std::int64_t) {
      register_->tick(ms());
      deliver();
      const auto due = register_->next_due();
      return due ? std::optional(*due * 1000) : std::nullopt;
    });
    host.activate({{"protocol", numbered ? "2" : "1"}});
    host.pass_ms(1000);  // the opening report is printed
  }

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

  [[nodiscard]] std::vector<Kept> kept() override {
    static constexpr const char* kKinds[] = {"sale", "sale_return", "purchase", "purchase_return"};
    std::vector<Kept> out;
    for (const auto& d : memory_.documents()) {
      Kept k{d.fn,
             d.fd,
             d.type == 2   ? "shift_open"
             : d.type == 5 ? "shift_close"
                           : "other",
             {},
             ""};
      if (d.type == 3 || d.type == 31) {
        k.kind = kKinds[d.op - 1];
        if (d.type == 31) k.kind += "_correction";
        k.total = Money{d.total};
        const auto extra = sim::find_tag(d.tlv, 1084);
        const auto value = extra ? sim::find_tag(*extra, 1086) : std::nullopt;
        if (value) k.witness.assign(value->begin(), value->end());
      }
      out.push_back(std::move(k));
    }
    return out;
  }
  [[nodiscard]] bool document_open() override { return register_->state(ms()).receipt_open; }

  bool foreign(const FiscalReceipt& equal) override {
    static constexpr std::uint8_t kOps[] = {1, 2, 3, 4};
    sim::Receipt r;
    r.op = kOps[static_cast<int>(equal.kind)];
    for (const auto& line : equal.lines) {
      sim::Item item;
      item.op = r.op;
      item.quantity = static_cast<std::uint64_t>(line.quantity.units) * 1000;
      item.price = line.price.minor;
      item.sum = line.sum.minor;
      item.name = line.name;
      r.items.push_back(item);
    }
    return register_->foreign_sale(ms(), r) == 0;
  }
  bool automatic_z() override { return register_->close_shift(ms()) == 0; }
  bool replace_memory() override { return register_->replace(ms()) == 0; }
  bool late(std::uint32_t by_ms) override {
    world_.next_before.delay = by_ms;
    return true;
  }
  bool power_fails(bool after_fiscal) override {
    (after_fiscal ? world_.next_after : world_.next_before).power_off = true;
    return true;
  }
  bool power_on() override {
    world_.next_before = world_.next_after = {};
    register_->power(ms(), true);
    return true;
  }
  bool paper_ends(bool at_next_document) override {
    if (at_next_document) {
      register_->run_out_while_printing();
    } else {
      register_->set_paper(ms(), false);
    }
    return true;
  }
  bool paper_back() override {
    register_->set_paper(ms(), true);
    return true;
  }
  bool hide_witness() override { return register_->options().hides_contents = true; }

 private:
  [[nodiscard]] sim::Ms ms() const { return host.now_us / 1000; }
  void deliver() {
    const Buffer out = register_->take_output();
    if (!out.empty() && host.connected()) host.device_says(out);
  }
  sim::RamFiscalMemory memory_;
  World world_;
  std::optional<sim::Register> register_;
};

}  // namespace

std::vector<std::string> variants() { return {"protocol1", "protocol2"}; }

std::unique_ptr<Rig> make_rig(const std::string& variant) {
  return std::make_unique<ShtrihRig>(variant == "protocol2");
}

}  // namespace till::faults
