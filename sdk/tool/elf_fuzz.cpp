#include "elf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto elf = till::kit::read_elf({reinterpret_cast<const char*>(data), size});
  return elf && elf->exported.size() > size ? -1 : 0;
}
