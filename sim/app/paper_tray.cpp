#include "sim/app/paper_tray.h"

#include <fmt/core.h>

#include "sim/render/barcode.h"

namespace till::sim {
namespace {

// A slip as it is drawn.
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

}  // namespace

int count_files(const std::string& dir, std::string_view prefix) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".txt")) ++count;
  }
  return count;
}

void PaperTray::print(const Slip& slip) {
  const std::string name =
      slip.fd > 0 ? fmt::format("fd-{:06}", slip.fd) : fmt::format("slip-{:06}", ++slips_);
  std::string text;
  for (const std::string& line : slip.lines) text += line + "\n";
  if (!slip.qr.empty()) text += "QR: " + slip.qr + "\n";
  last_text_ = text;
  scribe_.write({dir_ + "/" + name, std::move(text), blocks_of(slip), 576});
}

}  // namespace till::sim
