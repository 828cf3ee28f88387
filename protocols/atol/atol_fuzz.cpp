#include "errors.h"
#include "results.h"
#include "sdk/cpp/base/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace till;
  const auto result = atol::parse_object(as_text(Bytes(data, size)));
  if (!result) return 0;
  (void)atol::read_shift_status(*result);
  (void)atol::read_device_status(*result);
  (void)atol::read_fn_info(*result);
  (void)atol::read_fn_status(*result);
  (void)atol::read_ofd_status(*result);
  (void)atol::read_device_info(*result);
  (void)atol::read_cash(*result);
  (void)atol::read_fiscal(*result);
  if (const auto d = atol::read_document(*result, 1)) {
    // What cannot be read says nothing.
    if (!d->witness_readable && !d->witness.empty()) __builtin_trap();
  }
  return 0;
}
