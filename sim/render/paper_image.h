// Receipt paper as a picture: lines of text, bitmaps and feeds on white paper.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/bytes.h"

namespace till::sim {

enum class Align { kLeft, kCentre, kRight };

// One byte a pixel, 1 is black.
struct Bitmap {
  int width = 0, height = 0;
  std::vector<uint8_t> pixels;
};

struct TextSpan {
  std::string text;  // UTF-8
  bool bold = false, underline = false, small = false;
  int width = 1, height = 1;  // multiples, 1..8

  bool operator==(const TextSpan&) const = default;
};

struct TextLine {
  std::vector<TextSpan> spans;
  Align align = Align::kLeft;
};

struct ImageBlock {
  Bitmap bitmap;
  Align align = Align::kLeft;
};

struct Feed {
  int dots = 0;
};

using Block = std::variant<TextLine, ImageBlock, Feed>;

constexpr int kMaxPaperHeight = 20000;            // dots; what is longer is cut off in the picture
constexpr int kCellWidth = 12, kCellHeight = 24;  // font A
constexpr int kSmallCellWidth = 9, kSmallCellHeight = 17;  // font B

// `width` is the printable width in dots; the picture has a white margin around it.
bool write_png(const std::string& path, const std::vector<Block>& blocks, int width);

// Plain text of the same blocks; a bitmap becomes a line `[image WxH]`.
std::string plain_text(const std::vector<Block>& blocks, int width);

}  // namespace till::sim
