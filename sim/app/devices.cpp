#include "sim/app/devices.h"

#include <fmt/core.h>

#include <algorithm>

#include "sim/base/arguments.h"

namespace till::sim {
namespace {

void good(uint8_t error) {
  if (error != 0) refuse(fmt::format("{:02X}h {}", error, error_name(error)));
}

void good(int error) {
  if (error != 0) refuse(fmt::format("{} {}", -150000 - error, datecs::error_text(error)));
}

}  // namespace

FiscalDevice::FiscalDevice(const std::string& dir, const std::string& name, uint16_t port,
                           Scribe& scribe, Ms now, Framing framing)
    : paper_(dir + "/" + name + "/paper", scribe),
      now_(now),
      line_(dir + "/dev/" + name, port,
            {.receive = [this](Ms at, View bytes) { receive(at, bytes); },
             .nak = [this] { nak_next_frame(); },
             .late = [this](Ms ms) { delay_execution(ms); },
             .power_off = [this](Ms at) { switch_power(at, false); }},
            framing) {}

int64_t FiscalDevice::Sold::sum() const {
  return multiply_divide(price, static_cast<uint64_t>(quantity_milli), 1000);
}

void FiscalDevice::command_received(uint16_t command) { line_.script().command_received(command); }

FiscalVerdict FiscalDevice::fiscal_moment(bool after) {
  using Kind = FaultStep::Kind;
  FiscalVerdict verdict;
  for (const FaultStep& step : line_.script().fiscal(after)) {
    switch (step.kind) {
      case Kind::kCut:
        line_.cut(now_, step.ms);
        break;
      case Kind::kLate:
        line_.cut(now_, 0);
        verdict.delay = step.ms;
        break;
      case Kind::kSlow:
        verdict.delay = step.ms;
        break;
      case Kind::kPower:
        line_.cut(now_, 0);
        verdict.power_off = true;
        break;
      case Kind::kPass:
        line_.send_raw(now_, step.bytes);
        break;
      case Kind::kNak:
        line_.send_raw(now_, Bytes{0x15});
        break;
    }
  }
  return verdict;
}

void FiscalDevice::power(Ms now, bool on) {
  switch_power(now, on);
  if (on) {
    line_.plug();
  } else {
    line_.pull();
  }
}

std::optional<Ms> FiscalDevice::next_due() const {
  const auto a = line_.next_due(), b = engine_due();
  return a && b ? std::min(a, b) : a ? a : b;
}

void FiscalDevice::pump(Ms now) {
  now_ = now;
  line_.pump(now);
  tick(now);
  line_.send(now, take_output());
}

RegisterDevice::RegisterDevice(const std::string& dir, uint16_t port, Scribe& scribe, Ms now,
                               RegisterOptions options)
    : EngineDevice(dir, "register", port, scribe, now, Framing::kShtrih),
      memory_(open_memory<FileFiscalMemory>(dir + "/register")) {
  engine_.reset(new Register(std::move(options), *memory_, *this, now));
}

uint32_t RegisterDevice::foreign(Ms now, bool is_return, const std::vector<Sold>& items) {
  Receipt receipt;
  receipt.op = is_return ? 2 : 1;
  for (const Sold& sold : items) {
    Item& item = receipt.items.emplace_back();
    item.op = receipt.op;
    item.name = sold.name;
    item.price = sold.price;
    item.quantity = static_cast<uint64_t>(sold.quantity_milli) * 1000;
    item.sum = sold.sum();
  }
  good(engine_->foreign_sale(now, std::move(receipt)));
  return memory_->documents().back().fd;
}

void RegisterDevice::open_shift(Ms now) { good(engine_->open_shift(now)); }
void RegisterDevice::z(Ms now) { good(engine_->close_shift(now)); }
void RegisterDevice::replace(Ms now) { good(engine_->replace(now)); }

DatecsDevice::DatecsDevice(const std::string& dir, uint16_t port, Scribe& scribe, Ms now)
    : EngineDevice(dir, "datecs", port, scribe, now, Framing::kIsl),
      memory_(open_memory<datecs::FileMemory>(dir + "/datecs")) {
  engine_.reset(new datecs::Device({}, *memory_, *this, now));
}

uint32_t DatecsDevice::foreign(Ms now, bool is_return, const std::vector<Sold>& items) {
  std::vector<datecs::Item> all;
  all.reserve(items.size());
  for (const Sold& sold : items) {
    all.push_back({'B', sold.price, sold.quantity_milli, sold.sum(), sold.name});
  }
  good(engine_->foreign_receipt(now, is_return, std::move(all)));
  return memory_->documents().back().number;
}

void DatecsDevice::z(Ms now) { good(engine_->z_report(now)); }
void DatecsDevice::replace(Ms now) { good(engine_->replace(now)); }

PrinterDevice::PrinterDevice(const std::string& dir, uint16_t port, Scribe& scribe)
    : paper_dir_(folder(dir + "/printer")),
      scribe_(scribe),
      printer_(PrinterOptions{}),
      line_(dir + "/dev/printer", port,
            {.receive = [this](Ms, View bytes) { printer_.receive(bytes); },
             .room = [this] { return printer_.room(); }}),
      receipts_(count_files(paper_dir_, "receipt-")) {}

void PrinterDevice::pump(Ms now) {
  line_.pump(now);
  line_.send(now, printer_.take_output());
  for (CutReceipt& receipt : printer_.take_receipts()) {
    last_text_ = receipt.text;
    last_trouble_ = receipt.trouble;
    scribe_.write({fmt::format("{}/receipt-{:04}", paper_dir_, ++receipts_),
                   std::move(receipt.text), std::move(receipt.blocks), 576});
  }
}

}  // namespace till::sim
