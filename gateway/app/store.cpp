#include "store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/app/store_files.h"
#include "gateway/base/json.h"
#include "gateway/base/log.h"
#include "gateway/checkout/facts.h"
#include "gateway/devices/http_client.h"

namespace till::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr auto kIdleEvery = std::chrono::seconds(5);
constexpr std::int64_t kKeepUs = std::int64_t{35} * 24 * 3600 * 1'000'000;
constexpr std::int64_t kLookEveryUs = 60'000'000;
constexpr std::int64_t kLookAtLatestUs = 1'800'000'000;
constexpr std::int64_t kCardEventUs = 120'000'000;

Result<goods::Catalogue> read_goods(const std::string& path) {
  const auto text = TILL_TRY(read_file(path));
  auto goods =
      path.ends_with(".csv") ? goods::Catalogue::from_csv(text) : goods::Catalogue::from_json(text);
  if (!goods) return in_file(path, goods.error());
  return goods;
}

// The file `tillbridge-central store add` wrote; the epoch is the journal's.
Result<link::LinkConfig> read_key(const Config& config) {
  const auto root = parse_json(TILL_TRY(read_file(config.central_key)));
  if (!root) return in_file(config.central_key, root.error());
  auto in = TILL_TRY(JsonObject::from(*root, ""));
  link::LinkConfig link;
  link.store = config.store;
  const auto store = TILL_TRY(in.get<std::string>("store"));
  link.public_key = TILL_TRY(in.get<std::string>("public_key"));
  link.secret_key = TILL_TRY(in.get<std::string>("secret_key"));
  link.server_key = TILL_TRY(in.get<std::string>("server_key"));
  link.tell_endpoint = TILL_TRY(in.get<std::string>("tell"));
  link.ask_endpoint = TILL_TRY(in.get<std::string>("ask"));
  TILL_CHECK(in.finish());
  if (store != config.store.value) return fail(Code::kStoreMismatch, config.central_key);
  return link;
}

}  // namespace

Result<void> check_named_files(const Config& config) {
  TILL_TRY(read_goods(config.goods_file));
  TILL_TRY(read_program(config));
  if (!config.central_key.empty()) TILL_TRY(read_key(config));
  return {};
}

Store::Store(boost::asio::io_context& io, Config config, Clock& clock, Random& random)
    : io_(io),
      config_(std::move(config)),
      clock_(clock),
      random_(random),
      idle_timer_(io),
      catalogue_({config_.plugins, config_.trust.own}, config_.trust) {}

Store::~Store() {
  stop();
  disk_.join();
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

Result<void> Store::start() {
  TILL_CHECK(open_files());
  TILL_CHECK(open_journal());
  TILL_CHECK(make_devices());
  TILL_CHECK(make_registers());
  open_desk();
  TILL_CHECK(open_link());
  desk_->recover_all();
  for (const auto& [id, device] : devices_) device->start();
  TILL_CHECK(serve());
  idle_round();
  return {};
}

void Store::stop() {
  if (server_) server_->stop();
  idle_timer_.cancel();
  if (link_) link_->stop();
  for (const auto& [id, device] : devices_) device->stop();
  if (journal_) journal_->flush();
}

bool Store::ended() const {
  return std::ranges::all_of(devices_, [](const auto& d) { return d.second->ended(); });
}

Result<void> Store::open_files() {
  goods_ = TILL_TRY(read_goods(config_.goods_file));
  program_ = TILL_TRY(read_program(config_));
  program_seen_ = program_stamp();
  // The shop sells all the same: a barred gift is left out of every quote, with the reason.
  if (const auto sound = check_program(program_, goods_); !sound) {
    log_error("{}: {}", config_.program_file, describe(sound.error(), Language::kEn));
  }

  std::error_code ec;
  fs::create_directories(config_.data, ec);
  if (ec) return fail(Code::kBadFile, config_.data);
  fs::permissions(config_.data, fs::perms::owner_all, ec);
  // A second gateway on the same store is refused before it touches anything.
  lock_fd_ = ::open((config_.data + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd_ < 0 || flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    return fail(Code::kStoreLocked, config_.store.value);
  }
  return {};
}

Result<void> Store::open_journal() {
  journal::Hooks hooks;
  hooks.post = [this](std::function<void()> f) { boost::asio::post(io_, std::move(f)); };
  hooks.encode = checkout::encode;
  hooks.fatal = [](const std::string& why) {
    log_error("the journal failed: {}; the daemon ends and replays at its next start", why);
    std::_Exit(70);
  };
  hooks.entries = [this] {
    if (link_) link_->entries_available();
    if (exports_) exports_->look();
  };
  try {
    journal_ = std::make_unique<journal::Journal>(config_.data + "/journal.db", config_.store,
                                                  std::move(hooks), clock_, random_);
  } catch (const sqlite::Failure& e) {
    return fail(Code::kJournalFailed, e.what());
  }
  journal_->keep_program(program_.id, program_.version, program_.to_json());
  // The key under which this store hashes phones and cards; central gives chains a common one.
  std::string key = journal_->setting("store_key");
  if (key.empty()) {
    Buffer fresh(32);
    random_.fill(fresh);
    key = to_hex(fresh);
    journal_->set_setting("store_key", key);
  }
  if (config_.secrets.contains("store_key")) key = config_.secrets["store_key"];
  const Buffer bytes = from_hex(key);
  if (bytes.size() != store_key_.size()) {
    return fail(Code::kConfigInvalid, "secrets.store_key must be 64 hexadecimal digits");
  }
  std::copy(bytes.begin(), bytes.end(), store_key_.begin());
  codes_ = std::make_unique<identify::Codes>(store_key_, config_.codes);
  return {};
}

void Store::open_desk() {
  checkout::DeskHooks hooks;
  hooks.changed = [this](const checkout::Sale& sale) { on_sale_changed(sale); };
  hooks.rechecked = [this](const checkout::Sale& sale, const checkout::Settlement& settled) {
    const std::string result = settled.rechecked.value_or("");
    log_info("sale {}: settled by a person, the register: {}", to_string(sale.id), result);
    if (result != "agrees") metrics_.add("tillbridge_settlements_contradicted_total");
    publish(sale.till.value,
            {{"type", "recheck"}, {"sale", to_string(sale.id)}, {"result", result}});
  };
  hooks.after = [this](std::int64_t us, std::function<void()> f) { after(us, std::move(f)); };
  hooks.utc_offset_min = [this](std::int64_t now) { return utc_offset_min(now); };
  desk_ = std::make_unique<checkout::Desk>(
      [this](const TillId& till, const std::string& memory) -> checkout::RegisterPort& {
        return till_register_ ? static_cast<checkout::RegisterPort&>(*till_register_)
                              : registers_->port(till, memory);
      },
      *this, *journal_, std::move(hooks), clock_, random_, goods_, program_,
      checkout::DeskConfig{.till_prints = config_.fiscal_by_till, .store = config_.store});
}

Result<void> Store::make_registers() {
  operators_ = std::make_unique<Operators>(config_.operators);
  registers_ = std::make_unique<Registers>(
      [this](std::int64_t us, std::function<void()> f) { after(us, std::move(f)); });
  if (config_.fiscal_by_till) {
    till_register_ = std::make_unique<TillRegister>(
        [this](const std::string& witness, const char* what, const FiscalReceipt& receipt) {
          ask_till(witness, what, receipt);
        },
        [this](std::function<void()> f) { boost::asio::post(io_, std::move(f)); },
        [this](std::int64_t us, std::function<void()> f) { after(us, std::move(f)); });
    return {};
  }
  std::vector<RegisterPlace> places;
  for (const auto& [id, device] : devices_) {
    if (device->kind() == "register") places.push_back({id, till_of(id)});
  }
  TILL_CHECK(check_registers(places, config_.access));
  for (const auto& place : places)
    registers_->add(place, make_fiscal(place.device, places.size() == 1));
  return {};
}

// `alone`: what the store knew of its only register, before it kept that by the device, is its own.
std::unique_ptr<Fiscal> Store::make_fiscal(const std::string& id, bool alone) {
  const auto key_of = [id](const std::string& key) { return key + "/" + id; };
  RegisterWatch watch(
      id,
      WatchHooks{[this, key_of, alone](const std::string& key) {
                   auto value = journal_->setting(key_of(key));
                   return value.empty() && alone ? journal_->setting(key) : value;
                 },
                 [this, key_of](const std::string& key, const std::string& value) {
                   journal_->set_setting(key_of(key), value);
                 },
                 [this](const std::string& memory) { return journal_->last_document(memory); },
                 [this](const FiscalDocument& d) {
                   if (journal_->sale_of(d.fiscal_memory, d.number)) return true;
                   const auto key = parse_attempt(d.witness);
                   const auto sale = key ? journal_->load(key->sale) : std::nullopt;
                   return sale && checkout::accounts_for(*sale, d);
                 },
                 [this](const wire::RegisterNotice& notice) {
                   journal_->tell(wire::encode(wire::Fact{notice}));
                 },
                 [this](json::object event) { publish("", std::move(event)); }},
      metrics_);
  return std::make_unique<Fiscal>(
      devices_.at(id), std::move(watch), *operators_,
      [this](std::int64_t us, std::function<void()> f) { after(us, std::move(f)); },
      config_.auto_open_shift, config_.tax_system_1055);
}

void Store::ask_till(const std::string& witness, const char* what, const FiscalReceipt& receipt) {
  const auto key = parse_attempt(witness);
  const auto sale = key ? desk_->find(key->sale) : std::nullopt;
  if (!sale) return;
  publish(sale->till.value, {{"type", what},
                             {"sale", to_string(sale->id)},
                             {"attempt", key->attempt},
                             {"receipt", to_json(receipt)}});
  if (key->attempt != sale->attempt.number) return;  // of one that a person settled
  if (auto waiting = when_printing_.extract(sale->id)) waiting.mapped()();
}

Result<void> Store::open_link() {
  if (config_.central_key.empty()) return {};
  link::LinkConfig link = TILL_TRY(read_key(config_));
  link.epoch = journal_->epoch();
  link::LinkHooks hooks;
  hooks.read = [this](std::uint64_t from, std::size_t most) {
    std::vector<link::OutboundEntry> out;
    for (auto& e : journal_->read(from, most)) {
      out.push_back(
          {e.sequence, e.id, std::move(e.previous), std::move(e.hash), std::move(e.payload)});
    }
    return out;
  };
  hooks.acknowledged = [this](std::uint64_t sequence) { journal_->acknowledged(sequence); };
  hooks.alarm = [this](const Error& error) {
    log_error("central: {}", describe(error, Language::kEn));
    metrics_.add("tillbridge_link_alarms_total");
  };
  hooks.online = [this](bool online) {
    log_info("central is {}", online ? "there" : "not reachable");
    metrics_.set("tillbridge_central_online", online ? 1 : 0);
    publish("", {{"type", "central"}, {"online", online}});
  };
  hooks.post = [this](std::function<void()> f) { boost::asio::post(io_, std::move(f)); };
  hooks.after = [this](std::int64_t us, std::function<void()> f) { after(us, std::move(f)); };
  link_ = std::make_unique<link::Link>(std::move(link), std::move(hooks), clock_, random_);
  link_->start(journal_->first_kept(), journal_->acknowledged());
  return {};
}

Result<void> Store::serve() {
  auto routes = std::make_shared<Routes>(*this, api::AccessList(config_.access));
  api::ServerHooks hooks;
  hooks.handle = [routes](const api::Request& r, api::Reply reply) {
    routes->handle(r, std::move(reply));
  };
  hooks.subscribe = [routes](const api::Request& r) { return routes->subscribe(r); };
  hooks.error = [routes](const Error& e, const std::string& l) { return routes->error(e, l); };
  server_ = std::make_unique<api::Server>(io_, std::move(hooks));
  return server_->listen(config_.listen);
}

void Store::after(std::int64_t us, std::function<void()> f) {
  auto timer = std::make_shared<boost::asio::steady_timer>(io_, std::chrono::microseconds(us));
  timer->async_wait([timer, f = std::move(f)](boost::system::error_code ec) {
    if (!ec) f();
  });
}

std::string Store::local_time() const {
  const std::time_t now = clock_.unix_us() / 1'000'000;
  std::tm local{};
  localtime_r(&now, &local);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &local)};
}

std::optional<std::int64_t> Store::utc_offset_min(std::int64_t unix_us) const {
  if (config_.utc_offset_min) return config_.utc_offset_min;
  if (!config_.utc_offset_local) return std::nullopt;
  const std::time_t at = unix_us / 1'000'000;
  std::tm local{};
  localtime_r(&at, &local);
  return local.tm_gmtoff / 60;
}

// Asking takes the register some time, and somebody with a basket may want to pay any moment: it
// waits until nobody has one, but not for ever.
void Store::look_at_register() {
  const auto now = clock_.monotonic_us();
  const auto since = now - looked_us_;
  const bool idle = desk_->idle();
  const bool due = looked_us_ == 0 ? idle : since >= (idle ? kLookEveryUs : kLookAtLatestUs);
  if (due) looked_us_ = now;
  registers_->look(due, [this] { return local_time(); });
}

void Store::idle_round() {
  idle_timer_.expires_after(kIdleEvery);
  idle_timer_.async_wait([this](boost::system::error_code ec) {
    if (ec) return;
    journal_->idle(kKeepUs, exports_->wanted());
    exports_->look();
    const auto now = clock_.monotonic_us();
    look_at_register();
    look_at_program();
    std::erase_if(cards_, [&](const auto& c) { return now - c.second.at_us > kCardEventUs; });
    idle_round();
  });
}

void Store::publish(const std::string& till, const json::value& event) {
  if (server_) server_->publish(till, json::serialize(event));
}

void Store::publish(const std::string& till, const std::function<json::object(Language)>& event) {
  if (!server_) return;
  server_->publish(
      till, [&](const std::string& asked) { return json::serialize(event(language_of(asked))); });
}

}  // namespace till::app
