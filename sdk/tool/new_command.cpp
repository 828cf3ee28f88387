// new: a plugin that builds and passes the kit at once; then it is edited.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "commands.h"
#include "kit.h"

namespace till::kit {
namespace {

namespace fs = std::filesystem;

struct Template {
  const char* name;
  const char* kind;
  const char* verbs;
  const char* events;
  const char* access;
  const char* properties;
};

constexpr std::array kTemplates = {
    Template{"scanner", "scanner", "", R"("scan", "input_error")", "port", ""},
    Template{"c", "scanner", "", R"("scan", "input_error")", "port", ""},
    Template{"drawer", "drawer", R"("drawer.open")", "", "port", ""},
    Template{"reader", "reader", "", R"("card", "input_error")", "port", ""},
    Template{"printer", "printer", R"("printer.print", "printer.status", "drawer.open")", "",
             "port", ""},
    Template{"display", "display", R"("display.show", "display.clear")", "", "port", ""},
    Template{"scale", "scale", R"("scale.weigh", "scale.zero")", R"("weight")", "port", ""},
    Template{"register", "register",
             R"("fiscal.status", "fiscal.open_shift", "fiscal.close_shift", "fiscal.x_report",
            "fiscal.check", "fiscal.receipt", "fiscal.baseline", "fiscal.resolve", "fiscal.recover",
            "fiscal.document", "fiscal.continue_printing")",
             "", "port", ""},
    Template{
        "channel", "channel", R"("message.send")", "", "http",
        R"("url": {"type": "string", "maxLength": 1024, "default": "http://127.0.0.1:8080/send"})"},
    Template{
        "exporter", "exporter", R"("export.write")", "", "http",
        R"("url": {"type": "string", "maxLength": 1024, "default": "http://127.0.0.1:8080/records"})"},
    Template{"vendor", "drawer", R"("drawer.open")", "", "direct",
             R"("library": {"type": "string", "maxLength": 512, "default": "libacme.so"})"},
    Template{"rule", "rule", R"("rule.evaluate")", "", "none", ""},
};

constexpr const char* kKinds =
    "scanner, c (a scanner in C), reader, scale, display, drawer, printer, register, channel, "
    "exporter, rule, vendor (around a library)";

// By what somebody has, for whoever does not know our words.
constexpr const char* kCases =
    "  a device:   scanner (bar codes), reader (cards), scale, display, drawer, printer,\n"
    "              register (a fiscal one); in plain C: c (a scanner)\n"
    "  a library of its vendor:          vendor\n"
    "  a service:  channel (sends messages), exporter (gets the sales)\n"
    "  a discount no program can say:    rule\n";

// CMake's own targets: the plugin's would be refused, or would hide them.
constexpr std::array kTargets = {"all",        "clean",         "help",    "install",
                                 "preinstall", "test",          "package", "package_source",
                                 "edit_cache", "rebuild_cache", "depend"};

using Words = std::map<std::string, std::string>;

std::string filled(std::string text, const Words& words) {
  for (const auto& [name, value] : words) {
    const std::string mark = "@" + name + "@";
    for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + value.size())) {
      text.replace(at, mark.size(), value);
    }
  }
  return text;
}

bool copy(const fs::path& from, const fs::path& to, const Words& words) {
  fs::create_directories(to.parent_path());
  std::ofstream out(to);
  out << filled(read_file(from.string()), words);
  return out.good();
}

bool copy_own(const fs::path& from, const fs::path& to, const Words& words) {
  std::error_code none;
  bool any = false;
  for (const auto& file : fs::directory_iterator(from, none)) {
    const auto name = file.path().filename();
    const bool recording = name.extension() == ".json";
    if (!copy(file.path(), recording ? to / "recordings" / name : to / name, words)) return false;
    any = true;
  }
  return any;
}

// Who answers for it: git knows, otherwise the login.
std::string owner() {
  std::string name;
  if (FILE* git = popen("git config user.name 2>/dev/null", "r"); git != nullptr) {
    std::array<char, 200> line{};
    if (fgets(line.data(), line.size(), git) != nullptr) name = line.data();
    pclose(git);
  }
  std::erase_if(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; });
  if (name.empty() && std::getenv("USER") != nullptr) name = std::getenv("USER");
  return name.empty() ? "its author" : name;
}

// The command and CMake find the SDK by the PATH; what is to be typed first where it is not there.
std::string path_line(const std::string& share) {
  std::error_code none;
  const fs::path own = fs::weakly_canonical(fs::path(share) / ".." / ".." / "bin", none);
  const char* path = std::getenv("PATH");
  std::istringstream parts(path == nullptr ? "" : path);
  for (std::string part; std::getline(parts, part, ':');) {
    if (!part.empty() && fs::equivalent(part, own, none)) return {};
  }
  return "  export PATH=" + own.string() + ":$PATH\n";
}

int make(const std::string& what, const std::string& id, std::string folder,
         const std::string& share) {
  const auto* t =
      std::ranges::find_if(kTemplates, [&](const auto& one) { return what == one.name; });
  if (t == kTemplates.end()) {
    std::fprintf(stderr, "new: %s is no kind of plugin. What do you have?\n%s", what.c_str(),
                 kCases);
    return 2;
  }
  if (!std::regex_match(id, std::regex("[a-z0-9_]+(\\.[a-z0-9_]+)+"))) {
    std::fprintf(stderr, "new: an id is a reverse DNS name in small letters: org.example.%s_acme\n",
                 what.c_str());
    return 2;
  }
  const std::string name = id.substr(id.rfind('.') + 1);
  if (std::ranges::find(kTargets, name) != kTargets.end()) {
    std::fprintf(stderr,
                 "new: CMake keeps the target %s for itself: let the id end otherwise, %s_acme\n",
                 name.c_str(), id.c_str());
    return 2;
  }
  if (folder.empty()) folder = name;
  if (fs::exists(folder)) {
    std::fprintf(stderr, "new: %s is there already\n", folder.c_str());
    return 2;
  }
  const fs::path templates = fs::path(share) / "templates";
  const bool plain_c = what == "c";
  // Without the vendor's library nothing can be tried: the stand-in takes its place.
  const bool direct = std::string_view(t->access) == "direct";
  const std::string check =
      std::string(direct ? "LD_LIBRARY_PATH=build " : "") + "tillbridge-plugin check build/" + name;
  std::string settings = "| | | it has none |";
  if (std::string_view(t->access) == "http") {
    settings = "| `url` | on this machine | where it sends to |";
  } else if (direct) {
    settings = "| `library` | `libacme.so` | the vendor's library |";
  }
  const Words words = {{"ID", id},
                       {"FOLDER", name},
                       {"NAME", name},
                       {"OWNER", owner()},
                       {"KIND", t->kind},
                       {"VERBS", t->verbs},
                       {"EVENTS", t->events},
                       {"ACCESS", t->access},
                       {"PROPERTIES", t->properties},
                       {"SETTINGS", settings},
                       {"SOURCE", plain_c ? "driver.c" : "driver.cpp"},
                       {"LANGUAGES", plain_c ? "C" : "C CXX"},
                       {"CHECK", check},
                       {"WHAT", *t->verbs == 0 ? "Events" : "Verbs"}};
  bool good = true;
  for (const char* file : {"CMakeLists.txt", "README.md", "models.json", "manifest.json"}) {
    good = good && copy(templates / "common" / file, fs::path(folder) / file, words);
  }
  // Of its own: sources as they lie there, recordings into their folder.
  good = good && copy_own(templates / what, folder, words);
  if (!good) {
    std::fprintf(stderr, "new: %s can not be written, or %s is not there\n", folder.c_str(),
                 templates.c_str());
    return 1;
  }
  std::printf(
      "%s is there. Build and check it:\n%s  cd %s\n  cmake -B build && cmake --build build\n"
      "  %s\n",
      folder.c_str(), path_line(share).c_str(), folder.c_str(), check.c_str());
  return 0;
}

}  // namespace

void add_new(CLI::App& app, const std::string& share, int& result) {
  auto what = std::make_shared<std::string>();
  auto id = std::make_shared<std::string>();
  auto folder = std::make_shared<std::string>();
  auto* c = app.add_subcommand("new", "Makes a plugin that builds and passes check at once");
  c->add_option("kind", *what, kKinds)->required();
  c->add_option("id", *id, "reverse DNS name: org.example.scanner_acme")->required();
  c->add_option("folder", *folder, "where; the last part of the id if not given");
  c->callback([=, &result] { result = make(*what, *id, *folder, share); });
}

}  // namespace till::kit
