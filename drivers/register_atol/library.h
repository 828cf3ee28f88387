// The vendor's driver 10, libfptr10.so: found at run time, never shipped. Names and numbers of its
// C interface are the vendor's (libfptr10.h); the functions are called by one thread only.
#pragma once

#include <memory>
#include <string>

#include "sdk/cpp/base/result.h"

namespace till::atol {

class Library {
 public:
  // kPluginNotFound: not installed, or not a driver 10.
  static Result<std::unique_ptr<Library>> load(const std::string& path);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  // The vendor's connection settings as a JSON object: {"Model":500,"Port":1}.
  Result<void> configure(const std::string& settings);
  // Every call opens the connection if it is not; one that loses it closes it. Errors by
  // to_error(): a loss, or what the register refuses.
  Result<std::string> process_json(const std::string& task);
  struct Closing {
    bool closed = false, printed = false;
  };
  Result<Closing> check_document_closed();
  Result<bool> is_receipt_open();
  Result<void> continue_print();
  Result<void> cancel_receipt();

 private:
  struct Functions;
  Library();
  Result<void> connect();
  Result<void> ended(int result);
  [[nodiscard]] std::string text(int parameter) const;

  std::unique_ptr<Functions> call_;
  void* library_ = nullptr;
  void* handle_ = nullptr;
};

}  // namespace till::atol
