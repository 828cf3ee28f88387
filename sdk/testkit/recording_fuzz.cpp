#include "recording.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto recording =
      till::testkit::parse_recording({reinterpret_cast<const char*>(data), size});
  if (!recording) return 0;
  // What can be read can be printed and read again.
  if (!till::testkit::parse_recording(till::testkit::print_recording(*recording))) __builtin_trap();
  return 0;
}
