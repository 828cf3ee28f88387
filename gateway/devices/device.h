// One device of the store: its port, its driver's child process, and a queue of operations.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/limits.h"
#include "gateway/base/metrics.h"
#include "gateway/devices/port.h"
#include "gateway/supervisor/cgroups.h"
#include "gateway/supervisor/child.h"
#include "gateway/supervisor/cores.h"
#include "gateway/supervisor/manifest.h"
#include "gateway/supervisor/plugin_state.h"
#include "gateway/supervisor/poison.h"
#include "gateway/supervisor/policy.h"
#include "gateway/supervisor/quarantine.h"
#include "gateway/supervisor/usage.h"

namespace till::devices {

struct DeviceConfig {
  std::string id;      // "register-1"
  std::string plugin;  // folder with manifest.json and library
  PortSpec port;
  boost::json::object settings;
  std::vector<std::string> secrets = {};  // it may name, beside those its settings name
};

// What every device needs from the daemon; outlives them all.
struct DeviceServices {
  boost::asio::io_context& io;
  Clock& clock;
  Random& random;
  Metrics& metrics;
  std::string host_program;
  supervisor::Quarantine& quarantine;
  supervisor::Poison& poison;
  // A scan, a card, an input error: (device id, type, JSON body).
  std::function<void(const std::string&, const std::string&, const boost::json::value&)> on_event;
  // Ready with its port open, or no longer so.
  std::function<void(const std::string&, bool)> on_online;
  // till.http/1 for channels, with the secrets of the store that the device may name.
  std::function<void(const std::vector<std::string>& secrets, std::string request,
                     std::uint32_t timeout_ms, std::function<void(ipc::Outcome)>)>
      http;
  std::string state_folder = {};  // of what plugins keep
  std::string cores = {};         // the folder of core files, "" = none are kept
  const supervisor::Cgroups* cgroups = nullptr;
  // Is the plugin trusted, and with what it asks for? Asked before every start of its process.
  std::function<Result<void>(const std::string& folder, const supervisor::Manifest&)> may_run = {};
  std::vector<std::string> kept_away = {};  // files and folders no plugin may see
  // Runs the first away from this thread, then the second on it; without it both run here.
  std::function<void(std::function<void()>, std::function<void()>)> away = {};
  std::int64_t busy_us = supervisor::UsageWatch::kBusyUs;  // a core for so long is too much
  std::size_t frames_a_second = supervisor::kFramesASecond;
};

// At most so many in a second; what is over it is for a counter.
class Rate {
 public:
  explicit Rate(int a_second) : most_(a_second) {}
  bool allow(std::int64_t now_us) {
    if (now_us - since_us_ >= 1'000'000) {
      since_us_ = now_us;
      count_ = 0;
    }
    return ++count_ <= most_;
  }
  [[nodiscard]] int count() const { return count_; }  // in this second
  // The first one too many of this second.
  [[nodiscard]] bool just_over() const { return count_ == most_ + 1; }

 private:
  int most_;
  int count_ = 0;
  std::int64_t since_us_ = 0;
};

class Device : public std::enable_shared_from_this<Device> {
 public:
  using Done = std::function<void(ipc::Outcome)>;

  // A device whose plugin can not run stands there too: problem() says why, and it is looked at
  // again. `kind` is what it is taken for while its manifest can not be read.
  static std::shared_ptr<Device> make(DeviceServices& services, DeviceConfig config,
                                      std::string kind = {});

  // A plugin that was set aside before stays so until release().
  void start();
  // Its child is asked to end and is given TILL_GRACE_MS; ended() is true then.
  void stop();
  [[nodiscard]] bool ended() const { return policy_.state() == supervisor::State::kStopped; }
  // A person lets a plugin in quarantine try again, one that waits try now, and every operation
  // that was refused for ending it. False when there is nothing of it.
  bool release();
  // Why its plugin does not run, or ended last.
  [[nodiscard]] const std::optional<Error>& problem() const { return problem_; }

  // One operation at a time, in order. Ends done, refused or in doubt: a child that dies after the
  // submit leaves it in doubt. An offline device refuses at once (kRegisterOffline, kPortLost).
  void submit(std::string verb, const std::string& key, const boost::json::value& body,
              std::uint32_t deadline_ms, Done done);

  // The device for oneself over several operations: `then` runs when it is one's turn and must
  // end in unlock(). A register is locked from baseline to outcome. Who only looks goes behind all
  // that do something.
  enum class Turn { kActs, kLooks };
  void lock(std::function<void()> then, Turn turn = Turn::kActs);
  void unlock();
  [[nodiscard]] bool locked() const { return locked_; }
  // Does somebody wait for the lock?
  [[nodiscard]] bool wanted() const { return !waiting_.empty() || !looking_.empty(); }

  [[nodiscard]] const std::string& id() const { return config_.id; }
  [[nodiscard]] const std::string& kind() const { return manifest_.kind; }
  [[nodiscard]] bool online() const;
  [[nodiscard]] bool alarm() const {
    return policy_.alarm() || policy_.state() == supervisor::State::kQuarantined;
  }
  [[nodiscard]] bool offers(std::string_view verb) const;
  [[nodiscard]] supervisor::State state() const { return policy_.state(); }
  [[nodiscard]] int child_pid() const { return child_ ? child_->pid() : -1; }
  [[nodiscard]] boost::json::object describe() const;

 private:
  struct Operation {
    std::uint64_t number = 0;
    std::string verb;
    std::string key;
    std::string body;  // as it travels: head and JSON
    std::string name;  // for Poison
    std::uint32_t deadline_ms = 0;
    Done done;
  };

  Device(DeviceServices& services, DeviceConfig config, const std::string& kind);
  void apply(supervisor::Event event);
  Result<void> prepare();
  void unfit(const Error& error);
  void end_child(supervisor::Event event, Error why);
  void look_at_usage();
  void spawn();
  void on_ready();
  void hear(ipc::Frame frame);
  void on_frame(ipc::Frame frame);
  void on_complete(const ipc::Frame& frame);
  void on_lost(const Error& error);
  void open_port();
  void on_port_opened();
  void on_port_closed(const Error& error);
  void on_port_input(Bytes bytes);
  void tell_online();
  void next_operation();
  void watch_deadline();
  void finish(ipc::Outcome outcome);
  void in_doubt_if_running();
  void fail_queue(const Error& error);
  void answer_http(std::uint64_t number, const std::string& body);
  void answer_state(std::uint64_t number, const std::string& body);
  void on_broken_rule(const std::string& body);
  void on_progress(const ipc::Frame& frame);
  void on_plugin_event(const std::string& body);
  void on_plugin_log(const std::string& body);
  void on_printed(std::string_view line);
  void on_port_output(std::string bytes);
  void broken_rule(std::string_view rule, std::string_view how = {});
  void hold(int pid);
  void after_death();
  void set_aside();
  // Another piece of input, as large as they come, would be more than the child has credit for.
  [[nodiscard]] bool full() const { return in_flight_ + kPieceOfInput > ipc::kPortCredit; }
  [[nodiscard]] bool has_port() const { return !std::holds_alternative<NoPort>(config_.port); }
  std::string metric(const char* name) const;

  DeviceServices& services_;
  DeviceConfig config_;
  std::vector<std::string> secrets_;  // it may name
  supervisor::Manifest manifest_;
  supervisor::Policy policy_;
  std::optional<supervisor::PluginState> state_;
  supervisor::Cores cores_;
  std::string hash_;              // of the library that is loaded
  boost::json::object settings_;  // with the schema's defaults
  std::optional<Error> problem_;
  std::optional<Error> ending_;  // why the child is being ended
  supervisor::UsageWatch usage_{0};
  bool keeping_ = false;  // a write of what the plugin keeps is under way
  std::shared_ptr<supervisor::Child> child_;
  std::shared_ptr<Port> port_;
  boost::asio::steady_timer restart_timer_, port_timer_, deadline_timer_, stop_timer_;
  std::deque<Operation> queue_;
  bool running_ = false;  // queue_.front() is with the child
  void next_turn();
  std::deque<std::function<void()>> waiting_, looking_;
  bool locked_ = false;
  bool port_open_ = false;
  bool port_loss_logged_ = false;
  bool told_online_ = false;
  bool stopped_ = false;
  int port_tries_ = 0;
  std::size_t in_flight_ = 0;   // bytes the child has not taken yet
  std::size_t out_flight_ = 0;  // bytes of the child the port has not taken yet
  std::size_t out_owed_ = 0;    // bytes it has taken, and the child has no credit for again
  std::size_t requests_ = 0;    // HTTP, unanswered
  Rate events_{limits::kMaxPluginEventsPerSecond}, logs_{limits::kMaxLogsPerSecond};
  Rate rules_{limits::kMaxLogsPerSecond / 4};
  Rate state_writes_{limits::kMaxStateWritesPerSecond};
  int progress_ = 0;  // of the operation that runs, thousandths
  std::uint64_t last_number_ = 0;
};

}  // namespace till::devices
