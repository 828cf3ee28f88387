#include "cores.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

namespace till::supervisor {
namespace {

namespace fs = std::filesystem;

}  // namespace

Cores::Cores(const std::string& folder, std::string_view device) {
  if (folder.empty()) return;
  folder_ = folder + "/";
  for (const char c : device) folder_ += c == '/' || c == '.' ? '_' : c;
}

std::string Cores::prepare() const {
  if (folder_.empty()) return {};
  std::error_code bad;
  fs::create_directories(folder_, bad);
  fs::permissions(folder_, fs::perms::owner_all, bad);
  return bad ? std::string() : folder_;
}

std::string Cores::collect(std::string_view stamp) const {
  if (folder_.empty()) return {};
  std::error_code bad;
  std::string fresh;
  std::vector<fs::path> kept;
  for (const auto& entry : fs::directory_iterator(folder_, bad)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("core")) fresh = entry.path();
    if (name.ends_with(".core")) kept.push_back(entry.path());
  }
  if (fresh.empty()) return {};
  const fs::path named = fs::path(folder_) / (std::string(stamp) + ".core");
  fs::rename(fresh, named, bad);
  if (std::ranges::find(kept, named) == kept.end()) kept.push_back(named);
  std::ranges::sort(kept);  // by their time
  for (std::size_t i = 0; i + kMaxCores < kept.size(); ++i) fs::remove(kept[i], bad);
  return named;
}

std::string cores_go_elsewhere(const std::string& pattern_file) {
  std::ifstream file(pattern_file);
  std::string pattern;
  std::getline(file, pattern);
  return pattern.find('/') == std::string::npos ? "" : pattern;
}

}  // namespace till::supervisor
