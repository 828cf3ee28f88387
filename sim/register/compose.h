// Fiscal documents in FFD tags, and the VAT rates a register knows.
#pragma once

#include <optional>

#include "sim/register/document.h"

namespace till::sim {

struct Vat {
  uint8_t mask;                    // as FF46 codes it
  uint8_t ordinal;                 // tag 1199
  int slot;                        // of Closing::taxes, or -1: no tag of its own in FFD 1.05
  int64_t numerator, denominator;  // the tax within a sum
  const char* label;
};

// From 1 January 2026 the rate of 20 % becomes 22 % when the register raises it by itself.
std::optional<Vat> vat_of_mask(uint8_t mask, int64_t seconds, bool raises);
const Vat& vat_of_ordinal(uint8_t ordinal);

// Rounded half up; all are non-negative, `b` may exceed 32 bits.
int64_t multiply_divide(int64_t a, uint64_t b, int64_t divisor);

// What heads every document.
struct DocumentHead {
  const Registration& registration;
  std::string fn;
  uint32_t fd = 0;
  int64_t seconds = 0;
  uint16_t shift = 0;
  uint16_t receipt = 0;
  std::string cashier;  // unless the tags carry 1021
};

// What a shift's closing report counts.
struct ShiftCounts {
  uint32_t documents = 0, receipts = 0, unsent = 0;
};

Bytes registration_tlv(const DocumentHead& head);
Bytes shift_tlv(const DocumentHead& head, bool open, const Bytes& tags, const ShiftCounts& counts);
// Of FFD 1.05: one total. `kind` is tag 1054.
Bytes correction_tlv(const DocumentHead& head, uint8_t kind, const Bytes& tags,
                     const Closing& closing);
Bytes receipt_tlv(const DocumentHead& head, const Receipt& receipt, const Closing& closing);

// The tax sums of the items, by slot; 0 % and "no VAT" count the turnover.
std::array<int64_t, 6> taxes_of(const Receipt& receipt);

// CRC-32 of the memory's number and the document, and tag 1077 with it at the document's end.
uint32_t sign(const std::string& fn, Bytes& tlv);

}  // namespace till::sim
