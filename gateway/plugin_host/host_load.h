// A plugin's library becomes an instance that keeps the rules of sdk/include/tillbridge, or an
// error that names the one it breaks. [device] thread; no frame is sent from here.
#pragma once

#include <tillbridge/plugin.h>

#include <optional>
#include <string>

#include "sdk/cpp/base/result.h"

namespace till::plugin_host {

// What the daemon knows about the plugin from its manifest.
struct Expected {
  std::string library, id, version, name;
  bool input = false, operations = false;  // the tables it must have
};

struct Instance {
  const till_plugin* plugin = nullptr;
  const till_operations* operations = nullptr;
  const till_input* input = nullptr;
};

struct Loaded {
  Instance instance;
  std::optional<Error> error;
};

// Up to `create`. kPluginNotFound, kPluginAbi, kManifestInvalid.
Loaded load(const Expected& expected, const till_host* host);

// The same of an entry that is there: each member a version 1 has, and one plugin.
Loaded make_instance(const till_entry& entry, const Expected& expected, const till_host* host);

// The settings, then the tables. Its own refusal, or kPluginAbi.
std::optional<Error> activate(Instance& instance, const Expected& expected,
                              const std::string& settings);

struct FromC {
  Error error;
  bool known = true;  // the code is one of the catalogue's range
};
FromC from_c(const till_error& error);

}  // namespace till::plugin_host
