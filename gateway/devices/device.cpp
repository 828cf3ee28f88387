#include "device.h"

#include <tillbridge/abi.h>

#include <algorithm>
#include <array>

#include "gateway/base/errors.h"
#include "gateway/base/foreign_text.h"
#include "gateway/base/log.h"
#include "secret_marks.h"

namespace till::devices {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr auto kGrace = milliseconds(2000);  // after a deadline, and after the cancel
constexpr int kFirstReopenMs = 100;
constexpr int kMostReopenMs = 5000;
constexpr std::size_t kMaxQueued = 256;

}  // namespace

std::shared_ptr<Device> Device::make(DeviceServices& services, DeviceConfig config,
                                     std::string kind) {
  auto manifest = supervisor::load_manifest(config.plugin);
  if (manifest) kind = manifest->kind;
  std::shared_ptr<Device> device(new Device(services, std::move(config), kind));
  if (const auto fit = device->prepare(); !fit) device->problem_ = fit.error();
  return device;
}

Device::Device(DeviceServices& services, DeviceConfig config, const std::string& kind)
    : services_(services),
      config_(std::move(config)),
      policy_(kind == "register"),
      cores_(services.cores, config_.id),
      restart_timer_(services.io),
      port_timer_(services.io),
      deadline_timer_(services.io),
      stop_timer_(services.io) {
  manifest_.kind = kind;
  secrets_ = secrets_named_in(json::serialize(config_.settings));
  secrets_.insert(secrets_.end(), config_.secrets.begin(), config_.secrets.end());
}

// Everything about the plugin that is settled before its code runs. Asked before every start:
// whoever can exchange a library could otherwise have it run by ending the one before.
Result<void> Device::prepare() try {
  auto manifest = TILL_TRY(supervisor::load_manifest(config_.plugin));
  if (!manifest_.kind.empty() && manifest.kind != manifest_.kind) {
    return fail(Code::kManifestInvalid, "kind: it was a " + manifest_.kind);
  }
  if (has_port() && manifest.access != supervisor::Access::kPort) {
    return fail(Code::kConfigInvalid, "port: " + manifest.id + " has access to \"" +
                                          std::string(supervisor::name(manifest.access)) +
                                          "\", write \"none\"");
  }
  settings_ = TILL_TRY(supervisor::check_settings(manifest, config_.settings));
  if (services_.may_run) TILL_CHECK(services_.may_run(config_.plugin, manifest));
  hash_ = supervisor::file_hash(config_.plugin + "/" + manifest.library);
  if (hash_.empty()) {
    return fail(Code::kPluginNotFound, manifest.library + ": no file, or above 256 MiB");
  }
  if (manifest.id != manifest_.id) {
    state_.emplace(services_.state_folder, config_.id, manifest.id);
  }
  manifest_ = std::move(manifest);
  return {};
} catch (const std::exception& e) {  // a folder is foreign input, whatever it holds
  return fail(Code::kManifestInvalid, e.what());
}

void Device::unfit(const Error& error) {
  if (problem_ != error || policy_.restarts() == 0) {
    log_error("device {}: its plugin may not run: {} {}", config_.id, code_name(error.code),
              escaped(error.detail, limits::kMaxLogDetail));
  }
  problem_ = error;
  services_.metrics.add(fmt::format("tillbridge_plugin_unfit_total{{device=\"{}\",reason=\"{}\"}}",
                                    config_.id, code_name(error.code)));
  apply(supervisor::Event::kUnfit);
}

std::string Device::metric(const char* name) const {
  return fmt::format("tillbridge_{}{{device=\"{}\"}}", name, config_.id);
}

void Device::start() { apply(supervisor::Event::kStart); }

bool Device::release() {
  const auto poison = services_.poison.release(config_.id);
  if (policy_.state() == supervisor::State::kBackoff) {
    restart_timer_.cancel();
    apply(supervisor::Event::kRelease);
    return true;
  }
  if (policy_.state() != supervisor::State::kQuarantined) return poison && *poison;
  if (const auto done = services_.quarantine.release(hash_, config_.id); !done) {
    log_error("device {}: {}", config_.id, done.error().detail);
  }
  apply(supervisor::Event::kRelease);
  return true;
}

void Device::set_aside() {
  const auto kept = services_.quarantine.add(hash_, config_.id, policy_.dies_early());
  log_error("device {}: its driver is set aside until a person releases it{}", config_.id,
            kept ? "" : "; this could not be written down");
}

void Device::stop() {
  stopped_ = true;
  apply(supervisor::Event::kStop);
  restart_timer_.cancel();
  port_timer_.cancel();
  deadline_timer_.cancel();
  if (port_) port_->close();
  in_doubt_if_running();
  fail_queue({Code::kCancelled, config_.id, {}});
}

void Device::apply(supervisor::Event event) {
  const auto before = policy_.state();
  const auto decision = policy_.on(event, services_.clock.monotonic_us(), services_.random);
  if (decision.changed) {
    const bool asked = before == supervisor::State::kStopping && event == supervisor::Event::kDied;
    log_info("device {}: {} -> {} ({})", config_.id, name(before), name(policy_.state()),
             asked ? "ended" : name(event));
    services_.metrics.set(metric("plugin_state"), static_cast<int>(policy_.state()));
  }
  switch (decision.action) {
    case supervisor::Action::kNone:
      break;
    case supervisor::Action::kSpawn:
      spawn();
      break;
    case supervisor::Action::kKill:
      if (child_) child_->kill(ending_.value_or(Error{Code::kPluginDied, config_.id, {}}));
      break;
    case supervisor::Action::kAskToStop:
      if (child_) child_->send(ipc::Type::kStop, {});
      stop_timer_.expires_after(milliseconds(TILL_GRACE_MS));
      stop_timer_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
        const auto self = weak.lock();
        if (!ec && self) self->apply(supervisor::Event::kLate);
      });
      break;
    case supervisor::Action::kSetAside:
      set_aside();
      break;
    case supervisor::Action::kWaitLong:
      log_warning("device {}: retried slowly", config_.id);
      [[fallthrough]];
    case supervisor::Action::kWait:
      services_.metrics.add(metric("plugin_restarts_total"));
      restart_timer_.expires_after(std::chrono::microseconds(decision.wait_us));
      restart_timer_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
        if (!ec) self->apply(supervisor::Event::kTimer);
      });
      break;
  }
}

// A death that follows is told by this reason.
void Device::end_child(supervisor::Event event, Error why) {
  if (!ending_) ending_ = std::move(why);
  apply(event);
}

void Device::look_at_usage() {
  const auto usage = supervisor::usage_of(child_pid());
  if (!usage) return;
  services_.metrics.set(metric("plugin_memory_bytes"), usage->memory);
  // Activating it may work as hard as an operation; its deadline is another's.
  const bool works = running_ || policy_.state() != supervisor::State::kReady;
  if (auto why = usage_.look(*usage, works, services_.clock.monotonic_us())) {
    end_child(supervisor::Event::kBroke, std::move(*why));
  }
}

void Device::spawn() {
  ending_.reset();
  if (const auto fit = prepare(); !fit) return unfit(fit.error());
  if (!policy_.essential() && services_.quarantine.holds(hash_, config_.id)) {
    log_warning("device {}: its driver was set aside before", config_.id);
    return apply(supervisor::Event::kHeld);
  }
  usage_ = supervisor::UsageWatch(manifest_.memory_mb, services_.busy_us);
  in_flight_ = out_flight_ = out_owed_ = requests_ = 0;
  std::weak_ptr<Device> weak = shared_from_this();
  supervisor::ChildHandlers handlers;
  handlers.ready = [weak] {
    if (const auto self = weak.lock()) self->on_ready();
  };
  handlers.frame = [weak](ipc::Frame frame) {
    if (const auto self = weak.lock()) self->hear(std::move(frame));
  };
  handlers.trouble = [weak](supervisor::Trouble trouble, const std::string& how) {
    using supervisor::Event;
    static constexpr std::array kEvents = {Event::kLate, Event::kSilent, Event::kHung,
                                           Event::kBroke, Event::kBroke};
    if (const auto self = weak.lock()) {
      self->end_child(kEvents.at(static_cast<std::size_t>(trouble)),
                      {Code::kPluginHung, how, std::string(name(trouble))});
    }
  };
  handlers.beat = [weak] {
    if (const auto self = weak.lock()) self->look_at_usage();
  };
  handlers.lost = [weak](const Error& error) {
    if (const auto self = weak.lock()) self->on_lost(error);
  };
  handlers.output = [weak](std::string_view line) {
    if (const auto self = weak.lock()) self->on_printed(line);
  };
  const bool port_events =
      !manifest_.events.empty() && manifest_.access == supervisor::Access::kPort;
  std::string needs;
  for (const auto& [wanted, word] : {std::pair(port_events, ipc::kNeedsInput),
                                     std::pair(!manifest_.verbs.empty(), ipc::kNeedsOperations),
                                     std::pair(!manifest_.events.empty(), ipc::kNeedsEvents)}) {
    if (wanted) needs += std::string(word) + " ";
  }
  supervisor::ChildSpec spec{.host_program = services_.host_program,
                             .library = config_.plugin + "/" + manifest_.library,
                             .plugin_id = manifest_.id,
                             .version = manifest_.version,
                             .name = manifest_.name,
                             .settings = json::serialize(settings_),
                             .activate_ms = manifest_.activate_ms,
                             .access = std::string(supervisor::name(manifest_.access)),
                             .needs = std::move(needs),
                             .memory_mb = manifest_.memory_mb,
                             .cores = cores_.prepare(),
                             .kept_away = services_.kept_away,
                             .frames_a_second = services_.frames_a_second};
  if (services_.cgroups != nullptr) {
    spec.hold = [weak](int pid) {
      if (const auto self = weak.lock()) self->hold(pid);
    };
  }
  child_ = std::make_shared<supervisor::Child>(services_.io, std::move(spec), std::move(handlers));
  if (const auto started = child_->start(); !started) on_lost(started.error());
}

void Device::hold(int pid) {
  const auto held = services_.cgroups->hold(config_.id, pid, manifest_.memory_mb);
  if (!held) log_warning("device {}: no control group: {}", config_.id, held.error().detail);
}

void Device::after_death() {
  if (services_.cgroups != nullptr) services_.cgroups->forget(config_.id);
  const auto core = cores_.collect(std::to_string(services_.clock.unix_us() / 1000));
  if (!core.empty()) log_warning("device {}: its core is {}", config_.id, core);
}

void Device::on_ready() {
  problem_.reset();
  apply(supervisor::Event::kReady);
  if (port_open_) {
    child_->send(ipc::Type::kPortState, "1");
    port_->pause(false);
  } else if (has_port() && !port_) {
    open_port();
  }
  tell_online();
  next_operation();
}

void Device::on_lost(const Error& error) {
  if (policy_.state() != supervisor::State::kStopping) {
    log_warning("device {}: its driver ended: {} {} {}", config_.id, code_name(error.code),
                escaped(error.detail, limits::kMaxLogDetail),
                escaped(error.vendor, limits::kMaxLogDetail));
    problem_ = {error.code, presentable(error.detail, limits::kMaxLogDetail),
                presentable(error.vendor, limits::kMaxLogDetail)};
    // Of the words only those count that the daemon itself has chosen.
    const bool ours = error.code == Code::kPluginDied || error.code == Code::kPluginHung;
    const std::string reason = ours && !error.vendor.empty()
                                   ? label(error.vendor.substr(0, error.vendor.find(',')))
                                   : code_name(error.code);
    services_.metrics.add(fmt::format(
        "tillbridge_plugin_deaths_total{{device=\"{}\",reason=\"{}\"}}", config_.id, reason));
  }
  stop_timer_.cancel();
  child_.reset();
  after_death();
  if (port_ && port_open_) port_->pause(true);
  apply(supervisor::Event::kDied);
  tell_online();
  if (running_) {
    const auto written =
        services_.poison.killed(hash_, config_.id, queue_.front().name, queue_.front().key.empty(),
                                services_.clock.unix_us());
    if (!written) log_error("device {}: {}", config_.id, written.error().detail);
  }
  in_doubt_if_running();
  fail_queue({Code::kPluginDied, config_.id, {}});
}

// ---- the port ----

void Device::open_port() {
  if (!port_) {
    std::weak_ptr<Device> weak = shared_from_this();
    PortHandlers handlers;
    handlers.opened = [weak] {
      if (const auto self = weak.lock()) self->on_port_opened();
    };
    handlers.input = [weak](Bytes bytes) {
      if (const auto self = weak.lock()) self->on_port_input(bytes);
    };
    handlers.closed = [weak](const Error& error) {
      if (const auto self = weak.lock()) self->on_port_closed(error);
    };
    handlers.written = [weak](std::size_t n) {
      const auto self = weak.lock();
      if (!self || !self->child_) return;
      self->out_flight_ -= std::min(self->out_flight_, n);
      self->out_owed_ += n;
      if (self->out_owed_ < ipc::kCreditStep) return;
      self->child_->send(ipc::Type::kCredit, std::to_string(std::exchange(self->out_owed_, 0)));
    };
    port_ = make_port(services_.io, config_.port, std::move(handlers));
  }
  port_->open();
}

void Device::on_port_opened() {
  port_open_ = true;
  port_tries_ = 0;
  port_loss_logged_ = false;
  out_flight_ = out_owed_ = 0;
  log_info("device {}: {} is open", config_.id, to_string(config_.port));
  port_->pause(policy_.state() != supervisor::State::kReady);
  if (child_) child_->send(ipc::Type::kPortState, "1");
  tell_online();
}

void Device::on_port_closed(const Error& error) {
  if (stopped_) return;
  if (!port_loss_logged_) {
    log_warning("device {}: {}", config_.id, till::describe(error, Language::kEn));
    services_.metrics.add(metric("port_losses_total"));
    port_loss_logged_ = true;  // once when lost, once when it is back
  }
  if (port_open_ && child_) child_->send(ipc::Type::kPortState, "0");
  port_open_ = false;
  tell_online();
  const int ms = std::min(kFirstReopenMs << std::min(port_tries_++, 10), kMostReopenMs);
  port_timer_.expires_after(milliseconds(ms));
  port_timer_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
    const auto self = weak.lock();
    if (!ec && self) self->open_port();
  });
}

void Device::on_port_input(Bytes bytes) {
  if (!child_ || policy_.state() != supervisor::State::kReady) return;
  in_flight_ += bytes.size();
  child_->send(ipc::Type::kPortIn, std::string(as_text(bytes)));
  if (full()) port_->pause(true);
}

bool Device::online() const {
  return policy_.state() == supervisor::State::kReady && (!has_port() || port_open_);
}

bool Device::offers(std::string_view verb) const {
  return std::ranges::find(manifest_.verbs, verb) != manifest_.verbs.end();
}

void Device::tell_online() {
  if (online() == told_online_) return;
  told_online_ = !told_online_;
  services_.metrics.set(metric("device_online"), told_online_ ? 1 : 0);
  services_.on_online(config_.id, told_online_);
}

// ---- operations ----

void Device::submit(std::string verb, const std::string& key, const json::value& body,
                    std::uint32_t deadline_ms, Done done) {
  std::string text = json::serialize(body);
  if (manifest_.access == supervisor::Access::kHttp) unmark_secrets(text);
  std::string name = supervisor::Poison::name_of(verb, text);
  std::optional<Error> refusal;
  if (!online()) {
    const bool is_register = manifest_.kind == "register";
    refusal = {is_register ? Code::kRegisterOffline : Code::kPortLost, config_.id, {}};
    if (problem_) refusal->detail += ": " + code_name(problem_->code) + " " + problem_->detail;
  } else if (queue_.size() >= kMaxQueued) {
    refusal = {Code::kDeviceBusy, config_.id, {}};
  } else if (!offers(verb)) {
    refusal = {Code::kVerbUnsupported, verb, {}};
  } else if (services_.poison.refuses(hash_, config_.id, name, services_.clock.unix_us())) {
    services_.metrics.add(metric("plugin_poison_total"));
    refusal = {Code::kPluginDied, verb + " has ended its driver twice", {}};
  }
  if (refusal) {
    // Never from inside submit: callers need not expect their own continuation.
    boost::asio::post(services_.io,
                      [done = std::move(done), refusal] { done(ipc::Outcome::refused(*refusal)); });
    return;
  }
  std::string head = verb + "\t" + key + "\t" + std::to_string(deadline_ms) + "\n";
  queue_.push_back({++last_number_, std::move(verb), key, head + text, std::move(name), deadline_ms,
                    std::move(done)});
  next_operation();
}

void Device::next_operation() {
  if (running_ || queue_.empty() || !child_ || policy_.state() != supervisor::State::kReady) return;
  running_ = true;
  progress_ = 0;
  child_->send(ipc::Type::kSubmit, queue_.front().body, queue_.front().number);
  watch_deadline();
}

// deadline -> cancel -> end of the child; each step with its grace.
void Device::watch_deadline() {
  const auto number = queue_.front().number;
  deadline_timer_.expires_after(milliseconds(queue_.front().deadline_ms) + kGrace);
  deadline_timer_.async_wait([weak = weak_from_this(), number](boost::system::error_code ec) {
    const auto self = weak.lock();
    if (ec || !self || !self->running_ || self->queue_.front().number != number) return;
    if (self->child_) self->child_->send(ipc::Type::kCancel, {}, number);
    self->deadline_timer_.expires_after(kGrace);
    self->deadline_timer_.async_wait([weak, number](boost::system::error_code error) {
      const auto device = weak.lock();
      if (error || !device || !device->running_ || device->queue_.front().number != number) return;
      const auto& verb = device->queue_.front().verb;
      device->end_child(supervisor::Event::kHung, {Code::kPluginHung, verb + " hangs", "hung"});
    });
  });
}

void Device::finish(ipc::Outcome outcome) {
  deadline_timer_.cancel();
  running_ = false;
  auto done = std::move(queue_.front().done);
  queue_.pop_front();
  services_.metrics.add(metric("operations_total"));
  if (outcome.verdict == ipc::Verdict::kInDoubt) services_.metrics.add(metric("in_doubt_total"));
  done(std::move(outcome));
  next_operation();
}

// Whatever the child was told to do, nobody knows how far it came.
void Device::in_doubt_if_running() {
  if (running_) finish(ipc::Outcome::in_doubt({Code::kPluginDied, config_.id, {}}));
}

// Operations that never reached the child did not happen.
void Device::fail_queue(const Error& error) {
  auto queue = std::exchange(queue_, {});
  running_ = false;
  for (auto& operation : queue) operation.done(ipc::Outcome::refused(error));
}

void Device::lock(std::function<void()> then, Turn turn) {
  (turn == Turn::kActs ? waiting_ : looking_).push_back(std::move(then));
  if (!locked_) next_turn();
}

void Device::unlock() {
  locked_ = false;
  next_turn();
}

void Device::next_turn() {
  auto& queue = waiting_.empty() ? looking_ : waiting_;
  if (queue.empty()) return;
  locked_ = true;
  auto next = std::move(queue.front());
  queue.pop_front();
  boost::asio::post(services_.io, std::move(next));
}

json::object Device::describe() const {
  return {{"progress", running_ ? json::value(progress_) : json::value()},
          {"id", config_.id},
          {"kind", manifest_.kind},
          {"plugin", manifest_.id},
          {"version", manifest_.version},
          {"port", to_string(config_.port)},
          {"port_open", port_open_},
          {"state", name(policy_.state())},
          {"online", online()},
          {"alarm", policy_.alarm()},
          {"restarts", policy_.restarts()},
          {"pid", child_pid()}};
}

}  // namespace till::devices
