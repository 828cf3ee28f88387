// Tests of a program by its owner: baskets and what must come out, in a file.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "sdk/cpp/base/result.h"

namespace till::loyalty {

// Every field `expected` names must be in `actual` and equal; fields it leaves out may be anything.
// Lists have the same length and are compared in order. Returns where they differ, in words:
// "lines[0].total: 90.00, expected 95.00".
std::vector<std::string> differences(const boost::json::value& expected,
                                     const boost::json::value& actual,
                                     const std::string& path = "");

struct TestResult {
  std::string name;
  std::vector<std::string> differences;  // empty = as expected
};
// {"title"?, "capabilities"?, "program": {…}, "tests": [{"name", "basket", "expect"}]}, or instead
// of program and tests an account to work through: "account": {… run_account …}, "expect": […].
// An error is one of the file or the program.
Result<std::vector<TestResult>> run_tests(const boost::json::value& file);

// What two versions of a program differ in, in words, one line each:
// "«Gold card»: percent off: 3 → 5". Both must have been read by Program::from_json.
std::vector<std::string> changes_in_words(const boost::json::value& before,
                                          const boost::json::value& after, bool russian);

}  // namespace till::loyalty
