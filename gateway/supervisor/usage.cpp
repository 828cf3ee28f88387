#include "usage.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace till::supervisor {
namespace {

namespace fs = std::filesystem;

// Pages of memory files count although nothing of them is mapped. A file open twice counts twice:
// nobody does that within reason.
std::int64_t memory_files(const std::string& process) {
  std::int64_t bytes = 0;
  std::error_code bad;
  for (const auto& entry : fs::directory_iterator(process + "/fd", bad)) {
    const std::string target = fs::read_symlink(entry.path(), bad).string();
    struct stat facts{};
    if (!bad && target.starts_with("/memfd:") && stat(entry.path().c_str(), &facts) == 0) {
      bytes += facts.st_blocks * 512;
    }
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
  usage.memory += memory_files(process);
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
