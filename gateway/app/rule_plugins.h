// Asks rule plugins about a sale before it is quoted. Their processes are devices like any other;
// none of them holds up a sale longer than its deadline.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/metrics.h"
#include "gateway/checkout/sale.h"
#include "gateway/devices/device.h"
#include "gateway/loyalty/plan.h"

namespace till::app {

class RulePlugins {
 public:
  using Find = std::function<std::shared_ptr<devices::Device>(const std::string& id)>;
  using After = std::function<void(std::int64_t us, std::function<void()>)>;
  using Answers = std::vector<loyalty::PluginAnswer>;

  RulePlugins(Find find, After after, Metrics& metrics)
      : find_(std::move(find)), after_(std::move(after)), metrics_(metrics) {}

  // All of them at once; `then` comes once, at the latest when the longest deadline is over. Who
  // has not answered then is "late".
  void ask(const std::vector<loyalty::PluginUse>& plugins, const checkout::Sale& sale,
           std::int64_t utc_offset_min, std::function<void(Answers)> then);

 private:
  struct Round {
    checkout::Sale sale;
    Answers answers;
    std::vector<bool> answered;
    std::size_t open = 0;
    std::function<void(Answers)> then;
  };
  void answered(const std::shared_ptr<Round>& round, std::size_t at, loyalty::PluginAnswer answer);

  Find find_;
  After after_;
  Metrics& metrics_;
};

}  // namespace till::app
