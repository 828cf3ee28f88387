// What the printer does with each command.
#include <fmt/core.h>

#include <algorithm>

#include "sim/printer/printer.h"

namespace till::sim {

// --- Text

int Printer::columns_used() const {
  int dots = 0;
  for (const TextSpan& span : line_.spans) {
    dots += static_cast<int>(code_points(span.text).size()) * span.width *
            (span.small ? kSmallCellWidth : kCellWidth);
  }
  return dots;
}

void Printer::put_character(const std::string& utf8) {
  const int cell = mode_.style.width * (mode_.style.small ? kSmallCellWidth : kCellWidth);
  if (columns_used() + cell > options_.width) flush_line();
  if (line_.spans.empty()) line_.align = mode_.align;
  TextSpan style = mode_.style;
  if (!line_.spans.empty()) style.text = line_.spans.back().text;
  if (line_.spans.empty() || line_.spans.back() != style) line_.spans.push_back(mode_.style);
  line_.spans.back().text += utf8;
}

void Printer::text(View b) {
  if (b.size() == 2) {
    put_character("\u25A1");  // a pair of bytes read as a hieroglyph: it takes two cells
    return put_character("\u25A1");
  }
  if (b[0] != 0x09) return put_character(decode(mode_.page, b));
  do {
    put_character(" ");
  } while (columns_used() / kCellWidth % 8 != 0);
}

void Printer::flush_line() {
  put_block(std::exchange(line_, {}));
  line_.align = mode_.align;
}

void Printer::line_feed(View) { flush_line(); }

void Printer::put_block(Block block) {
  blocks_.push_back(std::move(block));
  if (blocks_.size() >= kMaxBlocks) {
    note("the paper was cut by itself: too long");
    finish_receipt();
  }
}

void Printer::note(const std::string& trouble) {
  if (trouble_.size() < 1000) trouble_ += trouble_.empty() ? trouble : "; " + trouble;
}

void Printer::unknown(View b) {
  ++unknown_commands_;
  const View start = b.first(std::min<size_t>(b.size(), 3));
  note("unknown command " + to_hex(start));
}

void Printer::oversized(View b) {
  skip_ = get_le(b.subspan(4, 2)) * get_le(b.subspan(6, 2));
  ++unknown_commands_;
  note("an image too large to print");
}

// --- Styles

void Printer::print_mode(View b) {
  TextSpan& s = mode_.style;
  s.small = (b[2] & 0x01) != 0;
  s.bold = (b[2] & 0x08) != 0;
  s.height = (b[2] & 0x10) != 0 ? 2 : 1;
  s.width = (b[2] & 0x20) != 0 ? 2 : 1;
  s.underline = (b[2] & 0x80) != 0;
}

void Printer::style(View b) {
  TextSpan& s = mode_.style;
  switch (b[1]) {
    case 'E':
    case 'G':
      s.bold = (b[2] & 1) != 0;
      break;
    case '-':
      s.underline = b[2] % 48 != 0;
      break;
    case 'M':
      s.small = (b[2] & 1) != 0;
      break;
    default:  // GS !
      s.height = (b[2] & 7) + 1;
      s.width = (b[2] >> 4 & 7) + 1;
      break;
  }
}

void Printer::align(View b) {
  if (b[2] % 48 > 2) return unknown(b);
  mode_.align = static_cast<Align>(b[2] % 48);
}

void Printer::spacing(View b) { mode_.line_spacing = b[1] == '2' ? 30 : b[2]; }

void Printer::feed(View b) {
  if (!line_.spans.empty()) flush_line();
  const int dots = b[1] == 'd' ? b[2] * std::max(mode_.line_spacing, kCellHeight) : b[2];
  if (dots > 0) put_block(Feed{dots});
}

void Printer::code_table(View b) {
  const auto table = options_.code_tables.find(b[2]);
  if (table == options_.code_tables.end()) {
    note(fmt::format("no code table {}", b[2]));
    mode_.page = Codepage::kAscii;
    return;
  }
  mode_.page = table->second;
}

void Printer::multibyte(View b) { mode_.multibyte = b[1] == '&'; }

// --- Codes and images

void Printer::code_settings(View b) {
  switch (b[1]) {
    case 'h':
      mode_.code_height = std::max<int>(b[2], 1);
      break;
    case 'w':
      mode_.module = std::clamp<int>(b[2], 1, 6);
      break;
    case 'H':
      mode_.hri = b[2] % 48;
      break;
    default:
      break;
  }
}

// The code set commands of GS k 73, resolved to plain text.
std::optional<std::string> Printer::code128_text(View data) {
  std::string out;
  uint8_t set = 0;
  for (size_t i = 0; i < data.size(); ++i) {
    if (data[i] == '{' && i + 1 < data.size()) {
      const uint8_t what = data[++i];
      if (what >= 'A' && what <= 'C') {
        set = what;
      } else if (what == '{') {
        out += '{';
      } else {
        note("a CODE128 function was left out");
      }
    } else if (set == 'C') {
      if (data[i] > 99) return std::nullopt;
      out += fmt::format("{:02}", data[i]);
    } else {
      out += static_cast<char>(data[i]);
    }
  }
  if (set == 0) return std::nullopt;
  return out;
}

void Printer::bar_code(View b) {
  static constexpr Symbology kKinds[] = {
      Symbology::kUpcA,    Symbology::kUpcE,   Symbology::kEan13,
      Symbology::kEan8,    Symbology::kCode39, Symbology::kItf,
      Symbology::kCodabar, Symbology::kCode93, Symbology::kCode128};
  const bool form_b = b[2] >= 65;
  const View data = form_b ? b.subspan(4) : b.subspan(3, b.size() - 4);
  const size_t kind = form_b ? b[2] - 65U : b[2];
  if (kind >= std::size(kKinds) || (!form_b && kind > 6)) return unknown(b);
  std::optional<std::string> text(std::in_place, data.begin(), data.end());
  if (kKinds[kind] == Symbology::kCode128) text = code128_text(data);
  auto image =
      text ? linear_code(kKinds[kind], *text, mode_.module, mode_.code_height) : std::nullopt;
  if (!line_.spans.empty()) flush_line();
  if (!image || image->width > options_.width) {
    note(image ? "a bar code too wide for the paper" : "a bar code that cannot be");
    return put_block(Feed{mode_.code_height});
  }
  const TextLine hri{{TextSpan{.text = *text}}, mode_.align};
  if ((mode_.hri & 1) != 0) put_block(hri);
  put_block(ImageBlock{std::move(*image), mode_.align});
  if ((mode_.hri & 2) != 0) put_block(hri);
}

void Printer::symbol_2d(View b) {
  // GS ( k pL pH cn fn …
  if (b.size() < 8 || b[5] != 49) return unknown(b);
  switch (b[6]) {
    case 65:
      break;
    case 67:
      qr_module_ = std::clamp<int>(b[7], 1, 16);
      break;
    case 69:
      qr_level_ = std::clamp(b[7] - 48, 0, 3);
      break;
    case 80:
      qr_data_.assign(b.begin() + 8, b.end());
      break;
    case 81: {
      auto image = qr_code({reinterpret_cast<const char*>(qr_data_.data()), qr_data_.size()},
                           qr_module_, qr_level_);
      if (!line_.spans.empty()) flush_line();
      if (image && image->width <= options_.width) {
        put_block(ImageBlock{std::move(*image), mode_.align});
      } else {
        note("a QR code that cannot be printed");
      }
      break;
    }
    default:
      unknown(b);
  }
}

void Printer::raster(View b) {
  const int row_bytes = static_cast<int>(get_le(b.subspan(4, 2)));
  const int rows = static_cast<int>(get_le(b.subspan(6, 2)));
  const int wide = (b[3] & 1) != 0 ? 2 : 1, tall = (b[3] & 2) != 0 ? 2 : 1;
  const int width = std::min(row_bytes * 8 * wide, options_.width);
  Bitmap image{width, rows * tall, {}};
  image.pixels.reserve(static_cast<size_t>(width) * static_cast<size_t>(rows) *
                       static_cast<size_t>(tall));
  const View data = b.subspan(8);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int column = x / wide;
      const auto at = static_cast<size_t>(y / tall) * static_cast<size_t>(row_bytes) +
                      static_cast<size_t>(column / 8);
      image.pixels.push_back(data[at] >> (7 - column % 8) & 1);
    }
  }
  if (!line_.spans.empty()) flush_line();
  put_block(ImageBlock{std::move(image), mode_.align});
}

// --- Paper and drawer

void Printer::finish_receipt() {
  if (!line_.spans.empty()) blocks_.emplace_back(std::exchange(line_, {}));
  if (blocks_.empty()) return;
  CutReceipt receipt{std::exchange(blocks_, {}), {}, std::exchange(trouble_, {})};
  receipt.text = plain_text(receipt.blocks, options_.width);
  receipts_.push_back(std::move(receipt));
}

void Printer::cut(View b) {
  const bool known = b[0] == 0x1B || b[2] == 0 || b[2] == 1 || b[2] == 48 || b[2] == 49 ||
                     b[2] == 65 || b[2] == 66 || b[2] >= 97;
  if (!known) return unknown(b);
  finish_receipt();
}

void Printer::pulse(View b) {
  if (b[2] % 48 > 1) return unknown(b);
  ++drawer_pulses_;
}

// --- Answers in the order of the data

void Printer::report(View b) {
  switch (b[2] % 48) {
    case 1:  // only ever answered on-line, so the end of paper cannot show
      output_.push_back(paper_ == Paper::kOk ? 0x00 : 0x03);
      break;
    case 2:
      output_.push_back(0x00);
      break;
    default:
      unknown(b);
  }
}

void Printer::auto_status_on(View b) {
  auto_status_mask_ = b[2];
  if (b[2] != 0) append(output_, auto_status());
}

void Printer::barrier(View b) {
  if (b.size() != 11 || b[5] != 48 || b[6] != 48) return unknown(b);
  append(output_, Bytes{0x37, 0x22, b[7], b[8], b[9], b[10], 0x00});
}

void Printer::identity(View b) {
  const auto say = [this](std::string_view text) {
    output_.push_back(0x5F);
    append(output_, view_of(text));
    output_.push_back(0x00);
  };
  switch (b[2]) {
    case 1:
    case 49:
      return output_.push_back(0x20);
    case 2:
    case 50:
      return output_.push_back(0x02);  // it has a cutter
    case 3:
    case 51:
      return output_.push_back(0x01);
    case 65:
      return say("1.00");
    case 66:
      return say("TILLBRIDGE");
    case 67:
      return say("SIM-80");
    case 68:
      return say("SIM0000001");
    default:
      unknown(b);
  }
}

}  // namespace till::sim
