// The device's error codes (fiscal-storage firmware), in English and Russian.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sdk/cpp/base/result.h"

namespace till::shtrih {

struct DeviceError {
  std::uint8_t code;
  std::string_view en;
  std::string_view ru;
};

std::span<const DeviceError> all_device_errors();
// nullptr for a code nobody has documented.
const DeviceError* device_error(std::uint8_t code);
// As a catalogue error: the code it means for us, the text in `detail`, "6Bh" in `vendor`.
Error to_error(std::uint8_t code);

}  // namespace till::shtrih
