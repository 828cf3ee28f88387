#include "host_load.h"

#include <elf.h>

#include <boost/dll/shared_library.hpp>
#include <cstring>
#include <fstream>
#include <tuple>
#include <utility>

namespace till::plugin_host {
namespace {

constexpr std::int32_t kFirstCode = 1000, kLastCode = 9999;

Loaded broken(const std::string& why) { return {{}, Error{Code::kPluginAbi, why, {}}}; }

std::unexpected<Error> lies(const char* member, const char* says, const std::string& manifest) {
  return fail(Code::kManifestInvalid, std::string("descriptor.") + member + " is \"" +
                                          (says == nullptr ? "NULL" : says) +
                                          "\", the manifest says \"" + manifest + "\"");
}

Result<void> check_instance(const till_plugin& plugin, const Expected& expected) {
  if (plugin.size < sizeof(till_plugin)) return fail(Code::kPluginAbi, "till_plugin.size");
  for (const auto& [there, member] :
       {std::pair(plugin.descriptor != nullptr, "descriptor"),
        std::pair(plugin.activate != nullptr, "activate"),
        std::pair(plugin.deactivate != nullptr, "deactivate"),
        std::pair(plugin.destroy != nullptr, "destroy"),
        std::pair(plugin.get_extension != nullptr, "get_extension")}) {
    if (!there) return fail(Code::kPluginAbi, std::string("till_plugin.") + member + " is NULL");
  }
  const till_descriptor& d = *plugin.descriptor;
  if (d.size < sizeof(till_descriptor)) return fail(Code::kPluginAbi, "till_descriptor.size");
  for (const auto& [says, manifest, member] :
       {std::tuple(d.id, &expected.id, "id"), std::tuple(d.name, &expected.name, "name"),
        std::tuple(d.version, &expected.version, "version")}) {
    if (says == nullptr || *manifest != says) return lies(member, says, *manifest);
  }
  return {};
}

// The loader's own words begin with ours and the path; after the last colon stands the reason.
Error not_loaded(const std::string& library, std::string_view words) {
  const auto name = library.substr(library.find_last_of('/') + 1);
  std::ifstream file(library, std::ios::binary);
  if (!file) return {Code::kPluginNotFound, name + ": the library is not there", {}};
  char head[4]{};
  file.read(head, sizeof head);
  if (std::memcmp(head, ELFMAG, SELFMAG) != 0) {
    return {Code::kPluginAbi, name + " is no library: it does not begin as an ELF file does", {}};
  }
  const auto at = words.find(library + ": ");
  if (at != std::string_view::npos) words.remove_prefix(at + library.size() + 2);
  words = words.substr(0, words.find("): "));  // what errno happened to be
  return {Code::kPluginAbi, name + ": " + std::string(words), {}};
}

}  // namespace

Loaded make_instance(const till_entry& entry, const Expected& expected, const till_host* host) {
  if (entry.size < sizeof(till_entry)) return broken("till_entry is smaller than version 1");
  if (entry.abi_major != TILL_ABI_MAJOR) return broken("another major ABI version");
  if (entry.abi_minor_required > TILL_ABI_MINOR) return broken("needs a newer host");
  if (entry.init == nullptr) return broken("till_entry.init is NULL");
  if (entry.deinit == nullptr) return broken("till_entry.deinit is NULL");
  if (entry.get_factory == nullptr) return broken("till_entry.get_factory is NULL");
  const std::string folder = expected.library.substr(0, expected.library.find_last_of('/'));
  if (!entry.init(folder.c_str())) return broken("init said no");
  const auto* factory = static_cast<const till_factory*>(entry.get_factory(TILL_FACTORY_ID));
  if (factory == nullptr) return broken("no factory " TILL_FACTORY_ID);
  if (factory->count == nullptr) return broken("till_factory.count is NULL");
  if (factory->descriptor == nullptr) return broken("till_factory.descriptor is NULL");
  if (factory->create == nullptr) return broken("till_factory.create is NULL");
  if (factory->count() != 1) return broken("till_factory.count is not 1");
  if (factory->descriptor(0) == nullptr) return broken("till_factory.descriptor(0) is NULL");
  const till_plugin* plugin = factory->create(host, expected.id.c_str());
  if (plugin == nullptr) return broken("it does not make " + expected.id);
  if (const auto fits = check_instance(*plugin, expected); !fits) return {{}, fits.error()};
  return {{plugin, nullptr, nullptr}, std::nullopt};
}

// Loads with every symbol bound now (a missing one is an error here, not a death later) and never
// unloads: the process ends instead.
Loaded load(const Expected& expected, const till_host* host) {
  static boost::dll::shared_library* kept = nullptr;
  try {
    kept = new boost::dll::shared_library(
        expected.library, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (!kept->has("tillbridge_entry")) return broken("tillbridge_entry is not exported");
    return make_instance(kept->get<const till_entry>("tillbridge_entry"), expected, host);
  } catch (const std::exception& e) {
    return {{}, not_loaded(expected.library, e.what())};
  }
}

std::optional<Error> activate(Instance& instance, const Expected& expected,
                              const std::string& settings) {
  const till_plugin* plugin = instance.plugin;
  till_error error{sizeof(till_error), 0, {}, {}, 0};
  const till_status status = plugin->activate(plugin, settings.data(), settings.size(), &error);
  if (status == TILL_REFUSED) return from_c(error).error;
  if (status != TILL_DONE) {
    return Error{Code::kPluginAbi,
                 "activate gave " + std::to_string(status) + ", neither done nor refused",
                 {}};
  }
  instance.operations =
      static_cast<const till_operations*>(plugin->get_extension(plugin, TILL_OPERATIONS_ID));
  instance.input = static_cast<const till_input*>(plugin->get_extension(plugin, TILL_INPUT_ID));
  for (const auto& [wrong, what] :
       {std::pair(instance.operations == nullptr && expected.operations,
                  "no " TILL_OPERATIONS_ID ", and the manifest names verbs"),
        std::pair(instance.operations != nullptr && instance.operations->perform == nullptr,
                  "till_operations.perform is NULL"),
        std::pair(instance.input == nullptr && expected.input,
                  "no " TILL_INPUT_ID ", and the manifest names events of a port"),
        std::pair(instance.input != nullptr && instance.input->on_input == nullptr,
                  "till_input.on_input is NULL")}) {
    if (wrong) return Error{Code::kPluginAbi, what, {}};
  }
  return std::nullopt;
}

FromC from_c(const till_error& error) {
  Error out{static_cast<Code>(error.code),
            std::string(error.detail, strnlen(error.detail, sizeof error.detail)),
            std::string(error.vendor, strnlen(error.vendor, sizeof error.vendor))};
  if (error.code >= kFirstCode && error.code <= kLastCode) return {std::move(out), true};
  out.code = Code::kInternal;
  out.detail = "code " + std::to_string(error.code) + " is none of the catalogue: " + out.detail;
  return {std::move(out), false};
}

}  // namespace till::plugin_host
