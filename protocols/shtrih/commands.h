// Shtrih-M commands as bytes: requests out, replies in. Pure. Money in kopecks, quantities in
// thousandths; on the wire money has 5 bytes, FF46 quantities 6 bytes in millionths.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/cpp/base/bytes.h"
#include "sdk/cpp/base/result.h"
#include "sdk/cpp/base/values.h"

namespace till::shtrih {

// One byte (0x10) or two with the FF prefix (0xff46).
enum class Command : std::uint16_t {
  kShortStatus = 0x10,
  kLongStatus = 0x11,
  kPrintLine = 0x17,
  kMoneyRegister = 0x1a,
  kWriteTable = 0x1e,
  kReadTable = 0x1f,
  kSetTime = 0x21,
  kSetDate = 0x22,
  kConfirmDate = 0x23,
  kCut = 0x25,
  kDrawer = 0x28,
  kFeed = 0x29,
  kFieldShape = 0x2e,
  kXReport = 0x40,
  kZReport = 0x41,
  kCashIn = 0x50,
  kCashOut = 0x51,
  kErrorText = 0x6b,
  kCancelReceipt = 0x88,
  kCopy = 0x8c,
  kOpenReceipt = 0x8d,
  kContinuePrinting = 0xb0,
  kPrintPicture = 0xc3,
  kLoadPicture = 0xc4,
  kOpenShift = 0xe0,
  kDeviceType = 0xfc,
  kFnStatus = 0xff01,
  kFnExpiry = 0xff03,
  kFnCancelDocument = 0xff08,
  kFindDocument = 0xff0a,
  kSendTlv = 0xff0c,
  kBeginCorrection = 0xff35,
  kBeginSettlement = 0xff37,
  kSettlement = 0xff38,
  kExchange = 0xff39,
  kStartTlvRead = 0xff3a,
  kNextTlv = 0xff3b,
  kShiftStatus = 0xff40,
  kBeginShiftOpen = 0xff41,
  kBeginShiftClose = 0xff42,
  kCloseReceipt = 0xff45,
  kOperation = 0xff46,
  kCorrection = 0xff4a,
  kLineTags = 0xff4d,
  kCheckMark = 0xff61,
  kFnSpace = 0xff63,
  kBindMark = 0xff67,
  kAcceptMark = 0xff69,
};

// How long the device may take to answer, ms (the vendor's own driver uses these).
std::uint32_t answer_timeout_ms(Command command);

// How FF46 names a tax rate; it differs between firmwares and is a setting.
enum class TaxCoding { kMask, kOrdinal };
// FFD tag 1199 -> FF46's byte. `explicit_22`: table 17 field 71 says "print what is given".
Result<std::uint8_t> tax_code(int ffd_1199, TaxCoding coding, bool explicit_22);

Buffer plain(Command command, std::uint32_t password);
Buffer device_type();  // FCh, no password
// Tag 1054: 1 sale, 2 its return, 3 purchase, 4 its return. Corrections of FFD 1.1 and later are
// opened the same way.
Buffer open_receipt(std::uint32_t password, int sign_1054, bool correction);

struct OperationLine {
  int sign_1054 = 1;
  Quantity quantity;
  Money price;
  Money sum;
  std::uint8_t tax = 8;
  std::uint8_t payment_method = 4;
  std::uint8_t payment_object = 1;
  std::string name;  // UTF-8; cut at 128 characters
};
Result<Buffer> operation(std::uint32_t password, const OperationLine& line);

// payments[0] cash, [1] the first electronic type, [13] prepaid, [14] credit, [15]
// counter-provision.
Result<Buffer> close_receipt(std::uint32_t password, const std::array<Money, 16>& payments,
                             std::uint8_t tax_system_bits);
// Of FFD 1.05: no lines, one total, what it was paid with and its taxes.
struct CorrectionSums {
  bool by_order = false;
  int sign_1054 = 1;
  Money total;
  std::array<Money, 5> payments;  // cash, electronic, prepaid, credit, counter-provision
  std::array<Money, 6> taxes;     // of 20 or 22 %, 10 %; turnover of 0 %, untaxed; 20/120, 10/110
  std::uint8_t tax_system_bits = 1;
};
Result<Buffer> correction(std::uint32_t password, const CorrectionSums& sums);
// A line of text, cut at 40 characters; inside a receipt it stands where it was sent.
Buffer print_line(std::uint32_t password, std::string_view text);
Buffer send_tlv(std::uint32_t password, Bytes tlv);
Buffer find_document(std::uint32_t password, std::uint32_t number);
Buffer start_tlv_read(std::uint32_t password, std::uint32_t number);

// ---- replies ----

struct Reply {
  Command command;
  std::uint8_t error = 0;
  Buffer data;  // after the error byte
};
// A payload's command, error byte and data; an FF reply may carry only FF and the error.
Result<Reply> parse_reply(Bytes payload);

struct ShortStatus {
  std::uint16_t flags = 0;
  std::uint8_t mode = 0;         // low nibble
  std::uint8_t mode_status = 0;  // high nibble
  std::uint8_t submode = 0;
  std::uint8_t last_print = 0;  // 0 good, 1 paper ended, 2 printer's fault or heat, 5 prints; 0 too
                                // where the model does not tell
  [[nodiscard]] bool paper() const { return (flags & 0x80) != 0; }
  [[nodiscard]] bool cover_open() const { return (flags & 0x400) != 0; }
  [[nodiscard]] bool document_open() const { return mode == 8; }
};
Result<ShortStatus> parse_short_status(Bytes data);

struct FnStatus {
  std::uint8_t phase = 0;     // bits: 0 configured, 1 fiscal mode, 2 closed, 3 all sent
  std::uint8_t warnings = 0;  // bits: 0 replace now, 1 in 30 days, 2 memory 90 %, 3 operator late
  std::uint8_t open_document = 0;
  bool shift_open = false;
  std::string time;  // "2021-07-29T11:29"
  std::string number;
  std::uint32_t last_document = 0;
};
Result<FnStatus> parse_fn_status(Bytes data);

struct ShiftStatus {
  bool open = false;
  std::uint16_t number = 0;
  std::uint16_t receipt = 0;
};
Result<ShiftStatus> parse_shift_status(Bytes data);

struct Closed {
  Money change;
  std::uint32_t document = 0;
  std::uint32_t sign = 0;
  std::string time;  // "" in the short form
};
Result<Closed> parse_close_receipt(Bytes data);

struct Corrected {
  std::uint32_t document = 0;
  std::uint32_t sign = 0;
  std::string time;  // "" in the short form
};
Result<Corrected> parse_correction(Bytes data);

struct FoundDocument {
  std::uint8_t type = 0;  // 1 registration, 2 shift open, 3 receipt, 4 BSO, 5 shift close, 31 …
  bool ticket = false;
  std::string time;
  std::uint32_t number = 0;
  std::uint32_t sign = 0;
  std::uint8_t operation = 0;  // receipts: 1 sale, 2 sale return …
  Money total;
};
Result<FoundDocument> parse_find_document(Bytes data);
// FF3A's answer: how many bytes of TLV the document has.
Result<std::uint16_t> parse_tlv_start(Bytes data);

}  // namespace till::shtrih
