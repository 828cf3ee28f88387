// Installs a packed plugin into a folder of plugins, offline.
#pragma once

#include <string>

#include "gateway/supervisor/catalogue.h"

namespace till::supervisor {

struct Installed {
  std::string folder;
  std::string id, version;
  Origin origin = Origin::kSigned;
  std::string before;  // the version it has replaced, "" = none
};

// `file` is what `tillbridge-plugin pack --out` writes. Nothing stands under the plugin's name
// until manifest, hashes and signature are verified; a plugin of this name is there as it was, or
// as a whole the new one. kBadFile, kPackageBroken, kPackageUnsigned, kPackageKeyUnknown,
// kManifestInvalid, kPluginAbi, kPluginInstalled.
Result<Installed> install_plugin(const std::string& file, const std::string& plugins,
                                 const Trust& trust, bool replace);

}  // namespace till::supervisor
