// Strings of a program as small numbers, so that matching a basket compares integers.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace till::loyalty {

using NameId = std::uint32_t;
inline constexpr NameId kNoName = 0;  // a name the program never mentions

// An open table: looking a name up touches one entry and one text. With thousands of names it is
// memory that costs.
class Names {
 public:
  // "" is no name, and never becomes one.
  NameId add(std::string_view name) {
    if (name.empty()) return kNoName;
    if (const auto known = find(name); known != kNoName) return known;
    texts_.emplace_back(name);
    if (texts_.size() * 2 > table_.size()) grow();
    const auto id = static_cast<NameId>(texts_.size());
    put({hash(name), id});
    return id;
  }
  [[nodiscard]] NameId find(std::string_view name) const {
    if (table_.empty() || name.empty()) return kNoName;
    const auto wanted = hash(name);
    for (auto at = wanted & mask();; at = (at + 1) & mask()) {
      const auto& entry = table_[at];
      if (entry.id == kNoName) return kNoName;
      if (entry.hash == wanted && texts_[entry.id - 1] == name) return entry.id;
    }
  }
  // Asks the memory for what find(name) will read.
  void expect(std::string_view name) const {
    if (!table_.empty()) __builtin_prefetch(&table_[hash(name) & mask()]);
  }
  void expect_text(std::string_view name) const {
    if (table_.empty()) return;
    if (const auto id = table_[hash(name) & mask()].id; id != kNoName) {
      __builtin_prefetch(&texts_[id - 1]);
    }
  }
  [[nodiscard]] std::string_view text(NameId id) const {
    return id == kNoName ? std::string_view() : std::string_view(texts_[id - 1]);
  }
  [[nodiscard]] std::size_t size() const { return texts_.size() + 1; }

 private:
  struct Entry {
    std::uint32_t hash = 0;
    NameId id = kNoName;
  };
  static constexpr std::size_t kFewest = 16;

  static std::uint32_t hash(std::string_view name) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(name));
  }
  [[nodiscard]] std::uint32_t mask() const { return static_cast<std::uint32_t>(table_.size() - 1); }
  void put(Entry entry) {
    auto at = entry.hash & mask();
    while (table_[at].id != kNoName) at = (at + 1) & mask();
    table_[at] = entry;
  }
  void grow() {
    auto before = std::move(table_);
    table_.assign(std::bit_ceil(std::max(kFewest, texts_.size() * 4)), {});
    for (const auto& entry : before) {
      if (entry.id != kNoName) put(entry);
    }
  }

  std::vector<std::string> texts_;
  std::vector<Entry> table_;  // a power of two, at most half full
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
