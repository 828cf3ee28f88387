// What a device's plugin keeps (till.state/1), on the disk: one file a device, written whole.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "protocols/plugin_ipc/plugin_ipc.h"
#include "sdk/cpp/base/kept_state.h"

namespace till::supervisor {

class PluginState {
 public:
  // `folder` is made at the first write. What another plugin kept at this device is not shown to
  // this one, and goes with its first write.
  PluginState(std::string folder, std::string_view device, std::string plugin);

  struct Change {
    ipc::Outcome outcome;  // where there is nothing to write
    // Else the work, for any thread, and what to keep() when it is done.
    std::function<Result<void>()> write = {};
    std::optional<KeptState> next = {};
  };
  // The body of a STATE frame: "get" "set" or "remove", tab, key, line feed, value.
  Change handle(std::string_view request);
  void keep(KeptState next) { state_ = std::move(next); }

 private:
  Result<void> load();

  std::string folder_, file_, plugin_;
  std::optional<KeptState> state_;  // read when it is first asked for
};

}  // namespace till::supervisor
