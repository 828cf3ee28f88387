// GS1 check digits and the numbers that carry them (GS1 General Specifications, 7.9).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace till::gs1 {

// True for one or more ASCII digits and nothing else.
bool all_digits(std::string_view text);

// The digit ('0'…'9') that belongs after `body`: weights 3, 1, 3 … from the right. '\0' when
// `body` is not all digits.
char check_digit(std::string_view body);

// A GTIN-8, -12, -13 or -14 with its right check digit.
bool valid_gtin(std::string_view digits);

// The same number with 14 digits, zeros in front, as databases compare it.
std::optional<std::string> to_gtin14(std::string_view digits);

// The GTIN of GS1 element strings that begin with one: "01", 14 digits, then more (a marking code
// does: 01, 21 …). A leading FNC1 (GS, 1Dh) is passed over. Nothing for anything else.
std::optional<std::string_view> gtin_of_elements(std::string_view text);

// UPC-E to UPC-A (12 digits). Takes 6 digits (number system 0 is meant), 7 (number system first)
// or 8 (with the check digit, which must be right). Nothing for anything else.
std::optional<std::string> expand_upc_e(std::string_view digits);

// Luhn (ISO/IEC 7812-1): over all digits, the last one being the check digit.
bool valid_luhn(std::string_view digits);

}  // namespace till::gs1
