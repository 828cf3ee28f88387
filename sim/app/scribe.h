// Writes paper to disk on a thread of its own, off the devices' answer path.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sim/render/paper_image.h"

namespace till::sim {

class Scribe {
 public:
  struct Sheet {
    std::string path;  // without .txt and .png
    std::string text;
    std::vector<Block> blocks;
    int width = 576;
  };
  static constexpr size_t kMaxWaiting = 1000;  // then the writer waits

  Scribe() : thread_([this] { run(); }) {}
  ~Scribe();  // everything is written first
  Scribe(const Scribe&) = delete;
  Scribe& operator=(const Scribe&) = delete;

  void write(Sheet sheet);
  // Without them only the text is written: a picture takes some 10 ms of a processor.
  void pictures(bool on) { pictures_ = on; }

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Sheet> waiting_;
  bool stop_ = false;
  std::atomic<bool> pictures_ = true;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace till::sim
