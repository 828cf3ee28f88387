// Asks a device of kind "marking" whether the marked pieces of a sale may be sold, before it is
// quoted. A piece that passed is not asked for again for some minutes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/base/metrics.h"
#include "gateway/checkout/sale.h"
#include "protocols/plugin_ipc/plugin_ipc.h"

namespace till::app {

class Marking {
 public:
  // marking.check of one code; may end at once.
  using Ask =
      std::function<void(const std::string& code, std::function<void(const ipc::Outcome&)>)>;
  using After = std::function<void(std::int64_t us, std::function<void()>)>;

  // `sell_unchecked`: what the device can not tell of is sold, with a warning; else it is not.
  Marking(Ask ask, After after, Clock& clock, Metrics& metrics, bool sell_unchecked)
      : ask_(std::move(ask)),
        after_(std::move(after)),
        clock_(clock),
        metrics_(metrics),
        sell_unchecked_(sell_unchecked) {}

  // Nothing of the sale is to be asked for. What comes back is not asked about.
  [[nodiscard]] bool passed(const checkout::Sale& sale) const;
  // Asks for what has not passed; `then` comes once, in good time. kMarkForbidden, kMarkUnchecked:
  // the detail names the first such line, never a code.
  void check(const checkout::Sale& sale, const std::function<void(Result<void>)>& then);

 private:
  struct Round;
  [[nodiscard]] bool passed(const std::string& code) const;
  void answered(const std::shared_ptr<Round>& round, std::size_t at, const ipc::Outcome& outcome);
  void pass(const std::string& code, std::int64_t us);
  void end(const std::shared_ptr<Round>& round);

  Ask ask_;
  After after_;
  Clock& clock_;
  Metrics& metrics_;
  bool sell_unchecked_;
  bool away_ = false;                           // as it was logged
  std::map<std::string, std::int64_t> passed_;  // code -> until when
};

}  // namespace till::app
