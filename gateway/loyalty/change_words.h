// The fields and words of a program as its owner says them.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace till::loyalty {

// "redeem.max_amount" -> "paying with points, at most".
std::string field_words(std::string_view path, bool russian);
// A value as text: lists by commas, objects as "field value", limits and ladders as sentences.
// `field` is the name it stands under, "" = none.
std::string value_words(const boost::json::value* value, std::string_view field, bool russian);

}  // namespace till::loyalty
