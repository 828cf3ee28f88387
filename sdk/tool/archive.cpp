#include "archive.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace till::kit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameMost = 99;

// The header's fields, by POSIX 1003.1 pax, "ustar Interchange Format".
struct Field {
  std::size_t at, size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kOwner{108, 8}, kGroup{116, 8}, kSize{124, 12},
    kTime{136, 12}, kSum{148, 8}, kType{156, 1}, kMagic{257, 8}, kPrefix{345, 155};

std::unexpected<Error> broken(const std::string& why) { return fail(Code::kPackageBroken, why); }

void put(std::string& header, Field field, std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), field.size),
              header.begin() + static_cast<std::ptrdiff_t>(field.at));
}

void put_octal(std::string& header, Field field, std::size_t value) {
  for (std::size_t i = field.size - 1; i-- > 0; value /= 8) {
    header[field.at + i] = static_cast<char>('0' + value % 8);
  }
}

std::string_view text_of(std::string_view header, Field field) {
  const auto part = header.substr(field.at, field.size);
  return part.substr(0, part.find('\0'));
}

// Octal digits, ended by NUL or a space; nothing when it is anything else.
std::optional<std::size_t> octal(std::string_view header, Field field) {
  std::size_t value = 0;
  bool any = false;
  for (const char c : header.substr(field.at, field.size)) {
    if (c == '\0' || (c == ' ' && any)) break;
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<std::size_t>(c - '0');
    any = true;
  }
  return any ? std::optional(value) : std::nullopt;
}

// The checksum counts its own field as spaces.
std::size_t sum_of(std::string_view header) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool own = i >= kSum.at && i < kSum.at + kSum.size;
    sum += own ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return sum;
}

bool plain_name(std::string_view name) {
  const auto plain = [](char c) { return c > ' ' && c < 0x7f && c != '\\'; };
  if (name.empty() || name.size() > kNameMost || !std::ranges::all_of(name, plain)) return false;
  for (std::size_t at = 0; at <= name.size();) {
    const auto end = std::min(name.find('/', at), name.size());
    const auto part = name.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

std::size_t padded(std::size_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

struct Member {
  enum class Kind { kFile, kFolder, kEnd } kind = Kind::kEnd;
  std::string name;
  std::size_t size = 0;
};

Result<Member> read_header(std::string_view header) {
  if (std::ranges::all_of(header, [](char c) { return c == 0; })) return Member();
  if (octal(header, kSum) != sum_of(header)) return broken("a header's checksum is wrong");
  if (!header.substr(kMagic.at).starts_with("ustar")) return broken("it is no ustar archive");
  std::string name(text_of(header, kName));
  const char type = header[kType.at];
  const auto size = octal(header, kSize);
  // A tar made by hand names the folders too; files make theirs by themselves.
  const bool folder = type == '5' && size == 0;
  if (folder && name.ends_with('/')) name.pop_back();
  if (!plain_name(name) || !text_of(header, kPrefix).empty()) return broken("a name: " + name);
  if (folder) return Member{Member::Kind::kFolder, std::move(name), 0};
  if (type != '0' && type != '\0') return broken(name + " is no regular file");
  if (!size || *size > kMaxPackageBytes) return broken(name + " is too large");
  return Member{Member::Kind::kFile, std::move(name), *size};
}

}  // namespace

Result<std::string> make_archive(const PackageFiles& files) {
  if (files.size() > kMaxPackageFiles) return broken("more than 512 files");
  std::string out;
  for (const auto& [name, content] : files) {
    if (!plain_name(name)) return broken("a name: " + name);
    if (out.size() + content.size() > kMaxPackageBytes) return broken("more than 64 MiB");
    std::string header(kBlock, '\0');
    put(header, kName, name);
    put_octal(header, kMode, 0644);
    put_octal(header, kOwner, 0);
    put_octal(header, kGroup, 0);
    put_octal(header, kSize, content.size());
    put_octal(header, kTime, 0);
    put(header, kType, "0");
    put(header, kMagic, std::string_view("ustar\00000", 8));
    put_octal(header, {kSum.at, kSum.size - 1}, sum_of(header));
    header[kSum.at + kSum.size - 1] = ' ';
    out += header + content;
    out.resize(padded(out.size()), '\0');
  }
  return out + std::string(2 * kBlock, '\0');
}

Result<PackageFiles> read_archive(std::string_view bytes) {
  if (bytes.size() > kMaxPackageBytes + kMaxPackageFiles * 2 * kBlock) {
    return broken("more than 64 MiB");
  }
  PackageFiles files;
  for (std::size_t at = 0;;) {
    if (bytes.size() < at + kBlock) return broken("it is cut short");
    const auto [kind, name, size] = TILL_TRY(read_header(bytes.substr(at, kBlock)));
    if (kind == Member::Kind::kEnd) return files;
    at += kBlock;
    if (kind == Member::Kind::kFolder) continue;
    if (bytes.size() - at < padded(size)) return broken(name + " is cut short");
    if (files.size() >= kMaxPackageFiles) return broken("more than 512 files");
    if (!files.emplace(name, bytes.substr(at, size)).second)
      return broken(name + " is there twice");
    at += padded(size);
  }
}

Result<PackageFiles> read_folder(const std::string& folder) {
  PackageFiles files;
  std::size_t sum = 0;
  std::error_code bad;
  for (const auto& entry : fs::recursive_directory_iterator(folder, bad)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (entry.is_symlink()) return broken(name + " is a link");
    if (entry.is_directory()) continue;
    if (!entry.is_regular_file()) return broken(name + " is no file");
    sum += entry.file_size();
    if (sum > kMaxPackageBytes) return broken("more than 64 MiB");
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    files[name] = text.str();
  }
  if (bad) return broken(folder + ": " + bad.message());
  return files;
}

}  // namespace till::kit
