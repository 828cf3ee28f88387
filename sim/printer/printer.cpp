// The stream: real-time commands, status, and finding the next command. See commands.cpp.
#include "sim/printer/printer.h"

#include <algorithm>

namespace till::sim {
namespace {

constexpr uint8_t kDle = 0x10, kEsc = 0x1B, kFs = 0x1C, kGs = 0x1D;
constexpr uint8_t kClear[] = {kDle, 0x14, 0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08};

bool ends_with(View bytes, View tail) {
  return bytes.size() >= tail.size() &&
         std::equal(tail.begin(), tail.end(), bytes.end() - static_cast<ptrdiff_t>(tail.size()));
}

}  // namespace

void Printer::initialise() {
  mode_ = {};
  mode_.multibyte = options_.starts_multibyte;
  line_.align = Align::kLeft;
}

void Printer::power_cycle() {
  initialise();
  buffer_.clear();
  output_.clear();
  tail_.clear();
  line_ = {};
  skip_ = 0;
  auto_status_mask_ = 0;
}

// --- Real-time commands are obeyed as they come in; in the buffer they are skipped later.

size_t Printer::receive(View bytes) {
  const size_t taken = std::min(bytes.size(), room());
  for (const uint8_t byte : bytes.first(taken)) {
    buffer_.push_back(byte);
    real_time(byte);
  }
  process();
  return taken;
}

void Printer::real_time(uint8_t byte) {
  tail_.push_back(byte);
  if (tail_.size() > sizeof kClear) tail_.erase(tail_.begin());
  const View tail(tail_);
  const size_t n = tail.size();
  if (n >= 3 && tail[n - 3] == kDle && tail[n - 2] == 0x04) status_byte(byte);
  if (n >= 5 && tail[n - 5] == kDle && tail[n - 4] == 0x14 && tail[n - 3] == 0x01) {
    ++drawer_pulses_;
  }
  if (ends_with(tail, kClear)) {
    buffer_.clear();
    tail_.clear();
    line_ = {};
    skip_ = 0;
    append(output_, Bytes{0x37, 0x25, 0x00});
  }
}

void Printer::status_byte(uint8_t n) {
  const bool out = paper_ == Paper::kOut;
  uint8_t status = 0x12;
  switch (n) {
    case 1:
      if (!online()) status |= 0x08;
      break;
    case 2:
      if (cover_open_) status |= 0x04;
      if (out) status |= 0x20;
      break;
    case 3:
      break;
    case 4:
      if (paper_ != Paper::kOk) status |= 0x0C;
      if (out) status |= 0x60;
      break;
    default:
      return;
  }
  output_.push_back(status);
}

Bytes Printer::auto_status() const {
  Bytes status{0x10, 0x00, 0x00, 0x00};
  if (!online()) status[0] |= 0x08;
  if (cover_open_) status[0] |= 0x20;
  if (paper_ != Paper::kOk) status[2] |= 0x03;
  if (paper_ == Paper::kOut) status[2] |= 0x0C;
  return status;
}

void Printer::state_changed() {
  if ((auto_status_mask_ & 0x0E) != 0) append(output_, auto_status());
  process();
}

void Printer::set_paper(Paper paper) {
  if (std::exchange(paper_, paper) != paper) state_changed();
}

void Printer::set_cover(bool open) {
  if (std::exchange(cover_open_, open) != open) state_changed();
}

// --- The buffer

void Printer::process() {
  size_t at = 0;
  while (online() && at < buffer_.size()) {
    const View rest = View(buffer_).subspan(at);
    if (skip_ > 0) {
      const size_t skipped = std::min(skip_, rest.size());
      skip_ -= skipped;
      at += skipped;
      continue;
    }
    const auto command = next(rest);
    if (!command || command->length > rest.size()) break;
    // The command may cut, which must not see a moving buffer.
    const Bytes bytes(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(command->length));
    at += command->length;
    (this->*command->run)(bytes);
  }
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(at));
}

std::optional<Printer::Command> Printer::fixed(View bytes, size_t length,
                                               void (Printer::*run)(View)) {
  if (bytes.size() < length) return std::nullopt;
  return Command{length, run};
}

std::optional<Printer::Command> Printer::next(View b) const {
  using P = Printer;
  switch (b[0]) {
    case 0x0A:
    case 0x0C:
      return Command{1, &P::line_feed};
    case kEsc:
      return next_esc(b);
    case kGs:
      return next_gs(b);
    case kFs:
      if (b.size() < 2) return std::nullopt;
      if (b[1] == '&' || b[1] == '.') return Command{2, &P::multibyte};
      if (b[1] == 'C' || b[1] == '!' || b[1] == '-' || b[1] == 'W') return fixed(b, 3, &P::ignore);
      if (b[1] == 'S' || b[1] == 'p') return fixed(b, 4, &P::ignore);
      return Command{2, &P::unknown};
    case kDle:
      if (b.size() < 2) return std::nullopt;
      if (b[1] == 0x04 || b[1] == 0x05) return fixed(b, 3, &P::ignore);
      if (b[1] == 0x14) {
        if (b.size() < 3) return std::nullopt;
        return fixed(b, b[2] == 0x08 ? sizeof kClear : 5, &P::ignore);
      }
      return Command{2, &P::unknown};
    default:
      break;
  }
  if (b[0] == 0x09) return Command{1, &P::text};
  if (b[0] < 0x20) return Command{1, &P::ignore};
  if (mode_.multibyte && b[0] >= 0x80) return fixed(b, 2, &P::text);
  return Command{1, &P::text};
}

std::optional<Printer::Command> Printer::next_esc(View b) const {
  using P = Printer;
  if (b.size() < 2) return std::nullopt;
  switch (b[1]) {
    case '@':
      return Command{2, &P::reset};
    case '2':
      return Command{2, &P::spacing};
    case '3':
      return fixed(b, 3, &P::spacing);
    case '!':
      return fixed(b, 3, &P::print_mode);
    case 'E':
    case 'G':
    case '-':
    case 'M':
      return fixed(b, 3, &P::style);
    case 'a':
      return fixed(b, 3, &P::align);
    case 'd':
    case 'J':
      return fixed(b, 3, &P::feed);
    case 't':
      return fixed(b, 3, &P::code_table);
    case 'p':
      return fixed(b, 5, &P::pulse);
    case 'i':
    case 'm':
      return Command{2, &P::cut};
    case 'R':
    case '{':
    case 'V':
    case ' ':
    case '=':
    case 'r':
    case 'S':
    case 'L':
      return fixed(b, b[1] == 'S' || b[1] == 'L' ? 2 : 3, &P::ignore);
    case 'c':
    case '$':
    case '\\':
      return fixed(b, 4, &P::ignore);
    case 'D': {
      const auto end = std::find(b.begin() + 2, b.end(), 0);
      if (end == b.end() && b.size() < 34) return std::nullopt;
      const auto stop = end == b.end() ? b.begin() + 34 : end + 1;
      return Command{static_cast<size_t>(stop - b.begin()), &P::ignore};
    }
    case '*': {
      if (b.size() < 5) return std::nullopt;
      const size_t columns = get_le(b.subspan(3, 2));
      return fixed(b, 5 + columns * (b[2] >= 32 ? 3 : 1), &P::unknown);
    }
    case '(': {
      if (b.size() < 5) return std::nullopt;
      return fixed(b, 5 + get_le(b.subspan(3, 2)), &P::ignore);
    }
    default:
      return Command{2, &P::unknown};
  }
}

std::optional<Printer::Command> Printer::next_gs(View b) const {
  using P = Printer;
  if (b.size() < 2) return std::nullopt;
  switch (b[1]) {
    case '!':
      return fixed(b, 3, &P::style);
    case 'H':
    case 'h':
    case 'w':
    case 'f':
      return fixed(b, 3, &P::code_settings);
    case 'B':
      return fixed(b, 3, &P::ignore);
    case 'L':
    case 'W':
    case 'P':
    case '\\':
    case '$':
      return fixed(b, 4, &P::ignore);
    case 'k':
      return next_bar_code(b);
    case 'r':
      return fixed(b, 3, &P::report);
    case 'a':
      return fixed(b, 3, &P::auto_status_on);
    case 'I':
      return fixed(b, 3, &P::identity);
    case 'V': {
      if (b.size() < 3) return std::nullopt;
      const bool feeds = b[2] >= 65;
      return fixed(b, feeds ? 4 : 3, &P::cut);
    }
    case 'v': {
      if (b.size() < 8) return std::nullopt;
      const size_t bytes = get_le(b.subspan(4, 2)) * get_le(b.subspan(6, 2));
      if (bytes > kMaxCommandBytes) return Command{8, &P::oversized};
      return fixed(b, 8 + bytes, &P::raster);
    }
    case '(': {
      if (b.size() < 5) return std::nullopt;
      const size_t length = 5 + get_le(b.subspan(3, 2));
      if (b[2] == 'k') return fixed(b, length, &P::symbol_2d);
      return fixed(b, length, b[2] == 'H' ? &P::barrier : &P::unknown);
    }
    default:
      return Command{2, &P::unknown};
  }
}

std::optional<Printer::Command> Printer::next_bar_code(View b) const {
  if (b.size() < 4) return std::nullopt;
  if (b[2] >= 65) return fixed(b, 4U + b[3], &Printer::bar_code);
  const auto end = std::find(b.begin() + 3, b.end(), 0);
  if (end != b.end()) {
    return Command{static_cast<size_t>(end - b.begin()) + 1, &Printer::bar_code};
  }
  if (b.size() > 260) return Command{3, &Printer::unknown};  // no end: not a bar code
  return std::nullopt;
}

}  // namespace till::sim
