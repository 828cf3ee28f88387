// run, record and replay: a plugin against a real or virtual port, from a prompt or a script.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "commands.h"
#include "live_host.h"

namespace till::kit {
namespace {

struct RunArguments {
  std::string folder, port, settings = "{}", out, title, device = "virtual";
  std::vector<std::string> secrets;
  bool keep_data = false;
  std::uint32_t deadline_ms = 60'000;
};

constexpr const char* kHelp =
    "VERB {JSON}   tells it to do something        wait MS   listens to the device\n"
    "plug, unplug  the cable                       quit\n";

std::string words(const Error& e) {
  return code_name(e.code) + " " + e.detail + (e.vendor.empty() ? "" : ": " + e.vendor);
}

void show(const FakeOutcome& o) {
  if (o.status == TILL_DONE) {
    std::printf("done %s\n", o.text.c_str());
  } else {
    std::printf("%s %s %s %s\n", testkit::word(o.status), code_name(o.error.code).c_str(),
                o.error.detail.c_str(), o.error.vendor.c_str());
  }
  std::fflush(stdout);
}

// False: it is over.
bool obey(LiveHost& host, std::string line, std::uint32_t deadline_ms) {
  line.erase(0, line.find_first_not_of(" \t"));
  const auto space = line.find(' ');
  const std::string word = line.substr(0, space);
  const std::string rest = space == line.npos ? "" : line.substr(space + 1);
  if (word == "quit") return false;
  if (word.empty() || word[0] == '#') return true;
  if (word == "help") {
    std::fputs(kHelp, stdout);
  } else if (word == "wait") {
    const int ms = std::atoi(rest.c_str());
    if (ms <= 0) std::printf("wait how many milliseconds?\n");
    if (ms > 0) host.listen(ms);
  } else if (word == "unplug") {
    host.unplug();
  } else if (word == "plug") {
    if (const auto plugged = host.plug(); !plugged) {
      std::printf("%s\n", words(plugged.error()).c_str());
    }
  } else {
    show(host.perform(word, rest.empty() ? "{}" : rest, deadline_ms));
  }
  return true;
}

void prompt(LiveHost& host, std::uint32_t deadline_ms) {
  const bool person = isatty(STDIN_FILENO) != 0;
  if (person) std::fputs(kHelp, stdout);
  std::string line;
  for (;;) {
    if (person) std::fputs("> ", stdout), std::fflush(stdout);
    // A script's lines are all there at once; a person's come while the device speaks.
    if (person) host.listen(-1, STDIN_FILENO);
    if (!std::getline(std::cin, line) || !obey(host, line, deadline_ms)) return;
  }
}

int run(const RunArguments& a, const std::string& schemas) {
  boost::system::error_code bad;
  const json::value settings = json::parse(a.settings, bad);
  std::map<std::string, std::string> secrets;
  for (const auto& s : a.secrets) secrets[s.substr(0, s.find('='))] = s.substr(s.find('=') + 1);
  // Sooner than when a whole dialogue is lost with it.
  const auto folder = std::filesystem::path(a.out).parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder)) {
    std::fprintf(stderr, "record: there is no folder %s for --out\n", folder.c_str());
    return 2;
  }
  if (bad || !settings.is_object()) {
    std::fprintf(stderr, "run: --settings is no JSON object\n");
    return 2;
  }
  const Package package = read_package(a.folder, schemas);
  try {
    LiveHost host(package, settings.get_object(), a.port, secrets);
    if (a.port.empty() && package.manifest->access == supervisor::Access::kPort) {
      std::fprintf(stderr,
                   "no --port is given: the plugin has no line, and its access is \"port\"\n");
    }
    if (const auto plugged = host.plug(); !plugged) {
      throw Failed{words(plugged.error())};
    }
    prompt(host, a.deadline_ms);
    if (a.out.empty()) return 0;
    host.recording().title = a.title;
    host.recording().device = a.device;
    if (host.recording().steps.empty()) throw Failed{"nothing happened"};
    const Recording kept = a.keep_data ? host.recording() : masked(host.recording(), package);
    std::ofstream file(a.out);
    file << testkit::print_recording(kept);
    file.close();
    if (!file) throw Failed{a.out + " can not be written"};
    std::printf("%s: %zu steps%s\n", a.out.c_str(), kept.steps.size(),
                a.keep_data ? "" : ", personal data masked");
    return 0;
  } catch (const Failed& f) {
    std::fprintf(stderr, "%s\n", f.words.c_str());
  } catch (const Skipped& s) {
    std::fprintf(stderr, "%s\n", s.words.c_str());
  }
  return 1;
}

int replay(const std::string& folder, const std::string& file, const std::string& schemas) {
  if (!std::filesystem::is_regular_file(file)) {
    std::fprintf(stderr, "replay: there is no file %s\n", file.c_str());
    return 2;
  }
  Package package = read_package(folder, schemas);
  if (!package.manifest) {
    std::fprintf(stderr, "%s\n", words(package.manifest_error).c_str());
    return 1;
  }
  auto recording = testkit::parse_recording(read_file(file));
  if (!recording) {
    std::fprintf(stderr, "%s is no recording: %s\n", file.c_str(),
                 words(recording.error()).c_str());
    return 2;
  }
  package.recordings = {{file, std::move(*recording)}};
  std::string wrong;
  try {
    need_library(package);
    Bench bench(package, 1);
    bench.replay([&](FakeHost&, const RecordingFile&, std::size_t, const std::string& complaint) {
      if (wrong.empty()) wrong = complaint;
    });
  } catch (const Failed& f) {
    wrong = f.words;
  } catch (const Skipped& s) {
    wrong = s.words;
  }
  std::printf("%s: %s\n", file.c_str(), wrong.empty() ? "the same" : wrong.c_str());
  return wrong.empty() ? 0 : 1;
}

void options(CLI::App* c, const std::shared_ptr<RunArguments>& a) {
  c->add_option("folder", a->folder, "folder with manifest.json and the library")->required();
  c->add_option("--port", a->port,
                "as in a store: serial:/dev/NAME@9600,8N1, usb:VID:PID, tcp:HOST:PORT, pty:PATH");
  c->add_option("--settings", a->settings, "JSON object")->capture_default_str();
  c->add_option("--deadline", a->deadline_ms, "milliseconds an operation may take")
      ->check(CLI::Range(100, 3'600'000))
      ->capture_default_str();
  c->add_option("--secret", a->secrets, "NAME=VALUE, for ${secret:NAME}; may come again")
      ->allow_extra_args(false)  // the folder may follow
      ->check([](const std::string& s) {
        return s.find('=') == s.npos ? s + " is no NAME=VALUE" : "";
      });
}

}  // namespace

void add_run(CLI::App& app, const std::string& share, int& result) {
  auto a = std::make_shared<RunArguments>();
  auto* c = app.add_subcommand("run", "A plugin at a port, with a prompt to tell it what to do");
  options(c, a);
  c->callback([a, share, &result] { result = run(*a, share + "/schema"); });

  auto r = std::make_shared<RunArguments>();
  auto* record = app.add_subcommand("record", "The same, and writes down the dialogue as a test");
  options(record, r);
  record->add_option("--out", r->out, "recordings/NAME.json")->required();
  record->add_option("--title", r->title, "what happens, in a few words")->required();
  record->add_option("--device", r->device, "virtual, or the model it was recorded from")
      ->capture_default_str();
  record->add_flag("--keep-data", r->keep_data, "do not mask phones, names and card numbers");
  record->callback([r, share, &result] { result = run(*r, share + "/schema"); });

  auto folder = std::make_shared<std::string>();
  auto file = std::make_shared<std::string>();
  auto* replayed = app.add_subcommand("replay", "Plays one recording on a fake host");
  replayed->add_option("folder", *folder, "folder with manifest.json")->required();
  replayed->add_option("file", *file, "the recording")->required();
  replayed->callback([=, &result] { result = replay(*folder, *file, share + "/schema"); });
}

}  // namespace till::kit
