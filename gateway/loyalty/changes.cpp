// What two versions of a program differ in, in words for its owner.
#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "gateway/loyalty/change_words.h"
#include "gateway/loyalty/expect.h"

namespace till::loyalty {
namespace {

namespace js = boost::json;

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

using Lines = std::vector<std::string>;

const js::array* list_of(const js::value& program, std::string_view name) {
  const auto* list = program.get_object().if_contains(name);
  return list == nullptr ? nullptr : list->if_array();
}

bool has_id(const js::value& v) {
  return v.is_object() && v.get_object().contains("id") && v.at("id").is_string();
}

// Purses, levels, types of card …: lists whose elements have names of their own.
bool named_list(const js::value* v) {
  return v != nullptr && v->is_array() && !v->get_array().empty() &&
         std::ranges::all_of(v->get_array(), has_id);
}

const js::value* find_id(const js::value* list, const js::value& id) {
  if (list == nullptr || !list->is_array()) return nullptr;
  for (const auto& v : list->get_array()) {
    if (has_id(v) && v.at("id") == id) return &v;
  }
  return nullptr;
}

// What a field is when it is left out, where its owner would miss it in words:
// docs/users/programs.md.
const js::value* usual(std::string_view path) {
  static const std::map<std::string_view, js::value> kUsual = {
      {"redeem.purse", "points"},
      {"redeem.value", "1"},
      {"redeem.step", "1"},
      {"redeem.max_share", "100"},
      {"redeem.min_receipt", "0"},
      {"redeem.min_balance", "0"},
      {"redeem.min_points", "0"},
      {"redeem.leave", "0"},
      {"redeem.leave_per_line", "0"},
      {"redeem.as", "discount"},
      {"redeem.with_coupons", true},
      {"tiers.by", "spent"},
      {"tiers.downgrade", "by_balance"},
      {"tiers.this_receipt_too", false},
      {"returns.if_spent", "owe"},
      {"returns.grace_days", 14},
      {"settings.money_rounding", "half_up"},
      {"settings.points_rounding", "down"},
      {"settings.money_step", "0.01"},
      {"settings.points_step", "0.01"},
      {"settings.remainder", "largest"},
      {"settings.allocate", "proportional"},
      {"settings.tax_rounding", "line"},
      {"settings.discount_on", "price_with_tax"},
      {"settings.percent_of", "remaining"},
      {"settings.utc_offset", "+03:00"},
      {"settings.earn_on_points_paid", false},
      {"same_receipt", false},
      {"choose", "best"},
      {"per", "receipt"},
      {"most", 1},
      {"check_symbol", false},
      {"uses", 1},
      {"activation", "issue"},
      {"priority", 0},
      {"exclusive", false},
      {"on", "sale"},
      {"sets.form", "together"},
      {"give.earn.purse", "points"},
      {"give.earn.to", "customer"},
      {"cost.purse", "points"}};
  const auto at = kUsual.find(path);
  return at == kUsual.end() ? nullptr : &at->second;
}

struct Changes {
  bool russian;
  Lines& out;

  void say(const std::string& whose, const std::string& path, const js::value* before,
           const js::value* after) const {
    const auto field = std::string_view(path).substr(path.rfind('.') + 1);
    out.push_back(whose + field_words(path, russian) + ": " + value_words(before, field, russian) +
                  " → " + value_words(after, field, russian));
  }

  void elements(const js::value* before, const js::value* after, const std::string& path,
                const std::string& whose) const {
    const auto each = [](const js::value* list, auto visit) {
      if (list == nullptr || !list->is_array()) return;
      for (const auto& v : list->get_array()) visit(v);
    };
    const auto called = [&](const js::value& v) {
      return whose + field_words(path, russian) + " " + rule_name(&v, &v, russian);
    };
    const auto field = std::string_view(path).substr(path.rfind('.') + 1);
    each(before, [&](const js::value& was) {
      const auto* now = find_id(after, was.at("id"));
      if (now == nullptr) {
        out.push_back(called(was) + (russian ? ": больше нет" : ": gone"));
      } else {
        fields(&was, now, "", called(*now) + ": ", {"id"});
      }
    });
    each(after, [&](const js::value& now) {
      if (find_id(before, now.at("id")) != nullptr) return;
      out.push_back(called(now) + (russian ? ": новое, " : ": new, ") +
                    value_words(&now, field, russian));
    });
  }

  // Field by field, as deep as both have objects.
  void fields(const js::value* before, const js::value* after, const std::string& path,
              const std::string& whose, std::initializer_list<std::string_view> but = {}) const {
    if (before == nullptr) before = usual(path);
    if (after == nullptr) after = usual(path);
    if (before != nullptr && after != nullptr && *before == *after) return;
    if ((named_list(before) || before == nullptr) && (named_list(after) || after == nullptr)) {
      return elements(before, after, path, whose);
    }
    const bool texts = path == "name" || path.ends_with(".message");
    const bool deeper = before != nullptr && after != nullptr && before->is_object() &&
                        after->is_object() && !texts;
    if (!deeper) return say(whose, path, before, after);
    const auto below = [&](std::string_view name) {
      return path.empty() ? std::string(name) : path + "." + std::string(name);
    };
    const auto skip = [&](std::string_view name) {
      return path.empty() && std::ranges::find(but, name) != but.end();
    };
    for (const auto& [name, value] : before->get_object()) {
      if (skip(name)) continue;
      fields(&value, after->get_object().if_contains(name), below(name), whose);
    }
    for (const auto& [name, value] : after->get_object()) {
      if (skip(name) || before->get_object().contains(name)) continue;
      fields(nullptr, &value, below(name), whose);
    }
  }
};

// Rules that stand elsewhere among those that both versions have: as few as explain the new order.
void order(const js::value& before, const js::value& after, bool russian, Lines& out) {
  const auto *was = list_of(before, "rules"), *now = list_of(after, "rules");
  if (was == nullptr || now == nullptr) return;
  std::map<std::string_view, std::size_t> place;
  for (std::size_t i = 0; i < was->size(); ++i) {
    place.emplace(std::string_view((*was)[i].at("id").as_string()), i);
  }
  std::vector<const js::value*> common;
  std::vector<std::size_t> from;  // where each stood before
  for (const auto& rule : *now) {
    const auto at = place.find(std::string_view(rule.at("id").as_string()));
    if (at == place.end()) continue;
    common.push_back(&rule);
    from.push_back(at->second);
  }
  // The longest rising run of places stays; O(n log n).
  std::vector<std::size_t> tails, previous(from.size(), SIZE_MAX);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto at = std::ranges::lower_bound(tails, from[i], {}, [&](auto t) { return from[t]; });
    if (at != tails.begin()) previous[i] = *std::prev(at);
    if (at == tails.end()) {
      tails.push_back(i);
    } else {
      *at = i;
    }
  }
  std::vector<bool> stays(from.size(), false);
  for (auto i = tails.empty() ? SIZE_MAX : tails.back(); i != SIZE_MAX; i = previous[i]) {
    stays[i] = true;
  }
  for (std::size_t i = 0; i < common.size(); ++i) {
    if (stays[i]) continue;
    const auto name = rule_name(common[i], common[i], russian);
    if (i == 0) {
      out.push_back(name + (russian ? ": теперь первой" : ": now comes first"));
    } else {
      out.push_back(name + (russian ? ": теперь после " : ": now comes after ") +
                    rule_name(common[i - 1], common[i - 1], russian));
    }
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
  Lines out;
  const Changes changes{russian, out};
  pauses(&before, &after, russian ? "Программа " : "The program ", russian, out);
  changes.fields(&before, &after, "",
                 russian ? "Программа: " : "The program: ", {"rules", "paused", "id"});
  const auto *was = before.get_object().if_contains("rules"),
             *now = after.get_object().if_contains("rules");
  const auto each = [](const js::value* rules, auto visit) {
    if (rules == nullptr || !rules->is_array()) return;
    for (const auto& rule : rules->get_array()) visit(rule);
  };
  each(was, [&](const js::value& rule) {
    const auto* then = find_id(now, rule.at("id"));
    const auto name = rule_name(&rule, then, russian);
    if (then == nullptr) {
      out.push_back(name + (russian ? ": правила больше нет" : ": the rule is gone"));
      return;
    }
    pauses(&rule, then, name + " ", russian, out);
    changes.fields(&rule, then, "", name + ": ", {"paused", "id"});
  });
  order(before, after, russian, out);
  each(now, [&](const js::value& rule) {
    if (find_id(was, rule.at("id")) != nullptr) return;
    auto about = rule.get_object();
    for (const auto* said : {"id", "name"}) about.erase(said);
    const js::value rest(std::move(about));
    out.push_back(rule_name(nullptr, &rule, russian) +
                  (russian ? ": новое правило: " : ": a new rule: ") +
                  value_words(&rest, "", russian));
  });
  return out;
}

}  // namespace till::loyalty
