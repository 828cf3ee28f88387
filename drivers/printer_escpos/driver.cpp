// ESC/POS receipt printers. A job is asked about before it begins and ends with a barrier in the
// printer's own command order, so that "done" means printed and not merely sent.
#include <array>
#include <optional>

#include "protocols/escpos/encode.h"
#include "protocols/escpos/status.h"
#include "protocols/text/codepage.h"
#include "tillbridge/sdk/printer.h"

namespace till::printer_escpos {
namespace {

constexpr std::size_t kMaxJobBytes = 256U << 10;
constexpr std::size_t kChunk = 1024;
constexpr std::uint32_t kChunkMs = 5000;           // a slow line with flow control
constexpr std::uint32_t kAnswerMs = 1000;          // DLE EOT is answered at once
constexpr std::uint32_t kBarrierSliceMs = 2000;    // then it is asked why it does not print
constexpr std::uint32_t kPrintPatienceMs = 30000;  // after the last byte

struct Settings {
  std::uint8_t code_table = 17;
  text::CodePage page = text::CodePage::kCp866;
  std::size_t columns = 48;
  bool asks_status = true;
  int drawer_pulse_ms = 50;
};

class EscposPrinter final : public Printer {
 public:
  Result<void> activate(const json::object& settings) override;
  Result<void> print(const std::vector<PrintItem>& items) override;
  Result<PrinterStatus> status() override;

 private:
  Result<Buffer> encode(const std::vector<PrintItem>& items) const;
  Result<void> send(Bytes job);
  Result<std::optional<escpos::Answer>> next_answer(std::uint32_t timeout_ms);
  Result<std::uint8_t> ask(std::uint8_t n);
  Result<escpos::State> state();
  Result<void> await_printed();

  Settings set_;
  escpos::AnswerReader reader_;
  bool printed_ = false;  // the barrier was answered
};

Result<void> no_trouble(const escpos::State& s) {
  if (s.cover_open) return fail(Code::kCoverOpen);
  if (s.paper_end) return fail(Code::kPaperOut);
  if (s.cutter_error) return fail(Code::kPrinterError, "cutter");
  if (s.unrecoverable) return fail(Code::kPrinterError, "unrecoverable error, switch off and on");
  if (s.recoverable) return fail(Code::kPrinterError, "overheated or jammed");
  if (s.other_error) return fail(Code::kPrinterError, "error");
  if (s.offline) return fail(Code::kPrinterError, "off-line");
  return {};
}

Result<void> EscposPrinter::activate(const json::object& settings) {
  const escpos::Profile* profile = escpos::find_profile("epson");
  set_ = {};
  for (const auto& [key, value] : settings) {
    const bool text = value.is_string();
    if (key == "profile" && text && escpos::find_profile(value.get_string()) != nullptr) {
      profile = escpos::find_profile(value.get_string());
    } else if (key == "code_page" && (value == "cp866" || value == "cp1251")) {
      set_.page = value == "cp866" ? text::CodePage::kCp866 : text::CodePage::kCp1251;
    } else if (key == "columns" && (value == 48 || value == 42 || value == 32)) {
      set_.columns = static_cast<std::size_t>(value.get_int64());
    } else if (key == "status" && (value == "dle_eot" || value == "none")) {
      set_.asks_status = value == "dle_eot";
    } else if (key == "drawer_pulse" && value.is_int64() && value.get_int64() >= 20 &&
               value.get_int64() <= 500) {
      set_.drawer_pulse_ms = static_cast<int>(value.get_int64());
    } else {
      return fail(Code::kConfigInvalid, std::string(key));
    }
  }
  const int table = set_.page == text::CodePage::kCp866 ? profile->cp866 : profile->cp1251;
  if (table < 0) {
    return fail(Code::kConfigInvalid,
                "code_page: " + std::string(profile->name) + " has none such");
  }
  set_.code_table = static_cast<std::uint8_t>(table);
  return {};
}

// Writes one item's bytes.
class ItemWriter {
 public:
  ItemWriter(Buffer& out, const Settings& set) : out_(out), set_(set) {}

  Result<void> operator()(const PrintText& t) {
    std::size_t lost = 0;
    const std::string encoded = text::encode(t.text, set_.page, &lost);
    if (lost > 0) return fail(Code::kUnencodable, std::to_string(lost) + " characters");
    escpos::justify(out_, static_cast<escpos::Justify>(t.align));
    escpos::style(out_, t.bold, t.width, t.height);
    const auto columns = set_.columns / static_cast<std::size_t>(t.width);
    for (const auto& line : escpos::wrap(encoded, columns)) escpos::line(out_, line);
    return {};
  }
  Result<void> operator()(const PrintEan13& code) {
    escpos::justify(out_, escpos::Justify::kCentre);
    return escpos::ean13(out_, code.digits);
  }
  Result<void> operator()(const PrintQr& code) {
    escpos::justify(out_, escpos::Justify::kCentre);
    return escpos::qr(out_, code.data);
  }
  Result<void> operator()(const PrintFeed& feed) { return escpos::feed(out_, feed.lines), ok(); }
  Result<void> operator()(const PrintCut& cut) { return escpos::cut(out_, cut.partial), ok(); }
  Result<void> operator()(const PrintDrawer& pulse) {
    return escpos::drawer(out_, pulse.drawer, set_.drawer_pulse_ms), ok();
  }

 private:
  static Result<void> ok() { return {}; }
  Buffer& out_;
  const Settings& set_;
};

Result<Buffer> EscposPrinter::encode(const std::vector<PrintItem>& items) const {
  Buffer out;
  escpos::begin(out, set_.code_table);
  ItemWriter writer(out, set_);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (auto written = std::visit(writer, items[i]); !written) {
      written.error().detail = "items[" + std::to_string(i) + "]: " + written.error().detail;
      return std::unexpected(std::move(written).error());
    }
    if (out.size() > kMaxJobBytes) return fail(Code::kTooLarge, "items");
  }
  if (set_.asks_status) escpos::barrier(out);
  return out;
}

Result<void> EscposPrinter::send(Bytes job) {
  while (!job.empty()) {
    const auto n = std::min(job.size(), kChunk);
    TILL_CHECK(port().write(job.first(n), kChunkMs));
    job = job.subspan(n);
  }
  return {};
}

// Nothing when the time is over.
Result<std::optional<escpos::Answer>> EscposPrinter::next_answer(std::uint32_t timeout_ms) {
  const std::int64_t until = monotonic_us() + std::int64_t{timeout_ms} * 1000;
  for (std::int64_t left = until - monotonic_us(); left > 0; left = until - monotonic_us()) {
    const auto byte = port().read_byte(static_cast<std::uint32_t>((left + 999) / 1000));
    if (!byte && byte.error().code == Code::kTimeout) break;
    if (!byte) return std::unexpected(byte.error());
    const auto answer = reader_.push(*byte);
    if (answer && answer->kind == escpos::Answer::Kind::kOrdered) printed_ = true;
    if (answer) return answer;
  }
  return std::nullopt;
}

Result<std::uint8_t> EscposPrinter::ask(std::uint8_t n) {
  TILL_CHECK(port().write(escpos::ask_status(n)));
  const std::int64_t until = monotonic_us() + std::int64_t{kAnswerMs} * 1000;
  while (monotonic_us() < until) {
    const auto answer = TILL_TRY(next_answer(kAnswerMs));
    if (!answer) break;
    if (answer->kind == escpos::Answer::Kind::kRealTime) return answer->byte;
  }
  return fail(Code::kTimeout, "no answer to DLE EOT");
}

Result<escpos::State> EscposPrinter::state() {
  std::array<std::uint8_t, 4> answers{};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    answers.at(i) = TILL_TRY(ask(static_cast<std::uint8_t>(i + 1)));
  }
  return escpos::state_of(answers);
}

// A printer in trouble keeps the barrier waiting, so it is asked for the reason; one that answers
// the barrier without printing (some clones) gives its trouble away afterwards.
Result<void> EscposPrinter::await_printed() {
  const std::int64_t until = monotonic_us() + std::int64_t{kPrintPatienceMs} * 1000;
  while (!printed_ && monotonic_us() < until) {
    const auto answer = TILL_TRY(next_answer(kBarrierSliceMs));
    if (!answer) TILL_CHECK(no_trouble(TILL_TRY(state())));
  }
  if (!printed_) return fail(Code::kTimeout, "the printer does not finish");
  return no_trouble(TILL_TRY(state()));
}

Result<void> EscposPrinter::print(const std::vector<PrintItem>& items) {
  const Buffer job = TILL_TRY(encode(items));
  if (set_.asks_status) {
    port().discard_input();
    reader_ = {};
    TILL_CHECK(no_trouble(TILL_TRY(state())));
  }
  if (!port().connected()) return fail(Code::kPortLost);
  printed_ = false;
  port().point_of_no_return();
  TILL_CHECK(send(job));
  return set_.asks_status ? await_printed() : Result<void>{};
}

Result<PrinterStatus> EscposPrinter::status() {
  PrinterStatus out;
  if (!set_.asks_status) {
    out.online = port().connected();
    return out;
  }
  port().discard_input();
  reader_ = {};
  const auto s = TILL_TRY(state());
  out.online = !s.offline;
  out.paper = s.paper_end ? Paper::kOut : s.paper_near_end ? Paper::kNearEnd : Paper::kOk;
  out.cover_open = s.cover_open;
  out.error = s.cutter_error || s.unrecoverable || s.recoverable || s.other_error;
  out.drawer_open = s.drawer_pin_high;
  return out;
}

}  // namespace
}  // namespace till::printer_escpos

TILLBRIDGE_PLUGIN(till::printer_escpos::EscposPrinter)
