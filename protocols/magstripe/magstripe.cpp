#include "magstripe.h"

#include <utility>

namespace till::magstripe {
namespace {

constexpr char kEnd = '?';
// Characters between the sentinels; ISO counts 79, 40 and 107 with sentinels and LRC.
constexpr std::array<std::size_t, 4> kMaxData = {0, 76, 37, 104};

// The track a start sentinel opens, 0 for any other byte. '+' is how readers write track 3.
int track_of(std::uint8_t byte) {
  switch (byte) {
    case '%':
      return 1;
    case ';':
      return 2;
    case '+':
      return 3;
    default:
      return 0;
  }
}

bool in_alphabet(int track, std::uint8_t byte) {
  if (track == 1) return byte >= 0x20 && byte <= 0x5f && byte != '%';
  return byte >= '0' && byte <= '>' && byte != ';';
}

}  // namespace

char lrc_of(int track, std::string_view data) {
  const int offset = track == 1 ? 0x20 : 0x30;
  int sum = ((track == 1 ? '%' : ';') - offset) ^ (kEnd - offset);
  for (const char c : data) sum ^= c - offset;
  return static_cast<char>((sum & (track == 1 ? 0x3f : 0x0f)) + offset);
}

void wipe(std::string& text) {
  text.resize(text.capacity());
  // Volatile: a compiler may drop plain stores to memory that is not read again.
  volatile char* at = text.data();
  for (std::size_t i = 0; i < text.size(); ++i) at[i] = 0;
  text.clear();
}

Parser::Parser(bool lrc) : lrc_(lrc) { data_.reserve(kMaxData[3]); }
Parser::~Parser() { wipe(data_); }

void Parser::begin(int number) {
  // A second ';' without another swipe between is track 3 of readers that keep its sentinel.
  if (number == 2 && last_number_ == 2) number = 3;
  number_ = last_number_ = number;
  where_ = Where::kInside;
  broken_ = false;
  wipe(data_);
}

std::optional<Track> Parser::end(TrackState state) {
  where_ = Where::kOutside;
  Track track{number_, broken_ ? TrackState::kMalformed : state, {}};
  if (track.state == TrackState::kRead) {
    if (data_ == "E") {
      track.state = TrackState::kUnreadable;
    } else {
      track.data.reserve(kMaxData[3]);  // on the heap: moving it leaves no copy behind
      track.data = data_;
    }
  }
  const bool empty = data_.empty() && track.state == TrackState::kRead;
  wipe(data_);
  if (empty) return std::nullopt;  // "%?": nothing is on the track
  return track;
}

std::optional<Track> Parser::at_end_sentinel() {
  // The end of a track read badly may be followed by anything, so no LRC is expected there.
  if (!lrc_ || broken_ || data_ == "E") return end(TrackState::kRead);
  where_ = Where::kAtLrc;
  return std::nullopt;
}

std::optional<Track> Parser::inside(std::uint8_t byte) {
  if (byte == kEnd) return at_end_sentinel();
  const bool error_letter = byte == 'E' && data_.empty();
  if (error_letter || (in_alphabet(number_, byte) && data_.size() < kMaxData.at(number_) &&
                       (number_ == 1 || data_ != "E"))) {
    data_ += static_cast<char>(byte);
    return std::nullopt;
  }
  // A control character or another track's start: this one has lost its end.
  const int next = number_ == 1 && byte != '%' ? 0 : track_of(byte);
  if (byte >= 0x20 && next == 0) {
    broken_ = true;
    wipe(data_);
    return std::nullopt;
  }
  auto track = end(TrackState::kMalformed);
  if (next != 0) begin(next);
  return track ? std::move(track) : Track{last_number_, TrackState::kMalformed, {}};
}

std::optional<Track> Parser::push(std::uint8_t byte) {
  switch (where_) {
    case Where::kInside:
      return inside(byte);
    case Where::kAtLrc: {
      const bool right = static_cast<char>(byte) == lrc_of(number_, data_);
      return end(right ? TrackState::kRead : TrackState::kBadLrc);
    }
    case Where::kOutside:
      break;
  }
  if (const int number = track_of(byte); number != 0) {
    begin(number);
  } else if (byte >= 0x20) {
    ++stray_;
  }
  return std::nullopt;
}

std::optional<Track> Parser::finish() {
  last_number_ = 0;
  if (where_ == Where::kOutside) return std::nullopt;
  broken_ = true;
  return end(TrackState::kMalformed);
}

std::size_t Parser::take_stray() { return std::exchange(stray_, 0); }

}  // namespace till::magstripe
