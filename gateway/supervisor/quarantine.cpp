#include "quarantine.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "gateway/base/durable_file.h"
#include "gateway/base/json.h"

namespace till::supervisor {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxEntries = 256;

}  // namespace

Result<void> Quarantine::load() {
  entries_.clear();
  std::ifstream file(file_);
  if (!file) return {};  // nothing was ever set aside
  std::stringstream text;
  text << file.rdbuf();
  const auto root = TILL_TRY(parse_json(text.str()));
  auto in = TILL_TRY(JsonObject::from(root, ""));
  for (const auto& [path, value] : TILL_TRY(in.array("plugins", kMaxEntries))) {
    auto entry = TILL_TRY(JsonObject::from(*value, path));
    entries_.push_back(
        {TILL_TRY(entry.get<std::string>("hash")), TILL_TRY(entry.get<std::string>("device"))});
  }
  return in.finish();
}

bool Quarantine::holds(std::string_view hash, std::string_view device) const {
  return std::ranges::any_of(entries_, [&](const Entry& e) {
    return e.hash == hash && (e.device.empty() || e.device == device);
  });
}

Result<void> Quarantine::add(const std::string& hash, const std::string& device,
                             bool before_ready) {
  const bool elsewhere = std::ranges::any_of(
      entries_, [&](const Entry& e) { return e.hash == hash && e.device != device; });
  std::erase_if(entries_, [&](const Entry& e) {
    return e.hash == hash && (before_ready || elsewhere || e.device == device);
  });
  if (entries_.size() >= kMaxEntries) entries_.erase(entries_.begin());
  entries_.push_back({hash, before_ready || elsewhere ? "" : device});
  return save();
}

Result<bool> Quarantine::release(std::string_view hash) {
  if (std::erase_if(entries_, [&](const Entry& e) { return e.hash == hash; }) == 0) return false;
  TILL_CHECK(save());
  return true;
}

Result<void> Quarantine::save() const {
  json::array plugins;
  for (const Entry& e : entries_) {
    plugins.push_back({{"hash", json::string(e.hash)}, {"device", json::string(e.device)}});
  }
  const std::string text = json::serialize(json::object{{"plugins", plugins}}) + "\n";
  return write_durably(file_, text);
}

std::string file_hash(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  std::array<char, 65536> part{};
  while (file.read(part.data(), part.size()) || file.gcount() > 0) {
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                              static_cast<unsigned long long>(file.gcount()));
  }
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256_final(&state, hash.data());
  std::array<char, crypto_hash_sha256_BYTES * 2 + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  return hex.data();
}

}  // namespace till::supervisor
