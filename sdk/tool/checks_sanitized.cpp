// The whole kit once more, on a build of the plugin that watches itself. The tool is started again
// with the sanitizer's runtime in front; what that writes is the verdict.
#include <fcntl.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "elf.h"
#include "kit.h"

namespace till::kit {
namespace {

namespace fs = std::filesystem;

// A folder for reports, gone with it.
struct Reports {
  std::string folder = (fs::temp_directory_path() / "tillbridge-sanitized-XXXXXX").string();
  Reports() {
    if (mkdtemp(folder.data()) == nullptr) throw Failed{"no room for reports in /tmp"};
  }
  ~Reports() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  Reports(const Reports&) = delete;
  Reports& operator=(const Reports&) = delete;
  // "AddressSanitizer: heap-use-after-free …" of the first report, "" when there is none.
  [[nodiscard]] std::string first() const {
    for (const auto& file : fs::directory_iterator(folder)) {
      const std::string text = read_file(file.path());
      const auto at = text.find("Sanitizer: ");
      if (at == std::string::npos) continue;
      const auto start = text.find_last_of(" \n", at) + 1;
      return text.substr(start, std::min(text.find('\n', at), start + 300) - start);
    }
    return {};
  }
};

// The first check that failed in a report of the kit, and its words.
std::string first_failure(const std::string& text) {
  boost::system::error_code bad;
  const json::value report = json::parse(text, bad);
  if (bad) return "no report";
  for (const auto& check : report.at("checks").as_array()) {
    const auto status = json::value_to<std::string>(check.at("status"));
    if (status == "pass" || status == "skip" || status == "warn") continue;
    return json::value_to<std::string>(check.at("id")) + " " + status + ": " +
           json::value_to<std::string>(check.at("words"));
  }
  return "no check";
}

// The runtime a library was linked with: "libasan.so.8".
std::string runtime_of(const std::string& library, const char* name, const char* flag) {
  const auto elf = read_elf(read_file(library));
  if (!elf) throw Failed{library + ": " + elf.error().detail};
  const auto is = [&](const std::string& n) { return n.find(name) != n.npos; };
  const auto at = std::ranges::find_if(elf->needed, is);
  if (at == elf->needed.end()) {
    throw Failed{library + " was not built with " + flag + " and a shared runtime"};
  }
  return *at;
}

[[noreturn]] void start_again(const std::string& folder, const std::string& runtime,
                              const std::string& options, std::uint64_t seed,
                              const std::string& report) {
  const int out = open(report.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  dup2(out, STDOUT_FILENO);
  setenv("LD_PRELOAD", runtime.c_str(), 1);
  for (const char* name : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
    setenv(name, options.c_str(), 1);
  }
  personality(ADDR_NO_RANDOMIZE);  // some runtimes need their addresses free
  const std::string number = std::to_string(seed);
  // What the runtime itself does at its start, and keeps, is not the plugin's.
  execl("/proc/self/exe", "tillbridge-plugin", "check", folder.c_str(), "--json", "--seed",
        number.c_str(), "--timeout", "60000", "--exclude",
        "^(package|sanitized)\\.|^load.(quick|side_effects)$|^memory.leaks$|^life.(rounds|"
        "activate|deactivate)$",
        static_cast<char*>(nullptr));
  _exit(126);
}

void whole_kit(Bench& b, const std::string& folder, const char* runtime_name, const char* flag,
               const char* option) {
  if (folder.empty()) throw Skipped{std::string("give ") + option + " FOLDER, built with " + flag};
  const Package other = read_package(folder, b.package().schemas);
  if (!other.manifest || other.manifest->id != b.manifest().id) {
    throw Failed{folder + " is not the same plugin"};
  }
  const std::string runtime = runtime_of(other.library(), runtime_name, flag);
  const Reports reports;
  const std::string options = "log_path=" + reports.folder + "/report:detect_leaks=0:" +
                              "halt_on_error=1:exitcode=66:verify_asan_link_order=0";
  own_fork = true;
  const pid_t child = fork();
  if (child < 0) throw Failed{"fork"};
  if (child == 0)
    start_again(folder, runtime, options, b.seed.next(), reports.folder + "/kit.json");
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const std::string words = reports.first();
  if (!words.empty()) throw Failed{words};
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
    throw Failed{"the kit could not run on it, exit code " +
                 std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : -1)};
  }
  if (WEXITSTATUS(status) == 1) {
    throw Failed{"with the runtime, " + first_failure(read_file(reports.folder + "/kit.json"))};
  }
}

void address(Bench& b) {
  whole_kit(b, b.package().address_folder, "asan", "-fsanitize=address", "--asan");
}

void threads(Bench& b) {
  whole_kit(b, b.package().thread_folder, "tsan", "-fsanitize=thread", "--tsan");
}

}  // namespace

std::vector<Check> sanitized_checks() {
  return {
      {"sanitized.address", "the whole kit without a word of AddressSanitizer",
       "Owner in tillbridge/abi.h", "read the report: the same command with --in-process", address},
      {"sanitized.threads", "the whole kit without a word of ThreadSanitizer",
       "Thread in tillbridge/abi.h", "what your own threads share needs a lock", threads},
  };
}

}  // namespace till::kit
