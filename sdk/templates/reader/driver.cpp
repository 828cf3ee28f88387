// A card reader that sends track 2 as ";DIGITS=MORE?" and a carriage return. Only the shop's own
// cards leave the driver: what begins otherwise may be a bank's, and no digit of that is told.
#include <tillbridge/sdk/reader.h>
#include <tillbridge/sdk/scanner.h>

namespace {

constexpr std::string_view kOurs = "29";  // how the numbers of the shop's cards begin
constexpr std::size_t kTrack2 = 40;       // characters with both sentinels, ISO/IEC 7811

class Reader final : public till::Reader {
  till::LineSplitter lines_{'\r', kTrack2};

  void on_input(till::Bytes chunk) override {
    for (const auto& line : lines_.feed(chunk)) swiped(line);
    if (lines_.take_dropped() > 0) emit_error({till::Code::kTrackMalformed, "too long", {}});
  }

  void swiped(std::string_view line) {
    if (line.size() < 3 || line.front() != ';' || line.back() != '?' ||
        line.substr(1, line.size() - 2).find_first_not_of("0123456789=") != line.npos) {
      return emit_error({till::Code::kTrackMalformed, "track 2", {}});
    }
    line = line.substr(1, line.size() - 2);
    if (!line.starts_with(kOurs)) return emit_error({till::Code::kPaymentCard, {}, {}});
    emit(till::CardSwipe{.track1 = "", .track2 = std::string(line)});
  }
  // Half a swipe from before the cable was pulled is no card.
  void on_port(bool) override { lines_.clear(); }
};

}  // namespace

TILLBRIDGE_PLUGIN(Reader)
