// A file of lines that survives a power cut: a memory that is only ever appended to.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

namespace till::sim {

class DurableLines {
 public:
  ~DurableLines();
  DurableLines(const DurableLines&) = delete;
  DurableLines& operator=(const DurableLines&) = delete;

  // Reads every line with `take`, which throws on a bad one: that is an error. A last line without
  // its end (power lost while writing) is cut off: it was never answered.
  static std::expected<std::unique_ptr<DurableLines>, std::string> open(
      const std::string& path, const std::function<void(const std::string& line)>& take);

  // `line` without its end; fsynced before this returns. False: nothing was written.
  bool append(const std::string& line);

 private:
  explicit DurableLines(int file) : file_(file) {}
  int file_;
};

}  // namespace till::sim
