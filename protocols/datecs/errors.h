// What command 20h tells of the last refusal, in English and Russian.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "frame.h"

namespace till::datecs {

struct DeviceError {
  std::int32_t code;  // as the device writes it, -150101
  std::string_view en;
  std::string_view ru;
};

std::span<const DeviceError> all_device_errors();
// nullptr for a code the vendor has not documented.
const DeviceError* device_error(std::int32_t code);
// As a catalogue error: the code it means for us, the text in `detail`, "-150101" in `vendor`.
Error to_error(std::int32_t code);
// The same from the status bits alone, when the device does not tell more.
Error to_error(const Status& status);

}  // namespace till::datecs
