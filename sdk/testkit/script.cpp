#include "script.h"

#include <malloc.h>

#include <algorithm>
#include <filesystem>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Their allocator is not malloc's, and gcc brings no header for it.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace till::testkit {

namespace {

std::size_t bytes_of_heap() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();
#else
  const auto heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
#endif
}

}  // namespace

Script::Script(FakeHost& host) : host_(host) {
  host_.set_device([this](Bytes bytes) { hear(bytes); });
}

Script& Script::expect(Bytes bytes) {
  steps_.emplace_back(Expect{to_buffer(bytes)});
  return *this;
}

Script& Script::send(Bytes bytes) {
  steps_.emplace_back(Send{to_buffer(bytes), std::exchange(delay_ms_, 0)});
  return *this;
}

Script& Script::delay(std::uint32_t ms) {
  delay_ms_ += ms;
  return *this;
}

Script& Script::fault(Fault fault) {
  steps_.emplace_back(fault);
  return *this;
}

void Script::hear(Bytes bytes) {
  while (!bytes.empty() && complaint_.empty()) {
    run();
    const auto* step = at_ < steps_.size() ? std::get_if<Expect>(&steps_[at_]) : nullptr;
    if (step == nullptr) {
      complaint_ = "after the end of the script: " + to_hex(bytes);
      return;
    }
    const std::size_t n = std::min(bytes.size(), step->bytes.size() - heard_);
    if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n),
                    step->bytes.begin() + static_cast<std::ptrdiff_t>(heard_))) {
      complaint_ = "step " + std::to_string(at_) + ": heard " + to_hex(bytes.first(n)) +
                   " at byte " + std::to_string(heard_) + " of " + to_hex(step->bytes);
      return;
    }
    heard_ += n;
    bytes = bytes.subspan(n);
    if (heard_ == step->bytes.size()) {
      heard_ = 0;
      ++at_;
    }
  }
  run();
}

// Everything up to the next expectation.
void Script::run() {
  std::uint32_t after_ms = 0;
  while (at_ < steps_.size()) {
    if (const auto* answer = std::get_if<Send>(&steps_[at_])) {
      after_ms += answer->after_ms;
      ++at_;
      say(answer->bytes, after_ms);
    } else if (const auto* fault = std::get_if<Fault>(&steps_[at_])) {
      ++at_;
      if (*fault == Fault::kFlipBit) flip_ = true;
      if (*fault == Fault::kHalf) half_ = true;
      if (*fault == Fault::kCut) host_.cut_after_written(0), host_.cut_before_read(0);
      if (*fault == Fault::kSilence) at_ = steps_.size();
    } else {
      if (std::get<Expect>(steps_[at_]).bytes.empty()) ++at_;
      return;
    }
  }
}

void Script::say(Buffer bytes, std::uint32_t after_ms) {
  if (std::exchange(flip_, false) && !bytes.empty()) bytes[bytes.size() / 2] ^= 0x10;
  if (std::exchange(half_, false)) bytes.resize(bytes.size() / 2);
  if (!bytes.empty()) host_.device_says(bytes, after_ms);
}

std::string Script::complaint() const {
  if (!complaint_.empty()) return complaint_;
  if (done()) return "";
  return "stopped at step " + std::to_string(at_) + " of " + std::to_string(steps_.size());
}

Holdings Holdings::now() {
  const auto count = [](const char* folder) {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++n;
    return n;
  };
  Holdings h;
  h.descriptors = count("/proc/self/fd");
  h.threads = count("/proc/self/task");
  h.heap_bytes = bytes_of_heap();
  return h;
}

std::string left_behind(const Holdings& before, std::size_t spare_bytes) {
  const Holdings now = Holdings::now();
  std::string words;
  const auto more = [&](std::size_t was, std::size_t is, const char* what) {
    if (is > was) words += (words.empty() ? "" : ", ") + std::to_string(is - was) + what;
  };
  more(before.threads, now.threads, " threads");
  more(before.descriptors, now.descriptors, " descriptors");
  more(before.heap_bytes + spare_bytes, now.heap_bytes, " bytes of heap");
  return words;
}

}  // namespace till::testkit
