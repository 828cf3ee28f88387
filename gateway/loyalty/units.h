// From a line down to its units, exactly.
#pragma once

#include <cstdint>
#include <vector>

#include "gateway/loyalty/loyalty.h"

namespace till::loyalty {

// Up to so many whole units stand one by one; of longer lines equal neighbours stand together as
// one share, whose amounts are those of all its units and divide by their number.
inline constexpr std::int64_t kMaxSingleUnits = 100;

// How much may come off the line before a unit falls below its minimum price.
Money unit_room(Money price, Quantity quantity, Money min_price, Money gross);

// The shares of the line's units in order, the fraction of a unit last. Equal units differ by one
// kopeck at most, the earlier ones carry it, and no unit falls below its minimum price as long as
// discount + by_points <= room. `earn_on_points_paid` is the program's.
std::vector<UnitShare> split_units(const Line& line, const LineQuote& quote,
                                   bool earn_on_points_paid);

}  // namespace till::loyalty
