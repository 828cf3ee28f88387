// The error catalogue: what each till::Code means to the person who has to act on it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sdk/cpp/base/result.h"

namespace till {

enum class Language { kEn, kRu };

// Why it happened, in kinds a program can act on.
enum class ErrorClass {
  kInput,      // what was given is wrong; the same again gives the same error
  kState,      // right in itself, but not now
  kRefused,    // a rule or another party says no
  kTransient,  // passes by itself
  kDevice,     // a device wants a hand
  kSetup,      // installed or configured wrongly
  kSecurity,   // somebody may not do this
  kFault,      // ours: a bug or damaged data
};

enum class Actor { kCashier, kIntegrator, kSupport };

// What happened (no full stop: a detail may follow), why, and what to do next.
struct ErrorText {
  std::string_view what;
  std::string_view why;
  std::string_view next;
};

struct CatalogueEntry {
  Code code;
  ErrorClass error_class;
  bool retryable;  // the same request may succeed later without anybody changing it
  Actor actor;
  int http;
  ErrorText en;
  ErrorText ru;
};

// Sorted by code.
std::span<const CatalogueEntry> all_errors();
// The entry of kInternal for a number that is none of ours (it came over a wire).
const CatalogueEntry& catalogue(Code code);
int http_status(Code code);

// "The check digit is wrong: 4601234567890. … Scan it again. [TB-2102]", with the device's own
// code when there is one.
std::string describe(const Error& error, Language language);

std::string_view name(ErrorClass error_class);  // "input", …
std::string_view name(Actor actor);             // "cashier", …

}  // namespace till
