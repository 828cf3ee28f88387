#include "encode.h"
#include "status.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace till;
  escpos::AnswerReader reader;
  std::size_t answers = 0;
  for (std::size_t i = 0; i < size; ++i) answers += reader.push(data[i]) ? 1 : 0;
  if (answers > size) __builtin_trap();
  if (size >= 4) (void)escpos::state_of({data[0], data[1], data[2], data[3]});
  const std::size_t columns = size == 0 ? 1 : data[0] % 64 + 1U;
  for (const auto& line : escpos::wrap(as_text({data, size}), columns)) {
    if (line.size() > columns) __builtin_trap();
    for (const char c : line) {
      if (static_cast<std::uint8_t>(c) < 0x20) __builtin_trap();
    }
  }
  Buffer out;
  (void)escpos::qr(out, as_text({data, size}));
  (void)escpos::ean13(out, as_text({data, size}));
  return 0;
}
