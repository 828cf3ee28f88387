// One command of tillbridge-central on a data folder: through the daemon when one runs, else on the
// folder itself.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <string>

#include "central/app/server.h"
#include "gateway/base/system_clock.h"

namespace till::central {

class Session {
 public:
  explicit Session(std::string folder) : folder_(std::move(folder)) {}
  // The command's answer. kBadFile when there is no central in the folder and the command begins
  // none: a mistyped folder is not to become an empty central that proves everything adds up.
  Result<boost::json::value> operator()(const boost::json::object& request);

 private:
  Result<void> open();

  std::string folder_;
  SystemClock clock_;
  SystemRandom random_;
  File lock_;
  std::unique_ptr<Central> central_;
  std::unique_ptr<Commands> commands_;
};

}  // namespace till::central
