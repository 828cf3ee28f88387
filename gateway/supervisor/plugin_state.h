// What a device's plugin keeps (till.state/1), on the disk: one file a device, written whole.
#pragma once

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

  // The body of a STATE frame: "get" "set" or "remove", tab, key, line feed, value.
  ipc::Outcome handle(std::string_view request);

 private:
  Result<void> load();
  Result<void> save(const KeptState& state) const;

  std::string folder_, file_, plugin_;
  std::optional<KeptState> state_;  // read when it is first asked for
};

}  // namespace till::supervisor
