// Comma separated values (RFC 4180), with ';' as Russian spreadsheets write it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/cpp/base/result.h"

namespace till::goods {

struct CsvRow {
  std::size_t line = 0;  // where it begins in the file, from 1
  std::vector<std::string> cells;
};

struct CsvFile {
  char separator = ',';      // ';' when one stands in the first line
  std::vector<CsvRow> rows;  // without empty lines
};

// Skips a byte order mark; quotes may hold separators, line ends and doubled quotes. kBadFile
// names the line of a quote that never ends or stands in the middle of a cell.
Result<CsvFile> parse_csv(std::string_view text);

}  // namespace till::goods
