// The paper of one register in its folder, a text and a picture a slip, and the folder's files.
#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/app/scribe.h"
#include "sim/base/fiscal_world.h"

namespace till::sim {

// Made when missing.
inline std::string folder(const std::string& path) {
  std::filesystem::create_directories(path);
  return path;
}

// How many papers of a kind an earlier run has left.
int count_files(const std::string& dir, std::string_view prefix);

// A device's memory in its folder. Throws std::runtime_error.
template <class Memory>
auto open_memory(const std::string& dir) {
  auto memory = Memory::open(dir + "/fiscal_memory.jsonl");
  if (!memory) throw std::runtime_error(memory.error());
  return std::move(*memory);
}

class PaperTray {
 public:
  PaperTray(const std::string& dir, Scribe& scribe)
      : dir_(folder(dir)), scribe_(scribe), slips_(count_files(dir_, "slip-")) {}

  void print(const Slip& slip);
  const std::string& last_text() const { return last_text_; }

 private:
  std::string dir_;
  Scribe& scribe_;
  int slips_;  // papers that are no fiscal documents
  std::string last_text_;
};

}  // namespace till::sim
