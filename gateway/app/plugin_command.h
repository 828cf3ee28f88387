// `tillbridge plugins …`: what is installed, and installing a packed plugin; no running gateway is
// needed.
#pragma once

#include <string>

#include "gateway/base/errors.h"

namespace till::app {

struct PluginArguments {
  std::string config;   // the store's file
  std::string install;  // the package, "" = list
  bool replace = false;
};

// 0 = well, 1 = an error said on stderr.
int plugin_command(const PluginArguments& arguments, Language language);

}  // namespace till::app
