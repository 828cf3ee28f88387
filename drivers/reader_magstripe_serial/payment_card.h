// Is this track a bank's card? Then no digit of it may leave the driver (PCI DSS 3.3, 3.5.1).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace till::reader_magstripe {

// By structure (ISO/IEC 7813 with an expiry date and a service code) or by a Luhn-valid number of
// a payment scheme. A number that begins with one of `allowed` is a loyalty card, whatever else
// it looks like: one in ten random numbers passes Luhn.
bool is_payment_card(int track, std::string_view data, const std::vector<std::string>& allowed);

}  // namespace till::reader_magstripe
