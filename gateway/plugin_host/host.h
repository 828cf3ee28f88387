// The child that loads one plugin. Two threads: the IPC thread (main) runs no plugin code and
// always answers; the [device] thread runs all of it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "host_load.h"
#include "protocols/plugin_ipc/plugin_ipc.h"

namespace till::plugin_host {

// The rest of a body says how the operation ended.
inline constexpr std::size_t kMaxResult = ipc::kMaxBody - 1024;
inline constexpr std::size_t kMaxJobs = 256;
inline constexpr std::uint32_t kQuietMs = 50;

class Host {
 public:
  // `access` is the manifest's word: which extensions there are.
  Host(int fd, std::string access);

  // The IPC loop; returns the process's exit code.
  int run();

  // ---- host services, [device] thread (host_services.cpp wraps them for the C boundary) ----
  int32_t read(std::uint8_t* buffer, std::size_t capacity, std::uint32_t timeout_ms);
  bool write(Bytes bytes, std::uint32_t timeout_ms);
  void discard_input();
  bool connected();
  bool sleep(std::uint32_t ms);
  void send(ipc::Type type, std::string body, std::uint64_t op = 0);
  void point_of_no_return();
  // Asks the daemon and waits for its answer; a cancelled wait is in doubt.
  ipc::Outcome ask(ipc::Type type, std::string body, std::uint32_t timeout_ms);
  void progress(std::uint32_t thousandths);
  // The plugin broke a rule that can be seen here only; the daemon names and counts it.
  void rule(const std::string& name, const std::string& how);
  // activate() has returned; [device].
  [[nodiscard]] bool active() const { return active_; }
  // Whether such a plugin is given the extension; host.h says which.
  [[nodiscard]] bool offers(std::string_view extension) const;

  [[nodiscard]] const till_host* c_host() const { return &c_host_; }

 private:
  struct Job {
    enum class Kind { kSubmit, kPortState, kStop } kind = Kind::kStop;
    std::uint64_t op = 0;
    std::string body;
  };

  void handle(ipc::Frame frame);
  bool take(ipc::Frame frame);
  [[noreturn]] void gone(const char* how);
  void device_thread(const std::string& config);
  [[noreturn]] void failed(const Error& error);
  bool serve_once();
  void submit(const Job& job);
  ipc::Outcome perform(const till_operation& operation, std::uint64_t op);
  void cancel(std::uint64_t op);
  void deliver_input();
  void owe(std::size_t taken);
  std::size_t take_input(std::uint8_t* buffer, std::size_t capacity);  // under mutex_
  std::string status();
  void busy(std::uint64_t op);
  void set_busy(std::uint64_t op);  // under mutex_

  int fd_;
  std::string access_;
  bool emits_ = false;            // the manifest names events; written before the plugin is loaded
  Instance instance_;             // written once, before READY
  std::mutex performing_mutex_;   // taken before mutex_
  std::uint64_t performing_ = 0;  // the operation whose perform runs
  bool active_ = false;           // [device]
  std::size_t owed_ = 0;          // input taken and not yet paid for; [device]
  till_host c_host_;
  std::mutex sending_;
  std::uint32_t seq_ = 0;
  std::uint32_t heard_ = 0;  // the last frame taken; of the IPC thread

  std::mutex mutex_;  // guards everything below
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::deque<std::uint8_t> input_;
  std::uint32_t out_credit_ = ipc::kPortCredit;
  bool connected_ = false;
  bool cancelled_ = false;
  bool stopping_ = false;
  bool quiet_due_ = false;
  std::uint64_t current_op_ = 0;
  std::int64_t op_started_us_ = 0;
  std::uint64_t asked_ = 0;
  std::map<std::uint64_t, std::optional<ipc::Outcome>> answers_;
};

std::int64_t monotonic_us();
std::int64_t unix_us();
// The till_host function tables, bound to `host` through host_data.
till_host make_c_host(Host* host);
const void* host_extension(const till_host* host, const char* id) noexcept;

}  // namespace till::plugin_host
