// Memory as a host lends it: with `guarded` it ends where a page ends, so that one byte too far is
// a crash, and it is gone when the call is over, so that a kept pointer is one too.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

#include <tillbridge/sdk/base/bytes.h>

namespace till::testkit {

class Borrowed {
 public:
  Borrowed(Bytes bytes, bool guarded) : size_(bytes.size()) {
    if (!guarded) {
      plain_ = to_buffer(bytes);
      data_ = plain_.data();
      return;
    }
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t room = (std::max<std::size_t>(size_, 1) + page - 1) / page * page;
    mapped_ = room + page;
    map_ = static_cast<std::uint8_t*>(
        mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(map_ + room, page, PROT_NONE);
    data_ = map_ + room - size_;
    if (size_ > 0) std::memcpy(data_, bytes.data(), size_);
  }
  explicit Borrowed(const std::string& text, bool guarded) : Borrowed(as_bytes(text), guarded) {}
  // The address stays taken: nothing else may come to stand there.
  ~Borrowed() {
    if (map_ == nullptr) return;
    madvise(map_, mapped_, MADV_DONTNEED);
    mprotect(map_, mapped_, PROT_NONE);
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  [[nodiscard]] const std::uint8_t* bytes() const { return data_; }
  [[nodiscard]] const char* text() const { return reinterpret_cast<const char*>(data_); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::size_t size_;
  std::size_t mapped_ = 0;
  Buffer plain_;
  std::uint8_t* map_ = nullptr;
  std::uint8_t* data_ = nullptr;
};

}  // namespace till::testkit
