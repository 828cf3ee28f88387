// The vendor's web server in front of the register: HTTP API v2 over a queue of requests that it
// works off in its own time. A request that was taken is executed, whoever still listens.
#pragma once

#include <deque>
#include <map>

#include "sim/atol/fiscal_printer.h"

namespace till::sim::atol {

struct WebOptions {
  Ms start_ms = 20;     // from a request's arrival to its execution
  Ms task_ms = 150;     // of one task
  bool cancels = true;  // DELETE takes a waiting request out of the queue
};

class WebServer {
 public:
  static constexpr size_t kMaxRequests = 20000;

  struct Answer {
    int status = 200;
    std::string body;
  };

  explicit WebServer(FiscalPrinter& printer) : printer_(printer) {}

  WebOptions& options() { return options_; }
  // One HTTP request, path without the host.
  Answer http(Ms now, std::string_view method, std::string_view path, std::string_view body);
  void tick(Ms now);
  std::optional<Ms> next_due() const;
  void hold_next(Ms ms) { hold_ms_ = ms; }  // the next selling request waits that long
  size_t waiting() const { return queue_.size(); }

 private:
  enum class State { kWait, kInProgress, kReady, kError, kInterrupted, kBlocked, kCanceled };
  struct Task {
    json::object task;
    State state = State::kWait;
    Outcome outcome = {};
  };
  struct Request {
    std::vector<Task> tasks;
    Ms due = 0;       // of its next step
    size_t next = 0;  // the task that comes
    uint32_t fd_before = 0;
  };

  Answer post(Ms now, std::string_view body);
  Answer get(const std::string& uuid) const;
  Answer cancel(const std::string& uuid);
  void step(Ms now, Request& request);
  bool resolve_blocked(Ms now, Task& task, uint32_t fd_before);
  static bool fiscal(const json::object& task);
  static std::string_view name(State state);
  static Answer error(int status, int code);

  FiscalPrinter& printer_;
  WebOptions options_;
  std::map<std::string, Request> requests_;
  std::deque<std::string> queue_;
  Ms hold_ms_ = 0;
  int64_t number_ = 0;
};

}  // namespace till::sim::atol
