#include "gateway/app/program_files.h"

#include <fstream>
#include <iostream>
#include <vector>

#include "gateway/base/json.h"
#include "gateway/base/limits.h"

namespace till::app {
namespace {

constexpr std::size_t kDepth = 24;  // of the lists and objects in a program

}  // namespace

using loyalty::Program;

Result<std::string> text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  std::string text;
  std::vector<char> block(1 << 16);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > limits::kMaxProgramBytes) return fail(Code::kTooLarge, path);
  }
  if (path != "-" && !file.is_open()) return fail(Code::kBadFile, path);
  return text;
}

// A file of tests is the example one begins with: easily taken for the program itself.
Result<Program> program_in(const std::string& path) {
  const auto text = TILL_TRY(text_of(path));
  auto program = Program::from_json(text);
  if (program) return program;
  const auto json = parse_json(text, {limits::kMaxProgramBytes, kDepth});
  const auto holds = [&](std::string_view field) {
    return json && json->is_object() && json->get_object().contains(field);
  };
  if (holds("program") && holds("tests")) {
    return fail(Code::kBadFile,
                path + ": a program and its tests; `tillbridge program test` runs them");
  }
  if (holds("account") && holds("expect")) {
    return fail(Code::kBadFile, path + ": a test of an account; `tillbridge program test` runs it");
  }
  return fail(program.error().code, path + ": " + program.error().detail);
}

Result<boost::json::value> json_in(const std::string& path) {
  const auto text = TILL_TRY(text_of(path));
  auto value = parse_json(text, {limits::kMaxProgramBytes, kDepth});
  if (!value) return fail(value.error().code, path + ": " + value.error().detail);
  return value;
}

// The basket is read alone, so a slip in its JSON is said to be in its first line.
Error in_line(std::int64_t number, Error error) {
  constexpr std::string_view kFirst = "line 1, column ";
  const auto line = "line " + std::to_string(number);
  error.detail = error.detail.starts_with(kFirst)
                     ? line + ", column " + error.detail.substr(kFirst.size())
                     : line + ": " + error.detail;
  return error;
}

}  // namespace till::app
