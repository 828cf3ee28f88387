// Errors as they cross the C boundary: what a host tells a plugin.
#pragma once

#include <cstring>

#include "base/result.h"
#include "tillbridge/abi.h"

namespace till {

// Nothing happens where the plugin wants no error or gives a smaller one.
inline void to_c(const Error& from, till_error* to) noexcept {
  if (to == nullptr || to->size < sizeof(till_error)) return;
  to->code = static_cast<std::int32_t>(from.code);
  std::strncpy(to->vendor, from.vendor.c_str(), sizeof to->vendor - 1);
  std::strncpy(to->detail, from.detail.c_str(), sizeof to->detail - 1);
}

// TILL_DONE, or TILL_REFUSED with the error told.
inline till_status to_c(const Result<void>& result, till_error* error) noexcept {
  if (result) return TILL_DONE;
  to_c(result.error(), error);
  return TILL_REFUSED;
}

}  // namespace till
