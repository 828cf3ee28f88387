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

#define TILL_CONCAT_(a, b) a##b
#define TILL_CONCAT(a, b) TILL_CONCAT_(a, b)
#define TILL_TRY_(name, ...)                                    \
  __extension__({                                               \
    auto name = (__VA_ARGS__);                                  \
    if (!name) return std::unexpected(std::move(name).error()); \
    *std::move(name);                                           \
  })
#define TILL_CHECK_(name, ...)                                                             \
  do {                                                                                     \
    if (auto name = (__VA_ARGS__); !name) return std::unexpected(std::move(name).error()); \
  } while (false)

// The value of a Result expression, or return its error from the enclosing function.
#define TILL_TRY(...) TILL_TRY_(TILL_CONCAT(till_try_, __COUNTER__), __VA_ARGS__)
// The same for a Result<void>.
#define TILL_CHECK(...) TILL_CHECK_(TILL_CONCAT(till_check_, __COUNTER__), __VA_ARGS__)
