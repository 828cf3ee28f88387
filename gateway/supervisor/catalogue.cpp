#include "catalogue.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "gateway/base/limits.h"
#include "sdk/tool/package.h"

namespace till::supervisor {
namespace {

namespace fs = std::filesystem;

// What a change of any file of the folder changes; "" where there is no plugin.
std::string stamp_of(const fs::path& folder) {
  std::error_code bad;
  if (!fs::exists(folder / "manifest.json", bad)) return {};
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(folder, bad)) {
    struct stat facts{};
    if (lstat(entry.path().c_str(), &facts) != 0) continue;
    lines.push_back(entry.path().string() + " " + std::to_string(facts.st_ino) + " " +
                    std::to_string(facts.st_size) + " " + std::to_string(facts.st_mtim.tv_sec) +
                    "." + std::to_string(facts.st_mtim.tv_nsec));
    if (lines.size() > limits::kMaxPluginFiles) break;
  }
  std::ranges::sort(lines);
  std::string stamp;
  for (const auto& line : lines) stamp += line + "\n";
  return stamp;
}

}  // namespace

std::string_view name(Origin origin) {
  switch (origin) {
    case Origin::kOwn:
      return "own";
    case Origin::kSigned:
      return "signed";
    case Origin::kNamed:
      return "named";
  }
  return "";
}

Result<Origin> check_trust(const Trust& trust, const std::string& folder) {
  std::error_code bad;
  const fs::path real = fs::canonical(folder, bad);
  if (bad) return fail(Code::kPluginNotFound, folder);
  if (!trust.own.empty() && real.parent_path() == fs::canonical(trust.own, bad)) {
    return Origin::kOwn;  // as trusted as the program beside it
  }
  const std::string name = fs::path(folder).filename();
  const auto key = TILL_TRY(kit::verify_package(folder));
  if (std::ranges::find(trust.keys, key) != trust.keys.end()) return Origin::kSigned;
  if (std::ranges::find(trust.unsigned_plugins, name) != trust.unsigned_plugins.end()) {
    return Origin::kNamed;
  }
  if (key.empty()) return fail(Code::kPackageUnsigned, name);
  return fail(Code::kPackageKeyUnknown, name + ": " + key);
}

Result<void> check_access(const Trust& trust, const std::string& folder, const Manifest& manifest) {
  const std::string name = fs::path(folder).filename();
  if (manifest.access != Access::kDirect ||
      std::ranges::find(trust.direct_plugins, name) != trust.direct_plugins.end()) {
    return {};
  }
  return fail(Code::kDirectNotNamed, name);
}

std::vector<CatalogueEntry> Catalogue::scan() {
  std::map<std::string, std::string> found;  // name -> folder
  for (const auto& folder : folders_) {
    std::error_code bad;
    for (const auto& entry : fs::directory_iterator(folder, bad)) {
      const std::string name = entry.path().filename();
      const bool hidden = name.starts_with('.');  // being installed
      if (!hidden && found.size() < limits::kMaxListedPlugins) {
        found.emplace(name, entry.path().string());
      }
    }
  }
  std::map<std::string, Cached> now;
  std::vector<CatalogueEntry> out;
  for (const auto& [name, folder] : found) {
    const std::string stamp = stamp_of(folder);
    if (stamp.empty()) continue;
    const auto known = cache_.find(folder);
    const bool same = known != cache_.end() && known->second.stamp == stamp;
    if (!same) ++reads_;
    const auto at = now.insert_or_assign(
        folder,
        same ? known->second
             : Cached{stamp, {name, folder, load_manifest(folder), check_trust(trust_, folder)}});
    out.push_back(at.first->second.entry);
  }
  cache_ = std::move(now);
  return out;
}

std::string own_plugins() {
  std::error_code bad;
  const auto lib = fs::read_symlink("/proc/self/exe", bad).parent_path().parent_path() / "lib";
  const auto installed = lib / "tillbridge" / "plugins";
  return fs::is_directory(installed, bad) ? installed : lib;
}

}  // namespace till::supervisor
