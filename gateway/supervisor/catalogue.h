// Which plugins there are, and which of them may run. Manifests, hashes and signatures are read;
// no code of a plugin is loaded for it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gateway/supervisor/manifest.h"

namespace till::supervisor {

// Whose word the store takes.
struct Trust {
  std::vector<std::string> keys;              // of the authors it knows, base64
  std::vector<std::string> unsigned_plugins;  // folders that need no signature
  std::vector<std::string> direct_plugins;    // folders that may open devices themselves
  std::string own;                            // the folder that came with the gateway
};

// Why a plugin may run.
enum class Origin { kOwn, kSigned, kNamed };
std::string_view name(Origin origin);

// kPackageBroken, kPackageUnsigned, kPackageKeyUnknown.
Result<Origin> check_trust(const Trust& trust, const std::string& folder);

// kDirectNotNamed: the manifest's `access: direct` is a wish, the store's word grants it.
Result<void> check_access(const Trust& trust, const std::string& folder, const Manifest& manifest);

struct CatalogueEntry {
  std::string name;  // of the folder
  std::string folder;
  Result<Manifest> manifest;
  Result<Origin> trust;
};

class Catalogue {
 public:
  // `folders` hold one folder a plugin; of two with one name the first counts.
  Catalogue(std::vector<std::string> folders, Trust trust)
      : folders_(std::move(folders)), trust_(std::move(trust)) {}

  // By name. A folder is read again only when a file of it has another size, time or inode.
  std::vector<CatalogueEntry> scan();
  // Folders read so far, for the tests and the metrics.
  [[nodiscard]] std::size_t reads() const { return reads_; }

 private:
  struct Cached {
    std::string stamp;
    CatalogueEntry entry;
  };

  std::vector<std::string> folders_;
  Trust trust_;
  std::map<std::string, Cached> cache_;  // by folder
  std::size_t reads_ = 0;
};

// Where the plugins are that came with this program: lib/tillbridge/plugins beside its bin, or lib
// in a build tree.
std::string own_plugins();

}  // namespace till::supervisor
