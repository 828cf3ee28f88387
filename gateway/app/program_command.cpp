#include "gateway/app/program_command.h"

#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <map>

#include "gateway/base/json.h"
#include "gateway/base/limits.h"
#include "gateway/loyalty/account_json.h"
#include "gateway/loyalty/basket_json.h"
#include "gateway/loyalty/expect.h"
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

Result<boost::json::value> json_in(const std::string& path) {
  const auto text = TILL_TRY(text_of(path));
  auto value = parse_json(text, {limits::kMaxProgramBytes, 24});
  if (!value) return fail(value.error().code, path + ": " + value.error().detail);
  return value;
}

int test(const Tool& tool, const std::vector<std::string>& words) {
  std::size_t failed = 0, passed = 0;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto file = json_in(words[i]);
    if (!file) return tool.complain(file.error());
    const auto results = loyalty::run_tests(*file);
    if (!results) return tool.complain(words[i], results.error());
    for (const auto& r : *results) {
      (r.differences.empty() ? passed : failed) += 1;
      std::cout << (r.differences.empty() ? "ok   " : "FAIL ") << words[i] << ": " << r.name
                << "\n";
      for (const auto& d : r.differences) std::cout << "       " << d << "\n";
    }
  }
  std::cout << passed << " ok, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}

int diff(const Tool& tool, const std::string& before, const std::string& after) {
  for (const auto& path : {before, after}) {
    if (const auto program = program_in(path); !program) return tool.complain(program.error());
  }
  for (const auto& change : loyalty::program_changes(*json_in(before), *json_in(after))) {
    std::cout << change << "\n";
  }
  return 0;
}

struct Sum {
  std::int64_t baskets = 0, total = 0, discount = 0, points = 0;
};

// The same baskets under two programs: what it costs, and for whom it is better or worse.
int what_if(const Tool& tool, const Program& now, const Program& then, const std::string& path,
            bool csv) {
  std::ifstream in(path, std::ios::binary);
  if (!in.is_open()) return tool.complain({Code::kBadFile, path, {}});
  std::map<std::string, Sum> sums;
  if (csv) std::cout << "basket,customer,total_now,total_then,points_now,points_then\n";
  std::int64_t number = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    const auto where = path + ":" + std::to_string(++number);
    const auto json = parse_json(line);
    if (!json) return tool.complain(where, json.error());
    const auto basket = loyalty::basket_from_json(*json);
    if (!basket) return tool.complain(where, basket.error());
    const auto both =
        catch_overflow(where, [&]() -> Result<std::pair<loyalty::Quote, loyalty::Quote>> {
          return std::pair{loyalty::quote(now, *basket), loyalty::quote(then, *basket)};
        });
    if (!both) return tool.complain(both.error());
    const auto& [a, b] = *both;
    if (csv) {
      std::cout << number << "," << (basket->customer ? basket->customer->id.value : "") << ","
                << to_string(a.total) << "," << to_string(b.total) << "," << to_string(a.accrued)
                << "," << to_string(b.accrued) << "\n";
    }
    const auto worth = [](const loyalty::Quote& q) { return q.total.minor - q.accrued.units; };
    for (const auto* group : {"all", worth(b) < worth(a)   ? "better"
                                     : worth(b) > worth(a) ? "worse"
                                                           : "same"}) {
      auto& sum = sums[group];
      ++sum.baskets;
      sum.total += (b.total - a.total).minor;
      sum.discount += (b.discount - a.discount).minor;
      sum.points += (b.accrued - a.accrued).units;
    }
  }
  if (csv) return 0;
  const bool russian = tool.language == Language::kRu;
  const std::map<std::string, std::string> names{{"all", russian ? "все" : "all"},
                                                 {"better", russian ? "выгоднее" : "better off"},
                                                 {"worse", russian ? "хуже" : "worse off"},
                                                 {"same", russian ? "без изменений" : "the same"}};
  std::cout << (russian ? "чеки | к оплате | скидки | баллы\n"
                        : "receipts | to pay | discounts | points\n");
  for (const auto& [group, s] : sums) {
    std::cout << fmt::format("{}: {} | {} | {} | {}\n", names.at(group), s.baskets,
                             detail::decimal(s.total, 2), detail::decimal(s.discount, 2),
                             detail::decimal(s.points, 2));
  }
  return 0;
}

int account(const Tool& tool, const std::string& path) {
  const auto steps = json_in(path);
  if (!steps) return tool.complain(steps.error());
  const auto result = loyalty::run_account(*steps);
  if (!result) return tool.complain(path, result.error());
  std::cout << boost::json::serialize(*result) << "\n";
  return 0;
}

}  // namespace

int program_command(const std::vector<std::string>& words, Language language) {
  const Tool tool{language};
  if (words.empty()) return 2;
  const auto is = [&](std::string_view name, std::size_t count) {
    return words[0] == name && words.size() == count + 1;
  };
  if (is("check", 1)) return check(tool, words[1]);
  if (words[0] == "test" && words.size() > 1) return test(tool, words);
  if (is("diff", 2)) return diff(tool, words[1], words[2]);
  if (is("account", 1)) return account(tool, words[1]);
  if (is("what-if", 3) || (is("what-if", 4) && words[4] == "csv")) {
    const auto now = program_in(words[1]);
    const auto then = program_in(words[2]);
    if (!now) return tool.complain(now.error());
    if (!then) return tool.complain(then.error());
    return what_if(tool, *now, *then, words[3], words.size() == 5);
  }
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
