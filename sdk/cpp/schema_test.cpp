// The published schemas of the verbs and events are what the structs say. After a change of a
// struct:
//   TILL_WRITE_SCHEMAS=1 build/dev/bin/sdk_schema_test
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

#include "fiscal_described.h"
#include "kinds.h"
#include "printer.h"
#include "sdk/testkit/schema.h"

namespace till {
namespace {

namespace json = boost::json;

template <typename T>
json::object schema_of() {
  using namespace described;
  if constexpr (std::is_same_v<T, Money>) {
    return {{"type", "integer"}, {"description", "minor units of the currency"}};
  } else if constexpr (std::is_same_v<T, Quantity>) {
    return {{"type", "integer"}, {"description", "thousandths"}};
  } else if constexpr (std::is_same_v<T, Percent>) {
    return {{"type", "integer"}, {"description", "hundredths of a percent"}};
  } else if constexpr (std::is_same_v<T, Points>) {
    return {{"type", "integer"}, {"description", "hundredths of a point"}};
  } else if constexpr (IsOptional<T>::value) {
    return {{"anyOf", {schema_of<typename T::value_type>(), {{"type", "null"}}}}};
  } else if constexpr (IsVector<T>::value) {
    return {{"type", "array"}, {"items", schema_of<typename T::value_type>()}};
  } else if constexpr (std::is_enum_v<T>) {
    json::array names;
    for (const auto& name : Names<T>::kAll) names.push_back(json::string(name.text));
    return {{"enum", names}};
  } else if constexpr (Described<T>) {
    json::object properties;
    json::array required;
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto member) {
          using M = std::decay_t<decltype(std::declval<T&>().*member.pointer)>;
          properties[member.name] = schema_of<M>();
          if (!IsOptional<M>::value) required.push_back(json::string(member.name));
        });
    return {{"type", "object"}, {"required", required}, {"properties", properties}};
  } else if constexpr (std::is_same_v<T, json::object>) {
    return {{"type", "object"}};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return {{"type", "string"}};
  } else if constexpr (std::is_same_v<T, bool>) {
    return {{"type", "boolean"}};
  } else {
    static_assert(std::is_integral_v<T>);
    json::object number{{"type", "integer"}};
    if (std::is_unsigned_v<T>) number["minimum"] = 0;
    return number;
  }
}

json::object object_of(const json::object& properties) {
  json::array required;
  for (const auto& [name, schema] : properties) required.push_back(json::string(name));
  return {{"type", "object"}, {"required", required}, {"properties", properties}};
}

// One member a line, so that a change shows as the lines it changes.
void print(std::ostream& out, const json::value& v, const std::string& indent = "") {
  const auto* o = v.if_object();
  if (o == nullptr || json::serialize(v).size() + indent.size() < 96) {
    out << json::serialize(v);
    return;
  }
  out << "{";
  const char* comma = "\n";
  for (const auto& [key, item] : *o) {
    out << std::exchange(comma, ",\n") << indent << "  " << json::serialize(json::value(key))
        << ": ";
    print(out, item, indent + "  ");
  }
  out << "\n" << indent << "}";
}

struct Verb {
  const char* name;
  json::object request, result;
  const char *en, *ru;
  // The struct takes what the schema allows, and what it gives back is by the schema again.
  std::function<Result<json::value>(const json::value&)> through_struct = {};
  bool used = true;  // by the gateway today
};

template <typename T>
Result<json::value> through(const json::value& value) {
  return described::to_value(TILL_TRY(described::parsed<T>(value, "body")));
}

template <typename Request, typename Answer>
Verb typed(const char* name, bool used, const char* en, const char* ru) {
  return {name, schema_of<Request>(), schema_of<Answer>(), en, ru, through<Request>, used};
}

json::object between(std::int64_t low, std::int64_t high) {
  return {{"type", "integer"}, {"minimum", low}, {"maximum", high}};
}

json::object only(const char* name, const json::object& schema) {
  json::object o = object_of({{name, schema}});
  o["additionalProperties"] = false;
  return o;
}

json::object print_schema() {
  const json::object text = {{"type", "string"}};
  const json::object lettering = {{"type", "object"},
                                  {"required", {"text"}},
                                  {"additionalProperties", false},
                                  {"properties",
                                   {{"text", text},
                                    {"bold", {{"type", "boolean"}}},
                                    {"width", between(1, 8)},
                                    {"height", between(1, 8)},
                                    {"align", {{"enum", {"left", "centre", "right"}}}}}}};
  const json::array items = {lettering,
                             only("ean13", text),
                             only("qr", text),
                             only("feed", between(1, 255)),
                             only("cut", {{"enum", {"full", "partial"}}}),
                             only("drawer", between(0, 1))};
  return object_of({{"items", {{"type", "array"}, {"items", {{"anyOf", items}}}}}});
}

Result<json::value> through_items(const json::value& value) {
  TILL_CHECK(print_items_from_json(value.as_object()));
  return value;
}

std::vector<Verb> small_verbs() {
  return {
      {"printer.print", print_schema(), schema_of<Nothing>(),
       "Prints the items in order. In doubt when paper may have moved and no answer came.",
       "Печатает элементы по порядку. В сомнении, если бумага могла сдвинуться, а ответа нет.",
       through_items},
      typed<Nothing, PrinterStatus>("printer.status", true, "Asks the printer how it is.",
                                    "Спрашивает принтер о состоянии."),
      typed<DrawerOpen, Nothing>("drawer.open", true, "Opens the cash drawer.",
                                 "Открывает денежный ящик."),
      typed<Nothing, DrawerStatus>("drawer.status", false, "Is the drawer open?",
                                   "Открыт ли ящик?"),
      typed<DisplayShow, Nothing>("display.show", true,
                                  "Shows lines to the customer, from the top.",
                                  "Показывает покупателю строки, начиная с верхней."),
      typed<Nothing, Nothing>("display.clear", false, "Clears the display.", "Очищает дисплей."),
      typed<Nothing, Weighing>(
          "scale.weigh", true,
          "One weighing. Refused while the weight moves, if the scale says so.",
          "Одно взвешивание. Отказ, пока вес меняется, если весы это сообщают."),
      typed<Nothing, Nothing>("scale.zero", true, "Sets the empty scale to zero.",
                              "Обнуляет пустые весы."),
      typed<ScaleTare, Nothing>("scale.tare", true, "Sets the tare.", "Задаёт тару."),
      typed<Message, MessageReceipt>("message.send", true,
                                     "Sends one message. Done on an answer of 2xx only; in doubt "
                                     "when the provider may have taken "
                                     "it: it is not sent again.",
                                     "Отправляет одно сообщение. Сделано только при ответе 2xx; в "
                                     "сомнении, если провайдер мог "
                                     "его принять: повтора нет."),
      typed<MarkingQuestion, MarkingAnswer>("marking.check", true, "May this marked piece be sold?",
                                            "Можно ли продать этот маркированный товар?"),
      typed<ExportBatch, ExportReceipt>(
          "export.write", true,
          "Takes records in order. The same batch may come again: what is known is skipped.",
          "Принимает записи по порядку. Пакет может прийти снова: известное пропускается."),
      typed<RuleQuestion, RuleAnswer>(
          "rule.evaluate", true,
          "Discounts and points for a basket. Depends on the question alone; calls nothing of the "
          "host.",
          "Скидки и баллы за корзину. Зависит только от вопроса; функции хоста не вызываются."),
  };
}

template <typename T>
Verb event(const char* name, bool used, const char* en, const char* ru) {
  return {name, schema_of<T>(), {}, en, ru, through<T>, used};
}

std::vector<Verb> events() {
  return {
      event<Scan>("event.scan", true, "A code was scanned.", "Считан код."),
      event<CardSwipe>("event.card", true, "A card was swiped.", "Проведена карта."),
      event<InputError>("event.input_error", true,
                        "Something came that is no code or card; `code` is of the catalogue.",
                        "Пришло то, что не код и не карта; `code` из каталога ошибок."),
      event<Weighing>("event.weight", true, "The weight on the scale became stable.",
                      "Вес на весах установился."),
  };
}

std::vector<Verb> verbs() {
  const json::object nothing = {{"type", "object"}};
  // Nobody need be named: the register prints its own default.
  const json::object cashier = {{"type", "object"},
                                {"properties", {{"cashier", schema_of<Operator>()}}}};
  const json::object text = {{"type", "string"}}, count = schema_of<std::uint32_t>();
  const json::object base64 = {{"type", "string"}, {"contentEncoding", "base64"}};
  const json::object field = {{"table", count}, {"row", count}, {"field", count}};
  json::object written = field;
  written["value"] = text;
  std::vector<Verb> all = {
      {"fiscal.baseline", nothing, schema_of<Baseline>(),
       "The last document before a sale; the gateway keeps it with the intent.",
       "Последний документ перед продажей; шлюз хранит его вместе с намерением."},
      {"fiscal.check", object_of({{"receipt", schema_of<FiscalReceipt>()}}), nothing,
       "Could this receipt be printed, as far as is known without asking the device?",
       "Можно ли напечатать этот чек, насколько это известно без вопроса к ККТ?"},
      {"fiscal.receipt", object_of({{"receipt", schema_of<FiscalReceipt>()}}),
       schema_of<FiscalDocument>(), "Prints one receipt and returns when it is fiscal.",
       "Печатает один чек и возвращается, когда он фискален."},
      {"fiscal.resolve",
       object_of({{"receipt", schema_of<FiscalReceipt>()}, {"baseline", schema_of<Baseline>()}}),
       schema_of<Resolution>(), "What did the register do with this receipt? May be asked again.",
       "Что ККТ сделала с этим чеком? Можно спрашивать повторно."},
      {"fiscal.recover", nothing, nothing, "Takes back a document of ours that is still open.",
       "Отменяет наш незакрытый документ."},
      {"fiscal.status",
       {{"type", "object"}, {"properties", {{"detail", {{"type", "boolean"}}}}}},
       schema_of<RegisterStatus>(),
       "How the register is; without `detail` what a sale must know.",
       "Состояние ККТ; без `detail` только нужное продаже."},
      {"fiscal.document", object_of({{"number", count}}), schema_of<FiscalDocument>(),
       "One document of the fiscal memory.", "Один документ фискальной памяти."},
      {"fiscal.open_shift", cashier, nothing, "Opens the shift.", "Открывает смену."},
      {"fiscal.close_shift", cashier, nothing, "Closes the shift with its report.",
       "Закрывает смену с отчётом."},
      {"fiscal.x_report", nothing, nothing, "Prints the report without closing.",
       "Печатает X-отчёт."},
      {"fiscal.settlement_report", nothing, nothing, "Prints the state of settlements.",
       "Печатает отчёт о состоянии расчётов."},
      {"fiscal.continue_printing", nothing, nothing, "Goes on after paper was put in.",
       "Продолжает печать после замены бумаги."},
      {"fiscal.copy", nothing, nothing, "Prints a copy of the last document.",
       "Печатает копию последнего документа."},
      {"fiscal.cash",
       object_of({{"direction", {{"enum", {"in", "out"}}}}, {"amount", schema_of<Money>()}}),
       nothing, "Puts cash into the drawer or takes it out.", "Внесение или выплата наличных."},
      {"fiscal.set_clock", object_of({{"time", text}}), nothing, "Sets the register's clock.",
       "Устанавливает часы ККТ."},
      {"fiscal.read_setting", object_of(field), object_of({{"value", text}}),
       "Reads a field of the register's tables.", "Читает поле таблиц ККТ."},
      {"fiscal.write_setting", object_of(written), object_of({{"before", text}, {"value", text}}),
       "Writes a field of the register's tables.", "Записывает поле таблиц ККТ."},
      {"fiscal.load_picture",
       object_of({{"first_line", count}, {"width", count}, {"bits", base64}}), nothing,
       "Keeps lines of dots in the register, for its header.",
       "Сохраняет в ККТ строки точек, для заголовка чека."},
      {"fiscal.print_picture", object_of({{"first_line", count}, {"last_line", count}}), nothing,
       "Prints lines of dots it keeps.", "Печатает сохранённые строки точек."},
  };
  for (auto& verb : small_verbs()) all.push_back(std::move(verb));
  return all;
}

void published(const Verb& verb, const json::object& properties) {
  const bool write = std::getenv("TILL_WRITE_SCHEMAS") != nullptr;
  const json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                            {"title", verb.name},
                            {"description", verb.en},
                            {"x-description-ru", verb.ru},
                            {"x-used-by-gateway", verb.used},
                            {"type", "object"},
                            {"properties", properties}};
  std::ostringstream text;
  print(text, schema);
  text << "\n";
  const std::string path = std::string(TILL_SCHEMA_DIR "/") + verb.name + ".json";
  if (write) std::ofstream(path) << text.str();
  std::ifstream file(path);
  std::stringstream kept;
  kept << file.rdbuf();
  EXPECT_EQ(kept.str(), text.str()) << path;
}

TEST(Schema, ThePublishedOnesAreWhatTheStructsSay) {
  for (const Verb& verb : verbs()) {
    published(verb, {{"request", verb.request}, {"result", verb.result}});
  }
  for (const Verb& e : events()) published(e, {{"body", e.request}});
}

TEST(Schema, StructsTakeWhatTheSchemasAllowAndNothingElse) {
  testkit::Seed seed(20261122);
  auto all = small_verbs();
  for (auto& e : events()) all.push_back(std::move(e));
  for (const Verb& verb : all) {
    for (int i = 0; i < 200; ++i) {
      const json::value good = testkit::sample_of(verb.request, seed);
      ASSERT_TRUE(testkit::check_schema(verb.request, good)) << verb.name << good;
      const auto back = verb.through_struct(good);
      ASSERT_TRUE(back) << verb.name << good << back.error().detail;
      EXPECT_TRUE(testkit::check_schema(verb.request, *back)) << verb.name << *back;
      const json::value bad = testkit::spoilt_sample_of(verb.request, seed);
      if (testkit::check_schema(verb.request, bad)) continue;  // nothing could be spoilt
      EXPECT_FALSE(verb.through_struct(bad)) << verb.name << bad;
    }
  }
}

}  // namespace
}  // namespace till
