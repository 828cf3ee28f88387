#include "plugin_ipc.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const till::Bytes bytes(data, size);
  if (auto frame = till::ipc::decode(bytes); frame && frame->flags == 0) {
    if (till::ipc::decode(till::ipc::encode(*frame)) != frame) __builtin_trap();
  }
  if (auto outcome = till::ipc::decode_outcome(till::as_text(bytes))) {
    if (till::ipc::decode_outcome(till::ipc::encode_outcome(*outcome)) != outcome) __builtin_trap();
  }
  return 0;
}
