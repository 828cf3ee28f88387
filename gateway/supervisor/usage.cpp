#include "usage.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace till::supervisor {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMemoryFile = std::int64_t{17} << 20;  // as the sandbox lets one grow

// Pages of memory files count although nothing of them is mapped. A file open twice counts twice:
// nobody does that within reason.
std::int64_t open_memory_files(const std::string& process, std::set<std::uint64_t>& seen) {
  std::int64_t bytes = 0;
  std::error_code bad;
  for (const auto& entry : fs::directory_iterator(process + "/fd", bad)) {
    const std::string target = fs::read_symlink(entry.path(), bad).string();
    struct stat facts{};
    if (!bad && target.starts_with("/memfd:") && stat(entry.path().c_str(), &facts) == 0) {
      bytes += facts.st_blocks * 512;
      seen.insert(facts.st_ino);
    }
  }
  return bytes;
}

// A page that is mapped keeps all of a file that nobody has open any more, and nobody can ask it
// for its size: it counts as large as it may be.
std::int64_t closed_memory_files(const std::string& process, int pid,
                                 std::set<std::uint64_t>& seen) {
  rlimit most{};
  const bool limited = prlimit(pid, RLIMIT_FSIZE, nullptr, &most) == 0 &&
                       most.rlim_cur < static_cast<rlim_t>(kMemoryFile);
  const auto each = limited ? static_cast<std::int64_t>(most.rlim_cur) : kMemoryFile;
  std::int64_t bytes = 0;
  std::ifstream maps(process + "/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(" /memfd:") == std::string::npos) continue;
    std::istringstream words(line);
    std::string range, rights, offset, device;
    std::uint64_t inode = 0;
    words >> range >> rights >> offset >> device >> inode;
    if (seen.insert(inode).second) bytes += each;
  }
  return bytes;
}

}  // namespace

std::optional<Usage> usage_of(int pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  Usage usage;
  std::ifstream status(process + "/status");
  bool found = false;
  for (std::string word, line; status >> word; std::getline(status, line)) {
    if (word != "RssAnon:" && word != "RssShmem:") continue;
    std::int64_t kib = 0;
    status >> kib;
    usage.memory += kib << 10;
    found = true;
  }
  std::ifstream stat_file(process + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat_file)), {});
  const auto name_ends = text.rfind(')');
  if (!found || name_ends == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(name_ends + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) rest >> skipped;  // state up to cmajflt
  std::int64_t user = 0, system = 0;
  rest >> user >> system;
  usage.cpu_us = (user + system) * (1'000'000 / sysconf(_SC_CLK_TCK));
  std::set<std::uint64_t> seen;
  usage.memory += open_memory_files(process, seen);
  usage.memory += closed_memory_files(process, pid, seen);
  return usage;
}

std::optional<Error> UsageWatch::look(const Usage& usage, bool working, std::int64_t now_us) {
  const auto mb = [](std::int64_t bytes) { return std::to_string(bytes >> 20) + " MB"; };
  if (usage.memory > most_) {
    return Error{Code::kPluginDied,
                 "it uses " + mb(usage.memory) + " of memory, at most " + mb(most_), "memory"};
  }
  const std::int64_t passed = now_us - last_us_;
  const bool first = last_us_ == 0;
  const bool busy =
      !first && !working && (usage.cpu_us - last_cpu_us_) * 100 >= passed * kBusyPercent;
  last_us_ = now_us;
  last_cpu_us_ = usage.cpu_us;
  if (!busy) {
    since_us_ = -1;
    return std::nullopt;
  }
  if (since_us_ < 0) since_us_ = now_us - passed;
  if (now_us - since_us_ < busy_us_) return std::nullopt;
  return Error{Code::kPluginDied,
               "it keeps a core busy for " + std::to_string(busy_us_ / 1'000'000) +
                   " s without an operation",
               "cpu"};
}

}  // namespace till::supervisor
