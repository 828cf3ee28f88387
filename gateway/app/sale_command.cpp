#include "sale_command.h"

#include <unistd.h>
#include <csignal>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include "api_client.h"
#include "device_command.h"
#include "gateway/base/errors.h"
#include "gateway/base/system_clock.h"
#include "register_command.h"
#include "sale_help.h"
#include "words.h"

namespace till::app {

namespace {

namespace asio = boost::asio;
namespace json = boost::json;

class TerminalTill {
 public:
  explicit TerminalTill(const SaleOptions& options)
      : options_(options),
        api_(options.url, read_token(options.token_file), options.language),
        input_(io_, ::dup(STDIN_FILENO)),
        retry_(io_) {}

  int run() {
    listen();  // first: what is scanned while the help is read must not be missed
    std::cout << "Tillbridge; help " << (ru() ? "покажет это снова" : "shows this again") << "\n"
              << kHelp << std::flush;
    prompt();
    read_line();
    io_.run();
    later_.clear();  // each ends by itself
    return 0;
  }

 private:
  [[nodiscard]] bool ru() const { return options_.language != "en"; }
  [[nodiscard]] Language language() const { return ru() ? Language::kRu : Language::kEn; }
  // Only for a person: a script reads whole lines.
  void prompt() {
    if (::isatty(STDIN_FILENO) != 0) std::cout << "> ";
    std::cout << std::flush;
  }

  void listen() {
    api_.listen(
        io_, [this](const json::value& e) { on_event(e); },
        [this] {
          retry_.expires_after(std::chrono::milliseconds(300));
          retry_.async_wait([this](boost::system::error_code ec) {
            if (!ec) listen();
          });
        });
    if (sale_.empty()) return;
    (void)catch_up();  // of a gateway that is still away it is no news
    prompt();
  }

  void read_line() {
    asio::async_read_until(input_, buffer_, '\n',
                           [this](boost::system::error_code ec, std::size_t) {
                             std::string line;
                             std::istream in(&buffer_);
                             if (!std::getline(in, line) && ec) return io_.stop();
                             if (!line.empty() && !execute(line)) return io_.stop();
                             if (ec) return io_.stop();
                             prompt();
                             read_line();
                           });
  }

  // ---- what the gateway tells ----

  void on_event(const json::value& e) {
    const std::string type = member_text(e, "type");
    if (type == "scan") {
      const auto& item = e.at("item");
      std::cout << "[scan] " << member_text(item, "name") << "  " << member_text(item, "price")
                << "\n";
      if (ensure_sale()) show_error(call("lines", {{"code", member_text(e, "code")}}));
    } else if (type == "coupon") {
      std::cout << "[" << (ru() ? "купон" : "coupon") << "] " << member_text(e, "code") << "\n";
      if (ensure_sale()) show(call("codes", {{"code", member_text(e, "code")}}));
    } else if (type == "card") {
      std::cout << "[card] " << member_text(e, "card") << "\n";
      if (ensure_sale()) show(call("identify", {{"card_event", member_text(e, "event")}}));
    } else if (type == "input_error") {
      std::cout << "[" << member_text(e, "code") << "] " << member_text(e, "what") << ". "
                << member_text(e, "next") << "\n";
    } else if (type == "device") {
      const bool online = member_text(e, "online") == "true";
      std::cout << "[" << member_text(e, "device") << "] "
                << device_word(online ? "online" : "offline", language()) << "\n";
    } else if (type == "sale" && member_text(e.at("sale"), "id") == sale_) {
      on_sale(e.at("sale"));
    } else {
      return;
    }
    prompt();
  }

  // What the sale is now: by an event, or read because an event may have been missed.
  void on_sale(const json::value& sale) {
    const std::string state = member_text(sale, "state");
    if (state != state_) {
      std::cout << "[" << (ru() ? "продажа" : "sale") << "] " << sale_word(state, language())
                << "\n";
    }
    state_ = state;
    if (state == "committed" || state == "settled_by_person") finish(sale);
    if (state == "cancelled") sale_.clear();
  }

  // Events are not repeated: what happened while the gateway was away is read.
  Result<ApiAnswer> catch_up() {
    auto now = call("");
    if (now && now->status < 300) on_sale(now->body);
    if (now && now->status == 404) sale_.clear();  // lost with the power, before it was paid
    return now;
  }

  void finish(const json::value& sale) {
    const auto& d = sale.at("document");
    std::cout << (ru() ? "  чек ФД " : "  document ") << member_text(d, "number") << ", "
              << member_text(sale.at("quote"), "total");
    const bool back = member_text(sale, "return") == "true";
    std::cout << (back && ru() ? " возвращено, снято баллов "
                  : back       ? " paid back, points taken off "
                  : ru()       ? ", начислено "
                               : ", earned ")
              << member_text(sale.at("quote"), "accrued") << "\n  " << sale_ << "\n";
    if (const auto* coupons = sale.as_object().if_contains("coupons")) {
      for (const auto& c : coupons->as_array()) {
        std::cout << (ru() ? "  покупателю купон " : "  a coupon for the customer ")
                  << member_text(c, "code") << "\n";
      }
    }
    last_ = std::exchange(sale_, "");
    if (!back) last_sold_ = last_;
  }

  // ---- what the person types ----

  bool execute(const std::string& line) {
    std::istringstream in(line);
    std::string verb, rest;
    in >> verb;
    std::getline(in >> std::ws, rest);
    if (verb == "quit" || verb == "exit") return false;
    using Handler = void (TerminalTill::*)(const std::string&);
    static const std::map<std::string, Handler> kVerbs = {
        {"scan", &TerminalTill::scan},         {"swipe", &TerminalTill::swipe},
        {"phone", &TerminalTill::phone},       {"code", &TerminalTill::code},
        {"coupon", &TerminalTill::coupon},     {"points", &TerminalTill::points},
        {"pay", &TerminalTill::pay},           {"return", &TerminalTill::give_back},
        {"pull", &TerminalTill::pull},         {"plug", &TerminalTill::plug},
        {"kill", &TerminalTill::kill_gateway}, {"state", &TerminalTill::state},
        {"cancel", &TerminalTill::cancel},     {"settle", &TerminalTill::settle},
        {"balance", &TerminalTill::balance},   {"receipt", &TerminalTill::receipt},
        {"devices", &TerminalTill::devices}};
    static const std::map<std::string, const char*> kWanted = {
        {"scan", "4601234567893"}, {"swipe", "2900000000018"}, {"phone", "+79161234567"},
        {"points", "50"},          {"return", "last 1=1"},     {"pull", "register"},
        {"plug", "register"},      {"coupon", "7700000008"}};
    const auto at = kVerbs.find(verb);
    const auto wanted = kWanted.find(verb);
    static const std::set<std::string> kOfASale = {"code",  "coupon", "points", "pay",
                                                   "state", "cancel", "settle"};
    if (verb == "help") {
      std::cout << kHelp;
    } else if (at == kVerbs.end()) {
      std::cout << "  " << verb
                << (ru() ? ": нет такой команды; help покажет все\n"
                         : ": no such command; help shows them all\n");
    } else if (rest.empty() && wanted != kWanted.end()) {
      std::cout << (ru() ? "  чего-то не хватает, например: " : "  something is missing, as in: ")
                << verb << " " << wanted->second << "\n";
    } else if ((kOfASale.contains(verb) && sale_.empty()) ||
               (verb == "balance" && sale_.empty() && last_.empty())) {
      std::cout << (ru() ? "  нет открытой продажи: отсканируйте товар\n"
                         : "  no sale is open: scan something\n");
    } else {
      (this->*at->second)(rest);
    }
    return true;
  }

  void scan(const std::string& code) {
    if (!options_.simulator.empty()) return simulate({{"do", "scan"}, {"data", code}});
    if (ensure_sale()) show(call("lines", {{"code", code}}));
  }
  void swipe(const std::string& number) {
    if (!options_.simulator.empty()) return simulate({{"do", "swipe"}, {"track2", number}});
    if (ensure_sale()) show(call("identify", {{"card", number}}));
  }
  void phone(const std::string& number) {
    if (!ensure_sale()) return;
    if (!options_.simulator.empty()) simulate({{"do", "phone.clear"}});  // older codes are dead
    const auto sent = call("identify", {{"phone", number}});
    show_error(sent);
    const bool taken = sent && sent->status == 202;
    if (taken) phone_ = number;
    if (taken && !options_.simulator.empty()) simulate({{"do", "phone.messages"}});
  }
  void code(const std::string& digits) {
    if (digits.empty() || phone_.empty()) {
      std::cout << (ru() ? "  сначала phone НОМЕР, затем code ЦИФРЫ\n"
                         : "  first phone NUMBER, then code DIGITS\n");
      return;
    }
    show(call("identify", {{"phone", phone_}, {"code", digits}, {"enrol", true}}));
  }
  void settle(const std::string& words) {
    std::istringstream in(words);
    const std::vector<std::string> said{std::istream_iterator<std::string>(in), {}};
    const auto body = settlement_of(said, language());
    if (!body) return show_error(std::unexpected(body.error()));
    if (!*body) {
      std::cout << (ru() ? "  settle none, или settle ФН ФД [ФП]\n"
                         : "  settle none, or settle FISCAL_MEMORY NUMBER [SIGN]\n");
      return;
    }
    const auto& token = options_.senior_token_file;
    if (token.empty()) return show(call("settle", **body));
    ApiClient senior(options_.url, read_token(token), options_.language);
    show(senior.call("POST", "/v1/sales/" + sale_ + "/settle", **body));
  }
  // "coupon CODE" takes it in, "coupon -CODE" out again.
  void coupon(const std::string& code) {
    const bool out = code.starts_with('-');
    const auto done = call("codes", {{"code", code.substr(out ? 1 : 0)}, {"remove", out}});
    show_error(done);
    if (done && done->status < 300) show(call("quote"));
  }
  void points(const std::string& n) {
    const auto taken = call("points", {{"points", n}});
    taken && taken->status < 300 ? show(call("quote")) : show_error(taken);
  }
  void state(const std::string&) {
    const auto now = catch_up();
    if (sale_.empty()) return show_error(now);  // it was over
    show(state_ == "open" || state_ == "quoted" ? call("quote") : now);
  }
  // Refused, it is still this till's sale.
  void cancel(const std::string&) {
    const auto done = call("cancel");
    show(done);
    if (done && done->status < 300) sale_.clear();
  }

  void pay(const std::string& how) {
    const auto quoted = call("quote");
    if (!quoted || quoted->status >= 300) return show(quoted);
    const auto& quote = quoted->body.at("quote");
    std::istringstream in(how);
    std::string tender = "electronic", amount = member_text(quote, "total");
    in >> tender >> amount;
    if (how.empty()) tender = "electronic";
    const json::object body{
        {"quote", member_text(quote, "id")},
        {"payments", json::array{json::object{{"tender", tender}, {"amount", amount}}}}};
    // The key is the quote: paying it twice by accident is the same payment.
    const auto ask = [options = options_, path = "/v1/sales/" + sale_ + "/pay", body,
                      key = member_text(quote, "id")] {
      ApiClient api(options.url, read_token(options.token_file), options.language);
      return api.call("POST", path, body, key);
    };
    if (::isatty(STDIN_FILENO) == 0) return show_error(ask());  // a script reads line by line
    later_.emplace_back([this, ask] {
      asio::post(io_, [this, answer = ask()] {
        show_error(answer);
        prompt();
      });
    });
  }

  void give_back(const std::string& args) {
    if (!sale_.empty()) {
      std::cout << (ru() ? "  сначала закончите открытую продажу: pay или cancel\n"
                         : "  first finish the sale that is open: pay or cancel\n");
      return;
    }
    std::istringstream in(args);
    std::string sold, part;
    in >> sold;
    if (sold == "last") sold = last_sold_;
    json::object lines;
    while (in >> part) {
      const auto eq = part.find('=');
      lines[part.substr(0, eq)] = eq == std::string::npos ? "1" : part.substr(eq + 1);
    }
    const auto opened = api_.call("POST", "/v1/returns",
                                  {{"number", new_number()}, {"sale", sold}, {"lines", lines}});
    if (opened && opened->status < 300) sale_ = member_text(opened->body, "id");
    show(opened);
  }

  // At once, or so many milliseconds from now: into the payment that is typed next.
  void pull(const std::string& words) {
    std::istringstream in(words);
    std::string device;
    int ms = 0;
    in >> device >> ms;
    if (!has_cable(device)) return;
    const json::object command{{"do", device + ".pull"}};
    if (ms <= 0) return simulate(command);
    later_.emplace_back([this, command, ms] {
      std::this_thread::sleep_for(std::chrono::milliseconds(ms));
      simulate(command);
    });
  }
  void plug(const std::string& device) {
    if (has_cable(device)) simulate({{"do", device + ".plug"}});
  }
  bool has_cable(const std::string& device) {
    const bool has =
        device == "register" || device == "printer" || device == "scanner" || device == "reader";
    if (!has) {
      std::cout << (ru() ? "  кабель есть у register, printer, scanner и reader\n"
                         : "  register, printer, scanner and reader have a cable\n");
    }
    return has;
  }
  // The demo's power cut: no goodbye. Whoever started the gateway starts it again.
  void kill_gateway(const std::string&) {
    std::ifstream in(options_.gateway_pid);
    pid_t pid = 0;
    // The file outlives the process; its number may be somebody else's by now.
    std::error_code none;
    const auto program = [&](const std::string& of) {
      return std::filesystem::read_symlink("/proc/" + of + "/exe", none);
    };
    if (in >> pid && pid > 1 && program(std::to_string(pid)) == program("self")) {
      ::kill(pid, SIGKILL);
      std::cout << "  kill -9 " << pid << "\n";
    } else {
      std::cout << "  (" << (ru() ? "только в демо" : "only in the demo") << ")\n";
    }
  }
  void receipt(const std::string&) {
    if (!last_.empty()) return simulate({{"do", "register.text"}});
    std::cout << (ru() ? "  здесь ещё ничего не продано\n" : "  nothing was sold here yet\n");
  }
  // Of the customer of this sale, or of the last one.
  void balance(const std::string&) {
    const auto answer =
        api_.call("POST", "/v1/sales/" + (sale_.empty() ? last_ : sale_) + "/balance");
    show_error(answer);
    if (answer && answer->status < 300) {
      std::cout << (ru() ? "  баллов " : "  points ") << member_text(answer->body, "available")
                << "\n";
    }
  }
  void devices(const std::string&) { show_devices(api_.call("GET", "/v1/devices"), language()); }

  // ---- helpers ----

  std::string new_number() {
    SystemClock clock;
    SystemRandom random;
    return to_string(new_uuid(clock, random)).substr(0, 18);
  }

  bool ensure_sale() {
    if (!sale_.empty()) return true;
    const auto opened =
        api_.call("POST", "/v1/sales", {{"number", new_number()}, {"cashier", "Иванова"}});
    if (!opened || opened->status >= 300) {
      show(opened);
      return false;
    }
    sale_ = member_text(opened->body, "id");
    state_ = "open";
    return true;
  }

  Result<ApiAnswer> call(const std::string& verb, const json::object& body = {}) {
    const std::string path = "/v1/sales/" + sale_;
    return verb.empty() ? api_.call("GET", path) : api_.call("POST", path + "/" + verb, body);
  }

  void show_error(const Result<ApiAnswer>& answer) {
    std::cout << trouble_text(answer, language());
  }

  void show(const Result<ApiAnswer>& answer) {
    show_error(answer);
    if (!answer || answer->status >= 300 || !answer->body.is_object()) return;
    const auto& sale = answer->body.get_object();
    if (!sale.contains("lines")) return;
    std::cout << "  [" << sale_word(member_text(answer->body, "state"), language()) << "]\n";
    for (const auto& line : sale.at("lines").as_array()) {
      std::cout << "  " << member_text(line, "id") << ". " << member_text(line, "name") << "  "
                << member_text(line, "price") << " x " << member_text(line, "quantity") << " = "
                << (member_text(line, "total").empty() ? "…" : member_text(line, "total")) << "\n";
    }
    if (const auto* c = sale.if_contains("customer")) {
      const std::string available = member_text(*c, "available");
      const bool known = member_text(*c, "verified") == "true";
      std::cout << "  " << (ru() ? "покупатель " : "customer ") << member_text(*c, "label");
      if (!available.empty()) {
        std::cout << (ru() ? ", баллов " : ", points ")
                  << (known  ? available
                      : ru() ? "— (нет связи с центром; начислятся как непроверенные)"
                             : "unknown (no link to central; earns as unverified)");
      }
      std::cout << "\n";
    }
    // Of a quote they stand among the cashier's lines.
    if (const auto* codes = sale.if_contains("codes");
        codes != nullptr && !sale.contains("quote")) {
      for (const auto& code : codes->as_array()) {
        std::cout << "  " << (ru() ? "купон " : "coupon ") << member_text(code, "code") << ": "
                  << member_text(code, "text") << "\n";
      }
    }
    if (const auto* q = sale.if_contains("quote")) {
      for (const auto& line : q->at("cashier").as_array())
        std::cout << "    " << line.as_string().c_str() << "\n";
      const bool back = member_text(answer->body, "return") == "true";
      std::cout << "  "
                << (back && ru() ? "вернуть "
                    : back       ? "to pay back "
                    : ru()       ? "к оплате "
                                 : "to pay ")
                << member_text(*q, "total") << "\n";
    }
  }

  // One line to the virtual devices, one line back.
  void simulate(const json::object& command) {
    if (options_.simulator.empty()) {
      std::cout << "  (" << (ru() ? "только в демо" : "only in the demo") << ")\n";
      return;
    }
    try {
      asio::local::stream_protocol::socket socket(io_);
      socket.connect(options_.simulator);
      asio::write(socket, asio::buffer(json::serialize(command) + "\n"));
      asio::streambuf answer;
      asio::read_until(socket, answer, '\n');
      std::string line;
      std::istream in(&answer);
      std::getline(in, line);
      const auto value = json::parse(line);
      const auto* shown = value.as_object().if_contains("text");
      if (shown != nullptr) {
        std::cout << json::value_to<std::string>(*shown) << "\n";
      } else if (value.as_object().contains("messages")) {
        for (const auto& m : value.at("messages").as_array()) {
          std::cout << "  [" << member_text(m, "to") << "] " << member_text(m, "text") << "\n";
        }
      } else if (value.at("ok") != true) {
        std::cout << "  " << line << "\n";
      }
    } catch (const std::exception& e) {
      std::cout << "  " << options_.simulator << ": " << e.what() << "\n";
    }
  }

  SaleOptions options_;
  ApiClient api_;
  asio::io_context io_;
  asio::posix::stream_descriptor input_;
  asio::steady_timer retry_;
  asio::streambuf buffer_;
  std::string sale_, last_, last_sold_, state_, phone_;
  std::vector<std::jthread> later_;  // payments under way, cables about to be pulled
};

}  // namespace

int sale_till(const SaleOptions& options) { return TerminalTill(options).run(); }

}  // namespace till::app
