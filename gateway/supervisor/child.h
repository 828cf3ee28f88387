// One plugin's child process as the daemon sees it: spawned, spoken to, watched and ended.
// Everything runs on the daemon's one thread.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/plugin_ipc/plugin_ipc.h"

namespace till::supervisor {

inline constexpr std::size_t kFramesASecond = 50'000;  // more says no device

struct ChildSpec {
  std::string host_program;  // tillbridge-plugin-host
  std::string library;
  std::string plugin_id, version, name;  // as the manifest says; the library must agree
  std::string settings;                  // JSON object
  int activate_ms = 10000;
  std::string access = "port";  // the manifest's word: which services, and how wide the sandbox
  std::string needs = {};       // of kNeedsInput, kNeedsOperations, kNeedsEvents
  int memory_mb = 64;
  std::string cores = {};                   // the folder a core file goes to, "" = none
  std::vector<std::string> kept_away = {};  // what also `direct` may not see
  std::size_t frames_a_second = kFramesASecond;
  // Puts the process under the limits of its group before any plugin code runs.
  std::function<void(int pid)> hold = {};
};

// A child in trouble still lives: the policy decides, kill() ends it, `lost` follows.
enum class Trouble {
  kLate,    // not loaded or not ready in time
  kSilent,  // three heartbeats without an answer
  kHung,    // input is not handled in time
  kDeaf,    // it does not read what it is told
  kFlood,   // it says more than anybody could want to hear
};
// The word that counts such a death.
std::string_view name(Trouble trouble);

struct ChildHandlers {
  std::function<void()> ready;
  std::function<void(ipc::Frame)> frame;
  std::function<void(Trouble, std::string how)> trouble;
  std::function<void(const Error&)> lost;             // once; the process is gone and reaped
  std::function<void(std::string_view)> output = {};  // a line it printed
  std::function<void()> beat = {};                    // every second from its start on
};

class Child : public std::enable_shared_from_this<Child> {
 public:
  Child(boost::asio::io_context& io, ChildSpec spec, ChildHandlers handlers);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // kPluginNotFound when the process can not be started.
  Result<void> start();
  void send(ipc::Type type, std::string body, std::uint64_t op = 0);
  // The `lost` that follows says why, not how: the vendor field is the word for the counter.
  void kill(Error why);
  [[nodiscard]] int pid() const { return pid_; }

 private:
  int spawn(int socket, int printed);
  void wait_readable();
  void read_frames();
  void on_frame(ipc::Frame frame);
  void flush();
  void beat();
  void heartbeat();
  void on_pong(std::string_view status);
  void expect(int ms, const char* what);
  void lost(const Error& error);
  std::string reap();
  void wait_output();
  void read_output();

  boost::asio::io_context& io_;
  ChildSpec spec_;
  ChildHandlers handlers_;
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::posix::stream_descriptor output_;  // stdout and stderr of the child
  std::string line_;                              // of it, unfinished
  bool cut_ = false;                              // the rest of a long line is left out
  std::size_t printed_ = 0;                       // bytes in this second
  bool muted_ = false;                            // until the next one
  std::size_t frames_ = 0;                        // in this second
  boost::asio::steady_timer timer_, beat_timer_;
  std::deque<ipc::Frame> outgoing_;
  std::uint32_t seq_ = 0, heard_ = 0;  // the last frame sent, and taken
  int pid_ = -1;
  int unanswered_ = 0;
  std::optional<Error> failure_;  // what the child said before it ended
  std::optional<Error> ended_;    // why it was ended
  bool ready_ = false;
  bool flushing_ = false;
  bool over_ = false;
  bool deaf_ = false;
};

}  // namespace till::supervisor
