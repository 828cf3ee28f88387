#include "kit.h"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace till::kit {

using testkit::Player;
using testkit::sample_of;

const char* name(Status status) {
  static constexpr std::array kNames = {"pass", "warn", "skip", "fail", "crash", "timeout"};
  return kNames.at(static_cast<std::size_t>(status));
}

bool passed(Status status) { return status <= Status::kSkip; }

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

namespace {

// Which field of which file it is, and what stands there when it is right.
std::string of_manifest(const std::string& folder, const Error& e, const json::value& manifest) {
  const std::string path = folder + "/manifest.json";
  if (!std::filesystem::is_regular_file(path)) {
    return path + " is missing: give the folder that holds it and the library, build/NAME";
  }
  if (e.code != Code::kPluginAbi) return path + ": " + e.detail;
  const json::value& abi = manifest.at("abi");
  const bool other = abi.at("major") != TILL_ABI_MAJOR;
  const std::string field = other ? "abi.major" : "abi.minor_required";
  return path + ": " + field + " is " +
         json::serialize(abi.at(other ? "major" : "minor_required")) + ", this SDK has " +
         std::to_string(other ? TILL_ABI_MAJOR : TILL_ABI_MINOR);
}

// The reason begins with the code of the one below, "TB-1003 limits.memory_mb: 8 to 1024".
std::string member_of(const std::string& reason) {
  return reason.starts_with("TB-") ? reason.substr(reason.find(' ') + 1) : reason;
}

}  // namespace

void need_library(const Package& package) {
  const std::string path = package.library(), name = package.manifest->library;
  const std::string place = schema_place(package, "manifest", "/properties/library");
  if (!std::filesystem::is_regular_file(path)) {
    const bool sources = std::filesystem::exists(package.folder + "/CMakeLists.txt");
    throw Failed{name + " is not beside manifest.json in " + package.folder +
                     (sources ? ": these are the sources" : ""),
                 place, "build it, and give the folder the build has made: build/NAME"};
  }
  if (!read_file(path).starts_with("\x7f"
                                   "ELF")) {
    throw Failed{name + " is no library: it does not begin as an ELF file does", place,
                 "put the library there that the build has made"};
  }
}

Package read_package(const std::string& folder, const std::string& schemas) {
  Package p;
  p.folder = folder;
  p.schemas = schemas;
  const std::string text = read_file(folder + "/manifest.json");
  boost::system::error_code bad;
  p.manifest_json = json::parse(text, bad);
  if (bad) p.manifest_json = nullptr;
  if (auto manifest = supervisor::parse_manifest(text)) {
    p.manifest = std::move(*manifest);
  } else {
    p.manifest_error = manifest.error();
    if (!bad) p.manifest_member = member_of(manifest.error().detail);
    p.manifest_error.detail = of_manifest(folder, manifest.error(), p.manifest_json);
  }
  std::set<std::filesystem::path> files;
  std::error_code none;
  for (const auto& f : std::filesystem::directory_iterator(folder + "/recordings", none)) {
    if (f.path().extension() == ".json") files.insert(f.path());
  }
  for (const auto& file : files) {
    auto recording = testkit::parse_recording(read_file(file));
    if (!recording) {
      p.broken_recordings.push_back(file.filename().string() + ": " + recording.error().detail);
    } else if (p.manifest && recording->plugin != p.manifest->id) {
      p.broken_recordings.push_back(file.filename().string() + ": of another plugin");
    } else {
      p.recordings.push_back({file.filename().string(), std::move(*recording)});
    }
  }
  return p;
}

std::set<std::string> not_given(const supervisor::Manifest& manifest) {
  using supervisor::Access;
  std::set<std::string> ids;
  if (manifest.access != Access::kPort) ids.insert(TILL_PORT_ID);
  if (manifest.access != Access::kHttp) ids.insert(TILL_HTTP_ID);
  if (manifest.access == Access::kNone) ids.insert({TILL_STATE_ID, TILL_PROGRESS_ID});
  if (manifest.events.empty()) ids.insert(TILL_EVENTS_ID);
  return ids;
}

const supervisor::Manifest& Bench::manifest() const {
  if (!package_.manifest) throw Skipped{"see package.manifest"};
  return *package_.manifest;
}

const till_entry& Bench::entry() {
  if (entry_ != nullptr) return *entry_;
  manifest();
  void* library = dlopen(package_.library().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw Skipped{"see load.now"};
  entry_ = static_cast<const till_entry*>(dlsym(library, "tillbridge_entry"));
  if (entry_ == nullptr) throw Skipped{"see load.now"};
  if (entry_->size < sizeof(till_entry) || entry_->abi_major != TILL_ABI_MAJOR ||
      entry_->abi_minor_required > TILL_ABI_MINOR || entry_->init == nullptr ||
      entry_->deinit == nullptr || entry_->get_factory == nullptr) {
    throw Skipped{"see load.entry"};
  }
  return *entry_;
}

const till_factory& Bench::factory() {
  static bool initialised = false;
  const till_entry& e = entry();
  if (!initialised) {
    in_call("init");
    if (!e.init(package_.folder.c_str())) throw Skipped{"see load.init"};
    in_call("");
  }
  initialised = true;
  const auto* factory = static_cast<const till_factory*>(entry().get_factory(TILL_FACTORY_ID));
  if (factory == nullptr || factory->count == nullptr || factory->descriptor == nullptr ||
      factory->create == nullptr) {
    throw Skipped{"see load.factory"};
  }
  return *factory;
}

json::object Bench::settings() {
  if (!package_.recordings.empty()) {
    const auto& recorded = package_.recordings.front().recording.settings;
    if (const auto all = supervisor::check_settings(manifest(), recorded)) return *all;
  }
  const auto* properties = manifest().config_schema.if_contains("properties");
  const auto* required = manifest().config_schema.if_contains("required");
  json::object chosen;
  for (const auto& key : required != nullptr ? required->as_array() : json::array{}) {
    const auto* schema =
        properties != nullptr ? properties->as_object().if_contains(key.as_string()) : nullptr;
    if (schema != nullptr) chosen[key.as_string()] = sample_of(schema->as_object(), seed);
  }
  const auto all = supervisor::check_settings(manifest(), chosen);
  return all ? *all : chosen;
}

std::unique_ptr<FakeHost> Bench::created(FakeHostOptions options, Given given) {
  auto missing = not_given(manifest());
  if (given == Given::kEveryWayOut) missing.erase(TILL_PORT_ID), missing.erase(TILL_HTTP_ID);
  options.withheld.merge(missing);
  options.id = manifest().id;
  options.init = false;
  options.entered = in_call;
  factory();
  try {
    return std::make_unique<FakeHost>(entry(), std::move(options));
  } catch (const std::exception&) {
    throw Skipped{"see load.create_exact: it makes no instance"};
  }
}

std::unique_ptr<FakeHost> Bench::active(FakeHostOptions options, Given given) {
  auto host = created(std::move(options), given);
  const auto outcome = host->activate(settings());
  if (outcome.status != TILL_DONE) {
    throw Skipped{"see life.settings: " + code_name(outcome.error.code) + " " +
                  outcome.error.detail};
  }
  host->set_connected(true);
  return host;
}

std::unique_ptr<FakeHost> Bench::recorded(const RecordingFile& file, FakeHostOptions options) {
  auto host = created(std::move(options));
  const auto all = supervisor::check_settings(manifest(), file.recording.settings);
  if (!all) throw Failed{file.name + ": settings: " + all.error().detail};
  if (file.recording.unix_us > 0) host->now_us = file.recording.unix_us;
  const auto outcome = host->activate(*all);
  if (outcome.status != TILL_DONE) {
    throw Skipped{"see life.settings: " + code_name(outcome.error.code) + " " +
                  outcome.error.detail};
  }
  host->set_connected(true);
  return host;
}

std::optional<json::object> Bench::schema(const std::string& verb) {
  boost::system::error_code bad;
  const json::value all = json::parse(read_file(package_.schemas + "/" + verb + ".json"), bad);
  if (bad) return std::nullopt;
  return all.at("properties").as_object();
}

json::value Bench::sample(const std::string& verb, Seed& random) {
  const auto all = schema(verb);
  return all ? sample_of(all->at("request").as_object(), random) : json::value(json::object{});
}

void Bench::replay(const std::function<void(FakeHost&, const RecordingFile&, std::size_t,
                                            const std::string&)>& look,
                   const FakeHostOptions& options) {
  for (const auto& file : package_.recordings) {
    const auto host = recorded(file, options);
    Player player(*host, file.recording);
    for (std::size_t i = 0; i < file.recording.steps.size(); ++i) {
      const std::string complaint = player.play(i);
      look(*host, file, i, complaint);
    }
  }
}

namespace {

Buffer noise(Seed& seed, std::size_t size) {
  Buffer bytes(size);
  for (auto& b : bytes) b = static_cast<std::uint8_t>(seed.next());
  return bytes;
}

}  // namespace

void Bench::workout(const std::function<void(FakeHost&)>& look, const FakeHostOptions& options) {
  auto host = active(options);
  enum class Device { kSilent, kNoisy, kGone };
  for (const Device device : {Device::kSilent, Device::kNoisy, Device::kGone}) {
    if (device == Device::kNoisy) {
      host->set_device([&](Bytes) { host->device_says(noise(seed, 1 + seed.below(40))); });
    } else {
      host->set_device({});
    }
    host->set_connected(device != Device::kGone);
    for (const auto& verb : manifest().verbs) {
      host->perform_text(verb, json::serialize(sample(verb, seed)), "key", 10'000);
    }
    if (device != Device::kGone) host->feed(noise(seed, 300));
    look(*host);
  }
  host->deactivate();
  host->destroy();
  look(*host);
  host.reset();
  replay([&](FakeHost& h, const RecordingFile&, std::size_t, const std::string&) { look(h); },
         options);
}

void Bench::need_recordings() const {
  if (package_.recordings.empty()) throw Skipped{"no recordings: tillbridge-plugin record"};
}

void Bench::need_verbs() const {
  if (manifest().verbs.empty()) throw Skipped{"it has no verbs"};
}

void Bench::expect_no(FakeHost& host, const std::string& rule) const {
  for (const auto& violation : host.violations()) {
    if (violation.rule == rule) throw Failed{violation.words};
  }
}

const std::vector<Check>& all_checks() {
  static const std::vector<Check> kAll = [] {
    std::vector<Check> all;
    for (auto part : {package_checks, load_checks, life_checks, rule_checks, process_checks,
                      operation_checks, fault_checks, kind_checks, sanitized_checks}) {
      std::ranges::move(part(), std::back_inserter(all));
    }
    return all;
  }();
  return kAll;
}

}  // namespace till::kit
