// What two versions of a program differ in, in words for its owner.
#include <boost/json.hpp>

#include "gateway/loyalty/expect.h"
#include "gateway/loyalty/explain.h"

namespace till::loyalty {
namespace {

namespace js = boost::json;

struct Word {
  std::string_view path;  // its end
  std::string_view en, ru;
};

// Longer ones before those they contain.
constexpr Word kWords[] = {
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
};

std::string shown(const js::value* v, bool russian) {
  if (v == nullptr) return russian ? "нет" : "none";
  if (v->is_string()) return std::string(v->get_string());
  if (v->is_bool()) return v->get_bool() ? (russian ? "да" : "yes") : (russian ? "нет" : "no");
  return js::serialize(*v);
}

std::string label(std::string_view path, bool russian) {
  for (const auto& word : kWords) {
    const bool here = path == word.path || path.starts_with(std::string(word.path) + ".") ||
                      path.ends_with("." + std::string(word.path));
    if (!here) continue;
    std::string text(russian ? word.ru : word.en);
    const bool deeper = path.starts_with(std::string(word.path) + ".");
    if (deeper) text += " (" + std::string(path.substr(word.path.size() + 1)) + ")";
    return text;
  }
  return std::string(path);
}

std::string rule_name(const js::value* before, const js::value* after, bool russian) {
  const auto& rule = (after != nullptr ? *after : *before).get_object();
  const std::string id(rule.at("id").as_string());
  const auto* name = rule.if_contains("name");
  if (name == nullptr) return "«" + id + "»";
  if (name->is_string()) return "«" + std::string(name->get_string()) + "»";
  const auto* words =
      name->is_object() ? name->get_object().if_contains(russian ? "ru" : "en") : nullptr;
  return "«" + (words != nullptr && words->is_string() ? std::string(words->get_string()) : id) +
         "»";
}

bool paused(const js::value* v) {
  const auto* p = v == nullptr ? nullptr : v->get_object().if_contains("paused");
  return p != nullptr && p->is_bool() && p->get_bool();
}

const js::value* with_id(const js::value& program, const js::value& id) {
  const auto* rules = program.get_object().if_contains("rules");
  if (rules == nullptr || !rules->is_array()) return nullptr;
  for (const auto& rule : rules->get_array()) {
    if (rule.is_object() && rule.get_object().contains("id") && rule.at("id") == id) return &rule;
  }
  return nullptr;
}

// Field by field, as deep as both have objects.
void fields(const js::value* before, const js::value* after, const std::string& path,
            const std::string& whose, bool russian, std::vector<std::string>& out) {
  if (before != nullptr && after != nullptr && *before == *after) return;
  const bool deeper =
      before != nullptr && after != nullptr && before->is_object() && after->is_object();
  if (!deeper) {
    out.push_back(whose + label(path, russian) + ": " + shown(before, russian) + " → " +
                  shown(after, russian));
    return;
  }
  const auto below = [&](std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  };
  const auto skip = [&](std::string_view name) {
    return path.empty() && (name == "rules" || name == "paused" || name == "id");
  };
  for (const auto& [name, value] : before->get_object()) {
    if (skip(name)) continue;
    fields(&value, after->get_object().if_contains(name), below(name), whose, russian, out);
  }
  for (const auto& [name, value] : after->get_object()) {
    if (skip(name) || before->get_object().contains(name)) continue;
    fields(nullptr, &value, below(name), whose, russian, out);
  }
}

void pauses(const js::value* before, const js::value* after, const std::string& whose, bool russian,
            std::vector<std::string>& out) {
  if (paused(before) == paused(after)) return;
  out.push_back(whose + (paused(after) ? (russian ? "приостановлена" : "is paused")
                                       : (russian ? "возобновлена" : "is resumed")));
}

}  // namespace

std::vector<std::string> changes_in_words(const js::value& before, const js::value& after,
                                          bool russian) {
  std::vector<std::string> out;
  const std::string program = russian ? "Программа: " : "The program: ";
  pauses(&before, &after, russian ? "Программа " : "The program ", russian, out);
  fields(&before, &after, "", program, russian, out);
  const auto each = [](const js::value& of, auto visit) {
    const auto* rules = of.get_object().if_contains("rules");
    if (rules == nullptr || !rules->is_array()) return;
    for (const auto& rule : rules->get_array()) visit(rule);
  };
  each(before, [&](const js::value& rule) {
    const auto* now = with_id(after, rule.at("id"));
    const auto name = rule_name(&rule, now, russian);
    if (now == nullptr) {
      out.push_back(name + (russian ? ": правила больше нет" : ": the rule is gone"));
      return;
    }
    pauses(&rule, now, name + " ", russian, out);
    fields(&rule, now, "", name + ": ", russian, out);
  });
  each(after, [&](const js::value& rule) {
    if (with_id(before, rule.at("id")) != nullptr) return;
    const auto* give = rule.get_object().if_contains("give");
    out.push_back(rule_name(nullptr, &rule, russian) +
                  (russian ? ": новое правило, даёт " : ": a new rule, gives ") +
                  shown(give, russian));
  });
  return out;
}

}  // namespace till::loyalty
