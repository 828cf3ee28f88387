// Russian fiscal data format (FFD): the numbers that stand for neutral values.
#pragma once

#include "fiscal.h"

namespace till::ru_ffd {

// Tag 1199 of a tax. 22 % and 22/122 are in the format since 5 January 2026 (order
// ЕД-7-20/1050@ of 8 December 2025), the rate itself since 1 January 2026 (law 425-FZ of
// 28 November 2025). kOutOfRange: no such rate in the format.
Result<int> tax_1199(const Tax& tax);
Result<Tax> tax_of_1199(int value);

// May a new sale of that day ("2026-11-22", local) carry the rate? Returns and corrections may
// carry any rate that once was in force.
bool in_force(const Tax& tax, const std::string& day);

// What the format asks beyond the neutral check: rates in force on `day` (local), enumerations, the
// operator's tax number. The error's detail names the field.
Result<void> check(const FiscalReceipt& receipt, const std::string& day);
// `unix_us` as the day it is here.
std::string local_day(std::int64_t unix_us);

// Tag 1054: 1 sale, 2 its return, 3 purchase, 4 its return.
constexpr int sign_1054(FiscalKind kind) { return static_cast<int>(kind) + 1; }

}  // namespace till::ru_ffd
