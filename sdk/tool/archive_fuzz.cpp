// A package as somebody sends it: nothing is read beyond it, and what is read packs again.
#include <cstdlib>

#include "archive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto files = till::kit::read_archive({reinterpret_cast<const char*>(data), size});
  if (!files) return 0;
  const auto again = till::kit::make_archive(*files);
  if (!again || till::kit::read_archive(*again) != files) std::abort();
  return 0;
}
