#include "rule_plugins.h"

#include <fmt/format.h>

#include "gateway/base/log.h"
#include "gateway/checkout/rule_plugins.h"

namespace till::app {

void RulePlugins::ask(const std::vector<loyalty::PluginUse>& plugins, const checkout::Sale& sale,
                      std::int64_t utc_offset_min, std::function<void(Answers)> then) {
  auto round = std::make_shared<Round>();
  round->sale = sale;
  round->then = std::move(then);
  round->answers.resize(plugins.size());
  round->answered.resize(plugins.size());
  round->open = plugins.size();
  const auto question = checkout::question_of(sale, utc_offset_min);
  for (std::size_t i = 0; i < plugins.size(); ++i) {
    const auto& plugin = plugins[i];
    const auto failed = [&](const char* why) {
      return loyalty::PluginAnswer{plugin.id, false, {}, why};
    };
    const auto device = find_(plugin.id);
    if (!device || !device->online()) {
      answered(round, i, failed("down"));
      continue;
    }
    after_(plugin.deadline_ms * 1000,
           [this, round, i, late = failed("late")] { answered(round, i, late); });
    device->submit("rule.evaluate", to_string(sale.id), question,
                   static_cast<std::uint32_t>(plugin.deadline_ms),
                   [this, round, i, id = plugin.id](const ipc::Outcome& outcome) {
                     loyalty::PluginAnswer answer{id, false, {}, "refused"};
                     if (outcome.verdict == ipc::Verdict::kDone) {
                       answer = checkout::answer_of(id, round->sale, outcome.body);
                     } else if (outcome.verdict == ipc::Verdict::kInDoubt) {
                       answer.failed = "down";
                     }
                     answered(round, i, std::move(answer));
                   });
  }
}

void RulePlugins::answered(const std::shared_ptr<Round>& round, std::size_t at,
                           loyalty::PluginAnswer answer) {
  if (round->answered[at]) return;  // its time was over, or it was in time
  round->answered[at] = true;
  if (!answer.failed.empty()) {
    metrics_.add(fmt::format("tillbridge_rule_failures_total{{device=\"{}\",why=\"{}\"}}",
                             answer.plugin, answer.failed));
    log_info("rule plugin {}: {}", answer.plugin, answer.failed);
  }
  round->answers[at] = std::move(answer);
  if (--round->open == 0) std::exchange(round->then, {})(std::move(round->answers));
}

}  // namespace till::app
