#include "elf.h"

#include <elf.h>

#include <cstring>
#include <optional>

namespace till::kit {
namespace {

struct Image {
  std::string_view bytes;

  template <typename T>
  [[nodiscard]] std::optional<T> at(std::uint64_t offset) const {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
  }
  [[nodiscard]] std::string text(std::uint64_t offset) const {
    if (offset >= bytes.size()) return {};
    const auto end = bytes.find('\0', offset);
    return std::string(bytes.substr(offset, end == bytes.npos ? 0 : end - offset));
  }
};

void read_dynamic(const Image& image, const Elf64_Shdr& section, std::uint64_t strings, Elf& elf) {
  for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= section.sh_size; at += sizeof(Elf64_Dyn)) {
    const auto entry = image.at<Elf64_Dyn>(section.sh_offset + at);
    if (!entry || entry->d_tag == DT_NULL) return;
    const auto value = entry->d_un.d_val;
    if (entry->d_tag == DT_NEEDED) elf.needed.push_back(image.text(strings + value));
    if (entry->d_tag == DT_RPATH || entry->d_tag == DT_RUNPATH) {
      elf.run_path = image.text(strings + value);
    }
    if (entry->d_tag == DT_TEXTREL) elf.text_relocations = true;
    if (entry->d_tag == DT_BIND_NOW) elf.bind_now = true;
    if (entry->d_tag == DT_FLAGS) {
      elf.bind_now = elf.bind_now || (value & DF_BIND_NOW) != 0;
      elf.text_relocations = elf.text_relocations || (value & DF_TEXTREL) != 0;
    }
    if (entry->d_tag == DT_FLAGS_1 && (value & DF_1_NOW) != 0) elf.bind_now = true;
  }
}

void read_symbols(const Image& image, const Elf64_Shdr& section, std::uint64_t strings, Elf& elf) {
  for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= section.sh_size; at += sizeof(Elf64_Sym)) {
    const auto symbol = image.at<Elf64_Sym>(section.sh_offset + at);
    if (!symbol) return;
    if (symbol->st_shndx == SHN_UNDEF) continue;
    const auto binding = ELF64_ST_BIND(symbol->st_info);
    const auto visibility = ELF64_ST_VISIBILITY(symbol->st_other);
    const bool seen = visibility == STV_DEFAULT || visibility == STV_PROTECTED;
    const std::string name = image.text(strings + symbol->st_name);
    if (binding == STB_GNU_UNIQUE) elf.unique.push_back(name);
    if (seen && binding != STB_LOCAL) elf.exported.push_back(name);
  }
}

}  // namespace

Result<Elf> read_elf(std::string_view bytes) {
  const Image image{bytes};
  const auto head = image.at<Elf64_Ehdr>(0);
  if (!head || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) {
    return fail(Code::kBadFile, "no ELF file");
  }
  if (head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_type != ET_DYN) {
    return fail(Code::kBadFile, "no 64-bit shared library");
  }
  Elf elf;
  for (std::uint64_t i = 0; i < head->e_phnum; ++i) {
    const auto p = image.at<Elf64_Phdr>(head->e_phoff + i * sizeof(Elf64_Phdr));
    if (!p) return fail(Code::kBadFile, "cut off in its program headers");
    if (p->p_type == PT_GNU_STACK && (p->p_flags & PF_X) != 0) elf.executable_stack = true;
    if (p->p_type == PT_GNU_RELRO) elf.relro = true;
  }
  for (std::uint64_t i = 0; i < head->e_shnum; ++i) {
    const auto section = image.at<Elf64_Shdr>(head->e_shoff + i * sizeof(Elf64_Shdr));
    if (!section) return fail(Code::kBadFile, "cut off in its sections");
    if (section->sh_type != SHT_DYNAMIC && section->sh_type != SHT_DYNSYM) continue;
    const auto strings =
        image.at<Elf64_Shdr>(head->e_shoff + section->sh_link * sizeof(Elf64_Shdr));
    if (!strings) return fail(Code::kBadFile, "no string table");
    if (section->sh_type == SHT_DYNAMIC) read_dynamic(image, *section, strings->sh_offset, elf);
    if (section->sh_type == SHT_DYNSYM) read_symbols(image, *section, strings->sh_offset, elf);
  }
  return elf;
}

}  // namespace till::kit
