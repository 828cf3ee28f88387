// tillbridge-central: central processing, the program.
#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include <csignal>
#include <iostream>

#include "central/app/cli.h"
#include "gateway/base/log.h"
#include "gateway/base/program_signature.h"
#include "gateway/base/system_clock.h"
#include "gateway/loyalty/refusal_words.h"

namespace till::central {
namespace {

using boost::json::object;
using boost::json::value;

Result<int> run(const Options& o) {
  open_log(o.log, LogLevel::kInfo);
  ServerConfig config{o.data, o.listen, {}};
  config.allowance.cap = {TILL_TRY(parse_decimal(o.allowance_cap, 2, "--allowance-cap"))};
  config.allowance.ttl_us = std::int64_t{o.allowance_hours} * 3'600'000'000;
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  sigprocmask(SIG_BLOCK, &stop, nullptr);  // before any thread of ZeroMQ is made
  const File signals(signalfd(-1, &stop, SFD_CLOEXEC));
  SystemClock clock;
  SystemRandom random;
  const auto server = TILL_TRY(Server::open(config, clock, random));
  log_info("central listens on {} and {}", server->endpoints().tell, server->endpoints().ask);
  std::cout << "ready" << std::endl;
  TILL_CHECK(server->run(signals.fd()));
  return 0;
}

Result<int> store_add(const Options& o) {
  const std::string path = o.out.empty() ? o.name + ".json" : o.out;
  // The secret key is in this file only: no store is added whose file can not be written.
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file && errno == EEXIST) {
    return fail(Code::kDuplicate, path + std::string(say(o, " is there already", " уже есть")));
  }
  if (!file) return fail(Code::kBadFile, path + ": " + std::strerror(errno));
  const auto added =
      Session(o.data)({{"command", "store.add"}, {"name", o.name}, {"hash_key", o.hash_key}});
  auto written = added ? write_private(path, boost::json::serialize(*added) + "\n")
                       : Result<void>(std::unexpected(added.error()));
  if (!written) {
    ::unlink(path.c_str());
    return std::unexpected(written.error());
  }
  fmt::print("{}\n", path);
  return 0;
}

Result<int> store_list(const Options& o) {
  const std::vector<Column> columns{{"Store", "Магазин", "store", 16},
                                    {"Hash key", "Ключ хешей", "hash_key", 12},
                                    {"Entries", "Записей", "sequence", 8, true},
                                    {"State", "Состояние", "state", 10},
                                    {"Public key", "Открытый ключ", "public_key", 40}};
  return list(o, {{"command", "store.list"}}, columns, "", [&](const value& row) {
    const auto stopped = row.at("stopped").as_int64();
    return std::vector<std::string>{text_of(row, "store"), text_of(row, "hash_key"),
                                    text_of(row, "sequence"),
                                    stopped == 0 ? std::string(say(o, "runs", "работает"))
                                                 : code_name(static_cast<Code>(stopped)),
                                    text_of(row, "public_key")};
  });
}

Result<int> coupons_add(const Options& o) {
  const auto added = TILL_TRY(Session(o.data)({{"command", "coupons.add"},
                                               {"code", o.code},
                                               {"type", o.type},
                                               {"customer", o.customer},
                                               {"until", o.until}}));
  fmt::print("{}\n", text_of(added, "code"));
  return 0;
}

Result<int> coupons_void(const Options& o) {
  TILL_TRY(
      Session(o.data)({{"command", "coupons.void"}, {"code", o.code}, {"restore", o.restore}}));
  return 0;
}

Result<int> coupons_list(const Options& o) {
  const std::vector<Column> columns{{"Code", "Код", "code", 16},
                                    {"Type", "Вид", "type", 12},
                                    {"Customer", "Клиент", "customer", 36},
                                    {"Until", "До", "until", 10},
                                    {"Used", "Раз", "used", 4, true},
                                    {"State", "Состояние", "state", 8}};
  return list(o, {{"command", "coupons.list"}}, columns, "code", [&](const value& row) {
    return std::vector<std::string>{
        text_of(row, "code"),
        text_of(row, "type"),
        text_of(row, "customer"),
        text_of(row, "until"),
        text_of(row, "used"),
        row.at("void").as_bool() ? std::string(say(o, "void", "отменён")) : std::string()};
  });
}

Result<int> purchases(const Options& o) {
  const std::vector<Column> columns{
      {"Date and time", "Дата и время", "date_time", 19},
      {"Card", "Карта", "card", 8},
      {"Outlet", "Торговая точка", "outlet", 16},
      {"Sum", "Сумма", "sum", 14, true},
      {"Points written off", "Списано баллов", "points_written_off", 18, true},
      {"Points accrued", "Начислено баллов", "points_accrued", 16, true}};
  return list(o, {{"command", "purchases"}, {"customer", o.customer}}, columns, "n",
              [](const value& row) {
                return std::vector<std::string>{local_time(row.at("at").as_int64()),
                                                text_of(row, "card"),
                                                text_of(row, "outlet"),
                                                text_of(row, "sum"),
                                                text_of(row, "written_off"),
                                                text_of(row, "accrued")};
              });
}

Result<int> alarms(const Options& o) {
  const auto rows = TILL_TRY(Session(o.data)({{"command", "alarms"}}));
  for (const auto& row : rows.as_array()) {
    const Error error{static_cast<Code>(row.at("code").as_int64()),
                      text_of(row, "subject") + ", " + text_of(row, "detail"), ""};
    fmt::print("{}  {}  x{}  {}\n", local_time(row.at("at").as_int64()), text_of(row, "store"),
               text_of(row, "count"), describe(error, language_of(o)));
  }
  return 0;
}

Result<int> prove(const Options& o) {
  const auto proof = TILL_TRY(Session(o.data)({{"command", "prove"}}));
  const auto& differences = proof.at("differences").as_array();
  for (const auto& d : differences) {
    fmt::print("{}: {} {}, {} {}, {} {}\n", text_of(d, "customer"), say(o, "balance", "баланс"),
               text_of(d, "balance"), say(o, "postings", "проводки"), text_of(d, "postings"),
               say(o, "lots", "партии"), text_of(d, "lots"));
  }
  fmt::print("{} {}, {} {}: {}\n", say(o, "accounts", "счетов"), text_of(proof, "accounts"),
             say(o, "postings", "проводок"), text_of(proof, "postings"),
             differences.empty() ? say(o, "all add up", "всё сходится")
                                 : say(o, "they do not add up", "не сходится"));
  return differences.empty() ? 0 : 1;
}

Result<int> program_set(const Options& o) {
  const auto body = TILL_TRY(read_file(o.file, till::limits::kMaxProgramBytes));
  boost::json::object request{{"command", "program.set"}, {"body", body}};
  if (const auto note = program_note(o.file)) request["signature"] = *note;
  const auto set = TILL_TRY(Session(o.data)(request));
  fmt::print("{} {}\n", text_of(set, "program"), text_of(set, "version"));
  return 0;
}

Result<int> program_trust(const Options& o) {
  const auto now = TILL_TRY(
      Session(o.data)({{"command", "program.trust"}, {"key", o.key}, {"undo", o.restore}}));
  for (const auto& key : now.at("keys").as_array()) {
    fmt::print("{}\n", std::string_view(key.as_string()));
  }
  return 0;
}

void build_run(CLI::App& app, Options& o, Command& chosen) {
  auto* command = leaf(app, "run", "run central until it is told to stop", o, chosen, run);
  command->add_option("--tell", o.listen.tell, "where streams come in; port * = a free one")
      ->capture_default_str();
  command->add_option("--ask", o.listen.ask, "where questions come in")->capture_default_str();
  command->add_option("--log", o.log, "the log file; else standard error");
  command
      ->add_option("--allowance-cap", o.allowance_cap,
                   "points one store may spend of one customer while it is cut off")
      ->capture_default_str();
  command->add_option("--allowance-hours", o.allowance_hours, "how long an allowance is good")
      ->check(CLI::Range(1, 24 * 7))
      ->capture_default_str();
}

void build_stores(CLI::App& app, Options& o, Command& chosen) {
  auto* stores = app.add_subcommand("store", "stores and their keys")->require_subcommand(1);
  auto* add = leaf(*stores, "add", "register a store and write its key file", o, chosen, store_add);
  add->add_option("name", o.name)->required();
  add->add_option("--out", o.out, "the key file; else NAME.json");
  add->add_option("--hash-key", o.hash_key, "stores of one name here share customers")
      ->capture_default_str();
  leaf(*stores, "list", "all stores and how far they are", o, chosen, store_list)
      ->add_flag("--csv", o.csv);
}

void build_coupons(CLI::App& app, Options& o, Command& chosen) {
  auto* coupons = app.add_subcommand("coupons", "the coupon book")->require_subcommand(1);
  auto* add = leaf(*coupons, "add", "put a code into the book", o, chosen, coupons_add);
  add->add_option("code", o.code)->required();
  add->add_option("--type", o.type, "one of the program's coupons")->required();
  add->add_option("--customer", o.customer, "whose it is; else anybody's");
  add->add_option("--until", o.until, "its last day, YYYY-MM-DD");
  auto* stop = leaf(*coupons, "void", "make a code useless", o, chosen, coupons_void);
  stop->add_option("code", o.code)->required();
  stop->add_flag("--restore", o.restore, "or useful again");
  leaf(*coupons, "list", "all codes and their uses", o, chosen, coupons_list)
      ->add_flag("--csv", o.csv);
}

void build_reports(CLI::App& app, Options& o, Command& chosen) {
  auto* bought = leaf(app, "purchases", "every purchase and return", o, chosen, purchases);
  bought->add_option("--customer", o.customer);
  bought->add_flag("--csv", o.csv);
  leaf(app, "alarms", "what a person has to look at", o, chosen, alarms);
  leaf(app, "prove", "add all postings up; exit code 1 when they differ", o, chosen, prove);
  auto* program = app.add_subcommand("program", "the loyalty program")->require_subcommand(1);
  leaf(*program, "set", "check a program and put it in force", o, chosen, program_set)
      ->add_option("file", o.file, "with FILE.sig beside it if keys are trusted")
      ->required();
  auto* trust =
      leaf(*program, "trust", "take only programs signed by this key, or by another trusted one", o,
           chosen, program_trust);
  trust->add_option("key", o.key, "as `tillbridge program key` prints it")->required();
  trust->add_flag("--undo", o.restore, "forget the key");
}

int main(int argc, char** argv) {
  umask(077);  // the ledger is its owner's alone
  CLI::App app("Tillbridge central processing: takes in the stores' sales and keeps the points");
  app.require_subcommand(1);
  Options options;
  Command chosen = nullptr;
  build_run(app, options, chosen);
  build_stores(app, options, chosen);
  build_customers(app, options, chosen);
  build_coupons(app, options, chosen);
  build_events(app, options, chosen);
  build_reports(app, options, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  auto done = chosen(options);
  if (done) return *done;
  const auto language = language_of(options);
  std::cerr << (chosen == program_set ? loyalty::refusal_text(done.error(), language)
                                      : describe(done.error(), language))
            << "\n";
  return 1;
}

}  // namespace
}  // namespace till::central

int main(int argc, char** argv) {
  try {
    return till::central::main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "tillbridge-central: " << error.what() << "\n";
    return 1;
  }
}
