// A receipt printer that is told lines of text: "T TEXT\n" prints, "F\n" feeds, "C\n" cuts, "D\n"
// opens the drawer, none is answered. "S\n" is, once all before it was worked off: "K\n" all is
// well, "P\n" the paper is out, "E\n" a fault.
#include <tillbridge/sdk/printer.h>

namespace {

constexpr std::uint32_t kStatusMs = 2000, kPrintMs = 15'000;

class Printer final : public till::Printer {
  // All of it is known to be printable before the first byte that prints.
  till::Result<void> print(const std::vector<till::PrintItem>& items) override {
    std::string bytes;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (!std::visit([&](const auto& item) { return add(bytes, item); }, items[i])) {
        return till::fail(till::Code::kUnencodable, "items[" + std::to_string(i) + "]");
      }
    }
    TILL_CHECK(ready(TILL_TRY(ask("S\n", kStatusMs))));
    port().point_of_no_return();  // from here on, silence means in doubt: look at the paper
    return ready(TILL_TRY(ask(bytes + "S\n", kPrintMs)));
  }

  till::Result<till::PrinterStatus> status() override {
    const char state = TILL_TRY(ask("S\n", kStatusMs));
    till::PrinterStatus status;
    status.paper = state == 'P' ? till::Paper::kOut : till::Paper::kOk;
    status.error = state == 'E';
    status.online = state == 'K';
    return status;
  }

  static bool add(std::string& bytes, const till::PrintText& item) {
    bytes += "T ";
    for (const char c : item.text) {
      if (c == '\n') {
        bytes += "\nT ";
      } else {
        bytes += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
      }
    }
    bytes += '\n';
    return true;
  }
  static bool add(std::string& bytes, const till::PrintFeed& item) {
    for (int line = 0; line < item.lines; ++line) bytes += "F\n";
    return true;
  }
  static bool add(std::string& bytes, const till::PrintCut&) { return bytes += "C\n", true; }
  static bool add(std::string& bytes, const till::PrintDrawer&) { return bytes += "D\n", true; }
  // It has no bar codes; a till that asks for one is told so.
  static bool add(std::string&, const till::PrintEan13&) { return false; }
  static bool add(std::string&, const till::PrintQr&) { return false; }

  static till::Result<void> ready(char state) {
    if (state == 'P') return till::fail(till::Code::kPaperOut);
    if (state == 'E') return till::fail(till::Code::kPrinterError, {}, "E");
    return {};
  }

  till::Result<char> ask(std::string_view command, std::uint32_t timeout_ms) {
    port().discard_input();
    TILL_CHECK(port().write(till::as_bytes(command)));
    const auto answer = TILL_TRY(port().read_exactly(2, timeout_ms));
    const std::string_view known = "KPE";
    if (answer[1] != '\n' || known.find(static_cast<char>(answer[0])) == known.npos) {
      return till::fail(till::Code::kBadFrame, "status");
    }
    return static_cast<char>(answer[0]);
  }
};

}  // namespace

TILLBRIDGE_PLUGIN(Printer)
