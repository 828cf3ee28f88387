#include "host.h"

#include <unistd.h>

#include <algorithm>
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

struct Collector {
  std::string text;
  bool cut = false;
  static bool write(const till_sink* sink, const char* data, std::size_t size) noexcept {
    auto& self = *static_cast<Collector*>(sink->context);
    if (self.cut || size > kMaxResult - self.text.size()) return !(self.cut = true);
    self.text.append(data, size);
    return true;
  }
};

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

Host::Host(int fd, std::string access)
    : fd_(fd), access_(std::move(access)), c_host_(make_c_host(this)) {}

void Host::send(ipc::Type type, std::string body, std::uint64_t op) {
  if (body.size() > ipc::max_body(type)) {
    return rule("too long", std::to_string(body.size()) + " bytes in one call");
  }
  const std::lock_guard lock(sending_);
  const ipc::Frame frame{.type = type, .seq = ++seq_, .op = op, .body = std::move(body)};
  if (!ipc::send_frame(fd_, frame)) gone("nothing can be sent on it");
}

void Host::rule(const std::string& name, const std::string& how) {
  send(ipc::Type::kRule, (name + "\n" + how).substr(0, ipc::max_body(ipc::Type::kRule)));
}

// Nobody is left to serve; or the plugin has touched what is not its own.
void Host::gone(const char* how) {
  constexpr int kNobody = 2;
  std::fprintf(stderr, "the gateway's socket, descriptor %d: %s\n", fd_, how);
  _exit(kNobody);
}

int Host::run() {
  send(ipc::Type::kHello, std::to_string(TILL_ABI_MAJOR) + " " + std::to_string(TILL_ABI_MINOR));
  for (;;) {
    auto received = ipc::receive_frame(fd_);
    if (received.state != ipc::ReceiveState::kFrame) gone("it is closed");
    if (received.frame.seq != ++heard_) gone("a frame is missing, somebody else reads it");
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
  if (frame.type == ipc::Type::kCancel) cancel(frame.op);
  if (take(std::move(frame))) wake_.notify_all();
}

// Whether there is something in it that the device thread may wait for.
bool Host::take(ipc::Frame frame) {
  const std::lock_guard lock(mutex_);
  switch (frame.type) {
    case ipc::Type::kSubmit:
      if (jobs_.size() < kMaxJobs)
        jobs_.push_back({Job::Kind::kSubmit, frame.op, std::move(frame.body)});
      break;
    case ipc::Type::kCancel:
      if (frame.op == current_op_) cancelled_ = true;
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
      const bool waited_for = out_credit_ == 0;
      out_credit_ = std::min(out_credit_ + n, ipc::kPortCredit);
      return waited_for;
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
      return false;  // one only the child sends; the daemon is ours: there is nothing to punish
  }
  return true;
}

std::string Host::status() {
  const std::lock_guard lock(mutex_);
  const auto busy = current_op_ == 0 ? 0 : (monotonic_us() - op_started_us_) / 1000;
  return std::to_string(current_op_) + " " + std::to_string(busy);
}

// The plugin's own wake-up, only while its perform runs: it is neither entered nor left meanwhile.
// What is waited for in the host is ended under mutex_, so this thread never waits for a plugin
// that waits for the host.
void Host::cancel(std::uint64_t op) {
  {
    const std::lock_guard lock(mutex_);
    if (op == current_op_) cancelled_ = true;
    wake_.notify_all();
  }
  const std::lock_guard lock(performing_mutex_);
  if (op != performing_ || instance_.operations->cancel == nullptr) return;
  instance_.operations->cancel(instance_.plugin);
}

void Host::failed(const Error& error) {
  send(ipc::Type::kFailed, ipc::encode_outcome(ipc::Outcome::refused(error)));
  _exit(3);
}

void Host::device_thread(const std::string& config) {
  const auto parts = split(config, '\n', 6);  // library, id, version, name, needs, settings
  if (parts.size() != 6) failed({Code::kBadFrame, "CONFIG", {}});
  const auto needs = [&](std::string_view what) {
    return parts[4].find(what) != std::string::npos;
  };
  emits_ = needs(ipc::kNeedsEvents);
  const Expected expected{parts[0],
                          parts[1],
                          parts[2],
                          parts[3],
                          needs(ipc::kNeedsInput),
                          needs(ipc::kNeedsOperations)};
  auto loaded = load(expected, &c_host_);
  if (loaded.error) failed(*loaded.error);
  send(ipc::Type::kLoaded, {});
  if (const auto wrong = activate(loaded.instance, expected, parts[5])) failed(*wrong);
  {
    const std::lock_guard lock(mutex_);
    instance_ = loaded.instance;
  }
  active_ = true;
  send(ipc::Type::kReady, parts[1] + "\n" + parts[2]);
  const till_plugin* plugin = instance_.plugin;
  while (serve_once()) {
  }
  plugin->deactivate(plugin);
  plugin->destroy(plugin);
  send(ipc::Type::kBye, {});
  _exit(0);
}

// Waits for one job, some input or the gap after it. False: it is time to stop.
bool Host::serve_once() {
  const till_input* input = instance_.input;
  Job job;
  {
    std::unique_lock lock(mutex_);
    const auto something = [&] { return !jobs_.empty() || (input != nullptr && !input_.empty()); };
    if (quiet_due_) {
      if (!wake_.wait_until(lock, deadline_in(kQuietMs), something)) {
        quiet_due_ = false;
        lock.unlock();
        busy(ipc::kInputOp);
        if (input->on_quiet != nullptr) input->on_quiet(instance_.plugin, kQuietMs);
        busy(0);
        return true;
      }
    } else {
      wake_.wait(lock, something);
    }
    if (jobs_.empty()) {
      lock.unlock();
      deliver_input();
      return true;
    }
    job = std::move(jobs_.front());
    jobs_.pop_front();
    // In one step with leaving the queue: a cancel finds it in one of the two places.
    if (job.kind == Job::Kind::kSubmit) set_busy(job.op);
  }
  if (job.kind == Job::Kind::kStop) return false;
  if (job.kind == Job::Kind::kSubmit) {
    submit(job);
  } else if (input != nullptr && input->on_port != nullptr) {
    busy(ipc::kInputOp);
    input->on_port(instance_.plugin, job.body == "1");
    busy(0);
  }
  return true;
}

void Host::busy(std::uint64_t op) {
  const std::lock_guard lock(mutex_);
  set_busy(op);
}

void Host::set_busy(std::uint64_t op) {
  current_op_ = op;
  op_started_us_ = monotonic_us();
  cancelled_ = false;
}

void Host::owe(std::size_t taken) {
  owed_ += taken;
  if (owed_ >= ipc::kCreditStep) {
    send(ipc::Type::kCredit, std::to_string(std::exchange(owed_, 0)));
  }
}

void Host::deliver_input() {
  std::uint8_t chunk[4096];
  std::size_t n = 0;
  {
    const std::lock_guard lock(mutex_);
    n = take_input(chunk, sizeof chunk);
    quiet_due_ = true;
  }
  busy(ipc::kInputOp);
  instance_.input->on_input(instance_.plugin, chunk, n);
  busy(0);
  owe(n);
}

void Host::submit(const Job& job) {
  const auto [head, body] = ipc::split_head(job.body);
  const auto parts = split(head, '\t', 3);  // verb, key, deadline
  std::uint32_t deadline_ms = 0;
  if (parts.size() == 3) {
    std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), deadline_ms);
  }
  ipc::Outcome outcome = ipc::Outcome::refused({Code::kVerbUnsupported, parts[0], {}});
  if (instance_.operations != nullptr && parts.size() == 3) {
    const till_operation operation{sizeof(till_operation), deadline_ms, parts[0].c_str(),
                                   parts[1].c_str(),       body.data(), body.size()};
    outcome = perform(operation, job.op);
  }
  busy(0);
  send(ipc::Type::kComplete, ipc::encode_outcome(outcome), job.op);
}

ipc::Outcome Host::perform(const till_operation& operation, std::uint64_t op) {
  {
    const std::scoped_lock lock(performing_mutex_, mutex_);
    if (cancelled_) return ipc::Outcome::refused({Code::kCancelled, {}, {}});
    performing_ = op;
  }
  Collector result;
  const till_sink sink{&result, &Collector::write};
  till_error error{sizeof(till_error), 0, {}, {}, 0};
  const auto* table = instance_.operations;
  const till_status status = table->perform(instance_.plugin, &operation, &sink, &error);
  {
    const std::lock_guard lock(performing_mutex_);
    performing_ = 0;
  }
  if (status == TILL_DONE && result.cut) {
    // It was done; what came of it nobody has read. Half a result is none.
    rule("too long", "till_sink.write");
    return ipc::Outcome::in_doubt({Code::kTooLarge, "result: above 16 MiB", {}});
  }
  if (status == TILL_DONE) return ipc::Outcome::done(std::move(result.text));
  auto [told, known] = from_c(error);
  if (!known) rule("till_error.code", told.detail);
  if (status == TILL_REFUSED) {
    auto outcome = ipc::Outcome::refused(std::move(told));
    outcome.dirty = error.dirty != 0;
    return outcome;
  }
  if (status != TILL_IN_DOUBT) rule("till_status", std::to_string(status) + " of perform");
  return ipc::Outcome::in_doubt(std::move(told));
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
  owe(n);
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
  owe(n);
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
