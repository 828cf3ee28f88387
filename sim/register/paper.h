// What the register prints, in lines of text.
#pragma once

#include "sim/register/compose.h"

namespace till::sim {

constexpr size_t kPaperColumns = 48;

Slip registration_slip(const DocumentHead& head, uint32_t fpd);
Slip shift_slip(const DocumentHead& head, uint32_t fpd, bool open, const ShiftCounts& counts);
Slip receipt_slip(const DocumentHead& head, uint32_t fpd, const Receipt& receipt,
                  const Closing& closing);
Slip settlement_slip(const DocumentHead& head, uint32_t fpd, const ShiftCounts& counts);
Slip x_report_slip(const DocumentHead& head, const ShiftCounts& counts, int64_t sold);

// Receipt numerals: 12345 → "123.45".
std::string format_money(int64_t kopecks);

}  // namespace till::sim
