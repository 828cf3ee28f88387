#include <array>

#include "errors.h"
#include "replies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace till;
  const Bytes bytes(data, size);
  if (const auto reply = datecs::decode_reply(bytes)) {
    (void)datecs::to_error(reply->status);
    if (reply->data.size() > datecs::kMaxReplyData) __builtin_trap();
  }
  if (const auto request = datecs::encode_request(0x20, 0x31, bytes)) {
    if (request->size() > datecs::kMaxRequestData + 10) __builtin_trap();
  }
  (void)datecs::parse_last_sale_number(bytes);
  if (const auto code = datecs::parse_last_error(bytes)) (void)datecs::to_error(*code);
  (void)datecs::parse_last_fiscal(bytes);
  (void)datecs::parse_subtotal(bytes);
  (void)datecs::parse_payment(bytes);
  (void)datecs::parse_closed(bytes);
  (void)datecs::parse_receipt_state(bytes);
  (void)datecs::parse_diagnostics(bytes);
  (void)datecs::parse_number(bytes);
  (void)datecs::parse_last_record(bytes);
  (void)datecs::parse_clock(bytes);
  (void)datecs::parse_cash(bytes);
  (void)datecs::parse_journal_line(bytes);
  datecs::JournalDocument document;
  (void)datecs::add_record(document, bytes);
  return 0;
}
