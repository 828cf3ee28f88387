// Reports as a table for people and as CSV (RFC 4180) for programs.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/errors.h"

namespace till::central {

struct Column {
  std::string en, ru;
  std::string field;       // its name in CSV
  std::size_t width = 10;  // of the table, in characters; longer values push the line out
  bool right = false;
};

// One line, with its end.
std::string table_header(const std::vector<Column>& columns, Language language);
std::string table_line(const std::vector<Column>& columns, const std::vector<std::string>& values);
std::string csv_header(const std::vector<Column>& columns);
std::string csv_line(const std::vector<std::string>& values);

// "2026-02-01 12:30:05" in this machine's time zone.
std::string local_time(std::int64_t unix_us);

}  // namespace till::central
