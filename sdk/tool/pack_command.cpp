#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "archive.h"
#include "commands.h"
#include "kit.h"
#include "package.h"

namespace till::kit {
namespace {

struct PackArguments {
  std::string folder, key, new_key, out;
  bool verify = false;
};

int complain(const Error& e) {
  std::fprintf(stderr, "pack: %s\n", e.detail.c_str());
  return 1;
}

int write_archive(const PackArguments& a) {
  const auto files = read_folder(a.folder);
  const auto bytes = files ? make_archive(*files) : std::unexpected(files.error());
  if (!bytes) return complain(bytes.error());
  std::ofstream file(a.out, std::ios::binary | std::ios::trunc);
  file << *bytes;
  file.close();
  if (!file) return complain({Code::kBadFile, a.out + " can not be written", {}});
  std::printf("%s: %zu files, %zu bytes\n", a.out.c_str(), files->size(), bytes->size());
  return 0;
}

// What lies in the folder is signed and goes out with it: not the key, and not the package itself.
bool lies_in(const std::string& file, const std::string& folder) {
  std::error_code bad;
  const auto inner = std::filesystem::weakly_canonical(file, bad);
  const auto outer = std::filesystem::weakly_canonical(folder, bad);
  return !file.empty() &&
         std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

int pack(const PackArguments& a) {
  if (!a.new_key.empty()) {
    const auto key = make_key(a.new_key);
    if (!key) return complain(key.error());
    std::printf("public key: %s\n", key->c_str());
    return 0;
  }
  if (a.folder.empty() || (a.key.empty() && !a.verify)) {
    std::fprintf(stderr, "pack: give FOLDER and --key FILE; --new-key FILE makes one\n");
    return 2;
  }
  for (const auto* file : {&a.key, &a.out}) {
    if (!lies_in(*file, a.folder)) continue;
    return complain({Code::kBadFile, *file + " lies in the folder: it would be packed too", {}});
  }
  if (!a.verify) {
    const Package package = read_package(a.folder, "");
    if (!package.manifest) return complain(package.manifest_error);
    if (const auto done = sign_package(a.folder, a.key); !done) return complain(done.error());
  }
  const auto key = verify_package(a.folder);
  if (!key) return complain(key.error());
  if (key->empty()) return complain({Code::kBadFile, a.folder + " is not signed", {}});
  std::printf("%s: signed by %s\n", a.folder.c_str(), key->c_str());
  return a.out.empty() ? 0 : write_archive(a);
}

}  // namespace

void add_pack(CLI::App& app, const std::string&, int& result) {
  auto a = std::make_shared<PackArguments>();
  auto* c = app.add_subcommand("pack", "Signs a plugin's folder, or verifies it (--verify)");
  c->add_option("folder", a->folder, "folder with manifest.json and the library");
  c->add_option("--key", a->key, "file with your secret key");
  c->add_option("--new-key", a->new_key, "makes a key pair; prints the public one");
  c->add_option("--out", a->out, "also writes the folder as one file, for `tillbridge plugins`");
  c->add_flag("--verify", a->verify, "only look: does the signature fit every file?");
  c->callback([a, &result] { result = pack(*a); });
}

}  // namespace till::kit
