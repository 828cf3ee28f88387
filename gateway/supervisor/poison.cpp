#include "poison.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "gateway/base/durable_file.h"
#include "gateway/base/json.h"
#include "sdk/cpp/base/bytes.h"

namespace till::supervisor {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxEntries = 256;

}  // namespace

Result<void> Poison::load() {
  entries_.clear();
  std::ifstream file(file_);
  if (!file) return {};  // nothing ever ended a driver
  std::stringstream text;
  text << file.rdbuf();
  const auto root = TILL_TRY(parse_json(text.str()));
  auto in = TILL_TRY(JsonObject::from(root, ""));
  for (const auto& [path, value] : TILL_TRY(in.array("operations", kMaxEntries))) {
    auto entry = TILL_TRY(JsonObject::from(*value, path));
    entries_.push_back({TILL_TRY(entry.get<std::string>("hash")),
                        TILL_TRY(entry.get<std::string>("device")),
                        TILL_TRY(entry.get<std::string>("name")), TILL_TRY(entry.get<int>("times")),
                        TILL_TRY(entry.get<std::int64_t>("until_us"))});
  }
  return in.finish();
}

std::string Poison::name_of(std::string_view verb, std::string_view body) {
  std::array<unsigned char, 16> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(body.data()),
                     body.size(), nullptr, 0);
  return std::string(verb) + " " + to_hex(hash);
}

bool Poison::refuses(std::string_view hash, std::string_view device, std::string_view name,
                     std::int64_t now_us) const {
  return std::ranges::any_of(entries_, [&](const Entry& e) {
    return e.hash == hash && e.device == device && e.name == name && e.times >= kTimes &&
           now_us < e.until_us;
  });
}

Result<void> Poison::killed(const std::string& hash, const std::string& device,
                            const std::string& name, bool question, std::int64_t now_us) {
  int times = 1;
  for (const Entry& e : entries_) {
    if (e.hash == hash && e.device == device && e.name == name && now_us < e.until_us) {
      times = e.times + 1;
    }
  }
  std::erase_if(entries_, [&](const Entry& e) {
    return now_us >= e.until_us || (e.device == device && e.name == name);
  });
  if (entries_.size() >= kMaxEntries) entries_.erase(entries_.begin());
  entries_.push_back(
      {hash, device, name, times, now_us + (question ? kForgetQuestionUs : kForgetUs)});
  return save();
}

Result<void> Poison::passed(std::string_view device, std::string_view name) {
  if (std::erase_if(entries_,
                    [&](const Entry& e) { return e.device == device && e.name == name; }) == 0) {
    return {};
  }
  return save();
}

Result<bool> Poison::release(std::string_view device) {
  if (std::erase_if(entries_, [&](const Entry& e) { return e.device == device; }) == 0) {
    return false;
  }
  TILL_CHECK(save());
  return true;
}

Result<void> Poison::save() const {
  json::array operations;
  for (const Entry& e : entries_) {
    operations.push_back({{"hash", json::string(e.hash)},
                          {"device", json::string(e.device)},
                          {"name", json::string(e.name)},
                          {"times", e.times},
                          {"until_us", e.until_us}});
  }
  return write_durably(file_, json::serialize(json::object{{"operations", operations}}) + "\n");
}

}  // namespace till::supervisor
