// A virtual ESC/POS printer: bytes in, answers and cut receipts out. Pure, no clock.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "sim/base/codepage.h"
#include "sim/render/barcode.h"
#include "sim/render/paper_image.h"

namespace till::sim {

struct PrinterOptions {
  int width = 576;  // dots
  std::map<uint8_t, Codepage> code_tables = {
      {0, Codepage::kAscii}, {17, Codepage::kCp866}, {46, Codepage::kCp1251}};
  // Many Chinese printers wake up reading pairs of bytes until FS . comes.
  bool starts_multibyte = false;
};

struct CutReceipt {
  std::vector<Block> blocks;
  std::string text;
  std::string trouble;  // why something is missing, empty: nothing is
};

class Printer {
 public:
  static constexpr size_t kBufferBytes = 2 << 20;  // room for the largest command
  static constexpr size_t kMaxCommandBytes = 1 << 20;
  static constexpr size_t kMaxBlocks = 4000;  // of one receipt; then it is cut by itself
  enum class Paper { kOk, kNearEnd, kOut };

  explicit Printer(PrinterOptions options) : options_(std::move(options)) { initialise(); }

  // Takes what the buffer has room for and returns how much that was.
  size_t receive(View bytes);
  Bytes take_output() { return std::exchange(output_, {}); }
  // Receipts cut since the last call.
  std::vector<CutReceipt> take_receipts() { return std::exchange(receipts_, {}); }

  void set_paper(Paper paper);
  void set_cover(bool open);
  // Power lost: buffer, modes and the uncut paper's state are gone.
  void power_cycle();

  bool online() const { return paper_ != Paper::kOut && !cover_open_; }
  int drawer_pulses() const { return drawer_pulses_; }
  int unknown_commands() const { return unknown_commands_; }
  size_t buffered() const { return buffer_.size(); }
  size_t room() const { return kBufferBytes - buffer_.size(); }

 private:
  // Needed bytes of the command at the front, or 0: more bytes are needed to know.
  struct Command {
    size_t length = 0;
    void (Printer::*run)(View) = nullptr;
  };
  struct Mode {
    TextSpan style;  // its text stays empty
    Align align = Align::kLeft;
    Codepage page = Codepage::kAscii;
    bool multibyte = false;
    int line_spacing = 30;
    int code_height = 162, module = 3, hri = 0;
  };

  void initialise();
  void real_time(uint8_t byte);
  void status_byte(uint8_t n);
  void state_changed();
  Bytes auto_status() const;

  void process();
  std::optional<Command> next(View bytes) const;
  std::optional<Command> next_esc(View bytes) const;
  std::optional<Command> next_gs(View bytes) const;
  std::optional<Command> next_bar_code(View bytes) const;
  static std::optional<Command> fixed(View bytes, size_t length, void (Printer::*run)(View));

  // Commands; the view is the whole of it.
  void ignore(View) {}
  void unknown(View);
  void reset(View) { initialise(); }
  void text(View);
  void line_feed(View);
  void print_mode(View);
  void style(View);
  void align(View);
  void feed(View);
  void spacing(View);
  void code_table(View);
  void multibyte(View);
  void code_settings(View);
  void bar_code(View);
  void symbol_2d(View);
  void raster(View);
  void oversized(View);
  void cut(View);
  void pulse(View);
  void report(View);
  void auto_status_on(View);
  void barrier(View);
  void identity(View);

  void put_character(const std::string& utf8);
  void put_block(Block block);
  void flush_line();
  void finish_receipt();
  void note(const std::string& trouble);
  int columns_used() const;
  std::optional<std::string> code128_text(View data);

  PrinterOptions options_;
  Mode mode_;
  Bytes buffer_, output_;
  Bytes tail_;       // of the raw stream: enough to see a real-time command
  size_t skip_ = 0;  // data of a command too large to print
  TextLine line_;
  std::vector<Block> blocks_;
  std::string trouble_;
  std::vector<CutReceipt> receipts_;
  Bytes qr_data_;
  int qr_module_ = 3, qr_level_ = 0;
  uint8_t auto_status_mask_ = 0;
  Paper paper_ = Paper::kOk;
  bool cover_open_ = false;
  int drawer_pulses_ = 0, unknown_commands_ = 0;
};

}  // namespace till::sim
