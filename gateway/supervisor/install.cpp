#include "install.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sdk/tool/archive.h"

namespace till::supervisor {
namespace {

namespace fs = std::filesystem;

// A folder that is gone at the end, unless it was given its name.
struct Workplace {
  std::string path;
  ~Workplace() {
    std::error_code ignored;
    if (!path.empty()) fs::remove_all(path, ignored);
  }
};

Result<std::string> read_bounded(const std::string& path) {
  std::error_code bad;
  const auto size = fs::file_size(path, bad);
  if (bad) return fail(Code::kBadFile, path);
  if (size > 2 * kit::kMaxPackageBytes) return fail(Code::kPackageBroken, "more than 64 MiB");
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return fail(Code::kBadFile, path);
  return text.str();
}

Result<void> sync(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) close(fd);
  if (!done) return fail(Code::kBadFile, path.string());
  return {};
}

Result<void> unpack(const kit::PackageFiles& files, const fs::path& into) {
  for (const auto& [name, content] : files) {
    const fs::path path = into / name;
    std::error_code bad;
    fs::create_directories(path.parent_path(), bad);
    std::ofstream file(path, std::ios::binary);
    file << content;
    file.close();
    if (!file) return fail(Code::kBadFile, path.string());
    // The child may run under another account.
    fs::permissions(path, fs::perms(0644), bad);
    TILL_CHECK(sync(path));
  }
  for (const auto& entry : fs::recursive_directory_iterator(into)) {
    if (entry.is_directory()) ::chmod(entry.path().c_str(), 0755);
  }
  ::chmod(into.c_str(), 0755);
  return sync(into);
}

// "org.example.scanner_acme" stands in a folder "scanner_acme".
Result<std::string> folder_name(const std::string& id) {
  std::string name = id.substr(id.find_last_of('.') + 1);
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (name.empty() || !std::ranges::all_of(name, plain)) {
    return fail(Code::kManifestInvalid, "id: " + id + " ends in no name of a folder");
  }
  return name;
}

// What stands under the name already: its version, or "" for nothing.
Result<std::string> before(const fs::path& folder, const std::string& id, bool replace) {
  std::error_code bad;
  if (!fs::exists(folder, bad)) return std::string();
  const auto manifest = load_manifest(folder);
  if (manifest && manifest->id != id) {
    return fail(Code::kPluginInstalled, folder.string() + " is " + manifest->id);
  }
  if (!replace) {
    return fail(Code::kPluginInstalled,
                folder.string() + (manifest ? ", version " + manifest->version : ""));
  }
  return manifest ? manifest->version : "?";
}

}  // namespace

Result<Installed> install_plugin(const std::string& file, const std::string& plugins,
                                 const Trust& trust, bool replace) {
  std::error_code bad;
  if (!trust.own.empty() && fs::equivalent(plugins, trust.own, bad)) {
    return fail(Code::kConfigInvalid, "store.plugins: these are the gateway's own, name another");
  }
  const auto files = TILL_TRY(kit::read_archive(TILL_TRY(read_bounded(file))));
  Workplace work{plugins + "/.install-XXXXXX"};
  if (mkdtemp(work.path.data()) == nullptr) {
    work.path.clear();
    return fail(Code::kBadFile, plugins);
  }
  TILL_CHECK(unpack(files, fs::path(work.path) / "new"));
  const auto manifest = TILL_TRY(load_manifest(work.path + "/new"));
  if (!files.contains(manifest.library)) {
    return fail(Code::kPackageBroken, manifest.library + " is missing");
  }
  const std::string name = TILL_TRY(folder_name(manifest.id));
  // A newer one of ours may take its place, a stranger's may not: the configuration knows the name.
  const auto ours = load_manifest(trust.own + "/" + name);
  if (!trust.own.empty() && ours && ours->id != manifest.id) {
    return fail(Code::kConfigInvalid, name + ": so is the gateway's own " + ours->id + " called");
  }
  // Under its own name, for that is what the configuration may name.
  const fs::path ready = fs::path(work.path) / name;
  if (std::rename((work.path + "/new").c_str(), ready.c_str()) != 0) {
    return fail(Code::kBadFile, ready.string());
  }
  Trust strict = trust;
  strict.own.clear();  // what comes in a file did not come with the gateway
  const auto origin = TILL_TRY(check_trust(strict, ready));
  const fs::path folder = fs::path(plugins) / name;
  const auto old = TILL_TRY(before(folder, manifest.id, replace));
  const int moved =
      old.empty() ? std::rename(ready.c_str(), folder.c_str())
                  : renameat2(AT_FDCWD, ready.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE);
  if (moved != 0) return fail(Code::kBadFile, folder.string());
  TILL_CHECK(sync(plugins));
  return Installed{folder, manifest.id, manifest.version, origin, old};
}

}  // namespace till::supervisor
