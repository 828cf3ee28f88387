#include "gateway/app/program_command.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "gateway/app/program_files.h"
#include "gateway/app/program_history.h"
#include "gateway/app/program_templates.h"
#include "gateway/base/json.h"
#include "gateway/base/limits.h"
#include "gateway/base/program_signature.h"
#include "gateway/loyalty/account_json.h"
#include "gateway/loyalty/basket_json.h"
#include "gateway/loyalty/calendar.h"
#include "gateway/loyalty/expect.h"
#include "gateway/loyalty/explain.h"
#include "gateway/loyalty/plan.h"
#include "gateway/loyalty/reach.h"
#include "gateway/loyalty/refusal_words.h"
#include "sdk/tool/package.h"

namespace till::app {
namespace {

constexpr const char* kHelpEn =
    "Commands:\n"
    "  new [KIND]                              a program to begin with; without KIND the kinds\n"
    "  check PROGRAM                           whether it reads, and every rule can apply\n"
    "  evaluate PROGRAM BASKETS [brief]        what a basket costs and earns, as JSON; brief:\n"
    "                                          without single units and reasons\n"
    "  explain PROGRAM BASKET                  why, in words\n"
    "  explain DATA SALE                       the same of a past receipt\n"
    "  test FILE...                            baskets with expected results\n"
    "  diff PROGRAM PROGRAM                    what changed, in words\n"
    "  what-if PROGRAM PROGRAM BASKETS [csv]   baskets under two programs\n"
    "  what-if PROGRAM DATA DAY [csv]          a day of a store under another program\n"
    "  account STEPS                           a points account step by step\n"
    "  key FILE                                a key pair: FILE is the secret one\n"
    "  sign PROGRAM KEYFILE                    writes PROGRAM.sig\n"
    "  verify PROGRAM PUBLICKEY                whether the signature is right\n"
    "All files are JSON, baskets also JSON Lines (.jsonl, or - for the input). DATA is a store's\n"
    "data folder, SALE its id, the till's number or the fiscal document's, DAY 2026-11-22.";

constexpr const char* kHelpRu =
    "Команды:\n"
    "  new [ВИД]                                   программа для начала; без вида — список видов\n"
    "  check ПРОГРАММА                             читается ли она и может ли сработать каждое "
    "правило\n"
    "  evaluate ПРОГРАММА ЧЕКИ [brief]             сколько стоит чек и что начислено, в JSON;\n"
    "                                              brief — без отдельных единиц и причин\n"
    "  explain ПРОГРАММА ЧЕК                       почему, словами\n"
    "  explain ДАННЫЕ ПРОДАЖА                      то же о прошлом чеке\n"
    "  test ФАЙЛ...                                чеки с ожидаемыми итогами\n"
    "  diff ПРОГРАММА ПРОГРАММА                    что изменилось, словами\n"
    "  what-if ПРОГРАММА ПРОГРАММА ЧЕКИ [csv]      чеки по двум программам\n"
    "  what-if ПРОГРАММА ДАННЫЕ ДЕНЬ [csv]         день магазина по другой программе\n"
    "  account ШАГИ                                счёт баллов по шагам\n"
    "  key ФАЙЛ                                    пара ключей: в файле секретный\n"
    "  sign ПРОГРАММА КЛЮЧ                         пишет ПРОГРАММА.sig\n"
    "  verify ПРОГРАММА ОТКРЫТЫЙКЛЮЧ               верна ли подпись\n"
    "Все файлы — JSON, чеки также JSON Lines (.jsonl или - для ввода). ДАННЫЕ — папка данных "
    "магазина,\n"
    "ПРОДАЖА — её номер, номер чека у кассы или фискального документа, ДЕНЬ — 2026-11-22.";

using loyalty::Program;

struct Tool {
  Language language;

  // With the refusal's own words in the language asked for; the names of files stay.
  [[nodiscard]] std::string words(const Error& error) const {
    return loyalty::refusal_text(error, language);
  }
  int complain(const Error& error) const {
    std::cerr << words(error) << "\n";
    return 1;
  }
  int complain(const std::string& file, Error error) const {
    error.detail = file + ": " + error.detail;
    return complain(error);
  }
};

int check(const Tool& tool, const std::string& path) {
  const auto program = program_in(path);
  if (!program) return tool.complain(program.error());
  const auto& plan = program->plan();
  if (const auto reach = loyalty::check_reach(plan); !reach) {
    return tool.complain(path, reach.error());
  }
  const bool russian = tool.language == Language::kRu;
  std::cout << plan.id << (russian ? ", версия " : ", version ") << plan.version << ": "
            << loyalty::counted(plan.rules.size(),
                                russian ? "правило|правила|правил" : "rule|rules", russian)
            << "\n";
  return 0;
}

int evaluate_one(const Tool& tool, const Program& program, const std::string& path,
                 loyalty::Detail detail) {
  const auto text = text_of(path);
  if (!text) return tool.complain(text.error());
  const auto basket = parse_json(*text, {limits::kMaxProgramBytes, limits::kMaxJsonDepth});
  if (!basket) return tool.complain(path, basket.error());
  const auto result = loyalty::evaluate_json(program, *basket, detail);
  if (!result) return tool.complain(path, result.error());
  std::cout << boost::json::serialize(*result) << "\n";
  return 0;
}

// One basket a line, one result a line; a bad basket answers {"error": …} with its line of the
// file, and the rest go on.
int evaluate_lines(const Tool& tool, const Program& program, const std::string& path,
                   loyalty::Detail detail) {
  std::ifstream file(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  if (path != "-" && !file.is_open()) return tool.complain({Code::kBadFile, path, {}});
  std::ios::sync_with_stdio(false);
  std::string line;
  int failed = 0;
  for (std::int64_t number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    const auto basket = parse_json(line);
    const auto result = basket ? loyalty::evaluate_json(program, *basket, detail)
                               : Result<boost::json::object>(std::unexpected(basket.error()));
    if (result) {
      std::cout << boost::json::serialize(*result) << '\n';
      continue;
    }
    failed = 1;
    const auto error = in_line(number, result.error());
    std::cout << boost::json::serialize(boost::json::object{{"error", code_name(error.code)},
                                                            {"line", number},
                                                            {"detail", error.detail},
                                                            {"text", tool.words(error)}})
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

int test(const Tool& tool, const std::vector<std::string>& words) {
  const bool russian = tool.language == Language::kRu;
  std::size_t failed = 0, passed = 0;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto file = json_in(words[i]);
    if (!file) return tool.complain(file.error());
    const auto results = loyalty::run_tests(*file);
    if (!results) return tool.complain(words[i], results.error());
    for (const auto& r : *results) {
      (r.differences.empty() ? passed : failed) += 1;
      std::cout << (r.differences.empty() ? "ok   "
                    : russian             ? "СБОЙ "
                                          : "FAIL ")
                << words[i] << ": " << r.name << "\n";
      for (const auto& d : r.differences) {
        std::cout << "       " << (russian ? loyalty::refusal_in_russian(d) : d) << "\n";
      }
    }
  }
  std::cout << fmt::format(
      fmt::runtime(russian ? "верно: {}, со сбоем: {}\n" : "{} ok, {} failed\n"), passed, failed);
  return failed == 0 ? 0 : 1;
}

int diff(const Tool& tool, const std::string& before, const std::string& after) {
  for (const auto& path : {before, after}) {
    if (const auto program = program_in(path); !program) return tool.complain(program.error());
  }
  const bool russian = tool.language == Language::kRu;
  for (const auto& change : loyalty::changes_in_words(*json_in(before), *json_in(after), russian)) {
    std::cout << change << "\n";
  }
  return 0;
}

// What another program would change: how many receipts, and by how much in all.
class Comparison {
 public:
  Comparison(bool csv, bool russian) : csv_(csv), russian_(russian) {
    if (!csv_) return;
    std::cout << (russian_
                      ? "чек,покупатель,к оплате сейчас,к оплате тогда,баллы сейчас,баллы тогда,"
                        "списано сейчас,списано тогда\n"
                      : "basket,customer,total_now,total_then,points_now,points_then,spent_now,"
                        "spent_then\n");
  }

  void add(const std::string& name, const std::string& customer, const loyalty::Quote& now,
           const loyalty::Quote& then) {
    if (csv_) {
      std::cout << name << "," << customer << "," << to_string(now.total) << ","
                << to_string(then.total) << "," << to_string(now.accrued) << ","
                << to_string(then.accrued) << "," << to_string(now.redeemed) << ","
                << to_string(then.redeemed) << "\n";
    }
    // A point that is kept is worth what an earned one is.
    const auto worth = [](const loyalty::Quote& q) {
      return q.total.minor + q.redeemed.units - q.accrued.units;
    };
    const char* group = worth(then) < worth(now)   ? "better"
                        : worth(then) > worth(now) ? "worse"
                                                   : "same";
    for (const auto* each : {"all", group}) count(each, now, then, 1);
  }

  // What was paid back now and would have been then: it lowers what the program costs.
  void add_return(const std::string& name, const std::string& customer, const loyalty::Quote& now,
                  const loyalty::Quote& then) {
    if (csv_) {
      std::cout << name << "," << customer << "," << to_string(-now.total) << ","
                << to_string(-then.total) << "," << to_string(-now.accrued) << ","
                << to_string(-then.accrued) << "," << to_string(-now.redeemed) << ","
                << to_string(-then.redeemed) << "\n";
    }
    for (const auto* each : {"all", "returns"}) count(each, now, then, -1);
  }

  void finish() const {
    if (csv_) return;
    const std::map<std::string, std::string> names{
        {"all", russian_ ? "все" : "all"},
        {"better", russian_ ? "выгоднее" : "better off"},
        {"worse", russian_ ? "хуже" : "worse off"},
        {"same", russian_ ? "без изменений" : "the same"},
        {"returns", russian_ ? "возвраты" : "returns"}};
    std::cout << (russian_ ? "чеки | к оплате | скидки | баллы | списано\n"
                           : "receipts | to pay | discounts | points | spent\n");
    for (const auto& [group, s] : sums_) {
      std::cout << fmt::format("{}: {} | {} | {} | {} | {}\n", names.at(group), s.baskets,
                               detail::decimal(s.total, 2), detail::decimal(s.discount, 2),
                               detail::decimal(s.points, 2), detail::decimal(s.spent, 2));
    }
  }

 private:
  void count(const char* group, const loyalty::Quote& now, const loyalty::Quote& then, int sign) {
    auto& sum = sums_[group];
    ++sum.baskets;
    sum.total += sign * (then.total - now.total).minor;
    sum.discount += sign * (then.discount - now.discount).minor;
    sum.points += sign * (then.accrued - now.accrued).units;
    sum.spent += sign * (then.redeemed - now.redeemed).units;
  }

  struct Sum {
    std::int64_t baskets = 0, total = 0, discount = 0, points = 0, spent = 0;
  };
  bool csv_, russian_;
  std::map<std::string, Sum> sums_;
};

struct Both {
  std::string customer;
  loyalty::Quote now, then;
};

// One basket, a line of JSON, under two programs; what it names is of one of them.
Result<Both> under_both(const Program& now, const Program& then, const std::string& line) {
  const auto json = TILL_TRY(parse_json(line));
  const auto basket = TILL_TRY(loyalty::basket_from_json(json));
  if (const auto known = loyalty::check_names(now, basket);
      !known && !loyalty::check_names(then, basket)) {
    return std::unexpected(known.error());
  }
  TILL_CHECK(loyalty::check_time(now, json));
  TILL_CHECK(loyalty::check_time(then, json));
  return catch_overflow("the basket", [&]() -> Result<Both> {
    return Both{basket.customer ? basket.customer->id.value : "", loyalty::quote(now, basket),
                loyalty::quote(then, basket)};
  });
}

// The same baskets under two programs: what it costs, and for whom it is better or worse. A bad
// basket is named and left out; the rest go on.
int what_if(const Tool& tool, const Program& now, const Program& then, const std::string& path,
            bool csv) {
  std::ifstream in(path, std::ios::binary);
  if (!in.is_open()) return tool.complain({Code::kBadFile, path, {}});
  Comparison comparison(csv, tool.language == Language::kRu);
  std::int64_t number = 0, bad = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;  // as an editor counts, empty lines too
    if (line.empty()) continue;
    const auto both = under_both(now, then, line);
    if (!both) {
      ++bad;
      tool.complain(path, in_line(number, both.error()));
      continue;
    }
    comparison.add(std::to_string(number), both->customer, both->now, both->then);
  }
  comparison.finish();
  if (bad == 0) return 0;
  const bool russian = tool.language == Language::kRu;
  std::cerr << fmt::format(
      fmt::runtime(russian ? "ошибки в чеках, не учтены: {}\n" : "baskets left out as bad: {}\n"),
      bad);
  return 1;
}

// A day as it was sold, out of a store's journal, under another program.
int what_if_day(const Tool& tool, const Program& then, const std::string& folder,
                const std::string& day, bool csv) {
  const auto local = loyalty::parse_day(day, "day");
  if (!local) return tool.complain(local.error());
  auto history = History::open(folder);
  if (!history) return tool.complain(history.error());
  Comparison comparison(csv, tool.language == Language::kRu);
  const auto worked_out = [&](const checkout::Sale& sale) {
    return catch_overflow("", [&]() -> Result<loyalty::Quote> {
      return loyalty::quote(then, checkout::basket_of(sale, sale.quoted_us));
    });
  };
  const auto of_return = [&](const checkout::Sale& back) -> Result<loyalty::Quote> {
    const auto sold = TILL_TRY(history->find(to_string(back.returned_sale)));
    const auto before = TILL_TRY(history->returned_before(back.returned_sale, back.id));
    return loyalty::quote_return(TILL_TRY(worked_out(sold.sale)), before, back.returned);
  };
  const auto read = history->each_of_day(
      *local, then.plan().settings.utc_offset_min, [&](const checkout::Sale& sale) {
        if (!sale.quote) return;
        const auto other = sale.is_return ? of_return(sale) : worked_out(sale);
        if (!other) return;  // sums beyond 64 bits were never on paper
        const auto customer = sale.customer ? sale.customer->customer.value : std::string();
        if (sale.is_return) {
          comparison.add_return(to_string(sale.id), customer, *sale.quote, *other);
        } else {
          comparison.add(to_string(sale.id), customer, *sale.quote, *other);
        }
      });
  if (!read) return tool.complain(read.error());
  comparison.finish();
  return 0;
}

int explain_past(const Tool& tool, const std::string& folder, const std::string& what) {
  const auto text = explain_receipt(folder, what, tool.language == Language::kRu);
  if (!text) return tool.complain(text.error());
  std::cout << *text;
  return 0;
}

int sign(const Tool& tool, const std::string& file, const std::string& key_file) {
  if (const auto program = program_in(file); !program) return tool.complain(program.error());
  const auto done = sign_program(file, key_file);
  return done ? 0 : tool.complain(done.error());
}

int verify(const Tool& tool, const std::string& file, const std::string& key) {
  const auto done = verify_program(file, {key});
  if (!done) return tool.complain(done.error());
  return check(tool, file);
}

int make_key(const Tool& tool, const std::string& file) {
  const auto key = kit::make_key(file);
  if (!key) return tool.complain(key.error());
  std::cout << *key << "\n";
  return 0;
}

// A program to begin with, from the documented examples; without a kind, what there is.
int fresh(const Tool& tool, const std::string& kind) {
  const auto* language = tool.language == Language::kRu ? "ru" : "en";
  for (const auto& t : program_templates()) {
    const auto example = parse_json(t.text);
    if (!example) return tool.complain(std::string(t.kind), example.error());
    const auto& parts = example->get_object();
    if (kind.empty()) {
      std::cout << fmt::format("{:24}{}\n", t.kind,
                               std::string_view(parts.at("title").at(language).as_string()));
    } else if (kind == t.kind) {
      std::cout << parts.at("program") << "\n";
      return 0;
    }
  }
  if (kind.empty()) return 0;
  std::string kinds;
  for (const auto& t : program_templates()) kinds.append(kinds.empty() ? "" : ", ").append(t.kind);
  const bool russian = tool.language == Language::kRu;
  std::cerr << fmt::format(
      fmt::runtime(russian ? "Вида программ «{}» нет. Есть: {}\n"
                           : "There is no kind of program \"{}\". There are: {}\n"),
      kind, kinds);
  return 1;
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

const char* program_help(Language language) {
  return language == Language::kRu ? kHelpRu : kHelpEn;
}

int program_command(const std::vector<std::string>& words, Language language) {
  const Tool tool{language};
  if (words.empty()) {
    std::cerr << program_help(language) << "\n";
    return 2;
  }
  const auto is = [&](std::string_view name, std::size_t count) {
    return words[0] == name && words.size() == count + 1;
  };
  if (is("check", 1)) return check(tool, words[1]);
  if (words[0] == "test" && words.size() > 1) return test(tool, words);
  if (is("diff", 2)) return diff(tool, words[1], words[2]);
  if (is("account", 1)) return account(tool, words[1]);
  if (is("new", 0) || is("new", 1)) return fresh(tool, words.size() > 1 ? words[1] : "");
  if (is("key", 1)) return make_key(tool, words[1]);
  if (is("sign", 2)) return sign(tool, words[1], words[2]);
  if (is("verify", 2)) return verify(tool, words[1], words[2]);
  const bool past =
      words.size() > 2 && std::filesystem::is_directory(words[words[0] == "explain" ? 1 : 2]);
  if (past && is("explain", 2)) return explain_past(tool, words[1], words[2]);
  if (past && (is("what-if", 3) || (is("what-if", 4) && words[4] == "csv"))) {
    const auto then = program_in(words[1]);
    if (!then) return tool.complain(then.error());
    return what_if_day(tool, *then, words[2], words[3], words.size() == 5);
  }
  if (is("what-if", 3) || (is("what-if", 4) && words[4] == "csv")) {
    const auto now = program_in(words[1]);
    const auto then = program_in(words[2]);
    if (!now) return tool.complain(now.error());
    if (!then) return tool.complain(then.error());
    return what_if(tool, *now, *then, words[3], words.size() == 5);
  }
  const bool brief = is("evaluate", 3) && words[3] == "brief";
  if (is("evaluate", 2) || brief || is("explain", 2)) {
    const auto program = program_in(words[1]);
    if (!program) return tool.complain(program.error());
    if (words[0] == "explain") return explain(tool, *program, words[2]);
    const bool lines = words[2] == "-" || words[2].ends_with(".jsonl");
    const auto detail = brief ? loyalty::Detail::kBrief : loyalty::Detail::kFull;
    return lines ? evaluate_lines(tool, *program, words[2], detail)
                 : evaluate_one(tool, *program, words[2], detail);
  }
  std::cerr << program_help(language) << "\n";
  return 2;
}

}  // namespace till::app
