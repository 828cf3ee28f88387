#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>
#include <regex>

#include "commands.h"
#include "kit.h"
#include "package.h"

namespace till::kit {
namespace {

struct CheckArguments {
  std::string folder, include, exclude, asan, tsan;
  bool list = false, json = false, in_process = false;
  std::uint64_t seed = 1;
  int timeout_ms = 20'000;
};

// No checks, and why is said, where an expression is none or nothing matches.
std::vector<const Check*> chosen(const CheckArguments& a) {
  std::regex include, exclude;
  const char* which = "--include";
  try {
    include = a.include.empty() ? "." : a.include;
    which = "--exclude";
    exclude = a.exclude.empty() ? "$^" : a.exclude;
  } catch (const std::regex_error& e) {
    std::fprintf(stderr, "check: %s is no regular expression: %s\n", which, e.what());
    return {};
  }
  std::vector<const Check*> checks;
  for (const Check& c : all_checks()) {
    if (std::regex_search(c.id, include) && !std::regex_search(c.id, exclude)) checks.push_back(&c);
  }
  if (checks.empty()) {
    std::fprintf(stderr, "check: no check matches; `check --list` names them all\n");
  }
  return checks;
}

// CLI11 would take the nearest number that fits.
std::string no_number(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good = error == std::errc{} && end == text.data() + text.size();
  return good ? "" : text + " is no whole number from 0 to 18446744073709551615";
}

int list(const std::vector<const Check*>& checks, const CheckArguments& a) {
  json::array all;
  for (const Check* c : checks) {
    all.push_back({{"id", c->id}, {"rule", c->sentence}, {"place", c->place}, {"fix", c->fix}});
    if (!a.json) std::printf("%-26s %s\n", c->id, c->sentence);
  }
  if (a.json) std::printf("%s\n", json::serialize(all).c_str());
  return 0;
}

void print(const Verdict& v) {
  const std::string_view mark = v.status == Status::kPass   ? "ok"
                                : v.status == Status::kSkip ? "-"
                                : v.status == Status::kWarn ? "warn"
                                                            : "FAIL";
  const Rule rule = v.rule();
  std::printf("%-4s %-26s %s\n", std::string(mark).c_str(), v.check->id, rule.sentence.c_str());
  if (v.status == Status::kPass) return;
  const bool bad = !passed(v.status);
  const std::string how = v.status == Status::kCrash || v.status == Status::kTimeout
                              ? std::string(name(v.status)) + ": "
                              : std::string();
  std::printf("       %s%s\n", how.c_str(), v.words.c_str());
  if (bad) std::printf("       rule: %s\n       fix: %s\n", rule.place.c_str(), rule.fix.c_str());
}

int check(const CheckArguments& a, const std::string& schemas) {
  const auto checks = chosen(a);
  if (checks.empty()) return 2;
  if (a.list) return list(checks, a);
  if (a.folder.empty() || !std::filesystem::is_directory(a.folder)) {
    std::fprintf(stderr, "check: which plugin? Name its folder, the one with manifest.json.\n");
    return 2;
  }
  Package package = read_package(a.folder, schemas);
  package.address_folder = a.asan;
  package.thread_folder = a.tsan;
  std::map<Status, int> count;
  json::array all;
  Course course(package, {a.seed, a.timeout_ms, a.in_process});
  for (const Check* c : checks) {
    const Verdict v = course.next(*c);
    ++count[v.status];
    all.push_back(verdict_json(v));
    if (!a.json) print(v);
  }
  const int bad = count[Status::kFail] + count[Status::kCrash] + count[Status::kTimeout];
  if (a.json) {
    const json::object report{
        {"plugin", json::string(package.manifest ? package.manifest->id : "")},
        {"seed", a.seed},
        {"passed", bad == 0},
        {"checks", all}};
    std::printf("%s\n", json::serialize(report).c_str());
  } else {
    std::printf("%d passed, %d warned, %d skipped, %d failed; seed %llu\n", count[Status::kPass],
                count[Status::kWarn], count[Status::kSkip], bad,
                static_cast<unsigned long long>(a.seed));
    if (bad > 0) {
      std::printf(
          "again, one of them in this process: tillbridge-plugin check %s --include ID "
          "--in-process --seed %llu\n",
          a.folder.c_str(), static_cast<unsigned long long>(a.seed));
    }
  }
  return bad == 0 ? 0 : 1;
}

}  // namespace

std::string share_folder() {
  char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  const std::filesystem::path self(std::string(path, n > 0 ? static_cast<std::size_t>(n) : 0));
  return self.parent_path().parent_path() / "share" / "tillbridge";
}

void add_check(CLI::App& app, const std::string& share, int& result) {
  auto a = std::make_shared<CheckArguments>();
  auto* c = app.add_subcommand("check", "The conformance kit: is this plugin by the rules?");
  c->add_option("folder", a->folder, "folder with manifest.json and the library");
  c->add_flag("--list", a->list, "name the checks and stop");
  c->add_flag("--json", a->json, "for programs");
  c->add_option("--include", a->include, "only checks that match this expression");
  c->add_option("--exclude", a->exclude, "not those");
  c->add_option("--seed", a->seed, "of the random bodies and bytes")
      ->check(CLI::Validator(no_number, "0 to 2^64-1"));
  c->add_option("--timeout", a->timeout_ms, "milliseconds one check may take")
      ->check(CLI::Range(100, 600'000))
      ->capture_default_str();
  c->add_option("--asan", a->asan, "the same plugin, built with -fsanitize=address");
  c->add_option("--tsan", a->tsan, "the same plugin, built with -fsanitize=thread");
  c->add_flag("--in-process", a->in_process, "for a debugger: no child, no time limit");
  c->callback([a, share, &result] { result = check(*a, share + "/schema"); });
}

}  // namespace till::kit
