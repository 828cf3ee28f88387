// The Shtrih driver, both protocols, against the virtual register.
#include <map>
#include <utility>

#include "sim/register/register.h"
#include "sim/register/tlv.h"
#include "tests/faults/line_rig.h"

namespace till::faults {
namespace {

// FFD 1.2, table 6: what a fiscal memory keeps beside receipts.
const char* report_name(int type) {
  return type == 2 ? "shift_open" : type == 5 ? "shift_close" : type == 21 ? "settlement" : "other";
}

Money money_tag(const Bytes& tlv, std::uint16_t tag) {
  const auto value = sim::find_tag(tlv, tag);
  return {value ? static_cast<std::int64_t>(sim::get_le(*value)) : 0};
}

class ShtrihRig final : public LineRig {
 public:
  ShtrihRig(bool numbered, bool ffd_105) : LineRig(sim::Framing::kShtrih), ffd_105_(ffd_105) {
    sim::RegisterOptions options;
    if (numbered) options.protocols = sim::Protocols::kNumbered;
    register_.emplace(options, memory_, world_, ms());
    register_->open_shift(ms());
    attach(*register_);
    host.activate({{"protocol", numbered ? "2" : "1"}, {"ffd", ffd_105 ? "1.05" : "1.2"}});
    host.pass_ms(1000);  // the opening report is printed
  }

  [[nodiscard]] std::vector<Kept> kept() override {
    static constexpr const char* kKinds[] = {"sale", "sale_return", "purchase", "purchase_return"};
    std::vector<Kept> out;
    for (const auto& d : memory_.documents()) {
      Kept k{d.fn, d.fd, report_name(d.type), {}, "", d.fpd, {}, {}};
      if (d.type == 3 || d.type == 31) {
        k.kind = kKinds[d.op - 1];
        if (d.type == 31) k.kind += "_correction";
        k.total = Money{d.total};
        const auto extra = sim::find_tag(d.tlv, 1084);
        const auto value = extra ? sim::find_tag(*extra, 1086) : std::nullopt;
        if (value) k.witness.assign(value->begin(), value->end());
        k.cash = money_tag(d.tlv, 1031);
        k.electronic = money_tag(d.tlv, 1081);
        for (const std::uint16_t tag : {1215, 1216, 1217}) k.other += money_tag(d.tlv, tag);
      }
      out.push_back(std::move(k));
    }
    return out;
  }
  [[nodiscard]] bool keeps_witness(const FiscalReceipt& receipt) const override {
    return !(ffd_105_ && receipt.correction);
  }
  [[nodiscard]] bool document_open() override { return register_->state(ms()).receipt_open; }
  [[nodiscard]] Money in_drawer() override { return {register_->state(ms()).cash}; }
  [[nodiscard]] bool paper_waits() override {
    const auto submode = register_->state(ms()).submode;  // 2: out while printing, 3: goes on then
    return submode == 2 || submode == 3;
  }

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
  bool replace_memory() override {
    register_->options().memory_holds = sim::RegisterOptions{}.memory_holds;
    return register_->replace(ms()) == 0;
  }
  bool power_on() override { return switch_on(*register_); }
  bool paper_ends(bool at_next_document) override {
    return end_paper(*register_, at_next_document);
  }
  bool paper_ends_after(std::size_t lines) override {
    register_->run_out_while_printing(lines);
    return true;
  }
  bool paper_back() override {
    register_->set_paper(ms(), true);
    return true;
  }
  bool cutter_jams(bool jams) override {
    register_->options().cutter_jams = jams;
    return true;
  }
  bool fill_memory() override {
    register_->options().memory_holds = memory_.documents().size();
    return true;
  }
  bool clock_off_by(std::int64_t seconds) override {
    register_->set_clock_offset(seconds);
    return true;
  }
  bool hide_witness() override { return register_->options().hides_contents = true; }

 private:
  bool ffd_105_;
  sim::RamFiscalMemory memory_;
  std::optional<sim::Register> register_;
};

}  // namespace

std::vector<std::string> variants() { return {"protocol1", "protocol2", "ffd105"}; }

std::unique_ptr<Rig> make_rig(const std::string& variant) {
  return std::make_unique<ShtrihRig>(variant == "protocol2", variant == "ffd105");
}

}  // namespace till::faults
