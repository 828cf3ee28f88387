#include "magstripe.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace till::magstripe;
  if (size == 0) return 0;
  const auto check = [](const std::optional<Track>& track) {
    if (!track) return;
    if (track->number < 1 || track->number > 3 || track->data.size() > 104) __builtin_trap();
    if ((track->state == TrackState::kRead) == track->data.empty()) __builtin_trap();
  };
  Parser parser((data[0] & 1) != 0);
  for (std::size_t i = 1; i < size; ++i) check(parser.push(data[i]));
  check(parser.finish());
  (void)parser.take_stray();
  return 0;
}
