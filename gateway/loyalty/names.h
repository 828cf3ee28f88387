// Strings of a program as small numbers, so that matching a basket compares integers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace till::loyalty {

using NameId = std::uint32_t;
inline constexpr NameId kNoName = 0;  // a name the program never mentions

class Names {
 public:
  NameId add(std::string_view name) {
    if (const auto known = find(name); known != kNoName) return known;
    texts_.emplace_back(name);
    return ids_.emplace(texts_.back(), static_cast<NameId>(texts_.size())).first->second;
  }
  [[nodiscard]] NameId find(std::string_view name) const {
    const auto at = ids_.find(name);
    return at == ids_.end() ? kNoName : at->second;
  }
  [[nodiscard]] std::string_view text(NameId id) const {
    return id == kNoName ? std::string_view() : std::string_view(texts_[id - 1]);
  }
  [[nodiscard]] std::size_t size() const { return texts_.size() + 1; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::vector<std::string> texts_;
  std::unordered_map<std::string, NameId, Hash, std::equal_to<>> ids_;
};

// A set of names, sorted.
class NameSet {
 public:
  void add(NameId id) { ids_.insert(std::ranges::lower_bound(ids_, id), id); }
  [[nodiscard]] bool has(NameId id) const {
    return id != kNoName && std::ranges::binary_search(ids_, id);
  }
  template <typename Range>
  [[nodiscard]] bool has_any(const Range& ids) const {
    return std::ranges::any_of(ids, [this](NameId id) { return has(id); });
  }
  [[nodiscard]] bool empty() const { return ids_.empty(); }
  [[nodiscard]] const std::vector<NameId>& ids() const { return ids_; }

 private:
  std::vector<NameId> ids_;
};

}  // namespace till::loyalty
