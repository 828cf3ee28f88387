// A package as one file: a plain tar (ustar) of the plugin's folder, the same bytes for the same
// files whoever packs them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "sdk/cpp/base/result.h"

namespace till::kit {

inline constexpr std::size_t kMaxPackageFiles = 512;
inline constexpr std::size_t kMaxPackageBytes = std::size_t{64} << 20;

// Name in the folder ("recordings/one.json") -> contents.
using PackageFiles = std::map<std::string, std::string>;

// kPackageBroken when a name or the sum is too long for the format or its limits.
Result<std::string> make_archive(const PackageFiles& files);

// Regular files under plain relative names, and folders; anything else is kPackageBroken, and says
// what.
Result<PackageFiles> read_archive(std::string_view bytes);

// The files of a folder, without links.
Result<PackageFiles> read_folder(const std::string& folder);

}  // namespace till::kit
