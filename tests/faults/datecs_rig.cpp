// The Datecs driver, the virtual printer and the cable between them.
#include "sim/datecs/device.h"
#include "tests/faults/line_rig.h"

namespace till::faults {
namespace {

namespace fp = sim::datecs;

// The witness as it stands on the paper: fiscal text, "#TB1:…#", "#TB2:…#".
std::string witness_on(const std::vector<std::string>& paper) {
  std::string witness;
  for (const std::string& line : paper) {
    if (line.starts_with("#TB") && line.ends_with('#')) {
      witness += line.substr(5, line.size() - 6);
    }
  }
  return witness;
}

std::string kind_of(fp::Kind kind) {
  switch (kind) {
    case fp::Kind::kSale:
      return "sale";
    case fp::Kind::kReturn:
      return "sale_return";
    case fp::Kind::kZ:
      return "shift_close";
    default:
      return "other";
  }
}

char group_of(const Tax& tax) {
  return tax.kind == TaxKind::kExempt || tax.rate.units == 0 ? 'A'
         : tax.rate.units == 900                             ? 'D'
                                                             : 'B';
}

class DatecsRig final : public LineRig {
 public:
  DatecsRig() : LineRig(sim::Framing::kIsl) {
    attach(device_);
    host.activate();
    host.pass_ms(1000);  // the first paper is out
  }

  [[nodiscard]] std::vector<Kept> kept() override {
    std::vector<Kept> all;
    all.reserve(memory_.documents().size());
    for (const auto& d : memory_.documents()) {
      // A cancelled receipt has its text too, but is no fiscal document.
      const bool fiscal = d.kind == fp::Kind::kSale || d.kind == fp::Kind::kReturn;
      Kept k{d.fm, d.number, kind_of(d.kind), {d.total}, fiscal ? witness_on(d.paper) : "", 0,
             {},   {}};
      for (const auto& p : d.payments) {
        (p.mode == 'P' ? k.cash : p.mode == 'D' ? k.electronic : k.other).minor += p.amount;
      }
      all.push_back(std::move(k));
    }
    return all;
  }
  [[nodiscard]] Tax usual_tax() const override { return {TaxKind::kRate, {2000}}; }
  [[nodiscard]] std::vector<Tender> tenders() const override {
    return {Tender::kElectronic, Tender::kCredit};
  }
  [[nodiscard]] bool document_open() override { return device_.state(ms()).receipt_open; }
  [[nodiscard]] Money in_drawer() override { return {device_.state(ms()).cash}; }
  [[nodiscard]] bool paper_waits() override {
    const auto s = device_.state(ms());
    return !s.paper && s.pending_lines > 0;
  }

  bool foreign(const FiscalReceipt& equal) override {
    std::vector<fp::Item> items;
    items.reserve(equal.lines.size());
    for (const auto& line : equal.lines) {
      items.push_back(
          {group_of(line.tax), line.price.minor, line.quantity.units, line.sum.minor, line.name});
    }
    return device_.foreign_receipt(ms(), equal.kind == FiscalKind::kSaleReturn, items) == 0;
  }
  bool automatic_z() override { return device_.z_report(ms()) == 0; }
  bool replace_memory() override {
    device_.options().memory_holds = fp::Options{}.memory_holds;
    return device_.replace(ms()) == 0;
  }
  bool fill_memory() override {
    device_.options().memory_holds = device_.state(ms()).last_document;
    return true;
  }
  bool cutter_jams(bool jams) override {
    device_.options().cutter_jams = jams;
    return true;
  }
  bool power_on() override { return switch_on(device_); }
  bool paper_ends(bool at_next_document) override { return end_paper(device_, at_next_document); }
  bool paper_ends_after(std::size_t lines) override {
    device_.run_out_while_printing(lines);
    return true;
  }
  bool paper_back() override {
    device_.set_paper(ms(), true);
    return true;
  }
  bool clock_off_by(std::int64_t seconds) override {
    device_.set_clock_offset(seconds);
    return true;
  }
  bool hide_witness() override {
    device_.options().journal_shows_paper = false;
    return true;
  }

 private:
  fp::RamMemory memory_;
  fp::Device device_{{}, memory_, world_, ms()};
};

}  // namespace

std::vector<std::string> variants() { return {"isl"}; }

std::unique_ptr<Rig> make_rig(const std::string& /*variant*/) {
  return std::make_unique<DatecsRig>();
}

}  // namespace till::faults
