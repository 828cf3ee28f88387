// tillbridge: the gateway daemon and its command line.
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <tillbridge/abi.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>

#include "gateway/app/device_command.h"
#include "gateway/app/plugin_command.h"
#include "gateway/app/program_command.h"
#include "gateway/app/register_command.h"
#include "gateway/app/sale_command.h"
#include "gateway/app/store.h"
#include "gateway/base/log.h"
#include "gateway/base/system_clock.h"
#include "gateway/base/user_language.h"
#include "gateway/devices/port_usb.h"

namespace till::app {
namespace {

int complain(const Error& error) {
  std::cerr << trouble_text(std::unexpected(error), user_language());
  return 1;
}

std::string default_host_program() {
  std::error_code ec;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ec);
  return (self.parent_path() / "tillbridge-plugin-host").string();
}

// The file holds the key under which phones and cards are hashed.
void warn_if_readable(const std::string& config_file, const Config& config) {
  using std::filesystem::perms;
  std::error_code none;
  const auto mode = std::filesystem::status(config_file, none).permissions();
  if (none || config.secrets.empty() ||
      (mode & (perms::group_read | perms::others_read)) == perms::none) {
    return;
  }
  const bool ru = user_language() == Language::kRu;
  std::cerr << config_file
            << (ru ? ": внутри секреты, а читать файл могут и другие; сделайте chmod 600 "
                   : ": holds secrets, and others may read it; chmod 600 ")
            << config_file << "\n";
}

// The shop's zone becomes the process's: its registers' clocks, its days and its drivers' go by it.
void use_zone(std::int64_t utc_offset_min) {
  const auto minutes = std::abs(utc_offset_min);
  const auto text = fmt::format("{:02}:{:02}", minutes / 60, minutes % 60);
  const bool east = utc_offset_min >= 0;  // POSIX counts westwards
  const auto zone = fmt::format("<{}{}>{}{}", east ? '+' : '-', minutes, east ? '-' : '+', text);
  setenv("TZ", zone.c_str(), 1);
  tzset();
}

// Plugins are given the time they are promised for their last words; nobody waits longer.
void end_when(const Store& store, boost::asio::io_context& io) {
  static constexpr int kLookMs = 10;
  auto timer = std::make_shared<boost::asio::steady_timer>(io);
  auto left = std::make_shared<int>((TILL_GRACE_MS + TILL_GRACE_MS / 2) / kLookMs);
  auto look = std::make_shared<std::function<void()>>();
  *look = [&store, &io, timer, left, weak = std::weak_ptr(look)] {
    if (store.ended() || --*left <= 0) return io.stop();
    timer->expires_after(std::chrono::milliseconds(kLookMs));
    timer->async_wait([again = weak.lock()](boost::system::error_code) { (*again)(); });
  };
  (*look)();
}

int run(const std::string& config_file) {
  auto config = load_config(config_file);
  if (!config) return complain(config.error());
  warn_if_readable(config_file, *config);
  if (config->host_program.empty()) config->host_program = default_host_program();
  if (config->utc_offset_min) use_zone(*config->utc_offset_min);
  open_log(config->log_file, LogLevel::kInfo);
  // A core file could hold phones and card numbers.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  // Giving every freed megabyte back at once costs a tenth of a busy store's time.
  mallopt(M_TRIM_THRESHOLD, 4 << 20);
  SystemClock clock;
  SystemRandom random;
  boost::asio::io_context io(1);
  Store store(io, std::move(*config), clock, random);
  if (const auto started = store.start(); !started) return complain(started.error());
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](boost::system::error_code, int) {
    log_info("asked to stop");
    store.stop();
    end_when(store, io);
  });
  std::cout << "ready http://127.0.0.1:" << store.port() << std::endl;
  log_info("ready on port {}", store.port());
  io.run();
  return 0;
}

// The token goes into a file of its owner, the hash to the screen: it belongs into store.toml.
int make_token(const std::string& file) {
  SystemRandom random;
  Buffer bytes(24);
  random.fill(bytes);
  const std::string token = to_hex(bytes);
  std::ofstream out(file, std::ios::trunc);
  out << token << "\n";
  if (!out.flush()) return complain({Code::kBadFile, file, {}});
  std::cout << "token_hash = \"" << api::token_hash(token) << "\"\n";
  return 0;
}

// The PIN comes by the keyboard, never on the command line.
int make_pin(const std::string& name) {
  std::string pin;
  std::cerr << "PIN: " << std::flush;
  if (!std::getline(std::cin, pin) || pin.size() < 4)
    return complain({Code::kOutOfRange, "PIN", {}});
  std::cout << "pin_hash = \"" << operator_pin_hash(name, pin) << "\"\n";
  return 0;
}

int check_files(const std::string& config_file) {
  auto config = load_config(config_file);
  if (!config) return complain(config.error());
  warn_if_readable(config_file, *config);
  if (const auto checked = check_store_files(*config); !checked) return complain(checked.error());
  std::cout << "store " << config->store.value << ": " << config->devices.size() << " devices, "
            << config->access.size() << " tills\n";
  return 0;
}

// The keyed hash under which central knows a card or a phone of this store.
int print_identity(const std::string& config_file, const std::string& card,
                   const std::string& phone) {
  const auto config = load_config(config_file);
  if (!config) return complain(config.error());
  const auto key_text = config->secrets.find("store_key");
  if (key_text == config->secrets.end()) {
    return complain({Code::kConfigInvalid, "secrets.store_key is missing", {}});
  }
  identify::StoreKey key{};
  const Buffer bytes = from_hex(key_text->second);
  std::copy(bytes.begin(), bytes.end(), key.begin());
  if (!phone.empty()) {
    const auto number = identify::normalise_phone(phone);
    if (!number) return complain(number.error());
    std::cout << identify::phone_hash(*number, key) << "\n";
    return 0;
  }
  const auto number = identify::card_from_scan(config->cards, card);
  if (!number) return complain(number.error());
  std::cout << identify::card_hash(*number, key) << "\n";
  return 0;
}

int usb_list() {
  for (const auto& d : devices::list_usb_printers()) {
    std::printf("usb:%04x:%04x%s%s  %s  bus %d address %d\n", d.vendor, d.product,
                d.serial.empty() ? "" : ":", d.serial.c_str(), d.name.c_str(), d.bus, d.address);
  }
  return 0;
}

int run_plugins(const PluginArguments& arguments) {
  return plugin_command(arguments, user_language());
}

CLI::App* add_plugins(CLI::App& app, PluginArguments& into) {
  auto* plugins = app.add_subcommand("plugins", "the installed plugins, and why each may run");
  plugins->add_option("--config,-c", into.config, "the store's TOML file")->required();
  auto* install = plugins->add_subcommand("install", "install a packed plugin, offline");
  install->add_option("file", into.install, "from tillbridge-plugin pack --out")->required();
  install->add_flag("--replace", into.replace, "exchange the one that is there");
  return plugins;
}

CLI::App* add_register(CLI::App& app, SaleOptions& options, std::vector<std::string>& words,
                       bool& as_json) {
  auto* fiscal = app.add_subcommand("register", "the fiscal register of a running gateway");
  fiscal->add_option("words", words, register_help(user_language()));
  fiscal->add_flag("--json", as_json, "the answer as it came");
  fiscal->add_option("--url", options.url, "http://127.0.0.1:8480");
  fiscal->add_option("--token-file", options.token_file, "file with a senior's token");
  fiscal->add_option("--device", options.device, "another register than the token's own");
  fiscal->add_option("--language", options.language, "ru or en; else LANG decides");
  return fiscal;
}

// What talks to a running gateway.
int call_gateway(const SaleOptions& options, const std::function<int()>& command) {
  const auto may = check_access(options);
  return may ? command() : complain(may.error());
}

CLI::App* add_program(CLI::App& app, std::vector<std::string>& words) {
  const bool ru = user_language() == Language::kRu;
  auto* program = app.add_subcommand("program", ru ? "для владельца программы лояльности"
                                                   : "tools for the owner of a loyalty program");
  program->add_option("words", words,
                      ru ? "команда и то, что ей нужно" : "a command and what it needs");
  if (ru) program->set_help_flag("-h,--help", "эта справка");
  program->footer(program_help(user_language()));
  return program;
}

int run_program(const std::vector<std::string>& words) {
  return program_command(words, user_language());
}

}  // namespace
}  // namespace till::app

int main(int argc, char** argv) {
  umask(077);  // what it writes is its owner's alone
  CLI::App app{"Tillbridge, the store hardware gateway"};
  app.require_subcommand(1);
  std::string config;
  auto* run = app.add_subcommand("run", "run the gateway of one store");
  run->add_option("--config,-c", config, "the store's TOML file")->required();
  auto* check = app.add_subcommand("check", "read the configuration and say what is wrong with it");
  check->add_option("--config,-c", config, "the store's TOML file")->required();
  std::string token_file, operator_name;
  auto* token = app.add_subcommand("token", "make a till's token; prints the hash for store.toml");
  token->add_option("--out", token_file, "the file the token goes to")->required();
  auto* pin = app.add_subcommand("pin", "read an operator's PIN; prints the hash for store.toml");
  pin->add_option("--name", operator_name, "the operator's name as in store.toml")->required();
  auto* usb = app.add_subcommand("usb", "list the USB printers");
  std::string card, phone;
  auto* identity = app.add_subcommand("identity", "the hash of a card or phone, for central");
  identity->add_option("--config,-c", config, "the store's TOML file")->required();
  identity->add_option("--card", card, "the card's number");
  identity->add_option("--phone", phone, "the phone's number");
  till::app::PluginArguments plugin_arguments;
  const auto* plugins = till::app::add_plugins(app, plugin_arguments);
  till::app::SaleOptions sale_options;
  auto* sale = app.add_subcommand("sale", "a till in the terminal; it uses only the HTTP API");
  auto* devices = app.add_subcommand("devices", "the devices of a running gateway");
  for (auto* command : {sale, devices}) {
    command->add_option("--url", sale_options.url, "http://127.0.0.1:8480")->required();
    command->add_option("--token-file", sale_options.token_file, "file with the till's token")
        ->required();
    command->add_option("--language", sale_options.language, "ru or en; else LANG decides");
  }
  std::string released;
  devices->add_option("--release", released, "let this device's driver out of quarantine");
  std::vector<std::string> words;
  bool as_json = false;
  auto* settle = sale->add_subcommand("settle", "a senior says what the paper says");
  settle->add_option("words", words, "SALE none | SALE FISCAL_MEMORY NUMBER [SIGN]")->required();
  settle->fallthrough();  // --url and the like may stand behind the words too
  const auto* fiscal = till::app::add_register(app, sale_options, words, as_json);
  sale->add_option("--senior-token-file", sale_options.senior_token_file,
                   "file with a senior's token: `settle` works at this till");
  const auto* program = till::app::add_program(app, words);
  sale->add_option("--gateway-pid", sale_options.gateway_pid, "file with the gateway's id (demo)");
  sale->add_option("--sim", sale_options.simulator, "control socket of tillbridge-sim (demo)");
  CLI11_PARSE(app, argc, argv);
  const bool russian = till::user_language(sale_options.language) == till::Language::kRu;
  sale_options.language = russian ? "ru" : "en";
  try {
    if (run->parsed()) return till::app::run(config);
    if (check->parsed()) return till::app::check_files(config);
    if (pin->parsed()) return till::app::make_pin(operator_name);
    if (token->parsed()) return till::app::make_token(token_file);
    if (identity->parsed()) return till::app::print_identity(config, card, phone);
    if (plugins->parsed()) return till::app::run_plugins(plugin_arguments);
    if (usb->parsed()) return till::app::usb_list();
    if (program->parsed()) return till::app::run_program(words);
    if (fiscal->parsed()) return till::app::register_command(sale_options, words, as_json);
    return till::app::call_gateway(sale_options, [&] {
      if (settle->parsed()) return till::app::settle_command(sale_options, words);
      if (!released.empty()) return till::app::release_device(sale_options, released);
      if (devices->parsed()) return till::app::list_devices(sale_options);
      return till::app::sale_till(sale_options);
    });
  } catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return 70;
  }
}
