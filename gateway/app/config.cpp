#include "config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "gateway/api/server.h"

namespace till::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// One table being read: typed values, and at the end whatever was not asked for is an error.
class Table {
 public:
  Table(const toml::table& table, std::string path) : table_(table), path_(std::move(path)) {}

  template <typename T>
  Result<void> get(const char* key, T& into) {
    seen_.insert(key);
    const auto* node = table_.get(key);
    if (node == nullptr) return {};
    if constexpr (std::is_same_v<T, bool>) {
      const auto v = node->value_exact<bool>();
      if (!v) return wrong(key, "true or false");
      into = *v;
    } else if constexpr (std::is_integral_v<T>) {
      const auto v = node->value_exact<std::int64_t>();
      if (!v || *v < 0) return wrong(key, "a whole number");
      into = static_cast<T>(*v);
    } else {
      const auto v = node->value_exact<std::string>();
      if (!v) return wrong(key, "text in quotes");
      into = *v;
    }
    return {};
  }
  template <typename T>
  Result<void> need(const char* key, T& into) {
    if (!table_.contains(key)) return fail(Code::kConfigInvalid, path_ + key + " is missing");
    return get(key, into);
  }
  const toml::table* table(const char* key) {
    seen_.insert(key);
    return table_.get_as<toml::table>(key);
  }
  Result<std::vector<const toml::table*>> tables(const char* key) {
    seen_.insert(key);
    std::vector<const toml::table*> out;
    const auto* node = table_.get(key);
    if (node == nullptr) return out;
    if (!node->is_array())
      return fail(Code::kConfigInvalid, path_ + key + ": write [[" + key + "]]");
    for (const auto& item : *node->as_array()) {
      if (!item.is_table()) return fail(Code::kConfigInvalid, path_ + key);
      out.push_back(item.as_table());
    }
    return out;
  }
  Result<void> texts(const char* key, std::vector<std::string>& into) {
    seen_.insert(key);
    const auto* node = table_.get(key);
    if (node == nullptr) return {};
    if (!node->is_array()) return fail(Code::kConfigInvalid, path_ + key + ": write [\"…\"]");
    for (const auto& item : *node->as_array()) {
      if (!item.is_string()) return fail(Code::kConfigInvalid, path_ + key);
      into.push_back(item.as_string()->get());
    }
    return {};
  }
  Result<void> finish() const {
    for (const auto& [key, node] : table_) {
      if (!seen_.contains(std::string(key.str()))) {
        return fail(Code::kConfigInvalid, "unknown key " + path_ + std::string(key.str()));
      }
    }
    return {};
  }

  [[nodiscard]] std::unexpected<Error> wrong(const char* key, const char* wanted) const {
    return fail(Code::kConfigInvalid, path_ + key + " must be " + wanted);
  }

 private:
  const toml::table& table_;
  std::string path_;
  std::set<std::string> seen_;
};

// Which of several tables an error is about: "device scanner: ", or "device.".
std::string named(const std::string& kind, const toml::table& table, const char* by) {
  const auto name = table[by].value<std::string>();
  return name ? kind + " " + *name + ": " : kind + ".";
}

// A key or a hash: 32 bytes in hexadecimal.
bool is_key(std::string_view text) {
  const auto digit = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
  return text.size() == 64 && std::ranges::all_of(text, digit);
}

Result<json::object> settings_of(const toml::table& table, const std::string& path) {
  json::object out;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (const auto v = node.value_exact<std::string>()) {
      out[name] = *v;
    } else if (const auto n = node.value_exact<std::int64_t>()) {
      out[name] = *n;
    } else if (const auto b = node.value_exact<bool>()) {
      out[name] = *b;
    } else if (const auto* inner = node.as_table()) {  // what it may hold is the plugin's to say
      out[name] = TILL_TRY(settings_of(*inner, path + name + "."));
    } else {
      return fail(Code::kConfigInvalid, path + name);
    }
  }
  return out;
}

// "+03:00", "local" or nothing.
Result<void> read_utc_offset(Table& in, Config& config) {
  std::string text;
  TILL_CHECK(in.get("utc_offset", text));
  config.utc_offset_local = text == "local";
  if (text.empty() || config.utc_offset_local) return {};
  const auto digits = [&](std::size_t at) {
    const bool two =
        text[at] >= '0' && text[at] <= '9' && text[at + 1] >= '0' && text[at + 1] <= '9';
    return two ? (text[at] - '0') * 10 + (text[at + 1] - '0') : 100;
  };
  const bool shape = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' &&
                     digits(1) <= 14 && digits(4) < 60;
  if (!shape) return fail(Code::kConfigInvalid, "store.utc_offset must be \"+03:00\" or \"local\"");
  const int minutes = digits(1) * 60 + digits(4);
  config.utc_offset_min = text[0] == '-' ? -minutes : minutes;
  return {};
}

Result<void> read_store(Table& root, Config& config) {
  const auto* table = root.table("store");
  if (table == nullptr) return fail(Code::kConfigInvalid, "[store] is missing");
  Table in(*table, "store.");
  std::string language = "ru";
  TILL_CHECK(in.need("id", config.store.value));
  TILL_CHECK(in.need("data", config.data));
  TILL_CHECK(in.need("plugins", config.plugins));
  TILL_CHECK(in.get("plugin_host", config.host_program));
  TILL_CHECK(in.texts("plugin_keys", config.trust.keys));
  TILL_CHECK(in.texts("unsigned_plugins", config.trust.unsigned_plugins));
  TILL_CHECK(in.texts("direct_plugins", config.trust.direct_plugins));
  TILL_CHECK(in.need("goods", config.goods_file));
  TILL_CHECK(in.need("program", config.program_file));
  TILL_CHECK(in.texts("program_keys", config.program_keys));
  TILL_CHECK(read_utc_offset(in, config));
  TILL_CHECK(in.get("log", config.log_file));
  TILL_CHECK(in.get("central_key", config.central_key));
  TILL_CHECK(in.get("auto_open_shift", config.auto_open_shift));
  TILL_CHECK(in.get("tax_system_1055", config.tax_system_1055));
  TILL_CHECK(in.get("language", language));
  std::string drawer = "never";
  TILL_CHECK(in.get("open_drawer", drawer));
  if (drawer != "never" && drawer != "cash") {
    return fail(Code::kConfigInvalid, "store.open_drawer must be \"never\" or \"cash\"");
  }
  config.drawer_on_cash = drawer == "cash";
  std::string marking_away = "allow";
  TILL_CHECK(in.get("marking_away", marking_away));
  if (marking_away != "allow" && marking_away != "refuse") {
    return fail(Code::kConfigInvalid, "store.marking_away must be \"allow\" or \"refuse\"");
  }
  config.sell_unchecked = marking_away == "allow";
  std::string cores = "none";
  TILL_CHECK(in.get("cores", cores));
  if (cores != "none" && cores != "keep") {
    return fail(Code::kConfigInvalid, "store.cores must be \"none\" or \"keep\"");
  }
  config.keep_cores = cores == "keep";
  std::string fiscal_by = "gateway";
  TILL_CHECK(in.get("fiscal_by", fiscal_by));
  if (fiscal_by != "gateway" && fiscal_by != "till") {
    return fail(Code::kConfigInvalid, "store.fiscal_by must be \"gateway\" or \"till\"");
  }
  config.fiscal_by_till = fiscal_by == "till";
  if (language != "ru" && language != "en") {
    return fail(Code::kConfigInvalid, "store.language must be \"ru\" or \"en\"");
  }
  config.language = language == "ru" ? Language::kRu : Language::kEn;
  if (language == "en") config.code_text = "Code: {code}. Tell it to nobody but the cashier.";
  return in.finish();
}

Result<void> read_tills(Table& root, Config& config) {
  for (const auto* table : TILL_TRY(root.tables("till"))) {
    Table in(*table, named("till", *table, "id"));
    api::Access access;
    std::string role = "cashier";
    TILL_CHECK(in.need("id", access.till));
    TILL_CHECK(in.need("token_hash", access.token_hash));
    TILL_CHECK(in.get("role", role));
    TILL_CHECK(in.finish());
    access.role = TILL_TRY(api::parse_role(role));
    if (!is_key(access.token_hash)) {
      return in.wrong("token_hash", "made with `tillbridge token`");
    }
    // One token of two tills would have the role of whoever stands first.
    for (const auto& other : config.access) {
      if (other.till == access.till) {
        return fail(Code::kConfigInvalid, "two tills are called " + access.till);
      }
      if (other.token_hash == access.token_hash) {
        return fail(Code::kConfigInvalid,
                    "tills " + other.till + " and " + access.till + " have the same token_hash");
      }
    }
    config.access.push_back(std::move(access));
  }
  return {};
}

Result<void> read_operators(Table& root, Config& config) {
  for (const auto* table : TILL_TRY(root.tables("operator"))) {
    Table in(*table, named("operator", *table, "name"));
    OperatorEntry entry;
    TILL_CHECK(in.need("name", entry.named.name));
    TILL_CHECK(in.get("tax_number", entry.named.tax_number));
    TILL_CHECK(in.get("pin_hash", entry.pin_hash));
    TILL_CHECK(in.get("card_hash", entry.card_hash));
    TILL_CHECK(in.get("phone_hash", entry.phone_hash));
    TILL_CHECK(in.finish());
    const auto digits = entry.named.tax_number.size();
    if (digits != 0 && digits != 10 && digits != 12) {
      return in.wrong("tax_number", "12 digits");
    }
    if (!entry.pin_hash.empty() && !is_key(entry.pin_hash)) {
      return in.wrong("pin_hash", "made with `tillbridge pin`");
    }
    for (const auto& [field, hash] :
         {std::pair{"card_hash", entry.card_hash}, {"phone_hash", entry.phone_hash}}) {
      if (!hash.empty() && !is_key(hash)) return in.wrong(field, "made with `tillbridge identity`");
    }
    config.operators.push_back(std::move(entry));
  }
  return {};
}

Result<void> read_devices(Table& root, Config& config) {
  std::set<std::string> ids;
  for (const auto* table : TILL_TRY(root.tables("device"))) {
    const std::string name = named("device", *table, "id");
    Table in(*table, name);
    DeviceSettings d;
    std::string plugin, port = "none";
    TILL_CHECK(in.need("id", d.device.id));
    TILL_CHECK(in.need("plugin", plugin));
    TILL_CHECK(in.need("port", port));
    TILL_CHECK(in.get("till", d.till));
    TILL_CHECK(in.texts("secrets", d.device.secrets));
    if (const auto* settings = in.table("settings")) {
      d.device.settings = TILL_TRY(settings_of(*settings, name + "settings."));
    }
    TILL_CHECK(in.finish());
    if (!ids.insert(d.device.id).second) {
      return fail(Code::kConfigInvalid, "two devices are called " + d.device.id);
    }
    if (plugin.find('/') != std::string::npos) {
      return in.wrong("plugin", "the name of a folder in store.plugins");
    }
    d.device.plugin = plugin;
    auto parsed = devices::parse_port(port);
    if (!parsed) return fail(Code::kConfigInvalid, name + "port: " + parsed.error().detail);
    d.device.port = std::move(*parsed);
    config.devices.push_back(std::move(d));
  }
  return {};
}

Result<void> read_cards(Table& root, Config& config) {
  for (const auto* table : TILL_TRY(root.tables("card"))) {
    Table in(*table, named("card", *table, "type"));
    identify::CardRule rule;
    std::string check = "none";
    TILL_CHECK(in.need("type", rule.type));
    TILL_CHECK(in.get("prefix", rule.prefix));
    TILL_CHECK(in.get("length", rule.length));
    TILL_CHECK(in.get("check", check));
    TILL_CHECK(in.get("payment_range", rule.payment_range));
    TILL_CHECK(in.finish());
    if (check == "ean") {
      rule.check = identify::CheckDigit::kEan;
    } else if (check == "luhn") {
      rule.check = identify::CheckDigit::kLuhn;
    } else if (check != "none") {
      return in.wrong("check", "\"none\", \"ean\" or \"luhn\"");
    }
    config.cards.rules.push_back(std::move(rule));
  }
  return {};
}

Result<void> read_rest(Table& root, Config& config) {
  if (const auto* table = root.table("api")) {
    Table in(*table, "api.");
    TILL_CHECK(in.need("listen", config.listen));
    TILL_CHECK(in.finish());
  }
  if (const auto* table = root.table("codes")) {
    Table in(*table, "codes.");
    std::int64_t ttl_s = 300, resend_s = 60;
    TILL_CHECK(in.need("channel", config.code_channel));
    TILL_CHECK(in.get("text", config.code_text));
    TILL_CHECK(in.get("ttl_s", ttl_s));
    TILL_CHECK(in.get("resend_s", resend_s));
    TILL_CHECK(in.get("attempts", config.codes.attempts));
    TILL_CHECK(in.get("per_phone", config.codes.per_phone));
    TILL_CHECK(in.get("per_till", config.codes.per_till));
    TILL_CHECK(in.finish());
    config.codes.ttl_us = ttl_s * 1'000'000;
    config.codes.resend_us = resend_s * 1'000'000;
    if (config.code_text.find("{code}") == std::string::npos) {
      return fail(Code::kConfigInvalid, "codes.text must hold {code}");
    }
  }
  if (const auto* table = root.table("secrets")) {
    for (const auto& [key, node] : *table) {
      const auto v = node.value_exact<std::string>();
      if (!v) return fail(Code::kConfigInvalid, "secrets." + std::string(key.str()));
      if (key.str() == "store_key" && !is_key(*v)) {
        return fail(Code::kConfigInvalid, "secrets.store_key must be 64 hexadecimal digits");
      }
      config.secrets[std::string(key.str())] = *v;
    }
  }
  return {};
}

void make_absolute(const fs::path& folder, std::string& path) {
  if (!path.empty() && fs::path(path).is_relative()) path = (folder / path).lexically_normal();
}

}  // namespace

Result<Config> load_config(const std::string& path) {
  toml::table parsed;
  std::error_code none;
  if (!fs::exists(path, none)) return fail(Code::kConfigInvalid, path + ": there is no such file");
  try {
    parsed = toml::parse_file(path);
  } catch (const toml::parse_error& e) {
    std::ostringstream where;
    where << path << ":" << e.source().begin.line << ": " << e.description();
    return fail(Code::kConfigInvalid, where.str());
  }
  Config config;
  Table root(parsed, "");
  TILL_CHECK(read_store(root, config));
  TILL_CHECK(read_tills(root, config));
  TILL_CHECK(read_devices(root, config));
  TILL_CHECK(read_operators(root, config));
  TILL_CHECK(read_cards(root, config));
  TILL_CHECK(read_rest(root, config));
  TILL_CHECK(root.finish());
  for (const auto& d : config.devices) {
    const auto is = [&](const api::Access& a) { return a.till == d.till; };
    if (!d.till.empty() && std::ranges::none_of(config.access, is)) {
      return fail(Code::kConfigInvalid,
                  "device " + d.device.id + ": there is no [[till]] " + d.till);
    }
  }
  TILL_CHECK(api::check_listen(config.listen));
  const auto is_channel = [&](const DeviceSettings& d) {
    return d.device.id == config.code_channel;
  };
  if (!config.code_channel.empty() && std::ranges::none_of(config.devices, is_channel)) {
    return fail(Code::kConfigInvalid, "codes.channel: no device " + config.code_channel);
  }
  config.file = fs::absolute(path);
  const auto folder = fs::path(config.file).parent_path();
  for (auto* p : {&config.data, &config.plugins, &config.host_program, &config.goods_file,
                  &config.program_file, &config.central_key, &config.log_file}) {
    make_absolute(folder, *p);
  }
  config.trust.own = supervisor::own_plugins();
  for (auto& d : config.devices) {
    const std::string installed = config.plugins + "/" + d.device.plugin;
    const std::string own = config.trust.own + "/" + d.device.plugin;
    std::error_code unreadable;  // a loop of links is as good as nothing there
    const bool ours = !fs::exists(installed, unreadable) && fs::exists(own, unreadable);
    d.device.plugin = ours ? own : installed;
    // A pseudo-terminal's path may be relative too: tests and the demo keep theirs beside the file.
    if (auto* pty = std::get_if<devices::PtyPort>(&d.device.port)) make_absolute(folder, pty->path);
  }
  return config;
}

}  // namespace till::app
