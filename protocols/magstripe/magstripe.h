// Magnetic card tracks as serial readers send them: parity-free ASCII between sentinels,
// "%…?" ";…?" "+…?" (ISO/IEC 7811, 7813). Pure. Holds card data only until it is wiped.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace till::magstripe {

enum class TrackState {
  kRead,
  kUnreadable,  // the reader put "E" in place of the data
  kMalformed,   // a character no track has, no end, or more than a track holds
  kBadLrc,
};

// `data` is what stands between the sentinels; "" unless kRead.
struct Track {
  int number = 0;  // 1, 2 or 3
  TrackState state = TrackState::kRead;
  std::string data;
};

// The longitudinal check character of a track, sentinels included (ISO/IEC 7811-2).
char lrc_of(int track, std::string_view data);

// Overwrites the whole buffer, also what was there before, and empties it.
void wipe(std::string& text);

// Cuts a stream into tracks. What stands outside of them is skipped.
class Parser {
 public:
  // `lrc`: a check character follows the end sentinel.
  explicit Parser(bool lrc);
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // The track this byte ended, if it did.
  std::optional<Track> push(std::uint8_t byte);
  // The line is quiet: a track that has not ended is malformed.
  std::optional<Track> finish();
  // Printable bytes outside of tracks since the last call: the sign of a reader set up otherwise.
  std::size_t take_stray();

 private:
  enum class Where { kOutside, kInside, kAtLrc };
  void begin(int number);
  std::optional<Track> end(TrackState state);
  std::optional<Track> inside(std::uint8_t byte);
  std::optional<Track> at_end_sentinel();

  bool lrc_;
  Where where_ = Where::kOutside;
  int number_ = 0;
  int last_number_ = 0;
  bool broken_ = false;
  std::size_t stray_ = 0;
  std::string data_;
};

}  // namespace till::magstripe
