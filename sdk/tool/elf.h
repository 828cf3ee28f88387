// What a shared library says about itself, read without loading it (ELF, 64 bit, little endian).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sdk/cpp/base/result.h"

namespace till::kit {

struct Elf {
  std::vector<std::string> exported;  // defined, visible
  std::vector<std::string> unique;    // STB_GNU_UNIQUE: they keep a library loaded for ever
  std::vector<std::string> needed;
  std::string run_path;  // RPATH or RUNPATH
  bool text_relocations = false;
  bool executable_stack = false;
  bool relro = false;
  bool bind_now = false;
};

// kBadFile says what does not fit. Never reads beyond `image`.
Result<Elf> read_elf(std::string_view image);

}  // namespace till::kit
