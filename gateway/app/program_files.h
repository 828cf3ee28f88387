// The files `tillbridge program` is given.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>

#include "gateway/loyalty/loyalty.h"

namespace till::app {

// "-" is the input.
Result<std::string> text_of(const std::string& path);

// Errors name the file. Who gives a file of tests for the program in it is told what it is.
Result<loyalty::Program> program_in(const std::string& path);
Result<boost::json::value> json_in(const std::string& path);

// The error of one basket of many, with its line of the file.
Error in_line(std::int64_t number, Error error);

}  // namespace till::app
