#include "sim/render/paper_image.h"

#include <fmt/core.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <memory>

#include "sim/base/codepage.h"

#ifdef __SANITIZE_ADDRESS__
// fontconfig keeps its patterns to the end of the process; only its own leaks are left out.
extern "C" __attribute__((visibility("default"))) const char*
__lsan_default_suppressions();                          // NOLINT
extern "C" const char* __lsan_default_suppressions() {  // NOLINT
  return "leak:libfontconfig\n";
}
#endif

namespace till::sim {
namespace {

constexpr int kMargin = 24;

struct Free {
  void operator()(cairo_surface_t* p) const { cairo_surface_destroy(p); }
  void operator()(cairo_t* p) const { cairo_destroy(p); }
  void operator()(PangoLayout* p) const { g_object_unref(p); }
  void operator()(PangoFontDescription* p) const { pango_font_description_free(p); }
};
template <class T>
using Handle = std::unique_ptr<T, Free>;

int cell_width(const TextSpan& span) {
  return (span.small ? kSmallCellWidth : kCellWidth) * span.width;
}

int cell_height(const TextSpan& span) {
  return (span.small ? kSmallCellHeight : kCellHeight) * span.height;
}

int columns_of(const TextSpan& span) { return static_cast<int>(code_points(span.text).size()); }

int width_of(const TextLine& line) {
  int width = 0;
  for (const TextSpan& span : line.spans) width += columns_of(span) * cell_width(span);
  return width;
}

int height_of(const Block& block) {
  if (const auto* line = std::get_if<TextLine>(&block)) {
    int height = line->spans.empty() ? kCellHeight : 0;
    for (const TextSpan& span : line->spans) height = std::max(height, cell_height(span));
    return height;
  }
  if (const auto* image = std::get_if<ImageBlock>(&block)) return image->bitmap.height;
  return std::get<Feed>(block).dots;
}

int left_of(Align align, int content, int width) {
  const int room = std::max(0, width - content);
  switch (align) {
    case Align::kCentre:
      return room / 2;
    case Align::kRight:
      return room;
    default:
      return 0;
  }
}

// Characters stand in fixed cells, as a print head sets them.
void draw_span(cairo_t* cr, PangoLayout* layout, const TextSpan& span, int x, int y) {
  const int cell = span.small ? kSmallCellWidth : kCellWidth;
  const Handle<PangoFontDescription> font(pango_font_description_from_string("DejaVu Sans Mono"));
  // An advance of this font is 0.602 of its size.
  pango_font_description_set_absolute_size(font.get(), cell / 0.602 * PANGO_SCALE);
  pango_font_description_set_weight(font.get(),
                                    span.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_layout_set_font_description(layout, font.get());
  for (const char32_t c : code_points(span.text)) {
    if (c != ' ') {
      const std::string one = to_utf8(std::u32string_view(&c, 1));
      cairo_save(cr);
      cairo_translate(cr, x, y);
      cairo_scale(cr, span.width, span.height);
      pango_layout_set_text(layout, one.c_str(), static_cast<int>(one.size()));
      cairo_move_to(cr, 0, 0);
      pango_cairo_show_layout(cr, layout);
      cairo_restore(cr);
    }
    x += cell_width(span);
  }
  if (span.underline) {
    const int width = columns_of(span) * cell_width(span);
    cairo_rectangle(cr, x - width, y + cell_height(span) - 2, width, 2);
    cairo_fill(cr);
  }
}

void draw_bitmap(cairo_t* cr, const Bitmap& bitmap, int x, int y) {
  for (int row = 0; row < bitmap.height; ++row) {
    const uint8_t* pixels = bitmap.pixels.data() + static_cast<ptrdiff_t>(row) * bitmap.width;
    for (int from = 0; from < bitmap.width;) {
      int to = from;
      while (to < bitmap.width && pixels[to] == pixels[from]) ++to;
      if (pixels[from] != 0) cairo_rectangle(cr, x + from, y + row, to - from, 1);
      from = to;
    }
  }
  cairo_fill(cr);
}

}  // namespace

bool write_png(const std::string& path, const std::vector<Block>& blocks, int width) {
  int height = 2 * kMargin;
  for (const Block& block : blocks) height = std::min(height + height_of(block), kMaxPaperHeight);
  const Handle<cairo_surface_t> surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, width + 2 * kMargin, height));
  const Handle<cairo_t> cr(cairo_create(surface.get()));
  cairo_set_antialias(cr.get(), CAIRO_ANTIALIAS_NONE);
  cairo_set_source_rgb(cr.get(), 1, 1, 1);
  cairo_paint(cr.get());
  cairo_set_source_rgb(cr.get(), 0, 0, 0);
  const Handle<PangoLayout> layout(pango_cairo_create_layout(cr.get()));
  int y = kMargin;
  for (const Block& block : blocks) {
    if (y >= height) break;
    const int tall = height_of(block);
    if (const auto* line = std::get_if<TextLine>(&block)) {
      int x = kMargin + left_of(line->align, width_of(*line), width);
      for (const TextSpan& span : line->spans) {
        draw_span(cr.get(), layout.get(), span, x, y + tall - cell_height(span));
        x += columns_of(span) * cell_width(span);
      }
    } else if (const auto* image = std::get_if<ImageBlock>(&block)) {
      draw_bitmap(cr.get(), image->bitmap,
                  kMargin + left_of(image->align, image->bitmap.width, width), y);
    }
    y += tall;
  }
  return cairo_surface_write_to_png(surface.get(), path.c_str()) == CAIRO_STATUS_SUCCESS;
}

std::string plain_text(const std::vector<Block>& blocks, int width) {
  std::string out;
  for (const Block& block : blocks) {
    if (const auto* line = std::get_if<TextLine>(&block)) {
      out.append(static_cast<size_t>(left_of(line->align, width_of(*line), width) / kCellWidth),
                 ' ');
      for (const TextSpan& span : line->spans) out += span.text;
      out += '\n';
    } else if (const auto* image = std::get_if<ImageBlock>(&block)) {
      out += fmt::format("[image {}x{}]\n", image->bitmap.width, image->bitmap.height);
    } else {
      out.append(static_cast<size_t>(std::get<Feed>(block).dots / kCellHeight), '\n');
    }
  }
  return out;
}

}  // namespace till::sim
