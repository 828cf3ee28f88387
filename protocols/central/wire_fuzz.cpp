#include "protocols/central/wire.h"

namespace {

// Whatever can be read comes back the same after a round trip.
template <typename Decode>
void round_trip(till::Bytes bytes, Decode decode) {
  const auto first = decode(bytes);
  if (first && decode(till::wire::encode(*first)) != first) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const till::Bytes bytes(data, size);
  round_trip(bytes, till::wire::decode_fact);
  round_trip(bytes, till::wire::decode_tell);
  round_trip(bytes, till::wire::decode_ask);
  round_trip(bytes, till::wire::decode_answer);
  return 0;
}
