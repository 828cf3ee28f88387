#include "gateway/loyalty/change_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace till::loyalty {
namespace {

namespace js = boost::json;

struct Word {
  std::string_view name, en, ru;
};

constexpr Word kFields[] = {
    {"give.percent", "percent off", "скидка, %"},
    {"give.amount", "amount off", "скидка, сумма"},
    {"give.price", "price", "цена"},
    {"give.earn.percent", "percent in points", "начисление, %"},
    {"give.earn.fixed", "points for a receipt", "баллов за чек"},
    {"give.earn.per_unit", "points for a unit", "баллов за единицу"},
    {"give.earn.multiply", "points multiplied by", "умножение баллов"},
    {"give.earn", "what it earns", "что начисляется"},
    {"give.coupon", "coupon handed out", "выдаваемый купон"},
    {"give.gift", "gift", "подарок"},
    {"give", "what it gives", "что даёт"},
    {"when.basket", "receipt it needs", "какой нужен чек"},
    {"when.time", "time", "время"},
    {"when.segments", "groups of customers", "группы покупателей"},
    {"when.card_types", "types of card", "типы карт"},
    {"when.coupons", "coupons it needs", "нужные купоны"},
    {"when.stores", "stores", "магазины"},
    {"when", "condition", "условие"},
    {"select", "goods", "товары"},
    {"sets", "sets of goods", "наборы"},
    {"limits", "limits", "лимиты"},
    {"cost", "its price in points or stamps", "цена в баллах или наклейках"},
    {"funded_by", "who pays for it", "за чей счёт"},
    {"priority", "priority", "приоритет"},
    {"stage", "stage", "этап"},
    {"group", "group", "группа"},
    {"not_with", "not together with", "не вместе с"},
    {"exclusive", "stands alone", "действует одна"},
    {"from", "begins", "начало"},
    {"until", "ends", "конец"},
    {"redeem.max_share", "share points may pay, %", "доля оплаты баллами, %"},
    {"redeem.value", "value of a point", "цена балла"},
    {"redeem", "paying with points", "оплата баллами"},
    {"expires_days", "points live, days", "баллы живут, дней"},
    {"activation_days", "points wait, days", "баллы ждут, дней"},
    {"version", "version", "версия"},
    {"name", "name", "название"},
    {"settings", "settings", "настройки"},
    {"money_rounding", "rounding of money", "округление денег"},
    {"points_rounding", "rounding of points", "округление баллов"},
    {"money_step", "money comes in steps of", "шаг денег"},
    {"points_step", "points come in steps of", "шаг баллов"},
    {"remainder", "odd kopecks", "лишние копейки"},
    {"allocate", "an amount is shared", "сумма делится"},
    {"tax_rounding", "tax is rounded on", "налог округляется"},
    {"discount_on", "discounts work on", "от чего скидка"},
    {"percent_of", "percents work on", "от чего проценты"},
    {"max_discount", "all discounts of a receipt, at most", "все скидки чека, не больше"},
    {"max_discount_share", "all discounts of a receipt, at most a share of",
     "все скидки чека, не больше доли"},
    {"utc_offset", "the store's clock", "часы магазина"},
    {"earn_on_points_paid", "points also for what points paid", "баллы и за оплаченное баллами"},
    {"no_earning_on", "ways of payment that earn nothing", "оплата без начисления"},
    {"excluded", "goods no rule touches", "товары вне программы"},
    {"purse", "purse", "кошелёк"},
    {"purses", "purses", "кошельки"},
    {"groups", "groups", "группы"},
    {"coupons", "coupons", "купоны"},
    {"experiments", "test groups", "пробные группы"},
    {"plugins", "plugins", "плагины"},
    {"card_types", "types of card", "типы карт"},
    {"tiers", "levels", "уровни"},
    {"tiers.by", "levels go by", "уровни по счётчику"},
    {"tiers.window_days", "levels look back, days", "уровни за столько дней"},
    {"tiers.downgrade", "lowering of levels", "понижение уровня"},
    {"steps", "steps", "ступени"},
    {"step", "step", "шаг"},
    {"max_share", "at most, %", "не больше, %"},
    {"max_amount", "at most", "не больше"},
    {"min_receipt", "from a receipt of", "от чека"},
    {"min_balance", "from a balance of", "от остатка"},
    {"min_points", "at least points", "не меньше баллов"},
    {"leave", "left to pay in money", "деньгами остаётся"},
    {"leave_per_line", "left to pay on a line", "деньгами остаётся на строке"},
    {"as", "counted as", "считается как"},
    {"with_coupons", "together with coupons", "вместе с купонами"},
    {"this_receipt_too", "this receipt counts", "с этим чеком"},
    {"window_days", "window, days", "за столько дней"},
    {"downgrade", "lowering", "понижение"},
    {"expires_end_of", "expires at the end of", "сгорает в конце"},
    {"same_receipt", "usable on the same receipt", "тратится в том же чеке"},
    {"choose", "which of them", "какая из них"},
    {"most", "at most", "не больше"},
    {"prefix", "begins with", "начинается с"},
    {"length", "digits", "знаков"},
    {"check_symbol", "check digit", "контрольный знак"},
    {"uses", "uses", "использований"},
    {"valid_days", "valid for days", "действует дней"},
    {"partner", "partner", "партнёр"},
    {"pilot", "pilot, %", "пробная, %"},
    {"control", "control, %", "контрольная, %"},
    {"deadline_ms", "waits, ms", "ждём, мс"},
    {"sold_as", "sold as", "продаётся как"},
    {"activation", "activated by", "активируется"},
    {"promotions", "promotions", "акции"},
    {"on", "event", "событие"},
    {"paused", "paused", "приостановлена"},
    {"percent", "percent", "процент"},
    {"amount", "amount", "сумма"},
    {"price", "price", "цена"},
    {"per", "for each", "за"},
    {"rounding", "rounding", "округление"},
    {"most_units", "of the same goods at most", "одного товара не больше"},
    {"earn", "points", "баллы"},
    {"fixed", "for a receipt", "за чек"},
    {"per_unit", "for a unit", "за единицу"},
    {"per_amount", "for each sum", "за каждую сумму"},
    {"every", "of every", "каждые"},
    {"multiply", "times", "умножить на"},
    {"basis", "by", "от"},
    {"undiscounted", "only goods without a discount", "только товары без скидки"},
    {"to", "to", "кому"},
    {"round_to", "rounds down to", "округление вниз до"},
    {"gift", "gift", "подарок"},
    {"sku", "goods", "товар"},
    {"quantity", "quantity", "количество"},
    {"coupon", "coupon", "купон"},
    {"count", "pieces", "штук"},
    {"message", "message", "сообщение"},
    {"plugin", "plugin", "плагин"},
    {"skus", "goods", "товары"},
    {"categories", "categories", "категории"},
    {"tags", "tags", "метки"},
    {"not_skus", "but not the goods", "кроме товаров"},
    {"not_categories", "but not the categories", "кроме категорий"},
    {"not_tags", "but not the tags", "кроме меток"},
    {"discounted", "marked down", "уценённые"},
    {"weighed", "weighed", "весовые"},
    {"buy", "buys", "купить"},
    {"get", "gets", "получить"},
    {"form", "formed", "собираются"},
    {"pick", "first", "сначала"},
    {"min", "from", "от"},
    {"max", "up to", "до"},
    {"all", "all of", "все из"},
    {"any", "one of", "одно из"},
    {"not", "not", "не"},
    {"customer", "customer", "покупатель"},
    {"card_promotion", "named by the type of card", "названа типом карты"},
    {"codes", "codes", "промокоды"},
    {"segments", "groups of customers", "группы покупателей"},
    {"stores", "stores", "магазины"},
    {"tills", "tills", "кассы"},
    {"payments", "ways of payment", "способы оплаты"},
    {"time", "time", "время"},
    {"weekdays", "weekdays", "дни недели"},
    {"hours", "hours", "часы"},
    {"days_of_month", "days of the month", "числа месяца"},
    {"months", "months", "месяцы"},
    {"counter", "counter", "счётчик"},
    {"is", "is", "значение"},
    {"date", "date", "дата"},
    {"of", "of", "чего"},
    {"yearly", "every year", "каждый год"},
    {"days_before", "days before", "дней до"},
    {"days_after", "days after", "дней после"},
    {"days_ago", "days ago", "дней назад"},
    {"attribute", "field of the receipt", "поле чека"},
    {"in", "one of", "одно из"},
    {"experiment", "test group", "пробная группа"},
    {"basket", "receipt", "чек"},
    {"lines", "different goods", "разных товаров"},
    {"type", "type", "тип"},
    {"by", "by", "по"},
    {"value", "value", "величина"},
    {"marginal", "each step for what lies above it", "ступень — только на то, что выше неё"},
    {"id", "id", "id"},
    {"en", "English", "по-английски"},
    {"ru", "Russian", "по-русски"},
    {"rules", "rules", "правила"},
    {"schema", "format", "формат"},
    {"times", "times", "раз"},
    {"period", "in each", "за"},
    {"points", "points", "баллов"},
    {"returns", "returns", "возвраты"},
    {"if_spent", "earned points that are spent", "потраченные начисленные баллы"},
    {"grace_days", "expired points come back for, days", "сгоревшие возвращаются на, дней"},
    {"velocity", "limits against lent cards", "лимиты против чужих карт"},
    {"earning", "receipts that earn", "чеков с начислением"},
    {"redemption", "receipts paid with points", "чеков с оплатой баллами"},
};

// The fixed words some fields take.
constexpr Word kChoices[] = {
    {"receipt", "receipt", "чек"},
    {"line", "line", "строка"},
    {"unit", "unit", "единица"},
    {"set", "set", "набор"},
    {"customer", "customer", "покупатель"},
    {"store", "store", "магазин"},
    {"program", "all stores", "все магазины"},
    {"day", "day", "день"},
    {"week", "week", "неделя"},
    {"month", "month", "месяц"},
    {"year", "year", "год"},
    {"ever", "ever", "всё время"},
    {"none", "never", "никогда"},
    {"one_down", "one level at a time", "по одному уровню"},
    {"by_balance", "at once", "сразу"},
    {"half_up", "half up", "половина вверх"},
    {"half_down", "half down", "половина вниз"},
    {"half_even", "half to even", "половина к чётному"},
    {"down", "down", "вниз"},
    {"up", "up", "вверх"},
    {"largest", "to the largest remainder", "наибольшему остатку"},
    {"first_lines", "to the first lines", "первым строкам"},
    {"last_line", "to the last line", "последней строке"},
    {"nearest_first", "to the nearest, the first lines differ", "до ближайшего, разница в первых"},
    {"last_line_down", "rounded down, the rest to the last line", "вниз, остаток последней строке"},
    {"proportional", "by price", "по цене"},
    {"equal", "equally", "поровну"},
    {"remaining", "what is left", "остаток"},
    {"list", "list prices", "цены по прайсу"},
    {"list_price", "the list price", "цена по прайсу"},
    {"before_tax", "the price before tax", "цена без налога"},
    {"price_with_tax", "the price with tax", "цена с налогом"},
    {"price_before_tax", "the price before tax", "цена без налога"},
    {"discount", "a discount", "скидка"},
    {"payment", "a payment", "оплата"},
    {"best", "the best", "лучшая"},
    {"first", "the first", "первая"},
    {"lowest", "the lowest", "наименьшая"},
    {"known", "known", "известен"},
    {"unknown", "unknown", "без карты"},
    {"verified", "verified", "подтверждён"},
    {"cheapest", "the cheapest", "самые дешёвые"},
    {"dearest", "the dearest", "самые дорогие"},
    {"together", "together", "вместе"},
    {"one_by_one", "one by one", "по одному"},
    {"cashier", "the cashier", "кассир"},
    {"referrer", "who brought her", "кто привёл"},
    {"issue", "its issue", "выдачей"},
    {"sale", "its sale", "продажей"},
    {"first_purchase", "the first purchase", "первой покупкой"},
    {"registration", "registration", "регистрацией"},
    {"manual", "the office", "офисом"},
    {"forgive", "forgiven", "прощаются"},
    {"owe", "owed", "остаются долгом"},
    {"total", "the sum", "сумма"},
    {"card", "the card's percent", "процент по карте"},
    {"coupon", "coupons", "купоны"},
    {"earn", "earning", "начисление"},
    {"mon", "Monday", "понедельник"},
    {"tue", "Tuesday", "вторник"},
    {"wed", "Wednesday", "среда"},
    {"thu", "Thursday", "четверг"},
    {"fri", "Friday", "пятница"},
    {"sat", "Saturday", "суббота"},
    {"sun", "Sunday", "воскресенье"},
    {"spent", "spending", "сумма покупок"},
    {"purchases", "purchases", "число покупок"},
};
constexpr std::string_view kChoosing[] = {
    "per",         "period",     "downgrade", "money_rounding", "points_rounding",
    "remainder",   "basis",      "as",        "choose",         "customer",
    "discount_on", "percent_of", "pick",      "form",           "tax_rounding",
    "to",          "by",         "rounding",  "expires_end_of", "allocate",
    "activation",  "if_spent",   "stage",     "weekdays"};

std::string_view said(const Word& word, bool russian) { return russian ? word.ru : word.en; }

const Word* field_named(std::string_view name) {
  const auto* at = std::ranges::find(kFields, name, &Word::name);
  return at == std::end(kFields) ? nullptr : at;
}

std::string text_of(const js::value& v) {
  return v.is_string() ? std::string(v.get_string()) : js::serialize(v);
}

// "2 times for each customer, day".
std::string limit_words(const js::object& limit, bool russian) {
  std::string out;
  const auto part = [&](std::string_view name, std::string_view before, std::string_view after) {
    const auto* v = limit.if_contains(name);
    if (v == nullptr) return;
    out += fmt::format("{}{}{}{}", out.empty() ? "" : ", ", before, value_words(v, name, russian),
                       after);
  };
  part("times", "",
       russian                                                           ? " раз"
       : text_of(limit.contains("times") ? limit.at("times") : 0) == "1" ? " time"
                                                                         : " times");
  part("amount", russian ? "не больше " : "at most ", "");
  part("per", russian ? "на: " : "for each ", "");
  part("period", russian ? "за: " : "in each ", "");
  return out;
}

std::string step_words(const js::object& step, bool russian) {
  std::string out = (russian ? "от " : "from ") + value_words(&step.at("from"), "from", russian);
  if (const auto* value = step.if_contains("value")) {
    out += " — " + value_words(value, "value", russian);
  }
  if (const auto* id = step.if_contains("id")) out = text_of(*id) + " " + out;
  return out;
}

// What a ladder or the levels go by, in a sentence.
std::string going_by(const std::string& what, bool russian) {
  constexpr std::array<Word, 9> kBy{
      {{"spent", "by spending", "по сумме покупок"},
       {"spent_ever", "by all spending", "по сумме всех покупок"},
       {"purchases", "by the number of purchases", "по числу покупок"},
       {"purchases_ever", "by the number of all purchases", "по числу всех покупок"},
       {"tier", "by level", "по уровню"},
       {"amount", "by the sum of the receipt", "по сумме чека"},
       {"quantity", "by the quantity on the receipt", "по количеству в чеке"},
       {"selected_amount", "by the sum of its goods", "по сумме её товаров"},
       {"selected_quantity", "by the quantity of its goods", "по количеству её товаров"}}};
  const auto* by = std::ranges::find(kBy, what, &Word::name);
  if (by != kBy.end()) return std::string(said(*by, russian));
  return russian ? "по «" + what + "»" : "by " + what;
}

std::string object_words(const js::object& o, std::string_view field, bool russian) {
  if (field == "limits") return limit_words(o, russian);
  if (field == "steps" && o.contains("from")) return step_words(o, russian);
  const auto* words = o.if_contains(russian ? "ru" : "en");
  if (words != nullptr && words->is_string()) return std::string(words->get_string());
  std::string out;
  for (const auto& [name, value] : o) {
    const auto* word = field_named(name);
    const auto label = word == nullptr ? std::string_view(name) : said(*word, russian);
    const bool inner = value.is_object() && !value.get_object().contains("en");
    if (name == "by" && value.is_string()) {
      out += (out.empty() ? "" : ", ") + going_by(text_of(value), russian);
      continue;
    }
    const auto* list = value.if_array();
    const bool parts = list != nullptr && !list->empty() && list->front().is_object();
    const auto text = (parts ? ": " : " ") + (inner ? "(" + value_words(&value, name, russian) + ")"
                                                    : value_words(&value, name, russian));
    out += fmt::format("{}{}{}", out.empty() ? "" : ", ", label, text);
  }
  return out;
}

}  // namespace

std::string value_words(const js::value* v, std::string_view field, bool russian) {
  if (v == nullptr) return russian ? "нет" : "none";
  if (v->is_bool()) return v->get_bool() ? (russian ? "да" : "yes") : (russian ? "нет" : "no");
  if (const auto* list = v->if_array()) {
    std::string out;
    for (const auto& element : *list) {
      out += (out.empty()           ? ""
              : element.is_object() ? "; "
                                    : ", ") +
             value_words(&element, field, russian);
    }
    return out.empty() ? (russian ? "ничего" : "nothing") : out;
  }
  if (const auto* object = v->if_object()) return object_words(*object, field, russian);
  const auto text = text_of(*v);
  const bool chosen = std::ranges::find(kChoosing, field) != std::end(kChoosing);
  const auto* choice = std::ranges::find(kChoices, text, &Word::name);
  return chosen && choice != std::end(kChoices) ? std::string(said(*choice, russian)) : text;
}

// The longest beginning that has words of its own, then what lies below it.
std::string field_words(std::string_view path, bool russian) {
  for (auto end = path.size(); end != std::string_view::npos; end = path.rfind('.', end - 1)) {
    if (const auto* word = field_named(path.substr(0, end))) {
      std::string out(said(*word, russian));
      if (end < path.size()) out += ", " + field_words(path.substr(end + 1), russian);
      return out;
    }
    if (end == 0) break;
  }
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return std::string(path);
  return std::string(path.substr(0, dot)) + ", " + field_words(path.substr(dot + 1), russian);
}

}  // namespace till::loyalty
