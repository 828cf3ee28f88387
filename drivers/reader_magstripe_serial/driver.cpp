// Magnetic card readers on a serial line. Payment cards are refused here, in the first process
// that sees their bytes: nothing of them reaches an event, a log or a buffer that outlives them.
#include <array>

#include "payment_card.h"
#include "protocols/gs1/check_digit.h"
#include "protocols/magstripe/magstripe.h"
#include "tillbridge/sdk/reader.h"

namespace till::reader_magstripe {
namespace {

using magstripe::Track;
using magstripe::TrackState;

constexpr std::uint8_t kEtx = 0x03;
constexpr std::size_t kMinPrefix = 2, kMaxPrefix = 19, kMaxPrefixes = 64;
constexpr std::size_t kSensorBytes = 1;  // insertion readers tell "card in" and "card out" so

class MagstripeReader final : public Reader {
 public:
  ~MagstripeReader() override { forget(); }
  Result<void> activate(const json::object& settings) override;
  void on_input(Bytes chunk) override;
  void on_quiet(std::uint32_t) override;
  void on_port(bool) override {
    (void)parser_->finish();
    (void)parser_->take_stray();
    forget();
  }

 private:
  void take(Track track);
  void end_of_swipe();
  void tell_bad(const Track& track);
  void forget();

  std::optional<magstripe::Parser> parser_{false};
  std::vector<std::string> allowed_;
  std::array<std::optional<Track>, 3> swipe_;
};

Result<std::vector<std::string>> prefixes(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    std::string prefix(text.substr(0, comma));
    std::erase(prefix, ' ');
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (!gs1::all_digits(prefix) || prefix.size() < kMinPrefix || prefix.size() > kMaxPrefix ||
        out.size() == kMaxPrefixes) {
      return fail(Code::kConfigInvalid, "allowed_prefixes");
    }
    out.push_back(std::move(prefix));
  }
  return out;
}

Result<void> MagstripeReader::activate(const json::object& settings) {
  for (const auto& [key, value] : settings) {
    if (key == "lrc" && (value == "none" || value == "present")) {
      parser_.emplace(value == "present");
    } else if (key == "allowed_prefixes" && value.is_string()) {
      allowed_ = TILL_TRY(prefixes(value.get_string()));
    } else {
      return fail(Code::kConfigInvalid, std::string(key));
    }
  }
  return {};
}

void MagstripeReader::on_input(Bytes chunk) {
  for (const auto byte : chunk) {
    if (auto track = parser_->push(byte)) take(*std::move(track));
    if (byte == kEtx) end_of_swipe();
  }
}

void MagstripeReader::on_quiet(std::uint32_t) {
  if (auto track = parser_->finish()) take(*std::move(track));
  end_of_swipe();
}

// A track that is there already begins the next swipe.
void MagstripeReader::take(Track track) {
  auto& slot = swipe_.at(static_cast<std::size_t>(track.number - 1));
  if (slot) end_of_swipe();
  slot.emplace(std::move(track));
}

void MagstripeReader::tell_bad(const Track& track) {
  const std::string where = "track " + std::to_string(track.number);
  if (track.state == TrackState::kBadLrc) return emit_error({Code::kTrackLrc, where, {}});
  emit_error({Code::kTrackMalformed,
              where + (track.state == TrackState::kUnreadable ? ", the reader could not read it"
                                                              : ", not complete"),
              {}});
}

void MagstripeReader::end_of_swipe() {
  bool any = false, good = false, payment = false;
  for (const auto& t : swipe_) {
    if (!t) continue;
    any = true;
    good = good || t->state == TrackState::kRead;
    payment =
        payment || (t->state == TrackState::kRead && is_payment_card(t->number, t->data, allowed_));
  }
  if (payment) {
    emit_error({Code::kPaymentCard, {}, {}});
  } else if (any) {
    for (const auto& t : swipe_) {
      if (t && t->state != TrackState::kRead) tell_bad(*t);
    }
    const auto data = [&](std::size_t i) { return swipe_.at(i) ? swipe_.at(i)->data : ""; };
    if (good) emit(CardSwipe{data(0), data(1), data(2)});
  }
  if (parser_->take_stray() > kSensorBytes && !any) {
    emit_error({Code::kTrackMalformed, "no start sentinel", {}});
  }
  forget();
}

void MagstripeReader::forget() {
  for (auto& t : swipe_) {
    if (t) magstripe::wipe(t->data);
    t.reset();
  }
}

}  // namespace
}  // namespace till::reader_magstripe

TILLBRIDGE_PLUGIN(till::reader_magstripe::MagstripeReader)
