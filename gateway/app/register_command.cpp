#include "register_command.h"

#include <charconv>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "api_client.h"
#include "device_command.h"
#include "gateway/base/errors.h"
#include "sdk/cpp/base/base64.h"
#include "sdk/cpp/base/values.h"
#include "words.h"

namespace till::app {
namespace {

namespace json = boost::json;
using Words = std::vector<std::string>;

constexpr std::uint32_t kMaxPictureWidth = 640, kMaxPictureHeight = 1200;

struct Request {
  std::string method, path;
  json::value body;
};
struct Verb {
  std::size_t least, most;  // words behind it
  std::function<Request(const Words&)> make;
};

std::function<Request(const Words&)> plain(const char* path) {
  return [path](const Words&) { return Request{"POST", path, json::object{}}; };
}

// A wrong word is told by the gateway: it names the member.
json::value number(const std::string& word) {
  boost::system::error_code bad;
  auto value = json::parse(word, bad);
  return bad ? json::value(word) : value;
}

std::ifstream opened(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::invalid_argument(file + ": there is no such file, or it may not be read");
  return in;
}

// PBM of the binary kind (P4): "P4", width, height, one white space, rows of whole bytes.
Request picture(const Words& words) {
  auto file = opened(words[0]);
  std::string magic;
  std::uint32_t width = 0, height = 0;
  file >> magic >> width >> height;
  if (!file || magic != "P4" || width == 0 || width > kMaxPictureWidth || height == 0 ||
      height > kMaxPictureHeight) {
    throw std::invalid_argument(words[0] + ": is to be a binary PBM picture (P4) of at most " +
                                std::to_string(kMaxPictureWidth) + " x " +
                                std::to_string(kMaxPictureHeight) + " dots");
  }
  file.get();
  const std::uint32_t row = (width + 7) / 8;
  Buffer bits(std::size_t{row} * height);
  file.read(reinterpret_cast<char*>(bits.data()), static_cast<std::streamsize>(bits.size()));
  if (!file) throw std::invalid_argument(words[0] + ": ends too early");
  return {"POST",
          "/v1/register/picture",
          {{"first_line", words.size() > 1 ? number(words[1]) : json::value(1)},
           {"width", row * 8},
           {"bits", to_base64(bits)}}};
}

const std::map<std::string, Verb>& verbs() {
  static const std::map<std::string, Verb> kVerbs = {
      {"status", {0, 0, [](const Words&) { return Request{"GET", "/v1/register/status", {}}; }}},
      {"arm",
       {1, 1,
        [](const Words& w) {
          return Request{"POST", "/v1/register/arm", {{"fiscal_memory", w[0]}}};
        }}},
      {"x", {0, 0, plain("/v1/register/x-report")}},
      {"z", {0, 0, plain("/v1/register/close-shift")}},
      {"open-shift", {0, 0, plain("/v1/register/open-shift")}},
      {"continue", {0, 0, plain("/v1/register/continue-printing")}},
      {"settlement", {0, 0, plain("/v1/register/settlement-report")}},
      {"copy", {0, 0, plain("/v1/register/copy")}},
      {"drawer", {0, 0, plain("/v1/register/drawer")}},
      {"clock", {0, 0, plain("/v1/register/clock")}},
      {"cash",
       {2, 2,
        [](const Words& w) {
          return Request{"POST", "/v1/register/cash", {{"direction", w[0]}, {"amount", w[1]}}};
        }}},
      {"document",
       {1, 1, [](const Words& w) { return Request{"GET", "/v1/register/documents/" + w[0], {}}; }}},
      {"table",
       {3, 4,
        [](const Words& w) {
          const std::string path = "/v1/register/settings/" + w[0] + "/" + w[1] + "/" + w[2];
          return w.size() == 3 ? Request{"GET", path, {}}
                               : Request{"POST", path, {{"value", w[3]}}};
        }}},
      {"undo", {0, 0, plain("/v1/register/settings/undo")}},
      {"print-picture",
       {2, 2,
        [](const Words& w) {
          return Request{"POST",
                         "/v1/register/picture/print",
                         {{"first_line", number(w[0])}, {"last_line", number(w[1])}}};
        }}},
      {"picture", {1, 2, picture}},
      {"correction", {1, 2, nullptr}},  // two requests: make_document
  };
  return kVerbs;
}

std::string text(const json::value& v, Language language) {
  return word(v.is_string() ? json::value_to<std::string>(v) : json::serialize(v), language);
}

void show(const json::value& value, Language language, const std::string& indent = "") {
  if (!value.is_object()) {
    std::cout << indent << text(value, language) << "\n";
    return;
  }
  for (const auto& [key, item] : value.get_object()) {
    if (item.is_null() || (item.is_string() && item.get_string().empty())) continue;
    std::cout << indent << label(key, language) << ":";
    if (item.is_object()) {
      std::cout << "\n";
      show(item, language, indent + "  ");
    } else if (item.is_array() && !item.get_array().empty() && item.get_array()[0].is_object()) {
      std::cout << "\n";
      for (const auto& each : item.get_array()) {
        std::cout << indent << "  -\n";
        show(each, language, indent + "    ");
      }
    } else {
      const bool money = item.is_int64() && (key == "total" || key == "cash_in_drawer");
      std::cout << " " << (money ? to_string(Money{item.get_int64()}) : text(item, language))
                << "\n";
    }
  }
}

// Of a whole sale its document, or what became of it.
json::value of_interest(const json::value& body) {
  const auto* sale = body.if_object();
  if (sale == nullptr || !sale->contains("quote") || !sale->contains("state")) return body;
  const auto* document = sale->if_contains("document");
  if (document != nullptr && document->is_object()) return *document;
  return {{"number", sale->at("number")}, {"state", sale->at("state")}};
}

int call(const SaleOptions& options, const Request& request, bool as_json) {
  ApiClient api(options.url, read_token(options.token_file), options.language);
  const auto answer = api.call(request.method, request.path, request.body);
  const Language language = options.language == "en" ? Language::kEn : Language::kRu;
  if (const auto trouble = trouble_text(answer, language);
      !trouble.empty() && (!answer || !as_json)) {
    std::cerr << trouble;
    if (!answer) return 1;
    const auto* body = answer->body.if_object();
    if (body != nullptr && body->contains("problem")) {  // what was known last is worth seeing
      auto known = *body;
      known.erase("problem");
      show(known, language);
    }
  } else if (as_json) {
    std::cout << json::serialize(answer->body) << "\n";
  } else if (answer->body.is_object() && answer->body.get_object().empty()) {
    std::cout << (language == Language::kEn ? "done" : "сделано") << "\n";
  } else {
    show(of_interest(answer->body), language);
  }
  if (const auto* body = answer->body.if_object(); body != nullptr && body->contains("problem")) {
    return 1;
  }
  return answer->status < 300 ? 0 : 1;
}

}  // namespace

const char* register_help(Language language) {
  return language == Language::kEn ? R"(
  status                   state, warnings, what others printed
  arm NUMBER               confirm the fiscal memory: only then live receipts are made
  open-shift | x | z       reports; z closes the shift
  cash in|out AMOUNT       cash into the drawer, or out
  copy | continue          of the last document; go on after new paper
  correction FILE.json     make a correction, or any receipt of lines of its own; one that the
                           register refused waits: again, or "correction FILE.json cancel"
  document NUMBER          one document of the fiscal memory
  settlement               the report on what the tax operator has not got
  clock                    set the register's clock from this computer's
  table T ROW FIELD [VALUE]  read or write a setting; undo takes the last change back
  picture FILE.pbm [LINE]  keep a black and white picture in the register, from that line on
  print-picture FROM TO    print those lines of dots
  drawer                   open it

The register of the token's till is asked; another one with --device ID.
)"
                                   : R"(
  status                   состояние, предупреждения, чужие документы
  arm НОМЕР                подтвердить ФН: только после этого печатаются чеки
  open-shift | x | z       отчёты; z закрывает смену
  cash in|out СУММА        внести наличные или изъять
  copy | continue          копия последнего документа; допечатать после замены бумаги
  correction ФАЙЛ.json     чек коррекции или любой чек со своими строками; отказанный кассой
                           ждёт: повторить, или "correction ФАЙЛ.json cancel"
  document НОМЕР           один документ из ФН
  settlement               отчёт о состоянии расчётов: что не передано в ОФД
  clock                    поставить часы кассы по этому компьютеру
  table Т РЯД ПОЛЕ [ЗНАЧЕНИЕ]  прочитать или записать настройку; undo вернёт последнюю
  picture ФАЙЛ.pbm [СТРОКА]  сохранить чёрно-белый рисунок в кассе, начиная с этой строки
  print-picture ОТ ДО      напечатать эти строки точек
  drawer                   открыть ящик

Спрашивается касса того места, чей токен; другая — с --device УСТРОЙСТВО.
)";
}

namespace {

// A document from a file, and its payment: {"number", "cashier", "receipt": {…, "payments"}}. The
// same number is the same document: made already, it is shown; refused before, tried again.
int make_document(const SaleOptions& options, const Words& words, bool as_json) {
  const std::string& file = words[0];
  const bool cancel = words.size() > 1;
  if (cancel && words[1] != "cancel") throw std::invalid_argument(words[1] + ": only cancel");
  auto in = opened(file);
  std::stringstream text;
  text << in.rdbuf();
  boost::system::error_code bad;
  const auto document = json::parse(text.str(), bad);
  const auto* receipt =
      bad || !document.is_object() ? nullptr : document.as_object().if_contains("receipt");
  if (!in || receipt == nullptr || !receipt->is_object()) {
    throw std::invalid_argument(file + R"(: is to be {"number", "receipt": {"kind", "lines", …}})");
  }
  ApiClient api(options.url, read_token(options.token_file), options.language);
  const Language language = options.language == "en" ? Language::kEn : Language::kRu;
  const auto opened = api.call("POST", "/v1/documents", document);
  if (!opened || opened->status >= 300) {
    std::cerr << trouble_text(opened, language);
    return 1;
  }
  const std::string path = "/v1/sales/" + member_text(opened->body, "id");
  if (member_text(opened->body, "state") == "committed" && !cancel) {
    return call(options, {"GET", path, {}}, as_json);
  }
  if (cancel) return call(options, {"POST", path + "/cancel", {}}, as_json);
  json::array payments;
  const auto* given = receipt->as_object().if_contains("payments");
  if (given != nullptr && given->is_array()) {
    for (const auto& p : given->get_array()) {
      const auto minor = p.at("amount").to_number<std::int64_t>();
      payments.push_back({{"tender", p.at("tender")}, {"amount", to_string(Money{minor})}});
    }
  } else {
    payments.push_back({{"tender", "cash"}, {"amount", opened->body.at("quote").at("total")}});
  }
  return call(options,
              {"POST",
               path + "/pay",
               {{"quote", opened->body.at("quote").at("id")}, {"payments", payments}}},
              as_json);
}

}  // namespace

int register_command(const SaleOptions& options, const Words& words, bool as_json) {
  const Language language = options.language == "en" ? Language::kEn : Language::kRu;
  const auto at = words.empty() ? verbs().end() : verbs().find(words[0]);
  const Words rest(words.empty() ? words.begin() : words.begin() + 1, words.end());
  if (at == verbs().end() || rest.size() < at->second.least || rest.size() > at->second.most) {
    std::cerr << "tillbridge register:" << register_help(language);
    return 2;
  }
  if (options.url.empty() || options.token_file.empty()) {
    std::cerr << "tillbridge register: --url, --token-file: "
              << (language == Language::kEn ? "both are needed\n" : "нужны оба\n");
    return 2;
  }
  if (const auto may = check_access(options); !may) {
    std::cerr << trouble_text(std::unexpected(may.error()), language);
    return 1;
  }
  try {
    if (at->first == "correction") return make_document(options, rest, as_json);
    auto request = at->second.make(rest);
    if (!options.device.empty()) request.path.insert(12, "s/" + options.device);
    return call(options, request, as_json);
  } catch (const std::invalid_argument& wrong) {
    std::cerr << "tillbridge register: " << in_words(wrong.what(), language) << "\n";
    return 2;
  }
}

namespace {

// On paper numbers stand with zeros before them: JSON takes none.
Result<std::uint64_t> paper_number(const char* field, const std::string& word, Language language) {
  std::uint64_t value = 0;
  const auto* const end = word.data() + word.size();
  const auto [at, wrong] = std::from_chars(word.data(), end, value);
  if (word.empty() || at != end || wrong != std::errc()) {
    return fail(Code::kBadValue, label(field, language) + " " + word + ": digits only");
  }
  return value;
}

}  // namespace

Result<std::optional<json::object>> settlement_of(const Words& words, Language language) {
  if (words == Words{"none"}) return json::object{{"no_document", true}};
  if (words.size() != 2 && words.size() != 3) return std::nullopt;
  json::object document{{"fiscal_memory", words[0]}};
  document["number"] = TILL_TRY(paper_number("number", words[1], language));
  if (words.size() == 3) document["sign"] = TILL_TRY(paper_number("sign", words[2], language));
  return json::object{{"document", std::move(document)}};
}

int settle_command(const SaleOptions& options, const Words& words) {
  const Language language = options.language == "en" ? Language::kEn : Language::kRu;
  const Words said(words.empty() ? words.end() : words.begin() + 1, words.end());
  const auto body = settlement_of(said, language);
  if (!body) {
    std::cerr << trouble_text(std::unexpected(body.error()), language);
    return 1;
  }
  if (*body) {
    return call(options, {"POST", "/v1/sales/" + words[0] + "/settle", **body}, false);
  }
  std::cerr << (language == Language::kEn
                    ? "tillbridge sale settle SALE none | SALE FISCAL_MEMORY NUMBER [SIGN]\n"
                    : "tillbridge sale settle ПРОДАЖА none | ПРОДАЖА ФН ФД [ФП]\n");
  return 2;
}

}  // namespace till::app
