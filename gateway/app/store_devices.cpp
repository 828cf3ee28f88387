// The store's devices: what they need, which of them can run, what becomes of those that can not.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "gateway/app/store_files.h"
#include "gateway/base/json.h"
#include "gateway/base/log.h"
#include "gateway/devices/http_client.h"
#include "store.h"

namespace till::app {

namespace json = boost::json;

namespace {

constexpr std::uint32_t kExportMs = 30'000;  // a batch, by a slow line
constexpr std::uint32_t kMarkingMs = 3'000;

Result<void> may_run(const Config& config, const std::string& folder,
                     const supervisor::Manifest& manifest) {
  TILL_TRY(supervisor::check_trust(config.trust, folder));
  return supervisor::check_access(config.trust, folder, manifest);
}

Result<std::string> check_device(const Config& config, const devices::DeviceConfig& device) {
  const auto manifest = TILL_TRY(supervisor::load_manifest(device.plugin));
  TILL_TRY(supervisor::check_settings(manifest, device.settings));
  TILL_CHECK(may_run(config, device.plugin, manifest));
  return manifest.kind;
}

}  // namespace

Result<void> check_store_files(const Config& config) {
  TILL_CHECK(check_named_files(config));
  std::vector<RegisterPlace> registers;
  for (const auto& d : config.devices) {
    const auto kind = check_device(config, d.device);
    if (!kind) return in_file("device " + d.device.id, kind.error());
    if (*kind == "register") registers.push_back({d.device.id, d.till});
  }
  if (config.fiscal_by_till) return {};
  if (registers.empty()) return fail(Code::kConfigInvalid, "no fiscal register among the devices");
  return check_registers(registers, config.access);
}

// What of the machine bounds the plugins is told once.
void Store::open_limits() {
  if (auto groups = supervisor::Cgroups::open()) {
    cgroups_ = std::move(*groups);
    log_info("plugins are held to memory and processor share by control groups");
  } else {
    log_info("plugins are held by rlimits and niceness only: {}", groups.error().detail);
  }
  if (const auto pattern = supervisor::cores_go_elsewhere();
      config_.keep_cores && !pattern.empty()) {
    log_warning("core files go where the system sends them: {}", pattern);
  }
}

void Store::open_quarantine() {
  quarantine_ = std::make_unique<supervisor::Quarantine>(config_.data + "/quarantine.json");
  poison_ = std::make_unique<supervisor::Poison>(config_.data + "/poison.json");
  for (const auto& [file, loaded] : {std::pair("quarantine.json", quarantine_->load()),
                                     std::pair("poison.json", poison_->load())}) {
    if (loaded) continue;
    log_error("{}: {} {}", file, code_name(loaded.error().code), loaded.error().detail);
  }
}

void Store::open_services() {
  services_ = std::make_unique<devices::DeviceServices>(devices::DeviceServices{
      io_,
      clock_,
      random_,
      metrics_,
      config_.host_program,
      *quarantine_,
      *poison_,
      [this](const std::string& device, const std::string& type, const json::value& body) {
        on_device_event(device, type, body);
      },
      [this](const std::string& device, bool online) {
        publish("", {{"type", "device"}, {"device", device}, {"online", online}});
        if (online && registers_->of_device(device) != nullptr) desk_->register_online();
        if (online) counter_->is_back(devices_[device]);
        if (online) exports_->look();
      },
      [this](const std::vector<std::string>& named, const std::string& request,
             std::uint32_t timeout_ms, std::function<void(ipc::Outcome)> done) {
        std::map<std::string, std::string> secrets;
        for (const auto& name : named) {
          const auto at = config_.secrets.find(name);
          if (at != config_.secrets.end() && name != "store_key") secrets.insert(*at);
        }
        devices::http_request(io_, secrets, request, timeout_ms, std::move(done));
      },
      config_.data + "/plugins",
      config_.keep_cores ? config_.data + "/cores" : std::string(),
      cgroups_ ? &*cgroups_ : nullptr,
      [this](const std::string& folder, const supervisor::Manifest& manifest) {
        return may_run(config_, folder, manifest);
      },
      {config_.data, config_.file, config_.central_key, config_.log_file},
      [this](std::function<void()> first, std::function<void()> then) {
        boost::asio::post(disk_, [this, first = std::move(first), then = std::move(then)] {
          first();
          boost::asio::post(io_, then);
        });
      }});
}

// A device whose plugin can not run stands in the list like the others. What it was when it last
// could is remembered: a register is never taken for something the store can do without.
std::shared_ptr<devices::Device> Store::make_device(const devices::DeviceConfig& config,
                                                    const std::string& kind) {
  auto device = devices::Device::make(*services_, config, kind);
  if (!device->problem()) journal_->set_setting("device_kind." + config.id, device->kind());
  return device;
}

Result<void> Store::make_devices() {
  open_limits();
  open_quarantine();
  open_services();
  for (const auto& d : config_.devices) {
    auto device = make_device(d.device, journal_->setting("device_kind." + d.device.id));
    // A package may go bad by itself; what the settings say of it is somebody's slip, told at once.
    if (device->problem() && device->problem()->code == Code::kConfigInvalid) {
      return in_file("device " + d.device.id, *device->problem());
    }
    devices_[d.device.id] = std::move(device);
    device_till_[d.device.id] = d.till;
  }
  if (!config_.fiscal_by_till && !device_of_kind("register")) {
    // A first start with a broken register: one of those nobody can tell the kind of must be it.
    const auto unknown = std::ranges::find_if(
        config_.devices, [this](const auto& d) { return devices_[d.device.id]->kind().empty(); });
    if (unknown == config_.devices.end()) {
      return fail(Code::kConfigInvalid, "no fiscal register among the devices");
    }
    devices_[unknown->device.id] = make_device(unknown->device, "register");
  }
  counter_ = std::make_unique<Counter>(
      [this](std::string_view verb, const std::string& till) { return device_for(verb, till); },
      config_.language, config_.drawer_on_cash);
  rule_plugins_ = std::make_unique<RulePlugins>(
      [this](const std::string& id) {
        const auto at = devices_.find(id);
        return at == devices_.end() ? nullptr : at->second;
      },
      [this](std::int64_t us, std::function<void()> f) { after(us, std::move(f)); }, metrics_);
  make_exports();
  make_marking();
  return {};
}

void Store::make_marking() {
  const auto device = device_of_kind("marking");
  if (!device) return;
  marking_ = std::make_unique<Marking>(
      [device](const std::string& code, std::function<void(const ipc::Outcome&)> done) {
        if (!device->online()) return done(ipc::Outcome::refused({Code::kPortLost, {}, {}}));
        device->submit("marking.check", "", json::object{{"code", json::string(code)}}, kMarkingMs,
                       std::move(done));
      },
      [this](std::int64_t us, std::function<void()> f) { after(us, std::move(f)); }, clock_,
      metrics_, config_.sell_unchecked);
}

void Store::make_exports() {
  exports_ = std::make_unique<Exports>(
      Exports::Stream{
          [this](std::uint64_t from, std::size_t most) { return journal_->read(from, most); },
          [this] { return journal_->first_kept(); }, [this] { return journal_->last_sequence(); },
          [this](const std::string& id) { return journal_->exported(id); },
          [this](const std::string& id, std::uint64_t next) { journal_->keep_exported(id, next); }},
      [this](std::int64_t us, std::function<void()> f) { after(us, std::move(f)); }, metrics_);
  for (const auto& [id, device] : devices_) {
    // Of one whose folder can not be read today only its place is known, and it is kept.
    const bool broken = device->kind().empty() && journal_->exported(id) != 0;
    if (device->kind() != "exporter" && !broken) continue;
    exports_->add(id, {[device] { return device->online(); },
                       [device](const std::string& key, const json::value& batch,
                                std::function<void(const ipc::Outcome&)> done) {
                         device->submit("export.write", key, batch, kExportMs, std::move(done));
                       }});
  }
}

std::shared_ptr<devices::Device> Store::device_of_kind(std::string_view kind) const {
  for (const auto& [id, device] : devices_) {
    if (device->kind() == kind) return device;
  }
  return nullptr;
}

namespace {

// What a manifest names beyond its kind is asked of nobody: a scanner is shown no sale.
bool is_for(std::string_view kind, std::string_view verb) {
  const auto whose = verb.substr(0, verb.find('.'));
  const bool has_drawer = kind == "register" || kind == "printer";
  return kind == whose || (whose == "drawer" && has_drawer);
}

}  // namespace

// The till's own before everybody's; another till's never.
std::shared_ptr<devices::Device> Store::device_for(std::string_view verb,
                                                   const std::string& till) const {
  std::shared_ptr<devices::Device> shared;
  for (const auto& [id, device] : devices_) {
    if (!device->offers(verb) || !is_for(device->kind(), verb)) continue;
    const std::string whose = till_of(id);
    if (whose == till) return device;
    if (whose.empty() && !shared) shared = device;
  }
  return shared;
}

std::string Store::till_of(const std::string& device) const {
  const auto at = device_till_.find(device);
  return at == device_till_.end() ? std::string() : at->second;
}

json::array Store::describe_plugins() {
  json::array out;
  for (const auto& entry : catalogue_.scan()) {
    json::object o{{"name", entry.name}};
    if (entry.manifest) {
      o["id"] = entry.manifest->id;
      o["kind"] = entry.manifest->kind;
      o["version"] = entry.manifest->version;
    } else {
      o["problem"] = error_view(entry.manifest.error(), config_.language);
    }
    if (entry.trust) {
      o["trusted"] = name(*entry.trust);
    } else {
      o["untrusted"] = error_view(entry.trust.error(), config_.language);
    }
    out.push_back(std::move(o));
  }
  metrics_.set("tillbridge_plugin_folders_read_total",
               static_cast<std::int64_t>(catalogue_.reads()));
  return out;
}

json::array Store::alarms() const {
  json::array out;
  for (const auto& [id, device] : devices_) {
    if (device->alarm() || exports_->lost(id)) out.emplace_back(id);
  }
  return out;
}

json::array Store::describe_devices() const {
  json::array out;
  for (const auto& [id, device] : devices_) {
    auto described = device->describe();
    const auto problem = device->problem() ? device->problem() : exports_->lost(id);
    described["problem"] = problem ? json::value(error_view(*problem, config_.language)) : nullptr;
    out.push_back(std::move(described));
  }
  return out;
}

Result<void> Store::release_device(const std::string& id) {
  const auto at = devices_.find(id);
  if (at == devices_.end()) return fail(Code::kNoSuchDevice, id);
  if (!at->second->release()) return fail(Code::kBadValue, id + " is not set aside");
  return {};
}

}  // namespace till::app
