// The store's configuration file (TOML). Every error names the key; unknown keys are errors.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/api/access.h"
#include "gateway/app/operators.h"
#include "gateway/base/errors.h"
#include "gateway/devices/device.h"
#include "gateway/identify/cards.h"
#include "gateway/identify/identify.h"
#include "gateway/supervisor/catalogue.h"

namespace till::app {

struct DeviceSettings {
  devices::DeviceConfig device;
  std::string till;  // whose events it makes, "" = everybody's
};

struct Config {
  std::string file;  // it was read from
  StoreId store;
  std::string data;  // folder of journal, keys and socket
  Language language = Language::kRu;
  std::string plugins;  // folder with one folder a plugin; what is not there is the gateway's own
  std::string host_program;
  bool drawer_on_cash = false;  // the drawer opens when a sale was paid in cash
  bool sell_unchecked = true;   // marked pieces the marking device could not tell of
  bool keep_cores = false;      // of plugins that crash, in data/cores
  supervisor::Trust trust;      // which plugins may run
  std::string listen = "127.0.0.1:8480";
  std::vector<api::Access> access;
  std::vector<OperatorEntry> operators;
  std::string goods_file;
  std::string program_file;
  std::vector<std::string> program_keys;  // who may sign programs; none = not asked for
  // The store's calendar for rules: minutes, this machine's time zone, or neither = the program's.
  std::optional<std::int64_t> utc_offset_min;
  bool utc_offset_local = false;
  std::string central_key;  // made by `tillbridge-central store add`, "" = no central
  std::string log_file;
  std::vector<DeviceSettings> devices;
  identify::CardRules cards;
  identify::CodeLimits codes;
  std::string code_channel;  // the device that sends codes
  std::string code_text = "Код: {code}. Никому его не говорите, кроме кассира.";
  std::map<std::string, std::string> secrets;
  bool fiscal_by_till = false;  // the cash program prints; else the gateway does
  bool auto_open_shift = true;
  int tax_system_1055 = 1;
  std::int64_t hold_ttl_us = 3'600'000'000;
  std::int64_t ask_timeout_us = 800'000;
};

// Relative paths are taken from the file's folder. kConfigInvalid, kBadFile.
Result<Config> load_config(const std::string& path);

}  // namespace till::app
