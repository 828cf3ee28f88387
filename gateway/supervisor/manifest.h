// A plugin's manifest.json, read and checked before any of its code runs.
#pragma once

#include <array>
#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/cpp/base/result.h"

namespace till::supervisor {

// What a plugin may reach: a port of the daemon, HTTP through the daemon, nothing at all (a rule),
// or devices of its own (a vendor's library).
enum class Access { kPort, kHttp, kNone, kDirect };
std::string_view name(Access access);

struct Manifest {
  std::string id;
  std::string kind;  // one of kKinds
  std::string name;
  std::string version;
  std::string library;  // file name beside the manifest
  std::string owner;    // who answers for it, "" = nobody
  std::vector<std::string> verbs, events;
  std::vector<std::string> idempotent;  // of the verbs: the same key again, nothing done again
  Access access = Access::kPort;
  boost::json::object config_schema;
  int activate_ms = 10000;
  int memory_mb = 64;  // of address space that is really used
};

inline constexpr std::array kKinds = {"register", "scanner",  "reader", "printer",
                                      "display",  "drawer",   "scale",  "channel",
                                      "marking",  "exporter", "rule"};

// kManifestInvalid names the field; kPluginAbi when it was built for another boundary.
Result<Manifest> parse_manifest(std::string_view text);
Result<Manifest> load_manifest(const std::string& folder);

// Checks settings against the manifest's config_schema (the subset of JSON Schema it may use:
// type, enum, minimum, maximum, minLength, maxLength, required, additionalProperties) and fills in
// defaults. kConfigInvalid names the setting.
Result<boost::json::object> check_settings(const Manifest& manifest,
                                           const boost::json::object& settings);

}  // namespace till::supervisor
