#include "sim/app/devices.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace till::sim {
namespace {

namespace fs = std::filesystem;

std::string folder(const std::string& path) {
  fs::create_directories(path);
  return path;
}

// How many papers of a kind an earlier run has left.
int count_files(const std::string& dir, std::string_view prefix) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(dir)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".txt")) ++count;
  }
  return count;
}

std::vector<Block> blocks_of(const Slip& slip) {
  std::vector<Block> blocks;
  for (const std::string& line : slip.lines) {
    TextLine one;
    if (!line.empty()) one.spans.push_back({.text = line});
    blocks.emplace_back(std::move(one));
  }
  if (!slip.qr.empty()) {
    blocks.emplace_back(Feed{kCellHeight});
    if (auto image = qr_code(slip.qr, 6, 1)) {
      blocks.emplace_back(ImageBlock{std::move(*image), Align::kCentre});
    }
  }
  return blocks;
}

std::unique_ptr<FiscalMemory> open_memory(const std::string& dir) {
  auto memory = FileFiscalMemory::open(dir + "/fiscal_memory.jsonl");
  if (!memory) throw std::runtime_error(memory.error());
  return std::move(*memory);
}

}  // namespace

RegisterDevice::RegisterDevice(const std::string& dir, uint16_t port, Scribe& scribe, Ms now)
    : paper_dir_(folder(dir + "/register/paper")),
      scribe_(scribe),
      now_(now),
      slips_(count_files(paper_dir_, "slip-")),
      memory_(open_memory(dir + "/register")),
      line_(dir + "/dev/register", port,
            {.receive = [this](Ms at, View bytes) { register_->receive(at, bytes); },
             .nak = [this] { register_->nak_next_frame(); },
             .late = [this](Ms ms) { register_->delay_execution(ms); },
             .power_off = [this](Ms at) { register_->power(at, false); }}),
      register_(new Register({}, *memory_, *this, now)) {}

void RegisterDevice::command_received(uint16_t command) {
  line_.script().command_received(command);
}

FiscalVerdict RegisterDevice::fiscal_moment(bool after) {
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

void RegisterDevice::print(const Slip& slip) {
  const std::string name =
      slip.fd > 0 ? fmt::format("fd-{:06}", slip.fd) : fmt::format("slip-{:06}", ++slips_);
  std::string text;
  for (const std::string& line : slip.lines) text += line + "\n";
  if (!slip.qr.empty()) text += "QR: " + slip.qr + "\n";
  last_text_ = text;
  scribe_.write({paper_dir_ + "/" + name, std::move(text), blocks_of(slip), 576});
}

void RegisterDevice::power(Ms now, bool on) {
  register_->power(now, on);
  if (on) {
    line_.plug();
  } else {
    line_.pull();
  }
}

std::optional<Ms> RegisterDevice::next_due() const {
  const auto a = line_.next_due(), b = register_->next_due();
  return a && b ? std::min(a, b) : a ? a : b;
}

void RegisterDevice::pump(Ms now) {
  now_ = now;
  line_.pump(now);
  register_->tick(now);
  line_.send(now, register_->take_output());
}

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
