// The log: one line a call, formatted with fmt. Personal data comes as masked types (masked.h), so
// it can not be printed by mistake. log.cpp is the one file that knows spdlog.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace till {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// "" = standard error. Rotates at 10 MB, three files.
void open_log(const std::string& file, LogLevel level);
void log_line(LogLevel level, std::string_view text);

template <typename... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace till
