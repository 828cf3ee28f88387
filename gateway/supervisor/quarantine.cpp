#include "quarantine.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/base/durable_file.h"
#include "gateway/base/json.h"

namespace till::supervisor {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxEntries = 256;
constexpr std::array<std::string_view, 3> kWords = {"died", "early", "released"};

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
    auto hash = TILL_TRY(entry.get<std::string>("hash"));
    auto device = TILL_TRY(entry.get<std::string>("device"));
    // Before there was a word, no device meant every device.
    const auto word = TILL_TRY(entry.get_or("why", std::string(kWords[device.empty() ? 1 : 0])));
    const auto* const why = std::ranges::find(kWords, word);
    if (why == kWords.end()) return fail(Code::kBadValue, path + ".why");
    entries_.push_back(
        {std::move(hash), std::move(device), static_cast<Why>(why - kWords.begin())});
  }
  return in.finish();
}

bool Quarantine::holds(std::string_view hash, std::string_view device) const {
  int devices = 0;
  bool early = false;
  for (const Entry& e : entries_) {
    if (e.hash != hash) continue;
    if (e.device == device) return e.why != Why::kReleased;
    if (e.why != Why::kReleased) ++devices;
    early |= e.why == Why::kEarly;
  }
  return early || devices > 1;
}

Result<void> Quarantine::add(const std::string& hash, const std::string& device,
                             bool before_ready) {
  return put({hash, device, before_ready ? Why::kEarly : Why::kDied});
}

Result<void> Quarantine::release(const std::string& hash, const std::string& device) {
  return put({hash, device, Why::kReleased});
}

Result<void> Quarantine::put(Entry entry) {
  std::erase_if(entries_,
                [&](const Entry& e) { return e.hash == entry.hash && e.device == entry.device; });
  if (entries_.size() >= kMaxEntries) entries_.erase(entries_.begin());
  entries_.push_back(std::move(entry));
  return save();
}

Result<void> Quarantine::save() const {
  json::array plugins;
  for (const Entry& e : entries_) {
    plugins.push_back({{"hash", json::string(e.hash)},
                       {"device", json::string(e.device)},
                       {"why", kWords.at(static_cast<std::size_t>(e.why))}});
  }
  const std::string text = json::serialize(json::object{{"plugins", plugins}}) + "\n";
  return write_durably(file_, text);
}

std::string file_hash(const std::string& path) {
  std::error_code bad;
  if (!std::filesystem::is_regular_file(path, bad)) return {};
  // The daemon waits while it reads.
  constexpr std::uintmax_t kMost = std::uintmax_t{256} << 20;
  if (std::filesystem::file_size(path, bad) > kMost || bad) return {};
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
