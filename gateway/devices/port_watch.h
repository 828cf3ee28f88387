// For tests: what a port told, and a core loop that runs until it did.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <chrono>

#include "port.h"

namespace till::devices {

struct PortWatch {
  boost::asio::io_context io;
  int opened = 0;
  std::string input;
  std::vector<Error> closed;
  std::size_t written = 0;

  PortHandlers handlers() {
    return {[this] { ++opened; }, [this](Bytes bytes) { input += as_text(bytes); },
            [this](const Error& error) { closed.push_back(error); },
            [this](std::size_t n) { written += n; }};
  }
  // False when it has not come true for ten seconds.
  template <typename Condition>
  bool until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      step(std::chrono::milliseconds(10));
    }
    return true;
  }
  // Whatever comes in that time.
  void settle() {
    for (int i = 0; i < 10; ++i) step(std::chrono::milliseconds(30));
  }

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy_{io.get_executor()};
  void step(std::chrono::milliseconds time) { io.run_for(time); }
};

}  // namespace till::devices
