#include "host.h"

#include <unistd.h>

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <charconv>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "seqpacket.h"

namespace till::plugin_host {
namespace {

using Clock = std::chrono::steady_clock;

Clock::time_point deadline_in(std::uint32_t ms) {
  return Clock::now() + std::chrono::milliseconds(ms);
}

std::vector<std::string> split(std::string_view text, char by, std::size_t parts) {
  std::vector<std::string> out;
  while (out.size() + 1 < parts) {
    const auto at = text.find(by);
    if (at == std::string_view::npos) break;
    out.emplace_back(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  out.emplace_back(text);
  return out;
}

Error from_c(const till_error& error) {
  return {error.code == 0 ? Code::kInternal : static_cast<Code>(error.code),
          std::string(error.detail, strnlen(error.detail, sizeof error.detail)),
          std::string(error.vendor, strnlen(error.vendor, sizeof error.vendor))};
}

struct Collector {
  std::string text;
  static bool write(const till_sink* sink, const char* data, std::size_t size) noexcept {
    auto& text = static_cast<Collector*>(sink->context)->text;
    if (text.size() + size > kMaxResult) return false;
    text.append(data, size);
    return true;
  }
};

// What the daemon knows about the plugin from its manifest.
struct Expected {
  std::string library, id, version, name;
};

struct Loaded {
  const till_plugin* plugin = nullptr;
  Error error;
};

std::unexpected<Error> lies(const char* member, const char* says, const std::string& manifest) {
  return fail(Code::kManifestInvalid, std::string("descriptor.") + member + " is \"" +
                                          (says == nullptr ? "NULL" : says) +
                                          "\", the manifest says \"" + manifest + "\"");
}

Result<void> check_instance(const till_plugin& plugin, const Expected& expected) {
  if (plugin.size < sizeof(till_plugin)) return fail(Code::kPluginAbi, "till_plugin.size");
  for (const auto& [there, member] :
       {std::pair(plugin.descriptor != nullptr, "descriptor"),
        std::pair(plugin.activate != nullptr, "activate"),
        std::pair(plugin.deactivate != nullptr, "deactivate"),
        std::pair(plugin.destroy != nullptr, "destroy"),
        std::pair(plugin.get_extension != nullptr, "get_extension")}) {
    if (!there) return fail(Code::kPluginAbi, std::string("till_plugin.") + member + " is NULL");
  }
  const till_descriptor& d = *plugin.descriptor;
  if (d.size < sizeof(till_descriptor)) return fail(Code::kPluginAbi, "till_descriptor.size");
  for (const auto& [says, manifest, member] :
       {std::tuple(d.id, &expected.id, "id"), std::tuple(d.name, &expected.name, "name"),
        std::tuple(d.version, &expected.version, "version")}) {
    if (says == nullptr || *manifest != says) return lies(member, says, *manifest);
  }
  return {};
}

// Loads with every symbol bound now (a missing one is an error here, not a death later) and never
// unloads: the process ends instead.
Loaded load(const Expected& expected, const till_host* host) {
  static boost::dll::shared_library* kept = nullptr;
  const std::string& library = expected.library;
  const auto broken = [](const std::string& why) {
    return Loaded{nullptr, {Code::kPluginAbi, why, {}}};
  };
  try {
    kept = new boost::dll::shared_library(
        library, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (!kept->has("tillbridge_entry")) return broken("tillbridge_entry is not exported");
    const auto& entry = kept->get<const till_entry>("tillbridge_entry");
    if (entry.size < sizeof(till_entry)) return broken("till_entry is smaller than version 1");
    if (entry.abi_major != TILL_ABI_MAJOR) return broken("another major ABI version");
    if (entry.abi_minor_required > TILL_ABI_MINOR) return broken("needs a newer host");
    if (entry.init == nullptr || entry.get_factory == nullptr) {
      return broken("till_entry has a NULL member");
    }
    const std::string folder = library.substr(0, library.find_last_of('/'));
    if (!entry.init(folder.c_str())) return broken("init said no");
    const auto* factory = static_cast<const till_factory*>(entry.get_factory(TILL_FACTORY_ID));
    if (factory == nullptr) return broken("no factory " TILL_FACTORY_ID);
    if (factory->create == nullptr) return broken("till_factory.create is NULL");
    const till_plugin* plugin = factory->create(host, expected.id.c_str());
    if (plugin == nullptr) return broken("it does not make " + expected.id);
    if (const auto fits = check_instance(*plugin, expected); !fits) return {nullptr, fits.error()};
    return {plugin, {}};
  } catch (const std::exception& e) {
    return {nullptr, {Code::kPluginNotFound, e.what(), {}}};
  }
}

}  // namespace

std::int64_t monotonic_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch())
      .count();
}

std::int64_t unix_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Host::Host(int fd) : fd_(fd), c_host_(make_c_host(this)) {}

void Host::send(ipc::Type type, std::string body, std::uint64_t op) {
  const std::lock_guard lock(sending_);
  const ipc::Frame frame{.type = type, .seq = ++seq_, .op = op, .body = std::move(body)};
  if (!ipc::send_frame(fd_, frame)) _exit(2);  // nobody is left to serve
}

int Host::run() {
  send(ipc::Type::kHello, std::to_string(TILL_ABI_MAJOR) + " " + std::to_string(TILL_ABI_MINOR));
  for (;;) {
    auto received = ipc::receive_frame(fd_);
    if (received.state != ipc::ReceiveState::kFrame) return 2;
    handle(std::move(received.frame));
  }
}

// The IPC thread. Nothing here waits for plugin code.
void Host::handle(ipc::Frame frame) {
  if (frame.type == ipc::Type::kPing) return send(ipc::Type::kPong, status());
  if (frame.type == ipc::Type::kConfig) {
    std::thread([this, body = std::move(frame.body)] { device_thread(body); }).detach();
    return;
  }
  const std::lock_guard lock(mutex_);
  switch (frame.type) {
    case ipc::Type::kSubmit:
      if (jobs_.size() < kMaxJobs)
        jobs_.push_back({Job::Kind::kSubmit, frame.op, std::move(frame.body)});
      break;
    case ipc::Type::kCancel:
      if (frame.op == current_op_) {
        cancelled_ = true;
        if (operations_ != nullptr && operations_->cancel != nullptr) operations_->cancel(plugin_);
      }
      std::erase_if(jobs_, [&](const Job& j) {
        if (j.kind != Job::Kind::kSubmit || j.op != frame.op) return false;
        send(ipc::Type::kComplete,
             ipc::encode_outcome(ipc::Outcome::refused({Code::kCancelled, {}, {}})), j.op);
        return true;
      });
      break;
    case ipc::Type::kPortIn:
      input_.insert(input_.end(), frame.body.begin(), frame.body.end());
      break;
    case ipc::Type::kCredit: {
      std::uint32_t n = 0;
      std::from_chars(frame.body.data(), frame.body.data() + frame.body.size(), n);
      out_credit_ = std::min(out_credit_ + n, ipc::kPortCredit);
      break;
    }
    case ipc::Type::kPortState:
      connected_ = frame.body == "1";
      if (connected_) out_credit_ = ipc::kPortCredit;
      jobs_.push_back({Job::Kind::kPortState, 0, frame.body});
      break;
    case ipc::Type::kHttpAnswer:
    case ipc::Type::kStateAnswer:
      if (const auto at = answers_.find(frame.op); at != answers_.end()) {
        at->second = ipc::decode_outcome(frame.body)
                         .value_or(ipc::Outcome::in_doubt({Code::kBadFrame, {}, {}}));
      }
      break;
    case ipc::Type::kStop:
      stopping_ = true;
      jobs_.push_back({Job::Kind::kStop, 0, {}});
      break;
    default:
      break;  // a frame only the child sends; the daemon is ours, so there is nothing to punish
  }
  wake_.notify_all();
}

std::string Host::status() {
  const std::lock_guard lock(mutex_);
  const auto busy = current_op_ == 0 ? 0 : (monotonic_us() - op_started_us_) / 1000;
  return std::to_string(current_op_) + " " + std::to_string(busy);
}

void Host::device_thread(const std::string& config) {
  const auto parts = split(config, '\n', 5);  // library, id, version, name, settings
  Loaded loaded;
  if (parts.size() == 5) {
    loaded = load({parts[0], parts[1], parts[2], parts[3]}, &c_host_);
  } else {
    loaded.error = {Code::kBadFrame, "CONFIG", {}};
  }
  till_error error{sizeof(till_error), 0, {}, {}, 0};
  const till_plugin* plugin = loaded.plugin;
  if (plugin != nullptr &&
      plugin->activate(plugin, parts[4].data(), parts[4].size(), &error) != TILL_DONE) {
    loaded.error = from_c(error);
    plugin = nullptr;
  }
  const till_operations* operations = nullptr;
  const till_input* input = nullptr;
  if (plugin != nullptr) {
    operations =
        static_cast<const till_operations*>(plugin->get_extension(plugin, TILL_OPERATIONS_ID));
    input = static_cast<const till_input*>(plugin->get_extension(plugin, TILL_INPUT_ID));
    const bool half_operations = operations != nullptr && operations->perform == nullptr;
    const bool half_input = input != nullptr && input->on_input == nullptr;
    if (half_operations || half_input) {
      loaded.error = {
          Code::kPluginAbi,
          half_input ? "till_input.on_input is NULL" : "till_operations.perform is NULL",
          {}};
      plugin = nullptr;
    }
  }
  if (plugin == nullptr) {
    send(ipc::Type::kFailed, ipc::encode_outcome(ipc::Outcome::refused(loaded.error)));
    _exit(3);
  }
  {
    const std::lock_guard lock(mutex_);
    plugin_ = plugin;
    operations_ = operations;
    input_table_ = input;
  }
  send(ipc::Type::kReady, parts[1] + "\n" + parts[2]);
  while (serve_once(plugin)) {
  }
  plugin->deactivate(plugin);
  plugin->destroy(plugin);
  send(ipc::Type::kBye, {});
  _exit(0);
}

// Waits for one job, some input or the gap after it. False: it is time to stop.
bool Host::serve_once(const till_plugin* plugin) {
  Job job;
  {
    std::unique_lock lock(mutex_);
    const auto something = [&] {
      return !jobs_.empty() || (input_table_ != nullptr && !input_.empty());
    };
    if (quiet_due_) {
      if (!wake_.wait_until(lock, deadline_in(kQuietMs), something)) {
        quiet_due_ = false;
        lock.unlock();
        pay_credit();
        busy(ipc::kInputOp);
        if (input_table_->on_quiet != nullptr) input_table_->on_quiet(plugin, kQuietMs);
        busy(0);
        return true;
      }
    } else {
      wake_.wait(lock, something);
    }
    if (jobs_.empty()) {
      lock.unlock();
      deliver_input(plugin);
      return true;
    }
    job = std::move(jobs_.front());
    jobs_.pop_front();
  }
  if (job.kind == Job::Kind::kStop) return false;
  if (job.kind == Job::Kind::kSubmit) {
    submit(plugin, job);
  } else if (input_table_ != nullptr && input_table_->on_port != nullptr) {
    busy(ipc::kInputOp);
    input_table_->on_port(plugin, job.body == "1");
    busy(0);
  }
  return true;
}

void Host::busy(std::uint64_t op) {
  const std::lock_guard lock(mutex_);
  current_op_ = op;
  op_started_us_ = monotonic_us();
  cancelled_ = false;
}

void Host::pay_credit() {
  if (owed_ > 0) send(ipc::Type::kCredit, std::to_string(std::exchange(owed_, 0)));
}

void Host::deliver_input(const till_plugin* plugin) {
  std::uint8_t chunk[4096];
  std::size_t n = 0;
  {
    const std::lock_guard lock(mutex_);
    n = take_input(chunk, sizeof chunk);
    quiet_due_ = true;
  }
  busy(ipc::kInputOp);
  input_table_->on_input(plugin, chunk, n);
  busy(0);
  owed_ += n;
  if (owed_ >= kCreditStep) pay_credit();
}

void Host::submit(const till_plugin* plugin, const Job& job) {
  const auto [head, body] = ipc::split_head(job.body);
  const auto parts = split(head, '\t', 3);  // verb, key, deadline
  std::uint32_t deadline_ms = 0;
  if (parts.size() == 3) {
    std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), deadline_ms);
  }
  busy(job.op);
  ipc::Outcome outcome = ipc::Outcome::refused({Code::kVerbUnsupported, parts[0], {}});
  if (operations_ != nullptr && parts.size() == 3) {
    const till_operation operation{sizeof(till_operation), deadline_ms, parts[0].c_str(),
                                   parts[1].c_str(),       body.data(), body.size()};
    Collector result;
    const till_sink sink{&result, &Collector::write};
    till_error error{sizeof(till_error), 0, {}, {}, 0};
    const till_status status = operations_->perform(plugin, &operation, &sink, &error);
    if (status == TILL_DONE) {
      outcome = ipc::Outcome::done(std::move(result.text));
    } else if (status == TILL_REFUSED) {
      outcome = ipc::Outcome::refused(from_c(error));
      outcome.dirty = error.dirty != 0;
    } else {
      outcome = ipc::Outcome::in_doubt(from_c(error));
    }
  }
  busy(0);
  send(ipc::Type::kComplete, ipc::encode_outcome(outcome), job.op);
}

std::size_t Host::take_input(std::uint8_t* buffer, std::size_t capacity) {
  const std::size_t n = std::min(capacity, input_.size());
  std::copy_n(input_.begin(), n, buffer);
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(n));
  return n;
}

int32_t Host::read(std::uint8_t* buffer, std::size_t capacity, std::uint32_t timeout_ms) {
  std::size_t n = 0;
  {
    std::unique_lock lock(mutex_);
    wake_.wait_until(lock, deadline_in(timeout_ms),
                     [&] { return !input_.empty() || !connected_ || cancelled_ || stopping_; });
    if (input_.empty()) return connected_ && !cancelled_ && !stopping_ ? 0 : -1;
    n = take_input(buffer, capacity);
  }
  send(ipc::Type::kCredit, std::to_string(n));
  return static_cast<int32_t>(n);
}

bool Host::write(Bytes bytes, std::uint32_t timeout_ms) {
  const auto deadline = deadline_in(timeout_ms);
  while (!bytes.empty()) {
    std::size_t n = 0;
    {
      std::unique_lock lock(mutex_);
      const bool ready = wake_.wait_until(lock, deadline, [&] {
        return out_credit_ > 0 || !connected_ || cancelled_ || stopping_;
      });
      if (!ready || !connected_ || cancelled_ || stopping_) return false;
      n = std::min<std::size_t>({bytes.size(), out_credit_, ipc::kInlineBody});
      out_credit_ -= static_cast<std::uint32_t>(n);
    }
    send(ipc::Type::kPortOut, std::string(as_text(bytes.first(n))));
    bytes = bytes.subspan(n);
  }
  return true;
}

void Host::discard_input() {
  std::size_t n = 0;
  {
    const std::lock_guard lock(mutex_);
    n = input_.size();
    input_.clear();
  }
  if (n > 0) send(ipc::Type::kCredit, std::to_string(n));
}

bool Host::connected() {
  const std::lock_guard lock(mutex_);
  return connected_;
}

bool Host::sleep(std::uint32_t ms) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_until(lock, deadline_in(ms), [&] { return cancelled_ || stopping_; });
}

void Host::point_of_no_return() { send(ipc::Type::kNoReturn, {}, current_op_); }

void Host::progress(std::uint32_t thousandths) {
  send(ipc::Type::kProgress, std::to_string(thousandths), current_op_);
}

ipc::Outcome Host::ask(ipc::Type type, std::string body, std::uint32_t timeout_ms) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = ++asked_;
    answers_.emplace(number, std::nullopt);
  }
  send(type, std::move(body), number);
  std::unique_lock lock(mutex_);
  wake_.wait_until(lock, deadline_in(timeout_ms),
                   [&] { return answers_[number].has_value() || cancelled_ || stopping_; });
  auto answer = std::move(answers_[number]);
  answers_.erase(number);
  return answer ? std::move(*answer) : ipc::Outcome::in_doubt({Code::kTimeout, {}, {}});
}

}  // namespace till::plugin_host
