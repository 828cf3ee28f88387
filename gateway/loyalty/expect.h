// Comparing a result with what a test expects of it.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

namespace till::loyalty {

// Every field `expected` names must be in `actual` and equal; fields it leaves out may be anything.
// Lists have the same length and are compared in order. Returns where they differ, in words:
// "lines[0].total: 90.00, expected 95.00".
std::vector<std::string> differences(const boost::json::value& expected,
                                     const boost::json::value& actual,
                                     const std::string& path = "");

}  // namespace till::loyalty
