// Counters and gauges by name, rendered in the Prometheus text format.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace till {

class Metrics {
 public:
  // `name` may carry labels: tillbridge_plugin_restarts_total{device="scanner"}.
  void add(std::string_view name, std::int64_t by = 1) { value(name) += by; }
  void set(std::string_view name, std::int64_t to) { value(name) = to; }
  [[nodiscard]] std::int64_t get(std::string_view name) const {
    const auto at = values_.find(name);
    return at == values_.end() ? 0 : at->second;
  }
  [[nodiscard]] std::string render() const {
    std::string text;
    for (const auto& [name, v] : values_) text += name + " " + std::to_string(v) + "\n";
    return text;
  }

 private:
  std::int64_t& value(std::string_view name) {
    const auto at = values_.find(name);
    return at != values_.end() ? at->second : values_.emplace(std::string(name), 0).first->second;
  }
  std::map<std::string, std::int64_t, std::less<>> values_;
};

}  // namespace till
