// What lies in the folder, before any code of it runs.
#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "elf.h"
#include "kit.h"
#include "package.h"

namespace till::kit {
namespace {

// What a plugin may need from the machine. Anything else travels inside the library or is a
// vendor's, opened by the plugin itself under "access": "direct".
constexpr std::array kNeededAllowed = {"libc.so.6",
                                       "libm.so.6",
                                       "libgcc_s.so.1",
                                       "libstdc++.so.6",
                                       "libpthread.so.0",
                                       "libdl.so.2",
                                       "librt.so.1",
                                       "libfmt.so.9",
                                       "libboost_json.so.1.81.0",
                                       "libboost_container.so.1.81.0",
                                       "libsodium.so.23",
                                       "ld-linux-x86-64.so.2"};
constexpr std::array kHeadings = {"What it is",        "Models", "Settings", "Errors",
                                  "Tried on hardware", "Sources"};

constexpr const char* kFolderPage = "share/doc/tillbridge/authors/reference.md, Folder";

void manifest(Bench& b) {
  const Package& p = b.package();
  if (!p.manifest && p.manifest_error.code == Code::kPluginAbi) {
    throw Failed{code_name(p.manifest_error.code) + " " + p.manifest_error.detail,
                 "TILL_ABI_MAJOR in tillbridge/abi.h",
                 "write the version of the SDK it is built with: \"abi\": {\"major\": 1, "
                 "\"minor_required\": 0}"};
  }
  const auto place = [&](const std::string& member) {
    return schema_place(p, "manifest", member.empty() ? "/type" : "", member);
  };
  if (!std::filesystem::is_regular_file(p.folder + "/manifest.json")) {
    throw Failed{code_name(p.manifest_error.code) + " " + p.manifest_error.detail, kFolderPage,
                 "give the folder the build has made: build/NAME"};
  }
  if (!p.manifest) {
    throw Failed{code_name(p.manifest_error.code) + " " + p.manifest_error.detail,
                 place(p.manifest_member)};
  }
  const auto schema = json::parse(read_file(p.schemas + "/manifest.json")).as_object();
  if (const auto fits = testkit::check_schema(schema, p.manifest_json); !fits) {
    throw Failed{code_name(fits.error().code) + " " + fits.error().detail,
                 place(fits.error().detail)};
  }
}

void signature(Bench& b) {
  const auto verdict = verify_package(b.package().folder);
  if (!verdict) throw Failed{verdict.error().detail};
  if (verdict->empty()) throw Skipped{"it is not signed: tillbridge-plugin pack"};
}

Elf elf_of(Bench& b) {
  b.manifest();
  const auto elf = read_elf(read_file(b.package().library()));
  if (!elf) throw Skipped{"see load.now"};
  return *elf;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& n : names) text += (text.empty() ? "" : ", ") + n;
  return text;
}

void exports(Bench& b) {
  const Elf elf = elf_of(b);
  if (elf.exported != std::vector<std::string>{"tillbridge_entry"}) {
    throw Failed{"it exports: " + joined(elf.exported)};
  }
}

void needed(Bench& b) {
  const Elf elf = elf_of(b);
  for (const auto& library : elf.needed) {
    if (std::ranges::find(kNeededAllowed, library) == kNeededAllowed.end()) {
      throw Failed{"it needs " + library};
    }
  }
  if (!elf.run_path.empty()) throw Failed{"it looks for libraries in " + elf.run_path};
}

void hardening(Bench& b) {
  const Elf elf = elf_of(b);
  if (!elf.unique.empty()) throw Failed{"unique symbols: " + joined(elf.unique)};
  if (elf.text_relocations) throw Failed{"relocations in its code (-fPIC is missing)"};
  if (elf.executable_stack) throw Failed{"an executable stack"};
  if (!elf.relro || !elf.bind_now) throw Failed{"linked without -Wl,-z,relro -Wl,-z,now"};
}

void readme(Bench& b) {
  const std::string text = read_file(b.package().folder + "/README.md");
  if (text.empty()) throw Failed{"no README.md"};
  for (const std::string heading : kHeadings) {
    if (text.find("\n## " + heading) == text.npos) throw Failed{"no heading: ## " + heading};
  }
  if (b.manifest().owner.empty()) {
    throw Failed{"manifest.owner is missing",
                 schema_place(b.package(), "manifest", "/properties/owner"),
                 "write who answers for it: \"owner\": \"a name, an address\""};
  }
}

void recordings(Bench& b) {
  const Package& p = b.package();
  if (!p.broken_recordings.empty()) throw Failed{p.broken_recordings.front()};
  const std::string models = p.folder + "/models.json";
  if (!std::filesystem::exists(models)) return;
  boost::system::error_code bad;
  const auto list = json::parse(read_file(models), bad);
  if (bad || !list.is_object() || !list.get_object().contains("models")) {
    throw Failed{"models.json is no list of models", kFolderPage, "write {\"models\": []}"};
  }
}

// Of a vendor's own: they have a dot more, "org.acme.beep".
bool of_vendor(const std::string& name) { return std::ranges::count(name, '.') >= 2; }

bool listed(const json::value& names, const std::string& name) {
  return std::ranges::any_of(names.as_array(),
                             [&](const json::value& n) { return n.as_string() == name; });
}

// What a kind is about stands beside the manifest's schema, so that the page for people says the
// same.
void verbs(Bench& b) {
  const auto& m = b.manifest();
  const auto schema = json::parse(read_file(b.package().schemas + "/manifest.json"));
  const json::object& rule = schema.at("x-kinds").at(m.kind).as_object();
  std::set<std::string> names(m.verbs.begin(), m.verbs.end());
  for (const auto& event : m.events) names.insert(of_vendor(event) ? event : "event." + event);
  const auto words = [](const std::string& name) {
    return name.starts_with("event.") ? "event " + name.substr(6) : "verb " + name;
  };
  const auto place = [&](const std::string& pointer) {
    return schema_place(b.package(), "manifest", pointer);
  };
  for (const auto& name : names) {
    const bool event = name.starts_with("event.");
    if (of_vendor(name)) continue;
    if (!b.schema(name)) {
      throw Failed{words(name) + " has no schema",
                   place(event ? "/properties/events" : "/properties/verbs")};
    }
    if (!listed(rule.at("needs"), name) && !listed(rule.at("may"), name)) {
      throw Failed{words(name) + " is not of kind " + m.kind, place("/x-kinds/" + m.kind)};
    }
    if (event && m.access != supervisor::Access::kPort && m.access != supervisor::Access::kDirect) {
      throw Failed{words(name) + " comes from a device that speaks by itself, and access is \"" +
                       std::string(supervisor::name(m.access)) + "\"",
                   place("/properties/access")};
    }
  }
  for (const auto& needed : rule.at("needs").as_array()) {
    const std::string name(needed.as_string());
    if (!names.contains(name)) {
      throw Failed{"a " + m.kind + " without " + words(name), place("/x-kinds/" + m.kind)};
    }
  }
}

void settings_schema(Bench& b) {
  static constexpr std::array kWords = {"type",      "enum",       "minimum", "maximum",
                                        "minLength", "maxLength",  "default", "writeOnly",
                                        "title",     "description"};
  const auto& schema = b.manifest().config_schema;
  const auto* properties = schema.if_contains("properties");
  for (const auto& [name, value] : properties ? properties->as_object() : json::object{}) {
    if (!value.is_object()) throw Failed{std::string(name) + " is no schema"};
    for (const auto& [word, ignored] : value.get_object()) {
      if (std::ranges::find(kWords, std::string_view(word)) == kWords.end()) {
        throw Failed{std::string(name) + ": the console does not know \"" + std::string(word) +
                     "\""};
      }
    }
    const auto* otherwise = value.get_object().if_contains("default");
    if (otherwise != nullptr && !testkit::check_schema(value.get_object(), *otherwise)) {
      throw Failed{std::string(name) + ": its default is not allowed by its own schema"};
    }
  }
}

}  // namespace

std::vector<Check> package_checks() {
  return {
      {"package.manifest", "manifest.json is by its schema",
       "share/tillbridge/schema/manifest.json#/properties", "correct the field named here",
       manifest},
      {"package.signature", "a signature fits every file",
       "share/doc/tillbridge/authors/reference.md, The tool",
       "pack it again: tillbridge-plugin pack", signature},
      {"package.exports", "the library exports tillbridge_entry and nothing else",
       "tillbridge/entry.h", "link with the SDK's plugin.map and -fvisibility=hidden", exports},
      {"package.needed", "it needs only the system's libraries, and no path of its own",
       "The library in tillbridge/abi.h",
       "link it statically, or open it yourself with \"access\": \"direct\"", needed},
      {"package.hardening", "position independent, RELRO, bound at load, no unique symbols",
       "The library in tillbridge/abi.h", "use the SDK's CMake function, or its link options",
       hardening},
      {"package.readme", "README.md has the headings, the manifest an owner", kFolderPage,
       "add the heading named here", readme},
      {"package.recordings", "models.json and every recording can be read",
       "tillbridge/testkit/recording.h", "record it again", recordings},
      {"package.verbs", "every verb and event is of its kind, and none is missing the kind needs",
       "share/tillbridge/schema/manifest.json#/x-kinds",
       "correct kind, verbs, events or access; a name of your own has two dots", verbs},
      {"package.settings", "config_schema says only what the console can draw",
       "share/tillbridge/schema/manifest.json#/properties/config_schema",
       "remove the word, or correct the default", settings_schema},
  };
}

}  // namespace till::kit
