#include "sim/app/scribe.h"

#include <filesystem>

#include "sim/app/system.h"

namespace till::sim {

Scribe::~Scribe() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Scribe::write(Sheet sheet) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.size() < kMaxWaiting; });
  waiting_.push_back(std::move(sheet));
  changed_.notify_all();
}

void Scribe::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const Sheet sheet = std::move(waiting_.front());
    waiting_.pop_front();
    changed_.notify_all();
    lock.unlock();
    write_file(sheet.path + ".txt", sheet.text);
    if (pictures_ && write_png(sheet.path + ".png.part", sheet.blocks, sheet.width)) {
      std::error_code error;
      std::filesystem::rename(sheet.path + ".png.part", sheet.path + ".png", error);
    }
    lock.lock();
  }
}

}  // namespace till::sim
