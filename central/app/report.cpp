#include "central/app/report.h"

#include <array>
#include <ctime>

#include "gateway/base/utf8.h"

namespace till::central {
namespace {

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::size_t length = utf8_length(text).value_or(text.size());
  const std::string blanks(length < width ? width - length : 0, ' ');
  return right ? blanks + text : text + blanks;
}

}  // namespace

std::string table_header(const std::vector<Column>& columns, Language language) {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const auto& c : columns) names.push_back(language == Language::kRu ? c.ru : c.en);
  return table_line(columns, names);
}

std::string table_line(const std::vector<Column>& columns, const std::vector<std::string>& values) {
  std::string line;
  for (std::size_t i = 0; i < columns.size() && i < values.size(); ++i) {
    if (i > 0) line += "  ";
    line += padded(values[i], columns[i].width, columns[i].right);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string csv_header(const std::vector<Column>& columns) {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const auto& c : columns) names.push_back(c.field);
  return csv_line(names);
}

std::string csv_line(const std::vector<std::string>& values) {
  std::string line;
  for (const auto& value : values) {
    if (&value != values.data()) line += ',';
    if (value.find_first_of(",\"\r\n") == std::string::npos) {
      line += value;
      continue;
    }
    line += '"';
    for (const char c : value) line.append(c == '"' ? 2 : 1, c);
    line += '"';
  }
  return line + "\r\n";
}

std::string local_time(std::int64_t unix_us) {
  const auto seconds = static_cast<std::time_t>(unix_us / 1'000'000);
  std::tm parts{};
  std::array<char, 40> text{};
  if (localtime_r(&seconds, &parts) == nullptr) return "?";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts)};
}

}  // namespace till::central
