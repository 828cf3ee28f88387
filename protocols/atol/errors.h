// The error numbers of the vendor's driver 10 (libfptr_error), in English and Russian.
#pragma once

#include <span>
#include <string_view>

#include "sdk/cpp/base/result.h"

namespace till::atol {

struct DeviceError {
  int code;
  std::string_view en;
  std::string_view ru;
};

std::span<const DeviceError> all_device_errors();
// nullptr for a code that is not in the table.
const DeviceError* device_error(int code);
// As a catalogue error: the code it means for us, the text in `detail`, "68" in `vendor`. What
// leaves open whether the register executed the task is a loss (kPortLost, kTimeout). `said` is
// the register's own text, used where the table has none.
Error to_error(int code, std::string_view said = {});

}  // namespace till::atol
