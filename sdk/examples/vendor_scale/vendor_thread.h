// A thread for calls that block without a deadline of their own. The plugin waits as long as it
// may, then asks the library to give up; it never calls the host from here.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

class VendorThread {
 public:
  // `abort` makes a call that blocks come back soon; it may be called from any thread.
  explicit VendorThread(std::function<void()> abort)
      : abort_(std::move(abort)), thread_([this] { run(); }) {}
  ~VendorThread() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  VendorThread(const VendorThread&) = delete;
  VendorThread& operator=(const VendorThread&) = delete;

  // What the call gave; nothing when it took longer than `most` and was made to give up. It has
  // returned in any case: what it wrote may be read. A library that does not even give up hangs
  // this call, and the gateway ends the process.
  std::optional<int> call(std::function<int()> work, std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    work_ = std::move(work);
    result_.reset();
    wake_.notify_all();
    const auto done = [this] { return result_.has_value(); };
    if (wake_.wait_for(lock, most, done)) return result_;
    // It may block only a moment from now: ask again until it comes back.
    while (!done()) {
      lock.unlock();
      abort_();
      lock.lock();
      wake_.wait_for(lock, std::chrono::milliseconds(10), done);
    }
    return std::nullopt;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return ending_ || work_; });
      if (ending_) return;
      const auto work = std::exchange(work_, nullptr);
      lock.unlock();
      const int result = work();
      lock.lock();
      result_ = result;
      wake_.notify_all();
    }
  }

  std::function<void()> abort_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::function<int()> work_;
  std::optional<int> result_;
  bool ending_ = false;
  std::thread thread_;  // last: it uses all of the above
};
