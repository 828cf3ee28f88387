#include "package.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace till::kit {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr const char* kName = "signature.json";
constexpr std::uintmax_t kMaxSignature = std::uintmax_t{1} << 20,
                         kMaxFile = std::uintmax_t{256} << 20;

// Of a file; what else bears its name, a pipe for one, is empty.
std::string read_all(const fs::path& path) {
  std::error_code bad;
  if (!fs::is_regular_file(path, bad)) return {};
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string text(sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes, size, sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();
  return text;
}

template <std::size_t N>
bool from_base64(const std::string& text, std::array<unsigned char, N>& bytes) {
  std::size_t got = 0;
  return sodium_base642bin(bytes.data(), N, text.data(), text.size(), " \n", &got, nullptr,
                           sodium_base64_VARIANT_ORIGINAL) == 0 &&
         got == N;
}

std::string hash_of(const fs::path& path) {
  const std::string text = read_all(path);
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::array<char, crypto_hash_sha256_BYTES * 2 + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  return hex.data();
}

// Every regular file of the folder but the signature itself; a link is refused, it may point out.
Result<std::map<std::string, std::string>> hashes(const fs::path& folder) {
  std::map<std::string, std::string> files;
  std::error_code bad;
  for (const auto& entry : fs::recursive_directory_iterator(folder, bad)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (entry.is_symlink()) return fail(Code::kPackageBroken, name + " is a link");
    if (entry.is_directory() || name == kName) continue;
    if (!entry.is_regular_file()) return fail(Code::kPackageBroken, name + " is no file");
    if (entry.file_size() > kMaxFile) return fail(Code::kPackageBroken, name + " is above 256 MiB");
    files[name] = hash_of(entry.path());
  }
  if (bad) return fail(Code::kPackageBroken, folder.string() + ": " + bad.message());
  return files;
}

std::string canonical(const std::map<std::string, std::string>& files) {
  std::string text;
  for (const auto& [name, hash] : files) text.append(hash).append("  ").append(name).append("\n");
  return text;
}

}  // namespace

Result<std::string> verify_package(const std::string& folder) {
  const fs::path path = fs::path(folder) / kName;
  std::error_code unreadable;
  if (!fs::exists(path, unreadable)) {
    if (!unreadable) return std::string();
    return fail(Code::kPackageBroken, std::string(kName) + ": " + unreadable.message());
  }
  if (fs::file_size(path, unreadable) > kMaxSignature || unreadable) {
    return fail(Code::kPackageBroken, std::string(kName) + " is no signature");
  }
  boost::system::error_code bad;
  const json::value root = json::parse(read_all(path), bad);
  const auto* o = root.if_object();
  const auto text = [&](const char* name) {
    const auto* at = o != nullptr ? o->if_contains(name) : nullptr;
    return at != nullptr && at->is_string() ? std::string(at->get_string()) : std::string();
  };
  if (bad || o == nullptr || !o->contains("files") || !o->at("files").is_object()) {
    return fail(Code::kPackageBroken, std::string(kName) + " can not be read");
  }
  const auto there = TILL_TRY(hashes(folder));
  std::map<std::string, std::string> listed;
  for (const auto& [name, hash] : o->at("files").get_object()) {
    if (!hash.is_string()) return fail(Code::kPackageBroken, std::string(name));
    listed[name] = std::string(hash.get_string());
  }
  for (const auto& [name, hash] : listed) {
    const auto at = there.find(name);
    if (at == there.end()) return fail(Code::kPackageBroken, name + " is missing");
    if (at->second != hash) return fail(Code::kPackageBroken, name + " was changed after signing");
  }
  for (const auto& [name, hash] : there) {
    if (!listed.contains(name))
      return fail(Code::kPackageBroken, name + " was added after signing");
  }
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> key{};
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  const std::string message = canonical(listed);
  if (!from_base64(text("key"), key) || !from_base64(text("signature"), signature) ||
      crypto_sign_verify_detached(signature.data(),
                                  reinterpret_cast<const unsigned char*>(message.data()),
                                  message.size(), key.data()) != 0) {
    return fail(Code::kPackageBroken, "the signature is not by its key");
  }
  return text("key");
}

Result<void> sign_package(const std::string& folder, const std::string& key_file) {
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
  if (!from_base64(read_all(key_file), secret)) {
    return fail(Code::kBadFile, key_file + " holds no key");
  }
  const auto files = TILL_TRY(hashes(folder));
  const std::string message = canonical(files);
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  crypto_sign_detached(signature.data(), nullptr,
                       reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                       secret.data());
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> key{};
  crypto_sign_ed25519_sk_to_pk(key.data(), secret.data());
  sodium_memzero(secret.data(), secret.size());
  json::object listed;
  for (const auto& [name, hash] : files) listed[name] = json::string(hash);
  const json::object root{{"format", 1},
                          {"key", json::string(base64(key.data(), key.size()))},
                          {"files", listed},
                          {"signature", json::string(base64(signature.data(), signature.size()))}};
  std::ofstream out(fs::path(folder) / kName);
  out << json::serialize(root) << "\n";
  out.close();
  if (!out) return fail(Code::kBadFile, folder + ": can not be written");
  return {};
}

Result<std::string> make_key(const std::string& key_file) {
  if (sodium_init() < 0) return fail(Code::kInternal, "libsodium");
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> key{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
  crypto_sign_keypair(key.data(), secret.data());
  const std::string text = base64(secret.data(), secret.size()) + "\n";
  sodium_memzero(secret.data(), secret.size());
  const int fd = open(key_file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return fail(Code::kBadFile, key_file + " is there already or can not be made");
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (close(fd) != 0 || !written) return fail(Code::kBadFile, key_file);
  return base64(key.data(), key.size());
}

}  // namespace till::kit
