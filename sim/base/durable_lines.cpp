#include "sim/base/durable_lines.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>

namespace till::sim {
namespace {

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

DurableLines::~DurableLines() { ::close(file_); }

std::expected<std::unique_ptr<DurableLines>, std::string> DurableLines::open(
    const std::string& path, const std::function<void(const std::string& line)>& take) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return std::unexpected(fmt::format("cannot open {}", path));
  std::unique_ptr<DurableLines> lines(new DurableLines(file));

  std::ifstream in(path, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  size_t begin = 0;
  for (int number = 1; begin < all.size(); ++number) {
    const size_t end = all.find('\n', begin);
    if (end == std::string::npos) break;
    try {
      take(all.substr(begin, end - begin));
    } catch (const std::exception& e) {
      return std::unexpected(fmt::format("{} line {}: {}", path, number, e.what()));
    }
    begin = end + 1;
  }
  if (::ftruncate(file, static_cast<off_t>(begin)) != 0 || ::lseek(file, 0, SEEK_END) < 0) {
    return std::unexpected(fmt::format("cannot repair {}", path));
  }
  return lines;
}

bool DurableLines::append(const std::string& line) {
  const off_t end = ::lseek(file_, 0, SEEK_END);
  if (write_all(file_, line + "\n") && ::fsync(file_) == 0) return true;
  // A half line must not be found by the next append.
  if (::ftruncate(file_, end) != 0) return false;
  return false;
}

}  // namespace till::sim
