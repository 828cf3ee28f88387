// Error codes and mode numbers of the register.
#pragma once

#include <cstdint>

namespace till::sim {

namespace err {
constexpr uint8_t kFnBadState = 0x02, kFnFailure = 0x03, kFnBadTime = 0x07, kFnNoData = 0x08,
                  kFnBadValue = 0x09, kFnTlvTooBig = 0x10, kFnFull = 0x14;
constexpr uint8_t kBadParameters = 0x33, kUnknownCommand = 0x37, kShiftOpen = 0x3C,
                  kPaidTooLittle = 0x45, kWrongOperationType = 0x49, kReceiptOpen = 0x4A,
                  kReceiptFull = 0x4B, kCashlessTooMuch = 0x4D, kShiftExpired = 0x4E,
                  kBadPassword = 0x4F, kPrinting = 0x50, kNothingToRepeat = 0x56,
                  kWaitsForContinue = 0x58, kOtherOperator = 0x59, kQuantityRange = 0x62,
                  kNoCash = 0x46, kNoPaper = 0x6B, kCutter = 0x71, kWrongSubmode = 0x72,
                  kWrongMode = 0x73, kDateMismatch = 0x7C, kBadDate = 0x7D, kBadLength = 0x7E,
                  kReceiptOverflow = 0x7F, kZeroReceipt = 0x8E, kWrongSequence = 0xA1,
                  kMarkNotChecked = 0xA5;
}  // namespace err

namespace mode {
constexpr uint8_t kShiftOpen = 2, kShiftExpired = 3, kShiftClosed = 4, kDate = 6, kDocument = 8;
}  // namespace mode

}  // namespace till::sim
