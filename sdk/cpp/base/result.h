// Result<T>: a value or a catalogue error. TILL_TRY returns the error to the caller.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "codes.h"

namespace till {

// What went wrong. `detail` names the thing (a field, a port, a file), never personal data;
// `vendor` is the device's or peer's own code, as its manual writes it.
struct Error {
  Code code = Code::kInternal;
  std::string detail;
  std::string vendor;

  bool operator==(const Error&) const = default;
};

template <typename T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Code code, std::string detail = {}, std::string vendor = {}) {
  return std::unexpected(Error{code, std::move(detail), std::move(vendor)});
}

// "TB-2102"
inline std::string code_name(Code code) { return "TB-" + std::to_string(static_cast<int>(code)); }

}  // namespace till

// The value of a Result expression, or return its error from the enclosing function.
#define TILL_TRY(...)                                                                 \
  __extension__({                                                                     \
    auto till_try_result = (__VA_ARGS__);                                             \
    if (!till_try_result) return std::unexpected(std::move(till_try_result).error()); \
    *std::move(till_try_result);                                                      \
  })

// The same for a Result<void>.
#define TILL_CHECK(...)                                             \
  do {                                                              \
    if (auto till_check_result = (__VA_ARGS__); !till_check_result) \
      return std::unexpected(std::move(till_check_result).error()); \
  } while (false)
