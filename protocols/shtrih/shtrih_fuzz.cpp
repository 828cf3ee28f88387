#include "commands.h"
#include "frame.h"
#include "tlv.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace till;
  const Bytes bytes(data, size);
  if (const auto payload = shtrih::decode_frame(bytes)) {
    if (shtrih::encode_frame(*payload) != to_buffer(bytes)) __builtin_trap();
  }
  if (const auto reply = shtrih::parse_reply(bytes)) {
    (void)shtrih::parse_short_status(reply->data);
    (void)shtrih::parse_fn_status(reply->data);
    (void)shtrih::parse_shift_status(reply->data);
    (void)shtrih::parse_close_receipt(reply->data);
    (void)shtrih::parse_find_document(reply->data);
  }
  (void)shtrih::parse_tlv_start(bytes);
  (void)shtrih::find_witness(bytes);
  (void)shtrih::find_number(bytes, shtrih::kTagShift);
  return 0;
}
