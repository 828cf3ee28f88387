#include "gateway/app/program_command.h"

#include <fstream>
#include <iostream>
#include <sstream>

#include "gateway/base/json.h"
#include "gateway/base/limits.h"
#include "gateway/loyalty/basket_json.h"
#include "gateway/loyalty/plan.h"

namespace till::app {
namespace {

using loyalty::Program;

struct Tool {
  Language language;

  int complain(const Error& error) const {
    std::cerr << describe(error, language) << "\n";
    return 1;
  }
  int complain(const std::string& file, Error error) const {
    error.detail = file + ": " + error.detail;
    return complain(error);
  }
};

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

Result<Program> program_in(const std::string& path) {
  auto program = Program::from_json(TILL_TRY(text_of(path)));
  if (!program) return fail(program.error().code, path + ": " + program.error().detail);
  return program;
}

int check(const Tool& tool, const std::string& path) {
  const auto program = program_in(path);
  if (!program) return tool.complain(program.error());
  const auto& plan = program->plan();
  const bool russian = tool.language == Language::kRu;
  std::cout << plan.id << (russian ? ", версия " : ", version ") << plan.version << ": "
            << plan.rules.size() << (russian ? " правил\n" : " rules\n");
  return 0;
}

int evaluate_one(const Tool& tool, const Program& program, const std::string& path) {
  const auto text = text_of(path);
  if (!text) return tool.complain(text.error());
  const auto basket = parse_json(*text, {limits::kMaxProgramBytes, limits::kMaxJsonDepth});
  if (!basket) return tool.complain(path, basket.error());
  const auto result = loyalty::evaluate_json(program, *basket);
  if (!result) return tool.complain(path, result.error());
  std::cout << boost::json::serialize(*result) << "\n";
  return 0;
}

// One basket a line, one result a line; a bad basket answers {"error": …} and the rest go on.
int evaluate_lines(const Tool& tool, const Program& program, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  if (path != "-" && !file.is_open()) return tool.complain({Code::kBadFile, path, {}});
  std::ios::sync_with_stdio(false);
  std::string line;
  int failed = 0;
  while (std::getline(in, line)) {
    if (line.empty()) continue;
    const auto basket = parse_json(line);
    const auto result = basket ? loyalty::evaluate_json(program, *basket)
                               : Result<boost::json::object>(std::unexpected(basket.error()));
    if (result) {
      std::cout << boost::json::serialize(*result) << '\n';
      continue;
    }
    failed = 1;
    std::cout << boost::json::serialize(
                     boost::json::object{{"error", code_name(result.error().code)},
                                         {"detail", result.error().detail},
                                         {"text", describe(result.error(), tool.language)}})
              << '\n';
  }
  std::cout.flush();
  return failed;
}

int explain(const Tool& tool, const Program& program, const std::string& path) {
  const auto text = text_of(path);
  if (!text) return tool.complain(text.error());
  const auto basket = parse_json(*text);
  if (!basket) return tool.complain(path, basket.error());
  const auto result = loyalty::evaluate_json(program, *basket);
  if (!result) return tool.complain(path, result.error());
  const auto* language = tool.language == Language::kRu ? "ru" : "en";
  for (const auto& why : result->at("why").as_array()) {
    const auto& o = why.as_object();
    if (const auto* line = o.if_contains("line")) std::cout << line->as_string().c_str() << ": ";
    std::cout << o.at(language).as_string().c_str() << "\n";
  }
  for (const auto& code : result->at("codes").as_array()) {
    std::cout << code.at("entered").as_string().c_str() << ": "
              << code.at("why").at(language).as_string().c_str() << "\n";
  }
  return 0;
}

}  // namespace

int program_command(const std::vector<std::string>& words, Language language) {
  const Tool tool{language};
  const auto is = [&](std::string_view name, std::size_t count) {
    return words[0] == name && words.size() == count + 1;
  };
  if (words.empty()) return 2;
  if (is("check", 1)) return check(tool, words[1]);
  if (is("evaluate", 2) || is("explain", 2)) {
    const auto program = program_in(words[1]);
    if (!program) return tool.complain(program.error());
    if (words[0] == "explain") return explain(tool, *program, words[2]);
    const bool lines = words[2] == "-" || words[2].ends_with(".jsonl");
    return lines ? evaluate_lines(tool, *program, words[2])
                 : evaluate_one(tool, *program, words[2]);
  }
  std::cerr << "tillbridge program " << kProgramHelp << "\n";
  return 2;
}

}  // namespace till::app
