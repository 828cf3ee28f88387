// What central is told of a sale: ids and amounts, never a phone, a name or a card number.
#pragma once

#include "gateway/checkout/ports.h"
#include "sdk/cpp/base/bytes.h"

namespace till::checkout {

// A fact of the outbound stream as it goes over the wire. A sale's needs its quote and document.
Buffer encode(const Sale& sale, const Fact& fact);

}  // namespace till::checkout
