// What a rule plugin is asked about a sale, and what its answer comes to. Pure; asking itself is
// gateway/app's.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "gateway/checkout/sale.h"

namespace till::checkout {

// The body of rule.evaluate: lines are numbered from 1, in the receipt's order; the customer is
// told only by the type of her card and her segments.
boost::json::object question_of(const Sale& sale, std::int64_t utc_offset_min);

// A line that is not there or comes twice, an amount below zero or above the line's total, a text
// that can not be shown: the whole answer is `invalid`.
loyalty::PluginAnswer answer_of(const std::string& plugin, const Sale& sale,
                                std::string_view result);

}  // namespace till::checkout
