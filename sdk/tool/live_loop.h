// The gateway's ports and its HTTP client never wait; a plugin waits inside its calls. Their event
// loop runs on a thread of its own here, and what it tells is waited for under one mutex, as in the
// gateway's plugin host: the end of an operation's time wakes whatever the plugin waits for.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "protocols/plugin_ipc/plugin_ipc.h"

namespace boost::asio {
class io_context;
}

namespace till::kit {

class LiveLoop {
 public:
  LiveLoop();
  ~LiveLoop();
  LiveLoop(const LiveLoop&) = delete;
  LiveLoop& operator=(const LiveLoop&) = delete;

  [[nodiscard]] boost::asio::io_context& io() { return *io_; }
  // On the loop; call() returns when it is done.
  void post(std::function<void()> work);
  void call(const std::function<void()>& work);

  // Changes, under the mutex, what somebody may wait for.
  void tell(const std::function<void()>& change);
  // Waits for it, looked at under the mutex; false when the time is over or the operation
  // cancelled.
  bool wait(int ms, const std::function<bool()>& condition);
  void set_cancelled(bool cancelled);
  [[nodiscard]] bool cancelled();

  // As till.http answers the plugin.
  ipc::Outcome http(const std::map<std::string, std::string>& secrets, const std::string& request,
                    int timeout_ms);

 private:
  std::unique_ptr<boost::asio::io_context> io_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool cancelled_ = false;
  std::thread thread_;
};

}  // namespace till::kit
