// What one plugin keeps through till.state/1, with the limits of tillbridge/state.h. Pure: the
// daemon puts it on a disk, the test host does not.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "result.h"

namespace till {

class KeptState {
 public:
  static constexpr std::size_t kKeyMost = 64;
  static constexpr std::size_t kValueMost = 4096;
  static constexpr std::size_t kTotalMost = 65536;
  using Values = std::map<std::string, std::string, std::less<>>;

  // kNotKept; kBadValue for what is no key.
  [[nodiscard]] Result<std::string> get(std::string_view key) const {
    TILL_CHECK(check(key));
    const auto at = values_.find(key);
    if (at == values_.end()) return fail(Code::kNotKept, std::string(key));
    return at->second;
  }
  // kStateFull names the limit; nothing changed then.
  Result<void> set(std::string_view key, std::string_view value) {
    TILL_CHECK(check(key));
    if (value.size() > kValueMost) return fail(Code::kStateFull, "value: 4096 bytes");
    const auto at = values_.find(key);
    const std::size_t before = at == values_.end() ? 0 : key.size() + at->second.size();
    if (size_ - before + key.size() + value.size() > kTotalMost) {
      return fail(Code::kStateFull, "all together: 65536 bytes");
    }
    size_ = size_ - before + key.size() + value.size();
    values_.insert_or_assign(std::string(key), std::string(value));
    return {};
  }
  Result<void> remove(std::string_view key) {
    TILL_CHECK(check(key));
    const auto at = values_.find(key);
    if (at == values_.end()) return {};
    size_ -= key.size() + at->second.size();
    values_.erase(at);
    return {};
  }
  [[nodiscard]] const Values& values() const { return values_; }
  // kBadValue says what a key is.
  static Result<void> check(std::string_view key) {
    const auto plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    };
    if (key.empty() || key.size() > kKeyMost || !std::ranges::all_of(key, plain)) {
      return fail(Code::kBadValue, "key: 1 to 64 of a-z 0-9 . _ -");
    }
    return {};
  }

 private:
  Values values_;
  std::size_t size_ = 0;
};

}  // namespace till
