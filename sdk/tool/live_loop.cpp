#include "live_loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <climits>
#include <optional>

#include "gateway/devices/http_client.h"

namespace till::kit {

LiveLoop::LiveLoop() : io_(std::make_unique<boost::asio::io_context>(1)) {
  thread_ = std::thread([this, busy = boost::asio::make_work_guard(*io_)] { io_->run(); });
}

LiveLoop::~LiveLoop() {
  io_->stop();
  thread_.join();
}

void LiveLoop::post(std::function<void()> work) { boost::asio::post(*io_, std::move(work)); }

void LiveLoop::call(const std::function<void()>& work) {
  bool done = false;
  post([&] {
    work();
    tell([&] { done = true; });
  });
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return done; });
}

void LiveLoop::tell(const std::function<void()>& change) {
  const std::lock_guard lock(mutex_);
  change();
  wake_.notify_all();
}

bool LiveLoop::wait(int ms, const std::function<bool()>& condition) {
  std::unique_lock lock(mutex_);
  bool come = false;
  wake_.wait_for(lock, std::chrono::milliseconds(ms), [&] {
    come = condition();
    return come || cancelled_;
  });
  return come;
}

void LiveLoop::set_cancelled(bool cancelled) {
  tell([&] { cancelled_ = cancelled; });
}

bool LiveLoop::cancelled() {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

ipc::Outcome LiveLoop::http(const std::map<std::string, std::string>& secrets,
                            const std::string& request, int timeout_ms) {
  const auto silence = ipc::Outcome::in_doubt({Code::kTimeout, {}, {}});
  if (cancelled()) return silence;
  // It outlives a wait that is cancelled: the request is still under way then.
  auto answer = std::make_shared<std::optional<ipc::Outcome>>();
  post([=, this] {
    devices::http_request(
        *io_, secrets, request, static_cast<std::uint32_t>(timeout_ms),
        [this, answer](ipc::Outcome outcome) { tell([&] { *answer = std::move(outcome); }); });
  });
  // A second more than the client has: its verdict is better than silence.
  constexpr int kMore = 1000;
  const bool come =
      wait(std::min(timeout_ms, INT_MAX - kMore) + kMore, [&] { return answer->has_value(); });
  return come ? **answer : silence;
}

}  // namespace till::kit
